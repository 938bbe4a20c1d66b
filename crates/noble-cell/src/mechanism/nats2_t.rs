//! Fast inactivating sodium current, somatic shift, `m³ h`.
//!
//! # Source
//! Colbert & Pan 2002, Nat. Neurosci. 5:533; differs: the file raises a voltage that meets a singular
//! point by 1e-4 mV, here the linoid is guarded.

use super::gated::{Gated, Reversal};
use super::kinetics::{Gate, TemperatureFactor};
use super::nats::transient_gates;

#[derive(Debug)]
pub(super) struct NaTs2T;

impl Gated<2> for NaTs2T {
    const NAME: &'static str = "NaTs2_t";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Sodium;
    const TEMPERATURE: TemperatureFactor = TemperatureFactor::Fixed34;

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        transient_gates(v, q, -32.0, -60.0)
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * m * m * h
    }
}
