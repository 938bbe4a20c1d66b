//! Sweeps of an F-I measurement, put together by current.

use super::FiPoint;
use super::slope::check_points;
use crate::Error;

/// Currents this close are one current with repeats; below what any amplifier sets.
pub(super) const SAME_CURRENT_NA: f64 = 1e-6;

/// What a cell does at a current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiState {
    /// No spike in the stimulus in most of the sweeps.
    Silent,
    /// A spike in at least half of the sweeps that are not blocked.
    Firing,
    /// Depolarization block in at least half of the sweeps.
    Blocked,
}

/// All sweeps at one current.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FiLevel {
    /// The current; the mean where repeats differ by less than 1 fA.
    pub current_na: f64,
    /// What the cell does.
    pub state: FiState,
    /// Sweeps at this current.
    pub n_sweeps: usize,
    /// Those with a spike in the stimulus, blocked or not.
    pub n_spiking: usize,
    /// Those in depolarization block.
    pub n_blocked: usize,
    /// Mean rate of the sweeps that are not blocked; of all where the level is blocked.
    pub rate_hz: f64,
    /// Standard deviation of these rates, `n - 1`; `None` of a single one.
    pub rate_sd_hz: Option<f64>,
    /// Number of these rates.
    pub n_rates: usize,
}

impl FiLevel {
    /// Uncertainty of the rate: the standard error of the repeats, half a spike by the duration at least.
    #[must_use]
    pub fn rate_uncertainty_hz(&self, rate_step_hz: f64) -> f64 {
        let standard_error_hz = self.rate_sd_hz.map_or(0.0, |sd_hz| sd_hz / (self.n_rates as f64).sqrt());
        standard_error_hz.max(0.5 * rate_step_hz)
    }

    fn new(points: &[FiPoint]) -> Self {
        let n_sweeps = points.len();
        let n_blocked = points.iter().filter(|point| point.is_blocked).count();
        let is_blocked = 2 * n_blocked >= n_sweeps;
        let counted = points.iter().filter(|point| is_blocked || !point.is_blocked);
        let rates_hz: Vec<f64> = counted.map(|point| point.rate_hz).collect();
        let is_firing = 2 * rates_hz.iter().filter(|rate_hz| **rate_hz > 0.0).count() >= rates_hz.len();
        let state = match (is_blocked, is_firing) {
            (true, _) => FiState::Blocked,
            (false, true) => FiState::Firing,
            (false, false) => FiState::Silent,
        };
        let n_rates = rates_hz.len();
        let rate_hz = rates_hz.iter().sum::<f64>() / n_rates as f64;
        let squared: f64 = rates_hz.iter().map(|rate| (rate - rate_hz).powi(2)).sum();
        Self {
            current_na: points.iter().map(|point| point.current_na).sum::<f64>() / n_sweeps as f64,
            state,
            n_sweeps,
            n_spiking: points.iter().filter(|point| point.rate_hz > 0.0).count(),
            n_blocked,
            rate_hz,
            rate_sd_hz: (n_rates > 1).then(|| (squared / (n_rates - 1) as f64).sqrt()),
            n_rates,
        }
    }
}

/// Sweeps by ascending current, repeats together.
#[derive(Debug, Clone, PartialEq)]
pub struct FiCurve {
    points: Vec<FiPoint>,
    levels: Vec<FiLevel>,
}

impl FiCurve {
    /// The curve of sweeps in any order.
    ///
    /// # Errors
    /// [`Error::FiPoint`] for a value that is not finite or a negative rate, [`Error::NoFiPoints`] without a sweep.
    pub fn new(points: &[FiPoint]) -> Result<Self, Error> {
        check_points(points)?;
        if points.is_empty() {
            return Err(Error::NoFiPoints);
        }
        let mut points = points.to_vec();
        points.sort_by(|a, b| a.current_na.total_cmp(&b.current_na));
        let is_same = |a: &FiPoint, b: &FiPoint| b.current_na - a.current_na < SAME_CURRENT_NA;
        let levels = points.chunk_by(is_same).map(FiLevel::new).collect();
        Ok(Self { points, levels })
    }

    /// The sweeps by ascending current.
    #[must_use]
    pub fn points(&self) -> &[FiPoint] {
        &self.points
    }

    /// The currents, ascending; at least one.
    #[must_use]
    pub fn levels(&self) -> &[FiLevel] {
        &self.levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(current_na: f64, rate_hz: f64, is_blocked: bool) -> FiPoint {
        FiPoint { current_na, rate_hz, is_blocked }
    }

    #[test]
    fn analytic_repeats_are_put_together() {
        let points = [
            point(0.2, 10.0, false),
            point(0.1, 0.0, false),
            point(0.2 + 1e-9, 20.0, false),
            point(0.1, 2.5, false),
            point(0.3, 90.0, true),
            point(0.3, 5.0, true),
            point(0.3, 80.0, false),
            point(0.15, 0.0, false),
        ];
        let curve = FiCurve::new(&points).unwrap();
        let states: Vec<FiState> = curve.levels().iter().map(|level| level.state).collect();
        assert_eq!(states, [FiState::Firing, FiState::Silent, FiState::Firing, FiState::Blocked]);
        let [_, _, firing, blocked] = curve.levels() else { panic!("four currents") };
        assert!(
            (firing.rate_hz - 15.0).abs() < 1e-12
                && (firing.rate_sd_hz.unwrap() - 50.0_f64.sqrt()).abs() < 1e-12
        );
        assert!((firing.rate_uncertainty_hz(2.5) - 5.0).abs() < 1e-12);
        assert!((firing.rate_uncertainty_hz(20.0) - 10.0).abs() < 1e-12);
        assert_eq!((blocked.n_sweeps, blocked.n_spiking, blocked.n_blocked, blocked.n_rates), (3, 3, 2, 3));
    }

    #[test]
    fn analytic_a_level_that_is_rarely_blocked_has_the_rate_of_the_others() {
        let points = [point(0.3, 90.0, false), point(0.3, 80.0, false), point(0.3, 5.0, true)];
        let level = FiCurve::new(&points).unwrap().levels()[0];
        assert_eq!((level.state, level.n_rates), (FiState::Firing, 2));
        assert!((level.rate_hz - 85.0).abs() < 1e-12);
    }

    #[test]
    fn invariant_wrong_points_are_named() {
        assert_eq!(FiCurve::new(&[]), Err(Error::NoFiPoints));
        let bad = FiCurve::new(&[point(0.1, 0.0, false), point(f64::NAN, 0.0, false)]);
        assert!(matches!(bad, Err(Error::FiPoint { point_idx: 1, .. })));
    }
}
