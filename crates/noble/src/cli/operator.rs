//! `noble operator`.

use std::io::Cursor;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand};
use ndarray::{Array3, Ix3};
use ndarray_npy::{NpzReader, NpzWriter};
use noble_data::sweeps::{MOST_NPZ_BYTES, check_npz_size};
use noble_operator::{CpuEngine, Engine, Network, SampleInput};

use super::inputs::operator;
use super::operator_convert::{self, ConvertArgs};
use super::terminal::{data, on_threads, words};
use crate::{Error, files};

/// Work with the network of an operator itself
#[derive(Debug, Args)]
pub(super) struct OperatorArgs {
    #[command(subcommand)]
    command: OperatorCommand,
}

#[derive(Debug, Subcommand)]
enum OperatorCommand {
    Forward(ForwardArgs),
    Convert(Box<ConvertArgs>),
    Show(ShowArgs),
}

/// Print the header of an operator file: units, grid, models, errors, provenance
#[derive(Debug, Args)]
struct ShowArgs {
    /// Operator file [default: the embedded one]
    #[arg(value_name = "SAFETENSORS")]
    file: Option<PathBuf>,
}

/// Run a bare network on an array
///
/// Takes neuraloperator's state dict as .pth or .safetensors (complex weights as C64 or float32 [..., 2]); the
/// architecture is read from names and shapes. Nothing in a .pth file is executed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    noble operator forward --weights weights.pth --input x.npz --out y.npz --repeat 10")]
struct ForwardArgs {
    /// Weights, a PyTorch or safetensors file
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// NPZ with x [b, c, t] float32
    #[arg(long, value_name = "NPZ")]
    input: PathBuf,
    /// NPZ to write, with y [b, 1, t] float32
    #[arg(long, value_name = "NPZ")]
    out: PathBuf,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Run this many times and print the time per trace
    #[arg(long, value_name = "R")]
    repeat: Option<usize>,
}

pub(super) fn run(args: &OperatorArgs) -> Result<(), Error> {
    match &args.command {
        OperatorCommand::Forward(args) => on_threads(args.threads, || forward(args)),
        OperatorCommand::Convert(args) => operator_convert::run(args),
        OperatorCommand::Show(args) => show(args),
    }
}

fn show(args: &ShowArgs) -> Result<(), Error> {
    let operator = operator(args.file.as_deref())?;
    for warning in operator.card().training_aliases(operator.card().grid) {
        words(&format!("warning: {warning}"));
    }
    let text = serde_json::to_string_pretty(operator.card());
    data(&format!("{}\n", text.map_err(|error| Error::Internal { what: error.to_string() })?))
}

fn forward(args: &ForwardArgs) -> Result<(), Error> {
    let network = files::read_with(&args.weights, Network::from_file_bytes)?;
    let x = files::read_with(&args.input, read_input)?;
    let (n_batch, n_channels, n_samples) = x.dim();
    let expected = network.architecture().in_channels;
    if n_channels != expected {
        let what = format!("x has {n_channels} channels, the network takes {expected}");
        return Err(Error::usage(what, "give x without the grid channel, which the network adds"));
    }
    let engine = CpuEngine::new(&network, n_samples)?;
    let values = x.as_slice().ok_or_else(|| Error::Internal { what: "x is not contiguous".to_owned() })?;
    let inputs: Vec<SampleInput<'_>> =
        values.chunks(n_channels * n_samples).map(SampleInput::Channels).collect();
    let mut times_ms = Vec::new();
    let mut y = vec![0.0; n_batch * n_samples];
    for _ in 0..args.repeat.unwrap_or(1).max(1) {
        let started = Instant::now();
        engine.predict(&inputs, &mut y);
        times_ms.push(1e3 * started.elapsed().as_secs_f64());
    }
    if args.repeat.is_some() {
        data(&timing(&mut times_ms, n_batch))?;
    }
    let y = Array3::from_shape_vec((n_batch, 1, n_samples), y)
        .map_err(|error| Error::Internal { what: error.to_string() })?;
    files::write(&args.out, &packed(&y)?)?;
    words(&format!("y [{n_batch}, 1, {n_samples}] in {}", args.out.display()));
    Ok(())
}

fn read_input(bytes: &[u8]) -> Result<Array3<f32>, Error> {
    let wrong = |error: ndarray_npy::ReadNpzError| {
        Error::usage(format!("array x: {error}"), "give an NPZ file with x [b, c, t] of float32")
    };
    check_npz_size(bytes, MOST_NPZ_BYTES)?;
    let mut npz = NpzReader::new(Cursor::new(bytes)).map_err(wrong)?;
    let x: ndarray::Array<f32, Ix3> = npz.by_name("x").map_err(wrong)?;
    if x.is_empty() {
        return Err(Error::usage(format!("array x has shape {:?}", x.dim()), "give at least one sample"));
    }
    Ok(x.as_standard_layout().into_owned())
}

#[expect(clippy::cast_precision_loss, reason = "a small count")]
fn timing(times_ms: &mut [f64], n_traces: usize) -> String {
    times_ms.sort_by(f64::total_cmp);
    let per_trace = |time_ms: f64| time_ms / n_traces as f64;
    let median = times_ms[times_ms.len() / 2];
    format!("min {:.3} ms median {:.3} ms per trace\n", per_trace(times_ms[0]), per_trace(median))
}

fn packed(y: &Array3<f32>) -> Result<Vec<u8>, Error> {
    let failed = |error: ndarray_npy::WriteNpzError| Error::Internal { what: error.to_string() };
    let mut npz = NpzWriter::new_compressed(Cursor::new(Vec::new()));
    npz.add_array("y", y).map_err(failed)?;
    Ok(npz.finish().map_err(failed)?.into_inner())
}
