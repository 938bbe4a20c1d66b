//! Calcium-activated potassium current of small conductance, `z`; no voltage dependence.
//!
//! # Source
//! Kohler et al. 1996, Science 273:1709.

use super::catalog::{Mechanism, Parameter, Range};
use super::kernel::{Conditions, Kernel, Placement};
use super::kinetics::Gate;
use crate::membrane::Membrane;

/// Calcium of half activation.
const HALF_MILLIMOLAR: f64 = 4.3e-4;
/// Hill exponent.
const HILL: f64 = 4.8;
/// Time constant.
const TAU_MS: f64 = 1.0;
/// Concentrations below this are raised by it.
const LEAST_MILLIMOLAR: f64 = 1e-7;

pub(super) const MECHANISM: Mechanism = Mechanism {
    name: "SK",
    parameters: &[Parameter { name: "gbar_s_per_cm2", default: None, range: Range::NotNegative }],
    states: &["z"],
    is_calcium_pool: false,
    build,
};

fn build(placement: Placement, _conditions: &Conditions) -> Box<dyn Kernel> {
    Box::new(CalciumActivated(placement))
}

#[derive(Debug)]
struct CalciumActivated(Placement);

fn steady(inside_millimolar: f64) -> f64 {
    let raised_by = if inside_millimolar < LEAST_MILLIMOLAR { LEAST_MILLIMOLAR } else { 0.0 };
    1.0 / (1.0 + (HALF_MILLIMOLAR / (inside_millimolar + raised_by)).powf(HILL))
}

impl Kernel for CalciumActivated {
    fn initialize(&self, membrane: &mut Membrane, states: &mut [f64]) {
        for (z, &node) in states.iter_mut().zip(&self.0.nodes) {
            *z = steady(membrane.calcium.inside_millimolar[node]);
        }
    }

    fn add_current(&self, membrane: &mut Membrane, states: &[f64]) {
        let reversals = &self.0.potassium_reversal_mv;
        for (((&node, &gbar), &z), &e) in
            self.0.nodes.iter().zip(&self.0.parameters[0]).zip(states).zip(reversals)
        {
            let g = gbar * z; // [S/cm2]
            membrane.current_ma_per_cm2[node] += g * (membrane.v_mv[node] - e);
            membrane.slope_s_per_cm2[node] += g;
        }
    }

    fn advance(&self, membrane: &mut Membrane, states: &mut [f64], dt_ms: f64) {
        for (z, &node) in states.iter_mut().zip(&self.0.nodes) {
            let gate = Gate { steady: steady(membrane.calcium.inside_millimolar[node]), tau_ms: TAU_MS };
            *z = gate.relax(*z, dt_ms);
        }
    }
}
