//! Muscarinic potassium current of hippocampal cells, `m`.
//!
//! # Source
//! Vervaeke, Hu, Graham & Storm 2006, Neuron 49:257.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor};

#[derive(Debug)]
pub(super) struct ImV2;

impl Gated<1> for ImV2 {
    const NAME: &'static str = "Im_v2";
    const GATES: &'static [&'static str] = &["m"];
    const REVERSAL: Reversal = Reversal::Potassium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 30.0 };

    fn gates(v: f64, q: f64) -> [Gate; 1] {
        let u = (v + 48.0) / 26.12;
        let (opening, closing) = (0.007 * (2.4 * u).exp(), 0.007 * (-3.6 * u).exp());
        let sum = opening + closing;
        [Gate { steady: opening / sum, tau_ms: (15.0 + 1.0 / sum) / q }]
    }

    fn open([m]: [f64; 1], _v: f64) -> f64 {
        m
    }
}
