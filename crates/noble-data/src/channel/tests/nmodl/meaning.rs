//! What comes out of a file, against what it says.

use super::{PERMEABILITY, POOL, SODIUM, THREE, import};
use crate::ChannelModel;
use crate::channel::{CurrentKind, Expression, GateKind, Ion, Range};

const RELATIVE_TOLERANCE: f64 = 1e-12;

const FARADAY: f64 = 96_485.332_123_310_02;
const GAS: f64 = 8.314_462_618_153_24;

/// Values of names at one voltage; parameters have their defaults, states their own.
fn value(channel: &ChannelModel, formula: &Expression, given: &[(&str, f64)]) -> f64 {
    let value_of = |name: &str| {
        let given = given.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let default = || channel.parameters.iter().find(|one| one.name == name).and_then(|one| one.default);
        given.or_else(default).or(match name {
            "faraday" => Some(FARADAY),
            "gas" => Some(GAS),
            "celsius" => Some(31.0),
            "q" => channel.temperature.map(|temperature| temperature.at(31.0)),
            _ => None,
        })
    };
    channel.evaluate(formula, &value_of).unwrap()
}

fn near(found: f64, expected: f64) {
    let difference = (found - expected).abs();
    assert!(difference <= RELATIVE_TOLERANCE * expected.abs(), "{found} is not {expected}");
}

fn linoid(s: f64, k: f64) -> f64 {
    if s.abs() < 1e-12 { k } else { s / ((s / k).exp() - 1.0) }
}

fn formula(text: &str) -> Expression {
    Expression::parse(text).unwrap()
}

#[test]
fn analytic_gates_of_both_kinds_with_guards_and_temperature() {
    let imported = import(SODIUM);
    let channel = &imported.channel;
    let GateKind::Relaxation { steady, tau_ms } = &channel.gates[0].kind else { panic!() };
    let GateKind::Rates { alpha_per_ms, beta_per_ms } = &channel.gates[1].kind else { panic!() };
    // -38 mV is the singular point.
    for v in [-150.0, -90.1, -61.3, -38.0, -20.2, 15.7, 60.3] {
        let at = [("v", v)];
        let (up, down) = (0.18 * linoid(-(v + 38.0), 9.0), 0.12 * linoid(v + 38.0, 9.0));
        near(value(channel, steady, &at), up / (up + down));
        let q = 2.5_f64.powf(0.9);
        near(value(channel, tau_ms, &at), (1.0 / (up + down)).clamp(0.02, 4.0) / q);
        near(value(channel, alpha_per_ms, &at), 0.07 * (-(v + 60.0) / 20.0).exp());
        near(value(channel, beta_per_ms, &at), 1.0 / (1.0 + (-(v + 30.0) / 10.0).exp()));
    }
    let temperature = channel.temperature.unwrap();
    assert_eq!((temperature.q10, temperature.reference_celsius, temperature.at_celsius), (2.5, 22.0, None));
    assert_eq!(channel.summary, "Sodium current for tests");
    assert!(channel.source.contains("2026"), "{}", channel.source);
}

#[test]
fn analytic_foreign_units_become_ours() {
    let channel = import(SODIUM).channel;
    let names: Vec<&str> = channel.parameters.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["gmax_s_per_cm2", "shift_mv", "slope_mv"]);
    near(channel.parameters[0].default.unwrap(), 0.012);
    assert_eq!(channel.parameters[0].range, Range::NotNegative);
    let CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv: None } = &channel.currents[0].kind
    else {
        panic!("{:?}", channel.currents)
    };
    let at = [("gmax_s_per_cm2", 0.01), ("m", 0.5), ("h", 0.25)];
    near(value(&channel, conductance_s_per_cm2, &at), 0.01 * 0.125 * 0.25);
}

#[test]
fn analytic_notes_say_what_was_decided() {
    let notes = import(SODIUM).notes;
    for expected in [
        "gmax (pS/um2) is gmax_s_per_cm2",
        "GLOBAL slope can be set for each section here",
        "parameter factor is the constant 2.5; name it in RANGE to let a cell set it",
        "line 61: TABLE: formulas are evaluated at every step",
        "function ratio is linoid",
        "line 63: if is left out: it steps off a singular point, which the formula here does not have",
    ] {
        assert!(notes.iter().any(|note| note == expected), "{expected} is not in {notes:#?}");
    }
}

