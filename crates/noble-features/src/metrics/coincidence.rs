//! The coincidence factor Γ.

use super::Interval;
use crate::Error;

const MS_PER_S: f64 = 1000.0;

/// Whose rate chance is reckoned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChanceRate {
    /// That of the reference: all predictions of one recording are judged by one chance level.
    #[default]
    Reference,
    /// That of the prediction: a Poisson train of any rate has Γ = 0 in the mean, as the factor was published.
    Predicted,
}

/// How coincidences are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoincidenceSettings {
    /// Largest distance Δ of two spikes that coincide.
    pub precision_ms: f64,
    /// Whose rate chance is reckoned with.
    pub chance_rate: ChanceRate,
}

impl Default for CoincidenceSettings {
    /// 2 ms, and chance by the rate of the reference.
    fn default() -> Self {
        Self { precision_ms: 2.0, chance_rate: ChanceRate::Reference }
    }
}

/// Γ with the counts that it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coincidence {
    /// Γ; 1 is perfect, 0 is chance.
    pub factor: f64,
    /// Pairs of spikes at most Δ apart, each spike in one pair at most.
    pub n_coincident: usize,
    /// Coincidences that a Poisson train would have by chance, `2 ν Δ N_reference`.
    pub expected_n: f64,
    /// Spikes of the reference.
    pub n_reference: usize,
    /// Spikes of the prediction.
    pub n_predicted: usize,
    /// Rate ν of chance.
    pub chance_rate_hz: f64,
}

/// Share of spikes predicted within Δ, corrected for chance.
///
/// `Γ = (N_coinc - <N_coinc>) / (½ (N_reference + N_predicted)) / (1 - 2 ν Δ)` with `<N_coinc> = 2 ν Δ N_reference` and
/// ν the number of spikes in the interval by its duration, of the train that [`ChanceRate`] names. `N_coinc` is the
/// largest number of pairs with `|t_reference - t_predicted| <= Δ` in which no spike occurs twice.
///
/// Γ <= 1, and equal trains have Γ = 1 whatever their number of spikes; two empty trains are equal and have Γ = 1.
/// Where the reference alone is empty Γ is 0. Where the prediction alone is empty, chance by the reference gives
/// `Γ = -4 ν Δ / (1 - 2 ν Δ)`, worse than chance, and chance by the prediction 0.
/// # Errors
/// [`Error::SpikeTrain`] for times that are not finite, not in order or outside of the interval;
/// [`Error::MetricInterval`]; [`Error::Setting`] for a precision that is not greater than zero or so large that
/// `2 ν Δ >= 1`, where chance alone would predict every spike.
/// # Source
/// Kistler, Gerstner and van Hemmen, Neural Computation 9:1015, 1997; Jolivet, Lewis and Gerstner, J Neurophysiol
/// 92:959, 2004. brian2modelfitting takes ν from the recorded train, as [`ChanceRate::Reference`]; differs from it: a
/// spike of the prediction counts for one spike of the reference only.
pub fn coincidence_factor(
    reference_ms: &[f64],
    predicted_ms: &[f64],
    interval: Interval,
    settings: &CoincidenceSettings,
) -> Result<Coincidence, Error> {
    interval.check_trains(&[("reference", reference_ms), ("predicted", predicted_ms)])?;
    let wrong = |value, requirement| Error::Setting { name: "precision_ms", value, requirement };
    let precision_ms = settings.precision_ms;
    if !(precision_ms.is_finite() && precision_ms > 0.0) {
        return Err(wrong(precision_ms, "give a time greater than zero"));
    }
    let (n_reference, n_predicted) = (reference_ms.len(), predicted_ms.len());
    let n_chance = match settings.chance_rate {
        ChanceRate::Reference => n_reference,
        ChanceRate::Predicted => n_predicted,
    };
    let rate_per_ms = n_chance as f64 / interval.duration_ms();
    let by_chance = 2.0 * rate_per_ms * precision_ms;
    if by_chance >= 1.0 {
        return Err(wrong(precision_ms, "give less than half the mean interval between spikes"));
    }
    let n_coincident = n_pairs(reference_ms, predicted_ms, precision_ms);
    let expected_n = by_chance * n_reference as f64;
    let n_mean = 0.5 * (n_reference + n_predicted) as f64;
    let factor = match n_reference + n_predicted {
        0 => 1.0,
        _ => (n_coincident as f64 - expected_n) / n_mean / (1.0 - by_chance),
    };
    let chance_rate_hz = rate_per_ms * MS_PER_S;
    Ok(Coincidence { factor, n_coincident, expected_n, n_reference, n_predicted, chance_rate_hz })
}

