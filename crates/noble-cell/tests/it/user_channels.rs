//! A channel of the user is worth as much as a built-in one.

use noble_cell::catalog::{Mechanism, channel_text, find_set, set_names};
use noble_cell::{Error, MembraneConditions, kinetics_at};
use noble_data::ChannelModel;
use noble_data::channel::Range;

use crate::small_cell::{Mechanisms, largest_difference_mv, n_spikes, plan, sweep, values};

/// The same formulas in the same order.
const SAME_TEXT_MV: f64 = 1e-12;
/// The same equations in other words, so other rounding.
const SAME_MEANING_MV: f64 = 1e-9;
const STEP_NA: f64 = 0.8;

/// Spikes of the squid axon, calcium and its pool, and the mechanism itself.
fn mechanisms(set: &[Mechanism], mechanism: &Mechanism) -> Mechanisms {
    let pool = set.iter().find(|one| one.model.concentration.is_some()).expect("every set has a pool");
    let mut mechanisms = Mechanisms::new();
    mechanisms.insert("hh".to_owned(), values(&[]));
    mechanisms.insert(pool.name.clone(), values(&[]));
    mechanisms.insert("Ca_HVA".to_owned(), values(&[("gbar_s_per_cm2", 1e-4)]));
    let parameters = mechanism.model.parameters.iter();
    let conductances = parameters.filter(|one| one.default.is_none() || one.name == "g_s_per_cm2");
    let own = conductances.map(|parameter| {
        assert_eq!(parameter.range, Range::NotNegative, "{}: {}", mechanism.name, parameter.name);
        (parameter.name.clone(), 3e-4)
    });
    mechanisms.insert(mechanism.name.clone(), own.collect());
    mechanisms
}

