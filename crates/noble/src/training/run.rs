//! The training loop and what it leaves on disk.
//!
//! | file | holds |
//! |---|---|
//! | `NAME.safetensors` | the operator with the lowest validation loss so far |
//! | `NAME.last.safetensors` | the operator of the last validation |
//! | `NAME.training.safetensors` | weights, moments, average and step of the run, to resume it |
//! | `NAME.log.jsonl` | one line per validation |
//!
//! Each is replaced whole. The state is written last, so that a run cut off in between repeats some steps, with the
//! same result, rather than missing them. Which validation was best, and for how long none was better, follows from
//! the log.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use noble_data::ModelId;
use noble_data::dataset::{Manifest, Split};
use noble_operator::{
    BatchReport, Loss, ModelLatents, Network, Operator, OperatorCard, TraceSampling, Trainer,
};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::data::Batch;
use super::fine_tune::feature_errors;
use super::log::log_bytes;
use super::validation::{Validation, validate};
use super::{FineTune, LogEntry, SoftFeatureError, TrainPaths, TrainSettings, TrainingSet, read_log};
use crate::progress::go_on;
use crate::{Error, Progress, files};

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
    since_validation: Interval,
    /// When this call began, and the time that earlier calls took.
    clock: (Instant, f64),
}

/// What happened since the last validation.
struct Interval {
    started: Instant,
    loss: f64,
    gradient_norm: f64,
    n_steps: u64,
    n_traces: usize,
}

impl Interval {
    fn new() -> Self {
        Self { started: Instant::now(), loss: 0.0, gradient_norm: 0.0, n_steps: 0, n_traces: 0 }
    }

