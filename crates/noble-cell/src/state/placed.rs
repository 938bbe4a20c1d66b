//! One mechanism in all its compartments and lanes.

use std::cell::Cell;
use std::sync::Arc;

use noble_data::channel::ChannelModel;

use super::NodeState;
use super::elements::{gather, scatter, scatter_add};
use crate::constants::CALCIUM_OUTSIDE_MILLIMOLAR;
use crate::lanes::{Array, Instructions, PADDING};
use crate::plan::PlacedMechanism;
use crate::program::{
    Bound, ChannelPrograms, Conditions, Graph, Input, Output, Program, Staged, Workspace, constant,
    scheme_start,
};
use crate::{CablePlan, Error};

/// Arrays of a mechanism, `[n × width]`, padded to whole registers.
#[derive(Debug)]
pub(crate) struct PlacedState {
    pub(crate) name: String,
    pub(crate) state_names: Vec<String>,
    pub(crate) nodes: Vec<usize>,
    pub(crate) states: Vec<Array>,
    model: Arc<ChannelModel>,
    n: usize,
    width: usize,
    parameters: Vec<Array>,
    sodium_reversal_mv: Array,
    potassium_reversal_mv: Array,
    /// Copies of what the nodes have.
    v_mv: Array,
    calcium_millimolar: Array,
    calcium_reversal_mv: Array,
    calcium_current_ma_per_cm2: Array,
    /// What the programs give to the nodes.
    current_ma_per_cm2: Array,
    slope_s_per_cm2: Array,
    own_calcium_current_ma_per_cm2: Array,
}

impl PlacedState {
    pub(crate) fn new(placed: &PlacedMechanism, width: usize) -> Self {
        let n = (placed.nodes.len() * width).next_multiple_of(PADDING);
        let zeros = || Array::new(n, 0.0);
        Self {
            name: placed.name.clone(),
            state_names: placed.model.state_names().map(str::to_owned).collect(),
            nodes: placed.nodes.clone(),
            states: placed.model.state_names().map(|_| zeros()).collect(),
            model: Arc::clone(&placed.model),
            n,
            width,
            parameters: placed.parameters.iter().map(|_| zeros()).collect(),
            sodium_reversal_mv: zeros(),
            potassium_reversal_mv: zeros(),
            v_mv: zeros(),
            calcium_millimolar: zeros(),
            calcium_reversal_mv: zeros(),
            calcium_current_ma_per_cm2: zeros(),
            current_ma_per_cm2: zeros(),
            slope_s_per_cm2: zeros(),
            own_calcium_current_ma_per_cm2: zeros(),
        }
    }

    /// Whether it was made for this channel in these compartments.
    pub(crate) fn fits(&self, placed: &PlacedMechanism) -> bool {
        self.name == placed.name && self.nodes == placed.nodes && self.model == placed.model
    }

    /// Takes the values of a run's mechanisms, one per lane; lanes that only fill a register repeat the last.
    pub(crate) fn load(&self, of_lanes: &[&PlacedMechanism]) {
        let last = self.nodes.len() - 1;
        for element in 0..self.n {
            let placed = of_lanes[(element % self.width).min(of_lanes.len() - 1)];
            let idx = (element / self.width).min(last);
            for (array, column) in self.parameters.iter().zip(&placed.parameters) {
                array[element].set(column[idx]);
            }
            self.sodium_reversal_mv[element].set(placed.sodium_reversal_mv[idx]);
            self.potassium_reversal_mv[element].set(placed.potassium_reversal_mv[idx]);
        }
    }

    /// Sets the states of a kinetic scheme to their start, by the voltage there.
    pub(crate) fn start_scheme(&self, plans: &[&CablePlan]) -> Result<(), Error> {
        if self.model.scheme.is_none() {
            return Ok(());
        }
        let n_gates = self.model.gates.len();
        let mut last: Option<(Vec<u64>, Vec<f64>)> = None;
        for element in 0..self.n {
            let plan = plans[(element % self.width).min(plans.len() - 1)];
            let key: Vec<u64> = self
                .parameters
                .iter()
                .chain([&self.v_mv])
                .map(|array| array[element].get().to_bits())
                .collect();
            let fractions = match last.take() {
                Some((last_key, fractions)) if last_key == key => fractions,
                _ => {
                    let value_of = |name: &str| self.value_at_start(name, element, plan.temperature_celsius);
                    scheme_start(&self.model, plan.start_of_schemes, &value_of)?
                }
            };
            for (state, fraction) in self.states[n_gates..].iter().zip(&fractions) {
                state[element].set(*fraction);
            }
            last = Some((key, fractions));
        }
        Ok(())
    }

