//! One voltage trace with the interval of its stimulus, checked.

use noble_data::{TimeGrid, Trace};

use crate::Error;

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
/// Equal consecutive times are allowed; recordings joined from pieces have them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sweep<'a> {
    times: Times<'a>,
    v_mv: &'a [f64],
    stim_start_ms: f64,
    stim_end_ms: f64,
}

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
        if let Some(sample_idx) = v_mv.iter().position(|v| !v.is_finite()) {
            let time_ms = times.time_ms(sample_idx);
            return Err(Error::NotFinite { what: "voltage", sample_idx, time_ms, value: v_mv[sample_idx] });
        }
        Ok(Self { times, v_mv, stim_start_ms, stim_end_ms })
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

fn check_times(times: Times<'_>) -> Result<(), Error> {
    let mut previous_ms = f64::NEG_INFINITY;
    for sample_idx in 0..times.n_samples() {
        let time_ms = times.time_ms(sample_idx);
        if !time_ms.is_finite() {
            return Err(Error::NotFinite { what: "time", sample_idx, time_ms, value: time_ms });
        }
        if time_ms < previous_ms {
            return Err(Error::TimeNotSorted { sample_idx, time_ms, previous_ms });
        }
        previous_ms = time_ms;
    }
    Ok(())
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
