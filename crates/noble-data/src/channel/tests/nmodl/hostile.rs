//! No text makes the importer panic, hang or give what a channel file could not hold.

use proptest::prelude::*;

use super::{PERMEABILITY, POOL, SODIUM, THREE};
use crate::ChannelModel;
use crate::channel::import_nmodl;

/// Imports; what comes through is a channel that its own file gives back.
fn survives(source: &str) {
    if let Ok(imported) = import_nmodl(source) {
        let text = imported.channel.to_toml();
        let again = ChannelModel::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again, imported.channel);
    }
}

/// A file whose BREAKPOINT and functions are given.
fn file(breakpoint: &str, rest: &str) -> String {
    format!(
        "NEURON {{ SUFFIX x NONSPECIFIC_CURRENT i }} BREAKPOINT {{ {breakpoint} i = y * (v + 65) }} {rest}"
    )
}

#[test]
fn invariant_work_is_bounded() {
    let deep = |open: &str, inner: &str, close: &str| open.repeat(100_000) + inner + &close.repeat(100_000);
    survives(&file(&format!("y = {}", deep("(", "1", ")")), ""));
    survives(&file(&format!("y = {}1", "-".repeat(100_000)), ""));
    survives(&file(&format!("y = {}1", "!".repeat(100_000)), ""));
    survives(&file(&format!("y = 1 {}", "+ v * v".repeat(50_000)), ""));
    survives(&file(&format!("y = 1 {}", "y = y * y + v ".repeat(20_000)), ""));
    survives(&file(&deep("if (v > 1) {", "y = 1", "}"), ""));
    survives(&file(&format!("y = 1 {}", "if (v > y) { y = y + 1 } ".repeat(5_000)), ""));
    survives(&file("y = f(v)", "FUNCTION f(x) { f = f(x - 1) + f(x - 2) }"));
    survives(&file(
        "y = f(v)",
        &format!("FUNCTION f(x) {{ f = 1 {} }}", "if (x > f) { f = f * f + 1 } ".repeat(500)),
    ));
    let chain: String = (0..40)
        .map(|idx| format!("FUNCTION f{idx}(x) {{ f{idx} = f{0}(x) + f{0}(x + 1) }} ", idx + 1))
        .collect();
    survives(&file("y = f0(v)", &format!("{chain} FUNCTION f40(x) {{ f40 = x }}")));
    let condition = "(v > 1 && v < 2) || ".repeat(29) + "v > 3";
    survives(&file(&format!("if ({condition}) {{ y = 1 }} else {{ y = 2 }}"), ""));
    survives(&file("y = f(v)", &format!("FUNCTION f(x) {{ {} }}", deep("if (x > 0) {", "f = f(x)", "}"))));
    survives(&file(&format!("y = 1 PROCEDURE {} ", "{ ".repeat(1000)), ""));
}

#[test]
fn invariant_nested_calls_do_not_exhaust_the_stack() {
    let nested = "1 + (".repeat(50) + "g(x)" + &")".repeat(50);
    let rest: String = (0..20)
        .map(|idx| {
            format!("FUNCTION f{idx}(x) {{ f{idx} = {} }} ", nested.replace('g', &format!("f{}", idx + 1)))
        })
        .collect();
    survives(&file("y = f0(v)", &format!("{rest} FUNCTION f20(x) {{ f20 = x }}")));
}

/// Words that make more of a mutation than letters would.
const WORDS: [&str; 24] = [
    "{", "}", "(", ")", "if", "else", "=", "'", "~", "<->", "v", "cai", "m", "SOLVE", "STATE {", "1e308",
    "0", "-", "/", "^", "exp(", "LOCAL x", "\u{e9}", ":",
];

proptest! {
    #[test]
    fn invariant_random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn invariant_random_words_never_panic(words in proptest::collection::vec(0..WORDS.len(), 0..60)) {
        let words: Vec<&str> = words.into_iter().map(|idx| WORDS[idx]).collect();
        survives(&file(&words.join(" "), ""));
        survives(&words.join(" "));
    }

    #[test]
    fn invariant_mutated_files_never_panic(
        which in 0_usize..4,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..WORDS.len(), 0_usize..12), 1..6),
    ) {
        let mut text: Vec<char> = [SODIUM, THREE, POOL, PERMEABILITY][which].chars().collect();
        for (place, word, n_removed) in edits {
            let start = place.index(text.len());
            let end = (start + n_removed).min(text.len());
            text.splice(start..end, WORDS[word].chars());
        }
        survives(&text.into_iter().collect::<String>());
    }
}
