use std::cell::Cell;
use std::collections::BTreeMap;

use noble_data::channel::{ChannelModel, CurrentKind, CurrentSpec, Expression, GateKind};

use super::linear::{Output, Program, Staged};
use super::*;
use crate::Integrator;
use crate::catalog::{find_set, set_names};
use crate::lanes::Instructions;

const CELSIUS: f64 = 34.0;
const DT_MS: f64 = 0.02;
const N: usize = 128;
/// A slope is a difference of currents up to 100 mA/cm2 over 0.001 mV [S/cm2].
const SLOPE_ERROR: f64 = 1e-9;

fn voltage_mv(element: usize) -> f64 {
    -100.0 + 1.3 * element as f64
}

/// The value of an input, by a rule that both ways of computing use.
fn value_of(input: Input, element: usize) -> f64 {
    let wave = |seed: f64| 0.5 + 0.4 * (seed + 0.37 * element as f64).sin();
    match input {
        Input::Voltage => voltage_mv(element),
        Input::Calcium => 1e-4 * (1.0 + 3.0 * wave(1.0)),
        Input::CalciumReversal => 120.0 * wave(2.0),
        Input::CalciumCurrent => -1e-3 * wave(3.0),
        Input::Current | Input::Slope => unreachable!("only written"),
        Input::SodiumReversal => 53.0,
        Input::PotassiumReversal => -107.0,
        Input::Parameter(idx) => wave(4.0 + f64::from(idx)),
        Input::State(idx) => wave(9.0 + f64::from(idx)),
        Input::Invariant(_) => unreachable!("computed"),
    }
}

fn cells(value: impl Fn(usize) -> f64) -> Vec<Cell<f64>> {
    (0..N).map(|element| Cell::new(value(element))).collect()
}

/// All outputs of a program.
fn outputs(staged: &Staged, instructions: Instructions) -> BTreeMap<Output, Vec<f64>> {
    outputs_at(staged, instructions, &|program| Executable::new(program, instructions), &value_of)
}

/// All outputs of a program as an interpreter gives them.
fn interpreted(staged: &Staged, instructions: Instructions) -> BTreeMap<Output, Vec<f64>> {
    outputs_at(staged, instructions, &Executable::interpreted, &value_of)
}

fn outputs_at(
    staged: &Staged,
    instructions: Instructions,
    made: &dyn Fn(Program) -> Executable,
    value_of: &dyn Fn(Input, usize) -> f64,
) -> BTreeMap<Output, Vec<f64>> {
    let mut workspace = Workspace::new(instructions);
    let invariants: Vec<Vec<Cell<f64>>> = (0..staged.n_invariants).map(|_| cells(|_| 0.0)).collect();
    let mut results = BTreeMap::new();
    for program in [&staged.once, &staged.each] {
        let executable = made(program.clone());
        let inputs: Vec<Vec<Cell<f64>>> = program
            .inputs
            .iter()
            .map(|input| match *input {
                Input::Invariant(idx) => invariants[usize::from(idx)].clone(),
                input => cells(|element| value_of(input, element)),
            })
            .collect();
        let written: Vec<Vec<Cell<f64>>> = program.outputs.iter().map(|_| cells(|_| f64::NAN)).collect();
        let arrays: Vec<&[Cell<f64>]> = inputs.iter().chain(&written).map(Vec::as_slice).collect();
        executable.bind(&arrays).execute(&mut workspace);
        for (output, values) in program.outputs.iter().zip(&written) {
            if let Output::Invariant(idx) = output {
                values.iter().zip(&invariants[usize::from(*idx)]).for_each(|(from, to)| to.set(from.get()));
            }
            results.insert(*output, values.iter().map(Cell::get).collect());
        }
    }
    results
}

fn evaluate(model: &ChannelModel, expression: &Expression, element: usize) -> f64 {
    evaluate_raised(model, expression, (element, 0.0))
}

/// The value of a formula with the voltage raised.
fn evaluate_raised(model: &ChannelModel, expression: &Expression, (element, raise_mv): (usize, f64)) -> f64 {
    let named = |name: &str| {
        let parameter = model.parameters.iter().position(|parameter| parameter.name == name);
        let state = model.state_names().position(|state| state == name);
        let input = match (name, parameter, state) {
            (_, Some(idx), _) => Input::Parameter(idx as u16),
            (_, _, Some(idx)) => Input::State(idx as u16),
            ("v", ..) => Input::Voltage,
            ("calcium_millimolar", ..) => Input::Calcium,
            ("calcium_current_ma_per_cm2", ..) => Input::CalciumCurrent,
            ("calcium_reversal_mv", ..) => Input::CalciumReversal,
            ("sodium_reversal_mv", ..) => Input::SodiumReversal,
            ("potassium_reversal_mv", ..) => Input::PotassiumReversal,
            ("celsius", ..) => return Some(CELSIUS),
            ("q", ..) => return Some(model.temperature.as_ref().map_or(1.0, |factor| factor.at(CELSIUS))),
            ("faraday", ..) => return Some(crate::constants::FARADAY),
            ("gas", ..) => return Some(crate::constants::GAS),
            ("calcium_outside_millimolar", ..) => return Some(2.0),
            _ => return None,
        };
        let raised_mv = if input == Input::Voltage { raise_mv } else { 0.0 };
        Some(value_of(input, element) + raised_mv)
    };
    model.evaluate(expression, &named).unwrap()
}