    fn add(&mut self, report: &BatchReport) {
        self.loss += report.loss;
        self.gradient_norm += report.gradient_norm;
        self.n_steps += 1;
        self.n_traces += report.n_samples;
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn per_trace(&self, sum: f64) -> Option<f64> {
        (self.n_traces > 0).then(|| sum / self.n_traces as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn mean_gradient_norm(&self) -> Option<f64> {
        (self.n_steps > 0).then(|| self.gradient_norm / self.n_steps as f64)
    }

    fn throughput_hz(&self) -> Option<f64> {
        self.per_trace(self.started.elapsed().as_secs_f64()).map(f64::recip)
    }
}

/// Trains until the settings' number of steps, until their patience is at an end, or until `limit` of time has passed;
/// returns the log.
///
/// With `is_resumed` a state that is there is continued; it must come from the same settings and data. With a
/// [`FineTune`] the run starts from the weights of an operator and follows its schedule and objective.
///
/// # Errors
/// [`Error::Usage`] for impossible settings, or a state of another run; [`Error::DatasetTrace`] naming the trace on
/// which the loss diverges, [`Error::Operator`] when the gradient or the validation does, the files of the last
/// validation being kept; [`Error::Write`] when a file cannot be written; [`Error::Stopped`], the files of the last
/// validation being kept.
pub fn train(
    set: &TrainingSet,
    (settings, tune): (&TrainSettings, Option<&FineTune>),
    (paths, is_resumed): (&TrainPaths, bool),
    limit: Option<Duration>,
    progress: &dyn Progress,
) -> Result<Vec<LogEntry>, Error> {
    settings.check(set.n_train())?;
    let deadline = Deadline { started: Instant::now(), limit };
    let mut run = Run::start(set, (settings, tune), (paths, is_resumed), progress)?;
    #[expect(clippy::cast_possible_truncation, reason = "steps fit a machine word")]
    progress.start("train", settings.n_steps as usize);
    #[expect(clippy::cast_possible_truncation, reason = "steps fit a machine word")]
    progress.advance(run.trainer.n_steps() as usize);
    while run.trainer.n_steps() < settings.n_steps && !run.is_out_of_patience() && !deadline.is_over() {
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
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let trainer_settings = settings.trainer(set.window.grid.n_samples());
        let (network, trainer_settings, tuned_from) = match tune {
            Some(tune) => (tune.network(), tune.trainer(trainer_settings), tune.provenance()?),
            None => (fresh_network(set, settings)?, trainer_settings, String::new()),
        };
        let provenance =
            provenance(set, &settings.sized_as(network.architecture(), &set.input))? + &tuned_from;
        let mut run = Self {
            set,
            settings,
            paths,
            provenance,
            trainer: Trainer::new(network, trainer_settings)?,
            log: Vec::new(),
            since_validation: Interval::new(),
            clock: (Instant::now(), 0.0),
        };
        if let Some(folder) = paths.operator.parent() {
            let name = paths.operator.file_stem().unwrap_or_default().to_string_lossy();
            files::remove_parts(folder, &name);
        }
        match (paths.state.is_file(), paths.operator.exists() || paths.last.exists(), is_resumed) {
            (true, _, true) => run.resume()?,
            (true, _, false) => {
                let what = format!("{} is the state of an earlier run", paths.state.display());
                return Err(Error::usage(what, "add --resume to continue it, or choose another --out"));
            }
            (false, true, false) => {
                let there = if paths.operator.exists() { &paths.operator } else { &paths.last };
                let what = format!("{} is there already", there.display());
                return Err(Error::usage(what, "choose another --out, or remove it first"));
            }
            (false, true, true) => run.refuse_other_operator()?,
            (false, false, _) => {}
        }
        if run.log.is_empty() {
            run.validate(progress)?;
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
        let settings = self.settings;
        self.log.retain(|entry| entry.step <= n_steps && is_regular(settings, entry.step));
        if self.paths.regular.is_file() {
            files::write(&self.paths.operator, &files::read(&self.paths.regular)?)?;
            files::remove(&self.paths.regular)?;
        }
        self.clock.1 = self.log.last().and_then(|entry| entry.elapsed_ms).unwrap_or(0.0);
        Ok(())
    }

    /// The best entry so far; the first of equals.
    fn best(&self) -> Option<(usize, f64)> {
        let losses = self.log.iter().map(LogEntry::validation_objective).enumerate();
        losses.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn is_out_of_patience(&self) -> bool {
        let n_since_best = self.best().map_or(0, |(best_idx, _)| self.log.len() - 1 - best_idx);
        self.settings.patience.is_some_and(|patience| n_since_best as u64 >= patience)
    }

    /// Steps up to the next validation, which also writes all files.
    fn until_validation(&mut self, deadline: &Deadline, progress: &dyn Progress) -> Result<(), Error> {
        let first_step = self.trainer.n_steps();
        let every = self.settings.n_steps_per_validation;
        let last_step = ((first_step / every + 1) * every).min(self.settings.n_steps);
        self.since_validation = Interval::new();
        while self.trainer.n_steps() < last_step && !deadline.is_over() {
            go_on(progress)?;
            let report = self.step()?;
            self.since_validation.add(&report);
            progress.advance(1);
            progress.status(&self.status());
        }
        if self.trainer.n_steps() == first_step {
            return Ok(());
        }
        self.validate(progress)?;
        progress.say(&self.status());
        Ok(())
    }

    /// One optimizer step on as many traces as settings ask for, held a part at a time.
    fn step(&mut self) -> Result<BatchReport, Error> {
        let (step, seed) = (self.trainer.n_steps(), self.settings.seed);
        let batch = self.batch(step);
        for indices in batch.chunks(self.settings.batch_size) {
            let trainer = &mut self.trainer;
            let added =
                self.set.with_train(Batch { indices, step, seed }, |samples| trainer.accumulate(samples));
            added.map_err(|error| self.in_trace(error, indices))?;
        }
        let report = self.trainer.step()?;
        if report.n_steps.is_multiple_of(self.n_batches()) {
            self.trainer.end_epoch();
        }
        Ok(report)
    }

    /// Names the trace on which training diverged; its place is counted within the batch.
    fn in_trace(&self, error: noble_operator::Error, part: &[usize]) -> Error {
        match error {
            noble_operator::Error::Diverged { sample_idx: Some(sample_idx), .. } => {
                let trace_idx = part[sample_idx % self.settings.batch_size];
                self.set.in_train_trace(trace_idx, error.into())
            }
            other => other.into(),
        }
    }

    /// Loss, last validation, rate and speed, in words.
    fn status(&self) -> String {
        let mut words = Vec::new();
        let loss = self.since_validation.per_trace(self.since_validation.loss);
        words.extend(loss.map(|loss| format!("loss {loss:.4}")));
        if let Some(entry) = self.log.last() {
            let percent = 100.0 * entry.validation_relative_l2;
            words.push(format!("validation {:.4}, voltage error {percent:.2} %", entry.validation_loss));
        }
        words.push(format!("rate {:.1e}", self.trainer.learning_rate()));
        let throughput_hz = self.since_validation.throughput_hz();
        words.extend(throughput_hz.map(|throughput_hz| format!("{throughput_hz:.0} traces/s")));
        words.join(", ")
    }

    /// Steps of an epoch; the last takes the traces that are left.
    fn n_batches(&self) -> u64 {
        self.set.n_train().div_ceil(self.settings.traces_per_step()) as u64
    }

    /// Indices of the traces of one step: consecutive parts of one shuffle per epoch.
    fn batch(&self, step: u64) -> Vec<usize> {
        let epoch = step / self.n_batches();
        let mut order: Vec<usize> = (0..self.set.n_train()).collect();
        let seed = self.settings.seed ^ (epoch + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        #[expect(clippy::cast_possible_truncation, reason = "below the number of batches")]
        let first = (step % self.n_batches()) as usize * self.settings.traces_per_step();
        let last = (first + self.settings.traces_per_step()).min(order.len());
        order[first..last].to_vec()
    }

    /// Traces seen in a number of steps.
    fn n_traces_seen(&self, n_steps: u64) -> u64 {
        let (n_train, n_batches) = (self.set.n_train() as u64, self.n_batches());
        let of_epoch = (n_steps % n_batches) * self.settings.traces_per_step() as u64;
        n_steps / n_batches * n_train + of_epoch.min(n_train)
    }

    fn validate(&mut self, progress: &dyn Progress) -> Result<(), Error> {
        let throughput_hz = self.since_validation.throughput_hz();
        let network = self.trainer.averaged_network();
        let loss = self.settings.loss;
        let Validation { relative_l4, training_loss, relative_l2, features } =
            validate(self.set, &network, loss, progress)?;
        let terms = &self.trainer.settings().features;
        let soft_features = terms.as_ref().map(|terms| feature_errors(self.set, &network, terms));
        let soft_features = soft_features.transpose()?.unwrap_or_default();
        let step = self.trainer.n_steps();
        if !relative_l4.is_finite() {
            return Err(noble_operator::Error::Diverged { step, loss: relative_l4, sample_idx: None }.into());
        }
        let interval = &self.since_validation;
        let entry = LogEntry {
            step,
            n_traces: self.n_traces_seen(step),
            train_loss: interval.per_trace(interval.loss),
            validation_loss: relative_l4,
            validation_training_loss: (loss != Loss::RelativeL4).then_some(training_loss),
            validation_relative_l2: relative_l2,
            learning_rate: self.trainer.learning_rate(),
            gradient_norm: interval.mean_gradient_norm(),
            features,
            throughput_hz,
            soft_features,
            elapsed_ms: Some(self.clock.1 + 1e3 * self.clock.0.elapsed().as_secs_f64()),
        };
        let objective = entry.validation_objective();
        let is_best = self.best().is_none_or(|(_, best)| objective < best);
        self.log.push(entry);
        self.write(network, is_best)
    }

    fn write(&self, network: Network, is_best: bool) -> Result<(), Error> {
        let Some(entry) = self.log.last() else { return Ok(()) };
        let bytes = Operator::new(self.card(entry), network)?.to_bytes()?;
        let (operator, regular) = (&self.paths.operator, &self.paths.regular);
        if is_best || !operator.is_file() {
            if operator.is_file() && !is_regular(self.settings, entry.step) {
                files::write(regular, &files::read(operator)?)?;
            }
            files::write(operator, &bytes)?;
        }
        files::write(&self.paths.last, &bytes)?;
        files::write(&self.paths.log, &log_bytes(&self.log))?;
        files::write(&self.paths.state, &self.trainer.to_bytes()?)
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
            latents: self.set.input.taken(&model.latents),
        };
        OperatorCard {
            format_version: noble_operator::FORMAT_VERSION,
            architecture: self.trainer.network().architecture().clone(),
            input: self.set.input.clone(),
            channel_order: self.set.input.channel_names(),
            output: self.set.output,
            grid: self.set.window.grid,
            stimulus: self.set.window.timing,
            steps: self.set.steps(),
            sampling: TraceSampling {
                kind: manifest.sampling,
                every: manifest.every,
                dt_ms: manifest.solver_step_ms,
                settle_ms: self.set.window.settle_ms(manifest),
            },
            train_models: models_of(manifest, Split::Train)
                .into_iter()
                .filter(|id| self.set.train_models.contains(id))
                .collect(),
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

/// Whether a run that nothing interrupts validates at a step.
fn is_regular(settings: &TrainSettings, step: u64) -> bool {
    step.is_multiple_of(settings.n_steps_per_validation) || step == settings.n_steps
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
