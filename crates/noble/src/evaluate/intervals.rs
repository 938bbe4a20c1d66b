//! How far a mean over traces depends on which models happen to be judged.

use std::collections::BTreeMap;

use noble_data::ModelId;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Times that as many models are drawn, with replacement.
const N_DRAWS: usize = 2000;
/// Part of the draws below the interval, and above it.
const TAIL: f64 = 0.025;

/// Sums of a figure and of its weights over the traces of each model.
pub(super) type ModelSums = BTreeMap<ModelId, (f64, f64)>;

/// The 95 % interval of `Σ figure / Σ weight` over draws of models with replacement; none for a single model.
///
/// Traces of a model are alike, so models are drawn and not traces. The draws are the same for the same models.
/// # Source
/// Efron & Tibshirani 1993, "An introduction to the bootstrap", percentile intervals of section 13.3.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small count")]
pub(super) fn bootstrap_interval(sums: &ModelSums) -> Option<[f64; 2]> {
    let sums: Vec<(f64, f64)> = sums.values().copied().collect();
    if sums.len() < 2 {
        return None;
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut draw = || {
        let (mut figure, mut weight) = (0.0, 0.0);
        for _ in 0..sums.len() {
            let one = sums[rng.random_range(0..sums.len())];
            (figure, weight) = (figure + one.0, weight + one.1);
        }
        figure / weight
    };
    let mut drawn: Vec<f64> = (0..N_DRAWS).map(|_| draw()).filter(|value| value.is_finite()).collect();
    drawn.sort_by(f64::total_cmp);
    let at = |part: f64| drawn.get((part * drawn.len() as f64) as usize).copied();
    Some([at(TAIL)?, at(1.0 - TAIL)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of a hundred zeros and ones has a standard error of a twentieth; its interval is about four of them wide.
    #[test]
    fn analytic_interval_of_a_mean_of_coins() {
        let sums: ModelSums = (0..100).map(|id| (id, (f64::from(id % 2), 1.0))).collect();
        let [low, high] = bootstrap_interval(&sums).unwrap();
        assert!((low - 0.402).abs() < 0.015 && (high - 0.598).abs() < 0.015, "{low} {high}");
        assert_eq!(bootstrap_interval(&sums.into_iter().take(1).collect()), None);
    }
}
