//! Formulas of a channel written into a graph: start, currents, one step of its states.

use std::collections::HashMap;

use noble_data::channel::{
    BinaryOperator, ChannelModel, ConcentrationSpec, CurrentKind, CurrentSpec, Expression, Function,
    GateKind, Ion,
};

use super::graph::{Choice, Graph, Id, Input};
use super::scheme;
use crate::Integrator;
use crate::constants::{CALCIUM_OUTSIDE_MILLIMOLAR, FARADAY, GAS};

/// What the voltage is raised by to see the slope of a current.
///
/// # Source
/// NEURON 9.0.2, `nocmodl`, currents of a `BREAKPOINT` block.
pub(super) const SLOPE_STEP_MV: f64 = 0.001;

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
    pub(crate) integrator: Integrator,
}

/// Formulas of a channel written into a graph.
pub(super) struct Formulas<'a> {
    model: &'a ChannelModel,
    temperature_celsius: f64,
    /// Input of the first parameter.
    first_parameter: usize,
    names: HashMap<&'a str, Id>,
}

impl<'a> Formulas<'a> {
    /// States have to be bound before they are named.
    pub(super) fn new(model: &'a ChannelModel, temperature_celsius: f64, first_parameter: usize) -> Self {
        Self { model, temperature_celsius, first_parameter, names: HashMap::new() }
    }

    pub(super) fn bind_states(&mut self, states: &[Id]) {
        self.names.extend(self.model.state_names().zip(states.iter().copied()));
    }

    /// A value for a name, before anything is written that has it.
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
            graph.input(Input::Parameter(count(self.first_parameter + idx)))
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

pub(super) fn count(idx: usize) -> u16 {
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

/// Gates at their steady state.
pub(super) fn steady_gates<'a>(graph: &mut Graph, formulas: &mut Formulas<'a>) -> Vec<Id> {
    formulas.model.gates.iter().map(|gate| formulas.gate(graph, &gate.kind).0).collect()
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

/// States after a step, of gates and then of the scheme, from those before it.
pub(super) fn advanced_states<'a>(
    graph: &mut Graph,
    formulas: &mut Formulas<'a>,
    old: &[Id],
    conditions: Conditions,
) -> Vec<Id> {
    let model = formulas.model;
    let mut states = Vec::with_capacity(old.len());
    for (gate, x) in model.gates.iter().zip(old) {
        let goal = formulas.gate(graph, &gate.kind);
        states.push(relaxed(graph, *x, goal, conditions.dt_ms));
    }
    if let Some(scheme) = &model.scheme {
        let old = old[model.gates.len()..].to_vec();
        states.extend(scheme::implicit_step(graph, formulas, scheme, (old, conditions)));
    }
    states
}

/// The concentration after a step, the currents held.
pub(super) fn advanced_calcium<'a>(
    graph: &mut Graph,
    formulas: &mut Formulas<'a>,
    pool: &'a ConcentrationSpec,
    (old, dt_ms): (Id, f64),
) -> Id {
    let steady = formulas.write(graph, &pool.steady_millimolar);
    let tau = formulas.write(graph, &pool.tau_ms);
    let rate = graph.reciprocal(tau);
    relaxed(graph, old, (steady, rate), dt_ms)
}

/// What flows through a channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    pub(super) current: Id,
    pub(super) slope: Id,
    pub(super) calcium: Option<Id>,
}

/// Sum of the currents of a channel; `raised` writes the same at a voltage raised by [`SLOPE_STEP_MV`].
pub(super) fn flow<'a>(
    graph: &mut Graph,
    formulas: &mut Formulas<'a>,
    raised: &mut Formulas<'a>,
) -> Option<Flow> {
    let mut total: Option<Flow> = None;
    for spec in &formulas.model.currents {
        let (current, slope) = one_current(graph, formulas, raised, spec);
        let calcium = (spec.ion == Some(Ion::Calcium)).then_some(current);
        let flow = Flow { current, slope, calcium };
        total = Some(total.map_or(flow, |sum| sum.plus(graph, flow)));
    }
    total
}

impl Flow {
    pub(super) fn plus(self, graph: &mut Graph, other: Self) -> Self {
        let calcium = match (self.calcium, other.calcium) {
            (Some(a), Some(b)) => Some(graph.add(a, b)),
            (a, b) => a.or(b),
        };
        let (current, slope) = (graph.add(self.current, other.current), graph.add(self.slope, other.slope));
        Self { current, slope, calcium }
    }
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
