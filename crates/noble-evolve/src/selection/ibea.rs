//! Indicator-based selection with the additive epsilon indicator.
//!
//! The indicator of a pair is how far the one must be moved to be as good as the other everywhere; an individual's
//! loss sums over all others an exponential of it, in which near and dominating ones count most. So one number
//! holds both convergence and spread, for any number of objectives.
//!
//! # Source
//! Zitzler & Künzli 2004, "Indicator-based selection in multiobjective search", PPSN VIII, algorithm 2 (adaptive
//! IBEA). BluePyOpt 1.14 `selIBEA` has the same fitness; differs there: it selects no survivors, but draws all
//! parents in tournaments of four from parents and offspring together, with repetition, and varies all of them.
//! Here, as in the paper, the worst is removed one by one, the fitness of the others following, and parents come
//! from tournaments of two among the survivors, over which objectives and indicator are scaled anew.

/// Fraction of a loss that must be left after a removal; below, cancellation has taken digits.
const LEAST_REMAINDER: f64 = 0.5;
/// Losses that fall short of the largest by less than this fraction are summed again before one of them is chosen;
/// thousands of removals leave errors below it.
const NEARLY: f64 = 1e-9;

/// Loss of each individual, the negative of the paper's fitness: `Σ_i exp(-I(i, j) / (κ c))`, `i ≠ j`.
///
/// `I(i, j)` is the largest over the objectives of `f(i) - f(j)`, each objective scaled to its range among all; `c`
/// is the largest size of any `I`.
pub(super) fn losses(scores: &[&[f64]], kappa: f64) -> Vec<f64> {
    let shares = shares(scores, kappa);
    let everyone = vec![true; scores.len()];
    (0..scores.len()).map(|j| loss(&shares, &everyone, j)).collect()
}

/// Indices that stay when the one of largest loss is removed until `n` are left; of equal losses the last goes.
///
/// Each removal takes its share from every other loss instead of summing again: `O(n²)` in all, not `O(n³)`.
pub(super) fn survivors(scores: &[&[f64]], kappa: f64, n: usize) -> Vec<usize> {
    let shares = shares(scores, kappa);
    let mut is_left = vec![true; scores.len()];
    let mut losses: Vec<f64> = (0..scores.len()).map(|j| loss(&shares, &is_left, j)).collect();
    for _ in n..scores.len() {
        let worst = worst(&shares, &is_left, &mut losses);
        is_left[worst] = false;
        for j in 0..scores.len() {
            let remainder = losses[j] - shares[worst][j];
            let is_exact = remainder > LEAST_REMAINDER * losses[j];
            losses[j] = if is_exact || !is_left[j] { remainder } else { loss(&shares, &is_left, j) };
        }
    }
    (0..scores.len()).filter(|&j| is_left[j]).collect()
}

/// The one of largest loss. Losses are often equal, as each objective runs from 0 to 1, and errors must not choose.
fn worst(shares: &[Vec<f64>], is_left: &[bool], losses: &mut [f64]) -> usize {
    let left = || (0..losses.len()).filter(|&j| is_left[j]);
    let largest = left().map(|j| losses[j]).fold(0.0, f64::max);
    let nearly: Vec<usize> = left().filter(|&j| losses[j] >= (1.0 - NEARLY) * largest).collect();
    if nearly.len() > 1 {
        nearly.iter().for_each(|&j| losses[j] = loss(shares, is_left, j));
    }
    nearly.into_iter().max_by(|&a, &b| losses[a].total_cmp(&losses[b])).expect("somebody has the largest")
}

fn loss(shares: &[Vec<f64>], is_left: &[bool], j: usize) -> f64 {
    (0..shares.len()).filter(|&i| is_left[i] && i != j).map(|i| shares[i][j]).sum()
}

/// `shares[i][j]`: what `i` adds to the loss of `j`.
fn shares(scores: &[&[f64]], kappa: f64) -> Vec<Vec<f64>> {
    let scaled = scaled(scores);
    let indicator = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).fold(f64::MIN, f64::max);
    let mut shares: Vec<Vec<f64>> =
        scaled.iter().map(|a| scaled.iter().map(|b| indicator(a, b)).collect()).collect();
    let largest = shares.iter().flatten().fold(0.0, |largest: f64, i| largest.max(i.abs()));
    let scale = if largest > 0.0 { kappa * largest } else { kappa };
    for share in shares.iter_mut().flatten() {
        *share = (-*share / scale).exp();
    }
    shares
}

