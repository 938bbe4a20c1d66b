//! Sweeps of array files.

use noble_data::recording::{
    NoStep, RecordedStimulus, RecordedSweep, StepWindow, StimulusOrigin, detect_steps,
};
use noble_data::sweeps::StimulusWindow;
use noble_data::{Sweeps, Trace};

use super::{ASSUMED_WINDOW, FileSweep, SweepFile, SweepTimes, even_grid};
use crate::Error;

pub(super) fn from_npz(bytes: &[u8]) -> Result<SweepFile, Error> {
    Ok(sweep_file("npz", &Sweeps::from_npz(bytes)?))
}

pub(super) fn from_csv(bytes: &[u8]) -> Result<SweepFile, Error> {
    Ok(sweep_file("csv", &Sweeps::from_csv(bytes)?))
}

fn sweep_file(format: &str, sweeps: &Sweeps) -> SweepFile {
    let times = SweepTimes::Listed(sweeps.times_ms.as_slice().into());
    let steps = steps(sweeps, &times);
    // The window of a CSV file is not stated but derived from its currents.
    let is_derived = sweeps.current_na.is_some() && format == "csv";
    let stated = Stated { window: sweeps.window, is_derived, is_alone: steps.is_none() };
    let mut notes = Vec::new();
    if steps.is_none() && sweeps.window.is_none() {
        notes.push(format!(
            "stimulus assumed from {} to {} ms; give --stim-start-ms and --stim-end-ms if it is another",
            ASSUMED_WINDOW.start_ms, ASSUMED_WINDOW.end_ms
        ));
    }
    if steps.is_none() && sweeps.current_na.is_some() {
        notes.push(
            "the times are not even: the window is the time in which any current is not zero".to_owned(),
        );
    }
    let mut steps = steps.unwrap_or_default().into_iter();
    let sweeps =
        (0..sweeps.n_sweeps()).map(|sweep_idx| sweep(sweeps, sweep_idx, &times, steps.next(), stated));
    SweepFile { format: format.to_owned(), sweeps: sweeps.collect(), refused: Vec::new(), notes }
}

/// The window that the file states.
#[derive(Debug, Clone, Copy)]
struct Stated {
    window: Option<StimulusWindow>,
    is_derived: bool,
    /// Whether no step of a current is known.
    is_alone: bool,
}

fn sweep(
    sweeps: &Sweeps,
    sweep_idx: usize,
    times: &SweepTimes,
    step: Option<Result<StepWindow, NoStep>>,
    stated: Stated,
) -> FileSweep {
    let mut sweep = FileSweep {
        sweep_idx,
        name: sweep_idx.to_string(),
        number: None,
        channel: None,
        channel_idx: 0,
        model: sweeps.models.as_ref().map(|models| models[sweep_idx]),
        times: times.clone(),
        v_mv: sweeps.v_mv.row(sweep_idx).to_vec(),
        current_na: sweeps.current_na.as_ref().map(|current_na| current_na.row(sweep_idx).to_vec()),
        stimulus: sweeps.current_na.is_some().then(|| "recorded".to_owned()),
        step_na: sweeps.step_na[sweep_idx],
        // A file of steps without currents has steps from zero.
        holding_na: stated.is_alone.then_some(0.0),
        window: Ok(stated.window.unwrap_or(ASSUMED_WINDOW)),
        notes: Vec::new(),
        window_notes: Vec::new(),
    };
    if let Some(step) = step {
        sweep.take_step(step);
    }
    if let Some(window) = stated.window.filter(|_| !stated.is_derived) {
        sweep.window = Ok(window);
        sweep.take_current_in(window);
    }
    sweep
}

/// The steps of the currents, where the file has them at even times.
fn steps(sweeps: &Sweeps, times: &SweepTimes) -> Option<Vec<Result<StepWindow, NoStep>>> {
    let current_na = sweeps.current_na.as_ref()?;
    let grid = even_grid(times).ok()?;
    // Steps are found in the current alone; the voltage may hold what no trace may.
    let silent = Trace::new(grid, vec![0.0; grid.n_samples()]).ok()?;
    let recorded = |current_na: Vec<f64>| RecordedSweep {
        name: String::new(),
        number: None,
        channel: None,
        channel_idx: 0,
        trace: silent.clone(),
        stimulus: Some(RecordedStimulus {
            current_na,
            origin: StimulusOrigin::Recorded { name: String::new() },
        }),
        notes: Vec::new(),
    };
    let recorded: Vec<RecordedSweep> = current_na.outer_iter().map(|row| recorded(row.to_vec())).collect();
    Some(detect_steps(&recorded))
}
