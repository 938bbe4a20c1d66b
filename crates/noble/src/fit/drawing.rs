//! Recorded and simulated traces of a fit, side by side.

use noble_cell::{CablePlan, simulate};
use noble_data::cell_model::{HallOfFame, HallOfFameModel};
use rayon::prelude::*;

use super::case::{FitPlan, PlannedSweep};
use super::recording::{SAME_CURRENT_NA, SAME_HOLDING_NA, spread};
use super::search::mean;
use crate::figure::{TimeWindow, TracePanel, TracesFigure, axis};
use crate::sweep_file::SweepFile;

/// Sweeps drawn at most.
const N_PANELS: usize = 6;
/// Enlarged stretch after the onset of the step. // [ms]
const ZOOM_MS: f64 = 60.0;

/// Models drawn beside the best.
const N_OTHERS: usize = 4;

/// Each sweep of the targets: the recording's first repeat, where there is one, the model of least mean score, and some of
/// the others.
///
/// Models that make no cell are left out.
#[must_use]
pub fn fit_figure(plan: &FitPlan, file: &HallOfFame, recording: Option<&SweepFile>) -> TracesFigure {
    let drawn: Vec<CablePlan> =
        drawn(&file.models).into_iter().filter_map(|one| plan.cells.plan_of(&one.parameters).ok()).collect();
    let mut sweeps: Vec<&PlannedSweep> = plan.sweeps.iter().collect();
    sweeps.sort_by(|a, b| a.target.total_na().total_cmp(&b.target.total_na()));
    let sweeps = spread(&sweeps, N_PANELS);
    let panels = sweeps.into_par_iter().map(|sweep| panel(sweep, &drawn, recording)).collect();
    let start_ms = plan.sweeps.first().map_or(0.0, |sweep| sweep.protocol.delay_ms);
    TracesFigure {
        title: format!("{}: hall of fame of {} models", plan.space.base.name, file.models.len()),
        subtitle: format!("fitted to {}", plan.source),
        reference_label: "recorded".to_owned(),
        predicted_label: "best model".to_owned(),
        others_label: "some of the others".to_owned(),
        panels,
        zoom: Some(TimeWindow { start_ms: start_ms - 5.0, end_ms: start_ms + ZOOM_MS }),
    }
}

/// The model of least mean score, and others from the whole file.
fn drawn(models: &[HallOfFameModel]) -> Vec<&HallOfFameModel> {
    let mean_z = |model: &HallOfFameModel| mean(&model.scores.values().copied().collect::<Vec<f64>>());
    let Some(best) = models.iter().min_by(|a, b| mean_z(a).total_cmp(&mean_z(b))) else { return Vec::new() };
    let others: Vec<&HallOfFameModel> = models.iter().filter(|model| model.id != best.id).collect();
    let n_others = others.len().min(N_OTHERS);
    std::iter::once(best).chain((0..n_others).map(|place| others[place * others.len() / n_others])).collect()
}

fn panel(sweep: &PlannedSweep, models: &[CablePlan], recording: Option<&SweepFile>) -> TracePanel {
    let PlannedSweep { target, protocol, stimulus, .. } = sweep;
    // A model that does not come through has no line, and no other takes its place.
    let line = |model: &CablePlan| {
        let trace = simulate(model, stimulus, &protocol.run_settings()).ok();
        trace.map(|trace| trace.every(protocol.every, protocol.sampling).v_mv().to_vec()).unwrap_or_default()
    };
    let times_ms: Vec<f64> = protocol
        .grid()
        .map_or_else(|_| Vec::new(), |grid| (0..grid.n_samples()).map(|idx| grid.time_ms(idx)).collect());
    let recorded = recording.and_then(|file| {
        let is_same = |total_na: f64| (total_na - target.total_na()).abs() <= SAME_CURRENT_NA;
        let is_held = |holding_na: f64| (holding_na - target.holding_na).abs() <= SAME_HOLDING_NA;
        file.sweeps
            .iter()
            .find(|own| own.step_na.is_some_and(is_same) && is_held(own.holding_na.unwrap_or(0.0)))
    });
    let reference_v_mv = recorded.map_or_else(Vec::new, |own| {
        let onset_ms = own.window.as_ref().map_or(target.delay_ms, |window| window.start_ms);
        at_times(own, onset_ms - target.delay_ms, &times_ms)
    });
    let mut lines = models.iter().map(line);
    TracePanel {
        label: format!("{} nA", axis::number(target.total_na(), 3)),
        times_ms,
        reference_v_mv,
        predicted_v_mv: lines.next().unwrap_or_default(),
        others_v_mv: lines.collect(),
    }
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
