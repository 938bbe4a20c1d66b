//! `noble channels`.

mod check;
mod list;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use noble_cell::catalog::{channel_text, find_set, set_names};
use noble_data::channel::{Imported, import_nmodl};

use super::inputs::MechanismsArg;
use super::terminal::{data, words};
use crate::{Error, files};

/// List ion channels, and write channels of your own
///
/// Without a subcommand: every channel and ion pool of the catalog by the name that parameter files use, with its
/// parameters; the end of a parameter's name is its unit. A channel of your own is a TOML file of formulas. Start from
/// `show` or `import`, look at it with `check`, and give it to a command that takes a cell as --channels FILE.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  \
    noble channels --mechanisms bbp\n  \
    noble channels show Ih > Ih.toml\n  \
    noble channels check Ih.toml\n  \
    noble simulate --channels Ih.toml --step-na=-0.1")]
pub(super) struct ChannelsArgs {
    #[command(subcommand)]
    command: Option<ChannelsCommand>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum ChannelsCommand {
    Show(ShowArgs),
    Import(ImportArgs),
    Check(check::CheckArgs),
}

/// Print the file of a built-in channel, to start from
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    noble channels show SKv3_1 --mechanisms bbp > SKv3_1.toml")]
struct ShowArgs {
    /// Name in parameter files
    #[arg(value_name = "NAME")]
    name: String,
    /// Catalog that the name belongs to [default: the first that has it, in the order allen, bbp, yao2022]
    #[arg(long, value_enum)]
    mechanisms: Option<MechanismsArg>,
}

/// Convert a density mechanism in NMODL
///
/// What differs from NEURON is noted on stderr. Statements that cannot be taken over are listed with their lines, and
/// nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    noble channels import Kdr.mod --out Kdr.toml")]
struct ImportArgs {
    /// NMODL file
    #[arg(value_name = "MOD")]
    file: PathBuf,
    /// File to write [default: stdout]
    #[arg(long, value_name = "TOML")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &ChannelsArgs) -> Result<(), Error> {
    match &args.command {
        None => list::run(&args.list),
        Some(ChannelsCommand::Show(args)) => show(args),
        Some(ChannelsCommand::Import(args)) => import(args),
        Some(ChannelsCommand::Check(args)) => check::run(args),
    }
}

/// Sets asked for.
fn sets(mechanisms: Option<MechanismsArg>) -> Vec<&'static str> {
    mechanisms.map_or_else(|| set_names().collect(), |mechanisms| vec![mechanisms.name()])
}

fn show(args: &ShowArgs) -> Result<(), Error> {
    let sets = sets(args.mechanisms);
    let texts = sets.iter().filter_map(|set| Some((*set, channel_text(set, &args.name)?)));
    let texts: Vec<(&str, String)> = texts.collect();
    let Some((set, text)) = texts.first() else {
        let all = sets.iter().flat_map(|set| find_set(set).unwrap_or_default());
        let mut known: Vec<&str> = all.map(|mechanism| mechanism.name.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let what = format!("there is no channel {} in {}", args.name, sets.join(", "));
        return Err(Error::usage(what, format!("choose among {}", known.join(", "))));
    };
    let others = texts.iter().filter(|(_, other)| other != text).map(|(set, _)| *set);
    let others = others.collect::<Vec<_>>().join(", ");
    if !others.is_empty() {
        words(&format!("note: {} of {set}; {others}: another of that name, see --mechanisms", args.name));
    }
    data(text)
}

fn import(args: &ImportArgs) -> Result<(), Error> {
    let path = &args.file;
    let imported = import_nmodl(&text_of(path)?);
    let Imported { channel, notes } = imported.map_err(|error| Error::from(error).in_file(path))?;
    notes.iter().for_each(|note| words(&format!("note: {}: {note}", path.display())));
    let Some(out) = &args.out else { return data(&channel.to_toml()) };
    files::write(out, channel.to_toml().as_bytes())?;
    words(&format!("channel {} in {}", channel.name, out.display()));
    Ok(())
}

/// The text of a file; where it is not UTF-8, as old files with degrees and micrometers in their comments, every byte
/// is a character of Latin-1.
fn text_of(path: &Path) -> Result<String, Error> {
    String::from_utf8(files::read(path)?).or_else(|error| {
        words(&format!("note: {}: not UTF-8, read as Latin-1", path.display()));
        Ok(error.as_bytes().iter().copied().map(char::from).collect())
    })
}
