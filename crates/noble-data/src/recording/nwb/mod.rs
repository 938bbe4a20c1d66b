//! Neurodata Without Borders, version 2: current-clamp series and the stimuli presented with them.

mod decoded;
mod names;
mod pairing;
mod series;
mod table;
#[cfg(test)]
mod tests;
mod timing;
mod write;

use std::collections::BTreeSet;

use super::bytes::Bytes;
use super::hdf5::{File, Link, OUTSIDE};
use super::{RecordedStimulus, RecordedSweep, Recording, RefusedSweep, StimulusOrigin, implausible};
use crate::{Error, TimeGrid, Trace};
use decoded::Decoded;
use pairing::{Pair, Pairing};
use series::{Electrodes, Kind, List, Place, Rows, Series};
use timing::{Target, Times};

pub use write::NwbSession;

const FORMAT: &str = "nwb file";

/// Reads an NWB 2 file.
///
/// Every `CurrentClampSeries` and `IZeroClampSeries` of `acquisition` becomes a sweep under its own name, in the
/// order of sweep numbers or, without these, of names with numbers compared as numbers. Its stimulus is found by the
/// `intracellular_recordings` table, else by `sweep_number`, else by name, in `stimulus/presentation` or `acquisition`.
/// Links inside the file are followed.
///
/// # Errors
/// [`Error::Recording`] when the file is truncated or damaged, uses a part of HDF5 that is not read, or is no NWB 2
/// file. A single series that cannot be used is refused by name, with the reason.
/// # Source
/// NWB schema 2.0 to 2.8, `nwb.icephys.yaml`: `value = data * conversion + offset`.
pub fn read_nwb(bytes: &[u8]) -> Result<Recording, Error> {
    let file = File::open(bytes)?;
    let version = version(&file, bytes)?;
    let electrodes = Electrodes::read(&file)?;
    let responses = series::list(&file, &electrodes, "acquisition")?;
    let mut notes = Vec::new();
    let stimuli = stimuli(&file, &electrodes, &mut notes)?;
    let mut recording =
        Recording { format: format!("nwb {version}"), sweeps: Vec::new(), refused: Vec::new(), notes };
    recording.refused.extend(responses.refused);
    recording.refused.extend(stimuli.refused);
    // Some programs keep stimuli beside the responses.
    let is_stimulus = |series: &Series| series.type_name.ends_with("ClampStimulusSeries");
    let (beside, mut responses): (Vec<Series>, Vec<Series>) =
        responses.series.into_iter().partition(is_stimulus);
    names::sort(&mut responses);
    let stimuli = stimuli.series.into_iter().chain(beside).collect();
    let pairing = Pairing::new(&file, &responses, stimuli)?;
    let channels = Channels::new(&responses);
    let decoded = Decoded::default();
    for response in &responses {
        match response.kind {
            Kind::VoltageClamp => recording.refused.push(response.refused("wrong clamp mode: voltage clamp")),
            Kind::Other => {
                recording.notes.push(format!("{} is a {}: not read", response.name, response.type_name))
            }
            Kind::CurrentClamp | Kind::ZeroCurrent => {
                for pair in pairing.pairs(response) {
                    match sweep((&file, &decoded), response, &pair) {
                        Ok(sweep) => {
                            let channel_idx = channels.idx(response);
                            recording.sweeps.push(RecordedSweep { channel_idx, ..sweep });
                        }
                        Err(error) => recording.refused.push(response.refused(&reason(&error))),
                    }
                }
            }
        }
    }
    recording.refused.extend(pairing.unpaired());
    Ok(recording)
}

/// The stimuli that were presented; where they lie in another file, the voltages are read all the same.
fn stimuli(file: &File<'_>, electrodes: &Electrodes, notes: &mut Vec<String>) -> Result<List, Error> {
    let stimuli = match series::list(file, electrodes, "stimulus/presentation") {
        Err(error @ Error::Recording { .. }) if is_outside(&error) => {
            notes.push(format!("stimulus/presentation is not read: {}", reason(&error)));
            List::default()
        }
        other => other?,
    };
    if stimuli.series.is_empty() {
        let templates = series::list(file, electrodes, "stimulus/templates").unwrap_or_default();
        if !templates.series.is_empty() {
            let n_templates = templates.series.len();
            notes.push(format!(
                "stimulus/templates has {n_templates} series that are not read: they do not say when they were presented"
            ));
        }
    }
    Ok(stimuli)
}

fn is_outside(error: &Error) -> bool {
    matches!(error, Error::Recording { place, .. } if place == OUTSIDE)
}

/// What tells channels apart: electrodes, else numbers of inputs in names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ChannelKey<'a> {
    Electrode(&'a str),
    Input(u64),
    Unknown,
}

/// All channels in order.
struct Channels<'a>(Vec<ChannelKey<'a>>);

impl<'a> Channels<'a> {
    fn new(responses: &'a [Series]) -> Self {
        let keys: BTreeSet<ChannelKey<'a>> = responses.iter().map(Self::key).collect();
        Self(keys.into_iter().collect())
    }

    fn key(series: &Series) -> ChannelKey<'_> {
        match (&series.electrode, names::input(&series.name)) {
            (Some(electrode), _) => ChannelKey::Electrode(electrode),
            (None, Some(input)) => ChannelKey::Input(input),
            (None, None) => ChannelKey::Unknown,
        }
    }

    fn idx(&self, response: &Series) -> u32 {
        let idx = self.0.binary_search(&Self::key(response)).unwrap_or(0);
        u32::try_from(idx).unwrap_or(u32::MAX)
    }
}

