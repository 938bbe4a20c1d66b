//! Fewer samples of a trace: every n-th one, with or without a low-pass filter before it.

use std::collections::VecDeque;

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
    /// Every `every`-th sample, the first one kept; see [`Decimator`].
    ///
    /// # Panics
    /// When `every` is zero.
    #[must_use]
    pub fn every(&self, every: usize, sampling: Sampling) -> Self {
        let mut decimator = Decimator::new(every, sampling);
        self.v_mv.iter().for_each(|v_mv| decimator.push(*v_mv));
        let v_mv = decimator.finish();
        #[expect(clippy::cast_precision_loss, reason = "small whole number")]
        let step_ms = self.grid.step_ms * every as f64;
        Self { grid: TimeGrid { start_ms: self.grid.start_ms, step_ms, n_samples: v_mv.len() }, v_mv }
    }
}

/// Keeps every n-th of the samples that it is given one after the other, without holding the rest.
///
/// [`Sampling::LowPass`] convolves with a Hann-windowed sinc of half width `8 every` samples,
/// `h[k] ∝ sinc(0.8 k / every) (1 + cos(π k / (8 every + 1)))/2`, scaled to unit sum; beyond either end the samples
/// hold their last value. Symmetric, so spikes do not move.
///
/// # Example
/// ```
/// use noble_data::{Decimator, Sampling};
/// let mut decimator = Decimator::new(3, Sampling::Plain);
/// (0..7).for_each(|idx| decimator.push(f64::from(idx)));
/// assert_eq!(decimator.finish(), [0.0, 3.0, 6.0]);
/// ```
#[derive(Debug, Clone)]
pub struct Decimator {
    every: usize,
    /// Of the filter, `[half + 1]`; one without a filter.
    taps: Vec<f64>,
    /// Samples that outputs to come need, `recent[0]` is sample `first_idx`.
    recent: VecDeque<f64>,
    first_idx: usize,
    kept: Vec<f64>,
}

impl Decimator {
    /// One that has seen nothing.
    ///
    /// # Panics
    /// When `every` is zero.
    #[must_use]
    pub fn new(every: usize, sampling: Sampling) -> Self {
        assert!(every > 0, "every = 0; keep every first sample or fewer");
        let taps = match sampling {
            Sampling::LowPass if every > 1 => low_pass_taps(every),
            Sampling::LowPass | Sampling::Plain => vec![1.0],
        };
        Self { every, taps, recent: VecDeque::new(), first_idx: 0, kept: Vec::new() }
    }

    /// Makes room for the outputs of `n_samples` samples.
    pub fn reserve(&mut self, n_samples: usize) {
        self.kept.reserve(n_samples.div_ceil(self.every));
    }

    /// The next sample.
    pub fn push(&mut self, value: f64) {
        self.recent.push_back(value);
        let sample = self.kept.len() * self.every;
        if sample + self.taps.len() <= self.n_seen() {
            self.keep(sample);
        }
        // Before the next output's filter begins nothing is needed any more.
        let needed = (self.kept.len() * self.every + 1).saturating_sub(self.taps.len());
        while self.first_idx < needed && self.recent.pop_front().is_some() {
            self.first_idx += 1;
        }
    }

    /// The samples kept.
    #[must_use]
    pub fn finish(mut self) -> Vec<f64> {
        while self.kept.len() * self.every < self.n_seen() {
            self.keep(self.kept.len() * self.every);
        }
        self.kept
    }

    fn n_seen(&self) -> usize {
        self.first_idx + self.recent.len()
    }

    fn keep(&mut self, sample: usize) {
        let last = self.n_seen() - 1;
        let at = |idx: usize| self.recent[idx.min(last) - self.first_idx];
        let half = self.taps.len() - 1;
        let pair = |k: usize| at(sample + k) + at(sample.saturating_sub(k));
        let sides: f64 = (1..=half).map(|k| self.taps[k] * pair(k)).sum();
        self.kept.push(self.taps[0] * at(sample) + sides);
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

    /// Sample by sample against the whole convolution, also for samples fewer than the filter is long.
    #[test]
    fn analytic_samples_kept_on_the_way_are_those_of_the_convolution() {
        for (n_samples, every) in [(1, 3), (2, 3), (20, 3), (47, 2), (200, 5), (333, 1)] {
            let trace = wave(n_samples, 0.31);
            let v_mv = trace.v_mv();
            let plain: Vec<f64> = v_mv.iter().step_by(every).copied().collect();
            assert_eq!(trace.every(every, Sampling::Plain).v_mv(), plain);
            let taps = if every == 1 { vec![1.0] } else { low_pass_taps(every) };
            let low = trace.every(every, Sampling::LowPass);
            assert_eq!(low.v_mv().len(), plain.len());
            for (coarse, found) in low.v_mv().iter().enumerate() {
                let at = |offset: i64| {
                    let idx = ((coarse * every) as i64 + offset).clamp(0, n_samples as i64 - 1);
                    v_mv[usize::try_from(idx).unwrap()]
                };
                let half = taps.len() as i64 - 1;
                let expected: f64 = (-half..=half).map(|k| taps[k.unsigned_abs() as usize] * at(k)).sum();
                assert!(
                    (found - expected).abs() < 1e-12,
                    "{n_samples}/{every} at {coarse}: {found} {expected}"
                );
            }
        }
    }
}
