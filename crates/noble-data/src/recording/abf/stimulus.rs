//! The current behind a voltage channel: rebuilt from the protocol, or recorded by a monitor.

use super::epochs::waveform;
use super::header::{Header, Mode, Output, Piece, Waveform};
use super::roles::{Role, drives};
use super::samples;
use crate::Error;
use crate::recording::bytes::Bytes;
use crate::recording::units::na_per;
use crate::recording::{RecordedStimulus, StimulusOrigin};

/// Where the stimulus of a channel comes from, the same for all sweeps.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// An output in units of current, with what was assumed.
    Output { output_idx: usize, na_per_unit: f64, notes: Vec<String> },
    /// A channel that records the current.
    Monitor { channel_idx: usize, na_per_unit: f64, notes: Vec<String> },
    /// None, for this reason.
    Unknown(String),
}

/// Picks the source for a voltage channel; `None` for other channels.
pub(super) fn source(header: &Header, roles: &[Role], channel_idx: usize) -> Option<Source> {
    let is_voltage = |role: &&Role| matches!(role, Role::Voltage(_));
    if !is_voltage(&&roles[channel_idx]) {
        return None;
    }
    let is_alone = roles.iter().filter(is_voltage).count() == 1;
    let from_output = output(header, channel_idx, is_alone).and_then(|source| usable(header, source));
    let monitor = monitor(header, roles, is_alone);
    Some(match (from_output, monitor) {
        (Ok(source), _) => source,
        (Err(reason), Some(monitor)) => monitor.with_note(format!("{reason}; the recorded current is taken")),
        (Err(reason), None) => Source::Unknown(reason),
    })
}

/// The output of the same number where it commands a current; for a lone voltage, the one that drives.
fn output(header: &Header, channel_idx: usize, is_alone: bool) -> Result<Source, String> {
    let current = |idx: usize| header.outputs.get(idx).and_then(|output| na_per(&output.unit));
    let driving: Vec<usize> = (0..header.outputs.len())
        .filter(|idx| current(*idx).is_some() && drives(&header.outputs[*idx]))
        .collect();
    let source = |output_idx: usize, notes| {
        let na_per_unit = current(output_idx).unwrap_or(0.0);
        Ok(Source::Output { output_idx, na_per_unit, notes })
    };
    let is_own_idle = !driving.contains(&channel_idx);
    match driving.as_slice() {
        [other] if is_alone && is_own_idle => {
            let name = &header.outputs[*other].name;
            source(
                *other,
                vec![format!("output {other} ({name}), the only one that drives a current, is taken")],
            )
        }
        _ if current(channel_idx).is_some() => source(channel_idx, Vec::new()),
        _ => {
            let unit = header.outputs.get(channel_idx).map_or("", |output| output.unit.as_str());
            Err(format!("output {channel_idx} is in {unit:?} and commands no current"))
        }
    }
}

/// Leaves out a stimulus that is not certain.
fn usable(header: &Header, source: Source) -> Result<Source, String> {
    let Source::Output { output_idx, na_per_unit, mut notes } = source else { return Ok(source) };
    let output = &header.outputs[output_idx];
    let is_numbers =
        output.epochs.iter().all(|epoch| epoch.level.is_finite() && epoch.level_step.is_finite());
    let has_waveform = output.waveform != Waveform::Off && header.mode != Mode::GapFree;
    match output.waveform {
        Waveform::Off => notes.push("the waveform is off: the stimulus is the holding level".to_owned()),
        _ if header.mode == Mode::GapFree => {
            notes.push("gap-free: the stimulus is the holding level".to_owned());
        }
        Waveform::File => {
            return Err("the waveform comes from a stimulus file, which is not part of this one".to_owned());
        }
        Waveform::Unknown(number) => {
            return Err(format!("the waveform comes from an unknown source {number}"));
        }
        Waveform::Epochs => {}
    }
    if has_waveform && output.has_user_list {
        return Err("a user list varies the protocol; it is not rebuilt".to_owned());
    }
    if has_waveform && !is_numbers {
        return Err("the levels of the epoch table are not numbers".to_owned());
    }
    if has_waveform && header.is_uneven() {
        return Err("sweeps of unequal length: epochs cannot be placed".to_owned());
    }
    Ok(Source::Output { output_idx, na_per_unit, notes })
}

/// The only channel in units of current, beside the only voltage: plainly the monitor of its command.
fn monitor(header: &Header, roles: &[Role], is_alone: bool) -> Option<Source> {
    let is_current =
        |idx: &usize| matches!(roles[*idx], Role::Named(_)) && na_per(&header.channels[*idx].unit).is_some();
    let currents: Vec<usize> = (0..roles.len()).filter(is_current).collect();
    match currents.as_slice() {
        [channel_idx] if is_alone => Some(Source::Monitor {
            channel_idx: *channel_idx,
            na_per_unit: na_per(&header.channels[*channel_idx].unit)?,
            notes: Vec::new(),
        }),
        _ => None,
    }
}

impl Source {
    fn with_note(mut self, note: String) -> Self {
        if let Self::Output { notes, .. } | Self::Monitor { notes, .. } = &mut self {
            notes.push(note);
        }
        self
    }

    /// The current of one sweep; adds to `notes` what was assumed, or why there is none.
    pub(super) fn current(
        &self,
        file: Bytes<'_>,
        header: &Header,
        (sweep_idx, piece): (usize, &Piece),
        sweep_notes: &mut Vec<String>,
    ) -> Result<Option<RecordedStimulus>, Error> {
        match self {
            Self::Unknown(reason) => {
                sweep_notes.push(format!("no stimulus: {reason}"));
                Ok(None)
            }
            Self::Monitor { channel_idx, na_per_unit, notes } => {
                sweep_notes.extend_from_slice(notes);
                let current_na = samples::read(file, header, piece, *channel_idx, *na_per_unit)?;
                let name = header.channels[*channel_idx].name.clone();
                let is_finite = current_na.iter().all(|current| current.is_finite());
                if !is_finite {
                    sweep_notes.push("no stimulus: the recorded current is not finite".to_owned());
                }
                let origin = StimulusOrigin::Recorded { name };
                Ok(is_finite.then_some(RecordedStimulus { current_na, origin }))
            }
            Self::Output { output_idx, na_per_unit, notes } => {
                sweep_notes.extend_from_slice(notes);
                let output = &header.outputs[*output_idx];
                Ok(rebuilt(header, output, (sweep_idx, piece.len()), *na_per_unit, sweep_notes))
            }
        }
    }
}

fn rebuilt(
    header: &Header,
    output: &Output,
    (sweep_idx, n_samples): (usize, usize),
    na_per_unit: f64,
    notes: &mut Vec<String>,
) -> Option<RecordedStimulus> {
    let has_waveform = output.waveform == Waveform::Epochs && header.mode != Mode::GapFree;
    let levels = if has_waveform {
        waveform(output, sweep_idx, n_samples)
    } else {
        Ok(vec![output.holding; n_samples])
    };
    match levels {
        Ok(levels) => Some(RecordedStimulus {
            current_na: levels.into_iter().map(|level| level * na_per_unit).collect(),
            origin: StimulusOrigin::Rebuilt { name: output.name.clone() },
        }),
        Err(reason) => {
            notes.push(format!("no stimulus: {reason}"));
            None
        }
    }
}
