//! What changes in a run: voltages, concentrations, states of channels, of one cell or of many side by side.
//!
//! Arrays hold the lanes of a node beside each other, `[n_nodes × width]`, so a register holds one node of several
//! runs. A single run has width one; many runs have a width that is a multiple of the widest register.

mod elements;
mod placed;

use crate::constants::{CALCIUM_INSIDE_MILLIMOLAR, CALCIUM_REVERSAL_MV};
use crate::lanes::{Array, Instructions, PADDING, fill};
use crate::{CablePlan, CompartmentId, Error};

pub(crate) use placed::{BoundMechanism, PlacedPrograms, PlacedState};

/// All that a run changes; made once, it serves any number of runs of its plans.
#[derive(Debug)]
pub struct CableState {
    pub(crate) instructions: Instructions,
    /// Runs side by side.
    pub(crate) n_lanes: usize,
    /// Lanes of an array, those that only fill a register included.
    pub(crate) width: usize,
    pub(crate) n_nodes: usize,
    pub(crate) nodes: NodeState,
    pub(crate) placed: Vec<PlacedState>,
}

/// One number per node and lane, `[n_nodes × width]`.
#[derive(Debug)]
pub(crate) struct NodeState {
    pub(crate) v_mv: Array,
    /// Sum of ionic currents, outward positive.
    pub(crate) current_ma_per_cm2: Array,
    /// Sum of their slopes `dI/dV`.
    pub(crate) slope_s_per_cm2: Array,
    pub(crate) calcium_millimolar: Array,
    pub(crate) calcium_reversal_mv: Array,
    pub(crate) calcium_current_ma_per_cm2: Array,
}

impl CableState {
    /// A state for one run, which brings it to its start.
    ///
    /// # Panics
    /// Never: one plan fits itself.
    #[must_use]
    pub fn new(plan: &CablePlan) -> Self {
        Self::of_lanes(&[plan], Instructions::detect()).expect("one plan fits itself")
    }

    /// A state for several runs side by side, which bring it to their start; lane `k` runs `plans[k]`.
    ///
    /// # Errors
    /// [`Error::UnequalPlans`] when the plans differ in more than values.
    ///
    /// # Panics
    /// When there is no plan, or the processor lacks the instructions.
    pub fn of_lanes(plans: &[&CablePlan], instructions: Instructions) -> Result<Self, Error> {
        assert!(!plans.is_empty() && instructions.is_available(), "{instructions:?}, {} plans", plans.len());
        if let Some(lane) = plans.iter().position(|plan| !plan.has_structure_of(plans[0])) {
            return Err(Error::UnequalPlans { lane });
        }
        let width = if plans.len() == 1 { 1 } else { plans.len().next_multiple_of(PADDING) };
        let n_nodes = plans[0].n_nodes();
        let zeros = || Array::new(n_nodes * width, 0.0);
        let nodes = NodeState {
            v_mv: zeros(),
            current_ma_per_cm2: zeros(),
            slope_s_per_cm2: zeros(),
            calcium_millimolar: zeros(),
            calcium_reversal_mv: zeros(),
            calcium_current_ma_per_cm2: zeros(),
        };
        let placed = plans[0].mechanisms.iter().map(|placed| PlacedState::new(placed, width)).collect();
        let state = Self { instructions, n_lanes: plans.len(), width, n_nodes, nodes, placed };
        Ok(state)
    }

    /// Whether a plan has the nodes and mechanisms that it was made for.
    pub(crate) fn fits(&self, plan: &CablePlan) -> bool {
        let mut pairs = self.placed.iter().zip(&plan.mechanisms);
        plan.n_nodes() == self.n_nodes
            && plan.mechanisms.len() == self.placed.len()
            && pairs.all(|(own, placed)| own.fits(placed))
    }

    /// Values of the plans, voltages and concentrations at the start.
    pub(crate) fn reset(&self, plans: &[&CablePlan]) {
        for node in 0..self.n_nodes {
            for lane in 0..self.width {
                let plan = plans[lane.min(self.n_lanes - 1)];
                self.nodes.v_mv[node * self.width + lane].set(plan.initial_voltage_mv);
            }
        }
        for (idx, placed) in self.placed.iter().enumerate() {
            placed.load(&plans.iter().map(|plan| &plan.mechanisms[idx]).collect::<Vec<_>>());
        }
        fill(&self.nodes.calcium_millimolar, CALCIUM_INSIDE_MILLIMOLAR);
        fill(&self.nodes.calcium_reversal_mv, CALCIUM_REVERSAL_MV);
        fill(&self.nodes.calcium_current_ma_per_cm2, 0.0);
    }

    /// One lane of it.
    ///
    /// # Panics
    /// When there is no such lane.
    #[must_use]
    pub fn lane(&self, lane: usize) -> LaneState<'_> {
        assert!(lane < self.n_lanes, "lane {lane} of {}", self.n_lanes);
        LaneState { state: self, lane }
    }

    /// Number of runs side by side.
    #[must_use]
    pub fn n_lanes(&self) -> usize {
        self.n_lanes
    }
}

/// One run's part of a state.
#[derive(Debug, Clone, Copy)]
pub struct LaneState<'a> {
    state: &'a CableState,
    lane: usize,
}

impl LaneState<'_> {
    fn of(&self, array: &Array, compartment: CompartmentId) -> f64 {
        array[compartment.index() * self.state.width + self.lane].get()
    }

    /// Voltage of a compartment.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn v_mv(&self, compartment: CompartmentId) -> f64 {
        self.of(&self.state.nodes.v_mv, compartment)
    }

    /// Calcium concentration inside a compartment.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn calcium_millimolar(&self, compartment: CompartmentId) -> f64 {
        self.of(&self.state.nodes.calcium_millimolar, compartment)
    }

    /// Calcium reversal potential with which the last currents of a compartment were computed.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn calcium_reversal_mv(&self, compartment: CompartmentId) -> f64 {
        self.of(&self.state.nodes.calcium_reversal_mv, compartment)
    }

    /// Sum of the calcium currents of a compartment, as last computed.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn calcium_current_ma_per_cm2(&self, compartment: CompartmentId) -> f64 {
        self.of(&self.state.nodes.calcium_current_ma_per_cm2, compartment)
    }

    /// A state variable of a mechanism, such as `"NaV"`, `"O"`; `None` where the compartment or the mechanism has
    /// none of the name.
    #[must_use]
    pub fn mechanism_state(
        &self,
        compartment: CompartmentId,
        mechanism_name: &str,
        state_name: &str,
    ) -> Option<f64> {
        let placed = self.state.placed.iter().find(|placed| placed.name == mechanism_name)?;
        let state_idx = placed.state_names.iter().position(|name| *name == state_name)?;
        let idx = placed.nodes.iter().position(|node| *node == compartment.index())?;
        Some(placed.states[state_idx][idx * self.state.width + self.lane].get())
    }
}
