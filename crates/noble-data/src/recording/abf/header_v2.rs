//! The header of ABF 2: a block that says where the sections lie, each a list of entries of equal size.

use super::header::{
    Channel, Clamp, Epoch, Header, MAX_CHANNELS, MAX_EPOCHS, Output, Waveform, count, level, mode,
    sample_kind,
};
use super::strings::Strings;
use crate::Error;
use crate::recording::bytes::Bytes;

const BLOCK_BYTES: usize = 512;
const MICROSECONDS_PER_MS: f64 = 1e3;

/// Where the table in the first block says a section lies.
const PROTOCOL: usize = 76;
const INPUTS: usize = 92;
const OUTPUTS: usize = 108;
const EPOCHS: usize = 156;
const USER_LISTS: usize = 172;
const STRINGS: usize = 220;
const DATA: usize = 236;
const PIECES: usize = 316;

/// # Source
/// pyABF 2.3.8 `abf2/*.py` for sections and offsets within their entries.
pub(super) fn read(file: Bytes<'_>) -> Result<Header, Error> {
    let protocol = Section::find(file, "protocol section", PROTOCOL)?.start;
    let data = Section::find(file, "data section", DATA)?;
    let strings = Strings::read(file, Section::find(file, "strings section", STRINGS)?)?;
    let kind = sample_kind(file, i32::from(file.u16(30)?))?;
    if data.n_bytes != kind.n_bytes() {
        let what = format!("samples of {} bytes in format {kind:?}", data.n_bytes);
        return Err(file.wrong("data section", what, "copy the file again from its source"));
    }
    Ok(Header {
        version: version(file)?,
        mode: mode(file, file.i16(protocol)?)?,
        kind,
        data_start: data.start,
        n_values: data.n_entries,
        n_sweeps: usize::try_from(file.u32(12)?).unwrap_or(usize::MAX),
        step_ms: f64::from(file.f32(protocol + 2)?) / MICROSECONDS_PER_MS,
        channels: channels(file, protocol, &strings)?,
        outputs: outputs(file, protocol, &strings)?,
        piece_lengths: piece_lengths(file)?,
        notes: Vec::new(),
    })
}

/// `2.6` of the four bytes of 2.6.0.0, which are stored last first; zeros at the end are left out.
fn version(file: Bytes<'_>) -> Result<String, Error> {
    let parts = [file.u8(7)?, file.u8(6)?, file.u8(5)?, file.u8(4)?];
    let n_parts = parts.iter().rposition(|part| *part != 0).map_or(2, |last| (last + 1).max(2));
    Ok(parts[..n_parts].iter().map(u8::to_string).collect::<Vec<_>>().join("."))
}

/// A list of entries of equal size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    pub(super) start: usize,
    pub(super) n_bytes: usize,
    pub(super) n_entries: usize,
}

impl Section {
    fn find(file: Bytes<'_>, name: &str, offset: usize) -> Result<Self, Error> {
        let number = |offset| file.u32(offset).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let section = Self {
            start: number(offset)?.saturating_mul(BLOCK_BYTES),
            n_bytes: number(offset + 4)?,
            n_entries: count(file, name, file.i32(offset + 8)?)?,
        };
        file.slice(section.start, section.n_bytes.saturating_mul(section.n_entries))?;
        Ok(section)
    }

    /// A section with entries that hold fields up to `n_field_bytes`, and at most `n_most` of them.
    fn list(
        file: Bytes<'_>,
        name: &str,
        offset: usize,
        (n_field_bytes, n_most): (usize, usize),
    ) -> Result<Self, Error> {
        let section = Self::find(file, name, offset)?;
        let is_usable = section.n_entries == 0 || section.n_bytes >= n_field_bytes;
        if !is_usable || section.n_entries > n_most {
            let what = format!("{} entries of {} bytes", section.n_entries, section.n_bytes);
            return Err(file.wrong(name, what, "copy the file again from its source"));
        }
        Ok(section)
    }

    fn entries(self) -> impl Iterator<Item = usize> {
        (0..self.n_entries).map(move |idx| self.start + idx * self.n_bytes)
    }
}

