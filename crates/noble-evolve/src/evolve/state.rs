//! Everything an evolution knows, and what must hold of it.

use rand::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::has_distribution;
use crate::cma::Distribution;
use crate::{Bounds, Candidate, Error, EvolveSettings, Individual};

pub(super) const FORMAT_VERSION: u32 = 1;
/// Largest size of a score; sums and squares of such scores stay finite.
const LARGEST_SCORE: f64 = 1e100;
/// Ids up to this one are kept by every reader of JSON.
const LARGEST_ID: u64 = 1 << 53;

/// Everything an evolution knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) format_version: u32,
    pub(super) bounds: Bounds,
    pub(super) n_objectives: usize,
    pub(super) settings: EvolveSettings,
    pub(super) rng: Xoshiro256PlusPlus,
    pub(super) generation: u32,
    pub(super) next_id: u64,
    /// In order of ids.
    pub(super) population: Vec<Individual>,
    /// In order of ids; empty between telling and asking.
    pub(super) asked: Vec<Candidate>,
    /// Smallest scores so far, for NSGA-III.
    pub(super) ideal: Vec<f64>,
    /// That of CMA-ES.
    pub(super) distribution: Option<Distribution>,
}

pub(super) fn is_usable_score(score: f64) -> bool {
    score.abs() <= LARGEST_SCORE
}

impl State {
    /// Errors where the state contradicts itself.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.settings.check(self.n_objectives)?;
        for individual in &self.population {
            self.bounds.check(&individual.parameters, &format!("individual {}", individual.id))?;
        }
        for candidate in &self.asked {
            self.bounds.check(&candidate.parameters, &format!("candidate {}", candidate.id))?;
        }
        let faults = [self.head_fault(), self.population_fault(), self.asked_fault(), self.memory_fault()];
        match faults.into_iter().flatten().next() {
            Some(what) => Err(Error::State { what }),
            None => Ok(()),
        }
    }

    fn head_fault(&self) -> Option<String> {
        if self.format_version != FORMAT_VERSION {
            return Some(format!("format version {}, known is {FORMAT_VERSION}", self.format_version));
        }
        if self.next_id > LARGEST_ID || self.generation == u32::MAX {
            return Some(format!("next id {} in generation {}", self.next_id, self.generation));
        }
        let mut rng = self.rng.clone();
        let is_stuck = (0..4).all(|_| rng.next_u64() == 0);
        is_stuck.then(|| "the generator of random numbers is all zero".to_owned())
    }

    fn population_fault(&self) -> Option<String> {
        let (n, most) = (self.population.len(), self.settings.population_size);
        if n > most || (n == 0) != (self.generation == 0) {
            return Some(format!("{n} of {most} individuals in generation {}", self.generation));
        }
        if !self.population.is_sorted_by(|a, b| a.id < b.id) {
            return Some("individuals are not in order of their ids".to_owned());
        }
        let n_told = self.next_id.saturating_sub(self.asked.len() as u64);
        let is_wrong = |individual: &&Individual| {
            individual.scores.len() != self.n_objectives
                || !individual.scores.iter().all(|score| is_usable_score(*score))
                || individual.generation >= self.generation
                || individual.id >= n_told
        };
        let wrong = self.population.iter().find(is_wrong)?;
        Some(format!("individual {} has scores, a generation or an id that it cannot have", wrong.id))
    }

    fn asked_fault(&self) -> Option<String> {
        let n_asked = self.asked.len();
        let n_generation =
            if self.generation == 0 { self.settings.first_size() } else { self.settings.offspring_size };
        if n_asked != n_generation && (n_asked > 0 || self.generation == 0) {
            return Some(format!("{n_asked} candidates are asked in a generation of {n_generation}"));
        }
        let Some(first_id) = self.next_id.checked_sub(n_asked as u64) else {
            return Some(format!("{n_asked} candidates are asked before id {}", self.next_id));
        };
        let is_numbered = self.asked.iter().zip(first_id..).all(|(candidate, id)| candidate.id == id);
        (!is_numbered).then(|| format!("the asked candidates are not numbered from {first_id}"))
    }

    fn memory_fault(&self) -> Option<String> {
        let is_usable = self.ideal.iter().all(|score| is_usable_score(*score));
        if !is_usable || ![0, self.n_objectives].contains(&self.ideal.len()) {
            return Some("the smallest scores are not one number per objective".to_owned());
        }
        match &self.distribution {
            Some(_) if !has_distribution(self.settings.method) => {
                Some("the method has no distribution".to_owned())
            }
            None if has_distribution(self.settings.method) => Some("the distribution is missing".to_owned()),
            Some(distribution) => distribution.fault(self.bounds.n_parameters(), self.asked.len()),
            None => None,
        }
    }
}
