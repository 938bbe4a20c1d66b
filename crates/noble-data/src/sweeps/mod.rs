//! Sweeps side by side on one time axis, and the array files that hold them.

mod csv_format;
mod npz;

use std::collections::BTreeMap;

use ndarray::Array2;

use crate::{Error, ModelId, TimeGrid};

/// Precision of stored voltages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Four bytes a sample, for predictions.
    Single,
    /// Eight bytes a sample, for simulations.
    Double,
}

/// When the stimulus of every sweep is on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StimulusWindow {
    /// Onset.
    pub start_ms: f64,
    /// End.
    pub end_ms: f64,
}

/// Sweeps of one or several models on a common time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweeps {
    /// Sample times, `[t]`, increasing.
    pub times_ms: Vec<f64>,
    /// Step amplitude of each sweep, `[n]`; `None` where a file does not tell.
    pub step_na: Vec<Option<f64>>,
    /// Model of each sweep, `[n]`, where there are several.
    pub models: Option<Vec<ModelId>>,
    /// Voltages, `[n × t]`.
    pub v_mv: Array2<f64>,
    /// Latent features of each sweep's model by name, `[n]` each.
    pub latents: BTreeMap<String, Vec<f64>>,
    /// When the stimulus is on, where the file tells.
    pub window: Option<StimulusWindow>,
}

impl Sweeps {
    /// Sweeps without models and latent features.
    ///
    /// # Errors
    /// [`Error::Array`] when the lengths do not fit together or the times do not increase.
    pub fn new(times_ms: Vec<f64>, step_na: Vec<Option<f64>>, v_mv: Array2<f64>) -> Result<Self, Error> {
        let sweeps = Self { times_ms, step_na, models: None, v_mv, latents: BTreeMap::new(), window: None };
        sweeps.check("sweeps")?;
        Ok(sweeps)
    }

    /// Number of sweeps.
    #[must_use]
    pub fn n_sweeps(&self) -> usize {
        self.v_mv.nrows()
    }

    /// The time axis as a grid, where it is even to a millionth of its step.
    #[must_use]
    pub fn grid(&self) -> Option<TimeGrid> {
        let [first, .., last] = self.times_ms[..] else { return None };
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
        let step_ms = (last - first) / (self.times_ms.len() - 1) as f64;
        let grid = TimeGrid::new(first, step_ms, self.times_ms.len()).ok()?;
        let is_even = (0..self.times_ms.len())
            .all(|idx| (grid.time_ms(idx) - self.times_ms[idx]).abs() <= 1e-6 * step_ms);
        is_even.then_some(grid)
    }

    fn check(&self, format: &'static str) -> Result<(), Error> {
        let wrong = |place: &str, what: String, remedy: &'static str| Error::Array {
            format,
            place: place.to_owned(),
            what,
            remedy,
        };
        let (n, t) = self.v_mv.dim();
        if t != self.times_ms.len() || n != self.step_na.len() {
            let what = format!(
                "shape [{n}, {t}] with {} times and {} steps",
                self.times_ms.len(),
                self.step_na.len()
            );
            return Err(wrong("v_mv", what, "give one row per step and one column per time"));
        }
        if let Some(idx) = self.times_ms.windows(2).position(|pair| pair[1] <= pair[0]) {
            let what = format!("time {} follows {}", self.times_ms[idx + 1], self.times_ms[idx]);
            return Err(wrong("time_ms", what, "give times that increase"));
        }
        if let Some(models) = self.models.as_ref().filter(|models| models.len() != n) {
            return Err(wrong(
                "model",
                format!("{} numbers for {n} sweeps", models.len()),
                "give one model per sweep",
            ));
        }
        match self.latents.iter().find(|(_, values)| values.len() != n) {
            Some((name, values)) => Err(wrong(
                name,
                format!("{} values for {n} sweeps", values.len()),
                "give one value per sweep",
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
