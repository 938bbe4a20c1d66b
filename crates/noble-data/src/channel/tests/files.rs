use proptest::prelude::*;

use super::{catalog, catalog_files};
use crate::ChannelModel;
use crate::channel::Range;

const HEAD: &str = "format_version = 1\nname = \"x\"\nsummary = \"x\"\nsource = \"x\"\n";
const CURRENT: &str = "[[currents]]\nion = \"sodium\"\nconductance_s_per_cm2 = \"1\"\n";

fn error_of(text: &str) -> String {
    match ChannelModel::read(text.as_bytes()) {
        Ok(channel) => panic!("accepted: {channel:?}"),
        Err(error) => error.to_string(),
    }
}

/// The error of a head, these lines from line 5, and one current.
fn check(middle: &str, expected: &str) {
    let found = error_of(&format!("{HEAD}{middle}{CURRENT}"));
    let found = found.strip_prefix("channel file: ").unwrap();
    assert_eq!(found, expected, "{middle}");
}

#[test]
fn analytic_shape_errors_name_line_path_and_remedy() {
    check(
        "[gate.m]\n",
        "line 5, gate: key is unknown; use format_version, name, summary, source, temperature, parameters, lets, gates, scheme, concentration, currents",
    );
    check(
        "[gates.m]\nalpha = 1\n",
        "line 6, gates.m.alpha: key is unknown; use alpha_per_ms, beta_per_ms, steady, tau_ms",
    );
    check(
        "[gates.m]\nalpha_per_ms = 1\n",
        "line 5, gates.m.beta_per_ms: is missing; write beta_per_ms = \"a formula\"",
    );
    check(
        "[gates.m]\nalpha_per_ms = 1\ntau_ms = 2\n",
        "line 5, gates.m: has rates and a steady state; write alpha_per_ms and beta_per_ms, or steady and tau_ms",
    );
    check("[gates]\nm = 3\n", "line 6, gates.m: is of type integer; write [gates.m]");
    check(
        "[gates.m]\nsteady = true\ntau_ms = 2\n",
        "line 6, gates.m.steady: is of type boolean; write a formula in quotes",
    );
    check(
        "[gates.m]\nsteady = \"1 +\"\ntau_ms = 2\n",
        "line 6, gates.m.steady: column 4 of `1 +`: the end where a value belongs; write a number, a name, a function or `(`",
    );
}

#[test]
fn analytic_parameter_and_current_errors_name_line_path_and_remedy() {
    check(
        "[parameters.g]\n",
        "line 5, parameters.g: `g` does not say its unit; end it in one of _celsius, _hz, _hz_per_na, _ma_per_cm2, _megaohm, _millimolar, _ms, _mv, _mv_per_ms, _na, _ohm_cm, _per_ms, _s_per_cm2, _uf_per_cm2, _um, _um2, _usiemens, or write unit = \"none\"",
    );
    check(
        "[parameters.g_mv]\nunit = \"none\"\n",
        "line 5, parameters.g_mv: `g_mv` has a unit and has none; rename it, or delete unit",
    );
    check(
        "[parameters.g_mv]\nunit = \"mV\"\n",
        "line 6, parameters.g_mv.unit: \"mV\" is not known; end the name in its unit, or write unit = \"none\" for a pure number",
    );
    check(
        "[parameters.g_mv]\nat_least = 1\n",
        "line 6, parameters.g_mv.at_least: only zero can be a bound; write at_least = 0",
    );
    check(
        "[parameters.g_mv]\nat_least = 0\nabove = 0\n",
        "line 5, parameters.g_mv: has both at_least and above; keep one: above = 0 excludes zero",
    );
    check(
        "[parameters.g_mv]\nabove = 0\ndefault = 0\n",
        "line 5, parameters.g_mv: default 0 is not a finite number greater than zero; mend the default or the range",
    );
    check(
        "[parameters.g_mv]\ndefault = nan\n",
        "line 6, parameters.g_mv.default: is not a finite number; write a number such as 0.5",
    );
    check(
        "[parameters.\"g.\\n_mv\"]\n",
        "line 5, parameters.\"g.\\n_mv\": \"g.\\n_mv\" is not a name; use letters, digits and _, a letter first, at most 64",
    );
    check(
        "[[currents]]\nion = \"chloride\"\n",
        "line 6, currents[0].ion: ion \"chloride\" is unknown; write sodium, potassium or calcium; leave it out for a mixture",
    );
    check(
        "[[currents]]\nion = \"sodium\"\n",
        "line 5, currents[0]: says nothing; write conductance_s_per_cm2, or current_ma_per_cm2",
    );
    check(
        "[[currents]]\nconductance_s_per_cm2 = 1\n",
        "line 5, currents[0]: has no reversal potential; write reversal_mv, or name the ion",
    );
}

