//! Rules of the house that no compiler holds: one file and one line in [`RULES`] each.

mod arrows;
mod code;
mod lengths;
mod licenses;
mod links;
mod names;
mod provenance;
mod repository;
mod suffixes;
mod surface;
mod unsafety;

use std::fmt;
use std::path::Path;

use repository::Repository;

use crate::tally::Tally;

/// A rule finds what breaks it.
type Rule = fn(&Repository) -> Vec<Finding>;

const RULES: [(&str, Rule); 9] = [
    ("arrows", arrows::check),
    ("lengths", lengths::check),
    ("surface", surface::check),
    ("suffixes", suffixes::check),
    ("provenance", provenance::check),
    ("names", names::check),
    ("licenses", licenses::check),
    ("unsafe", unsafety::check),
    ("links", links::check),
];

/// A place that breaks a rule, printed as `path:line: what; remedy`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
    remedy: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.remedy)
    }
}

/// Applies every rule, counts each as one gate and returns the names of those that failed.
pub(crate) fn run(root: &Path, tally: &mut Tally) -> Vec<String> {
    let repository = match Repository::read(root) {
        Ok(repository) => repository,
        Err(error) => {
            println!("tidy cannot read {}: {error}", root.display());
            tally.gate(false);
            return vec!["tidy".to_owned()];
        }
    };
    let mut failed = Vec::new();
    for (name, rule) in RULES {
        let mut findings = rule(&repository);
        findings.sort();
        for finding in &findings {
            println!("{finding}");
        }
        let verdict = if findings.is_empty() { "ok".to_owned() } else { format!("{} found", findings.len()) };
        println!("tidy {name}: {verdict}");
        tally.gate(findings.is_empty());
        if !findings.is_empty() {
            failed.push(format!("tidy {name}"));
        }
    }
    failed
}
