//! Low-voltage-activated calcium current, `m² h`.
//!
//! # Source
//! Avery & Johnston 1996, J. Neurosci. 16:5567; time constants Randall & Tsien 1997, Neuropharmacology 36:879.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor, sigmoid};

#[derive(Debug)]
pub(super) struct CaLva;

impl Gated<2> for CaLva {
    const NAME: &'static str = "Ca_LVA";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Calcium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 21.0 };

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        [
            Gate { steady: sigmoid(-(v + 40.0) / 6.0), tau_ms: (5.0 + 20.0 * sigmoid((v + 35.0) / 5.0)) / q },
            Gate { steady: sigmoid((v + 90.0) / 6.4), tau_ms: (20.0 + 50.0 * sigmoid((v + 50.0) / 7.0)) / q },
        ]
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * m * h
    }
}
