//! Compartments that have the same mechanisms, in all lanes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use noble_data::channel::{ChannelModel, CurrentKind, CurrentSpec, Expression, Ion};

use super::NodeState;
use crate::lanes::{Array, Instructions, PADDING};
use crate::program::{
    Bound, Conditions, Executable, Input, Phase, Work, Workspace, constant, program_of, scheme_start,
};
use crate::{CablePlan, Error, Integrator};

/// A mechanism of a region.
#[derive(Debug)]
struct Member {
    name: String,
    model: Arc<ChannelModel>,
    /// Its place among the mechanisms of a plan.
    mechanism_idx: usize,
    first_parameter: usize,
    first_state: usize,
}

/// Compartments with the same mechanisms, side by side in the arrays of nodes; its own arrays are `[n × width]`,
/// padded to whole registers.
#[derive(Debug)]
pub(crate) struct Region {
    /// Node of every element; those that only fill a register repeat the last.
    nodes: Vec<usize>,
    first_slot: usize,
    width: usize,
    members: Vec<Member>,
    states: Vec<Array>,
    parameters: Vec<Array>,
    sodium_reversal_mv: Array,
    potassium_reversal_mv: Array,
}

/// The regions of a plan, and the slot of every node in the arrays of nodes.
pub(super) struct Layout {
    pub(super) regions: Vec<Region>,
    pub(super) slots: Vec<usize>,
    pub(super) n_slots: usize,
}

impl Layout {
    /// Regions in the order of their first node, nodes without mechanisms after them.
    pub(super) fn new(plan: &CablePlan, width: usize) -> Self {
        let mut mechanisms_of = vec![Vec::new(); plan.n_nodes()];
        for (idx, placed) in plan.mechanisms.iter().enumerate() {
            placed.nodes.iter().for_each(|node| mechanisms_of[*node].push(idx));
        }
        let mut groups: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
        for (node, mechanisms) in mechanisms_of.iter().enumerate() {
            groups.entry(mechanisms).or_default().push(node);
        }
        let bare = groups.remove(&[][..]).unwrap_or_default();
        let mut groups: Vec<(&[usize], Vec<usize>)> = groups.into_iter().collect();
        groups.sort_by_key(|(_, nodes)| nodes[0]);
        let (mut slots, mut n_slots) = (vec![0; plan.n_nodes()], 0);
        let mut regions = Vec::with_capacity(groups.len());
        for (mechanisms, nodes) in groups {
            nodes.iter().enumerate().for_each(|(idx, node)| slots[*node] = n_slots + idx);
            let region = Region::new(plan, mechanisms, nodes, (n_slots, width));
            n_slots += region.nodes.len();
            regions.push(region);
        }
        bare.iter().enumerate().for_each(|(idx, node)| slots[*node] = n_slots + idx);
        Self { regions, slots, n_slots: n_slots + bare.len() }
    }
}

impl Region {
    fn new(
        plan: &CablePlan,
        mechanisms: &[usize],
        mut nodes: Vec<usize>,
        (first_slot, width): (usize, usize),
    ) -> Self {
        let padded = (nodes.len() * width).next_multiple_of(PADDING) / width;
        nodes.resize(padded, nodes[nodes.len() - 1]);
        let (mut members, mut n_parameters, mut n_states) = (Vec::new(), 0, 0);
        for &mechanism_idx in mechanisms {
            let placed = &plan.mechanisms[mechanism_idx];
            members.push(Member {
                name: placed.name.clone(),
                model: Arc::clone(&placed.model),
                mechanism_idx,
                first_parameter: n_parameters,
                first_state: n_states,
            });
            n_parameters += placed.model.parameters.len();
            n_states += placed.model.state_names().count();
        }
        let zeros = || Array::new(nodes.len() * width, 0.0);
        Self {
            first_slot,
            width,
            members,
            states: (0..n_states).map(|_| zeros()).collect(),
            parameters: (0..n_parameters).map(|_| zeros()).collect(),
            sodium_reversal_mv: zeros(),
            potassium_reversal_mv: zeros(),
            nodes,
        }
    }

