//! The samples that features are computed from: resampled as eFEL does, or as recorded.

use std::borrow::Cow;

use crate::resample::resample;
use crate::{Mode, Settings, Sweep, Times};

/// Step that eFEL's settings in samples stand for.
pub(crate) const EFEL_STEP_MS: f64 = 0.1;

/// Times, voltages and, where given, currents, `[n_samples]` each.
#[derive(Debug, Clone)]
pub(crate) struct Samples<'a> {
    pub(crate) times_ms: Cow<'a, [f64]>,
    pub(crate) v_mv: Cow<'a, [f64]>,
    pub(crate) current_na: Option<Cow<'a, [f64]>>,
    /// Samples that stand for one step of eFEL's default grid.
    samples_per_step: f64,
}

impl<'a> Samples<'a> {
    pub(crate) fn new(sweep: &Sweep<'a>, settings: &Settings) -> Self {
        match settings.mode {
            Mode::Efel => resample(sweep, settings.interp_step_ms),
            Mode::Precise => Self::recorded(sweep),
        }
    }

    pub(crate) fn resampled(times_ms: Vec<f64>, v_mv: Vec<f64>, current_na: Option<Vec<f64>>) -> Self {
        Self {
            times_ms: Cow::Owned(times_ms),
            v_mv: Cow::Owned(v_mv),
            current_na: current_na.map(Cow::Owned),
            samples_per_step: 1.0,
        }
    }

    /// The samples as they are, for which one sample of a setting is one sample here.
    pub(crate) fn raw(sweep: &Sweep<'a>) -> Self {
        let times_ms = match sweep.times() {
            Times::Listed(times_ms) => Cow::Borrowed(times_ms),
            Times::Grid(grid) => Cow::Owned(grid.times_ms()),
        };
        let current_na = sweep.current_na().map(Cow::Borrowed);
        Self { times_ms, v_mv: Cow::Borrowed(sweep.v_mv()), current_na, samples_per_step: 1.0 }
    }

    fn recorded(sweep: &Sweep<'a>) -> Self {
        let raw = Self::raw(sweep);
        let n_samples = raw.times_ms.len();
        let duration_ms = raw.times_ms[n_samples - 1] - raw.times_ms[0];
        let samples_per_step = EFEL_STEP_MS * (n_samples as f64 - 1.0) / duration_ms;
        Self { samples_per_step: if samples_per_step.is_finite() { samples_per_step } else { 1.0 }, ..raw }
    }

    /// Samples that cover as much time as so many of eFEL's: at least one, at most one more than there are.
    pub(crate) fn n_covering(&self, n_steps: usize) -> usize {
        let n_samples = (n_steps as f64 * self.samples_per_step).round();
        // No more than a few times what there is, whatever the settings and the rate.
        if n_steps == 0 { 0 } else { (n_samples as usize).clamp(1, self.times_ms.len().saturating_add(1)) }
    }
}
