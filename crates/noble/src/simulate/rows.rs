//! Runs on all cores, several side by side on each, with samples kept on the way.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use noble_cell::{CablePlan, CableState, Electrode, Instructions, Moment, Probe, ProbeReader, run_lanes};
use noble_data::Decimator;
use rayon::prelude::*;

use crate::progress::go_on;
use crate::{Error, Progress, Protocol};

/// Runs side by side where the user does not say; two registers of the widest kind.
pub(crate) const LANES: usize = 16;
/// A register of eight costs about as much as this many runs one by one.
const LEAST_LANES: usize = 5;

/// Steps of a run after which it looks whether to go on: less than a second of the slowest cells.
const STEPS_BETWEEN_LOOKS: usize = 256;

/// One run: a plan, what is done to it, and what is read beside the voltage of the soma.
#[derive(Debug, Clone)]
pub(crate) struct Row<'a> {
    pub(crate) plan: &'a CablePlan,
    pub(crate) electrodes: Vec<Electrode<'a>>,
    pub(crate) probes: Vec<Probe>,
    /// Whether the current of each electrode is recorded as well.
    pub(crate) records_electrodes: bool,
    /// A spike that ends the run; its samples are then fewer.
    pub(crate) last_spike: Option<SpikeWatch>,
}

/// A spike that is waited for: a rise through a voltage within a stretch of time, and the fall below it after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SpikeWatch {
    pub(crate) threshold_mv: f64,
    pub(crate) start_ms: f64,
    pub(crate) end_ms: f64,
}

impl<'a> Row<'a> {
    /// The voltage of the soma alone.
    pub(crate) fn of_soma(plan: &'a CablePlan, electrode: Electrode<'a>) -> Self {
        Self {
            plan,
            electrodes: vec![electrode],
            probes: Vec::new(),
            records_electrodes: false,
            last_spike: None,
        }
    }
}

/// Samples of a row, `[1 + n_probes (+ n_electrodes)][t]`: voltage of the soma, probes, electrodes.
pub(crate) type Samples = Vec<Vec<f64>>;

/// Runs all rows; the result of each does not depend on the others, nor on lanes and threads.
///
/// `lanes` rows go side by side on a core; `None` chooses by their number.
///
/// # Errors
/// [`Error::Cell`] for the time settings, [`Error::Stopped`]; per row when its voltage diverges.
pub(crate) fn run_rows(
    rows: &[Row<'_>],
    protocol: &Protocol,
    lanes: Option<NonZeroUsize>,
    progress: &dyn Progress,
) -> Result<Vec<Result<Samples, Error>>, Error> {
    let lanes = lanes.map_or_else(|| lanes_for(rows.len(), rayon::current_num_threads()), NonZeroUsize::get);
    let batches: Vec<Vec<Result<Samples, Error>>> = rows
        .par_chunks(lanes)
        .map_init(
            || None,
            |state, batch| {
                let samples = run_batch(batch, protocol, state, progress)?;
                progress.advance(batch.len());
                Ok(samples)
            },
        )
        .collect::<Result<_, Error>>()?;
    Ok(batches.into_iter().flatten().collect())
}

/// As many lanes as keep every thread at work; one where a register would stay too empty.
fn lanes_for(n_rows: usize, n_threads: usize) -> usize {
    let lanes = n_rows.div_ceil(n_threads.max(1)).min(LANES);
    if lanes < LEAST_LANES { 1 } else { lanes }
}

/// Rows side by side; one by one where their cells have another structure. `state` serves again where it fits.
fn run_batch(
    rows: &[Row<'_>],
    protocol: &Protocol,
    state: &mut Option<CableState>,
    progress: &dyn Progress,
) -> Result<Vec<Result<Samples, Error>>, Error> {
    go_on(progress)?;
    let plans: Vec<&CablePlan> = rows.iter().map(|row| row.plan).collect();
    if !state.as_ref().is_some_and(|state| state.fits(&plans)) {
        *state = match CableState::of_lanes(&plans, Instructions::detect()) {
            Ok(state) => Some(state),
            Err(noble_cell::Error::UnequalPlans { .. }) => {
                let alone = |row| run_batch(std::slice::from_ref(row), protocol, state, progress);
                let alone: Result<Vec<_>, Error> = rows.iter().map(alone).collect();
                return Ok(alone?.into_iter().flatten().collect());
            }
            Err(error) => return Err(error.into()),
        };
    }
    let state = state.as_mut().expect("made above");
    let settings = protocol.run_settings();
    let electrodes: Vec<&[Electrode<'_>]> = rows.iter().map(|row| row.electrodes.as_slice()).collect();
    let n_samples = settings.grid()?.n_samples();
    let mut recorders: Vec<Recorder<'_>> =
        rows.iter().map(|row| Recorder::new(row, protocol, n_samples)).collect();
    let outcomes = run_lanes(&plans, &electrodes, &settings, state, |moment| {
        if moment.step_idx % STEPS_BETWEEN_LOOKS == 0 && progress.is_stopped() {
            return ControlFlow::Break(());
        }
        recorders[moment.lane].record(&moment)
    })?;
    go_on(progress)?;
    let results = outcomes.into_iter().zip(recorders);
    Ok(results.map(|(outcome, recorder)| outcome.map(|_| recorder.finish()).map_err(Error::from)).collect())
}

/// Keeps the samples of one row.
struct Recorder<'a> {
    row: &'a Row<'a>,
    probes: ProbeReader,
    kept: Vec<Decimator>,
    /// Steps before time zero, of which nothing is kept.
    n_settling_steps: usize,
    was_below: bool,
    is_up: bool,
}

impl<'a> Recorder<'a> {
    fn new(row: &'a Row<'a>, protocol: &Protocol, n_samples: usize) -> Self {
        let n_electrodes = if row.records_electrodes { row.electrodes.len() } else { 0 };
        let mut kept =
            vec![Decimator::new(protocol.every, protocol.sampling); 1 + row.probes.len() + n_electrodes];
        kept.iter_mut().for_each(|kept| kept.reserve(n_samples));
        let probes = ProbeReader::new(row.probes.clone(), protocol.integrator);
        let n_settling_steps = protocol.run_settings().n_settling_steps();
        Self { row, probes, kept, n_settling_steps, was_below: false, is_up: false }
    }

    fn record(&mut self, moment: &Moment<'_>) -> ControlFlow<()> {
        let Self { row, probes, kept, n_settling_steps, .. } = self;
        let voltage = std::iter::once(moment.v_mv);
        let n_electrodes = if row.records_electrodes { moment.electrode_na.len() } else { 0 };
        let currents = moment.electrode_na[..n_electrodes].iter().copied();
        let values = voltage.chain(probes.read(moment.state)).chain(currents);
        if moment.step_idx < *n_settling_steps {
            values.for_each(drop);
            return ControlFlow::Continue(());
        }
        kept.iter_mut().zip(values).for_each(|(kept, value)| kept.push(value));
        let is_over = self.row.last_spike.is_some_and(|watch| self.has_spiked(watch, moment));
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn has_spiked(&mut self, watch: SpikeWatch, moment: &Moment<'_>) -> bool {
        let is_below = moment.v_mv < watch.threshold_mv;
        let is_on = moment.t_ms >= watch.start_ms && moment.t_ms <= watch.end_ms;
        self.is_up |= is_on && self.was_below && !is_below;
        self.was_below = is_below;
        self.is_up && is_below
    }

    fn finish(self) -> Samples {
        self.kept.into_iter().map(Decimator::finish).collect()
    }
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
