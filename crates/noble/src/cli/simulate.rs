//! `noble simulate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use noble_data::ModelId;
use noble_data::sweeps::Precision;

use super::inputs::{CellArgs, ProtocolArgs, amplitudes, first_members, protocol_of};
use super::output::out_path;
use super::terminal::{Bar, on_threads, words};
use crate::figure::{TracePanel, TracesFigure, axis, traces_svg};
use crate::{Cells, Error, Protocol, embedded_operator, files, simulate_sweeps};

/// Current-clamp sweeps of a cell, solved as NEURON solves them
///
/// Writes an NPZ file with time_ms [t], step_na [n], v_mv [n, t] (float64) and, with several parameter sets,
/// model [n]. Rows go by model, then by amplitude.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble simulate --step-na 0.1,0.2\n  \
    noble simulate --morphology cell.swc --cell fit.json --axon stub1 --step-na=-0.1,0.2 --out traces.npz\n  \
    noble simulate --morphology cell.swc --cell hof_params.json --hof all --step-na 0.3 --figure traces.svg")]
pub(super) struct SimulateArgs {
    #[command(flatten)]
    cell: CellArgs,
    /// The first N models in the order of the embedded operator (embedded cell only)
    #[arg(long, value_name = "N", conflicts_with_all = ["cell", "models", "hof"])]
    members: Option<usize>,
    /// Amplitudes of the current step in nA
    #[arg(long, value_name = "NA,…", value_delimiter = ',', allow_hyphen_values = true, default_values_t = [0.15])]
    step_na: Vec<f64>,
    #[command(flatten)]
    protocol: ProtocolArgs,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Sweeps side by side on a core; results do not depend on it [default: by the number of sweeps, at most 16]
    #[arg(long, value_name = "N")]
    lanes: Option<NonZeroUsize>,
    /// File to write [default: noble-out/traces.npz]
    #[arg(long, value_name = "NPZ")]
    out: Option<PathBuf>,
    /// Also draw the traces into this SVG file
    #[arg(long, value_name = "SVG")]
    figure: Option<PathBuf>,
}

pub(super) fn run(args: &SimulateArgs) -> Result<(), Error> {
    let steps_na = amplitudes(&args.step_na)?;
    let (cells, ids, base) = chosen(args)?;
    let protocol = args.protocol.protocol(base)?;
    let mut sweeps = on_threads(args.threads, || {
        simulate_sweeps(&cells, &ids, &steps_na, &protocol, args.lanes, &Bar::new())
    })?;
    if cells.models.len() == 1 {
        sweeps.models = None;
    }
    let out = out_path(args.out.as_deref(), "traces.npz");
    files::write(&out, &sweeps.to_npz(Precision::Double)?)?;
    words(&format!("{} sweeps of {} models in {}", sweeps.n_sweeps(), ids.len(), out.display()));
    if let Some(path) = &args.figure {
        files::write(path, figure(&sweeps, &ids, steps_na.len()).as_bytes())?;
        words(&format!("traces drawn in {}", path.display()));
    }
    Ok(())
}

/// Cells, the models to run in order, and the protocol that the options change.
fn chosen(args: &SimulateArgs) -> Result<(Cells, Vec<ModelId>, Protocol), Error> {
    let mut cells = args.cell.cells()?;
    if !args.cell.is_embedded() {
        let ids = args.cell.ids(&cells)?.unwrap_or_else(|| cells.models.keys().copied().collect());
        if args.cell.ids(&cells)?.is_none() && ids.len() > 1 {
            let what = format!("the file holds {} parameter sets", ids.len());
            return Err(Error::usage(what, "choose with --hof K, --hof all or --models ID,…"));
        }
        return Ok((cells, ids, Protocol::default()));
    }
    let operator = embedded_operator()?;
    let ids = match args.cell.ids(&cells)? {
        Some(ids) => ids,
        None => first_members(operator.card(), args.members.unwrap_or(1))?,
    };
    cells.select(&ids)?;
    Ok((cells, ids, protocol_of(operator.card())))
}

/// One panel per sweep, the first ones where there are many.
fn figure(sweeps: &noble_data::Sweeps, ids: &[ModelId], n_steps: usize) -> String {
    const MOST_PANELS: usize = 12;
    let panel = |row: usize| TracePanel {
        label: format!(
            "{} nA · model {}",
            axis::number(sweeps.step_na[row].unwrap_or(0.0), 3),
            ids[row / n_steps]
        ),
        times_ms: sweeps.times_ms.clone(),
        reference_v_mv: sweeps.v_mv.row(row).to_vec(),
        predicted_v_mv: Vec::new(),
    };
    traces_svg(&TracesFigure {
        title: "Simulated voltage".to_owned(),
        subtitle: format!("{} of {} sweeps", sweeps.n_sweeps().min(MOST_PANELS), sweeps.n_sweeps()),
        reference_label: "simulated".to_owned(),
        predicted_label: String::new(),
        panels: (0..sweeps.n_sweeps().min(MOST_PANELS)).map(panel).collect(),
        zoom: None,
    })
}
