//! Voltages of one step: the linear system on the tree, in all lanes at once.
//!
//! One sweep from the leaves forms each node's equation and eliminates it, one from the root substitutes.
//! [`crate::cable::Tree`] does the same number by number and judges it.
//!
//! # Source
//! Hines 1984; NEURON 9.0.2 `solve.cpp` for the order of a step.
#![expect(
    unsafe_code,
    reason = "rows of lanes are read and written through pointers whose bounds are checked once"
)]

use std::cell::Cell;

use crate::CablePlan;
use crate::constants::DIVERGED_MV;
use crate::lanes::{Array, Instructions, Kernel, Lanes, dispatch, fill};
use crate::state::NodeState;

/// Constants of the system and room to solve it, `[n_nodes × width]`.
#[derive(Debug)]
pub(crate) struct Solver {
    parent: Vec<usize>,
    width: usize,
    /// Capacitance over the step and sum of axial conductances [µS].
    base_usiemens: Array,
    /// From a density per cm² to the whole node.
    density_factor: Array,
    /// To the parent.
    axial_usiemens: Array,
    /// Of electrodes, then of children as well: to add to diagonal and right-hand side.
    diagonal: Array,
    rhs: Array,
}

impl Solver {
    pub(crate) fn new(plans: &[&CablePlan], width: usize, dt_ms: f64) -> Self {
        let tree = &plans[0].nodes.tree;
        let n_nodes = tree.n_nodes();
        let per_lane = |value: &dyn Fn(&CablePlan, usize) -> f64| -> Array {
            let lanes = (0..n_nodes).flat_map(|node| (0..width).map(move |lane| (node, lane)));
            lanes.map(|(node, lane)| value(plans[lane.min(plans.len() - 1)], node)).collect()
        };
        Self {
            parent: tree.parents().to_vec(),
            width,
            base_usiemens: per_lane(&|plan, node| {
                plan.capacitance_nf[node] / dt_ms + plan.nodes.tree.axial_sum_usiemens()[node]
            }),
            density_factor: per_lane(&|plan, node| plan.density_factor[node]),
            axial_usiemens: per_lane(&|plan, node| plan.nodes.tree.axial_usiemens()[node]),
            diagonal: Array::new(n_nodes * width, 0.0),
            rhs: Array::new(n_nodes * width, 0.0),
        }
    }

    /// Forgets electrodes and the last step.
    pub(crate) fn begin(&self) {
        fill(&self.diagonal, 0.0);
        fill(&self.rhs, 0.0);
    }

    /// Current into a node [nA], and what it falls by per mV [µS].
    pub(crate) fn add_electrode(
        &self,
        (node, lane): (usize, usize),
        current_na: f64,
        conductance_usiemens: f64,
    ) {
        let at = node * self.width + lane;
        self.rhs[at].set(self.rhs[at].get() + current_na);
        self.diagonal[at].set(self.diagonal[at].get() + conductance_usiemens);
    }

    /// Adds the change of one step to the voltages; whether all are within what is meant.
    pub(crate) fn step(&self, nodes: &NodeState, instructions: Instructions) -> bool {
        let n = self.parent.len() * self.width;
        assert!(nodes.v_mv.len() == n && self.rhs.len() == n, "arrays of {} for {n}", nodes.v_mv.len());
        dispatch(instructions, Sweep { solver: self, nodes })
    }
}

struct Sweep<'a> {
    solver: &'a Solver,
    nodes: &'a NodeState,
}

fn pointer(array: &[Cell<f64>]) -> *mut f64 {
    array.as_ptr().cast::<f64>().cast_mut()
}

impl Kernel for Sweep<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<V: Lanes, S: Lanes>(self) -> bool {
        if self.solver.width == 1 {
            return self.sweep::<S>(0);
        }
        let mut is_meant = true;
        for lane in (0..self.solver.width).step_by(V::WIDTH) {
            is_meant &= self.sweep::<V>(lane);
        }
        is_meant
    }
}

impl Sweep<'_> {
    #[inline(always)]
    fn sweep<V: Lanes>(&self, lane: usize) -> bool {
        let Solver { parent, width, base_usiemens, density_factor, axial_usiemens, diagonal, rhs } =
            self.solver;
        let (base, factor, axial) =
            (pointer(base_usiemens), pointer(density_factor), pointer(axial_usiemens));
        let (diagonal, rhs, v_mv) = (pointer(diagonal), pointer(rhs), pointer(&self.nodes.v_mv));
        let (current, slope) =
            (pointer(&self.nodes.current_ma_per_cm2), pointer(&self.nodes.slope_s_per_cm2));
        let mut is_meant = true;
        // SAFETY: all arrays have `n_nodes × width` numbers, checked by the caller; a parent is a node, and
        // `lane + V::WIDTH` is at most `width`.
        unsafe {
            for (node, parent) in parent.iter().enumerate().rev() {
                let (at, up) = (node * width + lane, parent * width + lane);
                let factor = V::load(factor.add(at));
                let d = factor
                    .mul_add(V::load(slope.add(at)), V::load(base.add(at)))
                    .add(V::load(diagonal.add(at)));
                let r = factor.neg_mul_add(V::load(current.add(at)), V::load(rhs.add(at)));
                let a = V::load(axial.add(at));
                let inflow = a.mul(V::load(v_mv.add(up)).sub(V::load(v_mv.add(at))));
                let r = r.add(inflow);
                let inverse = d.reciprocal();
                inverse.store(diagonal.add(at));
                r.store(rhs.add(at));
                if node > 0 {
                    let share = a.mul(inverse);
                    share.neg_mul_add(a, V::load(diagonal.add(up))).store(diagonal.add(up));
                    share.mul_add(r, V::load(rhs.add(up)).sub(inflow)).store(rhs.add(up));
                }
            }
            for (node, parent) in parent.iter().enumerate() {
                let (at, up) = (node * width + lane, parent * width + lane);
                let mut r = V::load(rhs.add(at));
                if node > 0 {
                    r = V::load(axial.add(at)).mul_add(V::load(rhs.add(up)), r);
                }
                let change = r.mul(V::load(diagonal.add(at)));
                change.store(rhs.add(at));
                let v = V::load(v_mv.add(at)).add(change);
                v.store(v_mv.add(at));
                is_meant &= V::all(v.abs().less_equal(V::splat(DIVERGED_MV)));
            }
        }
        is_meant
    }
}
