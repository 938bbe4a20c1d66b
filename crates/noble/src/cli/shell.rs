//! `noble completions` and `noble manual`: what the shell and `man` know of the commands, made from their options.

use std::path::PathBuf;

use clap::Args;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::terminal::{data, words};
use crate::{Error, files};

/// Completions of all commands and options for a shell, on stdout
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble completions bash > ~/.local/share/bash-completion/completions/noble\n  \
    noble completions zsh > ~/.zfunc/_noble\n  \
    noble completions fish > ~/.config/fish/completions/noble.fish")]
pub(super) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run_completions(args: &CompletionsArgs) -> Result<(), Error> {
    let mut text = Vec::new();
    generate(args.shell, &mut super::command(), "noble", &mut text);
    data(&String::from_utf8_lossy(&text))
}

/// Manual pages of all commands, for `man`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    noble manual --out ~/.local/share/man/man1 && man noble-fit")]
pub(super) struct ManualArgs {
    /// Folder to write: noble.1, noble-simulate.1 and so on; without it noble.1 goes to stdout
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn run_manual(args: &ManualArgs) -> Result<(), Error> {
    let mut all = super::command();
    all.build();
    let Some(folder) = &args.out else { return data(&String::from_utf8_lossy(&page(all)?)) };
    let mut n_pages = 1;
    for command in all.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("noble-{}", command.get_name());
        files::write(&folder.join(format!("{name}.1")), &page(command.clone())?)?;
        n_pages += 1;
    }
    files::write(&folder.join("noble.1"), &page(all)?)?;
    words(&format!("{n_pages} pages in {}", folder.display()));
    Ok(())
}

fn page(command: clap::Command) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    Man::new(command).render(&mut text).map_err(|error| Error::Internal { what: error.to_string() })?;
    Ok(text)
}
