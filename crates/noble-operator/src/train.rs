//! Training step by step: gradient, optimizer, schedule and a state that resumes to the bit.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::file::{f32_from_bytes, f32_to_bytes};
use crate::{
    Architecture, CpuEngine, Engine, Error, FeatureTerms, Loss, Network, Objective, Optimizer,
    OptimizerSettings, Sample, Schedule, ScheduleState,
};

const STATE_VERSION: u32 = 2;
const STATE_KEY: &str = "noble_trainer";

/// What a training run is made with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainerSettings {
    /// Samples per trace.
    pub n_samples: usize,
    /// Loss, summed over a batch.
    pub loss: Loss,
    /// Feature terms that are added to the loss of each trace; none trains on the loss alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<FeatureTerms>,
    /// The optimizer and its constants.
    pub optimizer: OptimizerSettings,
    /// Learning rates.
    pub schedule: Schedule,
    /// Decay per step of the running average of the weights, such as 0.999; none keeps no average.
    pub average_decay: Option<f64>,
    /// Longest gradient of the mean loss that goes into a step as it is; longer ones are shortened to it.
    pub clip_norm: Option<f64>,
}

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    settings: TrainerSettings,
    network: Network,
    engine: Box<dyn Engine>,
    objective: Objective,
    optimizer: Box<dyn Optimizer>,
    n_steps: u64,
    schedule: ScheduleState,
    average: Option<Vec<f32>>,
    pending: Pending,
    /// Loss summed over the steps since the last epoch ended.
    epoch_loss: f64,
}

/// What has been added since the last step.
#[derive(Debug, Default)]
struct Pending {
    loss: f64,
    n_samples: usize,
}

/// What one batch gave, before its step was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchReport {
    /// Loss summed over the batch.
    pub loss: f64,
    /// Samples in the batch.
    pub n_samples: usize,
    /// Euclidean norm of the gradient of the mean loss, before it was shortened.
    pub gradient_norm: f64,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Optimizer steps made, this one included.
    pub n_steps: u64,
}

#[derive(Serialize, Deserialize)]
struct StateHeader {
    format_version: u32,
    architecture: Architecture,
    settings: TrainerSettings,
    schedule: ScheduleState,
    n_steps: u64,
    epoch_loss: f64,
}

impl Trainer {
    /// Starts training `network`.
    ///
    /// # Errors
    /// [`Error::TimeGrid`] when the number of samples is impossible; the errors of [`FeatureTerms::check`].
    pub fn new(network: Network, settings: TrainerSettings) -> Result<Self, Error> {
        let engine = CpuEngine::new(&network, settings.n_samples)?;
        settings.features.as_ref().map_or(Ok(()), |features| features.check(settings.n_samples))?;
        Ok(Self {
            engine: Box::new(engine),
            objective: Objective { loss: settings.loss, features: settings.features.clone() },
            optimizer: settings.optimizer.start(network.parameters()),
            n_steps: 0,
            schedule: ScheduleState::new(settings.schedule),
            average: settings.average_decay.map(|_| network.values().to_vec()),
            pending: Pending::default(),
            epoch_loss: 0.0,
            network,
            settings,
        })
    }