    /// Number of elements of its arrays, those that only fill a register included.
    pub(super) fn n(&self) -> usize {
        self.nodes.len() * self.width
    }

    /// Number of all numbers that it holds.
    pub(super) fn n_numbers(&self) -> usize {
        (self.states.len() + self.parameters.len() + 2) * self.n()
    }

    fn range(&self) -> Range<usize> {
        self.first_slot * self.width..(self.first_slot + self.nodes.len()) * self.width
    }

    fn plan_of<'a>(&self, plans: &[&'a CablePlan], element: usize) -> &'a CablePlan {
        plans[(element % self.width).min(plans.len() - 1)]
    }

    /// Takes the values of the plans, one per lane; lanes that only fill a register repeat the last.
    pub(super) fn load(&self, plans: &[&CablePlan]) {
        for element in 0..self.n() {
            let (plan, node) = (self.plan_of(plans, element), self.nodes[element / self.width]);
            for member in &self.members {
                let placed = &plan.mechanisms[member.mechanism_idx];
                let idx =
                    placed.nodes.binary_search(&node).expect("every node of a region has its mechanisms");
                for (array, column) in
                    self.parameters[member.first_parameter..].iter().zip(&placed.parameters)
                {
                    array[element].set(column[idx]);
                }
                self.sodium_reversal_mv[element].set(placed.sodium_reversal_mv[idx]);
                self.potassium_reversal_mv[element].set(placed.potassium_reversal_mv[idx]);
            }
        }
    }

    /// The array of a state of a mechanism, and where the lanes of a slot begin in it; `None` where the region has none
    /// of the name or does not hold the slot.
    pub(super) fn state_at(
        &self,
        slot: usize,
        mechanism_name: &str,
        state_name: &str,
    ) -> Option<(&Array, usize)> {
        let idx = slot.checked_sub(self.first_slot).filter(|idx| *idx < self.nodes.len())?;
        let member = self.members.iter().find(|member| member.name == mechanism_name)?;
        let state_idx = member.model.state_names().position(|name| name == state_name)?;
        Some((&self.states[member.first_state + state_idx], idx * self.width))
    }

    /// Whether the place of a node in the arrays is one of its own.
    pub(super) fn holds(&self, slot: usize) -> bool {
        (self.first_slot..self.first_slot + self.nodes.len()).contains(&slot)
    }

    pub(super) fn has_pool(&self) -> bool {
        self.members.iter().any(|member| member.model.concentration.is_some())
    }

    /// Current of a mechanism, formula by formula.
    pub(super) fn current_ma_per_cm2(
        &self,
        place: Place<'_>,
        (mechanism_name, ion): (&str, Option<Ion>),
        (states, calcium_millimolar, calcium_reversal_mv): (&[f64], f64, f64),
    ) -> f64 {
        let member = self.members.iter().find(|member| member.name == mechanism_name);
        let member = member.expect("a probe has mechanisms of its place");
        let element = (place.slot - self.first_slot) * self.width + place.lane;
        let value_of = |name: &str| match name {
            "calcium_millimolar" => Some(calcium_millimolar),
            "calcium_reversal_mv" => Some(calcium_reversal_mv),
            name => {
                let state = member.model.state_names().position(|state| state == name);
                let given = state.map(|idx| states[idx]);
                given.or_else(|| {
                    self.value_at(place.nodes, (member, name), (element, place.temperature_celsius))
                })
            }
        };
        let currents = member.model.currents.iter().filter(|spec| ion.is_none() || spec.ion == ion);
        currents.map(|spec| current_of(&member.model, spec, &value_of)).sum()
    }

    /// Sets the states of kinetic schemes to their start, by the voltage there.
    fn start_schemes(&self, nodes: &NodeState, plans: &[&CablePlan]) -> Result<(), Error> {
        for member in self.members.iter().filter(|member| member.model.scheme.is_some()) {
            let first_fraction = member.first_state + member.model.gates.len();
            let mut last: Option<(Vec<u64>, Vec<f64>)> = None;
            for element in 0..self.n() {
                let plan = self.plan_of(plans, element);
                let parameters = &self.parameters[member.first_parameter..][..member.model.parameters.len()];
                let v_mv = &nodes.v_mv[self.range()];
                let key = parameters.iter().map(|array| &array[element]).chain([&v_mv[element]]);
                let key: Vec<u64> = key.map(|value| value.get().to_bits()).collect();
                let fractions = match last.take() {
                    Some((last_key, fractions)) if last_key == key => fractions,
                    _ => {
                        let place = (element, plan.temperature_celsius);
                        let value_of = |name: &str| self.value_at(nodes, (member, name), place);
                        scheme_start(&member.model, plan.start_of_schemes, &value_of)?
                    }
                };
                for (state, fraction) in self.states[first_fraction..].iter().zip(&fractions) {
                    state[element].set(*fraction);
                }
                last = Some((key, fractions));
            }
        }
        Ok(())
    }

    fn value_at(
        &self,
        nodes: &NodeState,
        (member, name): (&Member, &str),
        (element, temperature_celsius): (usize, f64),
    ) -> Option<f64> {
        let Member { model, first_parameter, first_state, .. } = member;
        let parameter = model.parameters.iter().position(|parameter| parameter.name == name);
        let state = model.state_names().position(|state| state == name);
        let array = match (name, parameter, state) {
            (_, Some(idx), _) => &self.parameters[first_parameter + idx][..],
            (_, _, Some(idx)) => &self.states[first_state + idx][..],
            ("v", ..) => &nodes.v_mv[self.range()],
            ("calcium_millimolar", ..) => &nodes.calcium_millimolar[self.range()],
            ("calcium_reversal_mv", ..) => &nodes.calcium_reversal_mv[self.range()],
            ("sodium_reversal_mv", ..) => &self.sodium_reversal_mv[..],
            ("potassium_reversal_mv", ..) => &self.potassium_reversal_mv[..],
            (name, ..) => return constant(model, name, temperature_celsius),
        };
        Some(array[element].get())
    }
}

