//! A sweep resampled once, with the intermediate results that several features share.

use std::cell::OnceCell;

use crate::resample::resample;
use crate::{Error, Settings, Sweep, Warning, spikes, subthreshold, warning};

/// A resampled sweep from which features are computed.
///
/// Spike indices, base voltage and the like are found when the first feature needs them and kept, so that asking
/// one feature costs little and asking all of them repeats nothing. A feature's value does not depend on which
/// features were asked before.
#[derive(Debug, Clone)]
pub struct PreparedSweep {
    times_ms: Vec<f64>,
    v_mv: Vec<f64>,
    stim_start_ms: f64,
    stim_end_ms: f64,
    settings: Settings,
    sweep_warnings: Vec<Warning>,
    shared: Shared,
}

#[derive(Debug, Clone, Default)]
struct Shared {
    peak_indices: OnceCell<Vec<usize>>,
    min_ahp_indices: OnceCell<Vec<usize>>,
    ap_begin_indices: OnceCell<Vec<usize>>,
    voltage_base_mv: OnceCell<Option<f64>>,
    steady_state_voltage_stimend_mv: OnceCell<Option<f64>>,
}

impl PreparedSweep {
    /// Resamples a sweep.
    ///
    /// # Errors
    /// [`Error::Setting`] for an unusable setting, [`Error::TooManySamples`] when the step is too short for the
    /// length of the trace.
    pub fn new(sweep: &Sweep<'_>, settings: &Settings) -> Result<Self, Error> {
        settings.check()?;
        let resampled = resample(sweep, settings.interp_step_ms)?;
        let mut sweep_warnings = warning::of_sweep(sweep);
        if !resampled.is_resampled {
            sweep_warnings.push(Warning::NotResampled);
        }
        Ok(Self {
            times_ms: resampled.times_ms,
            v_mv: resampled.v_mv,
            stim_start_ms: sweep.stim_start_ms(),
            stim_end_ms: sweep.stim_end_ms(),
            settings: settings.clone(),
            sweep_warnings,
            shared: Shared::default(),
        })
    }

    /// Resampled times, `[n_samples]`.
    #[must_use]
    pub fn times_ms(&self) -> &[f64] {
        &self.times_ms
    }

    /// Resampled voltages, `[n_samples]`.
    #[must_use]
    pub fn v_mv(&self) -> &[f64] {
        &self.v_mv
    }

    /// Start of the stimulus.
    #[must_use]
    pub fn stim_start_ms(&self) -> f64 {
        self.stim_start_ms
    }

    /// End of the stimulus.
    #[must_use]
    pub fn stim_end_ms(&self) -> f64 {
        self.stim_end_ms
    }

    /// The settings it was prepared with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the trace has a spike anywhere.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        !self.peak_indices().is_empty()
    }

    /// Everything suspicious about the sweep.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.sweep_warnings.clone();
        let threshold_mv = self.settings.threshold_mv;
        if !subthreshold::has_base_window(self) {
            warnings.push(Warning::NoBaseWindow { stim_start_ms: self.stim_start_ms });
        }
        if let Some(voltage_base_mv) = self.voltage_base_mv().filter(|base_mv| *base_mv > threshold_mv) {
            warnings.push(Warning::BaseAboveThreshold { voltage_base_mv, threshold_mv });
        }
        warnings
    }

    /// Samples of the spike peaks in the resampled trace, in order of time; empty without a spike.
    ///
    /// A spike rises through the threshold and falls below it again; its peak is the first largest sample from
    /// the one crossing to the other. A spike cut by either end of the trace is not counted.
    /// # Source
    /// eFEL 5.7.34 `peak_indices`.
    #[must_use]
    pub fn peak_indices(&self) -> &[usize] {
        self.shared.peak_indices.get_or_init(|| spikes::find_peak_indices(self))
    }

    pub(crate) fn min_ahp_indices(&self) -> &[usize] {
        self.shared.min_ahp_indices.get_or_init(|| spikes::find_min_ahp_indices(self))
    }

    pub(crate) fn ap_begin_indices(&self) -> &[usize] {
        self.shared.ap_begin_indices.get_or_init(|| spikes::find_ap_begin_indices(self))
    }

    pub(crate) fn voltage_base_mv(&self) -> Option<f64> {
        *self.shared.voltage_base_mv.get_or_init(|| subthreshold::find_voltage_base_mv(self))
    }

    pub(crate) fn steady_state_voltage_stimend_mv(&self) -> Option<f64> {
        *self
            .shared
            .steady_state_voltage_stimend_mv
            .get_or_init(|| subthreshold::find_steady_state_voltage_stimend_mv(self))
    }

    /// Index of the first sample at or after a time; the number of samples where there is none.
    pub(crate) fn first_at(&self, time_ms: f64) -> usize {
        self.times_ms.partition_point(|t| *t < time_ms)
    }

    /// Whether a sample lies in the stimulus, both ends included.
    pub(crate) fn is_in_stimulus(&self, sample_idx: usize) -> bool {
        (self.stim_start_ms..=self.stim_end_ms).contains(&self.times_ms[sample_idx])
    }
}

/// Sum in order divided by the count; `None` of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