    /// One optimizer step on a batch.
    ///
    /// # Errors
    /// [`Error::Diverged`] when the loss or the gradient is not finite; no step is taken then.
    /// # Panics
    /// When a sample has another length than the settings say.
    pub fn train_batch(&mut self, samples: &[Sample<'_>]) -> Result<BatchReport, Error> {
        self.accumulate(samples)?;
        self.step()
    }

    /// Adds samples to the batch of the next step.
    ///
    /// A batch added in parts leads to the same bits as one added at once, and takes the memory of its largest part.
    ///
    /// # Errors
    /// [`Error::Diverged`] with the place of the first sample, counted within the batch, whose loss is not finite; the
    /// whole batch is dropped then.
    /// # Panics
    /// When a sample has another length than the settings say.
    pub fn accumulate(&mut self, samples: &[Sample<'_>]) -> Result<(), Error> {
        if self.pending.n_samples == 0 {
            self.engine.clear_gradient();
        }
        let losses = self.engine.add_gradient(samples, &self.objective);
        for (idx, loss) in losses.into_iter().enumerate() {
            if !loss.is_finite() {
                let sample_idx = Some(self.pending.n_samples + idx);
                self.pending = Pending::default();
                return Err(Error::Diverged { step: self.n_steps, loss, sample_idx });
            }
            self.pending.loss += loss;
        }
        self.pending.n_samples += samples.len();
        Ok(())
    }

    /// Takes a step on the samples added since the last one.
    ///
    /// # Errors
    /// [`Error::Diverged`] when the gradient is not finite; no step is taken then.
    /// # Panics
    /// When no sample was added.
    pub fn step(&mut self) -> Result<BatchReport, Error> {
        let Pending { loss, n_samples } = std::mem::take(&mut self.pending);
        assert!(n_samples > 0, "a step on a batch of {n_samples} samples");
        let gradient_norm = self.engine.gradient_norm(self.network.parameters()) / n_samples as f64;
        if !gradient_norm.is_finite() {
            return Err(Error::Diverged { step: self.n_steps, loss, sample_idx: None });
        }
        if let Some(longest) = self.settings.clip_norm.filter(|longest| gradient_norm > *longest) {
            self.engine.scale_gradient((longest / gradient_norm) as f32);
        }
        let learning_rate = self.learning_rate();
        let (parameters, values) = self.network.parts_mut();
        self.optimizer.step(values, self.engine.gradient(), parameters, learning_rate);
        self.n_steps += 1;
        self.epoch_loss += loss;
        self.engine.load(&self.network);
        self.update_average();
        Ok(BatchReport { loss, n_samples, gradient_norm, learning_rate, n_steps: self.n_steps })
    }

    /// `ā ← ā + (1 − d)(a − ā)` with `d` rising from 2/11 at the first step to the settings' decay.
    fn update_average(&mut self) {
        let (Some(average), Some(decay)) = (&mut self.average, self.settings.average_decay) else {
            return;
        };
        let n = self.n_steps as f64;
        let new_part = 1.0 - decay.min((1.0 + n) / (10.0 + n));
        for (average, value) in average.iter_mut().zip(self.network.values()) {
            *average += new_part as f32 * (value - *average);
        }
    }

    /// Tells the schedule the loss summed over the batches since the last epoch ended; each was taken before its step.
    pub fn end_epoch(&mut self) {
        self.schedule.end_epoch(std::mem::take(&mut self.epoch_loss));
    }

    /// The network as it stands.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The running average of the weights, or the weights where no average is kept.
    #[must_use]
    pub fn averaged_network(&self) -> Network {
        let mut network = self.network.clone();
        if let Some(average) = &self.average {
            network.values_mut().copy_from_slice(average);
        }
        network
    }

    /// What runs the network as it stands.
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// What the run is made with.
    #[must_use]
    pub fn settings(&self) -> &TrainerSettings {
        &self.settings
    }

    /// Optimizer steps made.
    #[must_use]
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Learning rate of the next step.
    #[must_use]
    pub fn learning_rate(&self) -> f64 {
        self.schedule.learning_rate(self.n_steps)
    }
}

/// The state on disk: everything a later run needs to go on to the bit.
impl Trainer {
    /// A safetensors file of weights, the optimizer's memory and average, between two steps.
    ///
    /// # Errors
    /// [`Error::SafeTensors`] when the file cannot be laid out.
    /// # Panics
    /// When samples were added without a step.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        assert!(self.pending.n_samples == 0, "{} samples wait for their step", self.pending.n_samples);
        let header = StateHeader {
            format_version: STATE_VERSION,
            architecture: self.network.architecture().clone(),
            settings: self.settings.clone(),
            schedule: self.schedule.clone(),
            n_steps: self.n_steps,
            epoch_loss: self.epoch_loss,
        };
        let header =
            serde_json::to_string(&header).map_err(|error| Error::Card { detail: error.to_string() })?;
        let mut arrays = vec![("values", f32_to_bytes(self.network.values()))];
        arrays.extend(self.optimizer.memory().into_iter().map(|(name, array)| (name, f32_to_bytes(array))));
        arrays.extend(self.average.as_ref().map(|average| ("average", f32_to_bytes(average))));
        let views = arrays
            .iter()
            .map(|(name, bytes)| Ok((*name, TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| damaged(0, &error))?;
        let metadata = HashMap::from([(STATE_KEY.to_owned(), header)]);
        safetensors::serialize(views, Some(metadata)).map_err(|error| damaged(0, &error))
    }

    /// A trainer from a saved state.
    ///
    /// # Errors
    /// [`Error::SafeTensors`] for bytes that are damaged or cut short, [`Error::TrainerStateVersion`] for the state of
    /// another release, [`Error::TrainerState`] for a file that is no state or whose arrays and header disagree.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(bytes.len(), &error))?;
        let header = read_header(bytes)?;
        header.architecture.check()?;
        let n_values = crate::layout::Layout::new(&header.architecture).len;
        let array = |name: &str| {
            let tensor = file.tensor(name).map_err(|error| damaged(bytes.len(), &error))?;
            if tensor.dtype() != Dtype::F32 || tensor.data().len() != 4 * n_values {
                return Err(mismatch(name, 4 * n_values, tensor.data().len()));
            }
            Ok(f32_from_bytes(tensor.data()))
        };
        let values = array("values")?;
        let average = header.settings.average_decay.map(|_| array("average")).transpose()?;
        let mut network = Network::zeros(&header.architecture);
        network.values_mut().copy_from_slice(&values);
        let mut trainer = Self::new(network, header.settings)?;
        for (name, memory) in trainer.optimizer.resume(header.n_steps) {
            memory.copy_from_slice(&array(name)?);
        }
        trainer.schedule = header.schedule;
        trainer.average = average;
        (trainer.n_steps, trainer.epoch_loss) = (header.n_steps, header.epoch_loss);
        Ok(trainer)
    }
}

/// The version is read first: a header of another one may have any other entries.
fn read_header(bytes: &[u8]) -> Result<StateHeader, Error> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(bytes.len(), &error))?;
    let text = metadata.metadata().as_ref().and_then(|entries| entries.get(STATE_KEY));
    let text = text.ok_or_else(|| mismatch("its metadata", STATE_KEY, "another file's"))?;
    let unreadable = |error: serde_json::Error| mismatch("its header", "a header", error);
    let value: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
    let got = value.get("format_version").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if got != u64::from(STATE_VERSION) {
        return Err(Error::TrainerStateVersion { got, expected: STATE_VERSION });
    }
    serde_json::from_value(value).map_err(unreadable)
}

fn damaged(n_bytes: usize, error: &safetensors::SafeTensorError) -> Error {
    Error::SafeTensors { n_bytes, detail: error.to_string() }
}

fn mismatch(what: &str, expected: impl ToString, got: impl ToString) -> Error {
    Error::TrainerState { what: what.to_owned(), expected: expected.to_string(), got: got.to_string() }
}
