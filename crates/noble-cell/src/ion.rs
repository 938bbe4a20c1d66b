//! Calcium: Nernst reversal and the arrays that currents and pools share.

use crate::constants::{
    CALCIUM_INSIDE_MILLIMOLAR, CALCIUM_OUTSIDE_MILLIMOLAR, CALCIUM_REVERSAL_MV, CALCIUM_VALENCE, FARADAY,
    GAS, KELVIN_AT_ZERO_CELSIUS,
};

/// Slope of the Nernst equation for calcium, `1000 R T / (2 F)` [mV].
///
/// # Source
/// NEURON 9.0.2 `nernst`.
pub(crate) fn calcium_nernst_slope_mv(temperature_celsius: f64) -> f64 {
    1000.0 * GAS * (temperature_celsius + KELVIN_AT_ZERO_CELSIUS) / (CALCIUM_VALENCE * FARADAY)
}

/// Calcium at every node, `[n_nodes]` each.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Calcium {
    /// Concentration inside.
    pub(crate) inside_millimolar: Vec<f64>,
    /// Reversal potential of the last evaluation of the currents.
    pub(crate) reversal_mv: Vec<f64>,
    /// Sum of the calcium currents of the last evaluation, outward positive.
    pub(crate) current_ma_per_cm2: Vec<f64>,
}

impl Calcium {
    /// NEURON's defaults at every node.
    pub(crate) fn new(n_nodes: usize) -> Self {
        Self {
            inside_millimolar: vec![CALCIUM_INSIDE_MILLIMOLAR; n_nodes],
            reversal_mv: vec![CALCIUM_REVERSAL_MV; n_nodes],
            current_ma_per_cm2: vec![0.0; n_nodes],
        }
    }

    /// Sets every node back to NEURON's defaults.
    pub(crate) fn reset(&mut self) {
        self.inside_millimolar.fill(CALCIUM_INSIDE_MILLIMOLAR);
        self.reversal_mv.fill(CALCIUM_REVERSAL_MV);
        self.current_ma_per_cm2.fill(0.0);
    }

    /// Forgets the currents and computes the reversal at the nodes that have a pool.
    pub(crate) fn begin_step(&mut self, pool_nodes: &[usize], nernst_slope_mv: f64) {
        self.current_ma_per_cm2.fill(0.0);
        for &node in pool_nodes {
            let ratio = CALCIUM_OUTSIDE_MILLIMOLAR / self.inside_millimolar[node];
            self.reversal_mv[node] = nernst_slope_mv * ratio.ln();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_reversal_of_the_default_concentrations() {
        let mut calcium = Calcium::new(1);
        calcium.begin_step(&[0], calcium_nernst_slope_mv(34.0));
        let expected = 1000.0 * 8.314_462_618_153_24 * 307.15 / (2.0 * 96_485.332_123_31) * 4e4_f64.ln();
        assert!((calcium.reversal_mv[0] - expected).abs() < 1e-9);
        calcium.inside_millimolar[0] = CALCIUM_OUTSIDE_MILLIMOLAR;
        calcium.begin_step(&[0], calcium_nernst_slope_mv(34.0));
        assert!(calcium.reversal_mv[0].abs() < 1e-12);
    }
}
