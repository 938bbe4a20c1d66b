//! Resampling of a sweep to an even step: the step before every eFEL feature.

use crate::{Error, Sweep, Times};

/// Largest number of samples of a resampled trace: 5000 s at the default step.
const MAX_SAMPLES: usize = 50_000_000;

/// A trace on its resampled times, `[n_samples]` each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resampled {
    pub(crate) times_ms: Vec<f64>,
    pub(crate) v_mv: Vec<f64>,
    /// False where eFEL gives up and works on the raw samples.
    pub(crate) is_resampled: bool,
}

/// Linear interpolation on the grid that grows from the first time by repeated addition of `step_ms`.
///
/// `N = ceil((t_last - t_first) / step)` points, and one more, which may lie beyond the trace and then holds the
/// last voltage, where the last of them is before `t_last`. The addition is repeated and not a multiplication,
/// because the rounding it collects decides which sample is the first at or after a given time.
///
/// Fewer than three samples, or two equal first times, are left as they are.
///
/// # Errors
/// [`Error::TooManySamples`].
/// # Source
/// eFEL 5.7.34 `interpolate`.
pub(crate) fn resample(sweep: &Sweep<'_>, step_ms: f64) -> Result<Resampled, Error> {
    let (times, v_mv) = (sweep.times(), sweep.v_mv());
    let n_input = v_mv.len();
    if n_input < 3 || times.time_ms(1) <= times.time_ms(0) {
        let times_ms = (0..n_input).map(|sample_idx| times.time_ms(sample_idx)).collect();
        return Ok(Resampled { times_ms, v_mv: v_mv.to_vec(), is_resampled: false });
    }
    let times_ms = accumulated_grid(times.time_ms(0), times.time_ms(n_input - 1), step_ms)?;
    let v_mv = interpolate(times, v_mv, &times_ms);
    Ok(Resampled { times_ms, v_mv, is_resampled: true })
}

fn accumulated_grid(first_ms: f64, last_ms: f64, step_ms: f64) -> Result<Vec<f64>, Error> {
    let duration_ms = last_ms - first_ms;
    let n_points = (duration_ms / step_ms).ceil();
    if n_points > MAX_SAMPLES as f64 {
        return Err(Error::TooManySamples { duration_ms, step_ms, limit: MAX_SAMPLES });
    }
    let n_points = n_points as usize;
    let mut times_ms = Vec::with_capacity(n_points + 1);
    let mut time_ms = first_ms;
    for _ in 0..n_points {
        times_ms.push(time_ms);
        time_ms += step_ms;
    }
    if times_ms.last().is_none_or(|grid_last_ms| *grid_last_ms < last_ms) {
        times_ms.push(time_ms);
    }
    Ok(times_ms)
}

fn interpolate(times: Times<'_>, v_mv: &[f64], grid_ms: &[f64]) -> Vec<f64> {
    let last_idx = v_mv.len() - 1;
    let mut segment_idx = 0;
    let mut at = |x_ms: f64| {
        while segment_idx < last_idx && times.time_ms(segment_idx + 1) < x_ms {
            segment_idx += 1;
        }
        if segment_idx == last_idx {
            return v_mv[last_idx];
        }
        let (t0, t1) = (times.time_ms(segment_idx), times.time_ms(segment_idx + 1));
        let (v0, v1) = (v_mv[segment_idx], v_mv[segment_idx + 1]);
        v0 + ((v1 - v0) / (t1 - t0)) * (x_ms - t0)
    };
    grid_ms.iter().map(|x_ms| at(*x_ms)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(times_ms: &[f64], v_mv: &[f64], step_ms: f64) -> Resampled {
        resample(&Sweep::new(times_ms, v_mv, 0.0, 1.0).unwrap(), step_ms).unwrap()
    }

    #[test]
    fn analytic_a_straight_line_stays_straight() {
        let times_ms = [0.0, 0.3, 0.35, 0.35, 2.0];
        let v_mv = times_ms.map(|t| 2.0 * t - 70.0);
        let got = resampled(&times_ms, &v_mv, 0.1);
        for (t, v) in got.times_ms.iter().zip(&got.v_mv) {
            assert!((v - (2.0 * t - 70.0)).abs() < 1e-12, "{t} {v}");
        }
    }

    #[test]
    fn analytic_grid_is_accumulated_and_may_pass_the_end() {
        let got = resampled(&[0.0, 0.5, 1.05], &[0.0, 0.5, 1.05], 0.1);
        assert_eq!(got.times_ms.len(), 12);
        let accumulated = (0..10).fold(0.0, |sum, _| sum + 0.1);
        assert_eq!(got.times_ms[10].to_bits(), f64::to_bits(accumulated));
        assert_eq!(got.v_mv[11].to_bits(), 1.05_f64.to_bits());
    }

    #[test]
    fn invariant_short_traces_and_equal_first_times_stay_raw() {
        assert!(!resampled(&[0.0, 5.0], &[1.0, 2.0], 0.1).is_resampled);
        let got = resampled(&[0.0, 0.0, 5.0], &[1.0, 2.0, 3.0], 0.1);
        assert_eq!((got.is_resampled, got.v_mv), (false, vec![1.0, 2.0, 3.0]));
    }

    #[test]
    fn invariant_huge_durations_are_refused() {
        for times_ms in [[0.0, 1.0, 1e300], [-f64::MAX, 0.0, f64::MAX]] {
            let sweep = Sweep::new(&times_ms[..], &[0.0; 3], 0.0, 1.0).unwrap();
            assert!(matches!(resample(&sweep, 0.1), Err(Error::TooManySamples { .. })));
        }
    }
}
