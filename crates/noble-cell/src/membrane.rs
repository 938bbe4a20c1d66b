//! What all mechanisms of a cell read and add to, one value per node.

use crate::ion::Calcium;

/// Voltage, currents and calcium at every node, `[n_nodes]` each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Membrane {
    /// Voltage.
    pub(crate) v_mv: Vec<f64>,
    /// Sum of ionic currents, outward positive.
    pub(crate) current_ma_per_cm2: Vec<f64>,
    /// Sum of their slopes `dI/dV`.
    pub(crate) slope_s_per_cm2: Vec<f64>,
    /// Calcium.
    pub(crate) calcium: Calcium,
}

impl Membrane {
    pub(crate) fn new(n_nodes: usize) -> Self {
        Self {
            v_mv: vec![0.0; n_nodes],
            current_ma_per_cm2: vec![0.0; n_nodes],
            slope_s_per_cm2: vec![0.0; n_nodes],
            calcium: Calcium::new(n_nodes),
        }
    }
}
