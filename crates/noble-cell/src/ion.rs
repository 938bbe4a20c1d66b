//! Ions: what the Nernst equation needs.

use crate::constants::{CALCIUM_VALENCE, FARADAY, GAS, KELVIN_AT_ZERO_CELSIUS};

/// Slope of the Nernst equation for calcium, `1000 R T / (2 F)` [mV].
///
/// # Source
/// NEURON 9.0.2 `nernst`.
pub(crate) fn calcium_nernst_slope_mv(temperature_celsius: f64) -> f64 {
    1000.0 * GAS * (temperature_celsius + KELVIN_AT_ZERO_CELSIUS) / (CALCIUM_VALENCE * FARADAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_reversal_of_the_default_concentrations() {
        let expected = 1000.0 * 8.314_462_618_153_24 * 307.15 / (2.0 * 96_485.332_123_31) * 4e4_f64.ln();
        assert!((calcium_nernst_slope_mv(34.0) * (2.0_f64 / 5e-5).ln() - expected).abs() < 1e-9);
    }
}
