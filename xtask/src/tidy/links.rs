//! Links of the documents to files of the repository lead somewhere.

use super::Finding;
use super::repository::{Repository, Source};

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let documents = repository.sources.iter().filter(|source| source.is_markdown());
    documents.flat_map(|source| check_file(source, repository)).collect()
}

fn check_file(source: &Source, repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_code = false;
    for (line_idx, line) in source.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        for target in targets(line).into_iter().filter(|_| !is_code) {
            let path = target.split('#').next().unwrap_or_default();
            let is_there = path.is_empty()
                || resolved(&source.path, path)
                    .is_some_and(|path| path.is_empty() || repository.paths.contains(&path));
            if !is_there {
                let what = format!("link to `{target}` leads nowhere");
                findings.push(Finding::new(
                    &source.path,
                    line_idx + 1,
                    what,
                    "name a file of the repository",
                ));
            }
        }
    }
    findings
}

/// Targets of `[text](target)` outside inline code that name no other site.
fn targets(line: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let mut is_code = false;
    for (at, _) in line.char_indices() {
        let rest = &line[at..];
        is_code ^= rest.starts_with('`');
        let Some(inside) = rest.strip_prefix("](").filter(|_| !is_code) else { continue };
        let target = inside.split([')', ' ']).next().unwrap_or_default();
        if !target.contains("://") && !target.starts_with("mailto:") {
            targets.push(target.trim_matches(['<', '>']));
        }
    }
    targets
}

/// A path relative to the document as one relative to the workspace; `None` where it leaves the workspace.
fn resolved(document: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_links_are_followed() {
        let check = |text: &str, n_expected: usize| {
            let files = [("docs/a.md", text), ("docs/b.md", ""), ("crates/x/src/lib.rs", "")];
            assert_eq!(super::check(&Repository::of(&files)).len(), n_expected, "{text}");
        };
        check("[b](b.md) and [code](../crates/x/src/lib.rs) in [x](../crates/x/)", 0);
        check("[b](b.md#part) [here](#part) [site](https://a.org/b) ![up](..)", 0);
        check("[no](c.md) and ![no](../c.svg)", 2);
        check("[out](../../c.md)", 1);
        check("`[no](c.md)`\n```\n[no](c.md)\n```", 0);
    }
}
