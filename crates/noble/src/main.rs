//! The command line of `noble`.

use std::process::ExitCode;

fn main() -> ExitCode {
    noble::cli::main()
}
