//! Programs of a channel: start, currents, one step of its states.

use std::collections::HashMap;

use noble_data::channel::{
    BinaryOperator, ChannelModel, CurrentKind, CurrentSpec, Expression, Function, GateKind, Ion,
};

use super::graph::{Choice, Graph, Id, Input};
use super::linear::{Output, Staged};
use super::scheme;
use crate::constants::{CALCIUM_OUTSIDE_MILLIMOLAR, FARADAY, GAS};

/// What the voltage is raised by to see the slope of a current.
///
/// # Source
/// NEURON 9.0.2, `nocmodl`, currents of a `BREAKPOINT` block.
const SLOPE_STEP_MV: f64 = 0.001;

/// Where kinetic schemes start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StartOfScheme {
    /// As the channel file says, which is not always the steady state.
    #[default]
    Published,
    /// At the steady state of the initial voltage.
    Steady,
}

/// What holds for the whole run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Conditions {
    pub(crate) temperature_celsius: f64,
    pub(crate) dt_ms: f64,
}

/// What a channel does, compiled.
#[derive(Debug, Clone)]
pub(crate) struct ChannelPrograms {
    /// Gates at the steady state of voltage and calcium, a concentration at its start.
    pub(crate) start: Staged,
    /// Current and slope, states held.
    pub(crate) current: Staged,
    /// States after a step, voltage held.
    pub(crate) advance: Staged,
}

impl ChannelPrograms {
    pub(crate) fn new(model: &ChannelModel, conditions: Conditions) -> Self {
        Self {
            start: start(model, conditions),
            current: current(model, conditions),
            advance: advance(model, conditions),
        }
    }
}

/// Formulas of a channel written into a graph.
pub(super) struct Formulas<'a> {
    model: &'a ChannelModel,
    temperature_celsius: f64,
    names: HashMap<&'a str, Id>,
}

impl<'a> Formulas<'a> {
    pub(super) fn new(model: &'a ChannelModel, temperature_celsius: f64) -> Self {
        Self { model, temperature_celsius, names: HashMap::new() }
    }

    /// The same formulas with another value under a name.
    pub(super) fn bind(&mut self, name: &'a str, value: Id) {
        self.names.insert(name, value);
    }

    pub(super) fn write(&mut self, graph: &mut Graph, expression: &'a Expression) -> Id {
        match expression {
            Expression::Number(number) => graph.constant(*number),
            Expression::Name(name) => self.name(graph, name),
            Expression::Negate(inner) => {
                let inner = self.write(graph, inner);
                graph.negate(inner)
            }
            Expression::Binary(operator, a, b) => {
                let (a, b) = (self.write(graph, a), self.write(graph, b));
                match operator {
                    BinaryOperator::Add => graph.add(a, b),
                    BinaryOperator::Subtract => graph.subtract(a, b),
                    BinaryOperator::Multiply => graph.multiply(a, b),
                    BinaryOperator::Divide => graph.divide(a, b),
                    BinaryOperator::Power => graph.power(a, b),
                }
            }
            Expression::Call(function, arguments) => {
                let arguments: Vec<Id> = arguments.iter().map(|one| self.write(graph, one)).collect();
                call(graph, *function, &arguments)
            }
            Expression::If { comparison, left, right, then, otherwise } => {
                let choice = Choice {
                    is_or_equal: false,
                    left: self.write(graph, left),
                    right: self.write(graph, right),
                    then: self.write(graph, then),
                    otherwise: self.write(graph, otherwise),
                };
                graph.choose(*comparison, choice)
            }
        }
    }

    fn name(&mut self, graph: &mut Graph, name: &'a str) -> Id {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let model = self.model;
        let id = if let Some(one) = model.lets.iter().find(|one| one.name == name) {
            self.write(graph, &one.value)
        } else if let Some(idx) = model.parameters.iter().position(|parameter| parameter.name == name) {
            graph.input(Input::Parameter(count(idx)))
        } else if let Some(idx) = model.state_names().position(|state| state == name) {
            graph.input(Input::State(count(idx)))
        } else {
            self.built_in(graph, name)
        };
        self.names.insert(name, id);
        id
    }

