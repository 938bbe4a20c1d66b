//! `noble accuracy`.

use std::time::Instant;

use clap::{Args, ValueEnum};
use noble_cell::{CableState, Integrator};

use super::inputs::{CellArgs, amplitudes};
use super::terminal::{data, words};
use crate::accuracy::{Accuracy, Scheme, SchemeRun, run_scheme};
use crate::table::{short, text_table};
use crate::{Error, Protocol};

/// Error and cost of a simulation by its time step, for both integrators
///
/// Runs one step of current with each integrator at each time step and compares with a converged run: second order at
/// an eighth of the smallest time step. The step to use follows from the error that a question bears.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble accuracy\n  \
    noble accuracy --morphology cell.swc --cell hof_params.json --hof 0 --step-na 0.2 --dt-ms 0.04,0.02,0.01")]
pub(super) struct AccuracyArgs {
    #[command(flatten)]
    cell: CellArgs,
    /// Amplitude of the current step in nA
    #[arg(long, value_name = "NA", allow_hyphen_values = true, default_value_t = 0.15)]
    step_na: f64,
    /// Onset of the step
    #[arg(long, value_name = "MS", default_value_t = 15.0)]
    delay_ms: f64,
    /// Duration of the step
    #[arg(long, value_name = "MS", default_value_t = 400.0)]
    duration_ms: f64,
    /// Length of the sweep
    #[arg(long, value_name = "MS", default_value_t = 515.0)]
    total_ms: f64,
    /// Time steps to compare
    #[arg(long, value_name = "MS,…", value_delimiter = ',', default_values_t = [0.04, 0.02, 0.01, 0.005, 0.0025])]
    dt_ms: Vec<f64>,
    /// Runs of which the fastest is timed
    #[arg(long, value_name = "N", default_value = "3")]
    repeat: std::num::NonZeroU16,
    /// How the result is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// A scheme with what it gave and cost.
struct Row {
    scheme: Scheme,
    accuracy: Accuracy,
    wall_ms: f64,
}

/// What its own error may be of the least error that is shown.
const CONVERGED_SHARE: f64 = 0.2;
/// The converged run's time step, as a part of the smallest compared.
const CONVERGED_PART: f64 = 0.125;

pub(super) fn run(args: &AccuracyArgs) -> Result<(), Error> {
    let step_na = amplitudes(&[args.step_na])?[0];
    let cells = args.cell.cells()?;
    let id = *cells.models.keys().next().expect("a file of cells has a model");
    let plan = cells.plan(id)?;
    if cells.models.len() > 1 && !args.cell.is_embedded() {
        let what = format!("{} parameter sets, and one is studied", cells.models.len());
        return Err(Error::usage(what, "choose one with --hof K or --models ID"));
    }
    if let Some(dt_ms) = args.dt_ms.iter().find(|dt_ms| !(dt_ms.is_finite() && **dt_ms > 0.0)) {
        return Err(Error::usage(format!("--dt-ms holds {dt_ms}"), "give times greater than zero"));
    }
    let smallest_ms = args.dt_ms.iter().copied().fold(f64::INFINITY, f64::min);
    let protocol = Protocol {
        delay_ms: args.delay_ms,
        duration_ms: args.duration_ms,
        total_ms: args.total_ms,
        solver_step_ms: smallest_ms,
        ..Protocol::default()
    };
    protocol.check()?;
    let mut state = CableState::new(&plan);
    let mut at =
        |integrator, dt_ms| run_scheme(&plan, (&protocol, step_na), Scheme { integrator, dt_ms }, &mut state);
    let converged = at(Integrator::SecondOrder, CONVERGED_PART * smallest_ms)?;
    let check = at(Integrator::SecondOrder, 2.0 * CONVERGED_PART * smallest_ms)?.against(&converged);
    let mut rows = Vec::new();
    for integrator in [Integrator::Neuron, Integrator::SecondOrder] {
        for dt_ms in &args.dt_ms {
            let (run, wall_ms) = fastest(usize::from(args.repeat.get()), || at(integrator, *dt_ms))?;
            let scheme = Scheme { integrator, dt_ms: *dt_ms };
            rows.push(Row { scheme, accuracy: run.against(&converged), wall_ms });
        }
    }
    words(&format!(
        "model {id}, {step_na} nA, {} compartments; converged: second order at {} ms, {} spikes, the last at {} ms; \
         at twice that step spikes differ by {:.1e} ms",
        plan.n_compartments(),
        CONVERGED_PART * smallest_ms,
        converged.spike_times_ms.len(),
        short(converged.spike_times_ms.last().copied()),
        check.largest_spike_error_ms.unwrap_or(0.0),
    ));
    let finest =
        rows.iter().filter_map(|row| row.accuracy.largest_spike_error_ms).fold(f64::INFINITY, f64::min);
    if check.largest_spike_error_ms.is_some_and(|error_ms| error_ms > CONVERGED_SHARE * finest) {
        words("warning: the run compared with has not converged; give smaller time steps");
    }
    data(&written(args.format, &rows))?;
    advise(&rows, converged.spike_times_ms.len());
    Ok(())
}

fn fastest(
    n_repeats: usize,
    mut run: impl FnMut() -> Result<SchemeRun, Error>,
) -> Result<(SchemeRun, f64), Error> {
    let mut best: Option<(SchemeRun, f64)> = None;
    for _ in 0..n_repeats {
        let start = Instant::now();
        let result = run()?;
        let wall_ms = 1e3 * start.elapsed().as_secs_f64();
        if best.as_ref().is_none_or(|(_, least_ms)| wall_ms < *least_ms) {
            best = Some((result, wall_ms));
        }
    }
    Ok(best.expect("there is at least one run"))
}

fn name(integrator: Integrator) -> &'static str {
    match integrator {
        Integrator::Neuron => "neuron",
        Integrator::SecondOrder => "second-order",
    }
}

