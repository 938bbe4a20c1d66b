//! `noble export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::inputs::CellArgs;
use super::output::out_path;
use super::terminal::{counted, words};
use crate::Error;
use crate::export::{ExportLayout, export_models};

/// Models as parameter files of other programs: Allen JSON, or BluePyOpt's three files
///
/// What the layout has no place for, such as the rule for the axon, is printed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble export --to allen --out noble-out/allen\n  \
    noble export --morphology cell.swc --cell cell.hall_of_fame.json --models 0,3 --to bluepyopt --out models")]
pub(super) struct ExportArgs {
    #[command(flatten)]
    cell: CellArgs,
    /// Layout
    #[arg(long, value_enum, default_value = "allen")]
    to: LayoutArg,
    /// Folder to write [default: noble-out/export]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LayoutArg {
    /// K.json of each model, and hof_params.json of all
    Allen,
    /// K/values.json, K/parameters.json and K/mechanisms.json of each model
    Bluepyopt,
}

pub(super) fn run(args: &ExportArgs) -> Result<(), Error> {
    let cells = args.cell.cells()?;
    let layout = match args.to {
        LayoutArg::Allen => ExportLayout::Allen,
        LayoutArg::Bluepyopt => ExportLayout::BluePyOpt,
    };
    let folder = out_path(args.out.as_deref(), "export");
    let notes = export_models(&cells, layout, &folder)?;
    notes.iter().for_each(|note| words(&format!("note: {note}")));
    words(&format!("{} in {}", counted(cells.models.len(), "model"), folder.display()));
    Ok(())
}
