//! Rates of the scheme, and the states it starts from.

use super::super::kinetics::{CORTICAL_Q10, TemperatureFactor};
use crate::cable::solve_dense;

/// Number of states.
pub(super) const N_STATES: usize = 12;

/// Number of steps of either ladder.
pub(super) const N_RUNGS: usize = 6;

/// Temperature of the measurement.
const TEMPERATURE: TemperatureFactor = TemperatureFactor::Q10 { q10: CORTICAL_Q10, reference_celsius: 37.0 };

/// Speeding of activation of inactivated channels, per step.
const ON_FACTOR: f64 = 2.51;

/// Slowing of deactivation of inactivated channels, per step.
const OFF_FACTOR: f64 = 5.32;

/// What the states are at the start of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InitialState {
    /// As the published channel file has it: in the balance of `I3` the inflow from `I4` takes the rate of
    /// `I3 → C3`. Needed to match published traces.
    #[default]
    Published,
    /// The steady state at the voltage.
    Steady,
}

/// Rates of all transitions at one voltage [1/ms]; index 0 is the step `C1, I1`, index 5 the step `O, I6`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rates {
    /// Closed ladder, from step `k` to `k + 1`, and back.
    pub(super) closed_up: [f64; N_RUNGS - 1],
    pub(super) closed_down: [f64; N_RUNGS - 1],
    /// Inactivated ladder.
    pub(super) inactivated_up: [f64; N_RUNGS - 1],
    pub(super) inactivated_down: [f64; N_RUNGS - 1],
    /// Rungs, from the closed to the inactivated ladder, and back.
    pub(super) inactivation: [f64; N_RUNGS],
    pub(super) recovery: [f64; N_RUNGS],
}

/// Rates at one temperature; what does not depend on voltage is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scheme {
    temperature_factor: f64,
    at_zero: Rates,
}

impl Scheme {
    pub(super) fn new(temperature_celsius: f64) -> Self {
        let q = TEMPERATURE.at(temperature_celsius);
        let mut at_zero = Rates {
            closed_up: [4.0, 3.0, 2.0, 1.0, 0.0],
            closed_down: [1.0, 2.0, 3.0, 4.0, 0.0],
            inactivated_up: [4.0, 3.0, 2.0, 1.0, 0.0].map(|count| ON_FACTOR * count),
            inactivated_down: [1.0, 2.0, 3.0, 4.0, 0.0].map(|count: f64| count / OFF_FACTOR),
            inactivation: [0.0; N_RUNGS],
            recovery: [0.0; N_RUNGS],
        };
        let last = N_RUNGS - 2;
        (at_zero.closed_up[last], at_zero.inactivated_up[last]) = (250.0 * q, 250.0 * q);
        (at_zero.closed_down[last], at_zero.inactivated_down[last]) = (60.0 * q, 60.0 * q);
        let (mut on, mut off) = (1.0, 1.0);
        for step in 0..N_RUNGS - 1 {
            at_zero.inactivation[step] = 0.01 * q * on;
            at_zero.recovery[step] = 40.0 * q / off;
            on *= ON_FACTOR;
            off *= OFF_FACTOR;
        }
        (at_zero.inactivation[N_RUNGS - 1], at_zero.recovery[N_RUNGS - 1]) = (8.0 * q, 0.05 * q);
        Self { temperature_factor: q, at_zero }
    }

    /// All rates at `v` [mV].
    pub(super) fn rates(&self, v: f64) -> Rates {
        let grow = (v / 24.0).exp();
        let activation = 400.0 * self.temperature_factor * grow;
        let deactivation = 12.0 * self.temperature_factor / grow;
        let mut rates = self.at_zero;
        for step in 0..N_RUNGS - 2 {
            rates.closed_up[step] *= activation;
            rates.inactivated_up[step] *= activation;
            rates.closed_down[step] *= deactivation;
            rates.inactivated_down[step] *= deactivation;
        }
        rates
    }
}

impl Rates {
    /// The matrix `K` of `x' = K x`; states in the order of the mechanism's list.
    pub(super) fn matrix(&self) -> Vec<Vec<f64>> {
        let mut matrix = vec![vec![0.0; N_STATES]; N_STATES];
        let mut add = |from: usize, to: usize, rate: f64| {
            matrix[to][from] += rate;
            matrix[from][from] -= rate;
        };
        for step in 0..N_RUNGS {
            let (closed, inactivated) = (step, N_RUNGS + step);
            add(closed, inactivated, self.inactivation[step]);
            add(inactivated, closed, self.recovery[step]);
            if step + 1 < N_RUNGS {
                add(closed, closed + 1, self.closed_up[step]);
                add(closed + 1, closed, self.closed_down[step]);
                add(inactivated, inactivated + 1, self.inactivated_up[step]);
                add(inactivated + 1, inactivated, self.inactivated_down[step]);
            }
        }
        matrix
    }
}

/// Fractions at the start: `K x = 0` with the sum of one in place of the last balance.
///
/// # Source
/// Published `NaV` channel file, initial block, for [`InitialState::Published`].
pub(super) fn start(rates: &Rates, initial_state: InitialState) -> [f64; N_STATES] {
    let mut matrix = rates.matrix();
    if initial_state == InitialState::Published {
        let (i3, i4) = (N_RUNGS + 2, N_RUNGS + 3);
        matrix[i3][i4] = rates.recovery[2];
    }
    matrix[N_STATES - 1] = vec![1.0; N_STATES];
    let mut rhs = vec![0.0; N_STATES];
    rhs[N_STATES - 1] = 1.0;
    let fractions = solve_dense(matrix, rhs);
    std::array::from_fn(|state_idx| fractions[state_idx])
}
