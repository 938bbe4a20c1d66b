//! Sweeps side by side on one time axis, and the array files that hold them.

mod csv_format;
mod npz;
mod npz_size;
mod part;

use std::collections::BTreeMap;

use ndarray::Array2;

pub use npz_size::{MOST_NPZ_BYTES, check_npz_size};
pub use part::{SweepPart, SweepRows};

use crate::{Error, ModelId};

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
    /// Injected current at every sample, `[n × t]`, where a file tells.
    pub current_na: Option<Array2<f64>>,
    /// Latent features of each sweep's model by name, `[n]` each.
    pub latents: BTreeMap<String, Vec<f64>>,
    /// When the stimulus is on, where the file tells.
    pub window: Option<StimulusWindow>,
}

impl Sweeps {
    /// Sweeps without models and latent features.
    ///
    /// # Errors
    /// [`Error::Array`] when the lengths do not fit together, the times do not increase, or a time or step is not
    /// finite.
    pub fn new(times_ms: Vec<f64>, step_na: Vec<Option<f64>>, v_mv: Array2<f64>) -> Result<Self, Error> {
        let (models, current_na, latents, window) = (None, None, BTreeMap::new(), None);
        let sweeps = Self { times_ms, step_na, models, v_mv, current_na, latents, window };
        sweeps.check("sweeps")?;
        Ok(sweeps)
    }

    /// Number of sweeps.
    #[must_use]
    pub fn n_sweeps(&self) -> usize {
        self.v_mv.nrows()
    }

    fn check(&self, format: &'static str) -> Result<(), Error> {
        self.check_lengths(format)?;
        self.check_finite(format)?;
        if let Some(idx) = self.times_ms.windows(2).position(|pair| pair[1] <= pair[0]) {
            let what = format!("time {} follows {}", self.times_ms[idx + 1], self.times_ms[idx]);
            return Err(wrong(format, "time_ms", what, "give times that increase"));
        }
        Ok(())
    }

    fn check_lengths(&self, format: &'static str) -> Result<(), Error> {
        let (n, t) = self.v_mv.dim();
        if t != self.times_ms.len() || n != self.step_na.len() {
            let what = format!(
                "shape [{n}, {t}] with {} times and {} steps",
                self.times_ms.len(),
                self.step_na.len()
            );
            return Err(wrong(format, "v_mv", what, "give one row per step and one column per time"));
        }
        if let Some(models) = self.models.as_ref().filter(|models| models.len() != n) {
            let what = format!("{} numbers for {n} sweeps", models.len());
            return Err(wrong(format, "model", what, "give one model per sweep"));
        }
        if let Some(current_na) = self.current_na.as_ref().filter(|current_na| current_na.dim() != (n, t)) {
            let what = format!("shape {:?} for {n} sweeps of {t} samples", current_na.shape());
            return Err(wrong(format, "current_na", what, "give one current per voltage"));
        }
        match self.latents.iter().find(|(_, values)| values.len() != n) {
            Some((name, values)) => {
                let what = format!("{} values for {n} sweeps", values.len());
                Err(wrong(format, name, what, "give one value per sweep"))
            }
            None => Ok(()),
        }
    }

    /// Everything but the voltages: a voltage that is not a number spoils its own sweep alone.
    fn check_finite(&self, format: &'static str) -> Result<(), Error> {
        let finite = |name: &str, values: &[f64]| match values.iter().position(|value| !value.is_finite()) {
            Some(idx) => {
                let (place, what) = (format!("{name}[{idx}]"), format!("{} is not finite", values[idx]));
                Err(wrong(format, &place, what, "give finite numbers"))
            }
            None => Ok(()),
        };
        finite("time_ms", &self.times_ms)?;
        let steps_na: Vec<f64> = self.step_na.iter().map(|step| step.unwrap_or(0.0)).collect();
        finite("step_na", &steps_na)?;
        for current_na in self.current_na.iter().flat_map(|current_na| current_na.outer_iter()) {
            finite("current_na", &current_na.to_vec())?;
        }
        if let Some(window) = self.window {
            finite("stim_start_ms", &[window.start_ms])?;
            finite("stim_end_ms", &[window.end_ms])?;
        }
        self.latents.iter().try_for_each(|(name, values)| finite(name, values))
    }
}

fn wrong(format: &'static str, place: &str, what: String, remedy: &'static str) -> Error {
    Error::Array { format, place: place.to_owned(), what, remedy }
}

#[cfg(test)]
mod tests;
