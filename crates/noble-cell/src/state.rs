//! What changes in a run: voltages, concentrations, states of channels.

use crate::membrane::Membrane;
use crate::{CablePlan, CompartmentId};

/// All that a run changes; made once, it serves any number of runs of the plan without allocation.
#[derive(Debug, Clone, PartialEq)]
pub struct CableState {
    pub(crate) membrane: Membrane,
    pub(crate) states: Vec<f64>,
    /// Diagonal of the linear system [µS].
    pub(crate) diagonal: Vec<f64>,
    /// Its right-hand side [nA], then its solution, the change of voltage [mV].
    pub(crate) change: Vec<f64>,
}

impl CableState {
    /// A state at the start of a run.
    #[must_use]
    pub fn new(plan: &CablePlan) -> Self {
        let n_nodes = plan.n_nodes();
        let mut state = Self {
            membrane: Membrane::new(n_nodes),
            states: vec![0.0; plan.n_states],
            diagonal: vec![0.0; n_nodes],
            change: vec![0.0; n_nodes],
        };
        state.initialize(plan);
        state
    }

    /// Sets everything to the start of a run: the initial voltage everywhere, each gate at its steady state there.
    ///
    /// # Panics
    /// When the state was made for a plan of another size.
    pub fn initialize(&mut self, plan: &CablePlan) {
        self.assert_fits(plan);
        self.membrane.v_mv.fill(plan.initial_voltage_mv);
        self.membrane.calcium.reset();
        for placed in &plan.mechanisms {
            placed.kernel.initialize(&mut self.membrane, &mut self.states[placed.states()]);
        }
        self.evaluate_currents(plan);
    }

    /// Voltage of a compartment.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn v_mv(&self, compartment: CompartmentId) -> f64 {
        self.membrane.v_mv[compartment.index()]
    }

    /// Calcium concentration inside a compartment.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn calcium_millimolar(&self, compartment: CompartmentId) -> f64 {
        self.membrane.calcium.inside_millimolar[compartment.index()]
    }

    /// Calcium reversal potential with which the last currents of a compartment were computed.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn calcium_reversal_mv(&self, compartment: CompartmentId) -> f64 {
        self.membrane.calcium.reversal_mv[compartment.index()]
    }

    /// Sum of the calcium currents of a compartment, as last computed.
    ///
    /// # Panics
    /// When the compartment is not of the plan.
    #[must_use]
    pub fn calcium_current_ma_per_cm2(&self, compartment: CompartmentId) -> f64 {
        self.membrane.calcium.current_ma_per_cm2[compartment.index()]
    }

    /// A state variable of a mechanism, such as `"NaV"`, `"O"`; `None` where the compartment or the mechanism has
    /// none of the name.
    ///
    /// # Panics
    /// When the state was made for a plan of another size.
    #[must_use]
    pub fn mechanism_state(
        &self,
        plan: &CablePlan,
        compartment: CompartmentId,
        mechanism_name: &str,
        state_name: &str,
    ) -> Option<f64> {
        self.assert_fits(plan);
        let placed = plan.mechanisms.iter().find(|placed| placed.mechanism.name == mechanism_name)?;
        let state_idx = placed.mechanism.states.iter().position(|name| *name == state_name)?;
        let idx = placed.nodes.iter().position(|node| *node == compartment.index())?;
        Some(self.states[placed.first_state + state_idx * placed.nodes.len() + idx])
    }

    /// Currents and slopes at the present voltage; calcium's reversal first, as it follows the concentration.
    pub(crate) fn evaluate_currents(&mut self, plan: &CablePlan) {
        self.membrane.calcium.begin_step(&plan.pool_nodes, plan.nernst_slope_mv);
        self.membrane.current_ma_per_cm2.fill(0.0);
        self.membrane.slope_s_per_cm2.fill(0.0);
        for placed in &plan.mechanisms {
            placed.kernel.add_current(&mut self.membrane, &self.states[placed.states()]);
        }
    }

    fn assert_fits(&self, plan: &CablePlan) {
        let (n_nodes, n_states) = (self.diagonal.len(), self.states.len());
        assert!(
            n_nodes == plan.n_nodes() && n_states == plan.n_states,
            "state of {n_nodes} nodes and {n_states} states, plan of {} and {}",
            plan.n_nodes(),
            plan.n_states
        );
    }
}