fn written(format: Format, rows: &[Row]) -> String {
    match format {
        Format::Json => rows.iter().map(|row| json(row).to_string() + "\n").collect(),
        Format::Table => {
            let header = [
                "integrator",
                "dt_ms",
                "n_spikes",
                "largest_spike_error_ms",
                "last_spike_late_ms",
                "before_spikes_mv",
                "wall_ms",
            ];
            let rows: Vec<Vec<String>> = rows.iter().map(cells_of).collect();
            text_table(&header.map(str::to_owned), &rows)
        }
    }
}

fn json(Row { scheme, accuracy, wall_ms }: &Row) -> serde_json::Value {
    serde_json::json!({
        "integrator": name(scheme.integrator),
        "dt_ms": scheme.dt_ms,
        "n_spikes": accuracy.n_spikes,
        "largest_spike_error_ms": accuracy.largest_spike_error_ms,
        "last_spike_late_ms": accuracy.last_spike_late_ms,
        "before_spikes_mv": accuracy.before_spikes_mv,
        "wall_ms": wall_ms,
    })
}

fn cells_of(Row { scheme, accuracy, wall_ms }: &Row) -> Vec<String> {
    let small = |value: Option<f64>| match value {
        Some(value) if value.abs() < 1e-3 => format!("{value:.1e}"),
        value => short(value),
    };
    vec![
        name(scheme.integrator).to_owned(),
        scheme.dt_ms.to_string(),
        accuracy.n_spikes.to_string(),
        small(accuracy.largest_spike_error_ms),
        small(accuracy.last_spike_late_ms),
        small(Some(accuracy.before_spikes_mv)),
        short(Some(*wall_ms)),
    ]
}

/// Says which step of second order does what NEURON's smallest does.
fn advise(rows: &[Row], n_spikes: usize) {
    let what = if n_spikes > 0 { "spike times" } else { "voltage" };
    let of = |integrator: Integrator| rows.iter().filter(move |row| row.scheme.integrator == integrator);
    let error = |row: &Row| match row.accuracy.largest_spike_error_ms {
        Some(error_ms) => (row.accuracy.n_spikes, error_ms),
        None => (0, row.accuracy.before_spikes_mv),
    };
    for first in of(Integrator::Neuron).filter(|row| error(row).0 == n_spikes) {
        let is_as_exact = |row: &&Row| error(row).0 == n_spikes && error(row).1 <= error(first).1;
        let largest = of(Integrator::SecondOrder)
            .filter(is_as_exact)
            .max_by(|a, b| a.scheme.dt_ms.total_cmp(&b.scheme.dt_ms));
        if let Some(second) = largest {
            words(&format!(
                "second-order at {} ms is at least as exact in {what} as neuron at {} ms and takes {:.2} of its time",
                second.scheme.dt_ms,
                first.scheme.dt_ms,
                second.wall_ms / first.wall_ms
            ));
        }
    }
}
