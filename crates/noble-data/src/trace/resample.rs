//! Fewer samples of a trace: every n-th one, with or without a low-pass filter before it.

use serde::{Deserialize, Serialize};

use super::{TimeGrid, Trace};

/// How a trace on the solver's grid becomes one on a coarser grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Every n-th sample as it is; what reference traces use.
    Plain,
    /// A zero-phase low-pass at 0.8 of the new Nyquist frequency, then every n-th sample.
    LowPass,
}

/// Half width of the filter in samples of the coarse grid.
const LOW_PASS_HALF_WIDTH: usize = 8;
/// Cut-off as a fraction of the coarse grid's Nyquist frequency.
const LOW_PASS_CUTOFF_FRACTION: f64 = 0.8;

impl Trace {
    /// Every `every`-th sample, the first one kept.
    ///
    /// `LowPass` first convolves with a Hann-windowed sinc of half width `8 every` samples,
    /// `h[k] ∝ sinc(0.8 k / every) (1 + cos(π k / (8 every + 1)))/2`, scaled to unit sum; beyond either end the trace
    /// holds its last value. Symmetric, so spikes do not move.
    ///
    /// # Panics
    /// When `every` is zero.
    #[must_use]
    pub fn every(&self, every: usize, sampling: Sampling) -> Self {
        assert!(every > 0, "every = 0; keep every first sample or fewer");
        let n_samples = self.v_mv.len().div_ceil(every);
        #[expect(clippy::cast_precision_loss, reason = "small whole number")]
        let step_ms = self.grid.step_ms * every as f64;
        let v_mv = match sampling {
            Sampling::Plain => self.v_mv.iter().step_by(every).copied().collect(),
            Sampling::LowPass if every == 1 => self.v_mv.clone(),
            Sampling::LowPass => self.low_passed(every, n_samples),
        };
        Self { grid: TimeGrid { start_ms: self.grid.start_ms, step_ms, n_samples }, v_mv }
    }

    fn low_passed(&self, every: usize, n_samples: usize) -> Vec<f64> {
        let taps = low_pass_taps(every);
        let half = taps.len() - 1;
        let last = self.v_mv.len() - 1;
        let at = |sample: usize, offset: usize, is_after: bool| {
            let idx = if is_after { sample + offset } else { sample.saturating_sub(offset) };
            self.v_mv[idx.min(last)]
        };
        (0..n_samples)
            .map(|coarse| {
                let sample = coarse * every;
                let sides: f64 =
                    (1..=half).map(|k| taps[k] * (at(sample, k, true) + at(sample, k, false))).sum();
                taps[0] * self.v_mv[sample] + sides
            })
            .collect()
    }
}

/// The non-negative half of the symmetric filter, `[8 every + 1]`.
fn low_pass_taps(every: usize) -> Vec<f64> {
    use std::f64::consts::PI;
    let half = LOW_PASS_HALF_WIDTH * every;
    #[expect(clippy::cast_precision_loss, reason = "small whole numbers")]
    let tap = |k: usize| {
        let phase = PI * LOW_PASS_CUTOFF_FRACTION * k as f64 / every as f64;
        let sinc = if k == 0 { 1.0 } else { phase.sin() / phase };
        sinc * 0.5 * (1.0 + (PI * k as f64 / (half as f64 + 1.0)).cos())
    };
    let taps: Vec<f64> = (0..=half).map(tap).collect();
    let total = 2.0 * taps.iter().sum::<f64>() - taps[0];
    taps.into_iter().map(|value| value / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n_samples: usize, period_ms: f64) -> Trace {
        let grid = TimeGrid::new(0.0, 0.02, n_samples).unwrap();
        let v_mv =
            grid.times_ms().iter().map(|t| (2.0 * std::f64::consts::PI * t / period_ms).cos()).collect();
        Trace::new(grid, v_mv).unwrap()
    }

    #[test]
    fn analytic_plain_keeps_every_third_sample() {
        let trace = wave(25_751, 7.0);
        let coarse = trace.every(3, Sampling::Plain);
        assert_eq!(coarse.grid().n_samples(), 8584);
        assert!((coarse.grid().step_ms() - 0.06).abs() < 1e-15);
        assert_eq!(coarse.v_mv()[100].to_bits(), trace.v_mv()[300].to_bits());
    }

    #[test]
    fn analytic_low_pass_keeps_slow_and_removes_fast_waves() {
        let largest = |trace: Trace| trace.v_mv()[100..400].iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        assert!((largest(wave(3000, 2.0).every(5, Sampling::LowPass)) - 1.0).abs() < 1e-3);
        assert!(largest(wave(3000, 0.13).every(5, Sampling::LowPass)) < 1e-2);
    }
}
