//! Sweeps of many models, on all cores.

mod experiment;
mod rows;
mod task;

use std::num::NonZeroUsize;

use noble_cell::{CablePlan, Electrode};
use noble_data::{ModelId, Sweeps, Trace};

pub use experiment::{Drive, Experiment, Recorded, RecordingSpec, record_shard, record_sweeps};
pub(crate) use rows::{LANES, Row, Samples, SpikeWatch, run_rows};
pub use task::SweepTask;

use crate::{Cells, Error, Progress, Protocol, Silent};

/// The sampled soma voltage of one sweep.
///
/// # Errors
/// [`Error::Data`] for an amplitude that is not a number, [`Error::Cell`] when the voltage diverges.
pub fn simulate_sweep(plan: &CablePlan, protocol: &Protocol, step_na: f64) -> Result<Trace, Error> {
    simulate_pairs(&[(plan, step_na)], protocol, None, &Silent)?.swap_remove(0)
}

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
    let experiment = Experiment::of_steps(*protocol, steps_na);
    Ok(record_sweeps((cells, ids), &experiment, lanes, progress)?.sweeps)
}

/// The sampled soma voltages of plans at amplitudes, side by side.
///
/// `lanes` go side by side on a core; `None` keeps every thread at work.
///
/// # Errors
/// As [`simulate_sweep`]; per trace when its voltage diverges.
pub(crate) fn simulate_pairs(
    pairs: &[(&CablePlan, f64)],
    protocol: &Protocol,
    lanes: Option<NonZeroUsize>,
    progress: &dyn Progress,
) -> Result<Vec<Result<Trace, Error>>, Error> {
    let stimuli: Vec<_> =
        pairs.iter().map(|(_, step_na)| protocol.stimulus(*step_na)).collect::<Result<_, _>>()?;
    let row = |((plan, _), stimulus)| Row::of_soma(plan, Electrode::at_soma(stimulus));
    let rows: Vec<Row<'_>> = pairs.iter().copied().zip(&stimuli).map(row).collect();
    let grid = protocol.grid()?;
    let samples = run_rows(&rows, protocol, lanes, progress)?;
    Ok(samples.into_iter().map(|samples| Ok(Trace::new(grid, samples?.swap_remove(0))?)).collect())
}
