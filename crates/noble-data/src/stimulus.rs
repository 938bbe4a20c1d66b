//! Current protocols at the electrode.

use serde::{Deserialize, Serialize};

use crate::{Error, TimeGrid};

/// A constant current over an interval of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Onset.
    pub delay_ms: f64,
    /// How long it lasts.
    pub duration_ms: f64,
    /// Current; positive depolarizes, zero is allowed.
    pub amplitude_na: f64,
}

/// The current injected at one place over a sweep.
#[derive(Debug, Clone, PartialEq)]
pub enum Stimulus {
    /// Steps that add where they overlap; none means no current.
    Steps(Vec<Step>),
    /// Any waveform: the current holds each sample until the next one, and is zero outside the grid.
    Samples {
        /// Times of the samples.
        grid: TimeGrid,
        /// Currents, `[grid.n_samples]`.
        current_na: Vec<f64>,
    },
}

impl Stimulus {
    /// One step.
    ///
    /// # Errors
    /// [`Error::Step`] when a value is not finite or the duration is negative.
    pub fn step(step: Step) -> Result<Self, Error> {
        Self::steps(vec![step])
    }

    /// Several steps that add where they overlap.
    ///
    /// # Errors
    /// [`Error::Step`] for the first step whose values are not finite or whose duration is negative.
    pub fn steps(steps: Vec<Step>) -> Result<Self, Error> {
        let is_valid = |step: &Step| {
            step.delay_ms.is_finite()
                && step.amplitude_na.is_finite()
                && step.duration_ms.is_finite()
                && step.duration_ms >= 0.0
        };
        match steps.iter().find(|step| !is_valid(step)) {
            Some(&Step { delay_ms, duration_ms, amplitude_na }) => {
                Err(Error::Step { delay_ms, duration_ms, amplitude_na })
            }
            None => Ok(Self::Steps(steps)),
        }
    }

    /// Any waveform on a grid.
    ///
    /// # Errors
    /// [`Error::TraceLength`] when the lengths differ, [`Error::NotFinite`] at the first bad sample.
    pub fn samples(grid: TimeGrid, current_na: Vec<f64>) -> Result<Self, Error> {
        if current_na.len() != grid.n_samples() {
            return Err(Error::TraceLength { n_samples: current_na.len(), n_grid: grid.n_samples() });
        }
        if let Some(sample_idx) = current_na.iter().position(|i| !i.is_finite()) {
            return Err(Error::NotFinite {
                what: "current".to_owned(),
                sample_idx,
                time_ms: grid.time_ms(sample_idx),
                value: current_na[sample_idx].to_string(),
            });
        }
        Ok(Self::Samples { grid, current_na })
    }

    /// Current at one time: a step is on for `delay_ms <= t_ms < delay_ms + duration_ms`.
    ///
    /// # Source
    /// NEURON 9.0.2 `IClamp`, which asks at the middle of its time step.
    #[must_use]
    pub fn current_na(&self, t_ms: f64) -> f64 {
        match self {
            Self::Steps(steps) => steps
                .iter()
                .filter(|step| t_ms >= step.delay_ms && t_ms < step.delay_ms + step.duration_ms)
                .fold(0.0, |sum_na, step| sum_na + step.amplitude_na),
            Self::Samples { grid, current_na } => {
                let position = ((t_ms - grid.start_ms()) / grid.step_ms()).floor();
                if position < 0.0 {
                    return 0.0;
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "not negative; a huge value saturates and lies outside"
                )]
                let sample_idx = position as usize;
                current_na.get(sample_idx).copied().unwrap_or(0.0)
            }
        }
    }

    /// The current on a grid, `[grid.n_samples]`.
    ///
    /// Each sample is the current over the half-open interval that begins at its time, asked a thousandth of a
    /// step later so that rounding of the grid cannot move an edge by a sample.
    #[must_use]
    pub fn on_grid_na(&self, grid: TimeGrid) -> Vec<f64> {
        let nudge_ms = 1e-3 * grid.step_ms();
        (0..grid.n_samples()).map(|sample_idx| self.current_na(grid.time_ms(sample_idx) + nudge_ms)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_steps_are_half_open_and_add() {
        let first = Step { delay_ms: 10.0, duration_ms: 5.0, amplitude_na: 0.1 };
        let second = Step { delay_ms: 12.0, duration_ms: 10.0, amplitude_na: -0.3 };
        let stimulus = Stimulus::steps(vec![first, second]).unwrap();
        let expected = [(9.99, 0.0), (10.0, 0.1), (12.0, -0.2), (15.0, -0.3), (22.0, 0.0)];
        for (t_ms, current_na) in expected {
            assert!((stimulus.current_na(t_ms) - current_na).abs() < 1e-15, "{t_ms}");
        }
    }

    #[test]
    fn analytic_grid_edges_do_not_move_with_rounding() {
        let step = Step { delay_ms: 15.0, duration_ms: 400.0, amplitude_na: 1.0 };
        let grid = TimeGrid::new(0.0, 0.06, 8584).unwrap();
        let current_na = Stimulus::step(step).unwrap().on_grid_na(grid);
        assert_eq!(current_na.iter().position(|i| *i > 0.0), Some(250));
        assert_eq!(current_na.iter().filter(|i| **i > 0.0).count(), 6667);
    }

    #[test]
    fn invariant_steps_refuse_negative_durations() {
        let step = Step { delay_ms: 0.0, duration_ms: -1.0, amplitude_na: 0.1 };
        assert!(matches!(Stimulus::step(step), Err(Error::Step { .. })));
    }
}
