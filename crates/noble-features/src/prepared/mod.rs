//! A sweep with the intermediate results that several features share.

mod point;

pub use point::Point;
pub(crate) use point::vertex;

use std::cell::OnceCell;

use crate::events::{Bursts, ahp, bursts, counting, offset, onset, peaks};
use crate::samples::Samples;
use crate::{Error, Mode, Settings, Sweep, Warning, resample, subjects, warning};

/// A sweep from which features are computed.
///
/// The samples, the spikes, the base voltage and the like are found when the first feature needs them and kept, so
/// that asking one feature costs little and asking all of them repeats nothing. A feature's value does not depend on
/// which features were asked before.
#[derive(Debug, Clone)]
pub struct PreparedSweep<'a> {
    sweep: Sweep<'a>,
    settings: Settings,
    samples: OnceCell<Samples<'a>>,
    shared: Shared,
}

/// What is found at most once; empty lists stand for what eFEL calls missing.
#[derive(Debug, Clone, Default)]
struct Shared {
    slopes: OnceCell<Vec<f64>>,
    n_spikes: OnceCell<usize>,
    peaks: OnceCell<Vec<Point>>,
    ahps: OnceCell<Vec<Point>>,
    lowest: OnceCell<Vec<Point>>,
    onsets: OnceCell<Vec<Point>>,
    offsets: OnceCell<Vec<Point>>,
    bursts: OnceCell<Option<Bursts>>,
    loose_burst_borders: OnceCell<Option<Vec<usize>>>,
    voltage_base_mv: OnceCell<Option<f64>>,
    steady_state_voltage_stimend_mv: OnceCell<Option<f64>>,
}

impl<'a> PreparedSweep<'a> {
    /// Prepares a sweep.
    ///
    /// # Errors
    /// [`Error::Setting`] for an unusable setting, [`Error::TooManySamples`] when the step is too short for the
    /// length of the trace.
    pub fn new(sweep: &Sweep<'a>, settings: &Settings) -> Result<Self, Error> {
        settings.check()?;
        if settings.mode == Mode::Efel {
            resample::check_size(sweep, settings.interp_step_ms)?;
        }
        Ok(Self { sweep: *sweep, settings: *settings, samples: OnceCell::new(), shared: Shared::default() })
    }

