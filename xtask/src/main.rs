//! Repository tasks: `cargo xtask check` runs every gate, `tidy` the rules of the house alone, `book` its tasks.
//!
//! Continuous integration runs exactly `check`, so what passes here passes there. No dependencies: the gate must
//! build before anything else does.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task reports on the terminal")]

mod book;
mod check;
mod explorer;
mod mpi;
mod python;
mod tally;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tally::Tally;

const USAGE: &str = "usage: cargo xtask <task>

  check   format, clippy, tests, documentation, Python, explorer, book, tidy; the last line is `N passed, N failed`
  book    the commands of the book's task pages, with what check has built
  tidy    the rules of the house: arrows, lengths, names, units, licenses, links";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tally = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => check::run(&root()),
        ["book"] => book::run(&root(), python::interpreter(&root()).is_file()),
        ["tidy"] => tidied(&root()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    println!("{tally}");
    if tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tidied(root: &Path) -> Tally {
    let mut tally = Tally::default();
    tidy::run(root, &mut tally);
    tally
}

/// Folder of the workspace, whatever folder the task was called from.
fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).parent().expect("xtask lies in a folder of the workspace").to_path_buf()
}
