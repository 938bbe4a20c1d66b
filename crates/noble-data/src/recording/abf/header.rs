//! What both versions of the header say, in one form.

use std::ops::Range;

use crate::Error;
use crate::recording::bytes::Bytes;

/// Sizes beyond these are damage: a digitizer has at most 32 inputs and 8 outputs, Clampex at most 50 epochs.
pub(super) const MAX_CHANNELS: usize = 64;
pub(super) const MAX_EPOCHS: usize = 50;
/// Episodes shorter than this are damage too; the bound keeps a damaged count of episodes from costing memory.
const MIN_SAMPLES: usize = 16;

const DAMAGED: &str = "the header is damaged; copy the file again from its source";

/// How the file was acquired (`nOperationMode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Pieces of different length, each begun by an event.
    VariableLength,
    /// One piece without gaps.
    GapFree,
    /// Pieces of equal length.
    FixedLength,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SampleKind {
    Int16,
    Float32,
}

impl SampleKind {
    pub(super) fn n_bytes(self) -> usize {
        match self {
            Self::Int16 => 2,
            Self::Float32 => 4,
        }
    }
}

/// What the amplifier did to the cell, where it told Clampex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clamp {
    Voltage,
    Current,
    /// Current clamp in which no current is injected.
    ZeroCurrent,
}

impl Clamp {
    /// The clamp that an amplifier telegraphs. Mode 0 is voltage clamp from amplifiers that tell their mode; others leave
    /// the field at 0.
    /// # Source
    /// `nTelegraphMode` of Axon's file support library; numbers of instruments as in pyABF 2.3.8 `names.py`.
    pub(super) fn new(instrument: i16, mode: i16) -> Option<Self> {
        const MULTICLAMP_700: i16 = 24;
        const AXOCLAMP_900: i16 = 27;
        match mode {
            0 if matches!(instrument, MULTICLAMP_700 | AXOCLAMP_900) => Some(Self::Voltage),
            1 => Some(Self::Current),
            2 => Some(Self::ZeroCurrent),
            _ => None,
        }
    }
}

/// One recorded input: `value = sample * gain + offset` in `unit`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Channel {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) gain: f64,
    pub(super) offset: f64,
    /// Where the amplifier telegraphs it.
    pub(super) clamp: Option<Clamp>,
}

impl Channel {
    /// Whether its name says that it records no membrane.
    pub(super) fn is_trigger(&self) -> bool {
        let name = self.name.to_lowercase();
        ["ttl", "trig", "digital"].iter().any(|word| name.contains(word))
    }
}

/// Where the waveform of an output comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waveform {
    Off,
    Epochs,
    File,
    /// Outputs take turns from sweep to sweep.
    Alternating,
    Unknown(i16),
}

impl Waveform {
    pub(super) fn new(is_enabled: i16, source: i16) -> Self {
        match (is_enabled, source) {
            (0, _) | (_, 0) => Self::Off,
            (_, 1) => Self::Epochs,
            (_, 2) => Self::File,
            (_, other) => Self::Unknown(other),
        }
    }
}

/// One output and its protocol; levels in `unit`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) holding: f64,
    pub(super) waveform: Waveform,
    /// The level of the last epoch stays until the next sweep.
    pub(super) keeps_last_level: bool,
    /// Without those that are off.
    pub(super) epochs: Vec<Epoch>,
    /// A list of values varies the protocol from sweep to sweep.
    pub(super) has_user_list: bool,
}

/// One column of the epoch table; durations in samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Epoch {
    pub(super) kind: i16,
    pub(super) level: f64,
    pub(super) level_step: f64,
    pub(super) n_samples: i32,
    pub(super) n_samples_step: i32,
    pub(super) pulse_period: i32,
    pub(super) pulse_width: i32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) version: String,
    pub(super) mode: Mode,
    pub(super) kind: SampleKind,
    /// First byte of the samples.
    pub(super) data_start: usize,
    /// Samples of all channels together.
    pub(super) n_values: usize,
    pub(super) n_sweeps: usize,
    /// Distance of two samples of one channel.
    pub(super) step_ms: f64,
    pub(super) channels: Vec<Channel>,
    pub(super) outputs: Vec<Output>,
    /// Lengths of the pieces, in samples of all channels together, where the file lists them.
    pub(super) piece_lengths: Vec<usize>,
    pub(super) notes: Vec<String>,
}

/// Samples of one channel in one sweep, counted per channel.
pub(super) type Piece = Range<usize>;

