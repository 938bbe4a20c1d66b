//! Sweeps from one file format into another.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ndarray::Array2;
use noble_data::recording::{NwbSession, RecordedStimulus, RecordedSweep, Recording, StimulusOrigin};
use noble_data::sweeps::Precision;
use noble_data::{Sweeps, TimeGrid, Trace};

use crate::Error;
use crate::sweep_file::{FileSweep, SweepFile, SweepTimes, even_grid};

/// What an NWB file says beside the sweeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionNotes {
    /// What was done, in a sentence.
    pub description: String,
    /// Start of the session, ISO 8601 with time zone.
    pub start_time: String,
}

/// The bytes of an NWB 2 file of the sweeps, `identifier` its unique name.
///
/// The current is the recorded or rebuilt one; of arrays, the step in its window. Voltages and currents are stored in
/// double precision.
///
/// # Errors
/// [`Error::Usage`] for a sweep whose times are not even, [`Error::Data`] as [`Recording::to_nwb`].
pub fn to_nwb(file: &SweepFile, identifier: &str, notes: &SessionNotes) -> Result<Vec<u8>, Error> {
    let recording = Recording {
        format: file.format.clone(),
        sweeps: file.sweeps.iter().map(recorded).collect::<Result<_, _>>()?,
        refused: Vec::new(),
        notes: Vec::new(),
    };
    let session = NwbSession {
        identifier: identifier.to_owned(),
        description: notes.description.clone(),
        start_time: notes.start_time.clone(),
        created: notes.start_time.clone(),
        precision: Precision::Double,
    };
    Ok(recording.to_nwb(&session)?)
}

fn recorded(sweep: &FileSweep) -> Result<RecordedSweep, Error> {
    let grid = even_grid(&sweep.times).map_err(|what| {
        let remedy = "resample the sweep to even steps, or write .npz or .csv";
        Error::usage(format!("{}: {what}", sweep.called()), remedy)
    })?;
    let trace = Trace::new(grid, sweep.v_mv.clone())?;
    let name = if sweep.name.parse::<usize>().is_ok() {
        format!("sweep_{}", sweep.name)
    } else {
        sweep.name.clone()
    };
    Ok(RecordedSweep {
        name,
        number: sweep.number.or_else(|| u32::try_from(sweep.sweep_idx).ok()),
        channel: sweep.channel.clone(),
        channel_idx: sweep.channel_idx,
        stimulus: stimulus(sweep, grid),
        trace,
        notes: sweep.all_notes().map(str::to_owned).collect(),
    })
}

/// The current of the file, or the step that it states.
fn stimulus(sweep: &FileSweep, grid: TimeGrid) -> Option<RecordedStimulus> {
    if let Some(current_na) = &sweep.current_na {
        let name = sweep.stimulus.clone().unwrap_or_default();
        return Some(RecordedStimulus {
            current_na: current_na.clone(),
            origin: StimulusOrigin::Recorded { name },
        });
    }
    let (step_na, window) = (sweep.step_na?, sweep.window.as_ref().ok()?);
    let is_on = |time_ms: f64| (window.start_ms..window.end_ms).contains(&time_ms);
    let current_na = (0..grid.n_samples()).map(|idx| if is_on(grid.time_ms(idx)) { step_na } else { 0.0 });
    let origin = StimulusOrigin::Rebuilt { name: "step_na".to_owned() };
    Some(RecordedStimulus { current_na: current_na.collect(), origin })
}

/// The sweeps with the step that they state as current, where they have no current: for formats that hold no steps.
#[must_use]
pub fn with_currents(file: &SweepFile) -> SweepFile {
    let mut file = file.clone();
    for sweep in file.sweeps.iter_mut().filter(|sweep| sweep.current_na.is_none()) {
        let grid = even_grid(&sweep.times).ok();
        sweep.current_na = grid.and_then(|grid| stimulus(sweep, grid)).map(|stimulus| stimulus.current_na);
    }
    file
}