#[test]
fn analytic_name_errors_name_line_path_and_remedy() {
    let gate = |formula: &str| format!("[gates.m]\nsteady = \"{formula}\"\ntau_ms = 1\n");
    check(
        &gate("vv"),
        "line 6, gates.m.steady: name `vv` is unknown; use one of calcium_current_ma_per_cm2, calcium_millimolar, calcium_outside_millimolar, calcium_reversal_mv, celsius, faraday, gas, m, potassium_reversal_mv, sodium_reversal_mv, v",
    );
    check(
        &gate("q"),
        "line 6, gates.m.steady: `q` has no meaning; write [temperature] with q10 and reference_celsius",
    );
    let rate_remedy = "let a rate depend on v, calcium_millimolar and parameters";
    check(&gate("m"), &format!("line 6, gates.m.steady: `m` cannot be used here; {rate_remedy}"));
    check(
        &format!("[lets]\na = \"b\"\nb = \"m + 1\"\n{}", gate("2 * a")),
        &format!("line 9, gates.m.steady: `m`, behind a let, cannot be used here; {rate_remedy}"),
    );
    check(
        &gate("calcium_current_ma_per_cm2"),
        &format!("line 6, gates.m.steady: `calcium_current_ma_per_cm2` cannot be used here; {rate_remedy}"),
    );
    check(
        "[lets]\nx = \"1\"\nv = \"1\"\n",
        "line 7, lets.v: `v` is the name of a built-in name already; choose another name",
    );
    check(
        "[lets]\nexp = \"1\"\n",
        "line 6, lets.exp: `exp` is the name of a function already; choose another name",
    );
    check(
        &format!("[lets]\nm = \"1\"\n{}", gate("1")),
        "line 7, gates.m: `m` is the name of a let already; choose another name",
    );
    check(
        "[lets]\na = \"b\"\nb = \"1 + c\"\nc = \"a\"\n",
        "line 6, lets.a: needs itself, in the circle a, b, c; break the circle",
    );
    check("[lets]\na = \"a\"\n", "line 6, lets.a: needs itself, in the circle a; break the circle");
    check(
        "[temperature]\nq10 = 2\nreference_celsius = 20\n",
        "line 5, temperature: no formula uses q; multiply the rates that it speeds by q, or delete [temperature]",
    );
    check(
        "[temperature]\nq10 = -2\nreference_celsius = 20\n",
        "line 5, temperature: q10 is -2; give a q10 greater than zero and finite temperatures",
    );
}

#[test]
fn analytic_concentration_errors() {
    let pool = |steady: &str, start: &str| {
        format!(
            "[concentration]\nion = \"calcium\"\nsteady_millimolar = \"{steady}\"\ntau_ms = 1\nstart_millimolar = \"{start}\"\n"
        )
    };
    check(
        &pool("calcium_millimolar", "1"),
        "line 7, concentration.steady_millimolar: `calcium_millimolar` cannot be used here; let it depend on calcium_current_ma_per_cm2, v and parameters",
    );
    check(
        &pool("1", "v"),
        "line 9, concentration.start_millimolar: `v` cannot be used here; let it depend on parameters alone",
    );
    check(
        &pool("1", "1").replace("calcium", "sodium"),
        "line 6, concentration.ion: sodium has a fixed concentration; write ion = \"calcium\"",
    );
}

#[test]
fn analytic_scheme_errors() {
    let transition = |from: &str, to: &str| {
        format!(
            "[[scheme.transitions]]\nfrom = \"{from}\"\nto = \"{to}\"\nforward_per_ms = 1\nbackward_per_ms = 1\n"
        )
    };
    let scheme = |states: &str, rest: &str| format!("[scheme]\nstates = {states}\n{rest}");
    let abc = "[\"A\", \"B\", \"C\"]";
    let chain = transition("A", "B") + &transition("B", "C");
    check(&scheme("[\"A\"]", ""), "line 6, scheme.states: has 1 states; give 2 to 64");
    check(&scheme("[1, 2]", ""), "line 6, scheme.states: is not a list of strings; write [\"C\", \"O\"]");
    check(
        &scheme("[\"A\", \"A\"]", &transition("A", "A")),
        "line 6, scheme.states: `A` is the name of a state already; choose another name",
    );
    check(
        &scheme(abc, &transition("A", "D")),
        "line 9, scheme.transitions[0].to: state \"D\" is unknown; use one of A, B, C",
    );
    check(
        &scheme(abc, &transition("A", "A")),
        "line 7, scheme.transitions[0]: leads from a state to itself; delete it",
    );
    check(
        &scheme(abc, &(chain.clone() + &transition("B", "A"))),
        "line 17, scheme.transitions[2]: joins B and A again; write one transition with the sum of the rates",
    );
    check(
        &scheme(abc, &transition("A", "B")),
        "line 7, scheme.transitions: no transitions lead from A to C; add one, or delete the state",
    );
    let start = "[scheme.published_start]\n[[scheme.published_start.inflows]]\nbalance = \"A\"\nfrom = \"C\"\nrate_per_ms = 1\n";
    check(
        &scheme(abc, &format!("{chain}{start}")),
        "line 18, scheme.published_start.inflows[0]: nothing flows from C to A; name two states that a transition joins",
    );
}