fn assert_close(got: f64, expected: f64, what: &str) {
    assert!((got - expected).abs() <= 2e-13 * expected.abs().max(1e-3), "{what}: {got} for {expected}");
}

/// The phases of a channel as a program each, and its step as one.
struct Programs {
    start: Staged,
    current: Staged,
    advance: Staged,
    step: Staged,
}

const STEP: [Phase; 2] = [Phase::Advance, Phase::Current];

impl Programs {
    fn new(models: &[&ChannelModel], integrator: Integrator) -> Self {
        let conditions = Conditions { temperature_celsius: CELSIUS, dt_ms: DT_MS, integrator };
        let program = |phases: &[Phase]| program_of(models, conditions, phases);
        Self {
            start: program(&[Phase::Start]),
            current: program(&[Phase::Current]),
            advance: program(&[Phase::Advance]),
            step: program(&STEP),
        }
    }
}

fn every_channel(mut see: impl FnMut(&str, &ChannelModel, &Programs)) {
    for set in set_names() {
        for mechanism in find_set(set).unwrap() {
            let programs = Programs::new(&[&mechanism.model], Integrator::Neuron);
            see(&mechanism.name, &mechanism.model, &programs);
        }
    }
}

/// Each set as if one compartment had all of it, by both integrators.
fn every_set(mut see: impl FnMut(&str, &Programs)) {
    for set in set_names() {
        let mut mechanisms: Vec<_> = find_set(set).unwrap().iter().collect();
        mechanisms.sort_by_key(|mechanism| mechanism.model.concentration.is_none());
        let models: Vec<&ChannelModel> = mechanisms.iter().map(|mechanism| &*mechanism.model).collect();
        for integrator in [Integrator::Neuron, Integrator::SecondOrder] {
            see(set, &Programs::new(&models, integrator));
        }
    }
}

#[test]
fn invariant_gates_are_their_formulas() {
    every_channel(|name, model, programs| {
        let (start, next) = (
            outputs(&programs.start, Instructions::detect()),
            outputs(&programs.advance, Instructions::detect()),
        );
        for (idx, gate) in model.gates.iter().enumerate() {
            for element in 0..N {
                let (steady, rate) = match &gate.kind {
                    GateKind::Rates { alpha_per_ms, beta_per_ms } => {
                        let alpha = evaluate(model, alpha_per_ms, element);
                        let sum = alpha + evaluate(model, beta_per_ms, element);
                        (alpha / sum, sum)
                    }
                    GateKind::Relaxation { steady, tau_ms } => {
                        (evaluate(model, steady, element), 1.0 / evaluate(model, tau_ms, element))
                    }
                };
                let state = Output::State(idx as u16);
                let old = value_of(Input::State(idx as u16), element);
                let what = format!("{name}.{} at {} mV", gate.name, voltage_mv(element));
                assert_close(start[&state][element], steady, &what);
                assert_close(next[&state][element], steady + (old - steady) * (-DT_MS * rate).exp(), &what);
            }
        }
    });
}

#[test]
fn invariant_currents_are_their_formulas() {
    every_channel(|name, model, programs| {
        if model.currents.is_empty() {
            return;
        }
        let got = outputs(&programs.current, Instructions::detect());
        (0..N).for_each(|element| {
            let at = |raise_mv: f64| -> f64 {
                model.currents.iter().map(|spec| current_of(model, spec, (element, raise_mv))).sum()
            };
            let (current, slope) = (at(0.0), (at(0.001) - at(0.0)) / 0.001);
            assert_close(got[&Output::Current][element], current, &format!("{name} current"));
            let error = (got[&Output::Slope][element] - slope).abs();
            assert!(error < SLOPE_ERROR, "{name} slope at {} mV: {error}", voltage_mv(element));
        });
    });
}