impl Header {
    /// Everything that the readers of samples and stimuli rely on.
    pub(super) fn check(&self, file: Bytes<'_>) -> Result<(), Error> {
        let n_channels = self.channels.len();
        if n_channels == 0 || n_channels > MAX_CHANNELS {
            return Err(file.wrong("channels", format!("{n_channels} channels"), DAMAGED));
        }
        if !(self.step_ms.is_finite() && self.step_ms > 0.0) {
            return Err(file.wrong("sample interval", format!("{} ms", self.step_ms), DAMAGED));
        }
        if self.n_values < n_channels {
            return Err(file.wrong("data section", "no samples", "give a file with recorded data"));
        }
        for (idx, channel) in self.channels.iter().enumerate() {
            if self.kind == SampleKind::Int16 && !(channel.gain.is_finite() && channel.offset.is_finite()) {
                let what = format!("gain {} and offset {}", channel.gain, channel.offset);
                return Err(file.wrong(&format!("channel {idx}"), what, DAMAGED));
            }
        }
        let n_bytes = self.n_values.saturating_mul(self.kind.n_bytes());
        file.slice(self.data_start, n_bytes).map(|_| ())
    }

    /// The samples of every sweep.
    pub(super) fn pieces(&self, file: Bytes<'_>) -> Result<Vec<Piece>, Error> {
        let n_points = self.n_values / self.channels.len();
        let has_lengths = self.piece_lengths.len() > 1 && self.piece_lengths.len() == self.n_sweeps;
        let is_uneven =
            has_lengths && self.piece_lengths.iter().any(|length| *length != self.piece_lengths[0]);
        if self.mode == Mode::GapFree || self.n_sweeps <= 1 {
            return Ok(std::iter::once(0..n_points).collect());
        }
        if is_uneven {
            return self.uneven_pieces(file, n_points);
        }
        if self.mode == Mode::VariableLength && !has_lengths {
            let what = format!("{} sweeps of unequal length without a list of lengths", self.n_sweeps);
            return Err(file.wrong("synch array", what, "save the file again with Clampfit"));
        }
        let n_samples = n_points / self.n_sweeps;
        if n_samples < MIN_SAMPLES {
            let what = format!("{n_points} samples in {} sweeps", self.n_sweeps);
            return Err(file.wrong("episodes", what, DAMAGED));
        }
        Ok((0..self.n_sweeps).map(|idx| idx * n_samples..(idx + 1) * n_samples).collect())
    }

    fn uneven_pieces(&self, file: Bytes<'_>, n_points: usize) -> Result<Vec<Piece>, Error> {
        let mut start = 0_usize;
        let mut pieces = Vec::with_capacity(self.piece_lengths.len());
        for length in &self.piece_lengths {
            let end = start.saturating_add(length / self.channels.len());
            if end > n_points || end - start < MIN_SAMPLES {
                let what = format!("sweep {} covers samples {start} to {end} of {n_points}", pieces.len());
                return Err(file.wrong("synch array", what, DAMAGED));
            }
            pieces.push(start..end);
            start = end;
        }
        Ok(pieces)
    }

    /// Whether the sweeps differ in length; the protocol's epochs cannot be placed then.
    pub(super) fn is_uneven(&self) -> bool {
        self.piece_lengths.iter().any(|length| *length != self.piece_lengths[0])
    }
}

/// Mode of a number, or an error that names it.
pub(super) fn mode(file: Bytes<'_>, number: i16) -> Result<Mode, Error> {
    match number {
        1 => Ok(Mode::VariableLength),
        3 => Ok(Mode::GapFree),
        2 | 4 | 5 => Ok(Mode::FixedLength),
        other => Err(file.wrong("operation mode", format!("mode {other}"), DAMAGED)),
    }
}

/// Kind of samples of a number, or an error that names it.
pub(super) fn sample_kind(file: Bytes<'_>, number: i32) -> Result<SampleKind, Error> {
    match number {
        0 => Ok(SampleKind::Int16),
        1 => Ok(SampleKind::Float32),
        other => Err(file.wrong("data format", format!("format {other}"), DAMAGED)),
    }
}

/// A count that must not be negative.
pub(super) fn count(file: Bytes<'_>, what: &str, number: i32) -> Result<usize, Error> {
    usize::try_from(number).map_err(|_| file.wrong(what, format!("{number}"), DAMAGED))
}

/// A level of zero where the stored number cannot be one: fields that were never filled hold noise.
pub(super) fn level(number: f32) -> f64 {
    const LARGEST: f32 = 1e6;
    const SMALLEST: f32 = 1e-6;
    let is_level = number.is_finite() && number.abs() <= LARGEST && number.abs() >= SMALLEST;
    if is_level { f64::from(number) } else { 0.0 }
}
