//! How exact a simulation is by its integrator and time step, against a run that has converged.

use noble_cell::{CablePlan, CableState, Electrode, Integrator, RunSettings, run};
use noble_features::Settings;

use crate::{Error, Protocol};

/// One way to make the steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scheme {
    /// How a step is made.
    pub integrator: Integrator,
    /// Time step.
    pub dt_ms: f64,
}

/// What a scheme gave, against the converged run.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    /// Number of spikes.
    pub n_spikes: usize,
    /// Largest distance of a spike from that of the same number in the converged run; `None` without spikes.
    pub largest_spike_error_ms: Option<f64>,
    /// By how much the last spike that both have is late.
    pub last_spike_late_ms: Option<f64>,
    /// Largest difference of the voltages up to 2 ms before the first spike of either.
    pub before_spikes_mv: f64,
}

/// A run with its spikes.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemeRun {
    /// Voltages of the soma at every solver step.
    v_mv: Vec<f64>,
    dt_ms: f64,
    /// Upward crossings of the spike threshold, interpolated.
    pub spike_times_ms: Vec<f64>,
}

/// Time before a spike in which voltages are no longer compared.
const BEFORE_SPIKE_MS: f64 = 2.0;

/// Runs a step of current with a scheme; the state is made again where it does not fit.
///
/// # Errors
/// [`Error::Data`] for an amplitude that is not a number, [`Error::Cell`] when the voltage diverges.
pub fn run_scheme(
    plan: &CablePlan,
    (protocol, step_na): (&Protocol, f64),
    scheme: Scheme,
    state: &mut CableState,
) -> Result<SchemeRun, Error> {
    let stimulus = protocol.stimulus(step_na)?;
    let Scheme { integrator, dt_ms } = scheme;
    let settings = RunSettings { settle_ms: 0.0, dt_ms, total_ms: protocol.total_ms, integrator };
    let mut v_mv = Vec::with_capacity(settings.grid()?.n_samples());
    run(plan, &[Electrode::at_soma(&stimulus)], &settings, state, |moment| {
        v_mv.push(moment.v_mv);
        std::ops::ControlFlow::Continue(())
    })?;
    let threshold_mv = Settings::default().threshold_mv;
    Ok(SchemeRun { spike_times_ms: crossings_ms(&v_mv, dt_ms, threshold_mv), v_mv, dt_ms })
}

impl SchemeRun {
    /// Its distance from a converged run of the same cell and current.
    #[must_use]
    pub fn against(&self, converged: &Self) -> Accuracy {
        let pairs = self.spike_times_ms.iter().zip(&converged.spike_times_ms);
        let late_ms: Vec<f64> = pairs.map(|(own, exact)| own - exact).collect();
        let firsts = [&self.spike_times_ms, &converged.spike_times_ms].map(|times| times.first().copied());
        let first_ms = firsts.into_iter().flatten().fold(f64::INFINITY, f64::min);
        Accuracy {
            n_spikes: self.spike_times_ms.len(),
            largest_spike_error_ms: late_ms.iter().map(|late| late.abs()).reduce(f64::max),
            last_spike_late_ms: late_ms.last().copied(),
            before_spikes_mv: self.largest_difference_mv(converged, first_ms - BEFORE_SPIKE_MS),
        }
    }

    fn largest_difference_mv(&self, converged: &Self, until_ms: f64) -> f64 {
        let times = (0..self.v_mv.len()).map(|idx| idx as f64 * self.dt_ms);
        let samples = times.zip(&self.v_mv).take_while(|(t_ms, _)| *t_ms < until_ms);
        samples.map(|(t_ms, v_mv)| (v_mv - converged.at_mv(t_ms)).abs()).fold(0.0, f64::max)
    }

    /// Voltage at a time, linear between samples.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times are not negative")]
    fn at_mv(&self, t_ms: f64) -> f64 {
        let place = t_ms / self.dt_ms;
        let idx = (place as usize).min(self.v_mv.len() - 1);
        let next = self.v_mv[(idx + 1).min(self.v_mv.len() - 1)];
        self.v_mv[idx] + (place - idx as f64) * (next - self.v_mv[idx])
    }
}

fn crossings_ms(v_mv: &[f64], dt_ms: f64, threshold_mv: f64) -> Vec<f64> {
    let crosses = |pair: &[f64]| pair[0] < threshold_mv && pair[1] >= threshold_mv;
    let pairs = v_mv.windows(2).enumerate().filter(|(_, pair)| crosses(pair));
    pairs.map(|(idx, pair)| (idx as f64 + (threshold_mv - pair[0]) / (pair[1] - pair[0])) * dt_ms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference_cell::reference_cells;

    /// Errors of spike times fall with the order of the integrator.
    #[test]
    fn analytic_spikes_converge_with_the_order_of_the_integrator() {
        let cells = reference_cells().unwrap();
        let plan = cells.plan(*cells.models.keys().next().unwrap()).unwrap();
        let protocol = Protocol { total_ms: 60.0, delay_ms: 5.0, duration_ms: 50.0, ..Protocol::default() };
        let mut state = CableState::new(&plan);
        let mut at = |integrator, dt_ms| {
            run_scheme(&plan, (&protocol, 0.2), Scheme { integrator, dt_ms }, &mut state).unwrap()
        };
        let converged = at(Integrator::SecondOrder, 0.000_625);
        assert!(converged.spike_times_ms.len() > 2, "{:?}", converged.spike_times_ms);
        for (integrator, order) in [(Integrator::Neuron, 1.0), (Integrator::SecondOrder, 2.0)] {
            let error = |run: SchemeRun| run.against(&converged).largest_spike_error_ms.unwrap();
            let errors = [0.01, 0.005].map(|dt_ms| error(at(integrator, dt_ms)));
            let found = (errors[0] / errors[1]).log2();
            assert!((found - order).abs() < 0.2, "{integrator:?}: {errors:?}");
        }
    }

    #[test]
    fn analytic_crossings_lie_between_samples() {
        assert_eq!(crossings_ms(&[-30.0, -10.0, -30.0, -20.0, -25.0], 0.1, -20.0).len(), 2);
        assert!((crossings_ms(&[-30.0, -10.0], 0.1, -20.0)[0] - 0.05).abs() < 1e-12);
    }
}