/// A place in the arrays.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) nodes: &'a NodeState,
    pub(super) slot: usize,
    pub(super) lane: usize,
    pub(super) temperature_celsius: f64,
}

fn current_of(model: &ChannelModel, spec: &CurrentSpec, value_of: &impl Fn(&str) -> Option<f64>) -> f64 {
    let known = "every name of a checked channel has a value";
    let value = |expression: &Expression| model.evaluate(expression, value_of).expect(known);
    match &spec.kind {
        CurrentKind::Current { current_ma_per_cm2 } => value(current_ma_per_cm2),
        CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
            let reversal_mv = match (reversal_mv, spec.ion) {
                (Some(reversal_mv), _) => value(reversal_mv),
                (None, Some(ion)) => value_of(ion.reversal_name()).expect(known),
                (None, None) => unreachable!("the reader wants a reversal without an ion"),
            };
            value(conductance_s_per_cm2) * (value_of("v").expect(known) - reversal_mv)
        }
    }
}

/// Programs of a region, with what they keep from one execution to the next.
#[derive(Debug)]
pub(crate) struct RegionPrograms {
    start: Compiled,
    /// What comes before the first step: currents, of second order after half a step of the states.
    ready: Compiled,
    step: Compiled,
}

/// A program and what is computed once before it.
#[derive(Debug)]
struct Compiled {
    once: Executable,
    each: Executable,
    invariants: Vec<Array>,
}