/// A refusal's words, without the name of the format before them.
fn reason(error: &Error) -> String {
    match error {
        Error::Recording { place, what, .. } if place.is_empty() => what.clone(),
        Error::Recording { place, what, .. } => format!("{place}: {what}"),
        other => other.to_string(),
    }
}

fn version(file: &File<'_>, bytes: &[u8]) -> Result<String, Error> {
    let wrong = |what: String, remedy| Bytes::new(bytes, FORMAT).wrong("nwb_version", what, remedy);
    let version = file.text(file.root(), "nwb_version")?;
    match version {
        Some(version) if version.starts_with('2') || version.starts_with("NWB-2") => Ok(version),
        Some(version) => Err(wrong(format!("version {version}"), "convert the file to NWB 2 with pynwb")),
        None => {
            Err(wrong("not found".to_owned(), "give an NWB 2 file; NWB 1 and other HDF5 files are not read"))
        }
    }
}

/// One response with its stimulus.
fn sweep(
    (file, decoded): (&File<'_>, &Decoded),
    response: &Series,
    pair: &Pair<'_>,
) -> Result<RecordedSweep, Error> {
    let mut notes = pair.notes.clone();
    let (mut v_mv, unit_note) = response.values((file, decoded), Place::Voltage, pair.response_rows)?;
    notes.extend(unit_note);
    let mut times = timing::times((file, decoded), response, v_mv.len())?;
    notes.extend(times.note.take());
    let recorded = TimeGrid::new(0.0, times.step_ms, v_mv.len())?;
    let n_finite = v_mv.iter().rposition(|v| v.is_finite()).map_or(0, |last| last + 1);
    if n_finite < v_mv.len() && n_finite > 0 {
        let n_cut = v_mv.len() - n_finite;
        notes.push(format!("{n_cut} samples at the end that are no numbers or were never written are cut"));
        v_mv.truncate(n_finite);
    }
    notes.extend(implausible(&v_mv));
    let grid = TimeGrid::new(0.0, times.step_ms, v_mv.len())?;
    let start_ms = start_ms(&times, pair.response_rows);
    let target = Target { grid: recorded, start_ms, n_kept: v_mv.len() };
    let stimulus =
        pair.stimulus.and_then(|stimulus| stimulus_of((file, decoded), (stimulus, pair), target, &mut notes));
    let bias_na = response.bias_na(file)?;
    if bias_na != 0.0 {
        notes.push(format!("a bias current of {bias_na} nA is not part of the stimulus"));
    }
    Ok(RecordedSweep {
        name: pair.name(response),
        number: response.number,
        channel_idx: 0,
        channel: response.electrode.clone(),
        trace: Trace::new(grid, v_mv)?,
        stimulus,
        notes,
    })
}

/// When a stretch of a series starts.
fn start_ms(times: &Times, rows: Rows) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
    let first = rows.map_or(0.0, |(first, _)| first as f64);
    times.start_ms + first * times.step_ms
}

/// The current of a stimulus series on the grid of the response; a stimulus that cannot be read or does not fit leaves a
/// note.
fn stimulus_of(
    (file, decoded): (&File<'_>, &Decoded),
    (stimulus, pair): (&Series, &Pair<'_>),
    target: Target,
    notes: &mut Vec<String>,
) -> Option<RecordedStimulus> {
    let read = read_stimulus((file, decoded), (stimulus, pair), target, notes);
    let current_na = read.map_err(|what| notes.push(format!("no stimulus: {what}"))).ok()?;
    let origin = StimulusOrigin::Recorded { name: stimulus.name.clone() };
    Some(RecordedStimulus { current_na, origin })
}

/// `Err` says why there is none.
fn read_stimulus(
    (file, decoded): (&File<'_>, &Decoded),
    (stimulus, pair): (&Series, &Pair<'_>),
    target: Target,
    notes: &mut Vec<String>,
) -> Result<Vec<f64>, String> {
    let called = |error: &Error| format!("{}: {}", stimulus.name, reason(error));
    let values = stimulus.values((file, decoded), Place::Current, pair.stimulus_rows);
    let (current_na, unit_note) = values.map_err(|error| called(&error))?;
    notes.extend(unit_note);
    let times = timing::times((file, decoded), stimulus, current_na.len()).unwrap_or_else(|error| {
        notes.push(format!("{}; that of the voltage is taken", called(&error)));
        let step_ms = target.grid.step_ms();
        Times { start_ms: start_ms_of(target, step_ms, pair.stimulus_rows), step_ms, note: None }
    });
    notes.extend(times.note.clone());
    let start_ms = start_ms(&times, pair.stimulus_rows);
    let current_na = timing::on_grid(current_na, &Times { start_ms, ..times }, target, notes)?;
    match current_na.iter().position(|current| !current.is_finite()) {
        Some(sample_idx) => Err(format!("{}: sample {sample_idx} is not a finite number", stimulus.name)),
        None => Ok(current_na),
    }
}

/// The start of a series whose stretch begins with the voltage.
fn start_ms_of(target: Target, step_ms: f64, rows: Rows) -> f64 {
    target.start_ms - start_ms(&Times { start_ms: 0.0, step_ms, note: None }, rows)
}
