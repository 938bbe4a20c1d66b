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
use std::f64::consts::SQRT_2;

use crate::clamp::Drive;
use crate::constants::DIVERGED_MV;
use crate::lanes::{Array, Kernel, Lanes, Pair, dispatch, fill};
use crate::program::ALEXANDER_STAGE;
use crate::{CablePlan, CableState, Integrator, RunSettings};

/// Constants of the system and room to solve it, `[n_nodes × width]`.
#[derive(Debug)]
pub(crate) struct Solver {
    parent: Vec<usize>,
    width: usize,
    /// Capacitance over the time of a stage [µS]; of second order only.
    stage_usiemens: Option<Array>,
    /// Capacitance over the time of a stage and sum of axial conductances [µS].
    base_usiemens: Array,
    /// From a density per cm² to the whole node.
    density_factor: Array,
    /// To the parent.
    axial_usiemens: Array,
    /// Of electrodes, then of children as well: to add to diagonal and right-hand side.
    diagonal: Array,
    rhs: Array,
    /// Right-hand side of the second stage; of second order only.
    second: Array,
}

impl Solver {
    pub(crate) fn new(plans: &[&CablePlan], width: usize, settings: &RunSettings) -> Self {
        let tree = &plans[0].nodes.tree;
        let n_nodes = tree.n_nodes();
        let (stage_ms, is_second) = match settings.integrator {
            Integrator::Neuron => (settings.dt_ms, false),
            Integrator::SecondOrder => (ALEXANDER_STAGE * settings.dt_ms, true),
        };
        let per_lane = |value: &dyn Fn(&CablePlan, usize) -> f64| -> Array {
            let lanes = (0..n_nodes).flat_map(|node| (0..width).map(move |lane| (node, lane)));
            lanes.map(|(node, lane)| value(plans[lane.min(plans.len() - 1)], node)).collect()
        };
        Self {
            parent: tree.parents().to_vec(),
            width,
            stage_usiemens: is_second.then(|| per_lane(&|plan, node| plan.capacitance_nf[node] / stage_ms)),
            base_usiemens: per_lane(&|plan, node| {
                plan.capacitance_nf[node] / stage_ms + plan.nodes.tree.axial_sum_usiemens()[node]
            }),
            density_factor: per_lane(&|plan, node| plan.density_factor[node]),
            axial_usiemens: per_lane(&|plan, node| plan.nodes.tree.axial_usiemens()[node]),
            diagonal: Array::new(n_nodes * width, 0.0),
            rhs: Array::new(n_nodes * width, 0.0),
            second: Array::new(if is_second { n_nodes * width } else { 0 }, 0.0),
        }
    }

    /// Forgets electrodes and the last step.
    pub(crate) fn begin(&self) {
        fill(&self.diagonal, 0.0);
        fill(&self.rhs, 0.0);
    }

    /// Adds what an electrode does to a node.
    pub(crate) fn add_electrode(&self, (node, lane): (usize, usize), drive: Drive) {
        let at = node * self.width + lane;
        self.rhs[at].set(self.rhs[at].get() + drive.current_na);
        self.diagonal[at].set(self.diagonal[at].get() + drive.conductance_usiemens);
    }

    /// By how much the first stage of the last step lies below the voltage at its end; `None` where there is one stage.
    pub(crate) fn first_stage_before_mv(&self, (node, lane): (usize, usize)) -> Option<f64> {
        let at = node * self.width + lane;
        // The end is the start plus both changes, the stage the start plus the first.
        self.stage_usiemens.is_some().then(|| (1.0 + SQRT_2) * self.second[at].get())
    }

    /// Adds the change of one step to the voltages; whether all are within what is meant.
    pub(crate) fn step(&self, state: &CableState) -> bool {
        let n = self.parent.len() * self.width;
        assert!(self.rhs.len() == n && self.width == state.width, "arrays of {} for {n}", self.rhs.len());
        assert!(self.parent.len() == state.slots.len(), "{} slots", state.slots.len());
        dispatch(state.instructions, Sweep { solver: self, state })
    }
}

struct Sweep<'a> {
    solver: &'a Solver,
    state: &'a CableState,
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
        let (width, mut lane, mut is_meant) = (self.solver.width, 0, true);
        while lane + 2 * V::WIDTH <= width {
            is_meant &= self.sweep::<Pair<V>>(lane);
            lane += 2 * V::WIDTH;
        }
        while lane < width {
            is_meant &= self.sweep::<V>(lane);
            lane += V::WIDTH;
        }
        is_meant
    }
}