/// Every objective from 0, its smallest score, to 1, its largest; 0 where all are equal.
fn scaled(scores: &[&[f64]]) -> Vec<Vec<f64>> {
    let n_objectives = scores.first().map_or(0, |scores| scores.len());
    let range = |k: usize| {
        let of_objective = scores.iter().map(|scores| scores[k]);
        of_objective
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), score| (low.min(score), high.max(score)))
    };
    let ranges: Vec<(f64, f64)> = (0..n_objectives).map(range).collect();
    let scale = |(score, (low, high)): (&f64, &(f64, f64))| {
        if high > low { (score - low) / (high - low) } else { 0.0 }
    };
    scores.iter().map(|scores| scores.iter().zip(&ranges).map(scale).collect()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Removes the worst and sums all losses again, the survivors' and nobody else's.
    fn naive_survivors(scores: &[&[f64]], kappa: f64, n: usize) -> Vec<usize> {
        let shares = shares(scores, kappa);
        let mut left: Vec<usize> = (0..scores.len()).collect();
        while left.len() > n {
            let loss = |&j: &usize| left.iter().filter(|&&i| i != j).map(|&i| shares[i][j]).sum::<f64>();
            let losses: Vec<f64> = left.iter().map(loss).collect();
            let worst = (0..left.len()).max_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap();
            left.remove(worst);
        }
        left
    }

    /// Scaled scores (0, 1), (1/2, 0), (1, 1/2). Pairs (i, j): I(0,1) = 1, I(1,0) = 1/2, I(0,2) = 1/2, I(2,0) = 1,
    /// I(1,2) = -1/2 (dominates), I(2,1) = 1/2; c = 1.
    #[test]
    fn analytic_losses_by_hand() {
        let scores: [&[f64]; 3] = [&[10.0, 300.0], &[15.0, 100.0], &[20.0, 200.0]];
        let kappa = 0.5;
        let e = |indicator: f64| (-indicator / kappa).exp();
        let expected = [e(0.5) + e(1.0), e(1.0) + e(0.5), e(0.5) + e(-0.5)];
        for (loss, expected) in losses(&scores, kappa).iter().zip(expected) {
            assert!((loss - expected).abs() < 1e-14, "{loss} {expected}");
        }
        assert_eq!(survivors(&scores, kappa, 2), [0, 1]);
    }

    #[test]
    fn analytic_equal_scores_lose_the_last() {
        let scores: [&[f64]; 4] = [&[1.0, 2.0]; 4];
        assert_eq!(survivors(&scores, 0.05, 2), [0, 1]);
        assert!(losses(&scores, 0.05).iter().all(|loss| (loss - 3.0).abs() < 1e-15));
        assert_eq!(losses(&[&[1.0]], 0.05), [0.0]);
    }

    proptest! {
        #[test]
        fn invariant_following_losses_are_those_summed_again(
            scores in prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, 3), 2..40),
            share in 0.0..1.0_f64, kappa in 0.01..1.0_f64,
        ) {
            let scores: Vec<&[f64]> = scores.iter().map(Vec::as_slice).collect();
            let n = 1 + (share * (scores.len() - 1) as f64) as usize;
            prop_assert_eq!(survivors(&scores, kappa, n), naive_survivors(&scores, kappa, n));
        }

        #[test]
        fn invariant_dominated_goes_before_its_better(
            scores in prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, 2), 2..30), worse in 0.01..1.0_f64,
        ) {
            let mut scores = scores;
            let shifted = scores[0].iter().map(|score| score + worse).collect();
            scores.push(shifted);
            let scores: Vec<&[f64]> = scores.iter().map(Vec::as_slice).collect();
            let losses = losses(&scores, 0.05);
            prop_assert!(losses[scores.len() - 1] >= losses[0]);
        }
    }
}