fn channels(file: Bytes<'_>, protocol: usize, strings: &Strings) -> Result<Vec<Channel>, Error> {
    let inputs = Section::list(file, "ADC section", INPUTS, (82, MAX_CHANNELS))?;
    let range = f64::from(file.f32(protocol + 110)?);
    let resolution = f64::from(file.i32(protocol + 118)?);
    let channel = |entry: usize| {
        let number = |offset: usize| file.f32(entry + offset).map(f64::from);
        // Instrument scale, signal gain, programmable gain; then the range of the converter over its resolution.
        let mut gain = 1.0 / number(40)? / number(48)? / number(28)?;
        let mut clamp = None;
        if file.i16(entry + 2)? == 1 {
            gain /= number(6)?;
            clamp = Clamp::new(file.i16(entry + 4)?, file.i16(entry + 18)?);
        }
        gain *= range;
        gain /= resolution;
        Ok(Channel {
            name: strings.get(file.i32(entry + 74)?),
            unit: strings.get(file.i32(entry + 78)?),
            gain,
            offset: number(44)? - number(52)?,
            clamp,
        })
    };
    inputs.entries().map(channel).collect()
}

fn outputs(file: Bytes<'_>, protocol: usize, strings: &Strings) -> Result<Vec<Output>, Error> {
    let section = Section::list(file, "DAC section", OUTPUTS, (46, MAX_CHANNELS))?;
    let list = Section::list(file, "user list section", USER_LISTS, (6, MAX_CHANNELS))?;
    let mut has_user_list = false;
    for entry in list.entries() {
        has_user_list |= file.i16(entry + 2)? != 0 || file.i16(entry + 4)? > 0;
    }
    let epochs = epochs(file)?;
    let are_alternating = file.i16(protocol + 182)? != 0;
    let output = |(idx, entry): (usize, usize)| {
        let of_output = epochs.iter().filter(|(output, epoch)| *output == idx && epoch.kind != 0);
        let of_output: Vec<Epoch> = of_output.map(|(_, epoch)| *epoch).collect();
        if of_output.len() > MAX_EPOCHS {
            let what =
                format!("{} epochs of output {idx} where the format has {MAX_EPOCHS}", of_output.len());
            return Err(file.wrong("epoch section", what, "copy the file again from its source"));
        }
        let waveform = match Waveform::new(file.i16(entry + 40)?, file.i16(entry + 42)?) {
            Waveform::Epochs if are_alternating => Waveform::Alternating,
            waveform => waveform,
        };
        Ok(Output {
            name: strings.get(file.i32(entry + 24)?),
            unit: strings.get(file.i32(entry + 28)?),
            holding: level(file.f32(entry + 12)?),
            waveform,
            keeps_last_level: file.i16(entry + 44)? != 0,
            epochs: of_output,
            has_user_list,
        })
    };
    section.entries().enumerate().map(output).collect()
}

/// Every epoch with the number of its output.
fn epochs(file: Bytes<'_>) -> Result<Vec<(usize, Epoch)>, Error> {
    let section = Section::list(file, "epoch section", EPOCHS, (30, MAX_EPOCHS * MAX_CHANNELS))?;
    let epoch = |entry: usize| {
        let output = usize::try_from(file.i16(entry + 2)?).unwrap_or(usize::MAX);
        let epoch = Epoch {
            kind: file.i16(entry + 4)?,
            level: f64::from(file.f32(entry + 6)?),
            level_step: f64::from(file.f32(entry + 10)?),
            n_samples: file.i32(entry + 14)?,
            n_samples_step: file.i32(entry + 18)?,
            pulse_period: file.i32(entry + 22)?,
            pulse_width: file.i32(entry + 26)?,
        };
        Ok((output, epoch))
    };
    section.entries().map(epoch).collect()
}

fn piece_lengths(file: Bytes<'_>) -> Result<Vec<usize>, Error> {
    let section = Section::list(file, "synch array section", PIECES, (8, usize::MAX))?;
    section.entries().map(|entry| count(file, "synch array section", file.i32(entry + 4)?)).collect()
}
