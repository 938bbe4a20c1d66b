//! How a fit is searched.

use noble_evolve::{EvolveSettings, Method, Variation};
use serde::{Deserialize, Serialize};

use super::objective::LARGEST_Z;
use crate::Error;

/// How a fit is searched; part of what a resumed fit must share with the one it continues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitSettings {
    /// One search per seed.
    pub seeds: Vec<u64>,
    /// How candidates are selected.
    pub method: Method,
    /// How they vary.
    pub variation: Variation,
    /// Candidates kept from one generation to the next.
    pub population_size: usize,
    /// New candidates of a generation.
    pub offspring_size: usize,
    /// Generations of the passive stage.
    pub n_passive_generations: u32,
    /// Largest score of every objective with which a model is accepted.
    pub accepted_z: f64,
    /// Models of the hall of fame, of each seed.
    pub n_models: usize,
    /// Models kept of each seed, for the archive.
    pub n_archived: usize,
    /// Least distance of two kept models: root mean square over coordinates in [0, 1] of the free parameters.
    pub least_distance: f64,
}

impl Default for FitSettings {
    /// A normal distribution of 32 candidates, 20 models accepted at three deviations.
    fn default() -> Self {
        Self {
            seeds: vec![1],
            method: Method::CmaEs { initial_step: Self::INITIAL_STEP },
            variation: Variation::default(),
            population_size: 32,
            offspring_size: 32,
            n_passive_generations: 20,
            accepted_z: 3.0,
            n_models: 20,
            n_archived: 200,
            least_distance: 0.02,
        }
    }
}

impl FitSettings {
    /// First step of the scalar optimizer, as a share of the bounds: it begins at the best of many, not in the middle.
    pub const INITIAL_STEP: f64 = 0.15;

    pub(super) fn evolve(&self, seed: u64) -> EvolveSettings {
        EvolveSettings {
            method: self.method,
            population_size: self.population_size,
            offspring_size: self.offspring_size,
            variation: self.variation,
            seed,
        }
    }

    /// What the optimizer is told: the scores where it selects by several; for the one that takes their sum
    /// `max(z - accepted / 2, 0)^3`: nothing where a model is good, so that the accepted region is walked through rather
    /// than its best point sought, and most where it is farthest off.
    pub(super) fn told(&self, scores: &[f64]) -> Vec<f64> {
        match self.method {
            Method::CmaEs { .. } => {
                scores.iter().map(|score| (score - 0.5 * self.accepted_z).max(0.0).powi(3)).collect()
            }
            _ => scores.to_vec(),
        }
    }

    /// Whether a model of these scores is accepted.
    pub(super) fn accepts(&self, scores: impl IntoIterator<Item = f64>) -> bool {
        scores.into_iter().all(|score| score <= self.accepted_z)
    }

    /// Checks what the optimizer does not.
    ///
    /// # Errors
    /// [`Error::Usage`] with the value that is not possible.
    pub fn check(&self) -> Result<(), Error> {
        if self.seeds.is_empty() {
            return Err(Error::usage("there is no seed", "give one or more with --seed"));
        }
        if let Some((place, seed)) =
            self.seeds.iter().enumerate().find(|(place, seed)| self.seeds[..*place].contains(seed))
        {
            let what = format!("seed {seed} is named twice (place {place})");
            return Err(Error::usage(what, "two searches of one seed are the same; name each once"));
        }
        if !(self.accepted_z > 0.0 && self.accepted_z < LARGEST_Z) {
            let what = format!("the accepted score is {}", self.accepted_z);
            let remedy = format!(
                "give a number above 0, such as 3, and below {LARGEST_Z}, the score of what is not met"
            );
            return Err(Error::usage(what, remedy));
        }
        if self.n_models == 0 || self.n_archived < self.n_models {
            let what = format!("{} models of {} kept", self.n_models, self.n_archived);
            return Err(Error::usage(what, "ask for at least one model, and keep at least as many"));
        }
        if !(self.least_distance.is_finite() && self.least_distance >= 0.0) {
            let what = format!("the least distance of two models is {}", self.least_distance);
            return Err(Error::usage(what, "give a number of zero or more, such as 0.02"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (2 - 1.5)^3, (5 - 1.5)^3; below half of the accepted score nothing is told.
    #[test]
    fn analytic_what_the_scalar_optimizer_is_told() {
        let settings = FitSettings::default();
        assert_eq!(settings.told(&[0.0, 1.5, 2.0, 5.0]), [0.0, 0.0, 0.125, 42.875]);
        let settings = FitSettings { method: Method::ibea(), ..settings };
        assert_eq!(settings.told(&[0.0, 5.0]), [0.0, 5.0]);
    }

    #[test]
    fn invariant_what_would_accept_failures_is_refused() {
        for accepted_z in [0.0, -1.0, f64::NAN, LARGEST_Z, f64::INFINITY] {
            let error = FitSettings { accepted_z, ..FitSettings::default() }.check().unwrap_err();
            assert!(error.to_string().starts_with("the accepted score is"), "{error}");
        }
        FitSettings { accepted_z: 19.9, ..FitSettings::default() }.check().unwrap();
    }
}
