//! Nondominated sorting with evenly spread directions.
//!
//! # Source
//! Deb & Jain 2014, "An evolutionary many-objective optimization algorithm using reference-point-based nondominated
//! sorting approach, part I", IEEE Transactions on Evolutionary Computation 18(4), algorithms 1 to 4. Where the
//! extreme points span no plane, or one that cuts an axis below zero, the paper leaves the scale open; here it is
//! the largest score of the first front, as in pymoo 0.6 `get_nadir_point`.

use rand::{Rng, RngExt};

use super::dominance::{fronts, split};
use super::reference_points::reference_points;

/// Smallest score of each objective in all generations; empty before the first.
pub(crate) type Ideal = Vec<f64>;

/// Weight of the other objectives in the search for the extreme point of one.
const OTHER_WEIGHT: f64 = 1e-6;
/// Intercepts below this fraction of the largest score do not scale.
const LEAST_INTERCEPT: f64 = 1e-6;

/// Indices of the first fronts, and of the front that does not fit those whose directions have fewest members.
pub(super) fn survivors(
    scores: &[&[f64]],
    n: usize,
    divisions: usize,
    ideal: &mut Ideal,
    rng: &mut impl Rng,
) -> Vec<usize> {
    lower(ideal, scores);
    let fronts = fronts(scores);
    let first = fronts.first().cloned().unwrap_or_default();
    let (survivors, last) = split(fronts, n);
    if survivors.len() == n || last.is_empty() {
        return survivors;
    }
    let considered: Vec<usize> = survivors.iter().chain(&last).copied().collect();
    let shifted: Vec<Vec<f64>> =
        scores.iter().map(|scores| scores.iter().zip(ideal.iter()).map(|(s, i)| s - i).collect()).collect();
    let scale = intercepts(&shifted, &considered, &first);
    let directions = reference_points(ideal.len(), divisions);
    let niche = |&idx: &usize| {
        let normal: Vec<f64> = shifted[idx].iter().zip(&scale).map(|(s, a)| s / a).collect();
        nearest(&normal, &directions)
    };
    let mut niches = Niches { n_members: vec![0; directions.len()], is_open: vec![true; directions.len()] };
    for idx in &survivors {
        niches.n_members[niche(idx).direction] += 1;
    }
    let waiting = last.iter().map(|idx| (*idx, niche(idx))).collect();
    let n_missing = n - survivors.len();
    survivors.into_iter().chain(niches.fill(waiting, n_missing, rng)).collect()
}

fn lower(ideal: &mut Ideal, scores: &[&[f64]]) {
    for scores in scores {
        if ideal.is_empty() {
            ideal.extend_from_slice(scores);
        }
        for (ideal, score) in ideal.iter_mut().zip(*scores) {
            *ideal = ideal.min(*score);
        }
    }
}

/// The direction nearest to an individual, and how far it is.
#[derive(Debug, Clone, Copy)]
struct Niche {
    direction: usize,
    distance: f64,
}

/// By the perpendicular distance from the line through the direction; of equal ones the first (algorithm 3).
fn nearest(normal: &[f64], directions: &[Vec<f64>]) -> Niche {
    let squared_size: f64 = normal.iter().map(|s| s * s).sum();
    let squared_distance = |direction: &Vec<f64>| {
        let along: f64 = normal.iter().zip(direction).map(|(s, w)| s * w).sum();
        let squared_length: f64 = direction.iter().map(|w| w * w).sum();
        (squared_size - along * along / squared_length).max(0.0)
    };
    let distances = directions.iter().map(squared_distance).enumerate();
    let (direction, distance) = distances.min_by(|a, b| a.1.total_cmp(&b.1)).expect("one division at least");
    Niche { direction, distance }
}

/// How many individuals each direction has, and whether any more are waiting for it.
struct Niches {
    n_members: Vec<usize>,
    is_open: Vec<bool>,
}

impl Niches {
    /// Takes `n` of the waiting, always for a direction with fewest members (algorithm 4).
    fn fill(&mut self, mut waiting: Vec<(usize, Niche)>, n: usize, rng: &mut impl Rng) -> Vec<usize> {
        let mut taken = Vec::with_capacity(n);
        while taken.len() < n {
            let direction = self.emptiest(rng);
            let places: Vec<usize> =
                (0..waiting.len()).filter(|&place| waiting[place].1.direction == direction).collect();
            if places.is_empty() {
                self.is_open[direction] = false;
                continue;
            }
            let place = if self.n_members[direction] == 0 {
                let distance = |place: &usize| waiting[*place].1.distance;
                *places.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("not empty")
            } else {
                places[rng.random_range(0..places.len())]
            };
            taken.push(waiting.remove(place).0);
            self.n_members[direction] += 1;
        }
        taken
    }

    /// Any of the open directions with fewest members.
    fn emptiest(&self, rng: &mut impl Rng) -> usize {
        let open = || (0..self.is_open.len()).filter(|&direction| self.is_open[direction]);
        let fewest = open().map(|direction| self.n_members[direction]).min();
        let emptiest: Vec<usize> = open().filter(|&d| Some(self.n_members[d]) == fewest).collect();
        emptiest[rng.random_range(0..emptiest.len())]
    }
}

