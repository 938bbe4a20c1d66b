//! The header of ABF 1: one block of fields at fixed offsets, 2048 bytes before version 1.6 and 6144 from then on.

use super::header::{
    Channel, Clamp, Epoch, Header, MAX_CHANNELS, Output, Waveform, count, level, mode, sample_kind,
};
use crate::Error;
use crate::recording::bytes::Bytes;

const BLOCK_BYTES: usize = 512;
const MICROSECONDS_PER_MS: f64 = 1e3;
/// Inputs and outputs that the header has room for.
const N_INPUTS: usize = 16;
const N_OUTPUTS: usize = 4;
/// Outputs with an epoch table, and the epochs of one table.
const N_TABLES: usize = 2;
const N_EPOCHS: usize = 10;
/// `nTelegraphEnable`, `nTelegraphInstrument`, `fTelegraphAdditGain`, `nTelegraphMode`.
const TELEGRAPHS: [usize; 4] = [4512, 4544, 4576, 4768];
/// `nULEnable`.
const USER_LISTS: usize = 3360;
/// First version with the epoch tables of two outputs and with telegraphs.
const EXTENDED_VERSION: f32 = 1.6;
/// End of the fields read here; a header that ends earlier lacks the telegraphs.
const TELEGRAPH_END: usize = 4800;

