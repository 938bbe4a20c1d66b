//! The current behind a voltage channel: rebuilt from the protocol, or recorded by a monitor.

use super::epochs::waveform;
use super::header::{Clamp, Header, Mode, Output, Piece, SampleKind, Waveform};
use super::roles::{Role, drives};
use super::samples;
use crate::Error;
use crate::recording::bytes::Bytes;
use crate::recording::units::na_per;
use crate::recording::{NO_CURRENT, RecordedStimulus, StimulusOrigin, noise_sigma};

/// A monitor may differ from its command by so many steps of the converter, ...
const RESOLUTION_STEPS: f64 = 2.0;
/// ... so many standard deviations of its noise, ...
const NOISE_WIDTH: f64 = 6.0;
/// ... this share of the command's range, as the scale of the command is not exact, ...
const RANGE_FRACTION: f64 = 0.05;
/// ... and beyond all that in this share of the samples, at the edges of steps.
const EDGE_FRACTION: f64 = 0.01;

/// Where the stimulus of a channel comes from, the same for all sweeps.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// An output in units of current, with what was assumed, and a channel that records what came of it.
    Output { output_idx: usize, na_per_unit: f64, notes: Vec<String>, monitor: Option<Monitor> },
    /// A channel that records the current.
    Monitor { monitor: Monitor, notes: Vec<String> },
    /// None, for this reason.
    Unknown(String),
}

/// A channel that records the current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Monitor {
    channel_idx: usize,
    na_per_unit: f64,
}

/// Picks the source for a voltage channel; `None` for other channels.
pub(super) fn source(header: &Header, roles: &[Role], channel_idx: usize) -> Option<Source> {
    let is_voltage = |role: &&Role| matches!(role, Role::Voltage(_));
    if !is_voltage(&&roles[channel_idx]) {
        return None;
    }
    if header.channels[channel_idx].clamp == Some(Clamp::ZeroCurrent) {
        return Some(Source::Unknown(NO_CURRENT.to_owned()));
    }
    let is_alone = roles.iter().filter(is_voltage).count() == 1;
    let from_output = output(header, roles, channel_idx).and_then(|source| usable(header, source));
    let monitor = monitor(header, roles).filter(|_| is_alone);
    Some(match (from_output, monitor) {
        (Ok(Source::Output { output_idx, mut notes, .. }), Some(monitor))
            if !follows_epochs(header, &header.outputs[output_idx]) =>
        {
            notes.push("the recorded current is taken".to_owned());
            Source::Monitor { monitor, notes: vec![notes.join("; ")] }
        }
        (Ok(Source::Output { output_idx, na_per_unit, notes, .. }), monitor) => {
            Source::Output { output_idx, na_per_unit, notes, monitor }
        }
        (Ok(source), _) => source,
        (Err(reason), Some(monitor)) => {
            Source::Monitor { monitor, notes: vec![format!("{reason}; the recorded current is taken")] }
        }
        (Err(reason), None) => Source::Unknown(reason),
    })
}

/// The output of the same number where it commands a current; for a lone voltage, the one that drives.
fn output(header: &Header, roles: &[Role], channel_idx: usize) -> Result<Source, String> {
    let current = |idx: usize| header.outputs.get(idx).and_then(|output| na_per(&output.unit));
    let driving: Vec<usize> = (0..header.outputs.len())
        .filter(|idx| current(*idx).is_some() && drives(&header.outputs[*idx]))
        .collect();
    let is_voltage = |idx: usize| matches!(roles.get(idx), Some(Role::Voltage(_)));
    let is_alone = (0..roles.len()).filter(|idx| is_voltage(*idx)).count() == 1;
    let source = |output_idx: usize, notes| {
        let na_per_unit = current(output_idx).unwrap_or(0.0);
        Ok(Source::Output { output_idx, na_per_unit, notes, monitor: None })
    };
    if driving.contains(&channel_idx) {
        return source(channel_idx, Vec::new());
    }
    match driving.as_slice() {
        [other] if is_alone => {
            let name = &header.outputs[*other].name;
            source(
                *other,
                vec![format!("output {other} ({name}), the only one that drives a current, is taken")],
            )
        }
        // An output that drives but has no voltage of its number may be this channel's.
        _ if driving.iter().any(|other| !is_voltage(*other)) => {
            Err(format!("not certain which output drives channel {channel_idx}: its own is idle"))
        }
        _ if current(channel_idx).is_some() => source(channel_idx, Vec::new()),
        _ => {
            let unit = header.outputs.get(channel_idx).map_or("", |output| output.unit.as_str());
            Err(format!("output {channel_idx} is in {unit:?} and commands no current"))
        }
    }
}

