//! Sweeps of array files.

use std::sync::Arc;

use noble_data::Sweeps;

use super::{ASSUMED_WINDOW, FileSweep, SweepFile, SweepTimes};
use crate::Error;

pub(super) fn from_npz(bytes: &[u8]) -> Result<SweepFile, Error> {
    Ok(sweep_file("npz", &Sweeps::from_npz(bytes)?))
}

pub(super) fn from_csv(bytes: &[u8]) -> Result<SweepFile, Error> {
    Ok(sweep_file("csv", &Sweeps::from_csv(bytes)?))
}

fn sweep_file(format: &str, sweeps: &Sweeps) -> SweepFile {
    let times_ms: Arc<[f64]> = sweeps.times_ms.as_slice().into();
    let sweep = |sweep_idx: usize| FileSweep {
        sweep_idx,
        name: sweep_idx.to_string(),
        channel: None,
        model: sweeps.models.as_ref().map(|models| models[sweep_idx]),
        times: SweepTimes::Listed(Arc::clone(&times_ms)),
        v_mv: sweeps.v_mv.row(sweep_idx).to_vec(),
        current_na: None,
        stimulus: None,
        step_na: sweeps.step_na[sweep_idx],
        holding_na: 0.0,
        window: Ok(sweeps.window.unwrap_or(ASSUMED_WINDOW)),
        notes: Vec::new(),
    };
    let mut notes = Vec::new();
    if sweeps.window.is_none() {
        notes.push(format!(
            "stimulus assumed from {} to {} ms; give --stim-start-ms and --stim-end-ms if it is another",
            ASSUMED_WINDOW.start_ms, ASSUMED_WINDOW.end_ms
        ));
    }
    let sweeps = (0..sweeps.n_sweeps()).map(sweep).collect();
    SweepFile { format: format.to_owned(), sweeps, refused: Vec::new(), notes }
}