/// # Source
/// pyABF 2.3.8 `abf1/headerV1.py` for the offsets; those that it lacks from the header file of Axon's file support
/// library: `fDACHoldingLevel` 1394, `lEpochPulsePeriod` 2136, `lEpochPulseWidth` 2216, the epoch table before
/// version 1.6 at 1438, `nULEnable` 3360. Samples begin behind `nNumPointsIgnored`, as the format says; pyABF skips none.
pub(super) fn read(file: Bytes<'_>) -> Result<Header, Error> {
    let version = file.f32(4)?;
    let block = count(file, "data section", file.i32(40)?)?;
    let header_end = block.saturating_mul(BLOCK_BYTES);
    let kind = sample_kind(file, i32::from(file.i16(100)?))?;
    let n_channels = count(file, "number of channels", i32::from(file.i16(120)?))?;
    let n_ignored = count(file, "ignored points", i32::from(file.i16(14)?))?;
    let is_extended = version >= EXTENDED_VERSION && header_end >= TELEGRAPH_END;
    let outputs = (0..N_OUTPUTS).map(|idx| output(file, idx, is_extended));
    Ok(Header {
        version: format!("{version:.2}"),
        mode: mode(file, file.i16(8)?)?,
        kind,
        data_start: header_end.saturating_add(n_ignored.saturating_mul(kind.n_bytes())),
        n_values: count(file, "data section", file.i32(10)?)?,
        n_sweeps: count(file, "number of sweeps", file.i32(16)?)?,
        // The interval is that of the converter, which serves one channel after the other.
        step_ms: f64::from(file.f32(122)?) * precise(n_channels.min(MAX_CHANNELS)) / MICROSECONDS_PER_MS,
        channels: channels(file, n_channels, is_extended)?,
        outputs: outputs.collect::<Result<_, _>>()?,
        piece_lengths: piece_lengths(file)?,
        notes: Vec::new(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "at most MAX_CHANNELS")]
fn precise(n_channels: usize) -> f64 {
    n_channels as f64
}

fn channels(file: Bytes<'_>, n_channels: usize, is_extended: bool) -> Result<Vec<Channel>, Error> {
    if n_channels > N_INPUTS {
        let what = format!("{n_channels} channels where the format has {N_INPUTS}");
        return Err(file.wrong("number of channels", what, "copy the file again from its source"));
    }
    (0..n_channels).map(|idx| channel(file, idx, is_extended)).collect()
}

fn channel(file: Bytes<'_>, idx: usize, is_extended: bool) -> Result<Channel, Error> {
    let input = usize::try_from(file.i16(410 + 2 * idx)?).ok().filter(|input| *input < N_INPUTS);
    let Some(input) = input else {
        let what = format!("channel {idx} samples no input");
        return Err(file.wrong("sampling sequence", what, "copy the file again from its source"));
    };
    let number = |offset: usize| file.f32(offset + 4 * input).map(f64::from);
    // Instrument scale, signal gain, programmable gain; then the range of the converter over its resolution.
    let mut gain = 1.0 / number(922)? / number(1050)? / number(730)?;
    let [enable, instrument, telegraph_gain, telegraph_mode] = TELEGRAPHS;
    let whole = |offset: usize| file.i16(offset + 2 * input);
    let is_telegraphed = is_extended && whole(enable)? == 1;
    let mut clamp = None;
    if is_telegraphed {
        gain /= number(telegraph_gain)?;
        clamp = Clamp::new(whole(instrument)?, whole(telegraph_mode)?);
    }
    gain *= f64::from(file.f32(244)?);
    gain /= f64::from(file.i32(252)?);
    Ok(Channel {
        name: file.text(442 + 10 * input, 10)?,
        unit: file.text(602 + 8 * input, 8)?,
        gain,
        offset: number(986)? - number(1114)?,
        clamp,
    })
}

fn output(file: Bytes<'_>, idx: usize, is_extended: bool) -> Result<Output, Error> {
    let has_table = idx < N_TABLES;
    let table = if is_extended { idx } else { 0 };
    let (waveform, last_level) = match (is_extended, has_table) {
        (true, true) => {
            let waveform = Waveform::new(file.i16(2296 + 2 * idx)?, file.i16(2300 + 2 * idx)?);
            (waveform, file.i16(2304 + 2 * idx)?)
        }
        // Before version 1.6 one table serves the active output.
        (false, _) if file.i16(1440)? == i16::try_from(idx).unwrap_or(-1) => {
            (Waveform::new(1, file.i16(1438)?), file.i16(1442)?)
        }
        _ => (Waveform::Off, 0),
    };
    let epochs = if waveform == Waveform::Epochs { epochs(file, table, is_extended)? } else { Vec::new() };
    Ok(Output {
        name: file.text(1306 + 10 * idx, 10)?,
        unit: file.text(1346 + 8 * idx, 8)?,
        holding: level(file.f32(1394 + 4 * idx)?),
        waveform,
        keeps_last_level: last_level != 0,
        epochs,
        has_user_list: is_extended && file.i16(USER_LISTS + 2 * idx)? != 0,
    })
}

fn epochs(file: Bytes<'_>, table: usize, is_extended: bool) -> Result<Vec<Epoch>, Error> {
    let read = if is_extended { epoch } else { old_epoch };
    let epochs = (0..N_EPOCHS).map(|idx| read(file, table * N_EPOCHS + idx));
    let epochs = epochs.collect::<Result<Vec<_>, _>>()?;
    Ok(epochs.into_iter().filter(|epoch| epoch.kind != 0).collect())
}

fn epoch(file: Bytes<'_>, idx: usize) -> Result<Epoch, Error> {
    Ok(Epoch {
        kind: file.i16(2308 + 2 * idx)?,
        level: f64::from(file.f32(2348 + 4 * idx)?),
        level_step: f64::from(file.f32(2428 + 4 * idx)?),
        n_samples: file.i32(2508 + 4 * idx)?,
        n_samples_step: file.i32(2588 + 4 * idx)?,
        pulse_period: file.i32(2136 + 4 * idx)?,
        pulse_width: file.i32(2216 + 4 * idx)?,
    })
}

fn old_epoch(file: Bytes<'_>, idx: usize) -> Result<Epoch, Error> {
    Ok(Epoch {
        kind: file.i16(1444 + 2 * idx)?,
        level: f64::from(file.f32(1464 + 4 * idx)?),
        level_step: f64::from(file.f32(1504 + 4 * idx)?),
        n_samples: i32::from(file.i16(1544 + 2 * idx)?),
        n_samples_step: i32::from(file.i16(1564 + 2 * idx)?),
        pulse_period: 0,
        pulse_width: 0,
    })
}

/// Lengths of the pieces from the list of (start, length), where there is one.
fn piece_lengths(file: Bytes<'_>) -> Result<Vec<usize>, Error> {
    let start = count(file, "synch array", file.i32(92)?)?.saturating_mul(BLOCK_BYTES);
    let n_pieces = count(file, "synch array", file.i32(96)?)?;
    if start == 0 || n_pieces == 0 {
        return Ok(Vec::new());
    }
    file.slice(start, n_pieces.saturating_mul(8))?;
    (0..n_pieces).map(|idx| count(file, "synch array", file.i32(start + 8 * idx + 4)?)).collect()
}
