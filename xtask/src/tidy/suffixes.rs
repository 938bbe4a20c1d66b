//! Public names with a physical value end in one of the closed list of units.
//!
//! A compiler cannot know which name has a unit, so the rule looks for the spellings that must not be: those that
//! read two ways (`us`: µs or µS) and those that the closed list spells differently. JSON keys of other programs
//! are strings and are left alone.

use super::Finding;
use super::code::{Token, masked, tokens};
use super::repository::{Repository, Source};

/// Last word of a name, and what to write instead.
const FOREIGN: [(&str, &str); 39] = [
    ("us", "convert to _ms, or write _usiemens"),
    ("mm", "convert to _um, or write _millimolar"),
    ("mohm", "write _megaohm"),
    ("perc", "write _fraction"),
    ("percent", "write _fraction"),
    ("pct", "write _fraction"),
    ("s", "convert to _ms"),
    ("sec", "convert to _ms"),
    ("secs", "convert to _ms"),
    ("seconds", "convert to _ms"),
    ("millis", "write _ms"),
    ("msec", "write _ms"),
    ("millisecond", "write _ms"),
    ("milliseconds", "write _ms"),
    ("micros", "convert to _ms"),
    ("usec", "convert to _ms"),
    ("ns", "convert to _ms"),
    ("volt", "convert to _mv"),
    ("volts", "convert to _mv"),
    ("millivolt", "write _mv"),
    ("millivolts", "write _mv"),
    ("uv", "convert to _mv"),
    ("amp", "convert to _na"),
    ("amps", "convert to _na"),
    ("ampere", "convert to _na"),
    ("nanoamp", "write _na"),
    ("pa", "convert to _na"),
    ("ua", "convert to _na"),
    ("hertz", "write _hz"),
    ("khz", "convert to _hz"),
    ("micron", "write _um"),
    ("microns", "write _um"),
    ("micrometer", "write _um"),
    ("meter", "convert to _um"),
    ("kohm", "convert to _megaohm"),
    ("mol", "convert to _millimolar"),
    ("molar", "convert to _millimolar"),
    ("degc", "write _celsius"),
    ("kelvin", "convert to _celsius"),
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    repository.sources.iter().filter(|source| source.is_rust()).flat_map(check_file).collect()
}

fn check_file(source: &Source) -> Vec<Finding> {
    let code = masked(&source.text);
    let tokens = tokens(&code);
    let mut findings = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.text == "pub" {
            for name in public_names(&tokens[at + 1..]) {
                findings.extend(remedy(name.text).map(|remedy| {
                    Finding::new(&source.path, name.line, format!("unit of `{}`", name.text), remedy)
                }));
            }
        }
    }
    findings
}

/// What to write instead, for a name whose last word is a foreign unit.
///
/// Constants such as `MS_PER_SEC` convert a foreign unit, so they may name it.
fn remedy(name: &str) -> Option<&'static str> {
    let (before, last) = name.rsplit_once('_')?;
    let is_conversion = before.ends_with("_PER");
    if is_conversion || before.is_empty() {
        return None;
    }
    if ["mV", "nA", "Hz", "um", "uF", "mA"].contains(&last) && last != last.to_lowercase() {
        return Some("write the unit in lower case");
    }
    let last = last.to_lowercase();
    FOREIGN.iter().find(|(unit, _)| *unit == last).map(|(_, remedy)| *remedy)
}

/// Names that the item after `pub` declares: itself, its parameters, the fields of its variants.
fn public_names<'a>(after: &[Token<'a>]) -> Vec<Token<'a>> {
    let after = without_scope(after);
    let Some(first) = after.first() else { return Vec::new() };
    let function = after.iter().take(5).position(|token| token.text == "fn");
    let is_qualifier = |token: &Token<'_>| ["const", "async", "unsafe", "extern"].contains(&token.text);
    if let Some(at) = function.filter(|at| after[..*at].iter().all(is_qualifier)) {
        return function_names(&after[at + 1..]);
    }
    match first.text {
        "const" | "static" => {
            after[1..].iter().find(|token| token.text != "mut").copied().into_iter().collect()
        }
        "enum" | "trait" => declared(enclosed(after, "{", "}")),
        _ if after.get(1).is_some_and(|token| token.text == ":") => vec![*first],
        _ => Vec::new(),
    }
}