#[test]
fn analytic_file_errors() {
    let cases = [
        (String::new(), "channel file: format_version: is missing; write format_version = 1"),
        (
            "format_version = 2\nnew_key = 1".to_owned(),
            "channel file: line 1, format_version: this release does not read version 2; write format_version = 1",
        ),
        ("format_version = 1".to_owned(), "channel file: name: is missing; write name = \"Ca_HVA\""),
        (HEAD.to_owned(), "channel file: currents: are missing; write [[currents]], or [concentration]"),
        (
            HEAD.replace("source = \"x\"", "source = \" \""),
            "channel file: line 4, source: is empty; write some text",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error_of(&text), expected);
    }
    let found = error_of("a = 1\nb = = 2\n");
    assert!(found.starts_with("channel file: line 2: ") && found.contains("; write TOML"), "{found}");
    let found = ChannelModel::read(b"a = 1\n\xff").unwrap_err().to_string();
    assert_eq!(found, "channel file: line 2: the text is not UTF-8; store the file as UTF-8");
}

#[test]
fn analytic_order_of_the_file_is_kept_and_lets_are_sorted() {
    let text = format!(
        "{HEAD}[parameters.z_mv]\n[parameters.a_mv]\nabove = 0\n[lets]\nlast = \"b + a\"\nz = \"1\"\nb = \"2 * a\"\na = \"v\"\n\
         [gates.h]\nsteady = \"last\"\ntau_ms = 1\n[gates.a1]\nsteady = 0.5\ntau_ms = -1\n{CURRENT}"
    );
    let channel = ChannelModel::read(text.as_bytes()).unwrap();
    let lets: Vec<&str> = channel.lets.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(lets, ["z", "a", "b", "last"]);
    let gates: Vec<&str> = channel.gates.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(gates, ["h", "a1"]);
    let parameters: Vec<_> = channel.parameters.iter().map(|one| (one.name.as_str(), one.range)).collect();
    assert_eq!(parameters, [("z_mv", Range::Any), ("a_mv", Range::Positive)]);
}

#[test]
fn analytic_lets_out_of_order_are_refused_when_built_by_hand() {
    let mut channel = catalog("Im_v2");
    channel.lets.push(channel.lets[0].clone());
    assert!(channel.check().unwrap_err().to_string().contains("a let already"));
    let mut channel = catalog("Kv2like");
    channel.lets[0].value = "beta".parse().unwrap();
    assert!(channel.check().unwrap_err().to_string().contains("name `beta` is unknown"));
}

#[test]
fn invariant_written_files_read_back_to_the_same_channel() {
    for (name, text) in catalog_files() {
        let mut channel = ChannelModel::read(text.as_bytes()).unwrap();
        channel.summary = "quoted \"\\\n\u{1}\t µ".to_owned();
        let again = ChannelModel::read(channel.to_toml().as_bytes());
        assert_eq!(again.unwrap_or_else(|error| panic!("{name}: {error}")), channel);
    }
}

#[test]
fn invariant_hostile_nesting_is_refused() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a = ".repeat(100_000)),
        format!("{} = 1", vec!["a"; 100_000].join(".")),
        format!("[{}]", vec!["a"; 50_000].join(".")),
        format!("{HEAD}{}", "[[currents]]\n".repeat(50_000)),
    ] {
        assert!(ChannelModel::read(text.as_bytes()).is_err());
    }
    let chain: String = (1..20_000).map(|idx| format!("a{idx} = \"a{} + v\"\n", idx - 1)).collect();
    let text = format!("{HEAD}[lets]\n{chain}a0 = \"1\"\n{CURRENT}");
    assert_eq!(ChannelModel::read(text.as_bytes()).unwrap().lets.len(), 20_000);
    let circle = text.replace("a0 = \"1\"", "a0 = \"a19999\"");
    assert!(error_of(&circle).contains("needs itself"));
}

proptest! {
    #[test]
    fn invariant_random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = ChannelModel::read(&bytes);
    }

    #[test]
    fn invariant_mutated_files_never_panic(
        file_idx in 0_usize..28,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..4, any::<u8>(), 0_usize..30), 1..8),
    ) {
        let mut bytes = catalog_files()[file_idx].1.clone().into_bytes();
        for (place, how, byte, length) in edits {
            let at = place.index(bytes.len().max(1)).min(bytes.len());
            let end = (at + length).min(bytes.len());
            match how {
                0 => bytes.insert(at, byte),
                1 => drop(bytes.drain(at..end)),
                2 => { let copied = bytes[at..end].to_vec(); bytes.extend(copied); }
                _ => bytes.insert(at, b"()[]{}=\"'\n.#,-+*/^<>"[usize::from(byte) % 20]),
            }
        }
        if let Ok(channel) = ChannelModel::read(&bytes) {
            prop_assert!(channel.check().is_ok());
        }
    }
}
