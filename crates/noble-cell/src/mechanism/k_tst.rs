//! Transient potassium current with a junction potential of 10 mV folded in, `m⁴ h`.
//!
//! # Source
//! Korngreen & Sakmann 2000, J. Physiol. 525:621.

use super::gated::{Gated, Reversal};
use super::k_t::transient_gates;
use super::kinetics::{Gate, TemperatureFactor};

#[derive(Debug)]
pub(super) struct KTst;

impl Gated<2> for KTst {
    const NAME: &'static str = "K_Tst";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Potassium;
    const TEMPERATURE: TemperatureFactor = TemperatureFactor::Fixed34;

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        let shifted = v + 10.0;
        transient_gates(shifted, q, -shifted / 19.0)
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        let m_squared = m * m;
        m_squared * m_squared * h
    }
}