    fn value_at_start(&self, name: &str, element: usize, temperature_celsius: f64) -> Option<f64> {
        if let Some(idx) = self.model.parameters.iter().position(|parameter| parameter.name == name) {
            return Some(self.parameters[idx][element].get());
        }
        if let Some(idx) = self.model.state_names().position(|state| state == name) {
            return Some(self.states[idx][element].get());
        }
        match name {
            "v" => Some(self.v_mv[element].get()),
            "calcium_millimolar" => Some(self.calcium_millimolar[element].get()),
            "sodium_reversal_mv" => Some(self.sodium_reversal_mv[element].get()),
            "potassium_reversal_mv" => Some(self.potassium_reversal_mv[element].get()),
            name => constant(&self.model, name, temperature_celsius),
        }
    }

    fn array_of<'a>(&'a self, input: Input, invariants: &'a [Array]) -> &'a [Cell<f64>] {
        match input {
            Input::Voltage => &self.v_mv,
            Input::Calcium => &self.calcium_millimolar,
            Input::CalciumReversal => &self.calcium_reversal_mv,
            Input::CalciumCurrent => &self.calcium_current_ma_per_cm2,
            Input::SodiumReversal => &self.sodium_reversal_mv,
            Input::PotassiumReversal => &self.potassium_reversal_mv,
            Input::Parameter(idx) => &self.parameters[usize::from(idx)],
            Input::State(idx) => &self.states[usize::from(idx)],
            Input::Invariant(idx) => &invariants[usize::from(idx)],
        }
    }

    fn target_of<'a>(&'a self, output: Output, invariants: &'a [Array]) -> &'a [Cell<f64>] {
        match output {
            Output::State(idx) => &self.states[usize::from(idx)],
            Output::Current => &self.current_ma_per_cm2,
            Output::Slope => &self.slope_s_per_cm2,
            Output::CalciumCurrent => &self.own_calcium_current_ma_per_cm2,
            Output::Calcium => &self.calcium_millimolar,
            Output::CalciumReversal => &self.calcium_reversal_mv,
            Output::Invariant(idx) => &invariants[usize::from(idx)],
        }
    }

    fn bind<'a>(
        &'a self,
        program: &'a Program,
        invariants: &'a [Array],
        instructions: Instructions,
    ) -> Bound<'a> {
        let inputs = program.inputs.iter().map(|input| self.array_of(*input, invariants));
        let outputs = program.outputs.iter().map(|output| self.target_of(*output, invariants));
        Bound::native(program, &inputs.chain(outputs).collect::<Vec<_>>(), instructions)
    }
}

/// Programs of a mechanism for a run, with what they keep.
pub(crate) struct PlacedPrograms {
    channel: ChannelPrograms,
    nernst: Staged,
    invariants: [Vec<Array>; 4],
}

/// Programs with their arrays.
pub(crate) struct BoundMechanism<'a> {
    placed: &'a PlacedState,
    start: [Bound<'a>; 2],
    current: [Bound<'a>; 2],
    advance: [Bound<'a>; 2],
    nernst: [Bound<'a>; 2],
    reads: Reads,
}

/// What a mechanism wants of its nodes.
#[derive(Debug, Clone, Copy)]
struct Reads {
    is_pool: bool,
    carries_current: bool,
    carries_calcium: bool,
    current_sees_calcium: bool,
    current_sees_reversal: bool,
    advance_sees_calcium: bool,
    advances: bool,
}

impl PlacedPrograms {
    pub(crate) fn new(placed: &PlacedState, conditions: Conditions, nernst_slope_mv: f64) -> Self {
        let channel = ChannelPrograms::new(&placed.model, conditions);
        let is_pool = placed.model.concentration.is_some();
        let nernst = if is_pool { nernst(nernst_slope_mv) } else { Staged::default() };
        let arrays = |staged: &Staged| (0..staged.n_invariants).map(|_| Array::new(placed.n, 0.0)).collect();
        let invariants =
            [arrays(&channel.start), arrays(&channel.current), arrays(&channel.advance), arrays(&nernst)];
        Self { channel, nernst, invariants }
    }

    pub(crate) fn bind<'a>(
        &'a self,
        placed: &'a PlacedState,
        instructions: Instructions,
    ) -> BoundMechanism<'a> {
        let Self { channel, nernst, invariants } = self;
        let both = |staged: &'a Staged, idx: usize| {
            [&staged.once, &staged.each].map(|program| placed.bind(program, &invariants[idx], instructions))
        };
        let sees = |staged: &Staged, input: Input| staged.each.inputs.contains(&input);
        let (current, advance) = (&channel.current, &channel.advance);
        BoundMechanism {
            placed,
            start: both(&channel.start, 0),
            current: both(current, 1),
            advance: both(advance, 2),
            nernst: both(nernst, 3),
            reads: Reads {
                is_pool: placed.model.concentration.is_some(),
                carries_current: !placed.model.currents.is_empty(),
                carries_calcium: current.each.outputs.contains(&Output::CalciumCurrent),
                current_sees_calcium: sees(current, Input::Calcium),
                current_sees_reversal: sees(current, Input::CalciumReversal),
                advance_sees_calcium: sees(advance, Input::Calcium),
                advances: !advance.each.outputs.is_empty(),
            },
        }
    }
}

