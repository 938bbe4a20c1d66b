//! Runs of a plan: the fixed implicit step, and the loop that repeats it.

use std::ops::ControlFlow;

use noble_data::{Stimulus, TimeGrid, Trace};

use crate::constants::DIVERGED_MV;
use crate::{CablePlan, CableState, CompartmentId, CurrentClamp, Error};

/// Most steps of a run, 2^27: its voltages alone take a gibibyte.
pub(crate) const MAX_STEPS: u32 = 1 << 27;

/// Time step and length of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunSettings {
    /// Time step.
    pub dt_ms: f64,
    /// Length of the run; `round(total_ms / dt_ms)` steps are made.
    pub total_ms: f64,
}

impl RunSettings {
    /// Times of all samples of a run: zero and the end of every step.
    ///
    /// # Errors
    /// [`Error::TimeStep`] when the step is not greater than zero, [`Error::TotalTime`] when not one step fits
    /// or more than 2^27 do.
    pub fn grid(&self) -> Result<TimeGrid, Error> {
        let Self { dt_ms, total_ms } = *self;
        let is_valid = dt_ms.is_finite() && dt_ms > 0.0;
        if !is_valid {
            return Err(Error::TimeStep { dt_ms });
        }
        let n_steps = (total_ms / dt_ms).round();
        let fits = total_ms >= dt_ms && n_steps <= f64::from(MAX_STEPS);
        if !fits {
            return Err(Error::TotalTime { total_ms, dt_ms });
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to lie in 1 ..= 2^27"
        )]
        let n_samples = n_steps as usize + 1;
        Ok(TimeGrid::new(0.0, dt_ms, n_samples)?)
    }
}

/// The cell at one sample time.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Number of steps made.
    pub step_idx: usize,
    /// Time.
    pub t_ms: f64,
    /// Voltage in the middle of the soma.
    pub v_mv: f64,
    /// Everything else.
    pub state: &'a CableState,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RunOutcome {
    /// All steps were made.
    Completed,
    /// The observer stopped it.
    Stopped {
        /// Time of the last sample.
        t_ms: f64,
    },
}

/// Voltage in the middle of the soma at time zero and after every step; the stimulus enters there.
///
/// # Errors
/// [`Error::TimeStep`], [`Error::TotalTime`] for the settings, [`Error::Diverged`] when the voltage does.
///
/// # Source
/// NEURON 9.0.2, fixed step, `secondorder = 0`.
///
/// # Example
/// ```
/// use std::collections::BTreeMap;
///
/// use noble_cell::{CablePlan, PlanSettings, RunSettings, simulate};
/// use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION};
/// use noble_data::morphology::{Morphology, Point, Section};
/// use noble_data::{CellModel, SectionKind, SectionParameters, Step, Stimulus};
///
/// let at = |x_um| Point { x_um, y_um: 0.0, z_um: 0.0, diameter_um: 20.0 };
/// let soma = Section { kind: SectionKind::Soma, points: vec![at(0.0), at(20.0)], parent: None };
/// let mut parameters = SectionParameters::default();
/// parameters.mechanisms = BTreeMap::from([("hh".to_owned(), BTreeMap::new())]);
/// let cell = CellModel {
///     format_version: CELL_FORMAT_VERSION,
///     name: "squid".to_owned(),
///     mechanism_set: "allen".to_owned(),
///     axon_rule: AxonRule::Keep,
///     temperature_celsius: 6.3,
///     initial_voltage_mv: -65.0,
///     sections: BTreeMap::from([(SectionKind::Soma, parameters)]),
/// };
/// let plan = CablePlan::new(&Morphology { sections: vec![soma] }, &cell, &PlanSettings::default())?;
/// let stimulus = Stimulus::step(Step { delay_ms: 5.0, duration_ms: 1.0, amplitude_na: 0.5 })?;
/// let trace = simulate(&plan, &stimulus, &RunSettings { dt_ms: 0.02, total_ms: 20.0 })?;
/// assert!(trace.v_mv().iter().any(|v| *v > 20.0));
/// # Ok::<(), noble_cell::Error>(())
/// ```
pub fn simulate(plan: &CablePlan, stimulus: &Stimulus, settings: &RunSettings) -> Result<Trace, Error> {
    let grid = settings.grid()?;
    let mut v_mv = Vec::with_capacity(grid.n_samples());
    let clamp = CurrentClamp { compartment: None, stimulus };
    run(plan, &clamp, settings, &mut CableState::new(plan), |moment| {
        v_mv.push(moment.v_mv);
        ControlFlow::Continue(())
    })?;
    Ok(Trace::new(grid, v_mv)?)
}

