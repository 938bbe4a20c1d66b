//! `noble convert`.

use std::path::PathBuf;

use clap::Args;
use noble_data::sweeps::Precision;

use super::sweep_input::SweepInputArgs;
use super::terminal::{counted, words};
use crate::convert::{SessionNotes, change_time, to_nwb, to_sweeps, with_currents};
use crate::{Error, files};

/// Sweeps from one file format into another: recordings and simulations as NWB 2, or as arrays
///
/// Reads what `noble extract` reads. `.nwb` gets voltage and current of every sweep in double precision, with the
/// protocol's step as current where an array file states one; `.npz` and `.csv` get sweeps of one length and rate.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble convert cell.abf cell.nwb --description \"Layer 5 pyramidal cell, long steps\"\n  \
    noble convert noble-out/traces.npz simulated.nwb\n  \
    noble convert cell.nwb steps.npz --sweeps 0-15")]
pub(super) struct ConvertArgs {
    /// File of sweeps: .abf, .nwb, .npz or .csv
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File to write: .nwb, .npz or .csv
    #[arg(value_name = "OUT")]
    out: PathBuf,
    #[command(flatten)]
    input: SweepInputArgs,
    /// Replace OUT if it is there
    #[arg(long)]
    overwrite: bool,
    /// What was done, in a sentence (.nwb)
    #[arg(long, value_name = "TEXT", default_value = "intracellular recording under current clamp")]
    description: String,
    /// Start of the session, such as 2026-01-31T09:30:00+01:00 (.nwb) [default: when FILE was last changed]
    #[arg(long, value_name = "TIME")]
    session_start: Option<String>,
}

pub(super) fn run(args: &ConvertArgs) -> Result<(), Error> {
    let ending = args.out.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
    check_out(args)?;
    let file = args.input.read(&args.file)?;
    args.input.introduce(&args.file, &file);
    let bytes = match ending.as_deref() {
        Some("nwb") => {
            let start_time = args.session_start.clone().unwrap_or_else(|| change_time(&args.file));
            words(&format!("session starts {start_time}; in the file every sweep starts at 0 ms"));
            let notes = SessionNotes { description: args.description.clone(), start_time };
            let name = args.file.file_stem().unwrap_or_default().to_string_lossy();
            to_nwb(&file, &name, &notes)?
        }
        Some("npz") => to_sweeps(&file)?.to_npz(Precision::Double)?,
        Some("csv") => to_sweeps(&with_currents(&file))?.to_csv()?,
        _ => {
            let what = format!("{} is neither .nwb, .npz nor .csv", args.out.display());
            return Err(Error::usage(what, "name a file of one of these formats"));
        }
    };
    files::write(&args.out, &bytes)?;
    words(&format!("{} in {}", counted(file.sweeps.len(), "sweep"), args.out.display()));
    Ok(())
}

/// A recording is never written over by accident, its own file never at all.
fn check_out(args: &ConvertArgs) -> Result<(), Error> {
    let (file, out) = (args.file.canonicalize(), args.out.canonicalize());
    if let (Ok(file), Ok(out)) = (file, out)
        && file == out
    {
        let what = format!("{} is the file that is read", args.out.display());
        return Err(Error::usage(what, "give OUT another name"));
    }
    if args.out.exists() && !args.overwrite {
        let what = format!("{} exists", args.out.display());
        return Err(Error::usage(what, "give OUT another name, or --overwrite"));
    }
    Ok(())
}
