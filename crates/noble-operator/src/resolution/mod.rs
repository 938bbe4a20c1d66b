//! One operator, any time step.
//!
//! A Fourier network is defined for functions of time; its weights do not know the step. What knows it is the input:
//! the grid channel `n/T` and the embedding's time axis, `[0, 2π]` over `T` samples. On another grid both are kept as
//! functions of physical time. With `T` samples of step `dt` in training and `T'` asked for:
//!
//! ```text
//! span        T dt = T' dt'                 kept, so that mode k stays the frequency k/(T dt) and n/T' means the same time
//! embedding   t'_n = 2π (n T/T')/(T - 1)    the trained axis, read at the new times; not an axis that ends at 2π again
//! stimulus    the mean of the trained current over a new step, a trained sample lasting from half a step before its time to
//!             half a step after; so a step's edges stay where they are, with one sample in between
//! ```
//!
//! So `dt'` is the step nearest to the one asked for that divides the span. An axis laid anew over `[0, 2π]` would
//! stretch time by `(T'-1)/T' · T/(T-1)`, many periods of the fastest sinusoid at the end of a trace.
//! What changes: everything between the samples that the pointwise layers make is sampled on another grid, and what
//! lies beyond its Nyquist frequency folds onto other modes than in training.

use std::collections::BTreeMap;

use noble_data::TimeGrid;

use crate::{Error, OperatorCard, Warning};

/// Most samples of a trace.
const MOST_SAMPLES: f64 = (1_u32 << 20) as f64;
/// Two steps are the same if they differ by less than this part.
const STEP_TOLERANCE: f64 = 1e-6;
/// A period needs more samples than this.
const NYQUIST_SAMPLES: f64 = 2.0;

impl OperatorCard {
    /// The grid over the operator's span whose step is nearest to `step_ms`; its own grid for its own step.
    ///
    /// # Errors
    /// [`Error::TimeStep`] where the step is not positive, or so fine that a trace has more than 2^20 samples,
    /// [`Error::LostModes`] where it is so coarse that a mode of the network reaches the Nyquist frequency.
    pub fn grid_at(&self, step_ms: f64) -> Result<TimeGrid, Error> {
        let own = self.grid;
        if (step_ms - own.step_ms()).abs() <= STEP_TOLERANCE * own.step_ms() {
            return Ok(own);
        }
        let n_used = self.architecture.n_stored_modes().min(own.n_samples() / 2 + 1);
        let fewest = 2 * n_used - 1;
        let span_ms = own.step_ms() * own.n_samples() as f64;
        let (finest_ms, coarsest_ms) = (span_ms / MOST_SAMPLES, span_ms / fewest as f64);
        let n = (span_ms / step_ms).round();
        if !(step_ms.is_finite() && step_ms > 0.0 && n <= MOST_SAMPLES) {
            return Err(Error::TimeStep { step_ms, finest_ms, coarsest_ms });
        }
        let n_samples = n as usize;
        if n_samples < fewest {
            let n_modes = n_samples.div_ceil(2);
            return Err(Error::LostModes { step_ms, n_samples, n_modes, n_used, coarsest_ms });
        }
        let grid = TimeGrid::new(own.start_ms(), span_ms / n, n_samples);
        grid.map_err(|_| Error::TimeStep { step_ms, finest_ms, coarsest_ms })
    }

    /// The step of current on a grid over the operator's span, `[n_samples]`; on the operator's own the samples of training.
    pub(crate) fn step_samples_na(&self, grid: TimeGrid, step_na: f64) -> Vec<f32> {
        let own = self.stimulus.samples_na(self.grid, step_na);
        let edges = (own.iter().position(|i| *i != 0.0), own.iter().rposition(|i| *i != 0.0));
        let (Some(first), Some(last)) = edges else { return vec![0.0; grid.n_samples()] };
        if grid == self.grid {
            return own;
        }
        // All in steps of training.
        let (on, off) = (first as f64 - 0.5, last as f64 + 0.5);
        let width = own.len() as f64 / grid.n_samples() as f64;
        let mean = |n: usize| {
            let (start, end) = ((n as f64 - 0.5) * width, (n as f64 + 0.5) * width);
            let covered = ((end.min(off) - start.max(on)) / width).clamp(0.0, 1.0);
            (covered * step_na) as f32
        };
        (0..grid.n_samples()).map(mean).collect()
    }

    /// What of a question on a grid deserves less trust; it is answered all the same.
    ///
    /// The amplitude beyond [`OperatorCard::steps`], each latent feature beyond the range it is scaled by, embeddings
    /// whose fastest sinusoid aliases on `grid`, and a time step of its own.
    #[must_use]
    pub fn warnings(&self, grid: TimeGrid, step_na: f64, latents: &BTreeMap<String, f64>) -> Vec<Warning> {
        let mut warnings = self.beyond_training(step_na, latents);
        warnings.extend(self.aliased(grid, step_na, latents));
        let (step_ms, trained_ms) = (grid.step_ms(), self.grid.step_ms());
        if (step_ms - trained_ms).abs() > STEP_TOLERANCE * trained_ms {
            warnings.push(Warning::OtherStep { step_ms, trained_ms });
        }
        warnings
    }

    /// Embeddings whose fastest sinusoid aliases on `grid` at the ends of the training ranges: what can go wrong with
    /// questions that lie within them.
    #[must_use]
    pub fn training_aliases(&self, grid: TimeGrid) -> Vec<Warning> {
        let ends = [self.steps.lowest_na, self.steps.highest_na];
        let largest_na = ends.into_iter().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
        let latents = self.input.latents.iter().map(|latent| (latent.name.clone(), latent.max)).collect();
        self.aliased(grid, largest_na, &latents)
    }

    fn aliased(&self, grid: TimeGrid, step_na: f64, latents: &BTreeMap<String, f64>) -> Vec<Warning> {
        let step = (step_na / self.input.current_unit_na, self.input.n_current_frequencies);
        let mut scalars = vec![("step_na", step_na, step)];
        for latent in &self.input.latents {
            if let Some(value) = latents.get(&latent.name) {
                let scaled = (f64::from(latent.scaled(*value)), latent.n_frequencies);
                scalars.push((&latent.name, *value, scaled));
            }
        }
        let aliased = |(name, value, (scaled, n_frequencies)): (&str, f64, (f64, usize))| {
            let samples_per_period = self.samples_per_period(grid, scaled, n_frequencies);
            (n_frequencies > 0 && samples_per_period < NYQUIST_SAMPLES).then(|| Warning::Aliased {
                name: name.to_owned(),
                value,
                samples_per_period,
                n_frequencies,
            })
        };
        scalars.into_iter().filter_map(aliased).collect()
    }

    /// Samples of `grid` in a period of `sin(π 2^(K-1) s t)`, `t = 2π` over the trained samples.
    fn samples_per_period(&self, grid: TimeGrid, scaled: f64, n_frequencies: usize) -> f64 {
        let (n_own, n) = (self.grid.n_samples() as f64, grid.n_samples() as f64);
        let doublings = n_frequencies as i32 - 1;
        let turns = 2.0_f64.powi(doublings) * scaled.abs() * std::f64::consts::PI;
        (n_own - 1.0) / n_own * n / turns
    }
}

#[cfg(test)]
mod tests;
