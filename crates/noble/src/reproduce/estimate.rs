//! What a reproduction will take, measured on a few traces before it begins.

use std::time::Instant;

use noble_cell::CablePlan;
use noble_operator::{Architecture, Initialization, Network, NetworkPlan, SampleInput, predict_batch};

use super::Recipe;
use crate::simulate::simulate_pairs;
use crate::{Cells, Error, Silent};

/// Time, disk and memory of a reproduction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Traces to simulate.
    pub n_traces: usize,
    /// Time to simulate them.
    pub simulate_ms: f64,
    /// Time to train and validate.
    pub train_ms: f64,
    /// Bytes of the dataset.
    pub n_disk_bytes: usize,
    /// Bytes held at once.
    pub n_memory_bytes: usize,
}

/// Traces that are timed for each thread.
const N_TIMED: usize = 8;
/// A training pass takes so many times a prediction: backward pass, gradient and optimizer.
const TRAINING_OVER_PREDICTION: f64 = 4.0;
/// Input channels of the wide set with its rhythm, about.
const N_CHANNELS: usize = 50;
/// Bytes of a sample.
const N_BYTES: usize = 4;

impl Estimate {
    /// Times a few simulated traces and predictions, and counts.
    ///
    /// # Errors
    /// [`Error::Cell`] when a model cannot be simulated, [`Error::Operator`] for an impossible network.
    pub fn measure(cells: &Cells, recipe: &Recipe) -> Result<Self, Error> {
        let n_threads = rayon::current_num_threads();
        let protocol = &recipe.generate.protocol;
        let n_timed = N_TIMED * n_threads;
        let plans: Vec<CablePlan> =
            cells.models.keys().take(n_timed).map(|id| cells.plan(*id)).collect::<Result<_, _>>()?;
        let pairs: Vec<(&CablePlan, f64)> =
            (0..n_timed).map(|idx| (&plans[idx % plans.len()], recipe.generate.highest_na)).collect();
        let began = Instant::now();
        for trace in simulate_pairs(&pairs, protocol, None, &Silent)? {
            trace?;
        }
        let simulate_ms = elapsed_ms(began) / n_timed as f64;
        let n_traces = cells.models.len() * recipe.generate.n_traces_per_model;
        let n_samples = protocol.grid()?.n_samples();
        let Some(settings) = recipe.trainings.first() else {
            return Err(Error::usage("the recipe trains nothing", "give it a training"));
        };
        let architecture =
            Architecture::new(N_CHANNELS, settings.hidden_channels, settings.n_layers, settings.n_modes);
        let network = Network::new(&architecture, Initialization::default(), 1)?;
        let plan = NetworkPlan::new(&network, n_samples)?;
        let channels = vec![0.1; N_CHANNELS * n_samples];
        let inputs = vec![SampleInput::Channels(&channels); n_timed];
        let began = Instant::now();
        let _ = predict_batch(&plan, &inputs);
        let predict_ms = elapsed_ms(began) / n_timed as f64;
        let n_validations: u64 = recipe
            .trainings
            .iter()
            .map(|train| train.n_steps.div_ceil(train.n_steps_per_validation) + 1)
            .sum();
        let n_validated = recipe.generate.held_out_fraction * n_traces as f64;
        let train_ms = predict_ms
            * (TRAINING_OVER_PREDICTION * recipe.n_passes() as f64 + n_validations as f64 * n_validated);
        let n_disk_bytes = 2 * N_BYTES * n_traces * n_samples;
        Ok(Self {
            n_traces,
            simulate_ms: simulate_ms * n_traces as f64,
            train_ms,
            n_disk_bytes,
            n_memory_bytes: n_disk_bytes + n_disk_bytes / 2,
        })
    }

    /// All stages together.
    #[must_use]
    pub fn total_ms(&self) -> f64 {
        self.simulate_ms + self.train_ms
    }
}

fn elapsed_ms(began: Instant) -> f64 {
    1e3 * began.elapsed().as_secs_f64()
}
