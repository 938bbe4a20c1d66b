//! Fast inactivating sodium current of the soma, `m³ h`.
//!
//! # Source
//! Colbert & Pan 2002, Nat. Neurosci. 5:533.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor, linoid};

#[derive(Debug)]
pub(super) struct NaTs;

impl Gated<2> for NaTs {
    const NAME: &'static str = "NaTs";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Sodium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 23.0 };

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        transient_gates(v, q, -40.0, -66.0)
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * m * m * h
    }
}

/// Activation and inactivation around given half points [mV]; every transient sodium channel here is a shift.
pub(super) fn transient_gates(v: f64, q: f64, m_half: f64, h_half: f64) -> [Gate; 2] {
    let (m_shift, h_shift) = (v - m_half, v - h_half);
    [
        Gate::from_rates(0.182 * linoid(-m_shift, 6.0), 0.124 * linoid(m_shift, 6.0), q),
        Gate::from_rates(0.015 * linoid(h_shift, 6.0), 0.015 * linoid(-h_shift, 6.0), q),
    ]
}