/// `E = slope ln(outside / inside)`.
///
/// # Source
/// NEURON 9.0.2 `nernst`.
fn nernst(slope_mv: f64) -> Staged {
    let mut graph = Graph::default();
    let inside = graph.input(Input::Calcium);
    let (outside, slope) = (graph.constant(CALCIUM_OUTSIDE_MILLIMOLAR), graph.constant(slope_mv));
    let ratio = graph.divide(outside, inside);
    let logarithm = graph.logarithm(ratio);
    let reversal = graph.multiply(slope, logarithm);
    Staged::new(&graph, &[(Output::CalciumReversal, reversal)])
}

impl BoundMechanism<'_> {
    pub(crate) fn is_pool(&self) -> bool {
        self.reads.is_pool
    }

    fn gather(&self, from: &[Cell<f64>], to: &[Cell<f64>]) {
        gather(from, to, &self.placed.nodes, self.placed.width);
    }

    fn scatter(&self, from: &[Cell<f64>], to: &[Cell<f64>]) {
        scatter(from, to, &self.placed.nodes, self.placed.width);
    }

    /// What is computed once, then gates at their steady state, a concentration at its start.
    pub(crate) fn start(&self, nodes: &NodeState, workspace: &mut Workspace) {
        let placed = self.placed;
        self.gather(&nodes.v_mv, &placed.v_mv);
        self.gather(&nodes.calcium_millimolar, &placed.calcium_millimolar);
        for bound in [&self.current[0], &self.advance[0], &self.nernst[0], &self.start[0], &self.start[1]] {
            bound.execute(workspace);
        }
        if self.reads.is_pool {
            self.scatter(&placed.calcium_millimolar, &nodes.calcium_millimolar);
        }
    }

    /// The reversal potential of calcium by its concentration.
    pub(crate) fn set_reversal(&self, nodes: &NodeState, workspace: &mut Workspace) {
        let placed = self.placed;
        self.gather(&nodes.calcium_millimolar, &placed.calcium_millimolar);
        self.nernst[1].execute(workspace);
        self.scatter(&placed.calcium_reversal_mv, &nodes.calcium_reversal_mv);
    }

    /// Adds current and slope at the present voltage, states held.
    pub(crate) fn add_current(&self, nodes: &NodeState, workspace: &mut Workspace) {
        let (placed, reads) = (self.placed, self.reads);
        if !reads.carries_current {
            return;
        }
        self.gather(&nodes.v_mv, &placed.v_mv);
        if reads.current_sees_calcium {
            self.gather(&nodes.calcium_millimolar, &placed.calcium_millimolar);
        }
        if reads.current_sees_reversal {
            self.gather(&nodes.calcium_reversal_mv, &placed.calcium_reversal_mv);
        }
        self.current[1].execute(workspace);
        let add = |from, to| scatter_add(from, to, &placed.nodes, placed.width);
        add(&placed.current_ma_per_cm2, &nodes.current_ma_per_cm2);
        add(&placed.slope_s_per_cm2, &nodes.slope_s_per_cm2);
        if reads.carries_calcium {
            add(&placed.own_calcium_current_ma_per_cm2, &nodes.calcium_current_ma_per_cm2);
        }
    }

    /// Advances the states by one step, voltage held.
    pub(crate) fn advance(&self, nodes: &NodeState, workspace: &mut Workspace) {
        let (placed, reads) = (self.placed, self.reads);
        if !reads.advances {
            return;
        }
        self.gather(&nodes.v_mv, &placed.v_mv);
        if reads.advance_sees_calcium || reads.is_pool {
            self.gather(&nodes.calcium_millimolar, &placed.calcium_millimolar);
        }
        if reads.is_pool {
            self.gather(&nodes.calcium_current_ma_per_cm2, &placed.calcium_current_ma_per_cm2);
        }
        self.advance[1].execute(workspace);
        if reads.is_pool {
            self.scatter(&placed.calcium_millimolar, &nodes.calcium_millimolar);
        }
    }
}
