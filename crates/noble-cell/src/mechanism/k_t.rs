//! Transient potassium current, `m⁴ h`.
//!
//! # Source
//! Korngreen & Sakmann 2000, J. Physiol. 525:621.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor, sigmoid};

#[derive(Debug)]
pub(super) struct KT;

impl Gated<2> for KT {
    const NAME: &'static str = "K_T";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Potassium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 21.0 };

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        transient_gates(v, q, -(v + 47.0) / 29.0)
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        let m_squared = m * m;
        m_squared * m_squared * h
    }
}

/// Gates of the transient current; files differ in the argument of the steady activation's sigmoid.
pub(super) fn transient_gates(v: f64, q: f64, activation: f64) -> [Gate; 2] {
    let (m_width, h_width) = ((v + 71.0) / 59.0, (v + 73.0) / 23.0);
    [
        Gate { steady: sigmoid(activation), tau_ms: (0.34 + 0.92 * (-m_width * m_width).exp()) / q },
        Gate { steady: sigmoid((v + 66.0) / 10.0), tau_ms: (8.0 + 49.0 * (-h_width * h_width).exp()) / q },
    ]
}
