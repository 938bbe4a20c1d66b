//! A dataset in memory, in the form the network is trained on.

use noble_data::ModelId;
use noble_data::dataset::{Manifest, Split};
use noble_operator::{
    Embedding, InputEncoding, LatentFeature, Sample, SampleInput, StepRange, StepTiming, VoltageOutput,
};

use super::TrainSettings;
use crate::Error;
use crate::generate::DatasetFolder;

/// One trace of the set.
#[derive(Debug, Clone)]
struct Entry {
    model: ModelId,
    step_na: f64,
    latents: Vec<f64>,
    target: Vec<f32>,
}

/// The traces of a dataset that training and validation look at.
#[derive(Debug)]
pub struct TrainingSet {
    /// Plan and provenance of the dataset.
    pub manifest: Manifest,
    /// SHA-256 of its shards.
    pub data_sha256: String,
    /// Encoding of the inputs; the latent scaling is fitted to the training models alone.
    pub input: InputEncoding,
    /// Meaning of the targets.
    pub output: VoltageOutput,
    embedding: Embedding,
    train: Vec<Entry>,
    validation: Vec<Entry>,
    timing: StepTiming,
}

impl TrainingSet {
    /// Reads a dataset; its test traces and the traces of held-out models are left out.
    ///
    /// # Errors
    /// [`Error::File`] for a shard that is missing or damaged, [`Error::Usage`] for a dataset without training
    /// traces, [`Error::Operator`] for latent features that do not differ between models.
    pub fn read(folder: &DatasetFolder, settings: &TrainSettings) -> Result<Self, Error> {
        let input = encoding(&folder.manifest, settings)?;
        Self::read_as(folder, input, VoltageOutput::scaled(0.0, settings.voltage_scale_mv))
    }

    /// Reads a dataset with an encoding and scaling that are given, such as those of an operator to be tuned.
    ///
    /// # Errors
    /// Those of [`TrainingSet::read`].
    pub(super) fn read_as(
        folder: &DatasetFolder,
        input: InputEncoding,
        output: VoltageOutput,
    ) -> Result<Self, Error> {
        let manifest = folder.manifest.clone();
        let data_sha256 = manifest.data_sha256()?;
        let timing = StepTiming { delay_ms: manifest.delay_ms, duration_ms: manifest.duration_ms };
        let embedding = Embedding::new(&input, manifest.grid.n_samples());
        let mut set = Self {
            manifest,
            data_sha256,
            input,
            output,
            embedding,
            train: Vec::new(),
            validation: Vec::new(),
            timing,
        };
        for shard in folder.shards()? {
            for row in 0..shard.models.len() {
                let entry = Entry {
                    model: shard.models[row],
                    step_na: shard.step_na[row],
                    latents: set.latents(shard.models[row])?,
                    target: shard.voltage_mv.row(row).iter().map(|v| output.from_mv(f64::from(*v))).collect(),
                };
                match (set.split_of(entry.model), shard.splits[row]) {
                    (Some(Split::Train), Split::Train) => set.train.push(entry),
                    (Some(Split::Train), Split::Validation) => set.validation.push(entry),
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

    /// The amplitude's highest sinusoid makes `π 2^(K-1) s` cycles over the trace, `s` the amplitude in model units;
    /// the grid resolves half as many cycles as it has samples.
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn check_frequencies(&self) -> Result<(), Error> {
        let n_frequencies = self.input.n_current_frequencies;
        let largest_na = self.train.iter().map(|entry| entry.step_na.abs()).fold(0.0, f64::max);
        let cycles_at = |k: usize| {
            std::f64::consts::PI * 2.0_f64.powf(k as f64) * largest_na / self.input.current_unit_na
        };
        let n_resolved = 0.5 * self.manifest.grid.n_samples() as f64;
        if n_frequencies == 0 || cycles_at(n_frequencies - 1) <= n_resolved {
            return Ok(());
        }
        let n_possible = (0..n_frequencies).take_while(|k| cycles_at(*k) <= n_resolved).count();
        let what = format!(
            "{n_frequencies} frequencies of the current's embedding alias at {largest_na} nA on this grid"
        );
        Err(Error::usage(what, format!("use --current-frequencies {n_possible} or fewer, or a finer grid")))
    }

    fn split_of(&self, model: ModelId) -> Option<Split> {
        self.manifest.model(model).map(|model| model.split)
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

    /// The step's timing.
    #[must_use]
    pub fn timing(&self) -> StepTiming {
        self.timing
    }

    /// Calls `use_samples` with the training traces of the given indices.
    pub(super) fn with_train<T>(&self, indices: &[usize], use_samples: impl FnOnce(&[Sample<'_>]) -> T) -> T {
        let entries: Vec<&Entry> = indices.iter().map(|idx| &self.train[*idx]).collect();
        self.with(&entries, use_samples)
    }

    /// Calls `use_samples` with the validation traces.
    pub(super) fn with_validation<T>(&self, use_samples: impl FnOnce(&[Sample<'_>]) -> T) -> T {
        self.with(&self.validation.iter().collect::<Vec<_>>(), use_samples)
    }

    fn with<T>(&self, entries: &[&Entry], use_samples: impl FnOnce(&[Sample<'_>]) -> T) -> T {
        let grid = self.manifest.grid;
        let stimuli: Vec<Vec<f32>> =
            entries.iter().map(|entry| self.timing.samples_na(grid, entry.step_na)).collect();
        let samples: Vec<Sample<'_>> = entries
            .iter()
            .zip(&stimuli)
            .map(|(entry, stimulus_na)| Sample {
                input: SampleInput::Embedded {
                    embedding: &self.embedding,
                    stimulus_na,
                    step_na: entry.step_na,
                    latents: &entry.latents,
                },
                target: &entry.target,
            })
            .collect();
        use_samples(&samples)
    }
}

fn encoding(manifest: &Manifest, settings: &TrainSettings) -> Result<InputEncoding, Error> {
    let train = || manifest.models.iter().filter(|model| model.split == Split::Train);
    let names: Vec<&String> = train().next().map(|model| model.latents.keys().collect()).unwrap_or_default();
    let fit = |name: &&String| {
        let values: Vec<f64> = train().filter_map(|model| model.latents.get(*name)).copied().collect();
        Ok(LatentFeature::fit(name, &values, settings.n_latent_frequencies)?)
    };
    let latents = names.iter().map(fit).collect::<Result<_, Error>>()?;
    Ok(InputEncoding {
        current_unit_na: settings.current_unit_na,
        n_current_frequencies: settings.n_current_frequencies,
        latents,
    })
}
