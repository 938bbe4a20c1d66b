//! The slope of firing rate against current above threshold.

use super::threshold::between_na;
use crate::{Error, PreparedSweep, is_depolarization_blocked};

const MS_PER_S: f64 = 1000.0;

/// Points of the default F-I grid.
///
/// The default grid is [`fi_grid_na`] with this many points: evenly spaced above the threshold current, which it
/// leaves out, up to the largest current of interest, which it includes. Slopes are comparable only between
/// cells measured with the same number of points, the same largest current and the same step duration; state
/// all three with the value. Eight points instead of forty change the slope's order among similar cells little
/// (rank correlation 0.98), a grid confined to a tenth above threshold destroys it.
pub const FI_POINTS: usize = 12;

/// One sweep of an F-I measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FiPoint {
    /// Current of the step.
    pub current_na: f64,
    /// Spikes in the stimulus divided by its duration.
    pub rate_hz: f64,
    /// Whether the cell is in depolarization block.
    pub is_blocked: bool,
}

/// A line through rates over currents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FiSlope {
    /// Slope.
    pub slope_hz_per_na: f64,
    /// Standard error of the slope; `None` for two points, which leave no residual.
    pub standard_error_hz_per_na: Option<f64>,
    /// Sweeps the line goes through.
    pub n_points: usize,
    /// Sweeps left out because they are blocked.
    pub n_blocked: usize,
}

/// The F-I point of one sweep: `Spikecount_stimint / (stim_end - stim_start)` and
/// [`is_depolarization_blocked`].
#[must_use]
pub fn fi_point(sweep: &PreparedSweep<'_>, current_na: f64) -> FiPoint {
    let duration_ms = sweep.stim_end_ms() - sweep.stim_start_ms();
    let rate_hz = sweep.n_stimulus_spikes() as f64 * MS_PER_S / duration_ms;
    FiPoint { current_na, rate_hz, is_blocked: is_depolarization_blocked(sweep) }
}

/// `n_points` currents above a threshold: `threshold + k (upper - threshold) / n`, `k = 1..=n`.
///
/// The threshold itself is left out, the last current is `upper_na` exactly.
/// # Errors
/// [`Error::FiGrid`] when the end is not above the threshold, not finite, or there are fewer than two points.
/// # Example
/// ```
/// use noble_features::fi::fi_grid_na;
/// assert_eq!(fi_grid_na(0.5, 1.5, 4)?, [0.75, 1.0, 1.25, 1.5]);
/// # Ok::<(), noble_features::Error>(())
/// ```
pub fn fi_grid_na(threshold_na: f64, upper_na: f64, n_points: usize) -> Result<Vec<f64>, Error> {
    let is_room = threshold_na.is_finite() && upper_na.is_finite() && upper_na > threshold_na;
    if !is_room || n_points < 2 {
        return Err(Error::FiGrid { threshold_na, upper_na, n_points });
    }
    let fraction = |point: usize| point as f64 / n_points as f64;
    Ok((1..=n_points).map(|point| between_na(threshold_na, upper_na, fraction(point))).collect())
}

/// Least-squares slope of rate over current through the sweeps that spike and are not blocked.
///
/// `s = Sxy / Sxx` on centred values; its standard error is `sqrt(SSR / (n - 2) / Sxx)`.
/// # Errors
/// [`Error::FiPoint`] for a value that is not finite or a negative rate, [`Error::TooFewFiPoints`] when fewer than
/// two currents are left.
pub fn fi_slope_hz_per_na(points: &[FiPoint]) -> Result<FiSlope, Error> {
    check_points(points)?;
    let spiking = points.iter().filter(|point| point.rate_hz > 0.0);
    let usable: Vec<FiPoint> = spiking.clone().filter(|point| !point.is_blocked).copied().collect();
    check_currents(&usable)?;
    let n_blocked = points.iter().filter(|point| point.is_blocked).count();
    let (slope_hz_per_na, standard_error_hz_per_na) = fit_line(&usable);
    Ok(FiSlope { slope_hz_per_na, standard_error_hz_per_na, n_points: usable.len(), n_blocked })
}

/// Refuses points that are not finite and rates below zero.
pub(super) fn check_points(points: &[FiPoint]) -> Result<(), Error> {
    for (point_idx, &FiPoint { current_na, rate_hz, .. }) in points.iter().enumerate() {
        let is_valid = current_na.is_finite() && rate_hz.is_finite() && rate_hz >= 0.0;
        if !is_valid {
            return Err(Error::FiPoint { point_idx, current_na, rate_hz });
        }
    }
    Ok(())
}

