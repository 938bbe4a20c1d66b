//! Transient sodium channel as a kinetic scheme of twelve states, open in `O`.
//!
//! Two ladders of six states, closed `C1 … C5, O` and inactivated `I1 … I5, I6`, joined by a rung at each step.
//!
//! # Source
//! Carter, Giessel, Sabatini & Bean 2012, Neuron 75:1081.

mod elimination;
mod scheme;

use super::catalog::{Mechanism, Parameter, Range};
use super::kernel::{Conditions, Kernel, Placement};
use crate::membrane::Membrane;

pub use scheme::InitialState;
use scheme::{N_STATES, Scheme, start};

/// Place of the open state among the states.
const OPEN: usize = 5;

pub(super) const MECHANISM: Mechanism = Mechanism {
    name: "NaV",
    parameters: &[Parameter { name: "gbar_s_per_cm2", default: None, range: Range::NotNegative }],
    states: &["C1", "C2", "C3", "C4", "C5", "O", "I1", "I2", "I3", "I4", "I5", "I6"],
    is_calcium_pool: false,
    build,
};

fn build(placement: Placement, conditions: &Conditions) -> Box<dyn Kernel> {
    Box::new(NaV {
        placement,
        scheme: Scheme::new(conditions.temperature_celsius),
        initial_state: conditions.nav_initial_state,
    })
}

#[derive(Debug)]
struct NaV {
    placement: Placement,
    scheme: Scheme,
    initial_state: InitialState,
}

impl Kernel for NaV {
    fn initialize(&self, membrane: &mut Membrane, states: &mut [f64]) {
        let n = self.placement.nodes.len();
        let mut last: Option<(f64, [f64; N_STATES])> = None;
        for (idx, &node) in self.placement.nodes.iter().enumerate() {
            let v = membrane.v_mv[node];
            let fractions = match last {
                Some((last_v, fractions)) if last_v.to_bits() == v.to_bits() => fractions,
                _ => start(&self.scheme.rates(v), self.initial_state),
            };
            last = Some((v, fractions));
            for (state_idx, fraction) in fractions.iter().enumerate() {
                states[state_idx * n + idx] = *fraction;
            }
        }
    }

    fn add_current(&self, membrane: &mut Membrane, states: &[f64]) {
        let n = self.placement.nodes.len();
        let (nodes, conductances) = (&self.placement.nodes, &self.placement.parameters[0]);
        let reversals = &self.placement.sodium_reversal_mv;
        let open = &states[OPEN * n..(OPEN + 1) * n];
        for (((&node, &gbar), &open), &e) in nodes.iter().zip(conductances).zip(open).zip(reversals) {
            let g = gbar * open; // [S/cm2]
            membrane.current_ma_per_cm2[node] += g * (membrane.v_mv[node] - e);
            membrane.slope_s_per_cm2[node] += g;
        }
    }

    fn advance(&self, membrane: &mut Membrane, states: &mut [f64], dt_ms: f64) {
        let n = self.placement.nodes.len();
        for (idx, &node) in self.placement.nodes.iter().enumerate() {
            let rates = self.scheme.rates(membrane.v_mv[node]);
            let old = std::array::from_fn(|state_idx| states[state_idx * n + idx]);
            for (state_idx, fraction) in elimination::implicit_step(&rates, old, dt_ms).iter().enumerate() {
                states[state_idx * n + idx] = *fraction;
            }
        }
    }
}