    /// The sweep as given.
    #[must_use]
    pub fn sweep(&self) -> &Sweep<'a> {
        &self.sweep
    }

    /// Times of the samples that features are computed from, `[n_samples]`.
    #[must_use]
    pub fn times_ms(&self) -> &[f64] {
        &self.samples().times_ms
    }

    /// Voltages of the samples that features are computed from, `[n_samples]`.
    #[must_use]
    pub fn v_mv(&self) -> &[f64] {
        &self.samples().v_mv
    }

    /// Currents of the samples that features are computed from, `[n_samples]`, where the sweep has them.
    #[must_use]
    pub fn current_na(&self) -> Option<&[f64]> {
        self.samples().current_na.as_deref()
    }

    /// Start of the stimulus.
    #[must_use]
    pub fn stim_start_ms(&self) -> f64 {
        self.sweep.stim_start_ms()
    }

    /// End of the stimulus.
    #[must_use]
    pub fn stim_end_ms(&self) -> f64 {
        self.sweep.stim_end_ms()
    }

    /// The settings it was prepared with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the trace has a spike anywhere.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.n_spikes() > 0
    }

    /// Everything suspicious about the sweep.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        warning::of_prepared(self)
    }

    /// Number of spikes in the whole trace.
    ///
    /// Where only the number is wanted, the trace is resampled around threshold crossings alone.
    #[must_use]
    pub fn n_spikes(&self) -> usize {
        *self.shared.n_spikes.get_or_init(|| match self.shared.peaks.get() {
            Some(peaks) => peaks.len(),
            None => counting::count_spikes(self).unwrap_or_else(|| self.peaks().len()),
        })
    }

    /// Number of spikes in the stimulus, both ends included.
    ///
    /// # Source
    /// eFEL 5.7.34 `Spikecount_stimint`.
    #[must_use]
    pub fn n_stimulus_spikes(&self) -> usize {
        self.peaks().iter().filter(|peak| self.is_in_stimulus(peak.time_ms)).count()
    }

    /// Peaks of the spikes, in order of time; empty without a spike.
    ///
    /// A spike rises through the threshold and falls below it again; its peak is the first largest sample from
    /// the one crossing to the other. A spike cut by either end of the trace is not counted.
    /// # Source
    /// eFEL 5.7.34 `peak_indices`.
    #[must_use]
    pub fn peaks(&self) -> &[Point] {
        self.shared.peaks.get_or_init(|| peaks::find(self))
    }

    /// Fast afterhyperpolarization of each spike (eFEL `min_AHP_indices`).
    pub(crate) fn ahps(&self) -> &[Point] {
        self.shared.ahps.get_or_init(|| ahp::find_fast(self))
    }

    /// Lowest point after each spike (eFEL `min_between_peaks_indices`).
    pub(crate) fn lowest(&self) -> &[Point] {
        self.shared.lowest.get_or_init(|| ahp::find_lowest(self))
    }

    /// Onset of each spike that follows the stimulus start (eFEL `AP_begin_indices`).
    pub(crate) fn onsets(&self) -> &[Point] {
        self.shared.onsets.get_or_init(|| onset::find(self))
    }

    /// End of each spike that follows the stimulus start (eFEL `AP_end_indices`).
    pub(crate) fn offsets(&self) -> &[Point] {
        self.shared.offsets.get_or_init(|| offset::find(self))
    }

    /// Bursts by the strict rule (eFEL `burst_begin_indices`, `burst_end_indices`).
    pub(crate) fn bursts(&self) -> Option<&Bursts> {
        self.shared.bursts.get_or_init(|| bursts::find(self)).as_ref()
    }

    /// Intervals after which a burst begins by the older rule (eFEL `burst_ISI_indices`).
    pub(crate) fn loose_burst_borders(&self) -> Option<&[usize]> {
        let borders = &self.shared.loose_burst_borders;
        borders.get_or_init(|| subjects::find_loose_burst_borders(self)).as_deref()
    }

    pub(crate) fn voltage_base_mv(&self) -> Option<f64> {
        *self.shared.voltage_base_mv.get_or_init(|| subjects::find_voltage_base_mv(self))
    }

    pub(crate) fn steady_state_voltage_stimend_mv(&self) -> Option<f64> {
        let steady_mv = &self.shared.steady_state_voltage_stimend_mv;
        *steady_mv.get_or_init(|| self.mean_of_last_tenth(self.v_mv()))
    }

    /// Slope at each sample: central difference, one-sided at the ends. // [mV/ms]
    pub(crate) fn slopes(&self) -> &[f64] {
        self.shared.slopes.get_or_init(|| point::slopes(self.times_ms(), self.v_mv()))
    }

    /// One of the slopes, for who needs few of them. // [mV/ms]
    pub(crate) fn slope(&self, idx: usize) -> f64 {
        let known = self.shared.slopes.get().map(|slopes| slopes[idx]);
        known.unwrap_or_else(|| point::slope_at(self.times_ms(), self.v_mv(), idx))
    }

    /// Index of the first sample at or after a time; the number of samples where there is none.
    pub(crate) fn first_at(&self, time_ms: f64) -> usize {
        self.times_ms().partition_point(|t| *t < time_ms)
    }

    /// Index of the first sample after a time; the number of samples where there is none.
    pub(crate) fn first_after(&self, time_ms: f64) -> usize {
        self.times_ms().partition_point(|t| *t <= time_ms)
    }

    /// First sample of the stimulus.
    pub(crate) fn stim_start_idx(&self) -> usize {
        self.first_at(self.stim_start_ms())
    }

    /// Samples of the last tenth of the stimulus.
    pub(crate) fn last_tenth(&self) -> std::ops::Range<usize> {
        let (start_ms, end_ms) = self.last_tenth_ms();
        self.first_at(start_ms)..self.first_at(end_ms)
    }

    fn last_tenth_ms(&self) -> (f64, f64) {
        let (start_ms, end_ms) = (self.stim_start_ms(), self.stim_end_ms());
        (end_ms - 0.1 * (end_ms - start_ms), end_ms)
    }

    /// Mean of a list over the last tenth of the stimulus.
    pub(crate) fn mean_of_last_tenth(&self, values: &[f64]) -> Option<f64> {
        if self.is_precise() {
            let (start_ms, end_ms) = self.last_tenth_ms();
            return self.time_average(values, (start_ms, self.before_step_ms(end_ms)));
        }
        mean(&values[self.last_tenth()])
    }

    /// Where times that eFEL takes as absolute are counted from: zero, in precise mode the first sample.
    pub(crate) fn origin_ms(&self) -> f64 {
        if self.is_precise() { self.times_ms()[0] } else { 0.0 }
    }

    /// The last sample before a time at which the stimulus may step: the line to the next one is no part of a level.
    pub(crate) fn before_step_ms(&self, time_ms: f64) -> f64 {
        let idx = self.first_at(time_ms - self.settings.base_tolerance_ms);
        idx.checked_sub(1).map_or(time_ms, |before| self.times_ms()[before])
    }

    /// Whether a window lies in the trace.
    pub(crate) fn has_window(&self, window_ms: (f64, f64)) -> bool {
        let t = self.times_ms();
        t[0] <= window_ms.0 && window_ms.1 <= t[t.len() - 1]
    }

    /// Whether a time lies in the stimulus, both ends included.
    pub(crate) fn is_in_stimulus(&self, time_ms: f64) -> bool {
        (self.stim_start_ms()..=self.stim_end_ms()).contains(&time_ms)
    }

    /// Samples that cover as much time as so many of eFEL's default grid.
    pub(crate) fn n_covering(&self, n_steps: usize) -> usize {
        self.samples().n_covering(n_steps)
    }

    pub(crate) fn is_precise(&self) -> bool {
        self.settings.mode == Mode::Precise
    }

    /// Whether the samples have been made already, so that nothing is saved by avoiding them.
    pub(crate) fn has_samples(&self) -> bool {
        self.samples.get().is_some()
    }

    fn samples(&self) -> &Samples<'a> {
        self.samples.get_or_init(|| Samples::new(&self.sweep, &self.settings))
    }
}

/// Sum in order divided by the count; `None` of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
