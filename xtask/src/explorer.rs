//! The page of `noble explore`: what the program embeds is what the sources give, and a browser can use it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::check::{PROGRAM, echoed};
use crate::tally::Tally;

/// Sources of the page, and what is built of them.
const SOURCES: &str = "explorer";
const BUILT: &str = "crates/noble/assets/explorer";
const FILES: [&str; 3] = ["index.html", "app.js", "app.css"];

/// What the tests need and this machine lacks.
pub(crate) fn missing() -> Option<&'static str> {
    let is_there = |program: &str| {
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    if !is_there("npm") {
        return Some("npm");
    }
    (!browser().is_file()).then_some("Chromium; CHROMIUM names its program where it is not /usr/bin/chromium")
}

fn browser() -> PathBuf {
    std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from)
}

/// Builds the page anew, compares, and drives it in a browser.
pub(crate) fn run(root: &Path) -> Tally {
    let mut tally = Tally::default();
    let folder = root.join(SOURCES);
    let before = built(root);
    let is_built = npm(&folder, &["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        && npm(&folder, &["run", "build"]);
    let is_current = is_built && built(root) == before;
    if is_built && !is_current {
        println!("{BUILT} is not what {SOURCES} gives; it has been built anew: look at it and keep it");
    }
    tally.gate(is_current);
    if is_built {
        tally.add(tests(root, &folder));
    }
    tally
}

fn built(root: &Path) -> Vec<Option<Vec<u8>>> {
    FILES.map(|file| fs::read(root.join(BUILT).join(file)).ok()).to_vec()
}

fn npm(folder: &Path, arguments: &[&str]) -> bool {
    match Command::new("npm").args(arguments).current_dir(folder).status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("npm cannot be started: {error}");
            false
        }
    }
}

/// Streams the tests of the browser and counts them.
fn tests(root: &Path, folder: &Path) -> Tally {
    let failed = Tally { n_passed: 0, n_failed: 1 };
    let child = Command::new("node")
        .args(["--test", "--test-reporter=tap", "tests/"])
        .current_dir(folder)
        .env("NOBLE_BINARY", root.join(PROGRAM))
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else { return failed };
    let mut tally = Tally::default();
    for line in echoed(&mut child) {
        match of_line(&line) {
            Some((Count::Passed, n)) => tally.n_passed = n,
            Some((Count::Failed, n)) => tally.n_failed += n,
            None => {}
        }
    }
    let has_succeeded = child.wait().is_ok_and(|status| status.success());
    let is_whole = tally.n_passed + tally.n_failed > 0 && has_succeeded == tally.is_clean();
    if is_whole { tally } else { failed }
}

#[derive(Debug, PartialEq, Eq)]
enum Count {
    Passed,
    Failed,
}

/// Counts of lines such as `# pass 11` and `# fail 0`.
fn of_line(line: &str) -> Option<(Count, usize)> {
    let (name, count) = line.strip_prefix("# ")?.split_once(' ')?;
    let count = count.parse().ok()?;
    match name {
        "pass" => Some((Count::Passed, count)),
        "fail" | "cancelled" => Some((Count::Failed, count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_tap_lines_are_counted() {
        assert_eq!(of_line("# pass 11"), Some((Count::Passed, 11)));
        assert_eq!(of_line("# fail 2"), Some((Count::Failed, 2)));
        assert_eq!(of_line("# cancelled 1"), Some((Count::Failed, 1)));
        assert_eq!(of_line("# tests 14"), None);
        assert_eq!(of_line("ok 1 - narrow and dark"), None);
    }
}
