//! What to train and how.

use noble_operator::{
    Architecture, Initialization, InputEncoding, Loss, MuonSettings, OneCycleSettings, OptimizerSettings,
    PlateauSettings, Schedule, TrainerSettings,
};
use serde::{Deserialize, Serialize};

use crate::Error;

/// How the learning rate goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateShape {
    /// The same throughout.
    Constant,
    /// Up over the first steps, then down along half a cosine.
    WarmupCosine,
    /// Up over the first three tenths and down again, along two halves of a cosine.
    OneCycle,
    /// Lowered when the loss of an epoch stops improving, as the published operator was trained.
    Plateau,
}

/// A training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Latent features of the dataset that are embedded; none given stands for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latents: Option<Vec<String>>,
    /// Frequencies of the [rhythm](noble_operator::Rhythm), where threshold current and what describes trains
    /// are among the latent features.
    #[serde(default = "n_rhythm_frequencies", skip_serializing_if = "is_usual_rhythm")]
    pub n_rhythm_frequencies: usize,
    /// Models to train on, evenly spaced in the list of the dataset's training models; none given stands for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_train_models: Option<usize>,
    /// Current of one model unit.
    pub current_unit_na: f64,
    /// Voltage of one output unit.
    pub voltage_scale_mv: f64,
    /// Loss that is made small.
    pub loss: Loss,
    /// The optimizer and its constants.
    pub optimizer: OptimizerSettings,
    /// Traces held at once.
    pub batch_size: usize,
    /// How many times as many traces make one step.
    pub n_accumulated: usize,
    /// Steps of the whole run.
    pub n_steps: u64,
    /// How the learning rate goes.
    pub rate_shape: RateShape,
    /// Largest learning rate.
    pub learning_rate: f64,
    /// Steps of the rise of [`RateShape::WarmupCosine`].
    pub n_warmup_steps: u64,
    /// What [`RateShape::Plateau`] multiplies the rate by.
    pub plateau_factor: f64,
    /// Epochs without improvement that [`RateShape::Plateau`] bears.
    pub plateau_patience: u64,
    /// Longest gradient of the mean loss that goes into a step as it is.
    pub clip_norm: Option<f64>,
    /// Decay per step of the running average of the weights, which is what is kept; zero keeps the weights.
    pub average_decay: f64,
    /// Steps between two looks at the validation traces.
    pub n_steps_per_validation: u64,
    /// Looks without improvement after which the run ends early.
    pub patience: Option<u64>,
    /// Length of the windows cut from the traces; none takes them whole.
    pub window_ms: Option<f64>,
    /// Latest start of a window in its trace.
    pub max_shift_ms: f64,
    /// Start of the window in which the operator answers and is validated; none is half the latest start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_shift_ms: Option<f64>,
}

impl Default for TrainSettings {
    /// A reduced operator: a third of NOBLE's blocks, its width, half its modes.
    fn default() -> Self {
        Self {
            seed: 1,
            hidden_channels: 24,
            n_layers: 4,
            n_modes: 128,
            n_current_frequencies: 6,
            n_latent_frequencies: 1,
            latents: None,
            n_rhythm_frequencies: n_rhythm_frequencies(),
            n_train_models: None,
            current_unit_na: 0.1,
            voltage_scale_mv: 100.0,
            loss: Loss::RelativeL4,
            optimizer: OptimizerSettings::Muon(MuonSettings::default()),
            batch_size: 8,
            n_accumulated: 1,
            n_steps: 44_000,
            rate_shape: RateShape::WarmupCosine,
            learning_rate: MUON_LEARNING_RATE,
            n_warmup_steps: 100,
            plateau_factor: 0.4,
            plateau_patience: 4,
            clip_norm: None,
            average_decay: 0.995,
            n_steps_per_validation: 1000,
            patience: None,
            window_ms: None,
            max_shift_ms: 30.0,
            answer_shift_ms: None,
        }
    }
}