/// Starts a run in `state`, calls `observe` at time zero and after every step, and ends when it breaks.
///
/// # Errors
/// [`Error::TimeStep`], [`Error::TotalTime`] for the settings, [`Error::Diverged`] when a voltage is not finite or
/// beyond 10 V.
///
/// # Panics
/// When the state was made for a plan of another size, or the clamp's compartment is not of the plan.
pub fn run(
    plan: &CablePlan,
    clamp: &CurrentClamp<'_>,
    settings: &RunSettings,
    state: &mut CableState,
    mut observe: impl FnMut(Moment<'_>) -> ControlFlow<()>,
) -> Result<RunOutcome, Error> {
    let grid = settings.grid()?;
    let electrode = clamp.compartment.unwrap_or(plan.soma);
    let (n_nodes, node) = (plan.n_nodes(), electrode.index());
    assert!(node < n_nodes, "compartment {node} of a plan of {n_nodes}");
    state.initialize(plan);
    for step_idx in 0..grid.n_samples() {
        let t_ms = grid.time_ms(step_idx);
        if step_idx > 0 {
            let current_na = clamp.current_na(grid.time_ms(step_idx - 1), settings.dt_ms);
            advance(plan, state, settings.dt_ms, (electrode, current_na));
            check_converged(plan, state, t_ms)?;
        }
        let v_mv = state.v_mv(plan.soma);
        if observe(Moment { step_idx, t_ms, v_mv, state }).is_break() {
            return Ok(RunOutcome::Stopped { t_ms });
        }
    }
    Ok(RunOutcome::Completed)
}

/// One step: voltages with the states held, then states with the voltages held.
///
/// `(C/dt + dI/dV + axial) ΔV = -I(V) + I_electrode + axial currents(V)`
fn advance(plan: &CablePlan, state: &mut CableState, dt_ms: f64, electrode: (CompartmentId, f64)) {
    state.evaluate_currents(plan);
    let CableState { membrane, states, diagonal, change } = state;
    let densities = membrane.current_ma_per_cm2.iter().zip(&membrane.slope_s_per_cm2);
    let sizes = plan.density_factor.iter().zip(&plan.capacitance_nf);
    let system = diagonal.iter_mut().zip(change.iter_mut());
    for (((d, rhs), (factor, capacitance)), (i, slope)) in system.zip(sizes).zip(densities) {
        *d = capacitance / dt_ms + factor * slope;
        *rhs = -factor * i;
    }
    change[electrode.0.index()] += electrode.1;
    plan.nodes.tree.add_axial(&membrane.v_mv, diagonal, change);
    plan.nodes.tree.solve(diagonal, change);
    for (v, dv) in membrane.v_mv.iter_mut().zip(change.iter()) {
        *v += dv;
    }
    for placed in &plan.mechanisms {
        placed.kernel.advance(membrane, &mut states[placed.states()], dt_ms);
    }
}

fn check_converged(plan: &CablePlan, state: &CableState, t_ms: f64) -> Result<(), Error> {
    let is_meant = |v: &f64| v.abs() <= DIVERGED_MV;
    if state.membrane.v_mv.iter().all(is_meant) {
        return Ok(());
    }
    let node = state.membrane.v_mv.iter().position(|v| !is_meant(v)).unwrap_or(0);
    let compartment = plan.compartment_name(CompartmentId(node));
    Err(Error::Diverged { t_ms, compartment, v_mv: state.membrane.v_mv[node] })
}

#[cfg(test)]
mod tests;
