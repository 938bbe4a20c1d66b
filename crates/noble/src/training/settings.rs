//! What to train and how.

use noble_operator::{
    AdamWSettings, Architecture, Initialization, InputEncoding, Loss, Schedule, TrainerSettings,
};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A training run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// Seed of the weights and of the order of the traces.
    pub seed: u64,
    /// Channels between blocks.
    pub hidden_channels: usize,
    /// Blocks.
    pub n_layers: usize,
    /// Modes of the spectral layers, the `n_modes` argument.
    pub n_modes: usize,
    /// Frequencies of the current's embedding.
    pub n_current_frequencies: usize,
    /// Frequencies of each latent feature's embedding.
    pub n_latent_frequencies: usize,
    /// Current of one model unit.
    pub current_unit_na: f64,
    /// Voltage of one output unit.
    pub voltage_scale_mv: f64,
    /// Traces of one step.
    pub batch_size: usize,
    /// Steps of the whole run.
    pub n_steps: u64,
    /// Largest learning rate; it rises over the first steps and falls along half a cosine.
    pub learning_rate: f64,
    /// Steps of the rise.
    pub n_warmup_steps: u64,
    /// Decay per step of the running average of the weights, which is what is kept.
    pub average_decay: f64,
    /// Steps between two looks at the validation traces.
    pub n_steps_per_validation: u64,
}

impl Default for TrainSettings {
    /// A reduced operator: a third of NOBLE's blocks, its width, half its modes; about half an hour on two cores.
    fn default() -> Self {
        Self {
            seed: 1,
            hidden_channels: 24,
            n_layers: 4,
            n_modes: 128,
            n_current_frequencies: 6,
            n_latent_frequencies: 1,
            current_unit_na: 0.1,
            voltage_scale_mv: 100.0,
            batch_size: 8,
            n_steps: 44_000,
            learning_rate: 3e-3,
            n_warmup_steps: 100,
            average_decay: 0.995,
            n_steps_per_validation: 1000,
        }
    }
}

/// Learning rate at the end as a part of the largest.
const FINAL_FRACTION: f64 = 0.01;

impl TrainSettings {
    /// Checks that a run of these settings exists for a number of traces.
    ///
    /// # Errors
    /// [`Error::Usage`] with the setting that is not possible.
    pub fn check(&self, n_traces: usize) -> Result<(), Error> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let requirements = [
            (
                self.batch_size > 0 && self.batch_size <= n_traces,
                format!("a batch of {} traces out of {n_traces}", self.batch_size),
                "set --batch from one trace up to all of them",
            ),
            (self.n_steps > 0, "no step is asked for".to_owned(), "ask for one or more"),
            (
                self.n_steps_per_validation > 0,
                "validation after no step".to_owned(),
                "validate after one or more",
            ),
            (
                positive(self.learning_rate),
                format!("a learning rate of {}", self.learning_rate),
                "use a positive number",
            ),
            (
                positive(self.current_unit_na),
                format!("a unit of {} nA", self.current_unit_na),
                "use a positive number",
            ),
            (
                positive(self.voltage_scale_mv),
                format!("a unit of {} mV", self.voltage_scale_mv),
                "use a positive number",
            ),
            (
                (0.0..1.0).contains(&self.average_decay),
                format!("an average that decays by {}", self.average_decay),
                "use a number from 0 to below 1",
            ),
        ];
        match requirements.into_iter().find(|(is_met, _, _)| !is_met) {
            Some((_, what, remedy)) => Err(Error::usage(what, remedy)),
            None => Ok(()),
        }
    }

    /// Sizes of the network for an encoding of the inputs.
    #[must_use]
    pub fn architecture(&self, input: &InputEncoding) -> Architecture {
        Architecture::new(input.n_channels(), self.hidden_channels, self.n_layers, self.n_modes)
    }

    /// How the weights are drawn.
    #[must_use]
    pub fn initialization(&self) -> Initialization {
        Initialization::default()
    }

    /// What the trainer is made with.
    #[must_use]
    pub fn trainer(&self, n_samples: usize) -> TrainerSettings {
        TrainerSettings {
            n_samples,
            loss: Loss::RelativeL4,
            features: None,
            optimizer: AdamWSettings::default(),
            schedule: Schedule::WarmupCosine {
                peak: self.learning_rate,
                n_warmup_steps: self.n_warmup_steps,
                n_steps: self.n_steps,
                final_fraction: FINAL_FRACTION,
            },
            average_decay: Some(self.average_decay),
        }
    }
}
