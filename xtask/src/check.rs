//! Every gate in turn; a failing one does not keep the others from being seen.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::tally::Tally;
use crate::{book, explorer, mpi, python, tidy};

/// A cargo command that passes or fails as a whole.
struct Gate {
    name: &'static str,
    arguments: &'static [&'static str],
    rustdoc_flags: Option<&'static str>,
}

const BEFORE_TESTS: [Gate; 2] = [
    Gate { name: "fmt", arguments: &["fmt", "--all", "--check"], rustdoc_flags: None },
    Gate {
        name: "clippy",
        arguments: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        rustdoc_flags: None,
    },
];
/// What a default build leaves out; checked where its compiler and library are installed.
const OF_MPI: Gate = Gate {
    name: "clippy with MPI",
    arguments: &[
        "clippy",
        "--package",
        "noble",
        "--features",
        "mpi",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ],
    rustdoc_flags: None,
};
const AFTER_TESTS: [Gate; 1] = [Gate {
    name: "doc",
    arguments: &["doc", "--workspace", "--no-deps"],
    rustdoc_flags: Some("-D warnings"),
}];
const TESTS: [&str; 3] = ["test", "--workspace", "--no-fail-fast"];

/// Runs every gate from the workspace folder and counts gates and tests.
pub(crate) fn run(root: &Path) -> Tally {
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    let missing = mpi::missing();
    let of_mpi = missing.is_none().then_some(OF_MPI);
    for gate in BEFORE_TESTS.into_iter().chain(of_mpi) {
        let has_passed = pass(root, &gate);
        note(gate.name, has_passed, &mut failed);
        tally.gate(has_passed);
    }
    let tests = test(root);
    note("tests", tests.is_clean(), &mut failed);
    tally.add(tests);
    for gate in AFTER_TESTS {
        let has_passed = pass(root, &gate);
        note(gate.name, has_passed, &mut failed);
        tally.gate(has_passed);
    }
    heading("Python package");
    let is_current = python::commands_are_current(root);
    note("functions of the Python package", is_current, &mut failed);
    tally.gate(is_current);
    let without_python = python::missing();
    if without_python.is_none() {
        let of_python = python::run(root);
        note("Python package", of_python.is_clean(), &mut failed);
        tally.add(of_python);
    }
    heading("explorer");
    let without_browser = explorer::missing();
    if without_browser.is_none() {
        let of_page = explorer::run(root);
        note("explorer", of_page.is_clean(), &mut failed);
        tally.add(of_page);
    }
    heading("book");
    let of_book = book::run(root, without_python.is_none());
    note("book", of_book.is_clean(), &mut failed);
    tally.add(of_book);
    heading("tidy");
    failed.extend(tidy::run(root, &mut tally));
    println!();
    if let Some(missing) = missing {
        println!("the MPI part was not checked, as there is no {missing}");
    }
    if let Some(missing) = without_browser {
        println!("the page of the explorer was not checked, as there is no {missing}");
    }
    if let Some(missing) = without_python {
        println!("the Python package was not checked, as there is no {missing}");
    }
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    tally
}

fn note(name: &str, has_passed: bool, failed: &mut Vec<String>) {
    if !has_passed {
        failed.push(name.to_owned());
    }
}

fn heading(what: &str) {
    println!("\n== {what}");
}

fn pass(root: &Path, gate: &Gate) -> bool {
    heading(&format!("cargo {}", gate.arguments.join(" ")));
    let mut command = cargo(root, gate.arguments);
    if let Some(flags) = gate.rustdoc_flags {
        command.env("RUSTDOCFLAGS", flags);
    }
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("{} cannot be started: {error}", gate.name);
            false
        }
    }
}

/// Counts of all test binaries. A build that fails, a binary that dies without a result and a run without any test
/// count as one failure.
fn test(root: &Path) -> Tally {
    heading(&format!("cargo {}", TESTS.join(" ")));
    let (tally, has_succeeded) = counted(root).unwrap_or_else(|error| {
        println!("tests cannot be started: {error}");
        (Tally::default(), false)
    });
    judged(tally, has_succeeded)
}

/// Streams the output of the tests and sums their results.
fn counted(root: &Path) -> std::io::Result<(Tally, bool)> {
    let mut child = cargo(root, &TESTS).stdout(Stdio::piped()).spawn()?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.add(Tally::of_test_line(&line).unwrap_or_default());
        }
    }
    Ok((tally, child.wait()?.success()))
}

fn judged(mut tally: Tally, has_succeeded: bool) -> Tally {
    let has_run = tally.n_passed + tally.n_failed > 0;
    if tally.is_clean() && !(has_succeeded && has_run) {
        println!("cargo test failed without a failing test: see the build or the crash above");
        tally.gate(false);
    }
    tally
}

/// Lines of a program's output, printed as they come.
pub(crate) fn echoed(child: &mut Child) -> impl Iterator<Item = String> {
    let lines = child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
    lines.map_while(Result::ok).inspect(|line| println!("{line}"))
}

/// The program that tests outside of cargo drive: the one that the tests before have built.
pub(crate) const PROGRAM: &str = "target/debug/noble";

/// A cargo command in the workspace folder.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_a_failure_without_failing_test_is_counted() {
        let check = |n_passed, n_failed, has_succeeded, expected_failed| {
            let found = judged(Tally { n_passed, n_failed }, has_succeeded);
            assert_eq!(found, Tally { n_passed, n_failed: expected_failed });
        };
        check(5, 0, true, 0);
        check(5, 0, false, 1);
        check(5, 2, false, 2);
        check(0, 0, true, 1);
        check(0, 0, false, 1);
    }
}
