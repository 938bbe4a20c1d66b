//! Hyperpolarization-activated cation current, `m`.
//!
//! # Source
//! Kole, Hallermann & Stuart 2006, J. Neurosci. 26:1677.

use super::gated::{Gated, Reversal};
use super::kinetics::{Gate, linoid};

#[derive(Debug)]
pub(super) struct Ih;

impl Gated<1> for Ih {
    const NAME: &'static str = "Ih";
    const GATES: &'static [&'static str] = &["m"];
    const REVERSAL: Reversal = Reversal::FixedMv(-45.0);

    fn gates(v: f64, q: f64) -> [Gate; 1] {
        [Gate::from_rates(0.00643 * linoid(v + 154.9, 11.9), 0.193 * (v / 33.1).exp(), q)]
    }

    fn open([m]: [f64; 1], _v: f64) -> f64 {
        m
    }
}
