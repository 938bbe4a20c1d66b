//! What an operator file says about its network: everything needed to use it, and where it comes from.

use std::collections::{BTreeMap, BTreeSet};

use noble_data::{Sampling, Step, Stimulus, TimeGrid};
use serde::{Deserialize, Serialize};

use crate::{Architecture, Error, InputEncoding, Warning};

/// Version of the card written and read here.
pub const FORMAT_VERSION: u32 = 1;

/// Most frequencies of one embedding: the sixty-fifth doubling of a phase is beyond every number format.
const MOST_FREQUENCIES: usize = 64;

/// Most samples of a trace, 2^24, up to which single precision counts exactly.
const MOST_SAMPLES: usize = 1 << 24;

/// Rounding allowed between times that are stated twice.
const RELATIVE_TOLERANCE: f64 = 1e-9;

/// The header of an operator file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorCard {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Sizes of the network.
    pub architecture: Architecture,
    /// Meaning, units and scaling of the input channels.
    pub input: InputEncoding,
    /// Names of the input channels in order, as [`InputEncoding::channel_names`] gives them.
    pub channel_order: Vec<String>,
    /// Meaning of the output.
    pub output: VoltageOutput,
    /// Times of the samples.
    pub grid: TimeGrid,
    /// Step of current the operator was trained on.
    pub stimulus: StepTiming,
    /// Amplitudes of the training traces; beyond them an answer is a guess.
    pub steps: StepRange,
    /// How the training traces came from the solver's.
    pub sampling: TraceSampling,
    /// Models the weights were fitted to.
    pub train_models: Vec<u32>,
    /// Models that steered training.
    pub validation_models: Vec<u32>,
    /// Models never seen.
    pub test_models: Vec<u32>,
    /// Latent features of every model in the lists above.
    pub models: Vec<ModelLatents>,
    /// SHA-256 of the training data, in hexadecimal.
    pub training_data_sha256: String,
    /// Figures of merit by name, unit suffix included.
    pub metrics: BTreeMap<String, f64>,
    /// Seed of the training run.
    pub seed: u64,
    /// What made the file, such as a command line.
    pub provenance: String,
}

/// `v_mv = offset_mv + scale_mv · y` for a network output `y`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoltageOutput {
    /// Unit of the network's output.
    pub voltage_unit: VoltageUnit,
    /// Voltage at an output of zero.
    pub offset_mv: f64,
    /// Voltage per unit of output.
    pub scale_mv: f64,
}

/// Unit of a network's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VoltageUnit {
    /// Volts, as the published network gives them: offset 0, scale 1000.
    V,
    /// Millivolts: offset 0, scale 1.
    Mv,
    /// Any offset and scale.
    Scaled,
}

impl VoltageOutput {
    /// Output in volts.
    pub const VOLTS: Self = Self { voltage_unit: VoltageUnit::V, offset_mv: 0.0, scale_mv: 1000.0 };
    /// Output in millivolts.
    pub const MILLIVOLTS: Self = Self { voltage_unit: VoltageUnit::Mv, offset_mv: 0.0, scale_mv: 1.0 };

    /// Output as a multiple of `scale_mv` from `offset_mv`.
    #[must_use]
    pub fn scaled(offset_mv: f64, scale_mv: f64) -> Self {
        Self { voltage_unit: VoltageUnit::Scaled, offset_mv, scale_mv }
    }

    /// Voltage of an output.
    #[must_use]
    pub fn to_mv(&self, output: f32) -> f32 {
        (self.offset_mv + self.scale_mv * f64::from(output)) as f32
    }

    /// Output for a voltage, as a training target.
    #[must_use]
    pub fn from_mv(&self, v_mv: f64) -> f32 {
        ((v_mv - self.offset_mv) / self.scale_mv) as f32
    }

    fn is_consistent(&self) -> bool {
        match self.voltage_unit {
            VoltageUnit::V => *self == Self::VOLTS,
            VoltageUnit::Mv => *self == Self::MILLIVOLTS,
            VoltageUnit::Scaled => {
                self.offset_mv.is_finite() && self.scale_mv.is_finite() && self.scale_mv > 0.0
            }
        }
    }
}

/// Onset and length of a step of current.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepTiming {
    /// Onset.
    pub delay_ms: f64,
    /// How long it lasts.
    pub duration_ms: f64,
}

impl StepTiming {
    /// The step on a grid, `[n_samples]`, by the rule of [`Stimulus::on_grid_na`].
    #[must_use]
    pub fn samples_na(&self, grid: TimeGrid, step_na: f64) -> Vec<f32> {
        let step = Step { delay_ms: self.delay_ms, duration_ms: self.duration_ms, amplitude_na: step_na };
        Stimulus::Steps(vec![step]).on_grid_na(grid).into_iter().map(|i| i as f32).collect()
    }
}

