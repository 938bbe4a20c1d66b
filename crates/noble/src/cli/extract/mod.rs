//! `noble extract`.

mod show;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use noble_features::Feature;

use super::sweep_input::{DefinitionArgs, SweepInputArgs, gathered, places};
use super::terminal::{data, on_threads, words};
use crate::Error;
use crate::features::{
    ExtractSettings, Missing, SweepFeatures, extract_sweeps, features_named, summary_features,
};
use crate::sweep_file::FileSweep;

/// Electrophysiology features of every sweep of a file, with eFEL's names and definitions
///
/// Reads recordings (ABF 1 and 2, NWB 2 under current clamp) and arrays (NPZ with time_ms [t], step_na [n], v_mv [n, t];
/// CSV with time_ms, then one column ending in _mv per sweep and, if known, one ending in _na). The window of the stimulus
/// comes from the options, else from the recorded or rebuilt current or the array file, else, for arrays only, 15 to
/// 415 ms is assumed; what was used is printed. `noble features` lists the features.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble extract noble-out/traces.npz\n  \
    noble extract cell.abf --list\n  \
    noble extract cell.nwb --mode precise --features AP1_width,AHP_depth,sag_amplitude --format csv\n  \
    noble extract recording.csv --stim-start-ms 100 --stim-end-ms 600 --set Threshold=-30 --format json")]
pub(super) struct ExtractArgs {
    /// File of sweeps: .abf, .nwb, .npz or .csv
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Features by eFEL's names, or all (in a table and in CSV without the samples: time, voltage, current)
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_value = "all")]
    features: Vec<String>,
    /// Only list the sweeps
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    input: SweepInputArgs,
    #[command(flatten)]
    definition: DefinitionArgs,
    /// What a missing value looks like: none, or eFEL's nan, inf and empty lists as well
    #[arg(long, value_enum, default_value = "none")]
    missing: MissingArg,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MissingArg {
    /// Finite values or null
    None,
    /// eFEL's own conventions
    Efel,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The sweeps, then aligned columns, means of lists
    Table,
    /// One list of all sweeps, every value
    Json,
    /// One object per line
    Jsonl,
    /// Means, comma-separated
    Csv,
}

/// A sweep and what came of it.
type Row<'a> = (&'a FileSweep, Result<SweepFeatures, Error>);

pub(super) fn run(args: &ExtractArgs) -> Result<(), Error> {
    let asked = asked(args)?;
    let settings = settings(args)?;
    let file = args.input.read(&args.file)?;
    args.input.introduce(&args.file, &file);
    let extracted = on_threads(args.threads, || Ok(extract_sweeps(&file.sweeps, &asked, &settings)))?;
    let rows: Vec<Row<'_>> = file.sweeps.iter().zip(extracted).collect();
    data(&match args.format {
        Format::Json => show::json(&rows, &asked),
        Format::Jsonl => show::jsonl(&rows, &asked),
        Format::Csv => show::csv(&rows, &asked),
        Format::Table => show::tables(&rows, &asked),
    })?;
    warn(&rows);
    finish(rows, args.list)
}

/// The features; where only their means are shown, `all` leaves out the samples.
fn asked(args: &ExtractArgs) -> Result<Vec<&'static Feature>, Error> {
    let is_all = args.features.iter().any(|name| name == "all");
    match args.format {
        _ if args.list => Ok(Vec::new()),
        Format::Table | Format::Csv if is_all => Ok(summary_features()),
        _ => features_named(&args.features),
    }
}

fn settings(args: &ExtractArgs) -> Result<ExtractSettings, Error> {
    let settings = args.definition.settings()?;
    let missing = match args.missing {
        MissingArg::None => Missing::None,
        MissingArg::Efel => Missing::Efel,
    };
    Ok(ExtractSettings { settings, missing })
}

fn warn(rows: &[Row<'_>]) {
    for (sweep, row) in rows {
        for warning in row.iter().flat_map(|row| &row.warnings) {
            words(&format!("warning: {}: {warning}", sweep.called()));
        }
    }
}

/// The first error of a trace, after the others are said. Where only the window of the stimulus is not known, the sweep
/// is left out with a warning, unless all are.
fn finish(rows: Vec<Row<'_>>, is_list: bool) -> Result<(), Error> {
    let is_all = rows.iter().all(|(_, row)| row.is_err());
    let (mut fatal, mut left_out) = (Vec::new(), Vec::new());
    for (sweep, row) in rows {
        if let Err(error) = row {
            let is_fatal = !is_list && (is_all || sweep.window.is_ok());
            if is_fatal { fatal.push(error) } else { left_out.push((sweep, error)) }
        }
    }
    let reasons = left_out.iter().map(|(sweep, _)| match &sweep.window {
        Err(reason) => (reason.as_str(), sweep.sweep_idx),
        Ok(_) => ("cannot be used", sweep.sweep_idx),
    });
    for (reason, sweeps) in gathered(reasons) {
        let places = match left_out.iter().find(|(sweep, _)| [sweep.sweep_idx] == sweeps[..]) {
            Some((sweep, _)) => sweep.called(),
            None => places(&sweeps, usize::MAX),
        };
        words(&format!(
            "warning: {places} without features: {reason}; give --stim-start-ms and --stim-end-ms"
        ));
    }
    let mut fatal = fatal.into_iter();
    let first = fatal.next();
    fatal.for_each(|error| words(&format!("error: {error}")));
    first.map_or(Ok(()), Err)
}