fn current_of(model: &ChannelModel, spec: &CurrentSpec, (element, raise_mv): (usize, f64)) -> f64 {
    match &spec.kind {
        CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
            let ion_reversal = spec.ion.map(|ion| Expression::Name(ion.reversal_name().to_owned()));
            let reversal = reversal_mv.as_ref().or(ion_reversal.as_ref()).unwrap();
            let value = |expression: &Expression| evaluate_raised(model, expression, (element, raise_mv));
            value(conductance_s_per_cm2) * (voltage_mv(element) + raise_mv - value(reversal))
        }
        CurrentKind::Current { current_ma_per_cm2 } => {
            evaluate_raised(model, current_ma_per_cm2, (element, raise_mv))
        }
    }
}

#[test]
fn analytic_schemes_keep_their_sum_and_solve_their_system() {
    every_channel(|name, model, programs| {
        let Some(scheme) = &model.scheme else { return };
        let next = outputs(&programs.advance, Instructions::detect());
        (0..N).for_each(|element| {
            let x = |idx: usize| next[&Output::State(idx as u16)][element];
            let place = |name: &String| scheme.states.iter().position(|state| state == name).unwrap();
            let mut residual: Vec<f64> = (0..scheme.states.len())
                .map(|idx| x(idx) - value_of(Input::State(idx as u16), element))
                .collect();
            let mut scale = 1.0_f64;
            for transition in &scheme.transitions {
                let (from, to) = (place(&transition.from), place(&transition.to));
                let forward = evaluate(model, &transition.forward_per_ms, element) * x(from);
                let backward = evaluate(model, &transition.backward_per_ms, element) * x(to);
                residual[to] -= DT_MS * (forward - backward);
                residual[from] += DT_MS * (forward - backward);
                scale = scale.max(DT_MS * forward.abs().max(backward.abs()));
            }
            let worst = residual.iter().fold(0.0_f64, |worst, r| worst.max(r.abs()));
            assert!(worst < 1e-13 * scale, "{name} at {} mV: {worst}, {scale}", voltage_mv(element));
        });
    });
}

#[test]
fn invariant_instructions_agree() {
    every_channel(|name, _, programs| {
        for staged in [&programs.start, &programs.current, &programs.advance] {
            let all: Vec<_> =
                Instructions::available().into_iter().map(|one| (one, outputs(staged, one))).collect();
            for (instructions, results) in &all[1..] {
                for (output, values) in results {
                    for (value, expected) in values.iter().zip(&all[0].1[output]) {
                        match instructions {
                            Instructions::Portable if *output == Output::Slope => {
                                assert!((value - expected).abs() < SLOPE_ERROR, "{name}: {value} {expected}");
                            }
                            Instructions::Portable => assert_close(*value, *expected, name),
                            _ => assert_eq!(value.to_bits(), expected.to_bits(), "{name} {output:?}"),
                        }
                    }
                }
            }
        }
    });
}

fn assert_instructions_give_the_bits_of_the_interpreter(name: &str, programs: &Programs) {
    for staged in [&programs.start, &programs.current, &programs.advance, &programs.step] {
        for instructions in Instructions::available() {
            let (slow, fast) = (interpreted(staged, instructions), outputs(staged, instructions));
            for (output, expected) in slow {
                let differs =
                    fast[&output].iter().zip(&expected).position(|(a, b)| a.to_bits() != b.to_bits());
                assert_eq!(differs, None, "{name} {output:?} {instructions:?}");
            }
        }
    }
}

#[test]
fn invariant_instructions_of_the_processor_give_the_bits_of_the_interpreter() {
    every_channel(|name, _, programs| assert_instructions_give_the_bits_of_the_interpreter(name, programs));
    every_set(assert_instructions_give_the_bits_of_the_interpreter);
}

#[test]
fn invariant_a_step_of_a_region_is_its_states_then_its_currents() {
    every_set(|set, programs| {
        let instructions = Instructions::detect();
        let made = |program: Program| Executable::new(program, instructions);
        // Small conductances keep calcium above zero.
        let value_before = |input: Input, element: usize| match input {
            Input::Parameter(_) => 1e-4 * value_of(input, element),
            input => value_of(input, element),
        };
        let advanced = outputs_at(&programs.advance, instructions, &made, &value_before);
        let value_after = |input: Input, element: usize| {
            let output = advanced.iter().find(|(output, _)| output.place() == input);
            output.map_or_else(|| value_before(input, element), |(_, values)| values[element])
        };
        let mut expected = outputs_at(&programs.current, instructions, &made, &value_after);
        expected.extend(advanced);
        let step = outputs_at(&programs.step, instructions, &made, &value_before);
        for (output, expected) in expected {
            if matches!(output, Output::Invariant(_)) {
                continue;
            }
            for (value, expected) in step[&output].iter().zip(&expected) {
                let error =
                    if output == Output::Slope { SLOPE_ERROR } else { 2e-13 * expected.abs().max(1e-3) };
                assert!((value - expected).abs() < error, "{set} {output:?}: {value} for {expected}");
            }
        }
    });
}
