//! What changes in a run: voltages, concentrations, states of channels, of one cell or of many side by side.
//!
//! Arrays hold the lanes of a node beside each other, `[n_slots × width]`, so a register holds one node of several
//! runs. A single run has width one; many runs have a width that is a multiple of the widest register. Nodes with the
//! same mechanisms have neighboring slots, so programs work on the arrays in place.

mod region;

use std::sync::Arc;

use noble_data::channel::{ChannelModel, Ion};

use crate::constants::{CALCIUM_INSIDE_MILLIMOLAR, CALCIUM_OUTSIDE_MILLIMOLAR, CALCIUM_REVERSAL_MV};
use crate::ion::calcium_nernst_slope_mv;
use crate::lanes::{Array, Instructions, PADDING, fill};
use crate::program::Conditions;
use crate::{CablePlan, CompartmentId, Error};

pub(crate) use region::{BoundRegion, RegionPrograms};
use region::{Layout, Place, Region};

/// All that a run changes; made once, it serves any number of runs of its plans.
#[derive(Debug)]
pub struct CableState {
    pub(crate) instructions: Instructions,
    /// Runs side by side.
    pub(crate) n_lanes: usize,
    /// Lanes of an array, those that only fill a register included.
    pub(crate) width: usize,
    /// Where each node lies in the arrays.
    pub(crate) slots: Vec<usize>,
    pub(crate) nodes: NodeState,
    pub(crate) regions: Vec<Region>,
    /// Programs of the regions as last run.
    programs: Option<(Conditions, Vec<RegionPrograms>)>,
    temperature_celsius: f64,
    /// Name, nodes and channel of the mechanisms that it was made for.
    mechanisms: Vec<(String, Vec<usize>, Arc<ChannelModel>)>,
}

/// Operations of a step, over all compartments and lanes, those that only fill a register included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelWork {
    /// Sums, products, fused or not, comparisons.
    pub n_simple: usize,
    /// Exponentials.
    pub n_exponentials: usize,
    /// Logarithms, each with a division of its own.
    pub n_logarithms: usize,
    /// Divisions.
    pub n_divisions: usize,
}

