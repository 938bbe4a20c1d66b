//! The current-clamp protocol of a sweep, and how its trace is sampled.

use noble_cell::{Integrator, RunSettings};
use noble_data::{Sampling, Step, Stimulus, TimeGrid};
use noble_operator::OperatorCard;
use serde::{Deserialize, Serialize};

use crate::Error;

/// One step of current per sweep; only its amplitude varies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Onset of the step.
    pub delay_ms: f64,
    /// Duration of the step.
    pub duration_ms: f64,
    /// Length of the sweep.
    pub total_ms: f64,
    /// Time that is simulated before the sweep and not kept, for the cell to come to rest from its initial voltage; NEURON's
    /// convention is none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub settle_ms: f64,
    /// Time step of the solver.
    pub solver_step_ms: f64,
    /// Every how many solver steps a sample is kept.
    pub every: usize,
    /// How samples are taken.
    pub sampling: Sampling,
    /// How the solver makes a step.
    #[serde(default, skip_serializing_if = "is_neuron", with = "IntegratorName")]
    pub integrator: Integrator,
}

/// [`Integrator`] as a word in files.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Integrator", rename_all = "snake_case")]
enum IntegratorName {
    Neuron,
    SecondOrder,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_none(settle_ms: &f64) -> bool {
    settle_ms.abs() < f64::MIN_POSITIVE
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_neuron(integrator: &Integrator) -> bool {
    *integrator == Integrator::Neuron
}

impl Default for Protocol {
    /// NOBLE's: 400 ms from 15 ms, 515 ms in all, solved at 0.02 ms, every third sample.
    fn default() -> Self {
        Self {
            delay_ms: 15.0,
            duration_ms: 400.0,
            total_ms: 515.0,
            settle_ms: 0.0,
            solver_step_ms: 0.02,
            every: 3,
            sampling: Sampling::Plain,
            integrator: Integrator::Neuron,
        }
    }
}

impl Protocol {
    /// The protocol of the traces that an operator answers with.
    #[must_use]
    pub fn of_operator(card: &OperatorCard) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
        let n_solver_steps = ((card.grid.n_samples() - 1) * card.sampling.every) as f64;
        Self {
            delay_ms: card.stimulus.delay_ms,
            duration_ms: card.stimulus.duration_ms,
            total_ms: n_solver_steps * card.sampling.dt_ms,
            settle_ms: card.sampling.settle_ms,
            solver_step_ms: card.sampling.dt_ms,
            every: card.sampling.every,
            sampling: card.sampling.kind,
            integrator: Integrator::Neuron,
        }
    }

    /// Checks that sweeps of this protocol exist and that its step lies within them.
    ///
    /// # Errors
    /// [`Error::Usage`] with the value that is not possible.
    pub fn check(&self) -> Result<(), Error> {
        self.check_sweep()?;
        let last_ms = self.delay_ms + self.duration_ms;
        if !(self.delay_ms >= 0.0 && self.duration_ms >= 0.0 && last_ms <= self.total_ms) {
            let what = format!("the step from {} ms to {last_ms} ms leaves the sweep", self.delay_ms);
            return Err(Error::usage(what, format!("keep it between 0 and {} ms", self.total_ms)));
        }
        Ok(())
    }

    /// Checks the times of a sweep that its own step does not drive.
    ///
    /// # Errors
    /// [`Error::Usage`] with the value that is not possible.
    pub fn check_sweep(&self) -> Result<(), Error> {
        let positive = [("solver step --dt-ms", self.solver_step_ms), ("length --total-ms", self.total_ms)];
        for (name, value_ms) in positive {
            if !(value_ms.is_finite() && value_ms > 0.0) {
                return Err(Error::usage(
                    format!("{name} is {value_ms} ms"),
                    "give a time greater than zero",
                ));
            }
        }
        if !(self.settle_ms.is_finite() && self.settle_ms >= 0.0) {
            let what = format!("--settle-ms is {}", self.settle_ms);
            return Err(Error::usage(what, "give zero or a finite time greater than zero"));
        }
        if self.every == 0 {
            return Err(Error::usage("--every is 0", "give 1 for every sample, 3 for every third"));
        }
        Ok(())
    }

    /// The step of an amplitude.
    ///
    /// # Errors
    /// [`Error::Data`] when the amplitude is not a finite number.
    pub fn stimulus(&self, amplitude_na: f64) -> Result<Stimulus, Error> {
        let step = Step { delay_ms: self.delay_ms, duration_ms: self.duration_ms, amplitude_na };
        Ok(Stimulus::step(step)?)
    }

    /// What the solver is asked for.
    #[must_use]
    pub fn run_settings(&self) -> RunSettings {
        RunSettings {
            dt_ms: self.solver_step_ms,
            total_ms: self.total_ms,
            settle_ms: self.settle_ms,
            integrator: self.integrator,
        }
    }

    /// Grid of the sampled trace: the solver's `round(total/step) + 1` samples, every n-th kept.
    ///
    /// # Errors
    /// [`Error::Data`] when the step is not greater than zero.
    pub fn grid(&self) -> Result<TimeGrid, Error> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be positive")]
        let n_solver = (self.total_ms / self.solver_step_ms).round() as usize + 1;
        #[expect(clippy::cast_precision_loss, reason = "a small whole number")]
        let step_ms = self.solver_step_ms * self.every as f64;
        Ok(TimeGrid::new(0.0, step_ms, n_solver.div_ceil(self.every))?)
    }

    /// End of the step.
    #[must_use]
    pub fn end_ms(&self) -> f64 {
        self.delay_ms + self.duration_ms
    }
}
