//! Hall of fame: the best so far, no two of them alike.

use serde::{Deserialize, Serialize};

use crate::{Bounds, Error, Individual};

/// An individual and the rank it was offered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What was offered.
    pub individual: Individual,
    /// How good it is; smaller is better.
    pub rank: f64,
}

/// The best individuals offered, of which no two are nearer than a distance.
///
/// What it holds after an offer is defined by going through old members and offered individuals together, from the
/// best rank to the worst, of equal ranks by id, and keeping each that is not too near to one already kept, until
/// `capacity` are. So always:
/// - no two members are nearer than `min_distance`, or have the same parameters;
/// - the best individual ever offered is a member;
/// - an individual is not kept only if `capacity` better ones are, or if a better one was near when it was offered
///   or later.
///
/// The individuals of one [`offer_all`](Archive::offer_all) may come in any order. The order of the offers matters
/// only through neighbors: a member that gives way to a better neighbor has shut out its own neighbors before, and
/// they do not come back. With `min_distance` 0 and no two equal, the order of offers does not matter at all.
///
/// The distance is that of [`Bounds::distance`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Archive {
    bounds: Bounds,
    capacity: usize,
    min_distance: f64,
    members: Vec<Member>,
}

/// An archive as it is stored, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    bounds: Bounds,
    capacity: usize,
    min_distance: f64,
    members: Vec<Member>,
}

impl TryFrom<Stored> for Archive {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let mut archive = Self::new(stored.bounds, stored.capacity, stored.min_distance)?;
        let offers: Vec<(&Individual, f64)> =
            stored.members.iter().map(|member| (&member.individual, member.rank)).collect();
        archive.offer_all(&offers)?;
        if archive.members != stored.members {
            let what = "members of the archive are too many, too near, or not in order of rank".to_owned();
            return Err(Error::State { what });
        }
        Ok(archive)
    }
}

impl Archive {
    /// An empty archive of at most `capacity` members.
    ///
    /// # Errors
    /// [`Error::Count`] for no capacity, [`Error::Setting`] for a distance outside 0 to 1.
    pub fn new(bounds: Bounds, capacity: usize, min_distance: f64) -> Result<Self, Error> {
        if capacity == 0 {
            return Err(Error::Count { name: "capacity", value: capacity, requirement: "give at least 1" });
        }
        if !(0.0..=1.0).contains(&min_distance) {
            let requirement = "give a fraction of the bounds, from 0 to 1";
            return Err(Error::Setting { name: "min_distance", value: min_distance, requirement });
        }
        Ok(Self { bounds, capacity, min_distance, members: Vec::new() })
    }

    /// Offers one individual; whether it was kept.
    ///
    /// # Errors
    /// Those of [`Archive::offer_all`].
    pub fn offer(&mut self, individual: &Individual, rank: f64) -> Result<bool, Error> {
        self.offer_all(&[(individual, rank)])?;
        Ok(self.members.iter().any(|member| member.individual.id == individual.id))
    }

