//! The Python package: its functions are those of the command line, it installs as its users install it, its tests pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::check::{PROGRAM, cargo, echoed};
use crate::tally::Tally;

/// Written by an example from the options of the command line.
const COMMANDS: &str = "bindings/python/python/noble/commands.py";
const WRITER: [&str; 5] = ["run", "--quiet", "--package", "noble", "--example"];
/// Where the package is, and where it is installed for its tests.
const PACKAGE: &str = "bindings/python";
const ENVIRONMENT: &str = "target/python";

/// What the tests need and this machine lacks.
pub(crate) fn missing() -> Option<&'static str> {
    let is_there = Command::new("python3")
        .args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    (!is_there).then_some("python3 of 3.11 or later with venv")
}

/// Whether the functions are those of the command line.
pub(crate) fn commands_are_current(root: &Path) -> bool {
    let written = cargo(root, &WRITER).arg("python_commands").output();
    let kept = fs::read(root.join(COMMANDS)).unwrap_or_default();
    match written {
        Ok(written) if written.status.success() && written.stdout == kept => true,
        Ok(written) if written.status.success() => {
            println!("{COMMANDS} is not current; write it again:");
            println!("cargo {} python_commands > {COMMANDS}", WRITER.join(" "));
            false
        }
        Ok(written) => {
            println!("{}", String::from_utf8_lossy(&written.stderr));
            false
        }
        Err(error) => {
            println!("cargo cannot be started: {error}");
            false
        }
    }
}

/// Python of the environment that the package is installed into.
pub(crate) fn interpreter(root: &Path) -> PathBuf {
    root.join(ENVIRONMENT).join("bin/python")
}

/// Installs the package into a fresh environment, and runs its tests and the type checker.
pub(crate) fn run(root: &Path) -> Tally {
    let mut tally = Tally::default();
    let environment = root.join(ENVIRONMENT);
    let _ = fs::remove_dir_all(&environment);
    let binary = |name: &str| environment.join("bin").join(name);
    let is_installed = done(Command::new("python3").arg("-m").arg("venv").arg(&environment))
        && done(
            Command::new(binary("pip"))
                .args(["install", "--quiet", "--disable-pip-version-check"])
                .arg(format!("{}[test]", root.join(PACKAGE).display())),
        );
    tally.gate(is_installed);
    if is_installed {
        let types = Command::new(binary("mypy")).current_dir(root.join(PACKAGE)).status();
        tally.gate(types.is_ok_and(|status| status.success()));
        tally.add(tests(root, &interpreter(root)));
    }
    tally
}

fn done(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("{}: {error}", command.get_program().display());
            false
        }
    }
}

/// Streams the tests and reads their last line.
fn tests(root: &Path, python: &Path) -> Tally {
    let mut command = Command::new(python);
    command.args(["-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]);
    command.current_dir(root.join(PACKAGE)).env("NOBLE_BINARY", root.join(PROGRAM)).stdout(Stdio::piped());
    let failed = Tally { n_passed: 0, n_failed: 1 };
    let Ok(mut child) = command.spawn() else { return failed };
    let mut tally = None;
    for line in echoed(&mut child) {
        tally = of_summary(&line).or(tally);
    }
    let has_succeeded = child.wait().is_ok_and(|status| status.success());
    tally.filter(|tally| has_succeeded || !tally.is_clean()).unwrap_or(failed)
}

/// Counts of a line such as `3 failed, 31 passed, 1 warning in 2.05s`; `None` for any other.
fn of_summary(line: &str) -> Option<Tally> {
    let (counts, _) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
    let mut tally = Tally::default();
    for part in counts.split(", ") {
        match part.split_once(' ')? {
            (count, "passed") => tally.n_passed = count.parse().ok()?,
            (count, "failed" | "error" | "errors") => tally.n_failed += count.parse::<usize>().ok()?,
            (count, _) => _ = count.parse::<usize>().ok()?,
        }
    }
    (tally.n_passed + tally.n_failed > 0).then_some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_summaries_are_counted() {
        let check = |line: &str, expected: Option<(usize, usize)>| {
            let found = of_summary(line).map(|tally| (tally.n_passed, tally.n_failed));
            assert_eq!(found, expected, "{line}");
        };
        check("31 passed in 2.05s", Some((31, 0)));
        check("3 failed, 31 passed, 1 warning in 2.05s", Some((31, 3)));
        check("==== 1 failed, 2 errors in 0.10s ====", Some((0, 3)));
        check("no tests ran in 0.01s", None);
        check("FAILED tests/test_efel.py::test_x - in 3 places", None);
    }
}
