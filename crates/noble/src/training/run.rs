//! The training loop and what it leaves on disk.
//!
//! | file | holds |
//! |---|---|
//! | `NAME.safetensors` | the operator with the lowest validation loss so far |
//! | `NAME.training.safetensors` | weights, moments, average and step of the run, to resume it |
//! | `NAME.log.jsonl` | one line per validation |
//!
//! Each is replaced whole. The state is written last, so that a run cut off in between repeats some steps, with the
//! same result, rather than missing them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use noble_data::ModelId;
use noble_data::dataset::{Manifest, Split};
use noble_operator::{
    Loss, ModelLatents, Network, NetworkPlan, Operator, OperatorCard, SampleInput, TraceSampling, Trainer,
    predict_batch,
};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::fine_tune::feature_errors;
use super::log::log_bytes;
use super::{FineTune, LogEntry, SoftFeatureError, TrainSettings, TrainingSet, read_log};
use crate::{Error, Progress, files};

/// Where a run leaves its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainPaths {
    /// The best operator so far.
    pub operator: PathBuf,
    /// State to resume from.
    pub state: PathBuf,
    /// Log.
    pub log: PathBuf,
}

impl TrainPaths {
    /// Paths beside an operator file.
    #[must_use]
    pub fn beside(operator: &Path) -> Self {
        Self {
            operator: operator.to_path_buf(),
            state: operator.with_extension("training.safetensors"),
            log: operator.with_extension("log.jsonl"),
        }
    }
}

/// A limit on the time of one call; the run is left resumable when it is reached.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    started: Instant,
    limit: Option<Duration>,
}

impl Deadline {
    fn is_over(&self) -> bool {
        self.limit.is_some_and(|limit| self.started.elapsed() >= limit)
    }
}

struct Run<'a> {
    set: &'a TrainingSet,
    settings: &'a TrainSettings,
    paths: &'a TrainPaths,
    provenance: String,
    trainer: Trainer,
    log: Vec<LogEntry>,
    best_loss: f64,
}

/// Trains until the settings' number of steps, or until `limit` of time has passed; returns the log.
///
/// With `is_resumed` a state that is there is continued; it must come from the same settings and data. With a
/// [`FineTune`] the run starts from the weights of an operator and follows its schedule and objective.
///
/// # Errors
/// [`Error::Usage`] for impossible settings, or a state of another run; [`Error::Operator`] when the loss
/// diverges; [`Error::Write`] when a file cannot be written.
pub fn train(
    set: &TrainingSet,
    (settings, tune): (&TrainSettings, Option<&FineTune>),
    (paths, is_resumed): (&TrainPaths, bool),
    limit: Option<Duration>,
    progress: &dyn Progress,
) -> Result<Vec<LogEntry>, Error> {
    settings.check(set.n_train())?;
    let deadline = Deadline { started: Instant::now(), limit };
    let mut run = Run::start(set, (settings, tune), (paths, is_resumed))?;
    #[expect(clippy::cast_possible_truncation, reason = "steps fit a machine word")]
    progress.start("train", settings.n_steps as usize);
    #[expect(clippy::cast_possible_truncation, reason = "steps fit a machine word")]
    progress.advance(run.trainer.n_steps() as usize);
    while run.trainer.n_steps() < settings.n_steps && !deadline.is_over() {
        run.until_validation(&deadline, progress)?;
    }
    progress.finish();
    Ok(run.log)
}