impl RegionPrograms {
    pub(crate) fn new(region: &Region, conditions: Conditions, instructions: Instructions) -> Self {
        let models: Vec<&ChannelModel> = region.members.iter().map(|member| &*member.model).collect();
        let compiled = |conditions: Conditions, phases: &[Phase]| {
            let staged = program_of(&models, conditions, phases);
            Compiled {
                invariants: (0..staged.n_invariants).map(|_| Array::new(region.n(), 0.0)).collect(),
                once: Executable::new(staged.once, instructions),
                each: Executable::new(staged.each, instructions),
            }
        };
        let half = Conditions { dt_ms: 0.5 * conditions.dt_ms, ..conditions };
        Self {
            start: compiled(conditions, &[Phase::Start]),
            ready: match conditions.integrator {
                Integrator::Neuron => compiled(conditions, &[Phase::Current]),
                Integrator::SecondOrder => compiled(half, &[Phase::Advance, Phase::Current]),
            },
            step: compiled(conditions, &[Phase::Advance, Phase::Current]),
        }
    }

    /// What a step computes for an element.
    pub(super) fn work(&self) -> Work {
        self.step.each.work()
    }

    /// Number of all numbers that they keep.
    pub(super) fn n_numbers(&self) -> usize {
        let compiled = [&self.start, &self.ready, &self.step].into_iter();
        compiled.flat_map(|compiled| &compiled.invariants).map(|array| array.len()).sum()
    }

    /// The programs on the arrays of their region.
    pub(crate) fn bind<'a>(&'a self, region: &'a Region, nodes: &'a NodeState) -> BoundRegion<'a> {
        let bind = |compiled: &'a Compiled| {
            [&compiled.once, &compiled.each].map(|executable| {
                let (inputs, outputs) = (executable.inputs().iter(), executable.outputs().iter());
                let inputs = inputs.map(|input| region.array_of(*input, nodes, &compiled.invariants));
                let outputs =
                    outputs.map(|output| region.array_of(output.place(), nodes, &compiled.invariants));
                executable.bind(&inputs.chain(outputs).collect::<Vec<_>>())
            })
        };
        let (start, ready, step) = (bind(&self.start), bind(&self.ready), bind(&self.step));
        BoundRegion { region, nodes, start, ready, step }
    }
}

impl Region {
    fn array_of<'a>(
        &'a self,
        input: Input,
        nodes: &'a NodeState,
        invariants: &'a [Array],
    ) -> &'a [Cell<f64>] {
        match input {
            Input::Voltage => &nodes.v_mv[self.range()],
            Input::Current => &nodes.current_ma_per_cm2[self.range()],
            Input::Slope => &nodes.slope_s_per_cm2[self.range()],
            Input::Calcium => &nodes.calcium_millimolar[self.range()],
            Input::CalciumReversal => &nodes.calcium_reversal_mv[self.range()],
            Input::CalciumCurrent => &nodes.calcium_current_ma_per_cm2[self.range()],
            Input::SodiumReversal => &self.sodium_reversal_mv,
            Input::PotassiumReversal => &self.potassium_reversal_mv,
            Input::Parameter(idx) => &self.parameters[usize::from(idx)],
            Input::State(idx) => &self.states[usize::from(idx)],
            Input::Invariant(idx) => &invariants[usize::from(idx)],
        }
    }
}

/// Programs with their arrays.
pub(crate) struct BoundRegion<'a> {
    region: &'a Region,
    nodes: &'a NodeState,
    start: [Bound<'a>; 2],
    ready: [Bound<'a>; 2],
    step: [Bound<'a>; 2],
}

impl BoundRegion<'_> {
    /// States at their start, currents for the first step.
    pub(crate) fn start(&self, plans: &[&CablePlan], workspace: &mut Workspace) -> Result<(), Error> {
        for bound in [&self.start[0], &self.ready[0], &self.step[0], &self.start[1]] {
            bound.execute(workspace);
        }
        self.region.start_schemes(self.nodes, plans)?;
        self.ready[1].execute(workspace);
        Ok(())
    }

    /// States after a step, voltage held, and currents for the next.
    pub(crate) fn step(&self, workspace: &mut Workspace) {
        self.step[1].execute(workspace);
    }
}