fn n_rhythm_frequencies() -> usize {
    4
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_usual_rhythm(n_frequencies: &usize) -> bool {
    *n_frequencies == n_rhythm_frequencies()
}

/// Largest learning rate of Muon, the best of three in the comparison of `docs/training.md`.
const MUON_LEARNING_RATE: f64 = 1e-2;
/// Largest learning rate of AdamW, the published one.
const ADAMW_LEARNING_RATE: f64 = 4e-3;
/// Learning rate at the end as a part of the largest.
const FINAL_FRACTION: f64 = 0.01;

impl TrainSettings {
    /// Largest learning rate to begin with for an optimizer.
    #[must_use]
    pub fn usual_learning_rate(optimizer: &OptimizerSettings) -> f64 {
        match optimizer {
            OptimizerSettings::Adamw(_) => ADAMW_LEARNING_RATE,
            OptimizerSettings::Muon(_) => MUON_LEARNING_RATE,
        }
    }

    /// Checks that a run of these settings exists for a number of traces.
    ///
    /// # Errors
    /// [`Error::Usage`] with the setting that is not possible.
    pub fn check(&self, n_traces: usize) -> Result<(), Error> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let number = |what: &str, value: f64| {
            (positive(value), format!("a {what} of {value}"), "use a positive number")
        };
        let requirements = [
            (
                (1..=n_traces).contains(&self.traces_per_step()),
                format!("a batch of {} traces out of {n_traces}", self.traces_per_step()),
                "set --batch and --accumulate from one trace up to all of them",
            ),
            (self.n_steps > 0, "no step is asked for".to_owned(), "ask for one or more"),
            (
                self.n_steps_per_validation > 0,
                "validation after no step".to_owned(),
                "validate after one or more",
            ),
            number("learning rate", self.learning_rate),
            number("unit in nA", self.current_unit_na),
            number("unit in mV", self.voltage_scale_mv),
            number("longest gradient", self.clip_norm.unwrap_or(1.0)),
            (
                self.patience != Some(0),
                "patience with no validation".to_owned(),
                "set --patience to one or more",
            ),
            (
                self.max_shift_ms.is_finite() && self.max_shift_ms >= 0.0,
                format!("a shift of up to {} ms", self.max_shift_ms),
                "set --max-shift-ms to zero or more",
            ),
            (
                self.plateau_factor > 0.0 && self.plateau_factor < 1.0,
                format!("a rate multiplied by {}", self.plateau_factor),
                "set --plateau-factor between 0 and 1",
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

    /// Traces of one step; the last step of an epoch takes those that are left.
    #[must_use]
    pub fn traces_per_step(&self) -> usize {
        self.batch_size.saturating_mul(self.n_accumulated)
    }

    /// The same with the sizes that a network and its inputs have, whatever was asked for.
    pub(super) fn sized_as(&self, architecture: &Architecture, input: &InputEncoding) -> Self {
        Self {
            hidden_channels: architecture.hidden_channels,
            n_layers: architecture.n_layers,
            n_modes: architecture.n_modes,
            n_current_frequencies: input.n_current_frequencies,
            n_rhythm_frequencies: input.rhythm.as_ref().map_or(0, |rhythm| rhythm.n_frequencies),
            current_unit_na: input.current_unit_na,
            ..self.clone()
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
        let average_decay = (self.average_decay > 0.0).then_some(self.average_decay);
        TrainerSettings {
            n_samples,
            loss: self.loss,
            features: None,
            optimizer: self.optimizer,
            schedule: self.schedule(),
            average_decay,
            clip_norm: self.clip_norm,
        }
    }

    fn schedule(&self) -> Schedule {
        match self.rate_shape {
            RateShape::Constant => Schedule::Constant { learning_rate: self.learning_rate },
            RateShape::WarmupCosine => Schedule::WarmupCosine {
                peak: self.learning_rate,
                n_warmup_steps: self.n_warmup_steps,
                n_steps: self.n_steps,
                final_fraction: FINAL_FRACTION,
            },
            RateShape::OneCycle => {
                Schedule::OneCycle(OneCycleSettings::new(self.learning_rate, self.n_steps))
            }
            RateShape::Plateau => Schedule::ReduceOnPlateau(PlateauSettings {
                learning_rate: self.learning_rate,
                factor: self.plateau_factor,
                patience: self.plateau_patience,
            }),
        }
    }
}
