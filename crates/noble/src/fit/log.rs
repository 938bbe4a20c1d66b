//! What a search says of each generation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::evaluate::Evaluation;
use super::objective::LARGEST_Z;
use super::search::{mean, worst};
use super::stage::StageKind;

/// One generation of one search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// Seed of the search.
    pub seed: u64,
    /// Part of the search.
    pub stage: StageKind,
    /// Number within the stage, from 1.
    pub generation: u32,
    /// Candidates evaluated so far by this search.
    pub n_evaluations: u64,
    /// Candidates of this generation that were left early.
    pub n_rejected: usize,
    /// Models of the archive with every score accepted.
    pub n_accepted: usize,
    /// Smallest mean score of the population.
    pub best: f64,
    /// Median of the mean scores.
    pub median: f64,
    /// Largest score of the individual whose largest is smallest.
    pub best_worst: f64,
    /// Mean score of every candidate of this generation, no score above [`LARGEST_Z`](super::LARGEST_Z).
    pub evaluated: Vec<f64>,
    /// Smallest score of each objective.
    pub best_scores: Vec<f64>,
    /// Median of each objective's scores.
    pub median_scores: Vec<f64>,
}

impl Generation {
    pub(super) fn of(
        (seed, stage, generation, n_evaluations): (u64, StageKind, u32, u64),
        population: &BTreeMap<u64, Vec<f64>>,
        evaluations: &[Evaluation],
        n_accepted: usize,
    ) -> Self {
        let means: Vec<f64> = population.values().map(|scores| mean(scores)).collect();
        let n_objectives = population.values().next().map_or(0, Vec::len);
        let of_objective = |idx: usize| population.values().map(|scores| scores[idx]).collect::<Vec<f64>>();
        Self {
            seed,
            stage,
            generation,
            n_evaluations,
            n_rejected: evaluations.iter().filter(|one| one.is_rejected).count(),
            n_accepted,
            evaluated: evaluations.iter().map(|one| capped_mean(&one.scores)).collect(),
            best: least(&means),
            median: median(means),
            best_worst: least(&population.values().map(|scores| worst(scores)).collect::<Vec<_>>()),
            best_scores: (0..n_objectives).map(|idx| least(&of_objective(idx))).collect(),
            median_scores: (0..n_objectives).map(|idx| median(of_objective(idx))).collect(),
        }
    }
}

fn capped_mean(scores: &[f64]) -> f64 {
    mean(&scores.iter().map(|score| score.min(LARGEST_Z)).collect::<Vec<_>>())
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
