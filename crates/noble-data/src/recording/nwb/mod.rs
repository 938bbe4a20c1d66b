//! Neurodata Without Borders, version 2: current-clamp series and the stimuli presented with them.

mod names;
mod pairing;
mod series;
mod table;
mod timing;
mod write;

use super::bytes::Bytes;
use super::hdf5::{File, Link};
use super::{RecordedStimulus, RecordedSweep, Recording, RefusedSweep, StimulusOrigin};
use crate::{Error, TimeGrid, Trace};
use pairing::{Pair, Pairing};
use series::{Kind, Place, Series};

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
    let responses = series::list(&file, "acquisition")?;
    let stimuli = series::list(&file, "stimulus/presentation")?;
    let mut recording = Recording {
        format: format!("nwb {version}"),
        sweeps: Vec::new(),
        refused: Vec::new(),
        notes: Vec::new(),
    };
    recording.refused.extend(responses.refused);
    recording.refused.extend(stimuli.refused);
    // Some programs keep stimuli beside the responses.
    let is_stimulus = |series: &Series| series.type_name.ends_with("ClampStimulusSeries");
    let (beside, mut responses): (Vec<Series>, Vec<Series>) =
        responses.series.into_iter().partition(is_stimulus);
    names::sort(&mut responses);
    let stimuli = stimuli.series.into_iter().chain(beside).collect();
    let pairing = Pairing::new(&file, &responses, stimuli)?;
    for response in &responses {
        match response.kind {
            Kind::VoltageClamp => recording.refused.push(response.refused("wrong clamp mode: voltage clamp")),
            Kind::Other => {
                recording.notes.push(format!("{} is a {}: not read", response.name, response.type_name))
            }
            Kind::CurrentClamp | Kind::ZeroCurrent => {
                for pair in pairing.pairs(response) {
                    match sweep(&file, response, &pair) {
                        Ok(sweep) => recording.sweeps.push(sweep),
                        Err(error) => recording.refused.push(response.refused(&reason(&error))),
                    }
                }
            }
        }
    }
    recording.refused.extend(pairing.unpaired());
    Ok(recording)
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
fn sweep(file: &File<'_>, response: &Series, pair: &Pair<'_>) -> Result<RecordedSweep, Error> {
    let mut notes = pair.notes.clone();
    let (mut v_mv, unit_note) = response.values(file, Place::Voltage, pair.response_rows)?;
    notes.extend(unit_note);
    let (step_ms, note) = timing::step_ms(file, response, v_mv.len())?;
    notes.extend(note);
    let recorded = TimeGrid::new(0.0, step_ms, v_mv.len())?;
    let n_finite = v_mv.iter().rposition(|v| v.is_finite()).map_or(0, |last| last + 1);
    if n_finite < v_mv.len() && n_finite > 0 {
        notes.push(format!("{} samples that are no numbers at the end are cut", v_mv.len() - n_finite));
        v_mv.truncate(n_finite);
    }
    let grid = TimeGrid::new(0.0, step_ms, v_mv.len())?;
    let stimulus = match pair.stimulus {
        Some(stimulus) => stimulus_of(file, (stimulus, pair), (recorded, v_mv.len()), &mut notes)?,
        None => None,
    };
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

/// The current of a stimulus series on the grid of the response, of which `n_kept` samples are kept; a stimulus that
/// cannot be read leaves a note.
fn stimulus_of(
    file: &File<'_>,
    (stimulus, pair): (&Series, &Pair<'_>),
    (grid, n_kept): (TimeGrid, usize),
    notes: &mut Vec<String>,
) -> Result<Option<RecordedStimulus>, Error> {
    let (current_na, unit_note) = match stimulus.values(file, Place::Current, pair.stimulus_rows) {
        Ok(values) => values,
        Err(error) => {
            notes.push(format!("no stimulus: {}: {}", stimulus.name, reason(&error)));
            return Ok(None);
        }
    };
    notes.extend(unit_note);
    let step_ms = match timing::step_ms(file, stimulus, current_na.len()) {
        Ok((step_ms, note)) => {
            notes.extend(note);
            step_ms
        }
        Err(error) => {
            notes.push(format!("{}: {}; that of the voltage is taken", stimulus.name, reason(&error)));
            grid.step_ms()
        }
    };
    let current_na = timing::on_grid(current_na, step_ms, grid, notes);
    let mut current_na = current_na.map_err(|what| stimulus.wrong(what))?;
    current_na.truncate(n_kept);
    if let Some(sample_idx) = current_na.iter().position(|current| !current.is_finite()) {
        notes.push(format!("no stimulus: {}: sample {sample_idx} is not a finite number", stimulus.name));
        return Ok(None);
    }
    let origin = StimulusOrigin::Recorded { name: stimulus.name.clone() };
    Ok(Some(RecordedStimulus { current_na, origin }))
}
