//! One voltage trace with the interval of its stimulus, checked.

use noble_data::{TimeGrid, Trace};

use crate::{Error, scan};

/// Times of the samples: any non-decreasing list, or an even grid that need not be written out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Times<'a> {
    /// One time per sample, in ms.
    Listed(&'a [f64]),
    /// Evenly spaced.
    Grid(TimeGrid),
}

impl Times<'_> {
    /// Number of samples.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        match self {
            Self::Listed(times_ms) => times_ms.len(),
            Self::Grid(grid) => grid.n_samples(),
        }
    }

    /// Time of one sample.
    ///
    /// # Panics
    /// When a list has no such sample.
    #[must_use]
    pub fn time_ms(&self, sample_idx: usize) -> f64 {
        match self {
            Self::Listed(times_ms) => times_ms[sample_idx],
            Self::Grid(grid) => grid.time_ms(sample_idx),
        }
    }
}

impl<'a> From<&'a [f64]> for Times<'a> {
    fn from(times_ms: &'a [f64]) -> Self {
        Self::Listed(times_ms)
    }
}

impl From<TimeGrid> for Times<'_> {
    fn from(grid: TimeGrid) -> Self {
        Self::Grid(grid)
    }
}

/// A voltage trace and its stimulus interval: finite, sorted in time, one voltage per time.
///
/// Equal consecutive times are allowed; recordings joined from pieces have them. What only some features need, the
/// injected current, the amplitude of the step and further stimuli, is added with the `with_` functions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sweep<'a> {
    times: Times<'a>,
    v_mv: &'a [f64],
    stim_start_ms: f64,
    stim_end_ms: f64,
    current_na: Option<&'a [f64]>,
    stimulus_current_na: Option<f64>,
    further_stimuli_ms: &'a [(f64, f64)],
    has_ordinary_voltages: bool,
}

/// No cell has a larger voltage or current; below it interpolation is exact to a millionth.
const ORDINARY_LIMIT: f64 = 1e6;

impl<'a> Sweep<'a> {
    /// A checked sweep.
    ///
    /// The stimulus may lie outside the trace; that is a [`Warning`](crate::Warning).
    ///
    /// # Errors
    /// [`Error::Lengths`], [`Error::NoSamples`], [`Error::NotFinite`] at the first bad time or voltage,
    /// [`Error::TimeNotSorted`] at the first step backwards, [`Error::StimulusWindow`] when the end is not after
    /// the start.
    pub fn new(
        times: impl Into<Times<'a>>,
        v_mv: &'a [f64],
        stim_start_ms: f64,
        stim_end_ms: f64,
    ) -> Result<Self, Error> {
        let times = times.into();
        if times.n_samples() != v_mv.len() {
            return Err(Error::Lengths { n_times: times.n_samples(), n_voltages: v_mv.len() });
        }
        if v_mv.is_empty() {
            return Err(Error::NoSamples);
        }
        let is_window = stim_start_ms.is_finite() && stim_end_ms.is_finite() && stim_end_ms > stim_start_ms;
        if !is_window {
            return Err(Error::StimulusWindow { stim_start_ms, stim_end_ms });
        }
        check_times(times)?;
        let has_ordinary_voltages = scan::is_within(v_mv, ORDINARY_LIMIT);
        let sweep = Self {
            times,
            v_mv,
            stim_start_ms,
            stim_end_ms,
            current_na: None,
            stimulus_current_na: None,
            further_stimuli_ms: &[],
            has_ordinary_voltages,
        };
        if !has_ordinary_voltages {
            sweep.check_finite("voltage", v_mv)?;
        }
        Ok(sweep)
    }

    fn check_finite(&self, what: &'static str, values: &[f64]) -> Result<(), Error> {
        let Some(sample_idx) = scan::first_not_finite(values) else { return Ok(()) };
        let time_ms = self.times.time_ms(sample_idx);
        Err(Error::NotFinite { what, sample_idx, time_ms, value: values[sample_idx] })
    }

    /// With the injected current, one value per voltage (eFEL `I`).
    ///
    /// # Errors
    /// [`Error::Currents`] when the number differs, [`Error::NotFinite`] at the first value that is not finite.
    pub fn with_current_na(self, current_na: &'a [f64]) -> Result<Self, Error> {
        if current_na.len() != self.v_mv.len() {
            return Err(Error::Currents { n_currents: current_na.len(), n_voltages: self.v_mv.len() });
        }
        self.check_finite("current", current_na)?;
        Ok(Self { current_na: Some(current_na), ..self })
    }

    /// With the amplitude of the step (eFEL `stimulus_current`), which the input resistances divide by.
    ///
    /// # Errors
    /// [`Error::StimulusCurrent`] when it is not finite.
    pub fn with_stimulus_current_na(self, stimulus_current_na: f64) -> Result<Self, Error> {
        if !stimulus_current_na.is_finite() {
            return Err(Error::StimulusCurrent { stimulus_current_na });
        }
        Ok(Self { stimulus_current_na: Some(stimulus_current_na), ..self })
    }

