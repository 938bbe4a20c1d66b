//! Ions: what the Nernst equation needs.

use crate::constants::{CALCIUM_VALENCE, FARADAY, GAS, KELVIN_AT_ZERO_CELSIUS};

/// Slope of the Nernst equation for calcium, `1000 R T / (2 F)` [mV].
///
/// # Source
/// NEURON 9.0.2 `nernst`.
pub(crate) fn calcium_nernst_slope_mv(temperature_celsius: f64) -> f64 {
    1000.0 * GAS * (temperature_celsius + KELVIN_AT_ZERO_CELSIUS) / (CALCIUM_VALENCE * FARADAY)
}
