//! The book: every page is in its summary, and the commands of its task pages do what they say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::check::PROGRAM;
use crate::python;
use crate::tally::Tally;

const PAGES: &str = "docs";
const SUMMARY: &str = "docs/SUMMARY.md";
const TASKS: &str = "docs/tasks";
/// Where each task runs, in a folder of its own.
const RUNS: &str = "target/book-runs";

/// Languages of the blocks that are run, and how each begins.
const BEGINNINGS: [(&str, &str); 2] = [("sh", "set -euo pipefail\n"), ("python", "")];

/// Looks through the summary and runs every task; Python only where the package was installed.
pub(crate) fn run(root: &Path, has_python: bool) -> Tally {
    let mut tally = Tally::default();
    let forgotten = not_in_summary(root);
    for page in &forgotten {
        println!("{page} is not in {SUMMARY}");
    }
    tally.gate(forgotten.is_empty());
    let tasks = pages(&root.join(TASKS));
    tally.gate(!tasks.is_empty());
    for page in tasks {
        let text = fs::read_to_string(&page).unwrap_or_default();
        let stem = page.file_stem().unwrap_or_default();
        let folder = root.join(RUNS).join(stem);
        let _ = fs::remove_dir_all(&folder);
        let is_made = fs::create_dir_all(&folder).is_ok();
        for (language, beginning) in BEGINNINGS {
            if language == "python" && !has_python {
                continue;
            }
            let script = blocks(&text, language);
            if script.is_empty() {
                println!("{} shows nothing in {language}", page.display());
            }
            let has_passed =
                is_made && !script.is_empty() && execute(root, &folder, language, beginning, &script);
            println!("{} of {}: {}", language, page.display(), if has_passed { "ok" } else { "FAILED" });
            tally.gate(has_passed);
        }
    }
    tally
}

/// Runs the blocks of a page as one script.
fn execute(root: &Path, folder: &Path, language: &str, beginning: &str, script: &str) -> bool {
    let mut command = match language {
        "python" => Command::new(python::interpreter(root)),
        _ => Command::new("bash"),
    };
    let program = root.join(PROGRAM);
    let own = program.parent().into_iter().map(Path::to_path_buf);
    let others = std::env::var_os("PATH").unwrap_or_default();
    let Ok(path) = std::env::join_paths(own.chain(std::env::split_paths(&others))) else { return false };
    let output =
        command.current_dir(folder).env("PATH", path).arg("-c").arg(format!("{beginning}{script}")).output();
    match output {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            for stream in [output.stdout, output.stderr] {
                println!("{}", String::from_utf8_lossy(&stream));
            }
            false
        }
        Err(error) => {
            println!("{language} cannot be started: {error}");
            false
        }
    }
}

/// The text of all blocks of a language.
fn blocks(page: &str, language: &str) -> String {
    let mut script = String::new();
    let mut is_inside = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(rest) => is_inside = !is_inside && rest == language,
            None if is_inside => script += &format!("{line}\n"),
            None => {}
        }
    }
    script
}

/// Pages below the book's folder that its summary does not lead to.
fn not_in_summary(root: &Path) -> Vec<String> {
    let summary = fs::read_to_string(root.join(SUMMARY)).unwrap_or_default();
    let listed: BTreeSet<PathBuf> = summary
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .map(|target| root.join(PAGES).join(target))
        .collect();
    let book = root.join(PAGES);
    let folders = fs::read_dir(&book).into_iter().flatten().flatten().map(|entry| entry.path());
    let folders = folders.filter(|path| path.is_dir()).chain([book.clone()]);
    let all = folders.flat_map(|folder| pages(&folder));
    let is_forgotten = |page: &PathBuf| !listed.contains(page) && *page != root.join(SUMMARY);
    all.filter(is_forgotten).map(|page| page.display().to_string()).collect()
}

/// Markdown files of a folder, in order of their names.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let mut pages: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_page).collect();
    pages.sort();
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_blocks_of_one_language_are_joined() {
        let page = "a\n```sh\none\n```\n```text\nnot\n```\n```python\nb\n```\n```sh\ntwo\n```\n";
        assert_eq!(blocks(page, "sh"), "one\ntwo\n");
        assert_eq!(blocks(page, "python"), "b\n");
        assert_eq!(blocks(page, "toml"), "");
    }
}