/// Sweeps side by side, for array files, with their currents where all are known.
///
/// Without the currents a file states one window and steps from zero, so that sweeps of other windows or holding
/// currents are refused.
///
/// # Errors
/// [`Error::Usage`] when the sweeps have different times, or windows or holding currents that would be lost;
/// [`Error::Data`] as [`Sweeps::new`].
pub fn to_sweeps(file: &SweepFile) -> Result<Sweeps, Error> {
    let Some(first) = file.sweeps.first() else {
        return Err(Error::usage("there is no sweep", "choose at least one"));
    };
    let others = |is_other: fn(&FileSweep, &FileSweep) -> bool, what: &str| {
        let other = file.sweeps.iter().find(|sweep| is_other(first, sweep));
        other.map_or(Ok(()), |other| {
            let what = format!("{} and {} have different {what}", first.called(), other.called());
            Err(Error::usage(what, "choose sweeps of one kind with --sweeps, or write .nwb"))
        })
    };
    others(|first, other| first.times != other.times, "times")?;
    let currents: Option<Vec<f64>> = file
        .sweeps
        .iter()
        .map(|sweep| sweep.current_na.clone())
        .collect::<Option<Vec<_>>>()
        .map(|rows| rows.concat());
    if currents.is_none() {
        others(|first, other| first.window != other.window, "windows of the stimulus")?;
        others(
            |_, other| other.holding_na.is_some_and(|holding_na| holding_na.abs() > 0.0),
            "holding currents",
        )?;
    }
    let times_ms = match &first.times {
        SweepTimes::Grid(grid) => grid.times_ms(),
        SweepTimes::Listed(times_ms) => times_ms.to_vec(),
    };
    let shape = (file.sweeps.len(), times_ms.len());
    let array = |values: Vec<f64>| {
        Array2::from_shape_vec(shape, values).map_err(|error| Error::Internal { what: error.to_string() })
    };
    let v_mv = array(file.sweeps.iter().flat_map(|sweep| sweep.v_mv.iter().copied()).collect())?;
    let steps_na: Vec<Option<f64>> = file.sweeps.iter().map(|sweep| sweep.step_na).collect();
    let has_all = steps_na.iter().all(Option::is_some);
    let mut sweeps = Sweeps::new(times_ms, if has_all { steps_na } else { vec![None; shape.0] }, v_mv)?;
    sweeps.current_na = currents.map(array).transpose()?;
    let is_shared = file.sweeps.iter().all(|sweep| sweep.window == first.window);
    sweeps.window = first.window.clone().ok().filter(|_| is_shared && sweeps.current_na.is_none());
    Ok(sweeps)
}

/// When a file was last changed, as ISO 8601 in UTC; the beginning of 1970 where the system does not say.
#[must_use]
pub fn change_time(path: &Path) -> String {
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    let since = changed.ok().and_then(|changed: SystemTime| changed.duration_since(UNIX_EPOCH).ok());
    iso_time(since.unwrap_or(Duration::ZERO))
}

/// Seconds since 1970 as date and time of the Gregorian calendar.
fn iso_time(since_1970: Duration) -> String {
    const SECONDS_PER_DAY: u64 = 86_400;
    let seconds = since_1970.as_secs();
    let (mut days, within) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for n_days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < n_days {
            break;
        }
        days -= n_days;
        month += 1;
    }
    let (hour, minute, second) = (within / 3600, within / 60 % 60, within % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}+00:00", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_days_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00+00:00"),
            (951_782_399, "2000-02-28T23:59:59+00:00"),
            (951_782_400, "2000-02-29T00:00:00+00:00"),
            (1_709_251_199, "2024-02-29T23:59:59+00:00"),
            (1_735_689_599, "2024-12-31T23:59:59+00:00"),
            (4_107_542_400, "2100-03-01T00:00:00+00:00"),
        ] {
            assert_eq!(iso_time(Duration::from_secs(seconds)), expected);
        }
    }
}
