//! Training step by step: gradient, optimizer, schedule and a state that resumes to the bit.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::file::{f32_from_bytes, f32_to_bytes};
use crate::{
    AdamW, AdamWSettings, Architecture, BatchGradient, Error, FeatureTerms, Loss, Network, NetworkPlan,
    Objective, Sample, Schedule, ScheduleState,
};

const STATE_VERSION: u32 = 1;
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
    /// Constants of the optimizer.
    pub optimizer: AdamWSettings,
    /// Learning rates.
    pub schedule: Schedule,
    /// Decay per step of the running average of the weights, such as 0.999; none keeps no average.
    pub average_decay: Option<f64>,
}

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    settings: TrainerSettings,
    network: Network,
    plan: NetworkPlan,
    optimizer: AdamW,
    schedule: ScheduleState,
    average: Option<Vec<f32>>,
    gradient: BatchGradient,
}

/// What one batch gave, before its step was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchReport {
    /// Loss summed over the batch.
    pub loss: f64,
    /// Samples in the batch.
    pub n_samples: usize,
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
}

impl Trainer {
    /// Starts training `network`.
    ///
    /// # Errors
    /// [`Error::TimeGrid`] when the number of samples is impossible; the errors of [`FeatureTerms::check`].
    pub fn new(network: Network, settings: TrainerSettings) -> Result<Self, Error> {
        let plan = NetworkPlan::new(&network, settings.n_samples)?;
        settings.features.as_ref().map_or(Ok(()), |features| features.check(settings.n_samples))?;
        Ok(Self {
            plan,
            optimizer: AdamW::new(settings.optimizer, network.values().len()),
            schedule: ScheduleState::new(settings.schedule),
            average: settings.average_decay.map(|_| network.values().to_vec()),
            gradient: BatchGradient::new(&network),
            network,
            settings,
        })
    }

    /// One optimizer step on a batch.
    ///
    /// # Errors
    /// [`Error::Diverged`] when the loss is not finite; no step is taken then.
    /// # Panics
    /// When a sample has another length than the settings say.
    pub fn train_batch(&mut self, samples: &[Sample<'_>]) -> Result<BatchReport, Error> {
        let objective = Objective { loss: self.settings.loss, features: self.settings.features.clone() };
        let loss = self.gradient.compute(&self.plan, samples, objective);
        if !loss.is_finite() {
            return Err(Error::Diverged { step: self.optimizer.n_steps, loss });
        }
        let learning_rate = self.schedule.learning_rate(self.optimizer.n_steps);
        let (parameters, values) = self.network.parts_mut();
        self.optimizer.step(values, self.gradient.values(), parameters, learning_rate);
        self.plan.load(&self.network);
        self.update_average();
        Ok(BatchReport { loss, n_samples: samples.len(), learning_rate, n_steps: self.optimizer.n_steps })
    }

    /// `ā ← ā + (1 − d)(a − ā)` with `d` rising from 2/11 at the first step to the settings' decay.
    fn update_average(&mut self) {
        let (Some(average), Some(decay)) = (&mut self.average, self.settings.average_decay) else {
            return;
        };
        let n = self.optimizer.n_steps as f64;
        let new_part = 1.0 - decay.min((1.0 + n) / (10.0 + n));
        for (average, value) in average.iter_mut().zip(self.network.values()) {
            *average += new_part as f32 * (value - *average);
        }
    }

    /// Tells the schedule the metric of an epoch, smaller being better.
    pub fn end_epoch(&mut self, metric: f64) {
        self.schedule.end_epoch(metric);
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

    /// The plan of the network as it stands.
    #[must_use]
    pub fn plan(&self) -> &NetworkPlan {
        &self.plan
    }

    /// What the run is made with.
    #[must_use]
    pub fn settings(&self) -> &TrainerSettings {
        &self.settings
    }

    /// Optimizer steps made.
    #[must_use]
    pub fn n_steps(&self) -> u64 {
        self.optimizer.n_steps
    }

    /// Learning rate of the next step.
    #[must_use]
    pub fn learning_rate(&self) -> f64 {
        self.schedule.learning_rate(self.optimizer.n_steps)
    }

    /// Everything a later run needs to go on to the bit: a safetensors file of weights, moments and average.
    ///
    /// # Errors
    /// [`Error::SafeTensors`] when the file cannot be laid out.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let header = StateHeader {
            format_version: STATE_VERSION,
            architecture: self.network.architecture().clone(),
            settings: self.settings.clone(),
            schedule: self.schedule.clone(),
            n_steps: self.optimizer.n_steps,
        };
        let header =
            serde_json::to_string(&header).map_err(|error| Error::Card { detail: error.to_string() })?;
        let mut arrays = vec![
            ("values", f32_to_bytes(self.network.values())),
            ("first", f32_to_bytes(&self.optimizer.first)),
            ("second", f32_to_bytes(&self.optimizer.second)),
        ];
        arrays.extend(self.average.as_ref().map(|average| ("average", f32_to_bytes(average))));
        let damaged = |error: safetensors::SafeTensorError| Error::SafeTensors {
            n_bytes: 0,
            detail: error.to_string(),
        };
        let views = arrays
            .iter()
            .map(|(name, bytes)| Ok((*name, TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(damaged)?;
        let metadata = HashMap::from([(STATE_KEY.to_owned(), header)]);
        safetensors::serialize(views, Some(metadata)).map_err(damaged)
    }

    /// A trainer from a saved state.
    ///
    /// # Errors
    /// [`Error::SafeTensors`] for damaged bytes, [`Error::TrainerState`] where arrays and header disagree.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let damaged = |error: safetensors::SafeTensorError| Error::SafeTensors {
            n_bytes: bytes.len(),
            detail: error.to_string(),
        };
        let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let header = metadata.metadata().as_ref().and_then(|entries| entries.get(STATE_KEY));
        let header = header.ok_or(Error::MissingCard { key: STATE_KEY })?;
        let header: StateHeader =
            serde_json::from_str(header).map_err(|error| Error::Card { detail: error.to_string() })?;
        if header.format_version != STATE_VERSION {
            return Err(mismatch("format_version", STATE_VERSION, header.format_version));
        }
        header.architecture.check()?;
        let n_values = crate::layout::Layout::new(&header.architecture).len;
        let array = |name: &str| {
            let tensor = file.tensor(name).map_err(damaged)?;
            if tensor.dtype() != Dtype::F32 || tensor.data().len() != 4 * n_values {
                return Err(mismatch(name, 4 * n_values, tensor.data().len()));
            }
            Ok(f32_from_bytes(tensor.data()))
        };
        let (values, first, second) = (array("values")?, array("first")?, array("second")?);
        let average = header.settings.average_decay.map(|_| array("average")).transpose()?;
        let mut network = Network::zeros(&header.architecture);
        network.values_mut().copy_from_slice(&values);
        let mut trainer = Self::new(network, header.settings)?;
        trainer.optimizer =
            AdamW { settings: trainer.settings.optimizer, n_steps: header.n_steps, first, second };
        trainer.schedule = header.schedule;
        trainer.average = average;
        Ok(trainer)
    }
}

fn mismatch(what: &str, expected: impl ToString, got: impl ToString) -> Error {
    Error::TrainerState { what: what.to_owned(), expected: expected.to_string(), got: got.to_string() }
}
