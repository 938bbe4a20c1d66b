//! Current-clamp sweeps of many models, on all cores.

use ndarray::Array2;
use noble_cell::{CablePlan, simulate};
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

/// Sweeps of every model in `ids` at every amplitude: rows by model, then by amplitude.
///
/// # Errors
/// Those of [`simulate_sweep`] with the model's number, and [`Error::Usage`] for an unknown number or no sweep.
pub fn simulate_sweeps(
    cells: &Cells,
    ids: &[ModelId],
    steps_na: &[f64],
    protocol: &Protocol,
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
    let traces: Vec<Trace> = rows
        .par_iter()
        .map(|(idx, step_na)| {
            let trace =
                simulate_sweep(&plans[*idx], protocol, *step_na).map_err(|error| error.of_model(ids[*idx]));
            progress.advance(1);
            trace
        })
        .collect::<Result<_, _>>()?;
    progress.finish();
    let grid = protocol.grid()?;
    let v_mv = traces.into_iter().flat_map(Trace::into_v_mv).collect();
    let v_mv = Array2::from_shape_vec((rows.len(), grid.n_samples()), v_mv)
        .map_err(|error| Error::Internal { what: error.to_string() })?;
    let steps = rows.iter().map(|(_, step_na)| Some(*step_na)).collect();
    let mut sweeps = Sweeps::new(grid.times_ms(), steps, v_mv)?;
    sweeps.models = Some(rows.iter().map(|(idx, _)| ids[*idx]).collect());
    sweeps.window = Some(StimulusWindow { start_ms: protocol.delay_ms, end_ms: protocol.end_ms() });
    Ok(sweeps)
}
