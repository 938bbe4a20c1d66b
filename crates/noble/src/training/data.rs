//! A dataset in memory, in the form the network is trained on.

use std::collections::BTreeSet;

use noble_data::ModelId;
use noble_data::dataset::{Manifest, Split};
use noble_operator::{
    Embedding, InputEncoding, LatentFeature, Rhythm, Sample, SampleInput, StepRange, StepTiming,
    VoltageOutput,
};

use super::{TrainSettings, Window};
use crate::evaluate::ReferenceTrace;
use crate::generate::DatasetFolder;
use crate::{Error, I_THR, rate_knots, train_shape};

/// One trace of the set.
#[derive(Debug, Clone)]
struct Entry {
    model: ModelId,
    step_na: f64,
    latents: Vec<f64>,
    /// Over the whole trace of the dataset.
    target: Vec<f32>,
    /// Shard and row.
    place: (usize, usize),
}

/// The traces of a dataset that training and validation look at.
#[derive(Debug)]
pub struct TrainingSet {
    /// Plan and provenance of the dataset.
    pub manifest: Manifest,
    /// Models that are trained on.
    pub train_models: BTreeSet<ModelId>,
    /// SHA-256 of its shards.
    pub data_sha256: String,
    /// Encoding of the inputs; the latent scaling is fitted to the training models alone.
    pub input: InputEncoding,
    /// Meaning of the targets.
    pub output: VoltageOutput,
    /// What the network sees of a trace.
    pub window: Window,
    embedding: Embedding,
    train: Vec<Entry>,
    validation: Vec<Entry>,
}

/// Training traces of one step: their indices, and the step, by which their windows are drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch<'a> {
    pub(super) indices: &'a [usize],
    pub(super) step: u64,
    pub(super) seed: u64,
}

impl TrainingSet {
    /// Reads a dataset; its test traces and the traces of held-out models are left out.
    ///
    /// # Errors
    /// [`Error::File`] for a shard that is missing, damaged or holds a voltage that is not finite,
    /// [`Error::DatasetTrace`] for an amplitude that is not, [`Error::Usage`] for a dataset without training traces or
    /// an impossible window, [`Error::Operator`] for latent features that do not differ between models.
    pub fn read(folder: &DatasetFolder, settings: &TrainSettings) -> Result<Self, Error> {
        let window = Window::new(&folder.manifest, settings)?;
        let train_models = train_models(&folder.manifest, settings)?;
        let input = encoding((&folder.manifest, &train_models), settings, &window)?;
        let output = VoltageOutput::scaled(0.0, settings.voltage_scale_mv);
        Self::read_as((folder, train_models), window, input, output)
    }

    /// Reads a dataset with an encoding and scaling that are given, such as those of an operator to be tuned.
    ///
    /// # Errors
    /// Those of [`TrainingSet::read`].
    pub(super) fn read_as(
        (folder, train_models): (&DatasetFolder, BTreeSet<ModelId>),
        window: Window,
        input: InputEncoding,
        output: VoltageOutput,
    ) -> Result<Self, Error> {
        let manifest = folder.manifest.clone();
        let data_sha256 = manifest.data_sha256()?;
        let embedding = Embedding::new(&input, window.grid.n_samples());
        let mut set = Self {
            manifest,
            train_models,
            data_sha256,
            input,
            output,
            window,
            embedding,
            train: Vec::new(),
            validation: Vec::new(),
        };
        for (shard_idx, shard) in folder.shards()?.into_iter().enumerate() {
            for row in 0..shard.models.len() {
                let entry = Entry {
                    model: shard.models[row],
                    step_na: shard.step_na[row],
                    latents: set.latents(shard.models[row])?,
                    target: shard.voltage_mv.row(row).iter().map(|v| output.from_mv(f64::from(*v))).collect(),
                    place: (shard_idx, row),
                };
                set.check_step(&entry)?;
                match (set.train_models.contains(&entry.model), shard.splits[row]) {
                    (true, Split::Train) => set.train.push(entry),
                    (true, Split::Validation) => set.validation.push(entry),
                    _ => {}
                }
            }
        }
        if set.train.is_empty() || set.validation.is_empty() {
            let what =
                format!("{} traces to train on, {} to validate with", set.train.len(), set.validation.len());
            return Err(Error::usage(what, "generate a dataset with more traces per model"));
        }
        set.check_frequencies()?;
        Ok(set)
    }

    fn check_step(&self, entry: &Entry) -> Result<(), Error> {
        if entry.step_na.is_finite() {
            return Ok(());
        }
        let source = noble_operator::Error::Value { what: "step_na".to_owned(), got: entry.step_na };
        Err(self.in_trace(entry, source.into()))
    }

