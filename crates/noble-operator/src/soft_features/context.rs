//! Where in a trace the features look, and how soft they are.

use std::ops::Range;

use noble_data::TimeGrid;
use serde::{Deserialize, Serialize};

use crate::{Error, StepTiming};

/// Last part of the stimulus over which the steady state is averaged.
const STEADY_FRACTION: f64 = 0.1;
/// Part of the time before the stimulus after which the base is averaged.
const BASE_FRACTION: f64 = 0.9;
/// Times this close to a sample, in steps of the grid, are that sample's.
const ROUNDING: f64 = 1e-6;

/// The numbers that the definitions leave to the user.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftSettings {
    /// A spike rises and falls through this voltage.
    pub threshold_mv: f64,
    /// Temperature of soft minima and maxima: samples this much above a minimum weigh 1/e of it.
    pub extremum_temperature_mv: f64,
    /// Width of the step from "below the threshold" to "above" in spike count and first spike: how far from the
    /// threshold a voltage is still pulled.
    pub threshold_temperature_mv: f64,
    /// Width of the same step at the half height of a spike.
    pub level_temperature_mv: f64,
}

impl Default for SoftSettings {
    /// eFEL's threshold; the extrema as NOBLE's fine-tuning has them, `softmax(−50 V)` with `V` in millivolts.
    fn default() -> Self {
        Self {
            threshold_mv: -20.0,
            extremum_temperature_mv: 0.02,
            threshold_temperature_mv: 3.0,
            level_temperature_mv: 1.0,
        }
    }
}

/// Time grid, stimulus window and settings: all that a feature needs beside the voltage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureContext {
    /// Times of the samples.
    pub grid: TimeGrid,
    /// Onset and length of the stimulus.
    pub stimulus: StepTiming,
    /// Threshold and temperatures.
    pub settings: SoftSettings,
}

impl FeatureContext {
    /// Checks that the stimulus and its last tenth hold samples and that the settings are usable.
    ///
    /// # Errors
    /// [`Error::FeatureWindow`] for a stimulus outside the grid, [`Error::Setting`] for a temperature that is not
    /// greater than zero or a number that is not finite.
    pub fn check(&self) -> Result<(), Error> {
        let s = &self.settings;
        if !s.threshold_mv.is_finite() {
            return Err(Error::Value { what: "spike threshold in mV".to_owned(), got: s.threshold_mv });
        }
        let temperatures = [
            ("extremum_temperature_mv", s.extremum_temperature_mv),
            ("threshold_temperature_mv", s.threshold_temperature_mv),
            ("level_temperature_mv", s.level_temperature_mv),
        ];
        for (what, got) in temperatures {
            if !(got.is_finite() && got > 0.0) {
                return Err(Error::Setting { what, got, remedy: "give a temperature greater than zero" });
            }
        }
        if self.window().len() < 2 || self.steady_window().is_empty() {
            let StepTiming { delay_ms, duration_ms } = self.stimulus;
            return Err(Error::FeatureWindow { delay_ms, duration_ms, n_samples: self.grid.n_samples() });
        }
        Ok(())
    }

    /// Samples of the stimulus, `on ≤ t < off`.
    pub(super) fn window(&self) -> Range<usize> {
        self.first_at(self.stimulus.delay_ms)..self.first_at(self.end_ms())
    }

    /// Samples of the last tenth of the stimulus.
    pub(super) fn steady_window(&self) -> Range<usize> {
        let start_ms = self.end_ms() - STEADY_FRACTION * self.stimulus.duration_ms;
        self.first_at(start_ms)..self.first_at(self.end_ms())
    }

    /// Samples of the last tenth of the time before the stimulus, its onset included; empty without such a time.
    pub(super) fn base_window(&self) -> Range<usize> {
        let on_ms = self.stimulus.delay_ms;
        if on_ms <= 0.0 {
            return 0..0;
        }
        let onset_idx = self.first_at(on_ms);
        let has_onset = onset_idx < self.grid.n_samples()
            && self.grid.time_ms(onset_idx) - on_ms < ROUNDING * self.grid.step_ms();
        self.first_at(BASE_FRACTION * on_ms)..onset_idx + usize::from(has_onset)
    }

    fn end_ms(&self) -> f64 {
        self.stimulus.delay_ms + self.stimulus.duration_ms
    }

    /// First sample at or after a time.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the grid before")]
    fn first_at(&self, time_ms: f64) -> usize {
        let steps = (time_ms - self.grid.start_ms()) / self.grid.step_ms() - ROUNDING;
        steps.ceil().clamp(0.0, self.grid.n_samples() as f64) as usize
    }
}