/// A range of amplitudes, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRange {
    /// Smallest amplitude.
    pub lowest_na: f64,
    /// Largest amplitude.
    pub highest_na: f64,
}

/// How traces came from the solver's time steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSampling {
    /// With or without a low-pass filter.
    pub kind: Sampling,
    /// Every how many steps one sample was kept.
    pub every: usize,
    /// Time step of the solver.
    pub dt_ms: f64,
    /// Time that was simulated before a trace, beginning at the cell's initial voltage; absent where it is none. A simulation
    /// to be compared with an answer settles as long.
    #[serde(default, skip_serializing_if = "is_none")]
    pub settle_ms: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_none(settle_ms: &f64) -> bool {
    settle_ms.abs() < f64::MIN_POSITIVE
}

/// A model's place in latent space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelLatents {
    /// Identity of the model in its hall of fame.
    pub id: u32,
    /// Latent features by name, in their own units.
    pub latents: BTreeMap<String, f64>,
}

impl OperatorCard {
    /// A card from its JSON text.
    ///
    /// # Errors
    /// [`Error::MissingFormatVersion`], [`Error::FormatVersion`], [`Error::Card`] where the text is not a card, or
    /// what [`OperatorCard::check`] finds.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let unreadable = |error: serde_json::Error| Error::Card { detail: error.to_string() };
        let value: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
        match value.get("format_version").and_then(serde_json::Value::as_u64) {
            None => return Err(Error::MissingFormatVersion { expected: FORMAT_VERSION }),
            Some(got) if got != u64::from(FORMAT_VERSION) => {
                return Err(Error::FormatVersion { got, expected: FORMAT_VERSION });
            }
            Some(_) => {}
        }
        let card: Self = serde_json::from_value(value).map_err(unreadable)?;
        card.check()?;
        Ok(card)
    }

    /// The card as JSON text.
    ///
    /// # Errors
    /// [`Error::Card`] when a number is not finite, which JSON cannot hold.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::Card { detail: error.to_string() })
    }

    /// Checks that the card does not contradict itself.
    ///
    /// # Errors
    /// [`Error::FormatVersion`], [`Error::Architecture`], [`Error::CardMismatch`], [`Error::UnknownModel`] or
    /// [`Error::Latent`] with the entry.
    pub fn check(&self) -> Result<(), Error> {
        if self.format_version != FORMAT_VERSION {
            let got = u64::from(self.format_version);
            return Err(Error::FormatVersion { got, expected: FORMAT_VERSION });
        }
        self.architecture.check()?;
        self.check_input()?;
        expect("output", self.output.is_consistent(), "offset and scale of its unit", self.output)?;
        self.check_grid()?;
        self.check_models()
    }

    /// Counts first: everything else asks for memory by them.
    fn check_input(&self) -> Result<(), Error> {
        let counts = self.input.latents.iter().map(|latent| (latent.name.as_str(), latent.n_frequencies));
        let rhythm = self.input.rhythm.as_ref().map(|rhythm| ("rhythm", rhythm.n_frequencies));
        for (name, got) in counts.chain([("step", self.input.n_current_frequencies)]).chain(rhythm) {
            let what = format!("frequencies of {name}");
            expect(&what, got <= MOST_FREQUENCIES, format_args!("at most {MOST_FREQUENCIES}"), got)?;
        }
        let channels = self.input.channel_names();
        expect("channel_order", self.channel_order == channels, &channels, &self.channel_order)?;
        let n_channels = self.architecture.in_channels;
        expect("architecture.in_channels", n_channels == channels.len(), channels.len(), n_channels)?;
        let unit_na = self.input.current_unit_na;
        let is_unit = unit_na.is_finite() && unit_na > 0.0;
        expect("input.current_unit_na", is_unit, "a positive number", unit_na)?;
        for latent in &self.input.latents {
            expect(&latent.name, latent.is_usable(), "min below max", (latent.min, latent.max))?;
        }
        let span_ms = self.grid.step_ms() * self.grid.n_samples() as f64;
        let fault = self.input.rhythm.as_ref().and_then(|rhythm| rhythm.fault(&self.input, span_ms));
        expect("input.rhythm", fault.is_none(), "rates of latent features over the trace", fault)
    }

    /// The grid, and the step and the sampling that must fit it.
    fn check_grid(&self) -> Result<(), Error> {
        let (start_ms, step_ms, n_samples) =
            (self.grid.start_ms(), self.grid.step_ms(), self.grid.n_samples());
        let is_count = (1..=MOST_SAMPLES).contains(&n_samples);
        expect("grid.n_samples", is_count, format_args!("from 1 to {MOST_SAMPLES}"), n_samples)?;
        let end_ms = start_ms + step_ms * n_samples as f64;
        let StepTiming { delay_ms, duration_ms } = self.stimulus;
        let slack_ms = RELATIVE_TOLERANCE * end_ms.abs().max(step_ms);
        let is_time = |value_ms: f64| value_ms.is_finite() && value_ms >= 0.0;
        let is_within = delay_ms >= start_ms - slack_ms && delay_ms + duration_ms <= end_ms + slack_ms;
        let is_step = is_time(delay_ms) && is_time(duration_ms) && is_within;
        let within = format_args!("times from zero within {start_ms} to {end_ms} ms");
        expect("stimulus", is_step, within, self.stimulus)?;
        let StepRange { lowest_na, highest_na } = self.steps;
        let is_range = lowest_na.is_finite() && highest_na.is_finite() && lowest_na <= highest_na;
        expect("steps", is_range, "lowest_na up to highest_na", self.steps)?;
        let TraceSampling { every, dt_ms, .. } = self.sampling;
        let is_same = (every as f64 * dt_ms - step_ms).abs() <= RELATIVE_TOLERANCE * step_ms;
        let expected = format_args!("every × dt_ms = grid.step_ms = {step_ms} ms");
        expect("sampling", is_same && dt_ms > 0.0, expected, self.sampling)
    }

    fn check_models(&self) -> Result<(), Error> {
        let mut listed = BTreeSet::new();
        for model in &self.models {
            let is_new = listed.insert(model.id);
            expect("models", is_new, "every id once", format_args!("id {} twice", model.id))?;
            let named: Vec<(&str, f64)> = model.latents.iter().map(|(n, v)| (n.as_str(), *v)).collect();
            self.order_latents(&named)?;
        }
        let lists = [&self.train_models, &self.validation_models, &self.test_models];
        let mut split = BTreeSet::new();
        for id in lists.into_iter().flatten() {
            self.model_latents(*id)?;
            let what = "train_models, validation_models, test_models";
            let is_new = split.insert(*id);
            expect(what, is_new, "every model in one list, once", format_args!("model {id} twice"))?;
        }
        Ok(())
    }

    /// What of a question lies outside of what the operator was trained on; it is answered all the same.
    ///
    /// Names each latent feature beyond the range it is scaled by, and the amplitude beyond [`OperatorCard::steps`].
    #[must_use]
    pub fn beyond_training(&self, step_na: f64, latents: &BTreeMap<String, f64>) -> Vec<Warning> {
        let beyond = |name: &str, value: f64, lowest: f64, highest: f64| {
            let is_beyond = !(lowest..=highest).contains(&value);
            is_beyond.then(|| Warning::BeyondTraining { name: name.to_owned(), value, lowest, highest })
        };
        let ranges = self.input.latents.iter().filter_map(|latent| {
            let value = latents.get(&latent.name)?;
            beyond(&latent.name, *value, latent.min, latent.max)
        });
        let step = beyond("step_na", step_na, self.steps.lowest_na, self.steps.highest_na);
        ranges.chain(step).collect()
    }

    /// Latent features of a model, by name.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] where the card does not list it.
    pub fn model_latents(&self, id: u32) -> Result<&BTreeMap<String, f64>, Error> {
        let model = self.models.iter().find(|model| model.id == id);
        model.map(|model| &model.latents).ok_or(Error::UnknownModel { id, n_models: self.models.len() })
    }

    /// Values of named latent features in the order of their channels.
    ///
    /// # Errors
    /// [`Error::Latent`] for a name that is unknown, missing or given twice, [`Error::Value`] for a value that is
    /// not finite.
    pub fn order_latents(&self, named: &[(&str, f64)]) -> Result<Vec<f64>, Error> {
        let known = || self.input.latents.iter().map(|latent| latent.name.clone()).collect();
        let wrong = |name: &str, problem| Error::Latent { name: name.to_owned(), problem, known: known() };
        for (i, (name, value)) in named.iter().enumerate() {
            if !self.input.latents.iter().any(|latent| latent.name == *name) {
                return Err(wrong(name, "unknown"));
            }
            if named[..i].iter().any(|(earlier, _)| earlier == name) {
                return Err(wrong(name, "given twice"));
            }
            if !value.is_finite() {
                return Err(Error::Value { what: format!("latent feature {name}"), got: *value });
            }
        }
        let value = |name: &str| named.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
        let latents = self.input.latents.iter();
        latents.map(|latent| value(&latent.name).ok_or_else(|| wrong(&latent.name, "missing"))).collect()
    }
}

fn expect(
    what: &str,
    holds: bool,
    expected: impl std::fmt::Debug,
    got: impl std::fmt::Debug,
) -> Result<(), Error> {
    if holds {
        return Ok(());
    }
    Err(Error::CardMismatch {
        what: what.to_owned(),
        expected: format!("{expected:?}"),
        got: format!("{got:?}"),
    })
}