/// What follows `(crate)`, `(super)` and the like.
fn without_scope<'s, 'a>(after: &'s [Token<'a>]) -> &'s [Token<'a>] {
    match after.first() {
        Some(token) if token.text == "(" => {
            let close = after.iter().position(|token| token.text == ")").unwrap_or(after.len() - 1);
            &after[close + 1..]
        }
        _ => after,
    }
}

/// The name of a function and of its parameters.
fn function_names<'a>(after: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut depth = 0_i32;
    let open = after.iter().position(|token| {
        depth += i32::from(token.text == "<") - i32::from(token.text == ">");
        depth == 0 && token.text == "("
    });
    let mut names: Vec<Token<'a>> = after.first().copied().into_iter().collect();
    if let Some(open) = open {
        names.extend(declared(enclosed(&after[open..], "(", ")")));
    }
    names
}

/// Tokens between the first opening mark and its partner.
fn enclosed<'s, 'a>(tokens: &'s [Token<'a>], open: &str, close: &str) -> &'s [Token<'a>] {
    let Some(start) = tokens.iter().position(|token| token.text == open) else { return &[] };
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        depth += i32::from(token.text == open) - i32::from(token.text == close);
        if depth == 0 {
            return &tokens[start + 1..at];
        }
    }
    &tokens[start + 1..]
}

/// Words before a colon, and names of functions.
fn declared<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let pairs = tokens.windows(2);
    pairs
        .filter_map(|pair| match (pair[0].text, pair[1].text) {
            (_, ":") => Some(pair[0]),
            ("fn", _) => Some(pair[1]),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, String)> {
        let findings = check(&Repository::of(&[("crates/a/src/b.rs", text)]));
        findings.into_iter().map(|finding| (finding.line, finding.what)).collect()
    }

    #[test]
    fn analytic_foreign_units_of_public_names_are_found() {
        let check = |text: &str, line: usize, name: &str| {
            assert_eq!(found(text), [(line, format!("unit of `{name}`"))], "{text}");
        };
        check("pub struct A {\n    pub width_us: f64,\n}", 2, "width_us");
        check("pub(crate) fn wait(a: f64,\n delay_sec: f64) {}", 2, "delay_sec");
        check("pub fn rest_volt<F: Fn(f64) -> f64>(f: F) -> f64 { 0.0 }", 1, "rest_volt");
        check("pub const REST_MM: f64 = 1.0;", 1, "REST_MM");
        check("pub enum A {\n    B {\n        start_perc: f64,\n    },\n}", 3, "start_perc");
        check("pub trait A {\n    fn rate_hertz(&self) -> f64;\n}", 2, "rate_hertz");
        check("pub const fn a(i_pa: f64) {}", 1, "i_pa");
        check("pub struct A {\n    pub v_mV: f64,\n}", 2, "v_mV");
    }

    #[test]
    fn analytic_our_units_and_private_names_pass() {
        let check = |text: &str| assert_eq!(found(text), [], "{text}");
        check("pub struct A {\n    pub v_mv: f64,\n    pub g_s_per_cm2: f64,\n    width_us: f64,\n}");
        check("pub fn a(r_megaohm: f64, i_na: f64) { let t_us: f64 = 1.0; }");
        check("fn a(t_us: f64) {}");
        check("pub const MS_PER_S: f64 = 1e3;");
        check("pub fn a() { b(\"t_us: \"); } // pub t_us: f64");
        check("pub use a::b_us;");
    }
}
