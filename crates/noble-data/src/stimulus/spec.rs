//! Stimulus files: a sum of parts, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Stimulus;
use super::noise::Noise;
use super::waveform::{Check, Chirp, PulseTrain, Ramp, Sine, Step};
use crate::cell_model::check_version;
use crate::{Error, TimeGrid};

const FORMAT: &str = "stimulus file";

/// Version of the stimulus file read and written by this release.
pub const STIMULUS_FORMAT_VERSION: u32 = 1;

/// Most values that all noise of a stimulus may draw, 160 MB.
const MAX_NOISE_UPDATES: f64 = 2e7;

/// A stimulus as a file describes it: the sum of its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StimulusSpec {
    /// Version of this layout, [`STIMULUS_FORMAT_VERSION`].
    pub format_version: u32,
    /// What is added; none means no current.
    pub parts: Vec<StimulusPart>,
}

/// One part of a stimulus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StimulusPart {
    /// A constant current.
    Step(Step),
    /// A current that rises or falls.
    Ramp(Ramp),
    /// A sinusoidal current.
    Sine(Sine),
    /// A sinusoidal current of changing frequency.
    Chirp(Chirp),
    /// Equal steps at equal distances.
    Pulses(PulseTrain),
    /// An Ornstein-Uhlenbeck process.
    Noise(Noise),
    /// Any waveform.
    Samples(SampledCurrent),
}

/// A current given sample by sample; each is held until the next, the last for one `step_ms`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampledCurrent {
    /// Time of the first sample.
    pub start_ms: f64,
    /// From sample to sample.
    pub step_ms: f64,
    /// The samples.
    pub current_na: Vec<f64>,
}

/// Reads a stimulus file.
///
/// # Errors
/// [`Error::Json`] with the place when the bytes are not JSON of this layout and version; [`Error::Protocol`] for a
/// value that cannot be, such as a negative duration; [`Error::TimeGrid`], [`Error::NotFinite`] for sampled currents.
///
/// # Example
/// ```
/// let file = br#"{"format_version": 1, "parts": [
///     {"kind": "step", "delay_ms": 15, "duration_ms": 400, "amplitude_na": 0.3},
///     {"kind": "ramp", "delay_ms": 100, "duration_ms": 50, "start_na": 0, "end_na": 0.1}
/// ]}"#;
/// let stimulus = noble_data::read_stimulus(file)?;
/// assert!((stimulus.current_na(125.0) - 0.35).abs() < 1e-12);
/// # Ok::<(), noble_data::Error>(())
/// ```
pub fn read_stimulus(bytes: &[u8]) -> Result<Stimulus, Error> {
    StimulusSpec::read(bytes)?.stimulus()
}

impl StimulusSpec {
    /// A description of this release's version.
    #[must_use]
    pub fn new(parts: Vec<StimulusPart>) -> Self {
        Self { format_version: STIMULUS_FORMAT_VERSION, parts }
    }

    /// Reads a stimulus file without checking its values.
    ///
    /// # Errors
    /// [`Error::Json`] when the bytes are not JSON of this layout and version.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        read_versioned(bytes, FORMAT, STIMULUS_FORMAT_VERSION)
    }

    /// The current that it describes; noise is drawn here.
    ///
    /// # Errors
    /// [`Error::Protocol`] for the first value that cannot be, [`Error::TimeGrid`], [`Error::NotFinite`] for sampled
    /// currents.
    pub fn stimulus(&self) -> Result<Stimulus, Error> {
        let mut n_left = MAX_NOISE_UPDATES;
        let mut sum = Vec::with_capacity(self.parts.len());
        for (part_idx, part) in self.parts.iter().enumerate() {
            let place = format!("stimulus: parts[{part_idx}] ({})", part.kind());
            sum.push(part.stimulus(&place, &mut n_left)?);
        }
        Ok(Stimulus::Sum(sum))
    }
}

impl StimulusPart {
    fn kind(&self) -> &'static str {
        match self {
            Self::Step(_) => "step",
            Self::Ramp(_) => "ramp",
            Self::Sine(_) => "sine",
            Self::Chirp(_) => "chirp",
            Self::Pulses(_) => "pulses",
            Self::Noise(_) => "noise",
            Self::Samples(_) => "samples",
        }
    }

    fn checks(&self) -> Vec<Check> {
        match self {
            Self::Step(step) => step.checks(),
            Self::Ramp(ramp) => ramp.checks(),
            Self::Sine(sine) => sine.checks(),
            Self::Chirp(chirp) => chirp.checks(),
            Self::Pulses(pulses) => pulses.checks(),
            Self::Noise(noise) => noise.checks(),
            Self::Samples(_) => Vec::new(),
        }
    }

    fn stimulus(&self, place: &str, n_left: &mut f64) -> Result<Stimulus, Error> {
        check_values(place, &self.checks())?;
        Ok(match self {
            Self::Step(step) => Stimulus::Steps(vec![*step]),
            Self::Ramp(ramp) => Stimulus::Ramp(*ramp),
            Self::Sine(sine) => Stimulus::Sine(*sine),
            Self::Chirp(chirp) => Stimulus::Chirp(*chirp),
            Self::Pulses(pulses) => {
                let fits = pulses.width_ms <= pulses.period_ms;
                ensure(fits, place, ("width_ms", pulses.width_ms, "a width of at most period_ms"))?;
                Stimulus::Pulses(*pulses)
            }
            Self::Noise(noise) => {
                let n_updates = noise.n_updates();
                *n_left -= n_updates;
                let allowed = "longer updates, so that all noise has at most 20000000";
                ensure(*n_left >= 0.0, place, ("duration_ms / update_ms", n_updates, allowed))?;
                drawn(noise)?
            }
            Self::Samples(SampledCurrent { start_ms, step_ms, current_na }) => {
                Stimulus::samples(TimeGrid::new(*start_ms, *step_ms, current_na.len())?, current_na.clone())?
            }
        })
    }
}

fn drawn(noise: &Noise) -> Result<Stimulus, Error> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded above and below")]
    let n_updates = noise.n_updates() as usize;
    let grid = TimeGrid::new(noise.delay_ms, noise.update_ms, n_updates)?;
    Stimulus::samples(grid, noise.samples_na(n_updates))
}

/// Refuses the first value that is out of its range.
pub(super) fn check_values(place: &str, checks: &[Check]) -> Result<(), Error> {
    let wrong = checks.iter().find(|(_, value, range)| !range.holds(*value));
    wrong.map_or(Ok(()), |(name, value, range)| ensure(false, place, (name, *value, range.words())))
}

fn ensure(
    holds: bool,
    place: &str,
    (name, value, allowed): (&'static str, f64, &'static str),
) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Protocol { place: place.to_owned(), name, value, allowed }) }
}

/// Reads a JSON file whose version is told before anything else of it is read.
pub(super) fn read_versioned<T: serde::de::DeserializeOwned>(
    bytes: &[u8],
    format: &'static str,
    version: u32,
) -> Result<T, Error> {
    let wrong = |place: String, error: serde_json::Error| Error::Json {
        format,
        place,
        what: error.to_string(),
        remedy: "compare with the example in docs/formats.md".to_owned(),
    };
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| wrong(format!("line {} column {}", error.line(), error.column()), error))?;
    check_version(&value, format, "", version)?;
    serde_json::from_value(value).map_err(|error| wrong("file".to_owned(), error))
}
