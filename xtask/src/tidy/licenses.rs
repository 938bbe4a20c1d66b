//! Every crate carries the license of the workspace.

use super::Finding;
use super::repository::Repository;

const LINE: &str = "license.workspace = true";

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let crates = repository
        .sources
        .iter()
        .filter(|source| source.is_manifest() && source.text.lines().any(|line| line.trim() == "[package]"));
    crates
        .filter(|source| !source.text.lines().any(|line| line.trim() == LINE))
        .map(|source| Finding::new(&source.path, 1, "no license", format!("write {LINE} below [package]")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_crates_without_license_are_found() {
        let check = |text: &str, n_expected: usize| {
            assert_eq!(super::check(&Repository::of(&[("crates/a/Cargo.toml", text)])).len(), n_expected);
        };
        check("[package]\nname = \"a\"\nlicense.workspace = true\n", 0);
        check("[package]\nname = \"a\"\n", 1);
        check("[workspace]\nmembers = []\n", 0);
    }
}
