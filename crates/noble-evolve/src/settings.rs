//! What an evolution is made with.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::selection::n_reference_points;

/// Most reference points of NSGA-III.
const MOST_REFERENCE_POINTS: usize = 100_000;
/// Smallest kappa: with it the exponentials of IBEA reach 1e217, and their sums stay finite.
const LEAST_KAPPA: f64 = 0.002;
const MOST_KAPPA: f64 = 1000.0;
const MOST_ETA: f64 = 1000.0;
const MOST_STEP: f64 = 1.0;

/// How a generation is made from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Indicator-based: the sum of all pairwise losses decides.
    Ibea {
        /// Scale of the losses that count; smaller looks at dominance alone.
        kappa: f64,
    },
    /// Nondominated fronts, then room to the neighbors.
    Nsga2,
    /// Nondominated fronts, then evenly spread directions; for more than two objectives.
    Nsga3 {
        /// Steps into which each axis of the simplex of directions is divided.
        divisions: usize,
    },
    /// Normal distribution that adapts to the landscape; sees the sum of the scores.
    CmaEs {
        /// First standard deviation, as a fraction of every parameter's bounds.
        initial_step: f64,
    },
}

impl Method {
    /// IBEA with the kappa of its paper and of BluePyOpt, 0.05.
    pub fn ibea() -> Self {
        Self::Ibea { kappa: 0.05 }
    }

    /// NSGA-II; it has no constants of its own.
    pub fn nsga2() -> Self {
        Self::Nsga2
    }

    /// NSGA-III with 12 divisions: 91 directions for three objectives, as in its paper.
    pub fn nsga3() -> Self {
        Self::Nsga3 { divisions: 12 }
    }

    /// NSGA-III with as many divisions, up to 12, as give at most `n_directions` directions, and at least one.
    ///
    /// Their number is `C(m + p - 1, p)` for `m` objectives and `p` divisions: at eight objectives and 12 divisions
    /// already more than any population.
    pub fn nsga3_within(n_objectives: usize, n_directions: usize) -> Self {
        let fits =
            |divisions: &usize| n_reference_points(n_objectives, *divisions, n_directions) <= n_directions;
        Self::Nsga3 { divisions: (2..=12).take_while(fits).last().unwrap_or(1) }
    }

    /// CMA-ES that starts with 0.3 of the bounds, as the tutorial advises (page 29).
    pub fn cma_es() -> Self {
        Self::CmaEs { initial_step: 0.3 }
    }

    fn check(&self, n_objectives: usize) -> Result<(), Error> {
        match *self {
            Self::Ibea { kappa } => {
                in_range("kappa", kappa, LEAST_KAPPA..=MOST_KAPPA, "give a value from 0.002 to 1000")
            }
            Self::Nsga2 => Ok(()),
            Self::Nsga3 { divisions } => {
                let n_points = n_reference_points(n_objectives, divisions, MOST_REFERENCE_POINTS);
                let is_usable = divisions > 0 && n_points <= MOST_REFERENCE_POINTS;
                let requirement =
                    "give at least 1, and so few that there are at most 100000 reference points";
                count(is_usable, "divisions", divisions, requirement)
            }
            Self::CmaEs { initial_step } => in_range(
                "initial_step",
                initial_step,
                f64::MIN_POSITIVE..=MOST_STEP,
                "give a fraction of the bounds, above 0 and at most 1",
            ),
        }
    }
}

/// Probabilities and spreads of crossover and mutation; CMA-ES needs none of them.
///
/// The default is BluePyOpt's (`DEAPOptimisation`, `__init__` and `setup_deap`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variation {
    /// Share of the pairs of parents that are crossed.
    pub crossover_probability: f64,
    /// Distribution index of the crossover; larger keeps children nearer to their parents.
    pub crossover_eta: f64,
    /// Share of the children that are mutated.
    pub mutation_probability: f64,
    /// Share of the parameters of a mutated child that change.
    pub mutation_gene_probability: f64,
    /// Distribution index of the mutation; larger keeps the change smaller.
    pub mutation_eta: f64,
}

impl Default for Variation {
    fn default() -> Self {
        Self {
            crossover_probability: 1.0,
            crossover_eta: 10.0,
            mutation_probability: 1.0,
            mutation_gene_probability: 0.5,
            mutation_eta: 10.0,
        }
    }
}

impl Variation {
    fn check(&self) -> Result<(), Error> {
        let probabilities = [
            ("crossover_probability", self.crossover_probability),
            ("mutation_probability", self.mutation_probability),
            ("mutation_gene_probability", self.mutation_gene_probability),
        ];
        for (name, value) in probabilities {
            in_range(name, value, 0.0..=1.0, "give a probability from 0 to 1")?;
        }
        for (name, value) in [("crossover_eta", self.crossover_eta), ("mutation_eta", self.mutation_eta)] {
            in_range(name, value, 0.0..=MOST_ETA, "give a distribution index from 0 to 1000")?;
        }
        Ok(())
    }
}

