//! A voltage on a uniform time grid: the one type that simulator, recordings and operator all give.

mod resample;

use serde::{Deserialize, Serialize};

use crate::Error;

pub use resample::{Decimator, Sampling};

/// Evenly spaced sample times, `time_ms(i) = start_ms + i * step_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawTimeGrid", into = "RawTimeGrid")]
pub struct TimeGrid {
    start_ms: f64,
    step_ms: f64,
    n_samples: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTimeGrid {
    start_ms: f64,
    step_ms: f64,
    n_samples: usize,
}

impl TryFrom<RawTimeGrid> for TimeGrid {
    type Error = Error;

    fn try_from(raw: RawTimeGrid) -> Result<Self, Error> {
        Self::new(raw.start_ms, raw.step_ms, raw.n_samples)
    }
}

impl From<TimeGrid> for RawTimeGrid {
    fn from(grid: TimeGrid) -> Self {
        Self { start_ms: grid.start_ms, step_ms: grid.step_ms, n_samples: grid.n_samples }
    }
}

impl TimeGrid {
    /// A grid of `n_samples` points.
    ///
    /// # Errors
    /// [`Error::TimeGrid`] when the step is not greater than zero or a value is not finite.
    pub fn new(start_ms: f64, step_ms: f64, n_samples: usize) -> Result<Self, Error> {
        let is_valid = start_ms.is_finite() && step_ms.is_finite() && step_ms > 0.0;
        if !is_valid {
            return Err(Error::TimeGrid { start_ms, step_ms });
        }
        Ok(Self { start_ms, step_ms, n_samples })
    }

    /// Time of the first sample.
    #[must_use]
    pub fn start_ms(&self) -> f64 {
        self.start_ms
    }

    /// Distance of two samples.
    #[must_use]
    pub fn step_ms(&self) -> f64 {
        self.step_ms
    }

    /// Number of samples.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Time of one sample: one multiplication and one addition, never repeated addition.
    #[must_use]
    pub fn time_ms(&self, sample_idx: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
        let offset_ms = sample_idx as i64 as f64 * self.step_ms;
        self.start_ms + offset_ms
    }

    /// All sample times, `[n_samples]`.
    #[must_use]
    pub fn times_ms(&self) -> Vec<f64> {
        (0..self.n_samples).map(|sample_idx| self.time_ms(sample_idx)).collect()
    }
}

/// A voltage sampled on a [`TimeGrid`]; every sample is finite.
///
/// # Example
/// ```
/// use noble_data::{TimeGrid, Trace};
/// let trace = Trace::new(TimeGrid::new(0.0, 0.1, 3)?, vec![-70.0, -69.5, -69.0])?;
/// assert_eq!(trace.grid().time_ms(2), 0.2);
/// # Ok::<(), noble_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    grid: TimeGrid,
    v_mv: Vec<f64>,
}

impl Trace {
    /// A trace of one sample per grid point.
    ///
    /// # Errors
    /// [`Error::TraceLength`] when the lengths differ, [`Error::NotFinite`] at the first NaN or infinite sample.
    pub fn new(grid: TimeGrid, v_mv: Vec<f64>) -> Result<Self, Error> {
        if v_mv.len() != grid.n_samples() {
            return Err(Error::TraceLength { n_samples: v_mv.len(), n_grid: grid.n_samples() });
        }
        if let Some(sample_idx) = v_mv.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite {
                what: "voltage".to_owned(),
                sample_idx,
                time_ms: grid.time_ms(sample_idx),
                value: v_mv[sample_idx].to_string(),
            });
        }
        Ok(Self { grid, v_mv })
    }

    /// The time grid.
    #[must_use]
    pub fn grid(&self) -> TimeGrid {
        self.grid
    }

    /// The samples, `[n_samples]`.
    #[must_use]
    pub fn v_mv(&self) -> &[f64] {
        &self.v_mv
    }

    /// The samples, without the grid.
    #[must_use]
    pub fn into_v_mv(self) -> Vec<f64> {
        self.v_mv
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_grid_refuses_steps_that_do_not_advance() {
        for step_ms in [0.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(TimeGrid::new(0.0, step_ms, 10).is_err(), "{step_ms}");
        }
    }

    #[test]
    fn invariant_trace_refuses_values_that_are_not_finite() {
        let grid = TimeGrid::new(0.0, 0.5, 3).unwrap();
        let error = Trace::new(grid, vec![0.0, f64::NAN, 0.0]).unwrap_err();
        assert!(error.to_string().contains("sample 1 at 0.5 ms is NaN"), "{error}");
        assert!(matches!(Trace::new(grid, vec![0.0]), Err(Error::TraceLength { n_samples: 1, n_grid: 3 })));
    }
}
