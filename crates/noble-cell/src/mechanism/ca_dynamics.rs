//! Calcium in a thin shell under the membrane: currents fill it, a first-order pump empties it.
//!
//! `cai' = -1e4 gamma ica / (2 F depth) - (cai - minimum) / decay`
//!
//! # Source
//! Destexhe et al. 1994, Neural Comput. 6:14.

use super::catalog::{Mechanism, Parameter, Range};
use super::kernel::{Conditions, Kernel, Placement};
use super::kinetics::Gate;
use crate::constants::{CALCIUM_VALENCE, FARADAY};
use crate::membrane::Membrane;

pub(super) const MECHANISM: Mechanism = Mechanism {
    name: "CaDynamics",
    parameters: &[
        Parameter { name: "gamma", default: Some(0.05), range: Range::NotNegative },
        Parameter { name: "decay_ms", default: Some(80.0), range: Range::Positive },
        Parameter { name: "depth_um", default: Some(0.1), range: Range::Positive },
        Parameter { name: "minimum_calcium_millimolar", default: Some(1e-4), range: Range::Positive },
    ],
    states: &[],
    is_calcium_pool: true,
    build,
};

fn build(placement: Placement, _conditions: &Conditions) -> Box<dyn Kernel> {
    Box::new(Pool(placement))
}

#[derive(Debug)]
struct Pool(Placement);

impl Kernel for Pool {
    fn initialize(&self, membrane: &mut Membrane, _states: &mut [f64]) {
        for (&node, &minimum) in self.0.nodes.iter().zip(&self.0.parameters[3]) {
            membrane.calcium.inside_millimolar[node] = minimum;
        }
    }

    fn add_current(&self, _membrane: &mut Membrane, _states: &[f64]) {}

    fn advance(&self, membrane: &mut Membrane, _states: &mut [f64], dt_ms: f64) {
        let [gammas, decays, depths, minima] = &self.0.parameters[..] else { return };
        for (idx, &node) in self.0.nodes.iter().enumerate() {
            let influx_per_ms = -1e4 * gammas[idx] * membrane.calcium.current_ma_per_cm2[node]
                / (CALCIUM_VALENCE * FARADAY * depths[idx]);
            let gate = Gate { steady: minima[idx] + influx_per_ms * decays[idx], tau_ms: decays[idx] };
            let inside = &mut membrane.calcium.inside_millimolar[node];
            *inside = gate.relax(*inside, dt_ms);
        }
    }
}