    /// With the start and end of several stimuli, in ms (eFEL `multi_stim_start`, `multi_stim_end`).
    ///
    /// # Errors
    /// [`Error::StimulusWindow`] for the first that is not finite or ends before it starts.
    pub fn with_further_stimuli_ms(self, further_stimuli_ms: &'a [(f64, f64)]) -> Result<Self, Error> {
        let is_bad = |(start, end): &&(f64, f64)| !(start.is_finite() && end.is_finite() && end > start);
        if let Some(&(stim_start_ms, stim_end_ms)) = further_stimuli_ms.iter().find(is_bad) {
            return Err(Error::StimulusWindow { stim_start_ms, stim_end_ms });
        }
        Ok(Self { further_stimuli_ms, ..self })
    }

    /// The sweep of a trace on an even grid.
    ///
    /// # Errors
    /// As [`Sweep::new`].
    pub fn from_trace(trace: &'a Trace, stim_start_ms: f64, stim_end_ms: f64) -> Result<Self, Error> {
        Self::new(trace.grid(), trace.v_mv(), stim_start_ms, stim_end_ms)
    }

    /// Times of the samples.
    #[must_use]
    pub fn times(&self) -> Times<'a> {
        self.times
    }

    /// Voltages, `[n_samples]`.
    #[must_use]
    pub fn v_mv(&self) -> &'a [f64] {
        self.v_mv
    }

    /// Whether no voltage is a kilovolt or more, so that a value between two samples is known well.
    pub(crate) fn has_ordinary_voltages(&self) -> bool {
        self.has_ordinary_voltages
    }

    /// Injected current, `[n_samples]`, where given.
    #[must_use]
    pub fn current_na(&self) -> Option<&'a [f64]> {
        self.current_na
    }

    /// Amplitude of the step, where given.
    #[must_use]
    pub fn stimulus_current_na(&self) -> Option<f64> {
        self.stimulus_current_na
    }

    /// Start and end of several stimuli, in ms; empty where not given.
    #[must_use]
    pub fn further_stimuli_ms(&self) -> &'a [(f64, f64)] {
        self.further_stimuli_ms
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
}

/// A grid is finite and increasing by construction as long as its last time is finite.
fn check_times(times: Times<'_>) -> Result<(), Error> {
    match times {
        Times::Listed(times_ms) => check_listed(times_ms),
        Times::Grid(grid) => {
            let sample_idx = grid.n_samples().saturating_sub(1);
            let time_ms = grid.time_ms(sample_idx);
            if time_ms.is_finite() {
                return Ok(());
            }
            Err(Error::NotFinite { what: "time", sample_idx, time_ms, value: time_ms })
        }
    }
}

/// A list in order holds no NaN, and an infinity at its ends or not at all.
fn check_listed(times_ms: &[f64]) -> Result<(), Error> {
    let is_finite = |time_ms: Option<&f64>| time_ms.is_none_or(|time_ms| time_ms.is_finite());
    if scan::is_sorted(times_ms) && is_finite(times_ms.first()) && is_finite(times_ms.last()) {
        return Ok(());
    }
    if let Some(sample_idx) = scan::first_not_finite(times_ms) {
        let time_ms = times_ms[sample_idx];
        return Err(Error::NotFinite { what: "time", sample_idx, time_ms, value: time_ms });
    }
    let before_idx =
        times_ms.windows(2).position(|pair| pair[1] < pair[0]).expect("times that are out of order");
    let (time_ms, previous_ms) = (times_ms[before_idx + 1], times_ms[before_idx]);
    Err(Error::TimeNotSorted { sample_idx: before_idx + 1, time_ms, previous_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_bad_sweeps_are_named() {
        let check = |times_ms: &[f64], v_mv: &[f64], window: (f64, f64)| {
            Sweep::new(times_ms, v_mv, window.0, window.1).unwrap_err().to_string()
        };
        let window = (1.0, 2.0);
        assert!(check(&[0.0], &[], window).contains("1 times but 0 voltages"));
        assert!(check(&[], &[], window).contains("no samples"));
        assert!(
            check(&[0.0, 0.5], &[-70.0, f64::NAN], window).contains("voltage: sample 1 at 0.5 ms is NaN")
        );
        assert!(check(&[0.0, f64::NAN], &[-70.0, -70.0], window).contains("time: sample 1"));
        assert!(check(&[0.0, 1.0, 0.5], &[0.0; 3], window).contains("sample 2 at 0.5 ms comes after 1 ms"));
        assert!(check(&[0.0], &[0.0], (2.0, 1.0)).contains("stimulus from 2 ms to 1 ms"));
        assert!(check(&[0.0], &[0.0], (1.0, f64::INFINITY)).contains("stimulus"));
    }

    #[test]
    fn invariant_equal_times_are_allowed() {
        assert!(Sweep::new(&[0.0, 0.0, 1.0][..], &[1.0, 2.0, 3.0], 0.0, 1.0).is_ok());
    }

    #[test]
    fn invariant_a_trace_and_its_written_out_times_agree() {
        let grid = TimeGrid::new(0.0, 0.3, 4).unwrap();
        let trace = Trace::new(grid, vec![-70.0; 4]).unwrap();
        let times_ms = grid.times_ms();
        let from_trace = Sweep::from_trace(&trace, 0.1, 0.2).unwrap();
        let listed = Sweep::new(times_ms.as_slice(), trace.v_mv(), 0.1, 0.2).unwrap();
        for sample_idx in 0..4 {
            let (a, b) = (from_trace.times().time_ms(sample_idx), listed.times().time_ms(sample_idx));
            assert_eq!(a.to_bits(), b.to_bits());
        }
    }
}
