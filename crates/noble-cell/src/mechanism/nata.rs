//! Fast inactivating sodium current of the axon, `m³ h`.
//!
//! # Source
//! Colbert & Pan 2002, Nat. Neurosci. 5:533.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor};
use super::nats::transient_gates;

#[derive(Debug)]
pub(super) struct NaTa;

impl Gated<2> for NaTa {
    const NAME: &'static str = "NaTa";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Sodium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 23.0 };

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        transient_gates(v, q, -48.0, -69.0)
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * m * m * h
    }
}
