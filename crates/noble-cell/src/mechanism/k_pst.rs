//! Persistent potassium current with a junction potential of 10 mV folded in, `m² h`.
//!
//! # Source
//! Korngreen & Sakmann 2000, J. Physiol. 525:621.

use super::gated::{Gated, Reversal};
use super::k_p::persistent_gates;
use super::kinetics::{Gate, TemperatureFactor};

#[derive(Debug)]
pub(super) struct KPst;

impl Gated<2> for KPst {
    const NAME: &'static str = "K_Pst";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Potassium;
    const TEMPERATURE: TemperatureFactor = TemperatureFactor::Fixed34;

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        let shifted = v + 10.0;
        persistent_gates(shifted, q, -(shifted + 1.0) / 12.0)
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * m * h
    }
}