    fn in_trace(&self, entry: &Entry, source: Error) -> Error {
        let (shard_idx, row) = entry.place;
        let place = format!("{} row {row}", self.manifest.shards[shard_idx].file);
        Error::DatasetTrace { model: entry.model, step_na: entry.step_na, place, source: Box::new(source) }
    }

    /// Names the training trace an error came from.
    pub(super) fn in_train_trace(&self, trace_idx: usize, source: Error) -> Error {
        self.in_trace(&self.train[trace_idx], source)
    }

    /// The amplitude's highest sinusoid makes `π 2^(K-1) s` cycles over the trace, `s` the amplitude in model units;
    /// the grid resolves half as many cycles as it has samples.
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn check_frequencies(&self) -> Result<(), Error> {
        let n_frequencies = self.input.n_current_frequencies;
        let largest_na = self.train.iter().map(|entry| entry.step_na.abs()).fold(0.0, f64::max);
        let cycles_at = |k: usize| {
            std::f64::consts::PI * 2.0_f64.powf(k as f64) * largest_na / self.input.current_unit_na
        };
        let n_resolved = 0.5 * self.window.grid.n_samples() as f64;
        if n_frequencies == 0 || cycles_at(n_frequencies - 1) <= n_resolved {
            return Ok(());
        }
        let n_possible = (0..n_frequencies).take_while(|k| cycles_at(*k) <= n_resolved).count();
        let what = format!(
            "{n_frequencies} frequencies of the current's embedding alias at {largest_na} nA on this grid"
        );
        Err(Error::usage(what, format!("use --current-frequencies {n_possible} or fewer, or a finer grid")))
    }

    fn latents(&self, model: ModelId) -> Result<Vec<f64>, Error> {
        let known = self.manifest.model(model);
        let value = |name: &str| known.and_then(|model| model.latents.get(name)).copied();
        let values: Option<Vec<f64>> = self.input.latents.iter().map(|latent| value(&latent.name)).collect();
        values.ok_or_else(|| {
            Error::usage(
                format!("model {model} of the dataset lacks a latent feature"),
                "generate the dataset again",
            )
        })
    }

    /// Number of training traces.
    #[must_use]
    pub fn n_train(&self) -> usize {
        self.train.len()
    }

    /// Number of validation traces.
    #[must_use]
    pub fn n_validation(&self) -> usize {
        self.validation.len()
    }

    /// Amplitudes of the training traces.
    #[must_use]
    pub fn steps(&self) -> StepRange {
        let steps_na = || self.train.iter().map(|entry| entry.step_na);
        StepRange {
            lowest_na: steps_na().fold(f64::INFINITY, f64::min),
            highest_na: steps_na().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// Calls `use_samples` with training traces, each cut at a start of its own.
    pub(super) fn with_train<T>(&self, batch: Batch<'_>, use_samples: impl FnOnce(&[Sample<'_>]) -> T) -> T {
        let start = |idx: usize| self.window.start(batch.seed, batch.step, idx);
        let entries: Vec<(&Entry, usize)> =
            batch.indices.iter().map(|idx| (&self.train[*idx], start(*idx))).collect();
        self.with(&entries, use_samples)
    }

    /// Calls `use_samples` with the validation traces, cut at the fixed start.
    pub(super) fn with_validation<T>(&self, use_samples: impl FnOnce(&[Sample<'_>]) -> T) -> T {
        let start = self.window.fixed_start;
        self.with(&self.validation.iter().map(|entry| (entry, start)).collect::<Vec<_>>(), use_samples)
    }

    /// The validation traces as features are taken of them.
    pub(super) fn validation_references(&self) -> Vec<ReferenceTrace> {
        let reference = |entry: &Entry| ReferenceTrace {
            model: entry.model,
            model_split: Split::Train,
            step_na: entry.step_na,
            i_thr_na: None,
            v_mv: self.cut(&entry.target, self.window.fixed_start).iter().map(|y| self.to_mv(*y)).collect(),
        };
        self.validation.iter().map(reference).collect()
    }

    /// Voltage of a network's output.
    pub(super) fn to_mv(&self, output: f32) -> f64 {
        f64::from(self.output.to_mv(output))
    }

    fn cut<'a>(&self, samples: &'a [f32], start: usize) -> &'a [f32] {
        &samples[start..][..self.window.grid.n_samples()]
    }

