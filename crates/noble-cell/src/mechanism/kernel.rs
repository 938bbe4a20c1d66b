//! What a mechanism does in a run, for all compartments that have it.

use super::nav::InitialState;
use crate::membrane::Membrane;

/// Where a mechanism is inserted and with what values; arrays are `[n]`, one value per compartment that has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placement {
    /// Node of each compartment, ascending.
    pub(crate) nodes: Vec<usize>,
    /// Values of each parameter, in the order of the mechanism's list, `[n_parameters][n]`.
    pub(crate) parameters: Vec<Vec<f64>>,
    /// Reversal potential of sodium.
    pub(crate) sodium_reversal_mv: Vec<f64>,
    /// Reversal potential of potassium.
    pub(crate) potassium_reversal_mv: Vec<f64>,
}

/// What holds for the whole cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Conditions {
    pub(crate) temperature_celsius: f64,
    pub(crate) nav_initial_state: InitialState,
}

/// One mechanism in all its compartments; `states` is `[n_states × n]`, state by state.
pub(crate) trait Kernel: Send + Sync + std::fmt::Debug {
    /// Sets the states that belong to the voltage at the start, and concentrations where it owns one.
    fn initialize(&self, membrane: &mut Membrane, states: &mut [f64]);

    /// Adds current and slope at the voltage of `membrane`, states held.
    fn add_current(&self, membrane: &mut Membrane, states: &[f64]);

    /// Advances the states by one step at the voltage of `membrane`, voltage held.
    fn advance(&self, membrane: &mut Membrane, states: &mut [f64], dt_ms: f64);
}
