//! Nothing unfinished and nothing of one machine stays in the repository.

use super::Finding;
use super::code::masked;
use super::repository::{Repository, Source};

/// Folders of one machine; written in parts, so that this file does not hold them.
const FOLDERS: [&str; 4] =
    [concat!("/", "work/"), concat!("/", "root/"), concat!("/", "tmp/"), concat!("/", "home/")];
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Unfinished code.
const UNFINISHED: [(&str, &str); 3] = [
    (concat!("todo", "!"), "write the code"),
    (concat!("unimplemented", "!"), "write the code"),
    (concat!("#[ig", "nore"), "mend the test or delete it"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    repository.sources.iter().flat_map(check_file).collect()
}

fn check_file(source: &Source) -> Vec<Finding> {
    let code = if source.is_rust() { masked(&source.text) } else { String::new() };
    let mut code_lines = code.lines();
    let mut findings = Vec::new();
    for (line_idx, line) in source.text.lines().enumerate() {
        let code_line = code_lines.next().unwrap_or_default();
        let found = check_line(line).into_iter().chain(check_code(code_line));
        findings.extend(found.map(|(what, remedy)| Finding::new(&source.path, line_idx + 1, what, remedy)));
    }
    findings
}

/// An unfinished mark without issue number, a folder of one machine.
fn check_line(line: &str) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    if let Some(mark) = MARKS.into_iter().find(|mark| has_word(line, mark) && !has_issue(line)) {
        found.push((format!("{mark} without issue number"), "add the number as #123, or do it"));
    }
    if let Some(folder) = FOLDERS.into_iter().find(|folder| has_folder(line, folder)) {
        found.push((format!("path `{folder}` of one machine"), "write a path relative to the repository"));
    }
    found
}

fn check_code(code_line: &str) -> Option<(String, &'static str)> {
    let (pattern, remedy) = UNFINISHED.into_iter().find(|(pattern, _)| code_line.contains(pattern))?;
    Some((format!("`{pattern}`"), remedy))
}

fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        !is_letter(line[..at].chars().next_back()) && !is_letter(line[at + word.len()..].chars().next())
    })
}

fn has_issue(line: &str) -> bool {
    line.match_indices('#').any(|(at, _)| line[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
}

/// An absolute path: no letter, dot or slash stands before it.
fn has_folder(line: &str, folder: &str) -> bool {
    let is_path = |c: char| c.is_alphanumeric() || "._-~$}/*".contains(c);
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(is_path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_found(path: &str, text: &str) -> usize {
        check(&Repository::of(&[(path, text)])).len()
    }

    #[test]
    fn analytic_marks_and_folders_are_found() {
        let check = |path: &str, text: &str| assert_eq!(n_found(path, text), 1, "{text}");
        check("a.rs", concat!("// TO", "DO: later"));
        check("a.py", concat!("x = 1  # FIX", "ME"));
        check("a.md", concat!("see `/", "work/a`"));
        check("a.rs", concat!("const A: &str = \"/", "tmp/a\";"));
        check("a.rs", concat!("fn a() { todo", "!() }"));
        check("a.rs", concat!("    #[ig", "nore = \"slow\"]"));
    }

    #[test]
    fn analytic_finished_text_passes() {
        let check = |path: &str, text: &str| assert_eq!(n_found(path, text), 0, "{text}");
        check("a.rs", concat!("// TO", "DO(#12): later"));
        check("a.md", concat!("net/", "work/a and https://a.org/", "home/b"));
        check("a.md", concat!("`todo", "!` is a macro"));
        check("a.rs", concat!("// no todo", "! here"));
    }
}
