//! The loop of a run, for all lanes at once.

use std::ops::ControlFlow;

use super::{Moment, RunOutcome, RunSettings};
use crate::constants::DIVERGED_MV;
use crate::program::{ALEXANDER_STAGE, Conditions, Workspace};
use crate::solve::Solver;
use crate::state::BoundRegion;
use crate::{CablePlan, CableState, CompartmentId, Electrode, Error};

/// Runs in lanes: lane `k` is `plans[k]` with `electrodes[k]`.
///
/// `observe` is called for each lane at the start and after every step; a lane for which it breaks is observed no
/// more, and the run ends when none is left. A lane that diverges fails alone.
///
/// # Errors
/// [`Error::TimeStep`], [`Error::TotalTime`] for the settings; per lane [`Error::Diverged`] when a voltage is not
/// finite or beyond 500 mV.
///
/// # Panics
/// When the state was made for other plans, an electrode's compartment is not of its plan, or there is not one list
/// of electrodes per plan.
pub fn run_lanes(
    plans: &[&CablePlan],
    electrodes: &[&[Electrode<'_>]],
    settings: &RunSettings,
    state: &mut CableState,
    observe: impl FnMut(Moment<'_>) -> ControlFlow<()>,
) -> Result<Vec<Result<RunOutcome, Error>>, Error> {
    let grid = settings.grid()?;
    assert!(plans.len() == state.n_lanes && electrodes.len() == plans.len(), "{} lanes", state.n_lanes);
    assert!(state.fits(plans), "a state made for plans of another structure");
    state.compile(Conditions {
        temperature_celsius: plans[0].temperature_celsius,
        dt_ms: settings.dt_ms,
        integrator: settings.integrator,
    });
    state.reset(plans);
    let state = &*state;
    let mut run = Run {
        plans,
        electrodes,
        state,
        solver: Solver::new(plans, state.width, settings),
        regions: state.bind(),
        workspace: Workspace::new(state.instructions),
        electrode_na: electrodes.iter().map(|electrodes| vec![0.0; electrodes.len()]).collect(),
        outcomes: plans.iter().map(|_| None).collect(),
        observe,
    };
    for region in &run.regions {
        region.start(plans, &mut run.workspace)?;
    }
    run.measure_electrodes(grid.start_ms());
    for step_idx in 0..grid.n_samples() {
        let t_ms = grid.time_ms(step_idx);
        if step_idx > 0 {
            run.advance(grid.time_ms(step_idx - 1), t_ms, settings.dt_ms);
        }
        run.observe(step_idx, t_ms);
        if run.outcomes.iter().all(Option::is_some) {
            break;
        }
    }
    Ok(run.outcomes.into_iter().map(|outcome| outcome.unwrap_or(Ok(RunOutcome::Completed))).collect())
}

struct Run<'a, F> {
    plans: &'a [&'a CablePlan],
    electrodes: &'a [&'a [Electrode<'a>]],
    state: &'a CableState,
    solver: Solver,
    regions: Vec<BoundRegion<'a>>,
    workspace: Workspace,
    /// Of each lane, one per electrode.
    electrode_na: Vec<Vec<f64>>,
    outcomes: Vec<Option<Result<RunOutcome, Error>>>,
    observe: F,
}

impl<F: FnMut(Moment<'_>) -> ControlFlow<()>> Run<'_, F> {
    /// One step: voltages with the states held, then states with the voltages held, and their currents.
    ///
    /// `(C/dt + dI/dV + axial) ΔV = -I(V) + I_electrode + axial currents(V)`
    fn advance(&mut self, from_ms: f64, to_ms: f64, dt_ms: f64) {
        self.solver.begin();
        for (lane, electrodes) in self.electrodes.iter().enumerate() {
            for electrode in *electrodes {
                let node = electrode.compartment().unwrap_or(self.plans[lane].soma).index();
                let v_mv = self.state.nodes.v_mv[self.state.at(node, lane)].get();
                let drive = electrode.drive(from_ms + 0.5 * dt_ms, v_mv);
                self.solver.add_electrode((node, lane), drive);
            }
        }
        if !self.solver.step(self.state) {
            self.fail_diverged(to_ms);
        }
        self.measure_electrodes(from_ms + 0.5 * dt_ms);
        for region in &self.regions {
            region.step(&mut self.workspace);
        }
    }

    /// Currents of the electrodes over the step that was made, at the time that stands for it.
    fn measure_electrodes(&mut self, t_ms: f64) {
        for ((lane, electrodes), currents) in self.electrodes.iter().enumerate().zip(&mut self.electrode_na) {
            for (electrode, current_na) in electrodes.iter().zip(currents) {
                let node = electrode.compartment().unwrap_or(self.plans[lane].soma).index();
                let v_mv = self.state.nodes.v_mv[self.state.at(node, lane)].get();
                let at_stage = |v_mv: f64| electrode.current_na(t_ms, v_mv);
                *current_na = match self.solver.first_stage_before_mv((node, lane)) {
                    None => at_stage(v_mv),
                    Some(before_mv) => {
                        ALEXANDER_STAGE * at_stage(v_mv)
                            + (1.0 - ALEXANDER_STAGE) * at_stage(v_mv - before_mv)
                    }
                };
            }
        }
    }

    fn fail_diverged(&mut self, t_ms: f64) {
        for (lane, outcome) in self.outcomes.iter_mut().enumerate().filter(|(_, outcome)| outcome.is_none()) {
            let voltage = |node: usize| self.state.lane(lane).v_mv(CompartmentId(node));
            // The place that is farthest out, one with a membrane; what is not a number first.
            let size =
                |node: &usize| if voltage(*node).is_nan() { f64::INFINITY } else { voltage(*node).abs() };
            let has_membrane = |node: &usize| self.plans[lane].capacitance_nf[*node] > 0.0;
            let order = |a: &usize, b: &usize| {
                size(a).total_cmp(&size(b)).then(has_membrane(a).cmp(&has_membrane(b)))
            };
            let worst = (0..self.state.slots.len()).rev().max_by(order);
            if let Some(node) = worst.filter(|node| size(node) > DIVERGED_MV) {
                let compartment = self.plans[lane].compartment_name(CompartmentId(node));
                *outcome = Some(Err(Error::Diverged { t_ms, compartment, v_mv: voltage(node) }));
            }
        }
    }

    fn observe(&mut self, step_idx: usize, t_ms: f64) {
        for (lane, outcome) in self.outcomes.iter_mut().enumerate().filter(|(_, outcome)| outcome.is_none()) {
            let state = self.state.lane(lane);
            let (v_mv, electrode_na) =
                (state.v_mv(self.plans[lane].soma), self.electrode_na[lane].as_slice());
            let moment = Moment { step_idx, t_ms, lane, v_mv, electrode_na, state };
            if (self.observe)(moment).is_break() {
                *outcome = Some(Ok(RunOutcome::Stopped { t_ms }));
            }
        }
    }
}