    /// Offers individuals, each with its rank; smaller ranks are better.
    ///
    /// One that is a member already is not offered again: the smaller of its ranks counts.
    ///
    /// # Errors
    /// [`Error::Rank`] for a rank that is not finite, [`Error::ParameterCount`] and [`Error::OutOfBounds`] for
    /// parameters that do not fit the bounds. After an error nothing has changed.
    pub fn offer_all(&mut self, offers: &[(&Individual, f64)]) -> Result<(), Error> {
        for (individual, rank) in offers {
            if !rank.is_finite() {
                return Err(Error::Rank { id: individual.id, rank: *rank });
            }
            self.bounds.check(&individual.parameters, &format!("individual {}", individual.id))?;
        }
        let offered =
            offers.iter().map(|(individual, rank)| Member { individual: (*individual).clone(), rank: *rank });
        let mut all: Vec<Member> = std::mem::take(&mut self.members).into_iter().chain(offered).collect();
        all.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(a.individual.id.cmp(&b.individual.id)));
        for member in all {
            if self.members.len() == self.capacity {
                break;
            }
            if !self.members.iter().any(|kept| self.is_near(&kept.individual, &member.individual)) {
                self.members.push(member);
            }
        }
        Ok(())
    }

    fn is_near(&self, a: &Individual, b: &Individual) -> bool {
        let distance = self.bounds.distance(&a.parameters, &b.parameters);
        distance < self.min_distance || distance <= 0.0 || a.id == b.id
    }

    /// Members from the best to the worst.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Most members there can be.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Least distance of any two members, as a fraction of the bounds.
    pub fn min_distance(&self) -> f64 {
        self.min_distance
    }

    /// The box of the parameters.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn archive(capacity: usize, min_distance: f64) -> Archive {
        Archive::new(Bounds::new(vec![0.0], vec![10.0]).unwrap(), capacity, min_distance).unwrap()
    }

    fn at(id: u64, parameter: f64) -> Individual {
        Individual { id, generation: 0, parameters: vec![parameter], scores: vec![0.0] }
    }

    fn ids(archive: &Archive) -> Vec<u64> {
        archive.members().iter().map(|member| member.individual.id).collect()
    }

    #[test]
    fn analytic_better_neighbor_stays() {
        let mut archive = archive(10, 0.1);
        assert!(archive.offer(&at(1, 5.0), 2.0).unwrap());
        assert!(!archive.offer(&at(2, 5.5), 3.0).unwrap(), "near and worse");
        assert!(archive.offer(&at(3, 7.0), 3.0).unwrap(), "far");
        assert!(archive.offer(&at(4, 6.0), 1.0).unwrap(), "as far as it must be from both");
        assert_eq!(ids(&archive), [4, 1, 3]);
        assert!(archive.offer(&at(5, 6.5), 0.5).unwrap(), "near to two and better");
        assert_eq!(ids(&archive), [5, 1]);
    }

    #[test]
    fn analytic_ties_go_to_the_smaller_id_and_the_worst_leaves() {
        let mut archive = archive(2, 0.0);
        for (id, parameter) in [(7, 1.0), (3, 2.0), (5, 3.0), (9, 2.0)] {
            archive.offer(&at(id, parameter), 1.0).unwrap();
        }
        assert_eq!(ids(&archive), [3, 5]);
        assert!(!archive.offer(&at(9, 9.0), 1.5).unwrap());
        assert!(archive.offer(&at(5, 3.0), 0.5).unwrap());
        assert_eq!(ids(&archive), [5, 3]);
    }

    #[test]
    fn analytic_wrong_offers_are_named() {
        let mut archive = archive(2, 0.1);
        let error = archive.offer(&at(4, 5.0), f64::NAN).unwrap_err();
        assert_eq!(error.to_string(), "individual 4: rank NaN; give a finite number");
        let error = archive.offer(&at(4, 11.0), 1.0).unwrap_err();
        assert!(error.to_string().starts_with("individual 4: parameter 0 is 11"), "{error}");
        assert!(archive.members().is_empty());
        assert!(Archive::new(archive.bounds().clone(), 0, 0.1).is_err());
        assert!(Archive::new(archive.bounds().clone(), 1, f64::NAN).is_err());
    }

    #[test]
    fn invariant_stored_archive_comes_back_and_is_checked() {
        let mut archive = archive(3, 0.1);
        archive.offer_all(&[(&at(1, 0.1), 0.3), (&at(2, 9.0), 0.1), (&at(3, 5.0), 1.0 / 3.0)]).unwrap();
        let text = serde_json::to_string(&archive).unwrap();
        assert_eq!(serde_json::from_str::<Archive>(&text).unwrap(), archive);
        let crowded = text.replace("5.0", "9.0");
        let error = serde_json::from_str::<Archive>(&crowded).unwrap_err();
        assert!(error.to_string().starts_with("state: members of the archive"), "{error}");
    }

    proptest! {
        #[test]
        fn invariant_members_are_apart_and_hold_the_best(
            offers in prop::collection::vec((0.0..10.0_f64, 0..20_u8), 1..60), min_distance in 0.0..0.3_f64,
        ) {
            let mut archive = archive(8, min_distance);
            for (id, (parameter, rank)) in offers.iter().enumerate() {
                archive.offer(&at(id as u64, *parameter), f64::from(*rank)).unwrap();
            }
            let members = archive.members();
            let best = offers.iter().map(|(_, rank)| *rank).min().map(f64::from);
            prop_assert_eq!(Some(members[0].rank), best);
            prop_assert!(members.len() <= 8 && members.is_sorted_by(|a, b| a.rank <= b.rank));
            for (idx, a) in members.iter().enumerate() {
                for b in &members[..idx] {
                    let apart = (a.individual.parameters[0] - b.individual.parameters[0]).abs() / 10.0;
                    prop_assert!(apart >= min_distance);
                }
            }
        }

        #[test]
        fn invariant_order_within_an_offer_is_irrelevant(
            offers in prop::collection::vec((0.0..10.0_f64, 0..5_u8), 1..30),
        ) {
            let individuals: Vec<(Individual, f64)> = offers
                .iter()
                .enumerate()
                .map(|(id, (parameter, rank))| (at(id as u64, *parameter), f64::from(*rank)))
                .collect();
            let forward: Vec<(&Individual, f64)> = individuals.iter().map(|(i, rank)| (i, *rank)).collect();
            let backward: Vec<(&Individual, f64)> = forward.iter().rev().copied().collect();
            let (mut one, mut other) = (archive(5, 0.1), archive(5, 0.1));
            one.offer_all(&forward).unwrap();
            other.offer_all(&backward).unwrap();
            prop_assert_eq!(&one, &other);
            let mut sorted = forward;
            sorted.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.id.cmp(&b.0.id)));
            let mut single = archive(5, 0.1);
            for (individual, rank) in sorted {
                single.offer(individual, rank).unwrap();
            }
            prop_assert_eq!(&one, &single);
        }
    }
}
