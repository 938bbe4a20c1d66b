//! Slowly inactivating potassium current, `m h`.
//!
//! # Source
//! Foust, Yu, Popovic, Zecevic & McCormick 2011, J. Neurosci. 31:15490.

use super::gated::{Gated, Reversal};
use super::kinetics::{Gate, sigmoid};

#[derive(Debug)]
pub(super) struct Kd;

impl Gated<2> for Kd {
    const NAME: &'static str = "Kd";
    const GATES: &'static [&'static str] = &["m", "h"];
    const REVERSAL: Reversal = Reversal::Potassium;

    fn gates(v: f64, _q: f64) -> [Gate; 2] {
        [
            Gate { steady: 1.0 - sigmoid((v + 43.0) / 8.0), tau_ms: 1.0 },
            Gate { steady: sigmoid((v + 67.0) / 7.3), tau_ms: 1500.0 },
        ]
    }

    fn open([m, h]: [f64; 2], _v: f64) -> f64 {
        m * h
    }
}