impl<'a> Run<'a> {
    fn start(
        set: &'a TrainingSet,
        (settings, tune): (&'a TrainSettings, Option<&'a FineTune>),
        (paths, is_resumed): (&'a TrainPaths, bool),
    ) -> Result<Self, Error> {
        let trainer_settings = settings.trainer(set.manifest.grid.n_samples());
        let (network, trainer_settings, tuned_from) = match tune {
            Some(tune) => (tune.network(), tune.trainer(trainer_settings), tune.provenance()?),
            None => (fresh_network(set, settings)?, trainer_settings, String::new()),
        };
        let provenance = provenance(set, settings)? + &tuned_from;
        let mut run = Self {
            set,
            settings,
            paths,
            provenance,
            trainer: Trainer::new(network, trainer_settings)?,
            log: Vec::new(),
            best_loss: f64::INFINITY,
        };
        if let Some(folder) = paths.operator.parent() {
            let name = paths.operator.file_stem().unwrap_or_default().to_string_lossy();
            files::remove_parts(folder, &name);
        }
        match (paths.state.is_file(), paths.operator.exists(), is_resumed) {
            (true, _, true) => run.resume()?,
            (true, _, false) => {
                let what = format!("{} is the state of an earlier run", paths.state.display());
                return Err(Error::usage(what, "add --resume to continue it, or choose another --out"));
            }
            (false, true, false) => {
                let what = format!("{} is there already", paths.operator.display());
                return Err(Error::usage(what, "choose another --out, or remove it first"));
            }
            (false, true, true) => run.refuse_other_operator()?,
            (false, false, _) => {}
        }
        if run.log.is_empty() {
            run.validate(None, None)?;
        }
        Ok(run)
    }

    /// A run killed before its first state has left an operator of its own; any other is not to be replaced.
    fn refuse_other_operator(&self) -> Result<(), Error> {
        let before = files::read_with(&self.paths.operator, Operator::from_bytes)?;
        let is_first = before.card().metrics.get("n_steps").is_some_and(|n_steps| *n_steps < 0.5);
        if before.card().provenance == self.provenance && is_first {
            return Ok(());
        }
        let what = format!("{} is there without the state of a run", self.paths.operator.display());
        Err(Error::usage(what, "choose another --out, or remove it first"))
    }

    fn resume(&mut self) -> Result<(), Error> {
        let trainer = files::read_with(&self.paths.state, Trainer::from_bytes)?;
        let before = files::read_with(&self.paths.operator, Operator::from_bytes)?;
        let is_same = *trainer.settings() == *self.trainer.settings()
            && trainer.network().architecture() == self.trainer.network().architecture()
            && before.card().provenance == self.provenance;
        if !is_same {
            let what = format!("{} was begun with other data or settings", self.paths.state.display());
            return Err(Error::usage(what, "give the same options to continue it, or choose another --out"));
        }
        let n_steps = trainer.n_steps();
        self.trainer = trainer;
        self.log = read_log(&files::read(&self.paths.log)?);
        // Validations at a time limit belong to the interruption, not to the run.
        let every = self.settings.n_steps_per_validation;
        let is_regular = |step: u64| step.is_multiple_of(every) || step == self.settings.n_steps;
        self.log.retain(|entry| entry.step <= n_steps && is_regular(entry.step));
        self.best_loss = self.log.iter().map(LogEntry::validation_objective).fold(f64::INFINITY, f64::min);
        Ok(())
    }

    /// Steps up to the next validation, which also writes all files.
    fn until_validation(&mut self, deadline: &Deadline, progress: &dyn Progress) -> Result<(), Error> {
        let (started, first_step) = (Instant::now(), self.trainer.n_steps());
        let every = self.settings.n_steps_per_validation;
        let last_step = ((first_step / every + 1) * every).min(self.settings.n_steps);
        let mut loss = 0.0;
        while self.trainer.n_steps() < last_step && !deadline.is_over() {
            let batch = self.batch(self.trainer.n_steps());
            let report = self.set.with_train(&batch, |samples| self.trainer.train_batch(samples))?;
            loss += report.loss;
            progress.advance(1);
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let n_traces = ((self.trainer.n_steps() - first_step) * self.settings.batch_size as u64) as f64;
        let seconds = started.elapsed().as_secs_f64();
        if self.trainer.n_steps() == first_step {
            return Ok(());
        }
        self.validate(Some(loss / n_traces), Some(n_traces / seconds))?;
        self.report(progress);
        Ok(())
    }

    fn write_state(&self) -> Result<(), Error> {
        files::write(&self.paths.state, &self.trainer.to_bytes()?)
    }

    fn report(&self, progress: &dyn Progress) {
        if let Some(LogEntry { train_loss: Some(loss), validation_loss, validation_relative_l2, .. }) =
            self.log.last()
        {
            let error_percent = 100.0 * validation_relative_l2;
            progress.say(&format!(
                "loss {loss:.4}, validation {validation_loss:.4}, voltage error {error_percent:.2} %"
            ));
        }
    }

    /// Indices of the traces of one step: consecutive parts of one shuffle per epoch.
    fn batch(&self, step: u64) -> Vec<usize> {
        let n_traces = self.set.n_train();
        let n_batches = (n_traces / self.settings.batch_size) as u64;
        let epoch = step / n_batches;
        let mut order: Vec<usize> = (0..n_traces).collect();
        let seed = self.settings.seed ^ (epoch + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        #[expect(clippy::cast_possible_truncation, reason = "below the number of batches")]
        let first = (step % n_batches) as usize * self.settings.batch_size;
        order[first..first + self.settings.batch_size].to_vec()
    }

    fn validate(&mut self, train_loss: Option<f64>, throughput_hz: Option<f64>) -> Result<(), Error> {
        let network = self.trainer.averaged_network();
        let (validation_loss, validation_relative_l2) = validation_losses(self.set, &network)?;
        let features = &self.trainer.settings().features;
        let soft_features = features.as_ref().map(|terms| feature_errors(self.set, &network, terms));
        let soft_features = soft_features.transpose()?.unwrap_or_default();
        let step = self.trainer.n_steps();
        if !validation_loss.is_finite() {
            return Err(noble_operator::Error::Diverged { step, loss: validation_loss }.into());
        }
        let entry = LogEntry {
            step,
            n_traces: step * self.settings.batch_size as u64,
            train_loss,
            validation_loss,
            validation_relative_l2,
            learning_rate: self.trainer.learning_rate(),
            throughput_hz,
            soft_features,
        };
        let card = self.card(&entry);
        let objective = entry.validation_objective();
        self.log.push(entry);
        if step.is_multiple_of(self.settings.n_steps_per_validation) && step > 0 {
            self.trainer.end_epoch(objective);
        }
        if objective < self.best_loss || !self.paths.operator.is_file() {
            self.best_loss = objective;
            let operator = Operator::new(card, network)?;
            files::write(&self.paths.operator, &operator.to_bytes()?)?;
        }
        files::write(&self.paths.log, &log_bytes(&self.log))?;
        self.write_state()
    }

    fn card(&self, entry: &LogEntry) -> OperatorCard {
        let manifest = &self.set.manifest;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let mut metrics = BTreeMap::from([
            ("validation_relative_l2".to_owned(), entry.validation_relative_l2),
            ("validation_relative_l4".to_owned(), entry.validation_loss),
            ("n_steps".to_owned(), entry.step as f64),
            ("n_traces_seen".to_owned(), entry.n_traces as f64),
            ("n_train_traces".to_owned(), self.set.n_train() as f64),
        ]);
        let rms = |(name, error): (&String, &SoftFeatureError)| (format!("validation_rms_{name}"), error.rms);
        metrics.extend(entry.soft_features.iter().map(rms));
        let latents = |model: &noble_data::dataset::DatasetModel| ModelLatents {
            id: model.id,
            latents: model.latents.clone(),
        };
        OperatorCard {
            format_version: noble_operator::FORMAT_VERSION,
            architecture: self.trainer.network().architecture().clone(),
            input: self.set.input.clone(),
            channel_order: self.set.input.channel_names(),
            output: self.set.output,
            grid: manifest.grid,
            stimulus: self.set.timing(),
            steps: self.set.steps(),
            sampling: TraceSampling {
                kind: manifest.sampling,
                every: manifest.every,
                dt_ms: manifest.solver_step_ms,
            },
            train_models: models_of(manifest, Split::Train),
            validation_models: models_of(manifest, Split::Validation),
            test_models: models_of(manifest, Split::Test),
            models: manifest.models.iter().map(latents).collect(),
            training_data_sha256: self.set.data_sha256.clone(),
            metrics,
            seed: self.settings.seed,
            provenance: self.provenance.clone(),
        }
    }
}

fn models_of(manifest: &Manifest, split: Split) -> Vec<ModelId> {
    manifest.models.iter().filter(|model| model.split == split).map(|model| model.id).collect()
}

fn fresh_network(set: &TrainingSet, settings: &TrainSettings) -> Result<Network, Error> {
    Ok(Network::new(&settings.architecture(&set.input), settings.initialization(), settings.seed)?)
}

/// What the weights depend on, as text.
fn provenance(set: &TrainingSet, settings: &TrainSettings) -> Result<String, Error> {
    let settings =
        serde_json::to_string(settings).map_err(|error| Error::Internal { what: error.to_string() })?;
    Ok(format!("noble {} train, data {}, settings {settings}", env!("CARGO_PKG_VERSION"), set.data_sha256))
}

/// Mean relative L4 and L2 over the validation traces.
fn validation_losses(set: &TrainingSet, network: &Network) -> Result<(f64, f64), Error> {
    let plan = NetworkPlan::new(network, set.manifest.grid.n_samples())?;
    Ok(set.with_validation(|samples| {
        let inputs: Vec<SampleInput<'_>> = samples.iter().map(|sample| sample.input).collect();
        let predicted = predict_batch(&plan, &inputs);
        let mean = |loss: Loss| {
            let pairs = predicted.chunks(plan.n_samples()).zip(samples);
            #[expect(clippy::cast_precision_loss, reason = "a count of traces")]
            let n_traces = samples.len() as f64;
            pairs.map(|(predicted, sample)| loss.value(predicted, sample.target)).sum::<f64>() / n_traces
        };
        (mean(Loss::RelativeL4), mean(Loss::RelativeL2))
    }))
}