    fn built_in(&self, graph: &mut Graph, name: &str) -> Id {
        if let Some(value) = constant(self.model, name, self.temperature_celsius) {
            return graph.constant(value);
        }
        match name {
            "v" => graph.input(Input::Voltage),
            "calcium_millimolar" => graph.input(Input::Calcium),
            "calcium_current_ma_per_cm2" => graph.input(Input::CalciumCurrent),
            "sodium_reversal_mv" => graph.input(Input::SodiumReversal),
            "potassium_reversal_mv" => graph.input(Input::PotassiumReversal),
            "calcium_reversal_mv" => graph.input(Input::CalciumReversal),
            _ => unreachable!("the reader has refused the unknown name {name}"),
        }
    }

    /// Steady state and rate of return of a gate.
    pub(super) fn gate(&mut self, graph: &mut Graph, kind: &'a GateKind) -> (Id, Id) {
        match kind {
            GateKind::Rates { alpha_per_ms, beta_per_ms } => {
                let (alpha, beta) = (self.write(graph, alpha_per_ms), self.write(graph, beta_per_ms));
                let rate = graph.add(alpha, beta);
                (graph.divide(alpha, rate), rate)
            }
            GateKind::Relaxation { steady, tau_ms } => {
                let (steady, tau) = (self.write(graph, steady), self.write(graph, tau_ms));
                (steady, graph.reciprocal(tau))
            }
        }
    }
}

/// A name that is the same number everywhere in a run.
pub(crate) fn constant(model: &ChannelModel, name: &str, temperature_celsius: f64) -> Option<f64> {
    match name {
        "celsius" => Some(temperature_celsius),
        "q" => Some(model.temperature.as_ref().map_or(1.0, |factor| factor.at(temperature_celsius))),
        "faraday" => Some(FARADAY),
        "gas" => Some(GAS),
        "calcium_outside_millimolar" => Some(CALCIUM_OUTSIDE_MILLIMOLAR),
        _ => None,
    }
}

fn count(idx: usize) -> u16 {
    u16::try_from(idx).expect("channels have few values")
}

fn call(graph: &mut Graph, function: Function, arguments: &[Id]) -> Id {
    match (function, arguments) {
        (Function::Exponential, [a]) => graph.exponential(*a),
        (Function::Logarithm, [a]) => graph.logarithm(*a),
        (Function::SquareRoot, [a]) => graph.square_root(*a),
        (Function::Absolute, [a]) => graph.absolute(*a),
        (Function::Minimum, [a, b]) => graph.minimum(*a, *b),
        (Function::Maximum, [a, b]) => graph.maximum(*a, *b),
        (Function::Linoid, [s, k]) => graph.linoid(*s, *k),
        (Function::Sigmoid, [u]) => graph.sigmoid(*u),
        _ => unreachable!("the reader has checked the number of arguments"),
    }
}

fn start(model: &ChannelModel, conditions: Conditions) -> Staged {
    let (mut graph, mut outputs) = (Graph::default(), Vec::new());
    let mut formulas = Formulas::new(model, conditions.temperature_celsius);
    for (idx, gate) in model.gates.iter().enumerate() {
        let (steady, _) = formulas.gate(&mut graph, &gate.kind);
        outputs.push((Output::State(count(idx)), steady));
    }
    if let Some(start) = model.concentration.as_ref().and_then(|pool| pool.start_millimolar.as_ref()) {
        outputs.push((Output::Calcium, formulas.write(&mut graph, start)));
    }
    Staged::new(&graph, &outputs)
}

/// Exact for a constant rate: `x = steady + (x - steady) e^{-dt rate}`.
fn relaxed(graph: &mut Graph, x: Id, (steady, rate): (Id, Id), dt_ms: f64) -> Id {
    let minus_dt = graph.constant(-dt_ms);
    let exponent = graph.multiply(minus_dt, rate);
    let remains = graph.exponential(exponent);
    let away = graph.subtract(x, steady);
    let product = graph.multiply(away, remains);
    graph.add(steady, product)
}

