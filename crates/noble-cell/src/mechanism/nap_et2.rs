//! Persistent sodium current with its own activation, `m³ h`.
//!
//! # Source
//! Magistretti & Alonso 1999, J. Gen. Physiol. 114:491; differs: the file raises a voltage that meets a singular
//! point by 1e-4 mV, here the linoid is guarded.

use super::gated::{Gated, Reversal};
use super::kinetics::{Gate, TemperatureFactor, linoid};
use super::nap::{slow_inactivation, steady_activation};

#[derive(Debug)]
pub(super) struct NapEt2;

impl Gated<2> for NapEt2 {
    const NAME: &'static str = "Nap_Et2";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Sodium;
    const TEMPERATURE: TemperatureFactor = TemperatureFactor::Fixed34;

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        let shift = v + 38.0;
        let rate = 0.182 * linoid(-shift, 6.0) + 0.124 * linoid(shift, 6.0); // [1/ms]
        [Gate { steady: steady_activation(v), tau_ms: 6.0 / (q * rate) }, slow_inactivation(v, q)]
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * m * m * h
    }
}
