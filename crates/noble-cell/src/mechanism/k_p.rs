//! Persistent potassium current, `m² h`.
//!
//! # Source
//! Korngreen & Sakmann 2000, J. Physiol. 525:621.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor, sigmoid};

#[derive(Debug)]
pub(super) struct KP;

impl Gated<2> for KP {
    const NAME: &'static str = "K_P";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Potassium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 21.0 };

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        persistent_gates(v, q, -(v + 14.3) / 14.6)
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * m * h
    }
}

/// Gates of the persistent current; files differ in the argument of the steady activation's sigmoid.
pub(super) fn persistent_gates(v: f64, q: f64, activation: f64) -> [Gate; 2] {
    let m_tau_ms =
        if v < -50.0 { 1.25 + 175.03 * (0.026 * v).exp() } else { 1.25 + 13.0 * (-0.026 * v).exp() };
    let width = (v + 75.0) / 48.0;
    let h_tau_ms = 360.0 + (1010.0 + 24.0 * (v + 55.0)) * (-width * width).exp();
    [
        Gate { steady: sigmoid(activation), tau_ms: m_tau_ms / q },
        Gate { steady: sigmoid((v + 54.0) / 11.0), tau_ms: h_tau_ms / q },
    ]
}