fn advance(model: &ChannelModel, conditions: Conditions) -> Staged {
    let (mut graph, mut outputs) = (Graph::default(), Vec::new());
    let mut formulas = Formulas::new(model, conditions.temperature_celsius);
    for (idx, gate) in model.gates.iter().enumerate() {
        let goal = formulas.gate(&mut graph, &gate.kind);
        let x = graph.input(Input::State(count(idx)));
        outputs.push((Output::State(count(idx)), relaxed(&mut graph, x, goal, conditions.dt_ms)));
    }
    if let Some(scheme) = &model.scheme {
        let next =
            scheme::implicit_step(&mut graph, &mut formulas, scheme, (model.gates.len(), conditions.dt_ms));
        for (idx, next) in next.into_iter().enumerate() {
            outputs.push((Output::State(count(model.gates.len() + idx)), next));
        }
    }
    if let Some(pool) = &model.concentration {
        let (steady, tau) = (&pool.steady_millimolar, &pool.tau_ms);
        let (steady, tau) = (formulas.write(&mut graph, steady), formulas.write(&mut graph, tau));
        let goal = (steady, graph.reciprocal(tau));
        let calcium = graph.input(Input::Calcium);
        outputs.push((Output::Calcium, relaxed(&mut graph, calcium, goal, conditions.dt_ms)));
    }
    Staged::new(&graph, &outputs)
}

fn current(model: &ChannelModel, conditions: Conditions) -> Staged {
    let mut graph = Graph::default();
    let mut formulas = Formulas::new(model, conditions.temperature_celsius);
    let mut raised = Formulas::new(model, conditions.temperature_celsius);
    let (v, step) = (graph.input(Input::Voltage), graph.constant(SLOPE_STEP_MV));
    raised.bind("v", graph.add(v, step));
    let (mut total, mut total_slope, mut calcium) = (None, None, None);
    for spec in &model.currents {
        let (current, slope) = one_current(&mut graph, &mut formulas, &mut raised, spec);
        total = Some(total.map_or(current, |sum| graph.add(sum, current)));
        total_slope = Some(total_slope.map_or(slope, |sum| graph.add(sum, slope)));
        if spec.ion == Some(Ion::Calcium) {
            calcium = Some(calcium.map_or(current, |sum| graph.add(sum, current)));
        }
    }
    let outputs = [(Output::Current, total), (Output::Slope, total_slope), (Output::CalciumCurrent, calcium)];
    let outputs: Vec<(Output, Id)> =
        outputs.into_iter().filter_map(|(output, id)| id.map(|id| (output, id))).collect();
    Staged::new(&graph, &outputs)
}

fn one_current<'a>(
    graph: &mut Graph,
    formulas: &mut Formulas<'a>,
    raised: &mut Formulas<'a>,
    spec: &'a CurrentSpec,
) -> (Id, Id) {
    let value = |graph: &mut Graph, formulas: &mut Formulas<'a>| match &spec.kind {
        CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
            let conductance = formulas.write(graph, conductance_s_per_cm2);
            let reversal = match (reversal_mv, spec.ion) {
                (Some(reversal), _) => formulas.write(graph, reversal),
                (None, Some(ion)) => formulas.name(graph, ion.reversal_name()),
                (None, None) => unreachable!("the reader wants a reversal without an ion"),
            };
            let v = formulas.name(graph, "v");
            let drive = graph.subtract(v, reversal);
            (graph.multiply(conductance, drive), Some((conductance, reversal)))
        }
        CurrentKind::Current { current_ma_per_cm2 } => (formulas.write(graph, current_ma_per_cm2), None),
    };
    let (current, parts) = value(graph, formulas);
    let sees_voltage = graph.depends(|input| input == Input::Voltage);
    if let Some((conductance, reversal)) = parts
        && !sees_voltage[conductance.index()]
        && !sees_voltage[reversal.index()]
    {
        return (current, conductance);
    }
    let (above, _) = value(graph, raised);
    let difference = graph.subtract(above, current);
    let per_step = graph.constant(1.0 / SLOPE_STEP_MV);
    (current, graph.multiply(per_step, difference))
}
