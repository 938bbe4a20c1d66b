//! Axon Binary Files, versions 1 and 2, as written by Clampex and AxoScope.
//!
//! Both headers become one [`Header`](header::Header), so that scaling, sweeps and stimuli are written once. An ABF
//! file stores no injected current but the protocol that made it: the stimulus is rebuilt from the epoch table.

mod epochs;
mod header;
mod header_v1;
mod header_v2;
mod roles;
mod samples;
mod stimulus;
mod strings;

use super::bytes::Bytes;
use super::{RecordedSweep, Recording, RefusedSweep};
use crate::{Error, TimeGrid, Trace};
use header::Header;
use roles::Role;
use stimulus::Source;

const FORMAT: &str = "abf file";

/// Reads an ABF 1 or ABF 2 file.
///
/// Every channel in units of voltage gives one sweep per episode, named `sweep 0 channel 0`. Channels in units of
/// current are refused as voltage clamp, or are the monitor of the command beside a voltage.
///
/// # Errors
/// [`Error::Recording`] when the file is truncated, damaged or of a kind that is not known; [`Error::NotFinite`]
/// when a sample is not a finite number.
/// # Source
/// pyABF 2.3.8 `ABF.sweepY` (samples scaled in float32) and `ABF.sweepC`. Different: the holding level of ABF 1 is
/// `fDACHoldingLevel` and not the level of an epoch, pulse trains of ABF 1 are built, the rest of a triangle train is
/// its base and not NaN, epochs are cut at the end of the sweep, and a stimulus that is not certain is left out.
pub fn read_abf(bytes: &[u8]) -> Result<Recording, Error> {
    let file = Bytes::new(bytes, FORMAT);
    let header = match bytes {
        [b'A', b'B', b'F', b' ', ..] => header_v1::read(file)?,
        [b'A', b'B', b'F', b'2', ..] => header_v2::read(file)?,
        _ => return Err(file.wrong("first bytes", "no ABF signature", "give an ABF 1 or ABF 2 file")),
    };
    header.check(file)?;
    let mut recording = Recording {
        format: format!("abf {}", header.version),
        sweeps: Vec::new(),
        refused: Vec::new(),
        notes: header.notes.clone(),
    };
    let roles = roles::assign(&header);
    for (channel_idx, role) in roles.iter().enumerate() {
        if let Role::Named(reason) = role {
            let channel = &header.channels[channel_idx];
            recording.notes.push(format!("channel {channel_idx} ({}): {reason}", channel.name));
        }
    }
    let sources: Vec<Option<Source>> =
        (0..roles.len()).map(|channel_idx| stimulus::source(&header, &roles, channel_idx)).collect();
    let pieces = header.pieces(file)?;
    for (sweep_idx, piece) in pieces.iter().enumerate() {
        for (channel_idx, role) in roles.iter().enumerate() {
            let place = Place { sweep_idx, channel_idx };
            match role {
                Role::Voltage(mv_per_unit) => {
                    let v_mv = samples::read(file, &header, piece, channel_idx, *mv_per_unit)?;
                    let source = sources[channel_idx].as_ref();
                    recording.sweeps.push(sweep(file, &header, place, v_mv, (piece, source))?);
                }
                Role::Refused(reason) => recording.refused.push(RefusedSweep {
                    name: place.name(),
                    number: u32::try_from(sweep_idx).ok(),
                    reason: reason.clone(),
                }),
                Role::Named(_) => {}
            }
        }
    }
    Ok(recording)
}

/// Which sweep of which channel.
#[derive(Clone, Copy)]
struct Place {
    sweep_idx: usize,
    channel_idx: usize,
}

impl Place {
    fn name(self) -> String {
        format!("sweep {} channel {}", self.sweep_idx, self.channel_idx)
    }
}

fn sweep(
    file: Bytes<'_>,
    header: &Header,
    place: Place,
    v_mv: Vec<f64>,
    (piece, source): (&header::Piece, Option<&Source>),
) -> Result<RecordedSweep, Error> {
    let grid = TimeGrid::new(0.0, header.step_ms, v_mv.len())?;
    let mut notes = Vec::new();
    let stimulus = match source {
        Some(source) => source.current(file, header, (place.sweep_idx, piece), &mut notes)?,
        None => None,
    };
    Ok(RecordedSweep {
        name: place.name(),
        number: u32::try_from(place.sweep_idx).ok(),
        channel: Some(header.channels[place.channel_idx].name.clone()).filter(|name| !name.is_empty()),
        trace: Trace::new(grid, v_mv)?,
        stimulus,
        notes,
    })
}