/// Largest number of pairs at most `precision_ms` apart; earliest first is best because all windows are equal.
fn n_pairs(reference_ms: &[f64], predicted_ms: &[f64], precision_ms: f64) -> usize {
    let (mut reference_idx, mut predicted_idx, mut n_pairs) = (0, 0, 0);
    while let (Some(one_ms), Some(other_ms)) =
        (reference_ms.get(reference_idx), predicted_ms.get(predicted_idx))
    {
        if (one_ms - other_ms).abs() <= precision_ms {
            n_pairs += 1;
            reference_idx += 1;
            predicted_idx += 1;
        } else if one_ms < other_ms {
            reference_idx += 1;
        } else {
            predicted_idx += 1;
        }
    }
    n_pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::trains::{LENGTH_MS, train};
    use super::*;

    const INTERVAL: Interval = Interval { start_ms: 0.0, end_ms: LENGTH_MS };

    fn gamma(reference_ms: &[f64], predicted_ms: &[f64], settings: CoincidenceSettings) -> f64 {
        coincidence_factor(reference_ms, predicted_ms, INTERVAL, &settings).unwrap().factor
    }

    fn check(reference_ms: &[f64], predicted_ms: &[f64], expected: f64) {
        let found = gamma(reference_ms, predicted_ms, CoincidenceSettings::default());
        assert!(
            (found - expected).abs() < 1e-12,
            "{reference_ms:?} {predicted_ms:?}: {found}, not {expected}"
        );
    }

    #[test]
    fn analytic_equal_shifted_and_missing_spikes() {
        let three_ms = [20.0, 60.0, 100.0];
        // 2 ν Δ = 2 · 3/200 · 2.
        let by_chance = 0.06;
        check(&three_ms, &three_ms, 1.0);
        check(&three_ms, &[22.0, 58.0, 100.0], 1.0);
        check(&three_ms, &[22.1, 60.0, 100.0], (2.0 - 3.0 * by_chance) / 3.0 / (1.0 - by_chance));
        check(&three_ms, &[60.0], (1.0 - 3.0 * by_chance) / 2.0 / (1.0 - by_chance));
        check(&three_ms, &[], -2.0 * by_chance / (1.0 - by_chance));
        check(&[], &three_ms, 0.0);
        check(&[], &[], 1.0);
    }

    #[test]
    fn analytic_each_spike_coincides_once() {
        let found = |reference_ms: &[f64], predicted_ms: &[f64]| n_pairs(reference_ms, predicted_ms, 2.0);
        assert_eq!(found(&[50.0], &[49.0, 50.0, 51.0]), 1);
        assert_eq!(found(&[50.0, 53.0], &[51.0, 52.0]), 2);
        // The nearest pair first would leave 48 and 52 alone.
        assert_eq!(found(&[48.0, 50.1], &[50.0, 52.0]), 2);
    }

    /// Independent Poisson trains, drawn by a small generator so that the mean is the same on every machine.
    #[test]
    fn analytic_poisson_trains_coincide_by_chance() {
        let mut state = 42_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let interval = Interval { start_ms: 0.0, end_ms: 2000.0 };
        let mut poisson = |rate_per_ms: f64| {
            let mut time_ms = 0.0;
            let next = || {
                time_ms -= uniform().ln() / rate_per_ms;
                Some(time_ms)
            };
            std::iter::from_fn(next).take_while(|time_ms| *time_ms <= interval.end_ms).collect::<Vec<f64>>()
        };
        const N_DRAWS: usize = 2000;
        let mut mean = |predicted_per_ms: f64, chance_rate| {
            let settings = CoincidenceSettings { precision_ms: 0.5, chance_rate };
            let factors = (0..N_DRAWS).map(|_| {
                let (reference_ms, predicted_ms) = (poisson(0.02), poisson(predicted_per_ms));
                coincidence_factor(&reference_ms, &predicted_ms, interval, &settings).unwrap().factor
            });
            factors.sum::<f64>() / N_DRAWS as f64
        };
        // A spike coincides once only, which takes some ν Δ of the chance away; the mean's own error is below 0.001.
        assert!(mean(0.02, ChanceRate::Reference).abs() < 0.004);
        assert!(mean(0.02, ChanceRate::Predicted).abs() < 0.004);
        assert!(mean(0.01, ChanceRate::Predicted).abs() < 0.004);
        // Half the rate is half the chance: (νΔ N - 2νΔ N) / (3/4 N) below zero by the rate of the reference.
        assert!((mean(0.01, ChanceRate::Reference) + 0.01 / 0.75 / 0.98).abs() < 0.004);
    }

    #[test]
    fn invariant_wrong_input_is_named() {
        let message = |reference_ms: &[f64], predicted_ms: &[f64], interval, precision_ms| {
            let settings = CoincidenceSettings { precision_ms, ..CoincidenceSettings::default() };
            coincidence_factor(reference_ms, predicted_ms, interval, &settings).unwrap_err().to_string()
        };
        assert!(message(&[1.0, f64::NAN], &[], INTERVAL, 2.0).contains("reference spike 1 at NaN ms"));
        assert!(message(&[1.0], &[3.0, 2.0], INTERVAL, 2.0).contains("predicted spike 1 at 2 ms; sort"));
        assert!(message(&[1.0], &[250.0], INTERVAL, 2.0).contains("outside the interval"));
        assert!(
            message(&[], &[], Interval { start_ms: 3.0, end_ms: 3.0 }, 2.0).contains("from 3 ms to 3 ms")
        );
        assert!(message(&[], &[], INTERVAL, 0.0).contains("precision_ms is 0"));
        assert!(message(&[1.0, 2.0], &[], INTERVAL, 50.0).contains("half the mean interval"));
    }

    /// Largest matching by trying for every spike of one train every partner, the obvious way.
    fn n_pairs_tried(reference_ms: &[f64], predicted_ms: &[f64], precision_ms: f64) -> usize {
        let mut best = vec![vec![0; predicted_ms.len() + 1]; reference_ms.len() + 1];
        for (i, one_ms) in reference_ms.iter().enumerate() {
            for (j, other_ms) in predicted_ms.iter().enumerate() {
                let pair = usize::from((one_ms - other_ms).abs() <= precision_ms);
                best[i + 1][j + 1] = (best[i][j] + pair).max(best[i][j + 1]).max(best[i + 1][j]);
            }
        }
        best[reference_ms.len()][predicted_ms.len()]
    }

    proptest! {
        #[test]
        fn invariant_counts_are_the_largest_matching(a in train(), b in train(), precision_ms in 0.1..20.0) {
            prop_assert_eq!(n_pairs(&a, &b, precision_ms), n_pairs_tried(&a, &b, precision_ms));
        }

        #[test]
        fn invariant_factors_are_at_most_one(a in train(), b in train()) {
            for chance_rate in [ChanceRate::Reference, ChanceRate::Predicted] {
                let settings = CoincidenceSettings { chance_rate, ..CoincidenceSettings::default() };
                prop_assert!(gamma(&a, &b, settings) <= 1.0 + 1e-12);
                prop_assert!((gamma(&a, &a, settings) - 1.0).abs() < 1e-12);
            }
        }
    }
}