/// One number per node and lane, `[n_slots × width]`.
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
        let Layout { regions, slots, n_slots } = Layout::new(plans[0], width);
        let zeros = || Array::new(n_slots * width, 0.0);
        let nodes = NodeState {
            v_mv: zeros(),
            current_ma_per_cm2: zeros(),
            slope_s_per_cm2: zeros(),
            calcium_millimolar: zeros(),
            calcium_reversal_mv: zeros(),
            calcium_current_ma_per_cm2: zeros(),
        };
        let placed = plans[0].mechanisms.iter();
        let mechanisms =
            placed.map(|one| (one.name.clone(), one.nodes.clone(), Arc::clone(&one.model))).collect();
        let n_lanes = plans.len();
        let temperature_celsius = plans[0].temperature_celsius;
        let programs = None;
        Ok(Self {
            instructions,
            n_lanes,
            width,
            slots,
            nodes,
            regions,
            programs,
            temperature_celsius,
            mechanisms,
        })
    }

    /// Whether it can run these plans side by side.
    #[must_use]
    pub fn fits(&self, plans: &[&CablePlan]) -> bool {
        self.n_lanes == plans.len() && plans.iter().all(|plan| self.fits_one(plan))
    }

    /// Whether a plan has the nodes and mechanisms that it was made for.
    fn fits_one(&self, plan: &CablePlan) -> bool {
        let mut pairs = self.mechanisms.iter().zip(&plan.mechanisms);
        plan.n_nodes() == self.slots.len()
            && plan.temperature_celsius.to_bits() == self.temperature_celsius.to_bits()
            && plan.mechanisms.len() == self.mechanisms.len()
            && pairs.all(|((name, nodes, model), placed)| {
                *name == placed.name && *nodes == placed.nodes && *model == placed.model
            })
    }

    /// Makes the programs of the regions, unless they were made for the same conditions.
    pub(crate) fn compile(&mut self, conditions: Conditions) {
        if self.programs.as_ref().is_some_and(|(of, _)| *of == conditions) {
            return;
        }
        let program = |region| RegionPrograms::new(region, conditions, self.instructions);
        self.programs = Some((conditions, self.regions.iter().map(program).collect()));
    }

    /// The programs that were made last, on the arrays.
    pub(crate) fn bind(&self) -> Vec<BoundRegion<'_>> {
        let programs = self.programs.iter().flat_map(|(_, programs)| programs);
        programs.zip(&self.regions).map(|(programs, region)| programs.bind(region, &self.nodes)).collect()
    }

    /// Place of a node's lane in the arrays.
    pub(crate) fn at(&self, node: usize, lane: usize) -> usize {
        self.slots[node] * self.width + lane
    }

    /// Values of the plans, voltages and concentrations at the start.
    pub(crate) fn reset(&self, plans: &[&CablePlan]) {
        let nodes = &self.nodes;
        for (at, v_mv) in nodes.v_mv.iter().enumerate() {
            v_mv.set(plans[(at % self.width).min(self.n_lanes - 1)].initial_voltage_mv);
        }
        self.regions.iter().for_each(|region| region.load(plans));
        fill(&nodes.calcium_millimolar, CALCIUM_INSIDE_MILLIMOLAR);
        fill(&nodes.calcium_reversal_mv, CALCIUM_REVERSAL_MV);
        for array in [&nodes.calcium_current_ma_per_cm2, &nodes.current_ma_per_cm2, &nodes.slope_s_per_cm2] {
            fill(array, 0.0);
        }
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

    /// What a step of all lanes computes for channels, once a run has planned it; the floor of its time follows from it.
    #[must_use]
    pub fn channel_work(&self) -> ChannelWork {
        let mut sum = ChannelWork::default();
        let programs = self.programs.iter().flat_map(|(_, programs)| programs);
        for (programs, region) in programs.zip(&self.regions) {
            let (work, n) = (programs.work(), region.n());
            sum.n_simple += n * work.n_simple;
            sum.n_exponentials += n * work.n_exponentials;
            sum.n_logarithms += n * work.n_logarithms;
            sum.n_divisions += n * work.n_divisions;
        }
        sum
    }

    /// Bytes of all numbers that its runs change, those that programs keep included.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        const N_NODE_ARRAYS: usize = 6;
        let of_nodes = N_NODE_ARRAYS * self.nodes.v_mv.len();
        let of_regions: usize = self.regions.iter().map(Region::n_numbers).sum();
        let programs = self.programs.iter().flat_map(|(_, programs)| programs);
        let of_programs: usize = programs.map(RegionPrograms::n_numbers).sum();
        size_of::<f64>() * (of_nodes + of_regions + of_programs)
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
        array[self.state.at(compartment.index(), self.lane)].get()
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

    /// Calcium reversal potential at a compartment's concentration.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn calcium_reversal_mv(&self, compartment: CompartmentId) -> f64 {
        self.of(&self.state.nodes.calcium_reversal_mv, compartment)
    }

    /// Sum of the calcium currents of a compartment at its present voltage and states.
    ///
    /// # Source
    /// NEURON 9.0.2 shows the current that the last step was made with, the value of one step before.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn calcium_current_ma_per_cm2(&self, compartment: CompartmentId) -> f64 {
        self.of(&self.state.nodes.calcium_current_ma_per_cm2, compartment)
    }

    /// Sum of the currents of all mechanisms of a compartment at its present voltage and states, outward positive.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn ionic_current_ma_per_cm2(&self, compartment: CompartmentId) -> f64 {
        self.of(&self.state.nodes.current_ma_per_cm2, compartment)
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
        let slot = self.state.slots[compartment.index()];
        let mut regions = self.state.regions.iter();
        let (states, at) = regions.find_map(|region| region.state_at(slot, mechanism_name, state_name))?;
        Some(states[at + self.lane].get())
    }

    /// Calcium reversal potential of a compartment were its concentration this.
    pub(crate) fn calcium_reversal_at_mv(&self, compartment: CompartmentId, calcium_millimolar: f64) -> f64 {
        let slot = self.state.slots[compartment.index()];
        let region = self.state.regions.iter().find(|region| region.holds(slot));
        if region.is_some_and(Region::has_pool) {
            let slope_mv = calcium_nernst_slope_mv(self.state.temperature_celsius);
            return slope_mv * (CALCIUM_OUTSIDE_MILLIMOLAR / calcium_millimolar).ln();
        }
        self.calcium_reversal_mv(compartment)
    }

    /// Current of a mechanism of a compartment, of one ion or of all, at its voltage and the given states and calcium.
    pub(crate) fn mechanism_current_ma_per_cm2(
        &self,
        (compartment, mechanism_name, ion): (CompartmentId, &str, Option<Ion>),
        (states, calcium_millimolar): (&[f64], f64),
    ) -> f64 {
        let slot = self.state.slots[compartment.index()];
        let region = self.state.regions.iter().find(|region| region.holds(slot));
        let region = region.expect("a place with a mechanism lies in a region");
        let place = Place {
            nodes: &self.state.nodes,
            slot,
            lane: self.lane,
            temperature_celsius: self.state.temperature_celsius,
        };
        let reversal_mv = self.calcium_reversal_at_mv(compartment, calcium_millimolar);
        region.current_ma_per_cm2(place, (mechanism_name, ion), (states, calcium_millimolar, reversal_mv))
    }
}
