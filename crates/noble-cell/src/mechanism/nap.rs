//! Persistent sodium current, `m_inf(V) h`: activation follows the voltage at once.
//!
//! # Source
//! Magistretti & Alonso 1999, J. Gen. Physiol. 114:491.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor, linoid, sigmoid};

#[derive(Debug)]
pub(super) struct Nap;

impl Gated<1> for Nap {
    const NAME: &'static str = "Nap";
    const GATES: &'static [&'static str] = &["h"];
    const REVERSAL: Reversal = Reversal::Sodium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 21.0 };
    const HAS_INSTANT_GATE: bool = true;

    fn gates(v: f64, q: f64) -> [Gate; 1] {
        [slow_inactivation(v, q)]
    }

    fn open([h]: [f64; 1], v: f64) -> f64 {
        steady_activation(v) * h
    }
}

/// Steady activation of persistent sodium.
pub(super) fn steady_activation(v: f64) -> f64 {
    sigmoid(-(v + 52.6) / 4.6)
}

/// Slow inactivation of persistent sodium.
pub(super) fn slow_inactivation(v: f64, q: f64) -> Gate {
    let rate = 2.88e-6 * linoid(v + 17.0, 4.63) + 6.94e-6 * linoid(-(v + 64.4), 2.63); // [1/ms]
    Gate { steady: sigmoid((v + 48.8) / 10.0), tau_ms: 1.0 / (q * rate) }
}