#[test]
fn analytic_reactions_become_a_scheme() {
    let channel = import(THREE).channel;
    let scheme = channel.scheme.as_ref().unwrap();
    assert_eq!(scheme.states, ["closed", "open", "blocked"]);
    assert_eq!((scheme.transitions.len(), &scheme.published_start), (2, &None));
    let at = [("v", -20.0)];
    near(value(&channel, &scheme.transitions[0].forward_per_ms, &at), 1.2 * (-2.0_f64 / 3.0).exp());
    near(value(&channel, &scheme.transitions[0].backward_per_ms, &at), 0.4 * 0.8_f64.exp());
    near(value(&channel, &scheme.transitions[1].backward_per_ms, &at), 0.05);
}

#[test]
fn analytic_start_of_a_scheme_by_equations_and_by_values() {
    let start = "INITIAL { SOLVE passing STEADYSTATE sparse }";
    let linear = |inflow: &str| {
        let block = format!(
            "INITIAL {{ rates() SOLVE first }}
            LINEAR first {{
                ~ open * b - closed * 2 * a = 0
                ~ closed * 2 * a + blocked * {inflow} - open * (b + 0.3) = 0
                ~ closed + open + blocked = 1
            }}"
        );
        THREE.replace(start, &block)
    };
    assert_eq!(import(&linear("0.05")).channel.scheme.unwrap().published_start, None);
    let published = import(&linear("0.07")).channel.scheme.unwrap().published_start.unwrap();
    assert_eq!(published.balance_replaced_by_sum, "blocked");
    let inflow = &published.inflows[0];
    assert_eq!([&inflow.balance, &inflow.from], ["open", "blocked"]);
    assert_eq!(inflow.rate_per_ms, formula("0.07"));
    let values =
        "INITIAL { rates() open = 1 / (1 + b / (2 * a) + 6) closed = open * b / (2 * a) blocked = 6 * open }";
    assert_eq!(import(&THREE.replace(start, values)).channel.scheme.unwrap().published_start, None);
}

#[test]
fn analytic_pool_under_another_name() {
    let channel = import(POOL).channel;
    let pool = channel.concentration.as_ref().unwrap();
    for (current, influx) in [(-2e-3, 1e4 * 2e-3 / (2.0 * FARADAY * 0.2)), (1e-3, 0.0)] {
        let at = [("calcium_current_ma_per_cm2", current)];
        near(value(&channel, &pool.steady_millimolar, &at), 80e-6 + influx * 50.0);
    }
    assert_eq!(pool.tau_ms, formula("tau_ms"));
    assert_eq!(pool.start_millimolar, Some(formula("rest_millimolar")));
}

#[test]
fn analytic_currents_of_every_kind() {
    let imported = import(PERMEABILITY);
    let channel = &imported.channel;
    let ions: Vec<Option<Ion>> = channel.currents.iter().map(|current| current.ion).collect();
    assert_eq!(ions, [Some(Ion::Calcium), Some(Ion::Potassium), None, None]);
    let CurrentKind::Current { current_ma_per_cm2 } = &channel.currents[0].kind else { panic!() };
    for v in [-80.5, 1e-3, 40.0] {
        let x = 2.0 * FARADAY / 1e3 * v / (GAS * 304.15);
        let expected = 2e-4 * 2.0 * FARADAY / 1e3 * (3e-4 * linoid(-x, 1.0) - 2.0 * linoid(x, 1.0));
        let at = [("v", v), ("calcium_millimolar", 3e-4), ("calcium_outside_millimolar", 2.0)];
        let found = value(channel, current_ma_per_cm2, &at);
        assert!((found - expected).abs() < 1e-9 * expected.abs(), "{found} is not {expected}");
    }
    let reversals: Vec<Option<&Expression>> = channel.currents[1..]
        .iter()
        .map(|current| match &current.kind {
            CurrentKind::Conductance { reversal_mv, .. } => reversal_mv.as_ref(),
            CurrentKind::Current { .. } => panic!(),
        })
        .collect();
    assert_eq!(reversals, [None, Some(&formula("ecl_mv")), Some(&formula("el_mv"))]);
    let GateKind::Relaxation { steady, tau_ms } = &channel.gates[0].kind else { panic!() };
    near(value(channel, steady, &[("calcium_millimolar", 1e-3)]), 0.8);
    near(value(channel, steady, &[("calcium_millimolar", 0.0)]), 1.0 / (1.0 + 5e3_f64.powi(2)));
    assert_eq!(*tau_ms, formula("3"));
    assert!(channel.parameters.iter().any(|one| one.name == "ecl_mv" && one.default.is_none()));
}

