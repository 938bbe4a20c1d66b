//! Muscarinic potassium current, `m`.
//!
//! # Source
//! Adams, Brown & Constanti 1982, J. Physiol. 330:537.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor};

#[derive(Debug)]
pub(super) struct Im;

impl Gated<1> for Im {
    const NAME: &'static str = "Im";
    const GATES: &'static [&'static str] = &["m"];
    const REVERSAL: Reversal = Reversal::Potassium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 21.0 };

    fn gates(v: f64, q: f64) -> [Gate; 1] {
        let u = 0.1 * (v + 35.0);
        [Gate::from_rates(0.0033 * u.exp(), 0.0033 * (-u).exp(), q)]
    }

    fn open([m]: [f64; 1], _v: f64) -> f64 {
        m
    }
}