/// What an evolution is made with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvolveSettings {
    /// How a generation is made from the one before.
    pub method: Method,
    /// Individuals that survive a generation, µ; also those of the first one, but for CMA-ES.
    pub population_size: usize,
    /// Candidates of a generation, λ; the first one has `population_size`, but for CMA-ES.
    pub offspring_size: usize,
    /// Crossover and mutation.
    pub variation: Variation,
    /// Start of the random numbers.
    pub seed: u64,
}

impl EvolveSettings {
    /// Largest population and generation; IBEA needs the square of their sum in numbers.
    pub const MOST_INDIVIDUALS: usize = 10_000;

    /// Candidates of the first generation.
    pub fn first_size(&self) -> usize {
        match self.method {
            Method::CmaEs { .. } => self.offspring_size,
            _ => self.population_size,
        }
    }

    /// Errors unless an evolution can be made with these settings.
    ///
    /// # Errors
    /// [`Error::Setting`] or [`Error::Count`] for the first value outside its range.
    pub fn check(&self, n_objectives: usize) -> Result<(), Error> {
        count(n_objectives > 0, "number of objectives", n_objectives, "give at least 1")?;
        let sizes = [("population_size", self.population_size), ("offspring_size", self.offspring_size)];
        for (name, value) in sizes {
            count((1..=Self::MOST_INDIVIDUALS).contains(&value), name, value, "give 1 to 10000")?;
        }
        let is_enough = !matches!(self.method, Method::CmaEs { .. }) || self.offspring_size >= 4;
        count(is_enough, "offspring_size", self.offspring_size, "give CMA-ES at least 4")?;
        self.variation.check()?;
        self.method.check(n_objectives)
    }
}

fn in_range(
    name: &'static str,
    value: f64,
    range: std::ops::RangeInclusive<f64>,
    requirement: &'static str,
) -> Result<(), Error> {
    if range.contains(&value) { Ok(()) } else { Err(Error::Setting { name, value, requirement }) }
}

fn count(is_right: bool, name: &'static str, value: usize, requirement: &'static str) -> Result<(), Error> {
    if is_right { Ok(()) } else { Err(Error::Count { name, value, requirement }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(method: Method) -> EvolveSettings {
        EvolveSettings {
            method,
            population_size: 10,
            offspring_size: 10,
            variation: Variation::default(),
            seed: 0,
        }
    }

    #[test]
    fn analytic_wrong_settings_are_named() {
        let check = |settings: EvolveSettings, expected: &str| {
            let error = settings.check(3).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        check(settings(Method::Ibea { kappa: 0.0 }), "setting kappa is 0; give");
        check(settings(Method::Ibea { kappa: f64::NAN }), "setting kappa is NaN");
        check(settings(Method::Nsga3 { divisions: 0 }), "divisions is 0");
        check(settings(Method::Nsga3 { divisions: usize::MAX }), "divisions is");
        check(settings(Method::CmaEs { initial_step: 0.0 }), "setting initial_step is 0");
        check(
            EvolveSettings { offspring_size: 3, ..settings(Method::cma_es()) },
            "offspring_size is 3; give CMA-ES",
        );
        check(EvolveSettings { population_size: 0, ..settings(Method::ibea()) }, "population_size is 0");
        check(
            EvolveSettings { offspring_size: 10_001, ..settings(Method::ibea()) },
            "offspring_size is 10001",
        );
        let variation = Variation { mutation_eta: -1.0, ..Variation::default() };
        check(EvolveSettings { variation, ..settings(Method::ibea()) }, "setting mutation_eta is -1");
        let error = settings(Method::ibea()).check(0).unwrap_err();
        assert!(error.to_string().starts_with("number of objectives is 0"));
    }

    /// C(18 + p, p) for 19 objectives: 19, 190; C(2 + p, p) for three: 15 at 4, 21 at 5, 91 at 12.
    #[test]
    fn analytic_directions_are_at_most_as_many_as_asked() {
        let check = |n_objectives: usize, n_directions: usize, divisions: usize| {
            assert_eq!(Method::nsga3_within(n_objectives, n_directions), Method::Nsga3 { divisions });
        };
        check(19, 64, 1);
        check(19, 190, 2);
        check(3, 20, 4);
        check(3, 10_000, 12);
        check(1, 1, 12);
        check(40, 8, 1);
    }

    #[test]
    fn analytic_methods_have_readable_names() {
        let check = |method: Method, expected: &str| {
            assert_eq!(serde_json::to_string(&method).unwrap(), expected);
            assert_eq!(serde_json::from_str::<Method>(expected).unwrap(), method);
            settings(method).check(3).unwrap();
        };
        check(Method::ibea(), r#"{"ibea":{"kappa":0.05}}"#);
        check(Method::nsga2(), r#""nsga2""#);
        check(Method::nsga3(), r#"{"nsga3":{"divisions":12}}"#);
        check(Method::cma_es(), r#"{"cma_es":{"initial_step":0.3}}"#);
    }
}
