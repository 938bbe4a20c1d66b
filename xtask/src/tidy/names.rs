//! A room is named after what is in it.

use super::Finding;
use super::code::{masked, tokens};
use super::repository::{Repository, Source};

const EMPTY_NAMES: [&str; 6] = ["core", "common", "util", "utils", "misc", "types"];
const REMEDY: &str = "name it after the one idea it holds";

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let modules = repository.sources.iter().filter(|source| source.is_rust()).flat_map(check_modules);
    modules.chain(repository.paths.iter().filter_map(|path| check_path(path))).collect()
}

/// Modules within a file; those with a file of their own are found by path.
fn check_modules(source: &Source) -> Vec<Finding> {
    let code = masked(&source.text);
    let tokens = tokens(&code);
    let inline = tokens.windows(3).filter(|three| three[0].text == "mod" && three[2].text == "{");
    inline
        .filter(|three| EMPTY_NAMES.contains(&three[1].text))
        .map(|three| {
            Finding::new(
                &source.path,
                three[1].line,
                format!("module `{}` says nothing", three[1].text),
                REMEDY,
            )
        })
        .collect()
}

/// Source files and folders, and folders of crates.
fn check_path(path: &str) -> Option<Finding> {
    let (folder, last) = path.rsplit_once('/')?;
    let is_crate = folder == "crates";
    let is_source = format!("{folder}/").contains("/src/") && (last.ends_with(".rs") || !last.contains('.'));
    let stem = last.trim_end_matches(".rs");
    let name = if is_crate { stem.rsplit('-').next().unwrap_or(stem) } else { stem };
    let is_empty = (is_crate || is_source) && EMPTY_NAMES.contains(&name);
    is_empty.then(|| Finding::new(path, 1, format!("name `{last}` says nothing"), REMEDY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_empty_names_are_found() {
        let check = |path: &str, text: &str, n_expected: usize| {
            assert_eq!(super::check(&Repository::of(&[(path, text)])).len(), n_expected, "{path} {text}");
        };
        check("crates/a/src/utils.rs", "", 1);
        check("crates/a/src/common/x.rs", "", 1);
        check("crates/noble-core/src/x.rs", "", 1);
        check("crates/a/src/x.rs", "mod types { }", 1);
        check("crates/a/src/x.rs", "// mod types { }\nmod b {}\nuse core::fmt;", 0);
        check("docs/common.md", "", 0);
        check("crates/noble-cell/src/cable.rs", "", 0);
    }
}