/// Whether the current of an output changes with the epoch table.
fn follows_epochs(header: &Header, output: &Output) -> bool {
    output.waveform == Waveform::Epochs && header.mode != Mode::GapFree
}

/// Leaves out a stimulus that is not certain.
fn usable(header: &Header, source: Source) -> Result<Source, String> {
    let Source::Output { output_idx, na_per_unit, mut notes, monitor } = source else { return Ok(source) };
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
        Waveform::Alternating => {
            return Err("outputs alternate from sweep to sweep: no stimulus is rebuilt".to_owned());
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
    Ok(Source::Output { output_idx, na_per_unit, notes, monitor })
}

/// The only channel in units of current; beside the only voltage it is plainly the monitor of its command.
fn monitor(header: &Header, roles: &[Role]) -> Option<Monitor> {
    let is_current =
        |idx: &usize| matches!(roles[*idx], Role::Named(_)) && na_per(&header.channels[*idx].unit).is_some();
    let currents: Vec<usize> = (0..roles.len()).filter(is_current).collect();
    let [channel_idx] = currents[..] else { return None };
    Some(Monitor { channel_idx, na_per_unit: na_per(&header.channels[channel_idx].unit)? })
}

impl Source {
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
            Self::Monitor { monitor, notes } => {
                sweep_notes.extend_from_slice(notes);
                let current_na = monitor.read(file, header, piece)?;
                let name = header.channels[monitor.channel_idx].name.clone();
                let is_finite = current_na.iter().all(|current| current.is_finite());
                if !is_finite {
                    sweep_notes.push("no stimulus: the recorded current is not finite".to_owned());
                }
                let origin = StimulusOrigin::Recorded { name };
                Ok(is_finite.then_some(RecordedStimulus { current_na, origin }))
            }
            Self::Output { output_idx, na_per_unit, notes, monitor } => {
                sweep_notes.extend_from_slice(notes);
                let output = &header.outputs[*output_idx];
                let stimulus = rebuilt(header, output, (sweep_idx, piece.len()), *na_per_unit, sweep_notes);
                if let (Some(stimulus), Some(monitor)) = (&stimulus, monitor) {
                    let recorded_na = monitor.read(file, header, piece)?;
                    sweep_notes.extend(monitor.disagreement(header, &recorded_na, &stimulus.current_na));
                }
                Ok(stimulus)
            }
        }
    }
}

impl Monitor {
    fn read(self, file: Bytes<'_>, header: &Header, piece: &Piece) -> Result<Vec<f64>, Error> {
        samples::read(file, header, piece, self.channel_idx, self.na_per_unit)
    }

    /// A note where the recorded current is not the commanded one but for noise and edges.
    fn disagreement(self, header: &Header, recorded_na: &[f64], commanded_na: &[f64]) -> Option<String> {
        let channel = &header.channels[self.channel_idx];
        let n_steps = if header.kind == SampleKind::Int16 { RESOLUTION_STEPS } else { 0.0 };
        let low_na = commanded_na.iter().copied().fold(f64::INFINITY, f64::min);
        let high_na = commanded_na.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let tolerance_na = (n_steps * channel.gain * self.na_per_unit).abs()
            + NOISE_WIDTH * noise_sigma(recorded_na)
            + RANGE_FRACTION * (high_na - low_na);
        let differences = recorded_na.iter().zip(commanded_na).map(|(ours, theirs)| (ours - theirs).abs());
        let n_apart = differences.clone().filter(|difference| *difference > tolerance_na).count();
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
        let is_other = n_apart as f64 > EDGE_FRACTION * recorded_na.len() as f64;
        is_other.then(|| {
            let worst_na = differences.fold(0.0, f64::max);
            format!(
                "the current recorded by {} differs from the protocol in {n_apart} samples, by up to {worst_na:.4} nA; \
                 the protocol is taken",
                channel.name
            )
        })
    }
}

fn rebuilt(
    header: &Header,
    output: &Output,
    (sweep_idx, n_samples): (usize, usize),
    na_per_unit: f64,
    notes: &mut Vec<String>,
) -> Option<RecordedStimulus> {
    let levels = if follows_epochs(header, output) {
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
