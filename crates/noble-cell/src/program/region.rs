//! Programs of all channels that the same compartments have.
//!
//! A step is one program: states after the step, then currents at the same voltage. What several channels have in
//! common is computed once, and a number goes from one to the other without memory between.

use noble_data::channel::{ChannelModel, ConcentrationSpec};

use super::channel::{
    Conditions, Flow, Formulas, SLOPE_STEP_MV, advanced_calcium, advanced_states, count, flow, steady_gates,
};
use super::graph::{Graph, Id, Input};
use super::linear::{Output, Staged};
use crate::Integrator;
use crate::constants::CALCIUM_OUTSIDE_MILLIMOLAR;
use crate::ion::calcium_nernst_slope_mv;

/// What a program of a region does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Gates to their steady state, a concentration to its start.
    Start,
    /// States by the part of a step, voltage held.
    Advance,
    /// Currents and slopes, states held.
    Current,
}

/// A program of channels that share their compartments: states and parameters are numbered on from one channel to the
/// next.
pub(crate) fn program_of(models: &[&ChannelModel], conditions: Conditions, phases: &[Phase]) -> Staged {
    let mut graph = Graph::default();
    let mut region = Region::new(&mut graph, models, conditions);
    let mut outputs = Vec::new();
    for phase in phases {
        match phase {
            Phase::Start => region.start(&mut graph),
            Phase::Advance => match conditions.integrator {
                Integrator::Neuron => region.advance(&mut graph),
                Integrator::SecondOrder => region.advance_to_second_order(&mut graph),
            },
            Phase::Current => outputs.extend(region.flow_outputs(&mut graph)),
        }
    }
    outputs.extend(region.changed(&mut graph));
    Staged::new(&graph, &outputs)
}

/// Values of a region as they stand in a program.
struct Region<'a> {
    models: &'a [&'a ChannelModel],
    first_parameters: Vec<usize>,
    conditions: Conditions,
    /// Of each channel.
    states: Vec<Vec<Id>>,
    calcium: Id,
    calcium_current: Id,
}

