//! `noble evaluate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use noble_data::dataset::Split;
use noble_operator::Operator;

use super::inputs::operator;
use super::output::out_path;
use super::terminal::{data, on_threads, words};
use crate::evaluate::{REPORT, compare, evaluation_pages, evaluation_text, group_reports};
use crate::generate::DatasetFolder;
use crate::{Error, files};

/// Compare an operator with the simulator on held-out traces
///
/// Prints voltage error, who fires and who does not (no trace is dropped), spike counts and feature errors, for
/// unseen currents of known models and for unseen models. Writes report.json, traces.csv, traces.svg, fi.svg and
/// latent.svg.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble evaluate --operator noble-out/operator.safetensors --dataset noble-out/dataset\n  \
    noble evaluate --operator pvalb.safetensors --dataset pvalb-dataset --split validation --out report")]
pub(super) struct EvaluateArgs {
    /// Operator to judge [default: noble-out/operator.safetensors, or the embedded one where that is absent]
    #[arg(long, value_name = "SAFETENSORS")]
    operator: Option<PathBuf>,
    /// Dataset with the simulator's traces [default: noble-out/dataset]
    #[arg(long, value_name = "FOLDER")]
    dataset: Option<PathBuf>,
    /// Which held-out traces
    #[arg(long, value_enum, default_value = "test")]
    split: SplitArg,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Accepted for symmetry with the other stages; nothing here is random
    #[arg(long, value_name = "N", hide = true)]
    seed: Option<u64>,
    /// Accepted for symmetry with the other stages; the whole report is made again
    #[arg(long, hide = true)]
    resume: bool,
    /// Folder to write [default: noble-out/evaluation]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SplitArg {
    Validation,
    Test,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
}

pub(super) fn run(args: &EvaluateArgs) -> Result<(), Error> {
    let operator = chosen_operator(args)?;
    let dataset = DatasetFolder::open(&out_path(args.dataset.as_deref(), "dataset"))?;
    let split = match args.split {
        SplitArg::Validation => Split::Validation,
        SplitArg::Test => Split::Test,
    };
    let traces = on_threads(args.threads, || compare(&operator, &dataset, split))?;
    let evaluation = group_reports(&traces);
    let folder = out_path(args.out.as_deref(), "evaluation");
    let pages = evaluation_pages(operator.card(), &traces, &evaluation)?;
    for (name, text) in &pages {
        files::write(&folder.join(name), text.as_bytes())?;
    }
    match args.format {
        Format::Json => data(&format!("{}\n", pages[REPORT]))?,
        Format::Table => data(&evaluation_text(&evaluation))?,
    }
    let names: Vec<&str> = pages.keys().copied().collect();
    words(&format!("{} in {}", names.join(", "), folder.display()));
    Ok(())
}

fn chosen_operator(args: &EvaluateArgs) -> Result<Operator, Error> {
    let path = out_path(args.operator.as_deref(), "operator.safetensors");
    if args.operator.is_none() && !path.exists() {
        words(&format!("{} is absent: judging the embedded operator", path.display()));
        return operator(None);
    }
    operator(Some(&path))
}
