//! Noise that is drawn once, from a seed.

use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::waveform::Check;
use crate::channel::Range;

/// An Ornstein-Uhlenbeck process, drawn every `update_ms` and held in between.
///
/// With `a = exp(-update_ms / correlation_ms)`, mean `µ` and standard deviation `σ`, the first sample is `µ + σ ξ`
/// and the next ones `x' = µ + a (x - µ) + σ sqrt(1 - a²) ξ`, `ξ` standard normal. So mean, variance and correlation
/// are those of the process itself at any `update_ms`. The same seed gives the same noise.
///
/// # Source
/// Gillespie 1996, Phys Rev E 54:2084, the exact update. Differs from the noise of Destexhe et al. 2001, Neuroscience
/// 107:13, which starts at the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// Onset.
    pub delay_ms: f64,
    /// How long it lasts, rounded to a whole number of updates.
    pub duration_ms: f64,
    /// Mean.
    pub mean_na: f64,
    /// Standard deviation.
    pub standard_deviation_na: f64,
    /// Time in which the correlation falls to 1/e.
    pub correlation_ms: f64,
    /// How long each drawn value is held.
    pub update_ms: f64,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Noise {
    pub(super) fn checks(&self) -> Vec<Check> {
        vec![
            ("delay_ms", self.delay_ms, Range::Any),
            ("duration_ms", self.duration_ms, Range::NotNegative),
            ("mean_na", self.mean_na, Range::Any),
            ("standard_deviation_na", self.standard_deviation_na, Range::NotNegative),
            ("correlation_ms", self.correlation_ms, Range::Positive),
            ("update_ms", self.update_ms, Range::Positive),
        ]
    }

    /// Number of updates, not yet bounded.
    pub(super) fn n_updates(&self) -> f64 {
        (self.duration_ms / self.update_ms).round()
    }

    /// The drawn values, `[n_updates]`.
    pub(super) fn samples_na(&self, n_updates: usize) -> Vec<f64> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
        let kept = (-self.update_ms / self.correlation_ms).exp();
        // 1 - a², without cancellation where updates are much shorter than the correlation.
        let renewed = -(-2.0 * self.update_ms / self.correlation_ms).exp_m1();
        let renewed_na = self.standard_deviation_na * renewed.sqrt();
        let mut deviation_na = 0.0;
        let advance = |update_idx: usize| {
            deviation_na = match update_idx {
                0 => self.standard_deviation_na * draw(),
                _ => kept * deviation_na + renewed_na * draw(),
            };
            self.mean_na + deviation_na
        };
        (0..n_updates).map(advance).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISE: Noise = Noise {
        delay_ms: 0.0,
        duration_ms: 20_000.0,
        mean_na: 0.1,
        standard_deviation_na: 0.05,
        correlation_ms: 3.0,
        update_ms: 0.1,
        seed: 7,
    };

    #[test]
    fn analytic_mean_variance_and_correlation_are_those_of_the_process() {
        for update_ms in [0.1, 1.0, 10.0] {
            let noise = Noise { update_ms, duration_ms: 200_000.0 * update_ms, ..NOISE };
            let samples_na = noise.samples_na(200_000);
            let n = samples_na.len() as f64;
            let mean_na = samples_na.iter().sum::<f64>() / n;
            let deviations: Vec<f64> = samples_na.iter().map(|i| i - mean_na).collect();
            let variance = deviations.iter().map(|i| i * i).sum::<f64>() / n;
            let covariance = deviations.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / (n - 1.0);
            // About four standard errors; neighbors that hang together leave fewer independent samples.
            let n_independent = n * (update_ms / (2.0 * 3.0)).min(1.0);
            let share = 4.0 / n_independent.sqrt();
            assert!((mean_na - 0.1).abs() < 0.05 * share, "{update_ms}: mean {mean_na}");
            assert!((variance / 0.0025 - 1.0).abs() < 2.0 * share, "{update_ms}: variance {variance}");
            let correlation = covariance / variance;
            let expected = f64::exp(-update_ms / 3.0);
            assert!((correlation - expected).abs() < share, "{update_ms}: correlation {correlation}");
        }
    }

    #[test]
    fn invariant_a_seed_gives_the_same_bits() {
        let bits =
            |noise: Noise| -> Vec<u64> { noise.samples_na(50).into_iter().map(f64::to_bits).collect() };
        assert_eq!(bits(NOISE), bits(NOISE));
        assert_ne!(bits(NOISE), bits(Noise { seed: 8, ..NOISE }));
        assert_eq!(bits(NOISE)[..20], NOISE.samples_na(20).into_iter().map(f64::to_bits).collect::<Vec<_>>());
    }
}
