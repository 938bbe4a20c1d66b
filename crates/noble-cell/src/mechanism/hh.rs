//! The squid axon: sodium `m³ h`, potassium `n⁴` and a leak in one mechanism.
//!
//! # Source
//! Hodgkin & Huxley 1952, J. Physiol. 117:500, in the voltage convention of NEURON's `hh`; differs: rates are
//! evaluated at every step, not read from a table (`usetable_hh = 0`).

use super::catalog::{Mechanism, Parameter, Range};
use super::kernel::{Conditions, Kernel, Placement};
use super::kinetics::{Gate, TemperatureFactor, linoid, sigmoid};
use crate::membrane::Membrane;

const TEMPERATURE: TemperatureFactor = TemperatureFactor::Q10 { q10: 3.0, reference_celsius: 6.3 };

pub(super) const MECHANISM: Mechanism = Mechanism {
    name: "hh",
    parameters: &[
        Parameter { name: "gnabar_s_per_cm2", default: Some(0.12), range: Range::NotNegative },
        Parameter { name: "gkbar_s_per_cm2", default: Some(0.036), range: Range::NotNegative },
        Parameter { name: "gl_s_per_cm2", default: Some(0.0003), range: Range::NotNegative },
        Parameter { name: "el_mv", default: Some(-54.3), range: Range::Any },
    ],
    states: &["m", "h", "n"],
    is_calcium_pool: false,
    build,
};

fn build(placement: Placement, conditions: &Conditions) -> Box<dyn Kernel> {
    Box::new(SquidAxon { placement, temperature_factor: TEMPERATURE.at(conditions.temperature_celsius) })
}

#[derive(Debug)]
struct SquidAxon {
    placement: Placement,
    temperature_factor: f64,
}

fn gates(v: f64, q: f64) -> [Gate; 3] {
    [
        Gate::from_rates(0.1 * linoid(-(v + 40.0), 10.0), 4.0 * (-(v + 65.0) / 18.0).exp(), q),
        Gate::from_rates(0.07 * (-(v + 65.0) / 20.0).exp(), sigmoid(-(v + 35.0) / 10.0), q),
        Gate::from_rates(0.01 * linoid(-(v + 55.0), 10.0), 0.125 * (-(v + 65.0) / 80.0).exp(), q),
    ]
}

impl Kernel for SquidAxon {
    fn initialize(&self, membrane: &mut Membrane, states: &mut [f64]) {
        let n = self.placement.nodes.len();
        for (idx, &node) in self.placement.nodes.iter().enumerate() {
            for (gate_idx, gate) in gates(membrane.v_mv[node], self.temperature_factor).iter().enumerate() {
                states[gate_idx * n + idx] = gate.steady;
            }
        }
    }

    fn add_current(&self, membrane: &mut Membrane, states: &[f64]) {
        let n = self.placement.nodes.len();
        let [gnabar, gkbar, leak, leak_reversal] = &self.placement.parameters[..] else { return };
        for (idx, &node) in self.placement.nodes.iter().enumerate() {
            let (m, h, k) = (states[idx], states[n + idx], states[2 * n + idx]);
            let (g_sodium, g_potassium) = (gnabar[idx] * m * m * m * h, gkbar[idx] * k * k * k * k); // [S/cm2]
            let v = membrane.v_mv[node];
            membrane.current_ma_per_cm2[node] += g_sodium * (v - self.placement.sodium_reversal_mv[idx])
                + g_potassium * (v - self.placement.potassium_reversal_mv[idx])
                + leak[idx] * (v - leak_reversal[idx]);
            membrane.slope_s_per_cm2[node] += g_sodium + g_potassium + leak[idx];
        }
    }

    fn advance(&self, membrane: &mut Membrane, states: &mut [f64], dt_ms: f64) {
        let n = self.placement.nodes.len();
        for (idx, &node) in self.placement.nodes.iter().enumerate() {
            for (gate_idx, gate) in gates(membrane.v_mv[node], self.temperature_factor).iter().enumerate() {
                let state = &mut states[gate_idx * n + idx];
                *state = gate.relax(*state, dt_ms);
            }
        }
    }
}
