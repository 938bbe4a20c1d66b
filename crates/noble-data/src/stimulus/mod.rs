//! Current protocols at the electrode, and command voltages of a voltage clamp.
//!
//! A file describes a stimulus by its parts ([`StimulusSpec`]); what a simulator asks is a [`Stimulus`], one current
//! per time. It is asked at the middle of each time step. Current before zero or after the end of a run is not seen:
//! a stimulus that lasts longer than the run is cut at the end, and [`Stimulus::end_ms`] tells how long it lasts.

mod noise;
mod spec;
mod voltage;
mod waveform;

use crate::{Error, TimeGrid};

pub use noise::Noise;
pub use spec::{STIMULUS_FORMAT_VERSION, SampledCurrent, StimulusPart, StimulusSpec, read_stimulus};
pub use voltage::{VOLTAGE_PROTOCOL_FORMAT_VERSION, VoltageProtocol, VoltageStep, read_voltage_protocol};
pub use waveform::{Chirp, PulseTrain, Ramp, Sine, Step};

/// The current injected at one place over a sweep.
///
/// An event with `delay_ms` and `duration_ms` is on for `delay_ms <= t_ms < delay_ms + duration_ms` and zero outside.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Stimulus {
    /// Steps that add where they overlap; none means no current.
    Steps(Vec<Step>),
    /// A current that rises or falls at a constant rate.
    Ramp(Ramp),
    /// A sinusoidal current.
    Sine(Sine),
    /// A sinusoidal current of changing frequency.
    Chirp(Chirp),
    /// Equal steps at equal distances.
    Pulses(PulseTrain),
    /// Any waveform: the current holds each sample until the next one, and is zero outside the grid.
    Samples {
        /// Times of the samples.
        grid: TimeGrid,
        /// Currents, `[grid.n_samples]`.
        current_na: Vec<f64>,
    },
    /// The sum of others.
    Sum(Vec<Stimulus>),
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

    /// Current at one time.
    ///
    /// # Source
    /// NEURON 9.0.2 `IClamp`, which asks at the middle of its time step; sampled currents as `Vector.play` without
    /// interpolation.
    #[must_use]
    pub fn current_na(&self, t_ms: f64) -> f64 {
        match self {
            Self::Steps(steps) => steps.iter().fold(0.0, |sum_na, step| sum_na + step.current_na(t_ms)),
            Self::Ramp(ramp) => ramp.current_na(t_ms),
            Self::Sine(sine) => sine.current_na(t_ms),
            Self::Chirp(chirp) => chirp.current_na(t_ms),
            Self::Pulses(pulses) => pulses.current_na(t_ms),
            Self::Samples { grid, current_na } => held_na(*grid, current_na, t_ms),
            Self::Sum(parts) => parts.iter().fold(0.0, |sum_na, part| sum_na + part.current_na(t_ms)),
        }
    }

    /// From when on there is no current any more; minus infinity where there never is.
    ///
    /// A run that ends earlier cuts the stimulus.
    #[must_use]
    pub fn end_ms(&self) -> f64 {
        let latest = |ends: &mut dyn Iterator<Item = f64>| ends.fold(f64::NEG_INFINITY, f64::max);
        match self {
            Self::Steps(steps) => latest(&mut steps.iter().map(|step| step.delay_ms + step.duration_ms)),
            Self::Ramp(Ramp { delay_ms, duration_ms, .. })
            | Self::Sine(Sine { delay_ms, duration_ms, .. })
            | Self::Chirp(Chirp { delay_ms, duration_ms, .. }) => delay_ms + duration_ms,
            Self::Pulses(pulses) => pulses.end_ms(),
            Self::Samples { grid, .. } => grid.time_ms(grid.n_samples()),
            Self::Sum(parts) => latest(&mut parts.iter().map(Self::end_ms)),
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

/// The sample that holds at a time.
fn held_na(grid: TimeGrid, current_na: &[f64], t_ms: f64) -> f64 {
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

#[cfg(test)]
mod tests;
