//! `unsafe` lives only where a reason is on record.

use super::Finding;
use super::code::{masked, tokens};
use super::repository::{Repository, Source};

/// File, and why it must. Each block carries its own `// SAFETY:`.
const ALLOWED: [(&str, &str); 13] = [
    (
        "crates/noble-operator/src/kernel/mod.rs",
        "calls functions compiled for AVX-512 or AVX2 and FMA after these were detected",
    ),
    (
        "crates/noble-operator/src/kernel/avx2.rs",
        "AVX2 and FMA instructions, which take most of the time of a network",
    ),
    (
        "crates/noble-operator/src/kernel/avx512.rs",
        "AVX-512 instructions, which take most of the time of a network",
    ),
    (
        "crates/noble-features/src/scan/prefix.rs",
        "calls a function compiled for AVX2 after it was detected, which halves the time of counting spikes",
    ),
    (
        "crates/noble-cell/src/lanes/mod.rs",
        "calls functions compiled for AVX-512 and AVX2 after both were detected",
    ),
    (
        "crates/noble-cell/src/lanes/x86.rs",
        "AVX-512 and AVX2 instructions, which take all of the time of a simulation",
    ),
    ("crates/noble-cell/src/lanes/portable.rs", "registers of plain numbers, read and written as those are"),
    ("crates/noble-cell/src/lanes/tests.rs", "reads and writes registers to judge them"),
    ("crates/noble-cell/src/lanes/pair.rs", "two registers, read and written as one is"),
    ("crates/noble-cell/src/lanes/single.rs", "one number, read and written as a register is"),
    (
        "crates/noble-cell/src/program/execute.rs",
        "operations on blocks whose lengths are checked once before",
    ),
    (
        "crates/noble-cell/src/program/native/mod.rs",
        "enters instructions made at run time, which take two fifths of the time of the interpreter that judges them",
    ),
    ("crates/noble-cell/src/solve.rs", "rows of lanes whose lengths are checked once before"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let sources = repository.sources.iter().filter(|source| source.is_rust());
    sources.filter(|source| !ALLOWED.iter().any(|(path, _)| *path == source.path)).filter_map(first).collect()
}

/// The first `unsafe` of a file.
fn first(source: &Source) -> Option<Finding> {
    let code = masked(&source.text);
    let token = tokens(&code).into_iter().find(|token| ["unsafe", "unsafe_code"].contains(&token.text))?;
    let remedy = "write it safely, or add the file and its reason to xtask/src/tidy/unsafety.rs";
    Some(Finding::new(&source.path, token.line, "unsafe code in a file without reason on record", remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_unsafe_is_found_in_code_only() {
        let lines = |text: &str| -> Vec<usize> {
            check(&Repository::of(&[("crates/a/src/b.rs", text)]))
                .iter()
                .map(|finding| finding.line)
                .collect()
        };
        assert_eq!(lines("fn a() {\n    unsafe { b() }\n}"), [2]);
        assert_eq!(lines("#![allow(unsafe_code)]"), [1]);
        assert_eq!(lines("// unsafe\nconst A: &str = \"unsafe\";"), [0; 0]);
    }

    #[test]
    fn invariant_every_exception_has_a_reason() {
        assert!(ALLOWED.iter().all(|(path, reason)| path.ends_with(".rs") && !reason.is_empty()));
    }
}