/// A gate `n` with the given equation.
fn gate_file(equation: &str, start: &str) -> String {
    format!(
        "NEURON {{ SUFFIX one USEION k READ ek WRITE ik RANGE g }}
        PARAMETER {{ g = 1 (S/cm2) }} STATE {{ n }} ASSIGNED {{ a b }}
        INITIAL {{ rates() n = {start} }}
        BREAKPOINT {{ SOLVE s METHOD cnexp ik = g * n * (v - ek) }}
        DERIVATIVE s {{ rates() {equation} }}
        PROCEDURE rates() {{ a = exp(v / 20) b = 2 * exp(-v / 30) }}"
    )
}

#[test]
fn analytic_equations_in_many_shapes() {
    let check = |equation: &str, start: &str, steady: fn(f64, f64) -> f64, tau_ms: fn(f64, f64) -> f64| {
        let channel = import(&gate_file(equation, start)).channel;
        for v in [-70.0, 10.0] {
            let at = [("v", v)];
            let (found_steady, found_tau) = match &channel.gates[0].kind {
                GateKind::Relaxation { steady, tau_ms } => {
                    (value(&channel, steady, &at), value(&channel, tau_ms, &at))
                }
                GateKind::Rates { alpha_per_ms, beta_per_ms } => {
                    let (a, b) = (value(&channel, alpha_per_ms, &at), value(&channel, beta_per_ms, &at));
                    (a / (a + b), 1.0 / (a + b))
                }
            };
            let (a, b) = ((v / 20.0).exp(), 2.0 * (-v / 30.0).exp());
            near(found_steady, steady(a, b));
            near(found_tau, tau_ms(a, b));
        }
    };
    let half = |a: f64, b: f64| a / (a + b);
    let sum = |a: f64, b: f64| 1.0 / (a + b);
    check("n' = a * (1 - n) - b * n", "a / (a + b)", half, sum);
    check("n' = -b * n + (1 - n) * a", "a / (a + b)", half, sum);
    check("n' = 3 * ((1 - n) * a - n * b)", "a / (a + b)", half, |a, b| 1.0 / (3.0 * (a + b)));
    check("n' = (a - (a + b) * n) / 2", "a / (a + b)", half, |a, b| 2.0 / (a + b));
    check("n' = -(n - a) / b", "a", |a, _| a, |_, b| b);
    check("n' = 2 * (a - n) * b", "a", |a, _| a, |_, b| 0.5 / b);
    check("n' = -n / b", "0", |_, _| 0.0, |_, b| b);
    check("if (v < -40) { n' = (1 - n) / a } else { n' = (1 - n) / b }", "1", |_, _| 1.0, |a, b| a.min(b));
}

#[test]
fn analytic_a_step_aside_stays_where_the_formula_is_singular() {
    let equation = "if (v == -40) { v = v + 0.0001 } n' = (a + 1 / (v + 40)^2 - n) / b";
    let imported = import(&gate_file(equation, "a + 1 / (v + 40)^2"));
    let GateKind::Relaxation { steady, .. } = &imported.channel.gates[0].kind else { panic!() };
    let a = (-2.0_f64).exp();
    let found = value(&imported.channel, steady, &[("v", -40.0)]);
    assert!((found - a - 1e8).abs() < 1.0, "{found}");
    assert!(!imported.notes.iter().any(|note| note.contains("left out")));
}

#[test]
fn analytic_values_of_another_moment_are_told() {
    let early = gate_file("n' = (a - n) / b", "a").replace("DERIVATIVE s { rates()", "DERIVATIVE s {");
    let early = early.replace("BREAKPOINT {", "BREAKPOINT { rates()");
    assert!(import(&early).notes.iter().any(|note| note.contains("a is of the same moment")));
    let late = gate_file("n' = (a - n) / b", "a").replace("g * n *", "g * n * a *");
    assert!(import(&late).notes.iter().any(|note| note.contains("a counts in the slope")));
}
