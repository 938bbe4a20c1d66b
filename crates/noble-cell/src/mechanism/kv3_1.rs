//! Fast delayed rectifier, `m`.
//!
//! # Source
//! Rettig et al. 1992, EMBO J. 11:2473.

use super::gated::{Gated, Reversal};
use super::kinetics::{Gate, sigmoid};

#[derive(Debug)]
pub(super) struct Kv31;

impl Gated<1> for Kv31 {
    const NAME: &'static str = "Kv3_1";
    const GATES: &'static [&'static str] = &["m"];
    const REVERSAL: Reversal = Reversal::Potassium;

    fn gates(v: f64, _q: f64) -> [Gate; 1] {
        [Gate { steady: sigmoid(-(v - 18.7) / 9.7), tau_ms: 4.0 * sigmoid(-(v + 46.56) / 44.14) }]
    }

    fn open([m]: [f64; 1], _v: f64) -> f64 {
        m
    }
}
