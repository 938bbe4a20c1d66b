//! Leak, `g (V - e)`.

use super::catalog::{Mechanism, Parameter, Range};
use super::kernel::{Conditions, Kernel, Placement};
use crate::membrane::Membrane;

pub(super) const MECHANISM: Mechanism = Mechanism {
    name: "pas",
    parameters: &[
        Parameter { name: "g_s_per_cm2", default: Some(0.001), range: Range::NotNegative },
        Parameter { name: "e_mv", default: Some(-70.0), range: Range::Any },
    ],
    states: &[],
    is_calcium_pool: false,
    build,
};

fn build(placement: Placement, _conditions: &Conditions) -> Box<dyn Kernel> {
    Box::new(Leak(placement))
}

#[derive(Debug)]
struct Leak(Placement);

impl Kernel for Leak {
    fn initialize(&self, _membrane: &mut Membrane, _states: &mut [f64]) {}

    fn add_current(&self, membrane: &mut Membrane, _states: &[f64]) {
        let [conductances, reversals] = &self.0.parameters[..] else { return };
        for ((&node, &g), &e) in self.0.nodes.iter().zip(conductances).zip(reversals) {
            membrane.current_ma_per_cm2[node] += g * (membrane.v_mv[node] - e);
            membrane.slope_s_per_cm2[node] += g;
        }
    }

    fn advance(&self, _membrane: &mut Membrane, _states: &mut [f64], _dt_ms: f64) {}
}