impl<'a> Region<'a> {
    fn new(graph: &mut Graph, models: &'a [&'a ChannelModel], conditions: Conditions) -> Self {
        let (mut first_parameters, mut states) = (Vec::new(), Vec::new());
        let (mut n_parameters, mut n_states) = (0, 0);
        for model in models {
            first_parameters.push(n_parameters);
            n_parameters += model.parameters.len();
            let of_model = model.state_names().enumerate();
            states.push(
                of_model
                    .map(|(idx, _)| graph.input(Input::State(count(n_states + idx))))
                    .collect::<Vec<Id>>(),
            );
            n_states += states.last().map_or(0, Vec::len);
        }
        let (calcium, calcium_current) = (graph.input(Input::Calcium), graph.input(Input::CalciumCurrent));
        Self { models, first_parameters, conditions, states, calcium, calcium_current }
    }

    fn has_pool(&self) -> bool {
        self.models.iter().any(|model| model.concentration.is_some())
    }

    /// Formulas of a channel at given states and calcium.
    fn formulas(&self, idx: usize, (states, calcium): (&[Id], Id)) -> Formulas<'a> {
        let mut formulas =
            Formulas::new(self.models[idx], self.conditions.temperature_celsius, self.first_parameters[idx]);
        formulas.bind_states(states);
        formulas.bind("calcium_millimolar", calcium);
        formulas.bind("calcium_current_ma_per_cm2", self.calcium_current);
        formulas
    }

    fn start(&mut self, graph: &mut Graph) {
        for (idx, model) in self.models.iter().enumerate() {
            let mut formulas = self.formulas(idx, (&self.states[idx], self.calcium));
            for (state, steady) in self.states[idx].iter_mut().zip(steady_gates(graph, &mut formulas)) {
                *state = steady;
            }
            if let Some(start) = model.concentration.as_ref().and_then(|pool| pool.start_millimolar.as_ref())
            {
                self.calcium = formulas.write(graph, start);
            }
        }
    }

    /// Channel after channel: those after a pool see its new concentration.
    fn advance(&mut self, graph: &mut Graph) {
        for (idx, model) in self.models.iter().enumerate() {
            let mut formulas = self.formulas(idx, (&self.states[idx], self.calcium));
            self.states[idx] = advanced_states(graph, &mut formulas, &self.states[idx], self.conditions);
            if let Some(pool) = &model.concentration {
                let old = (self.calcium, self.conditions.dt_ms);
                self.calcium = advanced_calcium(graph, &mut formulas, pool, old);
            }
        }
    }

    /// Symmetric in time: calcium by the current in the middle of the step, states by the calcium there.
    fn advance_to_second_order(&mut self, graph: &mut Graph) {
        let old = (self.states.clone(), self.calcium);
        let states_with = |region: &Self, graph: &mut Graph, calcium: Id| -> Vec<Vec<Id>> {
            let of_channel = |(idx, states): (usize, &Vec<Id>)| {
                let mut formulas = region.formulas(idx, (states, calcium));
                advanced_states(graph, &mut formulas, states, region.conditions)
            };
            old.0.iter().enumerate().map(of_channel).collect()
        };
        let foreseen = states_with(self, graph, old.1);
        let pairs = old.0.iter().flatten().zip(foreseen.iter().flatten());
        let mut middle = pairs.map(|(a, b)| mean(graph, *a, *b)).collect::<Vec<Id>>().into_iter();
        self.states = old.0.iter().map(|states| middle.by_ref().take(states.len()).collect()).collect();
        let pools: Vec<(usize, &'a ConcentrationSpec)> = self
            .models
            .iter()
            .enumerate()
            .filter_map(|(idx, model)| model.concentration.as_ref().map(|pool| (idx, pool)))
            .collect();
        let (mut calcium, mut middle) = (old.1, old.1);
        for _ in 0..2 {
            self.calcium = middle;
            if let Some(Flow { calcium: Some(current), .. }) = self.flow(graph) {
                self.calcium_current = current;
            }
            calcium = old.1;
            for (idx, pool) in &pools {
                let mut formulas = self.formulas(*idx, (&self.states[*idx], middle));
                calcium = advanced_calcium(graph, &mut formulas, pool, (calcium, self.conditions.dt_ms));
            }
            middle = mean(graph, old.1, calcium);
        }
        self.states = states_with(self, graph, middle);
        self.calcium = calcium;
    }

    /// Currents of all channels at the present states.
    fn flow(&self, graph: &mut Graph) -> Option<Flow> {
        let (v, step) = (graph.input(Input::Voltage), graph.constant(SLOPE_STEP_MV));
        let raised_v = graph.add(v, step);
        let reversal = self.calcium_reversal(graph);
        let mut total: Option<Flow> = None;
        for (idx, states) in self.states.iter().enumerate() {
            let mut formulas = self.formulas(idx, (states, self.calcium));
            let mut raised = self.formulas(idx, (states, self.calcium));
            raised.bind("v", raised_v);
            for formulas in [&mut formulas, &mut raised] {
                formulas.bind("calcium_reversal_mv", reversal);
            }
            if let Some(flow) = flow(graph, &mut formulas, &mut raised) {
                total = Some(total.map_or(flow, |sum| sum.plus(graph, flow)));
            }
        }
        total
    }

    /// `E = slope ln(outside / inside)` where there is a pool.
    ///
    /// # Source
    /// NEURON 9.0.2 `nernst`.
    fn calcium_reversal(&self, graph: &mut Graph) -> Id {
        if !self.has_pool() {
            return graph.input(Input::CalciumReversal);
        }
        let slope_mv = calcium_nernst_slope_mv(self.conditions.temperature_celsius);
        let (outside, slope) = (graph.constant(CALCIUM_OUTSIDE_MILLIMOLAR), graph.constant(slope_mv));
        let ratio = graph.divide(outside, self.calcium);
        let logarithm = graph.logarithm(ratio);
        graph.multiply(slope, logarithm)
    }

    fn flow_outputs(&mut self, graph: &mut Graph) -> Vec<(Output, Id)> {
        let mut outputs = Vec::new();
        if let Some(flow) = self.flow(graph) {
            outputs.extend([(Output::Current, flow.current), (Output::Slope, flow.slope)]);
            outputs.extend(flow.calcium.map(|current| (Output::CalciumCurrent, current)));
        }
        if self.has_pool() {
            outputs.push((Output::CalciumReversal, self.calcium_reversal(graph)));
        }
        outputs
    }

    /// States and concentration that are no longer what was given.
    fn changed(&self, graph: &mut Graph) -> Vec<(Output, Id)> {
        let states = self.states.iter().flatten().enumerate();
        let mut outputs: Vec<(Output, Id)> = states
            .filter(|(idx, id)| graph.input(Input::State(count(*idx))) != **id)
            .map(|(idx, id)| (Output::State(count(idx)), *id))
            .collect();
        if graph.input(Input::Calcium) != self.calcium {
            outputs.push((Output::Calcium, self.calcium));
        }
        outputs
    }
}

fn mean(graph: &mut Graph, a: Id, b: Id) -> Id {
    let (half, sum) = (graph.constant(0.5), graph.add(a, b));
    graph.multiply(half, sum)
}
