//! `lib.rs` is a table of contents: crate docs, `mod` lines and `use` lines.

use super::Finding;
use super::code::masked;
use super::repository::{Repository, Source};

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let libraries = repository.sources.iter().filter(|source| source.path.ends_with("src/lib.rs"));
    libraries.filter_map(check_file).collect()
}

/// The first line that is none of the allowed.
fn check_file(source: &Source) -> Option<Finding> {
    let code = masked(&source.text);
    let mut is_inside_use = false;
    for (line_idx, line) in code.lines().enumerate() {
        let line = line.trim();
        let item = line.strip_prefix("pub ").unwrap_or(line);
        let begins_use = item.starts_with("use ");
        let is_allowed = is_inside_use
            || begins_use
            || line.is_empty()
            || line.starts_with('#')
            || (item.starts_with("mod ") && item.ends_with(';'));
        if !is_allowed {
            let shown = source.text.lines().nth(line_idx).unwrap_or_default().trim();
            let what = format!("lib.rs holds `{shown}`");
            return Some(Finding::new(
                &source.path,
                line_idx + 1,
                what,
                "move it to a module and re-export it",
            ));
        }
        is_inside_use = (is_inside_use || begins_use) && !line.ends_with(';');
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_found(text: &str) -> Option<usize> {
        check(&Repository::of(&[("crates/a/src/lib.rs", text)])).first().map(|finding| finding.line)
    }

    #[test]
    fn analytic_docs_mod_and_use_pass() {
        let text = "//! Docs `fn a() {}`.\n#![no_std]\n\npub mod a;\n#[cfg(test)]\nmod b;\n/// Docs.\npub use a::{\n    B, C,\n};\nuse b::D;\n";
        assert_eq!(line_found(text), None);
    }

    #[test]
    fn analytic_items_are_found() {
        assert_eq!(line_found("//! A.\n\npub fn a() {}\n"), Some(3));
        assert_eq!(line_found("mod a {\n}\n"), Some(1));
        assert_eq!(line_found("use a::B;\nconst A: u8 = 1;\n"), Some(2));
    }
}