fn check_currents(usable: &[FiPoint]) -> Result<(), Error> {
    let currents_na = || usable.iter().map(|point| point.current_na);
    let spread_na =
        currents_na().fold(f64::NEG_INFINITY, f64::max) - currents_na().fold(f64::INFINITY, f64::min);
    if spread_na > 0.0 {
        return Ok(());
    }
    Err(Error::TooFewFiPoints { n_usable: usable.len(), n_currents: usable.len().min(1) })
}

fn fit_line(points: &[FiPoint]) -> (f64, Option<f64>) {
    let n = points.len() as f64;
    let mean_na = points.iter().map(|point| point.current_na).sum::<f64>() / n;
    let mean_hz = points.iter().map(|point| point.rate_hz).sum::<f64>() / n;
    let deviations = points.iter().map(|point| (point.current_na - mean_na, point.rate_hz - mean_hz));
    let sum_xx: f64 = deviations.clone().map(|(x, _)| x * x).sum();
    let sum_xy: f64 = deviations.clone().map(|(x, y)| x * y).sum();
    let slope = sum_xy / sum_xx;
    let residuals: f64 = deviations.map(|(x, y)| (y - slope * x).powi(2)).sum();
    let standard_error = (points.len() > 2).then(|| (residuals / (n - 2.0) / sum_xx).sqrt());
    (slope, standard_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(current_na: f64, rate_hz: f64) -> FiPoint {
        FiPoint { current_na, rate_hz, is_blocked: false }
    }

    #[test]
    fn analytic_a_line_gives_its_slope_without_error() {
        let points: Vec<FiPoint> =
            (1..=12).map(|k| f64::from(k) * 0.01).map(|i| point(i, 786.0 * i + 3.0)).collect();
        let fit = fi_slope_hz_per_na(&points).unwrap();
        assert!((fit.slope_hz_per_na - 786.0).abs() < 1e-9, "{fit:?}");
        assert!(fit.standard_error_hz_per_na.unwrap() < 1e-9, "{fit:?}");
    }

    #[test]
    fn analytic_standard_error_of_three_points() {
        // Residuals 1/6, -1/3, 1/6 about a slope of 1.5: SSR = 1/6, Sxx = 2.
        let fit = fi_slope_hz_per_na(&[point(0.0, 1.0), point(1.0, 2.0), point(2.0, 4.0)]).unwrap();
        assert!((fit.slope_hz_per_na - 1.5).abs() < 1e-14, "{fit:?}");
        assert!((fit.standard_error_hz_per_na.unwrap() - (1.0_f64 / 12.0).sqrt()).abs() < 1e-14, "{fit:?}");
    }

    #[test]
    fn invariant_silent_and_blocked_sweeps_are_left_out() {
        let blocked = FiPoint { is_blocked: true, ..point(0.4, 2.5) };
        let points = [point(0.0, 0.0), point(0.1, 10.0), point(0.2, 30.0), blocked];
        let fit = fi_slope_hz_per_na(&points).unwrap();
        assert!((fit.slope_hz_per_na - 200.0).abs() < 1e-9, "{fit:?}");
        assert_eq!((fit.n_points, fit.n_blocked, fit.standard_error_hz_per_na), (2, 1, None));
    }

    #[test]
    fn invariant_unusable_points_are_named() {
        let few = fi_slope_hz_per_na(&[point(0.1, 0.0), point(0.2, 5.0)]);
        assert_eq!(few, Err(Error::TooFewFiPoints { n_usable: 1, n_currents: 1 }));
        let same = fi_slope_hz_per_na(&[point(0.2, 4.0), point(0.2, 5.0)]);
        assert_eq!(same, Err(Error::TooFewFiPoints { n_usable: 2, n_currents: 1 }));
        assert!(matches!(fi_slope_hz_per_na(&[]), Err(Error::TooFewFiPoints { n_usable: 0, n_currents: 0 })));
        let bad = fi_slope_hz_per_na(&[point(0.1, 1.0), point(f64::NAN, 1.0)]);
        assert!(matches!(bad, Err(Error::FiPoint { point_idx: 1, .. })));
    }

    #[test]
    fn invariant_grids_without_room_are_refused() {
        for (threshold_na, upper_na, n_points) in
            [(0.2, 0.2, 12), (0.2, 0.1, 12), (0.1, 0.2, 1), (f64::NAN, 1.0, 5)]
        {
            assert!(matches!(fi_grid_na(threshold_na, upper_na, n_points), Err(Error::FiGrid { .. })));
        }
        assert_eq!(fi_grid_na(0.017, 0.18, FI_POINTS).unwrap()[FI_POINTS - 1].to_bits(), 0.18_f64.to_bits());
    }
}