/// Scale of each objective: where the plane through the extreme points cuts its axis (algorithm 2).
fn intercepts(shifted: &[Vec<f64>], considered: &[usize], first: &[usize]) -> Vec<f64> {
    let n_objectives = shifted[considered[0]].len();
    let largest = |members: &[usize], k: usize| members.iter().map(|&m| shifted[m][k]).fold(0.0, f64::max);
    let extremes: Vec<Vec<f64>> =
        (0..n_objectives).map(|k| shifted[extreme(shifted, considered, k)].clone()).collect();
    let is_usable = |(k, inverse): (usize, &f64)| {
        let intercept = 1.0 / inverse;
        intercept.is_finite() && intercept > LEAST_INTERCEPT * largest(considered, k) && intercept > 0.0
    };
    if let Some(inverses) = solve_ones(extremes)
        && inverses.iter().enumerate().all(is_usable)
    {
        return inverses.iter().map(|inverse| 1.0 / inverse).collect();
    }
    let scale = |k: usize| {
        let candidates = [largest(first, k), largest(considered, k), 1.0];
        candidates.into_iter().find(|&scale| scale > 0.0).expect("one is above zero")
    };
    (0..n_objectives).map(scale).collect()
}

/// Member that is largest in objective `k` alone, by the achievement function with weights one and nearly zero.
fn extreme(shifted: &[Vec<f64>], considered: &[usize], k: usize) -> usize {
    let achievement = |member: usize| {
        let weigh = |(idx, s): (usize, &f64)| if idx == k { *s } else { s / OTHER_WEIGHT };
        shifted[member].iter().enumerate().map(weigh).fold(f64::MIN, f64::max)
    };
    let values = considered.iter().map(|&member| (member, achievement(member)));
    values.min_by(|a, b| a.1.total_cmp(&b.1)).expect("somebody is considered").0
}

/// Solution of `rows · x = 1` by elimination with pivots; `None` if the rows are not independent.
fn solve_ones(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = rows.len();
    for row in &mut rows {
        row.push(1.0);
    }
    for column in 0..n {
        let size = |row: &usize| rows[*row][column].abs();
        let pivot = (column..n).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        rows.swap(column, pivot);
        let pivot_row = rows[column].clone();
        if pivot_row[column].abs() < f64::MIN_POSITIVE {
            return None;
        }
        for (idx, row) in rows.iter_mut().enumerate() {
            if idx != column {
                let factor = row[column] / pivot_row[column];
                row.iter_mut().zip(&pivot_row).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
    }
    Some((0..n).map(|idx| rows[idx][n] / rows[idx][idx]).collect())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    fn shifted() -> Vec<Vec<f64>> {
        vec![vec![4.0, 0.0], vec![0.0, 2.0], vec![2.0, 0.5], vec![1.0, 1.5]]
    }

    #[test]
    fn analytic_plane_through_extremes_scales() {
        let scale = intercepts(&shifted(), &[0, 1, 2, 3], &[0, 1, 2]);
        assert!((scale[0] - 4.0).abs() < 1e-15 && (scale[1] - 2.0).abs() < 1e-15, "{scale:?}");
    }

    #[test]
    fn analytic_equal_extremes_fall_back_to_the_first_front() {
        let scores = vec![vec![1.0, 1.0, 2.0], vec![2.0, 2.0, 4.0]];
        assert_eq!(intercepts(&scores, &[0, 1], &[0]), [1.0, 1.0, 2.0]);
        assert_eq!(intercepts(&[vec![0.0, 3.0]], &[0], &[0]), [1.0, 3.0]);
    }

    #[test]
    fn analytic_nearest_direction_by_hand() {
        let directions = reference_points(2, 2);
        let niche = nearest(&[0.3, 0.4], &directions);
        assert_eq!(niche.direction, 1);
        assert!((niche.distance - 0.005).abs() < 1e-15, "{}", niche.distance);
    }

    /// Two whole fronts' worth of crowding on one direction: the empty directions get theirs first.
    #[test]
    fn analytic_empty_directions_are_filled_first() {
        let scores: Vec<[f64; 2]> = vec![[0.0, 1.0], [0.001, 0.999], [0.002, 0.998], [0.5, 0.5], [1.0, 0.0]];
        let scores: Vec<&[f64]> = scores.iter().map(<[f64; 2]>::as_slice).collect();
        for seed in 0..10 {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let mut survivors = survivors(&scores, 3, 2, &mut Vec::new(), &mut rng);
            survivors.sort_unstable();
            assert_eq!(survivors, [0, 3, 4]);
        }
    }

    #[test]
    fn analytic_ideal_remembers() {
        let mut ideal = vec![0.5, 2.0];
        lower(&mut ideal, &[&[1.0, 1.0], &[0.7, 3.0]]);
        assert_eq!(ideal, [0.5, 1.0]);
    }
}
