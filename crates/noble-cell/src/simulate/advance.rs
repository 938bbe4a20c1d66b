//! The loop of a run, for all lanes at once.

use std::ops::ControlFlow;

use super::{Moment, RunOutcome, RunSettings};
use crate::constants::DIVERGED_MV;
use crate::lanes::fill;
use crate::program::{Conditions, Workspace};
use crate::solve::Solver;
use crate::state::{BoundMechanism, PlacedPrograms};
use crate::{CablePlan, CableState, CompartmentId, CurrentClamp, Error};

/// Runs in lanes: lane `k` is `plans[k]` with the electrodes `clamps[k]`.
///
/// `observe` is called for each lane at time zero and after every step; a lane for which it breaks is observed no
/// more, and the run ends when none is left. A lane that diverges fails alone.
///
/// # Errors
/// [`Error::TimeStep`], [`Error::TotalTime`] for the settings; per lane [`Error::Diverged`] when a voltage is not
/// finite or beyond 500 mV.
///
/// # Panics
/// When the state was made for other plans, a clamp's compartment is not of its plan, or there is not one list of
/// clamps per plan.
pub fn run_lanes(
    plans: &[&CablePlan],
    clamps: &[&[CurrentClamp<'_>]],
    settings: &RunSettings,
    state: &mut CableState,
    observe: impl FnMut(Moment<'_>) -> ControlFlow<()>,
) -> Result<Vec<Result<RunOutcome, Error>>, Error> {
    let grid = settings.grid()?;
    assert!(plans.len() == state.n_lanes && clamps.len() == plans.len(), "{} lanes", state.n_lanes);
    assert!(plans.iter().all(|plan| state.fits(plan)), "a state made for plans of another structure");
    let conditions = Conditions { temperature_celsius: plans[0].temperature_celsius, dt_ms: settings.dt_ms };
    let programs: Vec<PlacedPrograms> = state
        .placed
        .iter()
        .map(|placed| PlacedPrograms::new(placed, conditions, plans[0].nernst_slope_mv))
        .collect();
    state.reset(plans);
    let state = &*state;
    let mut run = Run {
        plans,
        clamps,
        state,
        solver: Solver::new(plans, state.width, settings.dt_ms),
        mechanisms: programs
            .iter()
            .zip(&state.placed)
            .map(|(programs, placed)| programs.bind(placed, state.instructions))
            .collect(),
        workspace: Workspace::new(state.instructions),
        outcomes: plans.iter().map(|_| None).collect(),
        observe,
    };
    run.start()?;
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
    clamps: &'a [&'a [CurrentClamp<'a>]],
    state: &'a CableState,
    solver: Solver,
    mechanisms: Vec<BoundMechanism<'a>>,
    workspace: Workspace,
    outcomes: Vec<Option<Result<RunOutcome, Error>>>,
    observe: F,
}

impl<F: FnMut(Moment<'_>) -> ControlFlow<()>> Run<'_, F> {
    fn start(&mut self) -> Result<(), Error> {
        let Self { state, mechanisms, workspace, plans, .. } = self;
        for mechanism in mechanisms.iter() {
            mechanism.start(&state.nodes, workspace);
        }
        for placed in &state.placed {
            placed.start_scheme(plans)?;
        }
        self.evaluate_currents();
        Ok(())
    }

    /// Currents and slopes at the present voltage; calcium's reversal first, as it follows the concentration.
    fn evaluate_currents(&mut self) {
        let Self { state, mechanisms, workspace, .. } = self;
        let nodes = &state.nodes;
        fill(&nodes.current_ma_per_cm2, 0.0);
        fill(&nodes.slope_s_per_cm2, 0.0);
        fill(&nodes.calcium_current_ma_per_cm2, 0.0);
        for mechanism in mechanisms.iter().filter(|mechanism| mechanism.is_pool()) {
            mechanism.set_reversal(nodes, workspace);
        }
        for mechanism in mechanisms.iter() {
            mechanism.add_current(nodes, workspace);
        }
    }

    /// One step: voltages with the states held, then states with the voltages held.
    ///
    /// `(C/dt + dI/dV + axial) ΔV = -I(V) + I_electrode + axial currents(V)`
    fn advance(&mut self, from_ms: f64, to_ms: f64, dt_ms: f64) {
        self.evaluate_currents();
        self.solver.begin();
        for (lane, clamps) in self.clamps.iter().enumerate() {
            for clamp in *clamps {
                let node = clamp.compartment.unwrap_or(self.plans[lane].soma).index();
                self.solver.add_electrode((node, lane), clamp.current_na(from_ms, dt_ms), 0.0);
            }
        }
        if !self.solver.step(&self.state.nodes, self.state.instructions) {
            self.fail_diverged(to_ms);
        }
        let Self { state, mechanisms, workspace, .. } = self;
        for mechanism in mechanisms.iter() {
            mechanism.advance(&state.nodes, workspace);
        }
    }

    fn fail_diverged(&mut self, t_ms: f64) {
        for (lane, outcome) in self.outcomes.iter_mut().enumerate().filter(|(_, outcome)| outcome.is_none()) {
            let voltage = |node: usize| self.state.lane(lane).v_mv(CompartmentId(node));
            let is_meant = |node: &usize| voltage(*node).abs() <= DIVERGED_MV;
            if let Some(node) = (0..self.state.n_nodes).find(|node| !is_meant(node)) {
                let compartment = self.plans[lane].compartment_name(CompartmentId(node));
                *outcome = Some(Err(Error::Diverged { t_ms, compartment, v_mv: voltage(node) }));
            }
        }
    }

    fn observe(&mut self, step_idx: usize, t_ms: f64) {
        for (lane, outcome) in self.outcomes.iter_mut().enumerate().filter(|(_, outcome)| outcome.is_none()) {
            let state = self.state.lane(lane);
            let moment = Moment { step_idx, t_ms, lane, v_mv: state.v_mv(self.plans[lane].soma), state };
            if (self.observe)(moment).is_break() {
                *outcome = Some(Ok(RunOutcome::Stopped { t_ms }));
            }
        }
    }
}
