//! Resampling of a sweep to an even step: the step before every eFEL feature.

mod grid;

pub(crate) use grid::{AccumulatedGrid, Cursor};

use crate::samples::Samples;
use crate::{Error, Sweep, Times};

/// Largest number of samples of a resampled trace: 5000 s at the default step.
const MAX_SAMPLES: usize = 50_000_000;

/// Whether eFEL resamples the sweep; if not, it silently works on the samples as they are.
pub(crate) fn is_resampled(sweep: &Sweep<'_>) -> bool {
    let times = sweep.times();
    sweep.v_mv().len() >= 3 && times.time_ms(1) > times.time_ms(0)
}

/// Checks that the resampled trace has a size that can be held.
///
/// # Errors
/// [`Error::TooManySamples`].
pub(crate) fn check_size(sweep: &Sweep<'_>, step_ms: f64) -> Result<(), Error> {
    let (last_ms, duration_ms) = (last_ms(sweep), last_ms(sweep) - sweep.times().time_ms(0));
    let is_stuck = last_ms + step_ms <= last_ms;
    if is_resampled(sweep) && (is_stuck || (duration_ms / step_ms).ceil() > MAX_SAMPLES as f64) {
        return Err(Error::TooManySamples { duration_ms, step_ms, limit: MAX_SAMPLES });
    }
    Ok(())
}

/// Linear interpolation on the grid that grows from the first time by repeated addition of `step_ms`.
///
/// `N = ceil((t_last - t_first) / step)` points, and one more, which may lie beyond the trace and then holds the
/// last voltage, where the last of them is before `t_last`.
///
/// Fewer than three samples, or two equal first times, are left as they are.
/// # Source
/// eFEL 5.7.34 `interpolate`.
pub(crate) fn resample<'a>(sweep: &Sweep<'a>, step_ms: f64) -> Samples<'a> {
    if !is_resampled(sweep) {
        return Samples::raw(sweep);
    }
    let times_ms = resampled_grid(sweep, step_ms).times_ms();
    let current_na = sweep.current_na().map(|current_na| interpolate(sweep.times(), current_na, &times_ms));
    let v_mv = interpolate(sweep.times(), sweep.v_mv(), &times_ms);
    Samples::resampled(times_ms, v_mv, current_na)
}

/// The grid of the resampled trace.
pub(crate) fn resampled_grid(sweep: &Sweep<'_>, step_ms: f64) -> AccumulatedGrid {
    let (first_ms, last_ms) = (sweep.times().time_ms(0), last_ms(sweep));
    let n_points = (((last_ms - first_ms) / step_ms).ceil() as usize).max(1);
    let grid = AccumulatedGrid::new(first_ms, step_ms, n_points + 1);
    if grid.time_ms(n_points - 1) < last_ms { grid } else { grid.truncated(n_points) }
}

fn last_ms(sweep: &Sweep<'_>) -> f64 {
    sweep.times().time_ms(sweep.v_mv().len() - 1)
}

/// Values on the line between the two samples around each time; the last value beyond the last time.
fn interpolate(times: Times<'_>, values: &[f64], at_ms: &[f64]) -> Vec<f64> {
    match times {
        Times::Listed(times_ms) => interpolate_at(|idx| times_ms[idx], values, at_ms),
        Times::Grid(grid) => interpolate_at(|idx| grid.time_ms(idx), values, at_ms),
    }
}

fn interpolate_at(time_ms: impl Fn(usize) -> f64, values: &[f64], at_ms: &[f64]) -> Vec<f64> {
    let last_idx = values.len() - 1;
    let mut segment_idx = 0;
    let at = |x_ms: &f64| {
        while segment_idx < last_idx && time_ms(segment_idx + 1) < *x_ms {
            segment_idx += 1;
        }
        if segment_idx == last_idx {
            return values[last_idx];
        }
        let place = |idx: usize| (time_ms(idx), values[idx]);
        on_line(place(segment_idx), place(segment_idx + 1), *x_ms)
    };
    at_ms.iter().map(at).collect()
}

/// Value at `x` of the line through two points, in eFEL's order of operations.
pub(crate) fn on_line((t0, v0): (f64, f64), (t1, v1): (f64, f64), x: f64) -> f64 {
    v0 + ((v1 - v0) / (t1 - t0)) * (x - t0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(times_ms: &[f64], v_mv: &[f64], step_ms: f64) -> (Vec<f64>, Vec<f64>) {
        let sweep = Sweep::new(times_ms, v_mv, 0.0, 1.0).unwrap();
        let samples = resample(&sweep, step_ms);
        (samples.times_ms.into_owned(), samples.v_mv.into_owned())
    }

    #[test]
    fn analytic_a_straight_line_stays_straight() {
        let times_ms = [0.0, 0.3, 0.35, 0.35, 2.0];
        let v_mv = times_ms.map(|t| 2.0 * t - 70.0);
        let (times_ms, v_mv) = resampled(&times_ms, &v_mv, 0.1);
        for (t, v) in times_ms.iter().zip(&v_mv) {
            assert!((v - (2.0 * t - 70.0)).abs() < 1e-12, "{t} {v}");
        }
    }

    #[test]
    fn analytic_grid_is_accumulated_and_may_pass_the_end() {
        let (times_ms, v_mv) = resampled(&[0.0, 0.5, 1.05], &[0.0, 0.5, 1.05], 0.1);
        assert_eq!(times_ms.len(), 12);
        let accumulated = (0..10).fold(0.0, |sum, _| sum + 0.1);
        assert_eq!(times_ms[10].to_bits(), f64::to_bits(accumulated));
        assert_eq!(v_mv[11].to_bits(), 1.05_f64.to_bits());
    }

    #[test]
    fn invariant_short_traces_and_equal_first_times_stay_raw() {
        assert_eq!(resampled(&[0.0, 5.0], &[1.0, 2.0], 0.1).0, [0.0, 5.0]);
        assert_eq!(resampled(&[0.0, 0.0, 5.0], &[1.0, 2.0, 3.0], 0.1).1, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn invariant_huge_durations_are_refused() {
        for times_ms in [[0.0, 1.0, 1e300], [-f64::MAX, 0.0, f64::MAX]] {
            let sweep = Sweep::new(&times_ms[..], &[0.0; 3], 0.0, 1.0).unwrap();
            assert!(matches!(check_size(&sweep, 0.1), Err(Error::TooManySamples { .. })));
        }
    }
}
