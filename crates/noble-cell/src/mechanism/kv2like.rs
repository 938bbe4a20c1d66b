//! Delayed rectifier with two inactivations, `m² (h1 + h2) / 2`.
//!
//! # Source
//! Keren, Peled & Korngreen 2005, J. Neurophysiol. 94:3730; Liu & Bean 2014, J. Neurosci. 34:4991. The second time
//! constant turns negative below -119 mV, where the published file replaces it.

use super::gated::{Gated, Reversal};
use super::kinetics::{CORTICAL_Q10, Gate, TemperatureFactor, linoid, sigmoid};

/// Stands for a time constant that came out negative.
const LEAST_TAU_MS: f64 = 0.001;

#[derive(Debug)]
pub(super) struct Kv2Like;

impl Gated<3> for Kv2Like {
    const NAME: &'static str = "Kv2like";
    const GATES: &'static [&'static str] = &["m", "h1", "h2"];
    const REVERSAL: Reversal = Reversal::Potassium;
    const TEMPERATURE: TemperatureFactor =
        TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 21.0 };

    fn gates(v: f64, q: f64) -> [Gate; 3] {
        let opening = 0.12 * linoid(-(v - 43.0), 11.0);
        let closing = 0.02 * (-(v + 1.27) / 120.0).exp();
        let sum = opening + closing;
        let steady = sigmoid((v + 58.0) / 11.0);
        let width = (v + 75.0) / 48.0;
        let h1_tau_ms = (360.0 + (1010.0 + 23.7 * (v + 54.0)) * (-width * width).exp()) / q;
        let h2_tau_ms = (2350.0 + 1380.0 * (-0.011 * v).exp() - 210.0 * (-0.03 * v).exp()) / q;
        let h2_tau_ms = if h2_tau_ms < 0.0 { LEAST_TAU_MS } else { h2_tau_ms };
        [
            Gate { steady: opening / sum, tau_ms: 2.5 / (q * sum) },
            Gate { steady, tau_ms: h1_tau_ms },
            Gate { steady, tau_ms: h2_tau_ms },
        ]
    }

    fn open([m, h1, h2]: [f64; 3], _v: f64) -> f64 {
        m * m * 0.5 * (h1 + h2)
    }
}
