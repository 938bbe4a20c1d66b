//! `noble merge`.

use std::path::PathBuf;

use clap::Args;

use super::terminal::words;
use crate::Error;
use crate::merge::merge;

/// Parts that --shard wrote, put together into what one process would have written
///
/// Parts are folders of `noble generate --shard`, files of `noble simulate --shard` or states of `noble fit --shard`. They
/// stay as they are; what is missing, changed or foreign is named and nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble merge dataset.shard-*-of-4 --out dataset\n  \
    noble merge traces.shard-*-of-4.npz --out traces.npz\n  \
    noble merge cell.fit.shard-*-of-3.json --out cell.fit.json")]
pub(super) struct MergeArgs {
    /// Every part
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
    /// Folder or file to write; it must not exist
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
}

pub(super) fn run(args: &MergeArgs) -> Result<(), Error> {
    let what = merge(&args.parts, &args.out)?;
    words(&format!("{}: {what}", args.out.display()));
    Ok(())
}