    fn with<T>(&self, entries: &[(&Entry, usize)], use_samples: impl FnOnce(&[Sample<'_>]) -> T) -> T {
        let timing = StepTiming { delay_ms: self.manifest.delay_ms, duration_ms: self.manifest.duration_ms };
        let stimulus = |entry: &Entry| timing.samples_na(self.manifest.grid, entry.step_na);
        let stimuli: Vec<Vec<f32>> = entries.iter().map(|(entry, _)| stimulus(entry)).collect();
        let samples: Vec<Sample<'_>> = entries
            .iter()
            .zip(&stimuli)
            .map(|((entry, start), stimulus_na)| Sample {
                input: SampleInput::Embedded {
                    embedding: &self.embedding,
                    stimulus_na: self.cut(stimulus_na, *start),
                    step_na: entry.step_na,
                    latents: &entry.latents,
                },
                target: self.cut(&entry.target, *start),
            })
            .collect();
        use_samples(&samples)
    }
}

/// Models of a dataset that settings train on.
///
/// # Errors
/// [`Error::Usage`] when more are asked for than it has, or fewer than two.
pub(super) fn train_models(
    manifest: &Manifest,
    settings: &TrainSettings,
) -> Result<BTreeSet<ModelId>, Error> {
    let all = || manifest.models.iter().filter(|model| model.split == Split::Train).map(|model| model.id);
    let Some(n_models) = settings.n_train_models else { return Ok(all().collect()) };
    let n_all = all().count();
    if !(2..=n_all).contains(&n_models) {
        let what = format!("--train-models is {n_models}, the dataset has {n_all} to train on");
        return Err(Error::usage(what, format!("give 2 to {n_all}")));
    }
    let all: Vec<ModelId> = all().collect();
    Ok((0..n_models).map(|idx| all[idx * n_all / n_models]).collect())
}

fn encoding(
    (manifest, train_models): (&Manifest, &BTreeSet<ModelId>),
    settings: &TrainSettings,
    window: &Window,
) -> Result<InputEncoding, Error> {
    let train = || manifest.models.iter().filter(|model| train_models.contains(&model.id));
    let known: Vec<&String> = train().next().map(|model| model.latents.keys().collect()).unwrap_or_default();
    let names: Vec<&String> = match &settings.latents {
        Some(asked) => asked.iter().collect(),
        None => known.clone(),
    };
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        let listed: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
        let what = format!("the dataset has no latent feature {name}, only {}", listed.join(", "));
        return Err(Error::usage(what, "name some of these, or generate with --latents wide"));
    }
    let rhythm = rhythm(manifest, &names, settings, window)?;
    let is_counted =
        |name: &str| rhythm.as_ref().is_some_and(|rhythm| rhythm.features().any(|knot| knot.name == name));
    let fit = |name: &&String| {
        let values: Vec<f64> = train().filter_map(|model| model.latents.get(*name)).copied().collect();
        let n_frequencies = if is_counted(name) { 0 } else { settings.n_latent_frequencies };
        Ok(LatentFeature::fit(name, &values, n_frequencies)?)
    };
    let latents = names.iter().map(fit).collect::<Result<_, Error>>()?;
    Ok(InputEncoding {
        current_unit_na: settings.current_unit_na,
        n_current_frequencies: settings.n_current_frequencies,
        latents,
        rhythm,
    })
}

/// The rhythm, where latencies, rates and leads are among the latent features.
fn rhythm(
    manifest: &Manifest,
    names: &[&String],
    settings: &TrainSettings,
    window: &Window,
) -> Result<Option<Rhythm>, Error> {
    if settings.n_rhythm_frequencies == 0 {
        return Ok(None);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
    let span_ms = window.grid.step_ms() * window.grid.n_samples() as f64;
    let rhythm = Rhythm {
        threshold: I_THR.to_owned(),
        highest_na: manifest.highest_na.unwrap_or(f64::NAN),
        rates: rate_knots(),
        train: train_shape(),
        span_ms,
        n_frequencies: settings.n_rhythm_frequencies,
    };
    let has = |name: &str| names.iter().any(|own| *own == name);
    let counted = || rhythm.features().map(|knot| knot.name.as_str());
    let Some(known) = counted().find(|name| has(name)) else { return Ok(None) };
    let lacking = counted().chain([I_THR]).find(|name| !has(name));
    let lacking = lacking.or_else(|| manifest.highest_na.is_none().then_some("the largest current"));
    match lacking {
        None => Ok(Some(rhythm)),
        Some(lacking) => {
            let what = format!("a count of spikes needs {lacking} beside {known}");
            let remedy = "take all latencies, rates, leads and i_thr_na, or none of them, or --rhythm-frequencies 0; \
                          a dataset without them is to be generated anew";
            Err(Error::usage(what, remedy))
        }
    }
}
