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
#[cfg(test)]
mod tests;

use super::bytes::Bytes;
use super::{RecordedSweep, Recording, RefusedSweep, implausible};
use crate::{Error, TimeGrid, Trace};
use header::{Header, Piece};
use roles::Role;
use stimulus::Source;

const FORMAT: &str = "abf file";

/// Reads an ABF 1 or ABF 2 file.
///
/// Every channel in units of voltage gives one sweep per episode, named `sweep 0 channel 0`. Channels in units of
/// current are refused as voltage clamp, or are the monitor of the command beside a voltage.
///
/// # Errors
/// [`Error::Recording`] when the file is truncated, damaged or of a kind that is not known. A sweep with a sample that
/// is not a finite number is refused.
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
    record(Plan::new(file, header))
}

fn record(plan: Plan<'_>) -> Result<Recording, Error> {
    let mut recording = Recording {
        format: format!("abf {}", plan.header.version),
        sweeps: Vec::new(),
        refused: Vec::new(),
        notes: plan.notes(),
    };
    for (sweep_idx, piece) in plan.header.pieces(plan.file)?.iter().enumerate() {
        for channel_idx in 0..plan.roles.len() {
            plan.read(Place { sweep_idx, channel_idx }, piece, &mut recording)?;
        }
    }
    Ok(recording)
}

/// What is made of every channel.
struct Plan<'a> {
    file: Bytes<'a>,
    header: Header,
    roles: Vec<Role>,
    /// Of the stimulus, for channels that are a voltage.
    sources: Vec<Option<Source>>,
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

    fn refused(self, reason: String) -> RefusedSweep {
        RefusedSweep { name: self.name(), number: u32::try_from(self.sweep_idx).ok(), reason }
    }
}

impl<'a> Plan<'a> {
    fn new(file: Bytes<'a>, header: Header) -> Self {
        let roles = roles::assign(&header);
        let source = |channel_idx| stimulus::source(&header, &roles, channel_idx);
        let sources = (0..roles.len()).map(source).collect();
        Self { file, header, roles, sources }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.header.notes.clone();
        for (channel_idx, (role, channel)) in self.roles.iter().zip(&self.header.channels).enumerate() {
            if let Role::Named(reason) = role {
                notes.push(format!("channel {channel_idx} ({}): {reason}", channel.name));
            }
        }
        notes
    }

    /// Adds one sweep of one channel to what was read, or to what was refused.
    fn read(&self, place: Place, piece: &Piece, recording: &mut Recording) -> Result<(), Error> {
        match &self.roles[place.channel_idx] {
            Role::Voltage(mv_per_unit) => match self.sweep(place, piece, *mv_per_unit) {
                Ok(sweep) => recording.sweeps.push(sweep),
                Err(error @ Error::NotFinite { .. }) => {
                    recording.refused.push(place.refused(error.to_string()))
                }
                Err(error) => return Err(error),
            },
            Role::Refused(reason) => recording.refused.push(place.refused(reason.clone())),
            Role::Named(_) => {}
        }
        Ok(())
    }

    fn sweep(&self, place: Place, piece: &Piece, mv_per_unit: f64) -> Result<RecordedSweep, Error> {
        let v_mv = samples::read(self.file, &self.header, piece, place.channel_idx, mv_per_unit)?;
        let grid = TimeGrid::new(0.0, self.header.step_ms, v_mv.len())?;
        let channel = &self.header.channels[place.channel_idx];
        let mut notes: Vec<String> = implausible(&v_mv).into_iter().collect();
        if channel.is_trigger() {
            notes.push(format!(
                "channel {} is named like a trigger: perhaps no membrane voltage",
                channel.name
            ));
        }
        let stimulus = match &self.sources[place.channel_idx] {
            Some(source) => source.current(self.file, &self.header, (place.sweep_idx, piece), &mut notes)?,
            None => None,
        };
        Ok(RecordedSweep {
            name: place.name(),
            number: u32::try_from(place.sweep_idx).ok(),
            channel_idx: u32::try_from(place.channel_idx).unwrap_or(u32::MAX),
            channel: Some(channel.name.clone()).filter(|name| !name.is_empty()),
            trace: Trace::new(grid, v_mv)?,
            stimulus,
            notes,
        })
    }
}
