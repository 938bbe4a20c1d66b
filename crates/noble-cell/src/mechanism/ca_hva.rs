//! High-voltage-activated calcium current, `m² h`.
//!
//! # Source
//! Reuveni, Friedman, Amitai & Gutnick 1993, J. Neurosci. 13:4609.

use super::gated::{Gated, Reversal};
use super::kinetics::{Gate, linoid, sigmoid};

#[derive(Debug)]
pub(super) struct CaHva;

impl Gated<2> for CaHva {
    const NAME: &'static str = "Ca_HVA";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Calcium;

    fn gates(v: f64, q: f64) -> [Gate; 2] {
        let m_opening = 0.055 * linoid(-27.0 - v, 3.8);
        let m_closing = 0.94 * ((-75.0 - v) / 17.0).exp();
        let h_opening = 4.57e-4 * ((-13.0 - v) / 50.0).exp();
        let h_closing = 6.5e-3 * sigmoid((-v - 15.0) / 28.0);
        [Gate::from_rates(m_opening, m_closing, q), Gate::from_rates(h_opening, h_closing, q)]
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * m * h
    }
}
