//! Channels whose gates relax independently of each other, `I = gbar open(gates) (V - E)`.

use std::marker::PhantomData;

use super::catalog::{Mechanism, Parameter, Range};
use super::kernel::{Conditions, Kernel, Placement};
use super::kinetics::{Gate, TemperatureFactor};
use crate::membrane::Membrane;

/// Step of the difference quotient that gives the slope of a current whose gate follows the voltage at once.
///
/// # Source
/// NEURON 9.0.2, code generated for a breakpoint block.
const SLOPE_STEP_MV: f64 = 0.001;

/// Reversal potential of a channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reversal {
    Sodium,
    Potassium,
    Calcium,
    FixedMv(f64),
}

/// A channel with `N` gates.
pub(super) trait Gated<const N: usize>: Send + Sync + std::fmt::Debug + 'static {
    /// Name in parameter files.
    const NAME: &'static str;
    /// Names of the gates.
    const GATES: &'static [&'static str];
    /// What it conducts.
    const REVERSAL: Reversal;
    /// Temperature factor of the rates.
    const TEMPERATURE: TemperatureFactor = TemperatureFactor::None;
    /// The open fraction depends on the voltage beside the gates.
    const HAS_INSTANT_GATE: bool = false;

    /// Steady state and time constant of each gate at `v` [mV], temperature factor `q`.
    fn gates(v: f64, q: f64) -> [Gate; N];

    /// Open fraction; `v` [mV] matters only with [`Gated::HAS_INSTANT_GATE`].
    fn open(gates: [f64; N], v: f64) -> f64;
}

const MAXIMAL_CONDUCTANCE: &[Parameter] =
    &[Parameter { name: "gbar_s_per_cm2", default: None, range: Range::NotNegative }];

/// The catalog entry of a gated channel.
pub(super) const fn gated<C: Gated<N>, const N: usize>() -> Mechanism {
    Mechanism {
        name: C::NAME,
        parameters: MAXIMAL_CONDUCTANCE,
        states: C::GATES,
        is_calcium_pool: false,
        build: build::<C, N>,
    }
}

fn build<C: Gated<N>, const N: usize>(placement: Placement, conditions: &Conditions) -> Box<dyn Kernel> {
    let n = placement.nodes.len();
    let reversal_mv = match C::REVERSAL {
        Reversal::Sodium => placement.sodium_reversal_mv,
        Reversal::Potassium => placement.potassium_reversal_mv,
        Reversal::Calcium => Vec::new(),
        Reversal::FixedMv(reversal_mv) => vec![reversal_mv; n],
    };
    Box::new(GatedKernel::<C, N> {
        nodes: placement.nodes,
        gbar_s_per_cm2: placement.parameters.into_iter().next().unwrap_or_default(),
        reversal_mv,
        temperature_factor: C::TEMPERATURE.at(conditions.temperature_celsius),
        channel: PhantomData,
    })
}

#[derive(Debug)]
struct GatedKernel<C, const N: usize> {
    nodes: Vec<usize>,
    gbar_s_per_cm2: Vec<f64>,
    /// Empty where the reversal is calcium's, which changes.
    reversal_mv: Vec<f64>,
    temperature_factor: f64,
    channel: PhantomData<C>,
}

impl<C: Gated<N>, const N: usize> GatedKernel<C, N> {
    /// Current [mA/cm2] and slope [S/cm2] of one compartment.
    fn current(&self, idx: usize, v: f64, e: f64, gates: [f64; N]) -> (f64, f64) {
        let gbar = self.gbar_s_per_cm2[idx];
        let i = gbar * C::open(gates, v) * (v - e);
        if C::HAS_INSTANT_GATE {
            let shifted = v + SLOPE_STEP_MV;
            let i_shifted = gbar * C::open(gates, shifted) * (shifted - e);
            (i, (i_shifted - i) / SLOPE_STEP_MV)
        } else {
            (i, gbar * C::open(gates, v))
        }
    }
}

/// Gates of one compartment out of `[N × n]`.
fn gates_of<const N: usize>(states: &[f64], n: usize, idx: usize) -> [f64; N] {
    std::array::from_fn(|gate| states[gate * n + idx])
}

impl<C: Gated<N>, const N: usize> Kernel for GatedKernel<C, N> {
    fn initialize(&self, membrane: &mut Membrane, states: &mut [f64]) {
        let n = self.nodes.len();
        for (idx, &node) in self.nodes.iter().enumerate() {
            for (gate_idx, gate) in C::gates(membrane.v_mv[node], self.temperature_factor).iter().enumerate()
            {
                states[gate_idx * n + idx] = gate.steady;
            }
        }
    }

    fn add_current(&self, membrane: &mut Membrane, states: &[f64]) {
        let n = self.nodes.len();
        let is_calcium = C::REVERSAL == Reversal::Calcium;
        for (idx, &node) in self.nodes.iter().enumerate() {
            let e = if is_calcium { membrane.calcium.reversal_mv[node] } else { self.reversal_mv[idx] };
            let (i, slope) = self.current(idx, membrane.v_mv[node], e, gates_of(states, n, idx));
            membrane.current_ma_per_cm2[node] += i;
            membrane.slope_s_per_cm2[node] += slope;
            if is_calcium {
                membrane.calcium.current_ma_per_cm2[node] += i;
            }
        }
    }

    fn advance(&self, membrane: &mut Membrane, states: &mut [f64], dt_ms: f64) {
        let n = self.nodes.len();
        for (idx, &node) in self.nodes.iter().enumerate() {
            let gates = C::gates(membrane.v_mv[node], self.temperature_factor);
            for (gate_idx, gate) in gates.iter().enumerate() {
                let state = &mut states[gate_idx * n + idx];
                *state = gate.relax(*state, dt_ms);
            }
        }
    }
}
