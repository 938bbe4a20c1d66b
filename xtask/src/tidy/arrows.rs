//! Crates need only what lies below them; siblings never import each other.

use super::Finding;
use super::repository::{Repository, Source};

/// Which of our crates a crate may need.
const ARROWS: [(&str, &[&str]); 10] = [
    ("noble-data", &[]),
    ("noble-cell", &["noble-data"]),
    ("noble-features", &["noble-data"]),
    ("noble-operator", &["noble-data"]),
    ("noble-evolve", &[]),
    ("noble", &["noble-data", "noble-cell", "noble-features", "noble-operator", "noble-evolve"]),
    ("noble-reference", &[]),
    ("noble-py", &["noble", "noble-data", "noble-features", "noble-operator"]),
    ("noble-fuzz", &["noble-data", "noble-operator"]),
    ("xtask", &[]),
];
/// Needed by tests alone.
const TEST_SUPPORT: &str = "noble-reference";

const TABLE: &str = "xtask/src/tidy/arrows.rs";

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let manifests = repository.sources.iter().filter(|source| source.is_manifest());
    manifests.flat_map(check_manifest).collect()
}

fn check_manifest(source: &Source) -> Vec<Finding> {
    let Some(name) = package_name(&source.text) else { return Vec::new() };
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
        let what = format!("crate {name} has no place in the table of arrows");
        return vec![Finding::new(&source.path, 1, what, format!("say in {TABLE} what it may need"))];
    };
    let mut findings = Vec::new();
    for need in needs(&source.text) {
        let is_ours = ARROWS.iter().any(|(known, _)| *known == need.name);
        let is_test_support = need.name == TEST_SUPPORT && need.is_dev && name != "xtask";
        if is_ours && !is_test_support && !allowed.contains(&need.name) {
            let what = format!("{name} needs {}", need.name);
            let remedy = if need.name == TEST_SUPPORT {
                "move it to [dev-dependencies]".to_owned()
            } else {
                "move the shared type to noble-data, or join the two in noble".to_owned()
            };
            findings.push(Finding::new(&source.path, need.line, what, remedy));
        }
    }
    findings
}

struct Need<'a> {
    name: &'a str,
    line: usize,
    is_dev: bool,
}

fn package_name(text: &str) -> Option<&str> {
    let package = text.split("[package]").nth(1)?;
    let line = package.lines().find_map(|line| line.trim().strip_prefix("name"))?;
    Some(line.trim_start().strip_prefix('=')?.trim().trim_matches('"'))
}

/// Names below `[dependencies]` and its kin, also as `[dependencies.name]` and for a target.
fn needs(text: &str) -> Vec<Need<'_>> {
    let mut needs = Vec::new();
    let mut section = "";
    for (line_idx, line) in text.lines().enumerate() {
        let (line, line_number) = (line.trim(), line_idx + 1);
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            if let Some((before, name)) = section.rsplit_once("dependencies.") {
                needs.push(Need { name, line: line_number, is_dev: before.ends_with("dev-") });
            }
        } else if section.ends_with("dependencies") && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            needs.push(Need { name, line: line_number, is_dev: section.ends_with("dev-dependencies") });
        }
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, rest: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{name}\"\n\n{rest}");
        let repository = Repository::of(&[("crates/x/Cargo.toml", &text)]);
        check(&repository).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn analytic_arrows_point_down() {
        let check = |name: &str, rest: &str| assert_eq!(found(name, rest), Vec::<String>::new());
        check("noble-cell", "[dependencies]\nnoble-data.workspace = true\nserde = \"1\"\n");
        check("noble-data", "[dev-dependencies]\nnoble-reference.workspace = true\n");
        check("noble", "[dependencies]\nnoble-operator = { path = \"../noble-operator\" }\n");
        check("noble", "[dependencies]\nnoble-evolve.workspace = true\n");
    }

    #[test]
    fn analytic_other_arrows_are_found() {
        let check = |name: &str, rest: &str, expected: &str| {
            let all = found(name, rest);
            assert!(all.len() == 1 && all[0].starts_with(expected), "{all:?} lacks {expected}");
        };
        let place = "crates/x/Cargo.toml";
        check(
            "noble-cell",
            "[dependencies]\nnoble-features.workspace = true\n",
            &format!("{place}:5: noble-cell"),
        );
        check(
            "noble-data",
            "[dependencies.noble-cell]\npath = \"\"\n",
            &format!("{place}:4: noble-data needs"),
        );
        check(
            "noble-cell",
            "[dev-dependencies]\nnoble-operator = \"1\"\n",
            &format!("{place}:5: noble-cell"),
        );
        check(
            "noble",
            "[dependencies]\nnoble-reference.workspace = true\n",
            &format!("{place}:5: noble needs"),
        );
        check(
            "noble-evolve",
            "[dependencies]\nnoble-data.workspace = true\n",
            &format!("{place}:5: noble-evolve needs noble-data"),
        );
        check("noble-new", "", &format!("{place}:1: crate noble-new has no place"));
        check(
            "xtask",
            "[target.'cfg(unix)'.dependencies]\nnoble-data = \"1\"\n",
            &format!("{place}:5: xtask"),
        );
    }
}