impl Sweep<'_> {
    /// One register of lanes through the tree.
    #[inline(always)]
    fn sweep<V: Lanes>(&self, lane: usize) -> bool {
        let is_meant = self.first_stage::<V>(lane);
        match &self.solver.stage_usiemens {
            None => is_meant,
            Some(stage) => self.second_stage::<V>(lane, stage),
        }
    }

    /// `(C/dt + dI/dV + axial) ΔV = rhs`, and `V += ΔV`.
    #[inline(always)]
    fn first_stage<V: Lanes>(&self, lane: usize) -> bool {
        let Solver { parent, width, base_usiemens, density_factor, axial_usiemens, diagonal, rhs, .. } =
            self.solver;
        let (slots, nodes) = (&self.state.slots, &self.state.nodes);
        let (base, factor, axial) =
            (pointer(base_usiemens), pointer(density_factor), pointer(axial_usiemens));
        let (diagonal, rhs, v_mv) = (pointer(diagonal), pointer(rhs), pointer(&nodes.v_mv));
        let (current, slope) = (pointer(&nodes.current_ma_per_cm2), pointer(&nodes.slope_s_per_cm2));
        let mut is_meant = true;
        // SAFETY: own arrays have `n_nodes × width` numbers, those of nodes `width` for every slot, checked by the
        // caller; a parent is a node, and `lane + V::WIDTH` is at most `width`.
        unsafe {
            for (node, parent) in parent.iter().enumerate().rev() {
                let (at, up) = (node * width + lane, parent * width + lane);
                let (slot, slot_up) = (slots[node] * width + lane, slots[*parent] * width + lane);
                let factor = V::load(factor.add(at));
                let d = factor
                    .mul_add(V::load(slope.add(slot)), V::load(base.add(at)))
                    .add(V::load(diagonal.add(at)));
                let r = factor.neg_mul_add(V::load(current.add(slot)), V::load(rhs.add(at)));
                let a = V::load(axial.add(at));
                let inflow = a.mul(V::load(v_mv.add(slot_up)).sub(V::load(v_mv.add(slot))));
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
                let slot = slots[node] * width + lane;
                let mut r = V::load(rhs.add(at));
                if node > 0 {
                    r = V::load(axial.add(at)).mul_add(V::load(rhs.add(up)), r);
                }
                let change = r.mul(V::load(diagonal.add(at)));
                change.store(rhs.add(at));
                let v = V::load(v_mv.add(slot)).add(change);
                v.store(v_mv.add(slot));
                is_meant &= V::all(v.abs().less_equal(V::splat(DIVERGED_MV)));
            }
        }
        is_meant
    }

    /// The same system with `C/(γ dt) ΔV` at its right, and `V += (1 + √2)` times its solution.
    ///
    /// # Source
    /// Alexander 1977, SIAM J. Numer. Anal. 14:1006, the L-stable method of two stages, on a linear system.
    #[inline(always)]
    fn second_stage<V: Lanes>(&self, lane: usize, stage_usiemens: &Array) -> bool {
        let Solver { parent, width, axial_usiemens, diagonal, rhs, second, .. } = self.solver;
        let slots = &self.state.slots;
        let (axial, stage) = (pointer(axial_usiemens), pointer(stage_usiemens));
        let (inverse, first, second) = (pointer(diagonal), pointer(rhs), pointer(second));
        let v_mv = pointer(&self.state.nodes.v_mv);
        let mut is_meant = true;
        // SAFETY: as in the first stage; the array of the second has `n_nodes × width` numbers too.
        unsafe {
            for node in 0..parent.len() {
                let at = node * width + lane;
                V::load(stage.add(at)).mul(V::load(first.add(at))).store(second.add(at));
            }
            for (node, parent) in parent.iter().enumerate().skip(1).rev() {
                let (at, up) = (node * width + lane, parent * width + lane);
                let share = V::load(axial.add(at)).mul(V::load(inverse.add(at)));
                share.mul_add(V::load(second.add(at)), V::load(second.add(up))).store(second.add(up));
            }
            for (node, parent) in parent.iter().enumerate() {
                let (at, up) = (node * width + lane, parent * width + lane);
                let slot = slots[node] * width + lane;
                let mut r = V::load(second.add(at));
                if node > 0 {
                    r = V::load(axial.add(at)).mul_add(V::load(second.add(up)), r);
                }
                let change = r.mul(V::load(inverse.add(at)));
                change.store(second.add(at));
                let v = change.mul_add(V::splat(1.0 + SQRT_2), V::load(v_mv.add(slot)));
                v.store(v_mv.add(slot));
                is_meant &= V::all(v.abs().less_equal(V::splat(DIVERGED_MV)));
            }
        }
        is_meant
    }
}