fn channel(text: &str) -> ChannelModel {
    ChannelModel::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn invariant_every_built_in_channel_runs_the_same_from_its_text() {
    for set_name in set_names() {
        let set = find_set(set_name).unwrap();
        for mechanism in set {
            let mechanisms = mechanisms(set, mechanism);
            let text = channel_text(set_name, &mechanism.name).unwrap();
            let own = channel(&text);
            assert_eq!(own.name, mechanism.name);
            assert_eq!(ChannelModel { name: mechanism.model.name.clone(), ..own.clone() }, *mechanism.model);
            let built_in = sweep(&plan(set_name, &mechanisms, Vec::new()).unwrap(), STEP_NA);
            assert!(n_spikes(&built_in) >= 2, "{set_name} {}: {}", mechanism.name, n_spikes(&built_in));
            for (from, own) in [("text", own.clone()), ("writer", channel(&own.to_toml()))] {
                let found = sweep(&plan(set_name, &mechanisms, vec![own]).unwrap(), STEP_NA);
                let difference_mv = largest_difference_mv(&found, &built_in);
                let name = &mechanism.name;
                assert!(difference_mv <= SAME_TEXT_MV, "{set_name} {name} by {from}: {difference_mv} mV");
            }
        }
    }
}

/// Runs a channel of set `allen` as built in and as written here.
fn check(text: &str) {
    let own = channel(text);
    let set = find_set("allen").unwrap();
    let mechanism = set.iter().find(|mechanism| mechanism.name == own.name).unwrap();
    for v_mv in [-95.0, -61.5, -38.0, 12.0] {
        let conditions = MembraneConditions { v_mv, ..MembraneConditions::default() };
        let expected = kinetics_at(&mechanism.model, &conditions).unwrap();
        for found in kinetics_at(&own, &conditions).unwrap() {
            let expected = expected.iter().find(|one| one.name == found.name).unwrap();
            for (found, expected) in [(found.steady, expected.steady), (found.tau_ms, expected.tau_ms)] {
                assert!(
                    (found / expected - 1.0).abs() < 1e-9,
                    "{} at {v_mv} mV: {found}, {expected}",
                    own.name
                );
            }
        }
    }
    let mechanisms = mechanisms(set, mechanism);
    let built_in = sweep(&plan("allen", &mechanisms, Vec::new()).unwrap(), STEP_NA);
    let without = sweep(&plan("allen", &without(&mechanisms, &own.name), Vec::new()).unwrap(), STEP_NA);
    assert!(largest_difference_mv(&built_in, &without) > 1e-3, "{} changes the run", own.name);
    let name = own.name.clone();
    let found = sweep(&plan("allen", &mechanisms, vec![own]).unwrap(), STEP_NA);
    let difference_mv = largest_difference_mv(&found, &built_in);
    assert!(n_spikes(&found) >= 2 && difference_mv <= SAME_MEANING_MV, "{name}: {difference_mv} mV");
}

fn without(mechanisms: &Mechanisms, name: &str) -> Mechanisms {
    let mut rest = mechanisms.clone();
    rest.remove(name);
    rest
}

/// Rates in place of steady state and time constant, and the other way round.
#[test]
fn invariant_a_gate_written_another_way_runs_the_same() {
    check(
        r#"
        format_version = 1
        name = "Kv3_1"
        summary = "Rates where the catalog has steady state and time constant"
        source = "Rettig et al. 1992, EMBO J 11:2473"
        parameters = { gbar_s_per_cm2 = { at_least = 0 } }
        [lets]
        both_per_ms = "0.25 * (1 + exp((-46.56 - v) / 44.14))"
        [gates.m]
        alpha_per_ms = "both_per_ms / (1 + exp((18.7 - v) / 9.7))"
        beta_per_ms = "both_per_ms / (1 + exp((v - 18.7) / 9.7))"
        [[currents]]
        ion = "potassium"
        current_ma_per_cm2 = "m * gbar_s_per_cm2 * (v - potassium_reversal_mv)"
        "#,
    );
    check(
        r#"
        format_version = 1
        name = "Ih"
        summary = "Steady state and time constant where the catalog has rates"
        source = "Kole, Hallermann & Stuart 2006, J Neurosci 26:1677"
        [parameters.gbar_s_per_cm2]
        [lets]
        x = "(v + 154.9) / 11.9"
        opening_per_ms = "0.00643 * 11.9 * if(abs(x) < 1e-6, 1 - x / 2, x / (exp(x) - 1))"
        closing_per_ms = "0.193 * exp(v / 33.1)"
        [gates.m]
        steady = "1 / (1 + closing_per_ms / opening_per_ms)"
        tau_ms = "1 / (opening_per_ms + closing_per_ms)"
        [[currents]]
        conductance_s_per_cm2 = "gbar_s_per_cm2 * m"
        reversal_mv = "-45"
        "#,
    );
}

/// States and transitions in reverse, and every second transition seen from its other end.
#[test]
fn invariant_a_scheme_in_another_order_runs_the_same() {
    let text = channel_text("allen", "NaV").unwrap();
    let (head, rest) = text.split_once("[[scheme.transitions]]").unwrap();
    let (transitions, tail) = rest.split_once("# The published").unwrap();
    let turned = transitions.split("[[scheme.transitions]]").enumerate().map(|(idx, block)| {
        let exchanged = || {
            let places = block.replace("from =", "?? =").replace("to =", "from =").replace("?? =", "to =");
            places.replace("forward_", "??_").replace("backward_", "forward_").replace("??_", "backward_")
        };
        if idx % 2 == 0 { exchanged() } else { block.to_owned() }
    });
    let mut blocks: Vec<String> = turned.collect();
    blocks.reverse();
    let states =
        "\"C1\", \"C2\", \"C3\", \"C4\", \"C5\", \"O\", \"I1\", \"I2\", \"I3\", \"I4\", \"I5\", \"I6\"";
    let mut reversed: Vec<&str> = states.split(", ").collect();
    reversed.reverse();
    assert!(head.contains(states) && blocks.len() == 16);
    let head = head.replace(states, &reversed.join(", "));
    let blocks: String = blocks.iter().map(|block| format!("[[scheme.transitions]]{block}\n")).collect();
    check(&format!("{head}{blocks}# The published{tail}"));
}

#[test]
fn invariant_channels_that_collide_are_refused() {
    let set = find_set("allen").unwrap();
    let pool = set.iter().find(|mechanism| mechanism.name == "CaDynamics").unwrap();
    let own = ChannelModel { name: "Own".to_owned(), ..pool.model.as_ref().clone() };
    let mut mechanisms = mechanisms(set, pool);
    let twice = plan("allen", &mechanisms, vec![own.clone(), own.clone()]);
    assert!(matches!(twice, Err(Error::RepeatedChannel { .. })), "{twice:?}");
    mechanisms.insert("Own".to_owned(), values(&[]));
    let two_pools = plan("allen", &mechanisms, vec![own.clone()]).unwrap_err().to_string();
    assert!(two_pools.contains("CaDynamics and Own both own the calcium"), "{two_pools}");
    mechanisms.remove("CaDynamics");
    assert!(plan("allen", &mechanisms, vec![own]).is_ok());
}
