//! Recorded and simulated traces of a fit, side by side.

use noble_cell::simulate;
use noble_data::cell_model::HallOfFame;

use super::case::FitPlan;
use super::recording::SAME_CURRENT_NA;
use crate::Error;
use crate::figure::{TimeWindow, TracePanel, TracesFigure, axis};
use crate::sweep_file::SweepFile;

/// Sweeps drawn at most.
const N_PANELS: usize = 6;
/// Enlarged stretch after the onset of the step. // [ms]
const ZOOM_MS: f64 = 60.0;

/// Each sweep of the targets: the recording's first repeat, where there is one, and the first model of the hall of fame.
///
/// # Errors
/// [`Error::Cell`] when the model cannot be simulated.
pub fn fit_figure(
    plan: &FitPlan,
    file: &HallOfFame,
    recording: Option<&SweepFile>,
) -> Result<TracesFigure, Error> {
    let Some(first) = file.models.first() else { return Ok(TracesFigure::default()) };
    let cable = plan.cells.plan_of(&first.parameters)?;
    let mut panels = Vec::new();
    for sweep in plan.sweeps.iter().take(N_PANELS) {
        let target = &sweep.target;
        let protocol = &sweep.protocol;
        let trace = simulate(&cable, &sweep.stimulus, &protocol.run_settings())?
            .every(protocol.every, protocol.sampling);
        let times_ms: Vec<f64> = (0..trace.grid().n_samples()).map(|idx| trace.grid().time_ms(idx)).collect();
        let recorded = recording.and_then(|file| {
            let is_same = |step_na: f64| (step_na - target.step_na).abs() <= SAME_CURRENT_NA;
            file.sweeps.iter().find(|own| own.step_na.is_some_and(is_same))
        });
        let reference_v_mv = recorded.map_or_else(Vec::new, |own| {
            let onset_ms = own.window.as_ref().map_or(target.delay_ms, |window| window.start_ms);
            at_times(own, onset_ms - target.delay_ms, &times_ms)
        });
        panels.push(TracePanel {
            label: format!("{} nA", axis::number(target.step_na, 3)),
            times_ms,
            reference_v_mv,
            predicted_v_mv: trace.v_mv().to_vec(),
        });
    }
    let start_ms = plan.sweeps.first().map_or(0.0, |sweep| sweep.protocol.delay_ms);
    Ok(TracesFigure {
        title: format!("{}: best of {} models", plan.space.base.name, file.models.len()),
        subtitle: format!("fitted to {}", plan.source),
        reference_label: "recorded".to_owned(),
        predicted_label: "simulated".to_owned(),
        panels,
        zoom: Some(TimeWindow { start_ms: start_ms - 5.0, end_ms: start_ms + ZOOM_MS }),
    })
}

/// The recorded voltage at times that begin `offset_ms` into the sweep: the sample before each.
fn at_times(sweep: &crate::sweep_file::FileSweep, offset_ms: f64, times_ms: &[f64]) -> Vec<f64> {
    let own = sweep.times();
    let n = sweep.v_mv.len();
    let mut place = 0;
    let sample = |time_ms: &f64| {
        while place + 1 < n && own.time_ms(place + 1) <= time_ms + offset_ms {
            place += 1;
        }
        sweep.v_mv[place]
    };
    times_ms.iter().map(sample).collect()
}
