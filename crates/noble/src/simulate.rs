//! Current-clamp sweeps of many models, on all cores.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use ndarray::Array2;
use noble_cell::{CablePlan, CableState, Electrode, Instructions, run_lanes, simulate};
use noble_data::sweeps::StimulusWindow;
use noble_data::{ModelId, Sweeps, Trace};
use rayon::prelude::*;

use crate::{Cells, Error, Progress, Protocol};

/// The sampled soma voltage of one sweep.
///
/// # Errors
/// [`Error::Data`] for an amplitude that is not a number, [`Error::Cell`] when the voltage diverges.
pub fn simulate_sweep(plan: &CablePlan, protocol: &Protocol, step_na: f64) -> Result<Trace, Error> {
    let trace = simulate(plan, &protocol.stimulus(step_na)?, &protocol.run_settings())?;
    Ok(trace.every(protocol.every, protocol.sampling))
}

/// Runs side by side where the user does not say; two registers of the widest kind.
const LANES: usize = 16;
/// A register of eight costs about as much as this many runs one by one.
const LEAST_LANES: usize = 5;

/// Sweeps of every model in `ids` at every amplitude: rows by model, then by amplitude.
///
/// `lanes` sweeps go side by side on a core; `None` chooses by the number of sweeps. The result does not depend on it.
///
/// # Errors
/// Those of [`simulate_sweep`] with the model's number, and [`Error::Usage`] for an unknown number or no sweep.
pub fn simulate_sweeps(
    cells: &Cells,
    ids: &[ModelId],
    steps_na: &[f64],
    protocol: &Protocol,
    lanes: Option<NonZeroUsize>,
    progress: &dyn Progress,
) -> Result<Sweeps, Error> {
    protocol.check()?;
    if ids.is_empty() || steps_na.is_empty() {
        return Err(Error::usage("there is no sweep to simulate", "name at least one model and one step"));
    }
    let plans: Vec<CablePlan> = ids.iter().map(|id| cells.plan(*id)).collect::<Result<_, _>>()?;
    let rows: Vec<(usize, f64)> =
        (0..ids.len()).flat_map(|idx| steps_na.iter().map(move |step_na| (idx, *step_na))).collect();
    progress.start("simulate", rows.len());
    let lanes = lanes.map_or_else(|| lanes_for(rows.len(), rayon::current_num_threads()), NonZeroUsize::get);
    let batches: Vec<Vec<Trace>> = rows
        .par_chunks(lanes)
        .map(|rows| {
            let of_rows: Vec<(&CablePlan, f64)> =
                rows.iter().map(|(idx, step_na)| (&plans[*idx], *step_na)).collect();
            let traces = simulate_side_by_side(&of_rows, protocol)?;
            progress.advance(rows.len());
            let named = traces.into_iter().zip(rows);
            named.map(|(trace, (idx, _))| trace.map_err(|error| error.of_model(ids[*idx]))).collect()
        })
        .collect::<Result<_, Error>>()?;
    progress.finish();
    let grid = protocol.grid()?;
    let v_mv = batches.into_iter().flatten().flat_map(Trace::into_v_mv).collect();
    let v_mv = Array2::from_shape_vec((rows.len(), grid.n_samples()), v_mv)
        .map_err(|error| Error::Internal { what: error.to_string() })?;
    let steps = rows.iter().map(|(_, step_na)| Some(*step_na)).collect();
    let mut sweeps = Sweeps::new(grid.times_ms(), steps, v_mv)?;
    sweeps.models = Some(rows.iter().map(|(idx, _)| ids[*idx]).collect());
    sweeps.window = Some(StimulusWindow { start_ms: protocol.delay_ms, end_ms: protocol.end_ms() });
    Ok(sweeps)
}

/// As many lanes as keep every thread at work; one where a register would stay too empty.
fn lanes_for(n_rows: usize, n_threads: usize) -> usize {
    let lanes = n_rows.div_ceil(n_threads.max(1)).min(LANES);
    if lanes < LEAST_LANES { 1 } else { lanes }
}

/// The sampled soma voltages of sweeps that go side by side; one by one where their cells have another structure.
fn simulate_side_by_side(
    rows: &[(&CablePlan, f64)],
    protocol: &Protocol,
) -> Result<Vec<Result<Trace, Error>>, Error> {
    let plans: Vec<&CablePlan> = rows.iter().map(|(plan, _)| *plan).collect();
    let one_by_one = || rows.iter().map(|(plan, step_na)| simulate_sweep(plan, protocol, *step_na)).collect();
    if rows.len() == 1 {
        return Ok(one_by_one());
    }
    let mut state = match CableState::of_lanes(&plans, Instructions::detect()) {
        Ok(state) => state,
        Err(noble_cell::Error::UnequalPlans { .. }) => return Ok(one_by_one()),
        Err(error) => return Err(error.into()),
    };
    let stimuli =
        rows.iter().map(|(_, step_na)| protocol.stimulus(*step_na)).collect::<Result<Vec<_>, _>>()?;
    let clamps: Vec<[Electrode<'_>; 1]> =
        stimuli.iter().map(|stimulus| [Electrode::at_soma(stimulus)]).collect();
    let clamps: Vec<&[Electrode<'_>]> = clamps.iter().map(|clamps| clamps.as_slice()).collect();
    let settings = protocol.run_settings();
    let grid = settings.grid()?;
    let mut v_mv: Vec<Vec<f64>> = rows.iter().map(|_| Vec::with_capacity(grid.n_samples())).collect();
    let outcomes = run_lanes(&plans, &clamps, &settings, &mut state, |moment| {
        v_mv[moment.lane].push(moment.v_mv);
        ControlFlow::Continue(())
    })?;
    let traces = outcomes.into_iter().zip(v_mv).map(|(outcome, v_mv)| {
        outcome?;
        Ok(Trace::new(grid, v_mv)?.every(protocol.every, protocol.sampling))
    });
    Ok(traces.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_lanes_leave_no_thread_without_work() {
        assert_eq!([1, 8, 9, 40, 800].map(|n_rows| lanes_for(n_rows, 2)), [1, 1, 5, 16, 16]);
        assert_eq!(lanes_for(800, 400), 1);
    }
}
