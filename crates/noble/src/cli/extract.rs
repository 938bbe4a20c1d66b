//! `noble extract`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noble_data::Sweeps;
use noble_data::sweeps::StimulusWindow;
use noble_features::Feature;
use serde_json::{Map, Value, json};

use super::table::{csv_table, short, text_table};
use super::terminal::{data, on_threads, words};
use crate::features::{SweepFeatures, extract, features_named};
use crate::{Error, files};

/// Electrophysiology features of every sweep of a file, with eFEL's names and definitions
///
/// Reads NPZ (time_ms [t], step_na [n], v_mv [n, t]) and CSV (time_ms, then one column ending in _mv per sweep and,
/// if known, one ending in _na). The stimulus window comes from the options, else from the file, else 15 to 415 ms
/// is assumed; what was used is printed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble extract noble-out/traces.npz\n  \
    noble extract recording.csv --stim-start-ms 100 --stim-end-ms 600 --features Spikecount,AP1_width --format json")]
pub(super) struct ExtractArgs {
    /// File of sweeps, .npz or .csv
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Features by eFEL's names, or all
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "all")]
    features: Vec<String>,
    /// Onset of the stimulus
    #[arg(long, value_name = "MS", requires = "stim_end_ms")]
    stim_start_ms: Option<f64>,
    /// End of the stimulus
    #[arg(long, value_name = "MS", requires = "stim_start_ms")]
    stim_end_ms: Option<f64>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Aligned columns, means of values per spike
    Table,
    /// One list of all sweeps, every value
    Json,
    /// One object per line
    Jsonl,
    /// Means, comma-separated
    Csv,
}

/// The window of `noble simulate`, assumed where nothing else is known.
const ASSUMED: StimulusWindow = StimulusWindow { start_ms: 15.0, end_ms: 415.0 };

pub(super) fn run(args: &ExtractArgs) -> Result<(), Error> {
    let asked = features_named(&args.features)?;
    let sweeps = read(&args.file)?;
    let window = window(args, &sweeps);
    let extracted = on_threads(args.threads, || extract(&sweeps, &asked, window));
    let rows = extracted.map_err(|error| error.in_file(&args.file))?;
    match args.format {
        Format::Json => data(&format!("{:#}\n", Value::Array(rows.iter().map(object).collect())))?,
        Format::Jsonl => data(&rows.iter().map(|row| format!("{}\n", object(row))).collect::<String>())?,
        Format::Csv => {
            let exact = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let (header, lines) = by_sweep(&rows, &asked, exact);
            data(&csv_table(&header, &lines))?;
        }
        Format::Table => {
            data(&by_feature(&rows, &asked))?;
            warn(&rows);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Sweeps, Error> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("npz") => files::read_with(path, Sweeps::from_npz),
        Some("csv") => files::read_with(path, Sweeps::from_csv),
        _ => Err(Error::usage(
            format!("{} is neither .npz nor .csv", path.display()),
            "convert it to one of them",
        )),
    }
}

fn window(args: &ExtractArgs, sweeps: &Sweeps) -> StimulusWindow {
    let (window, source) = match (args.stim_start_ms, args.stim_end_ms, sweeps.window) {
        (Some(start_ms), Some(end_ms), _) => (StimulusWindow { start_ms, end_ms }, "as typed"),
        (_, _, Some(window)) => (window, "from the file"),
        _ => (ASSUMED, "assumed; give --stim-start-ms and --stim-end-ms if it is another"),
    };
    words(&format!("stimulus from {} to {} ms, {source}", window.start_ms, window.end_ms));
    window
}

fn object(row: &SweepFeatures) -> Value {
    let features: Map<String, Value> =
        row.values.iter().map(|(name, values)| ((*name).to_owned(), json!(values))).collect();
    json!({
        "sweep": row.sweep_idx,
        "current_na": row.step_na,
        "warnings": row.warnings,
        "features": features,
    })
}

fn by_sweep(
    rows: &[SweepFeatures],
    asked: &[&'static Feature],
    format: impl Fn(Option<f64>) -> String,
) -> (Vec<String>, Vec<Vec<String>>) {
    let names = asked.iter().map(|feature| feature.name.to_owned());
    let header = ["sweep".to_owned(), "current_na".to_owned()].into_iter().chain(names).collect();
    let line = |row: &SweepFeatures| {
        let values = asked.iter().map(|feature| format(row.mean(feature.name)));
        [row.sweep_idx.to_string(), format(row.step_na)].into_iter().chain(values).collect()
    };
    (header, rows.iter().map(line).collect())
}

/// Features down, sweeps across, a few sweeps at a time so that lines fit a screen.
fn by_feature(rows: &[SweepFeatures], asked: &[&'static Feature]) -> String {
    const SWEEPS_ACROSS: usize = 8;
    let block = |rows: &[SweepFeatures]| {
        let mut header = vec!["sweep".to_owned(), "unit".to_owned()];
        header.extend(rows.iter().map(|row| row.sweep_idx.to_string()));
        let mut lines = vec![["current".to_owned(), "na".to_owned()].to_vec()];
        lines[0].extend(rows.iter().map(|row| short(row.step_na)));
        for feature in asked {
            let mut line = vec![feature.name.to_owned(), feature.unit_suffix.to_owned()];
            line.extend(rows.iter().map(|row| short(row.mean(feature.name))));
            lines.push(line);
        }
        text_table(&header, &lines)
    };
    rows.chunks(SWEEPS_ACROSS).map(block).collect::<Vec<_>>().join("\n")
}

fn warn(rows: &[SweepFeatures]) {
    for row in rows {
        row.warnings
            .iter()
            .for_each(|warning| words(&format!("warning: sweep {}: {warning}", row.sweep_idx)));
    }
}
