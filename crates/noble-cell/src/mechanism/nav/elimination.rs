//! One implicit step of the scheme by elimination along the ladders.
//!
//! Only neighboring steps are coupled, so `1 - dt K` is block tridiagonal with blocks of two by two, and the blocks
//! beside the diagonal are diagonal themselves. One pass up and one pass down solve it.

use super::scheme::{N_RUNGS, N_STATES, Rates};

/// Inverse of a block of two by two, row by row.
#[derive(Clone, Copy, Default)]
struct Inverse {
    closed_closed: f64,
    closed_inactivated: f64,
    inactivated_closed: f64,
    inactivated_inactivated: f64,
}

impl Inverse {
    /// Of `[[p, -s], [-t, w]]`.
    fn of(p: f64, s: f64, t: f64, w: f64) -> Self {
        let scale = 1.0 / (p * w - s * t);
        Self {
            closed_closed: w * scale,
            closed_inactivated: s * scale,
            inactivated_closed: t * scale,
            inactivated_inactivated: p * scale,
        }
    }

    fn apply(&self, closed: f64, inactivated: f64) -> (f64, f64) {
        (
            self.closed_closed * closed + self.closed_inactivated * inactivated,
            self.inactivated_closed * closed + self.inactivated_inactivated * inactivated,
        )
    }
}

/// Fractions `x` with `(1 - dt K) x = old`.
#[inline]
pub(super) fn implicit_step(rates: &Rates, old: [f64; N_STATES], dt_ms: f64) -> [f64; N_STATES] {
    let mut x = old;
    let mut inverses = [Inverse::default(); N_RUNGS];
    for step in 0..N_RUNGS {
        let (mut p, mut w) = (1.0 + dt_ms * rates.inactivation[step], 1.0 + dt_ms * rates.recovery[step]);
        let (mut s, mut t) = (dt_ms * rates.recovery[step], dt_ms * rates.inactivation[step]);
        if step + 1 < N_RUNGS {
            p += dt_ms * rates.closed_up[step];
            w += dt_ms * rates.inactivated_up[step];
        }
        if step > 0 {
            let below = &inverses[step - 1];
            let (closed_up, inactivated_up) =
                (dt_ms * rates.closed_up[step - 1], dt_ms * rates.inactivated_up[step - 1]);
            let (closed_down, inactivated_down) =
                (dt_ms * rates.closed_down[step - 1], dt_ms * rates.inactivated_down[step - 1]);
            p += closed_down - closed_up * below.closed_closed * closed_down;
            s += closed_up * below.closed_inactivated * inactivated_down;
            t += inactivated_up * below.inactivated_closed * closed_down;
            w += inactivated_down - inactivated_up * below.inactivated_inactivated * inactivated_down;
            let (closed, inactivated) = below.apply(x[step - 1], x[N_RUNGS + step - 1]);
            x[step] += closed_up * closed;
            x[N_RUNGS + step] += inactivated_up * inactivated;
        }
        inverses[step] = Inverse::of(p, s, t, w);
    }
    for step in (0..N_RUNGS).rev() {
        let (mut closed, mut inactivated) = (x[step], x[N_RUNGS + step]);
        if step + 1 < N_RUNGS {
            closed += dt_ms * rates.closed_down[step] * x[step + 1];
            inactivated += dt_ms * rates.inactivated_down[step] * x[N_RUNGS + step + 1];
        }
        (x[step], x[N_RUNGS + step]) = inverses[step].apply(closed, inactivated);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::super::scheme::{InitialState, Scheme, start};
    use super::*;
    use crate::cable::solve_dense;

    /// The step by general elimination.
    fn implicit_step_naive(rates: &Rates, old: [f64; N_STATES], dt_ms: f64) -> Vec<f64> {
        let mut matrix = rates.matrix();
        for (row_idx, row) in matrix.iter_mut().enumerate() {
            for (column_idx, entry) in row.iter_mut().enumerate() {
                *entry = f64::from(u8::from(row_idx == column_idx)) - dt_ms * *entry;
            }
        }
        solve_dense(matrix, old.to_vec())
    }

    #[test]
    fn invariant_elimination_agrees_with_dense() {
        let scheme = Scheme::new(34.0);
        for (v, dt_ms) in [(-150.0, 0.02), (-80.0, 0.02), (-40.0, 0.005), (0.0, 0.1), (60.0, 0.02)] {
            let rates = scheme.rates(v);
            let old = start(&scheme.rates(-70.0), InitialState::Published);
            let expected = implicit_step_naive(&rates, old, dt_ms);
            for (x, y) in implicit_step(&rates, old, dt_ms).iter().zip(&expected) {
                assert!((x - y).abs() < 1e-14, "{v} {dt_ms}: {x} {y}");
            }
        }
    }

    #[test]
    fn invariant_fractions_sum_to_one_and_the_steady_state_stays() {
        let scheme = Scheme::new(34.0);
        for v in [-120.0, -80.0, -50.0, 20.0] {
            let rates = scheme.rates(v);
            let steady = start(&rates, InitialState::Steady);
            let mut x = steady;
            for _ in 0..1000 {
                x = implicit_step(&rates, x, 0.02);
            }
            assert!((x.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (after, before) in x.iter().zip(&steady) {
                assert!((after - before).abs() < 1e-11, "{v}: {after} {before}");
            }
        }
    }
}
