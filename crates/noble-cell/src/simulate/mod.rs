//! Runs of a plan: the fixed implicit step, and the loop that repeats it.

mod advance;

use std::ops::ControlFlow;

use noble_data::{Stimulus, TimeGrid, Trace};

pub use advance::run_lanes;

use crate::state::LaneState;
use crate::{CablePlan, CableState, Electrode, Error};

/// Most steps of a run, 2^27: its voltages alone take a gibibyte.
pub(crate) const MAX_STEPS: u32 = 1 << 27;

/// Time step and length of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunSettings {
    /// Time step.
    pub dt_ms: f64,
    /// Length of the run from time zero on; `round(total_ms / dt_ms)` steps are made.
    pub total_ms: f64,
    /// Time before zero at which the run starts, to come to rest; `round(settle_ms / dt_ms)` more steps are made. NEURON
    /// starts at zero.
    pub settle_ms: f64,
    /// How a step is made.
    pub integrator: Integrator,
}

/// How a step is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Integrator {
    /// As NEURON with a fixed step: implicit, error of first order in the step.
    #[default]
    Neuron,
    /// Error of second order: states are half a step ahead of voltages, and both are advanced by methods of second
    /// order.
    ///
    /// With the states `s` held, `V` makes a whole step by the L-stable method of two stages; with `V` held, gates
    /// follow their exact solution, kinetic schemes the same method. Calcium follows the current in the middle of its
    /// step.
    ///
    /// # Source
    /// Staggering: Hines & Carnevale 1997, Neural Computation 9:1179, eq. 4.20 and after. Stages: Alexander 1977, SIAM
    /// J. Numer. Anal. 14:1006. Differs from NEURON's `secondorder`, whose currents and sparse schemes stay of first
    /// order.
    SecondOrder,
}

impl RunSettings {
    /// Times of all samples of a run: its start, which is zero unless it settles before, and the end of every step.
    ///
    /// # Errors
    /// [`Error::TimeStep`] when the step is not greater than zero, [`Error::TotalTime`] when not one step fits
    /// or more than 2^27 do, [`Error::SettleTime`] for a time to settle that is negative or not finite.
    pub fn grid(&self) -> Result<TimeGrid, Error> {
        let Self { dt_ms, total_ms, settle_ms, .. } = *self;
        let is_valid = dt_ms.is_finite() && dt_ms > 0.0;
        if !is_valid {
            return Err(Error::TimeStep { dt_ms });
        }
        if !(settle_ms.is_finite() && settle_ms >= 0.0) {
            return Err(Error::SettleTime { settle_ms });
        }
        let n_settling = (settle_ms / dt_ms).round();
        let n_steps = (total_ms / dt_ms).round() + n_settling;
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
        Ok(TimeGrid::new(-(n_settling * dt_ms), dt_ms, n_samples)?)
    }

    /// Steps that are made before time zero.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is out of range makes no run"
    )]
    pub fn n_settling_steps(&self) -> usize {
        (self.settle_ms / self.dt_ms).round() as usize
    }
}

/// The cell at one sample time.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Number of steps made, those before time zero among them.
    pub step_idx: usize,
    /// Time.
    pub t_ms: f64,
    /// Which of the runs side by side.
    pub lane: usize,
    /// Voltage in the middle of the soma.
    pub v_mv: f64,
    /// Mean current of each electrode over the step that ends here, into the cell; before any step that at the start.
    ///
    /// Of a voltage clamp `Σ bᵢ (command - Vᵢ) / R` over the stages of the step: as NEURON's with one stage, and with the
    /// charge that entered with two.
    pub electrode_na: &'a [f64],
    /// Everything else.
    pub state: LaneState<'a>,
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

/// Voltage in the middle of the soma at the start and after every step; the stimulus enters there.
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
/// use noble_cell::{CablePlan, Integrator, PlanSettings, RunSettings, simulate};
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
/// let settings = RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 20.0, integrator: Integrator::Neuron };
/// let trace = simulate(&plan, &stimulus, &settings)?;
/// assert!(trace.v_mv().iter().any(|v| *v > 20.0));
/// # Ok::<(), noble_cell::Error>(())
/// ```
pub fn simulate(plan: &CablePlan, stimulus: &Stimulus, settings: &RunSettings) -> Result<Trace, Error> {
    let grid = settings.grid()?;
    let mut v_mv = Vec::with_capacity(grid.n_samples());
    let electrode = Electrode::at_soma(stimulus);
    run(plan, &[electrode], settings, &mut CableState::new(plan), |moment| {
        v_mv.push(moment.v_mv);
        ControlFlow::Continue(())
    })?;
    Ok(Trace::new(grid, v_mv)?)
}

/// One run in `state`: calls `observe` at the start and after every step, and ends when it breaks.
///
/// # Errors
/// [`Error::TimeStep`], [`Error::TotalTime`] for the settings, [`Error::Diverged`] when a voltage is not finite or
/// beyond 500 mV.
///
/// # Panics
/// When the state was made for another plan, or an electrode's compartment is not of the plan.
pub fn run(
    plan: &CablePlan,
    electrodes: &[Electrode<'_>],
    settings: &RunSettings,
    state: &mut CableState,
    observe: impl FnMut(Moment<'_>) -> ControlFlow<()>,
) -> Result<RunOutcome, Error> {
    let mut outcomes = run_lanes(&[plan], &[electrodes], settings, state, observe)?;
    outcomes.pop().expect("one lane has one outcome")
}

#[cfg(test)]
mod tests;
