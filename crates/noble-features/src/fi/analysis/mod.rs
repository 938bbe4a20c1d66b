//! What an F-I curve says of a cell, each number with the uncertainty that its grid of currents leaves.

use super::{FiCurve, FiLevel, FiPoint, FiSlope, FiState, fi_slope_hz_per_na};
use crate::Error;

/// Firing currents of the initial slope.
const N_INITIAL: usize = 3;
/// Spikes that the mean slope so far would have added on what is called a plateau.
const PLATEAU_SPIKES: f64 = 3.0;
/// Share of the largest rate below which a rate has collapsed.
const COLLAPSED_FRACTION: f64 = 0.5;

/// Two neighboring currents between which something happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bracket {
    /// The current before it.
    pub lower_na: f64,
    /// The current after it.
    pub upper_na: f64,
}

impl Bracket {
    /// The estimate.
    #[must_use]
    pub fn midpoint_na(&self) -> f64 {
        0.5 * (self.lower_na + self.upper_na)
    }

    /// Its uncertainty.
    #[must_use]
    pub fn half_width_na(&self) -> f64 {
        0.5 * (self.upper_na - self.lower_na)
    }
}

/// A slope between two currents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlopeBetween {
    /// The slope.
    pub slope_hz_per_na: f64,
    /// Its uncertainty.
    pub uncertainty_hz_per_na: f64,
    /// First current.
    pub from_na: f64,
    /// Last current.
    pub to_na: f64,
}

/// The largest rate of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LargestRate {
    /// The rate.
    pub rate_hz: f64,
    /// Its uncertainty, [`FiLevel::rate_uncertainty_hz`].
    pub uncertainty_hz: f64,
    /// Its current.
    pub current_na: f64,
    /// The neighboring currents, between which the maximum lies; its own current at an end of the curve.
    pub between: Bracket,
    /// Whether no larger current without block was measured, so that the rate may rise further.
    pub is_at_end: bool,
}

/// Why a number is not there.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Undefined {
    /// No current fires the cell.
    #[error("silent up to {largest_na} nA")]
    AllSilent {
        /// Largest current.
        largest_na: f64,
    },
    /// The smallest current already fires the cell: the threshold is there or below.
    #[error("fires at {smallest_na} nA which is the smallest current")]
    FiresAtSmallest {
        /// Smallest current.
        smallest_na: f64,
    },
    /// Fewer currents with spikes and without block than are needed.
    #[error("{n_firing} of {n_needed} currents with spikes and without block")]
    TooFewFiring {
        /// Those there are.
        n_firing: usize,
        /// Those needed.
        n_needed: usize,
    },
    /// The rate shows no plateau.
    #[error("no plateau up to {largest_na} nA")]
    NoPlateau {
        /// Largest firing current.
        largest_na: f64,
    },
    /// The rate does not collapse above its largest value.
    #[error("no rate below half the largest up to {largest_na} nA")]
    NoCollapse {
        /// Largest current.
        largest_na: f64,
    },
    /// No current blocks the cell.
    #[error("no block up to {largest_na} nA")]
    NoBlock {
        /// Largest current.
        largest_na: f64,
    },
    /// The smallest current already blocks the cell.
    #[error("blocked at {smallest_na} nA which is the smallest current")]
    BlockedAtSmallest {
        /// Smallest current.
        smallest_na: f64,
    },
}

/// What a curve says; a number that is not there says why.
#[derive(Debug, Clone, PartialEq)]
pub struct FiAnalysis {
    /// Smallest current that is not silent, and the current below it; the threshold is the midpoint, uncertain by half
    /// the width. A blocked cell is not silent.
    pub threshold: Result<Bracket, Undefined>,
    /// Silent currents above that: with one of them the curve is not monotone.
    pub silent_above_na: Vec<f64>,
    /// Currents of 0 nA or less at which the cell fires.
    pub spontaneous_na: Vec<f64>,
    /// [`fi_slope_hz_per_na`] through all spiking sweeps without block; uncertain by its standard error.
    pub slope: Result<FiSlope, Undefined>,
    /// Least-squares slope through the sweeps of the first three firing currents; uncertain by its standard error, by one
    /// spike over the span of the currents at least.
    pub initial_slope: Result<SlopeBetween, Undefined>,
    /// `(r_max - r_first) / (I_max - I_first)` from the smallest firing current to that of the largest rate; uncertain by
    /// the uncertainties of both rates.
    pub gain: Result<SlopeBetween, Undefined>,
    /// Largest mean rate without block; the first where several are equal.
    pub largest_rate: Result<LargestRate, Undefined>,
    /// Smallest firing current from which on no rate is higher by more than one spike, while the mean slope up to there
    /// would have added three by the last firing current; with the firing current below it.
    pub saturation: Result<Bracket, Undefined>,
    /// Smallest current above that of the largest rate with less than half that rate, silent and blocked currents
    /// included, and the current below it. Without block at or below it the cell may be blocked at a voltage that the rule
    /// of [`is_depolarization_blocked`](crate::is_depolarization_blocked) does not reach, and `slope` goes through the fall.
    pub collapse: Result<Bracket, Undefined>,
    /// Smallest blocked current, and the current below it.
    pub block: Result<Bracket, Undefined>,
    /// Currents above that without block.
    pub unblocked_above_na: Vec<f64>,
}

impl FiAnalysis {
    /// Whether every current above the smallest one that fires the cell fires it too.
    #[must_use]
    pub fn is_monotone(&self) -> bool {
        self.silent_above_na.is_empty()
    }

    /// The collapse of a rate that no block explains.
    #[must_use]
    pub fn unexplained_collapse(&self) -> Option<Bracket> {
        let is_explained =
            |collapse: &Bracket| self.block.is_ok_and(|block| block.upper_na <= collapse.upper_na);
        self.collapse.ok().filter(|collapse| !is_explained(collapse))
    }
}

/// Reads a curve; `rate_step_hz` is what one spike adds to a rate, `1000 / duration_ms`.
///
/// # Errors
/// [`Error::Setting`] for a rate step that is not greater than zero.
/// # Example
/// ```
/// use noble_features::fi::{FiCurve, FiPoint, analyze};
/// let point = |current_na: f64, rate_hz: f64| FiPoint { current_na, rate_hz, is_blocked: false };
/// let curve = FiCurve::new(&[point(0.1, 0.0), point(0.2, 20.0), point(0.3, 30.0)])?;
/// let analysis = analyze(&curve, 2.5)?;
/// let threshold = analysis.threshold.expect("it is silent below and fires above");
/// assert!((threshold.midpoint_na() - 0.15).abs() < 1e-12 && (threshold.half_width_na() - 0.05).abs() < 1e-12);
/// # Ok::<(), noble_features::Error>(())
/// ```
pub fn analyze(curve: &FiCurve, rate_step_hz: f64) -> Result<FiAnalysis, Error> {
    if !(rate_step_hz.is_finite() && rate_step_hz > 0.0) {
        let requirement = "give a rate greater than zero";
        return Err(Error::Setting { name: "rate_step_hz", value: rate_step_hz, requirement });
    }
    let levels = curve.levels();
    let firing: Vec<FiLevel> =
        levels.iter().filter(|level| level.state == FiState::Firing).copied().collect();
    let first_active = levels.iter().position(|level| level.state != FiState::Silent);
    let first_blocked = levels.iter().position(|level| level.state == FiState::Blocked);
    let is_spontaneous = |level: &&FiLevel| level.state == FiState::Firing && level.current_na <= 0.0;
    let largest_rate = largest_rate(levels, &firing, rate_step_hz);
    Ok(FiAnalysis {
        threshold: threshold(levels, first_active),
        silent_above_na: currents_after(levels, first_active, |state| state == FiState::Silent),
        spontaneous_na: levels.iter().filter(is_spontaneous).map(|level| level.current_na).collect(),
        slope: slope(curve.points(), firing.len()),
        initial_slope: initial_slope(curve.points(), &firing, rate_step_hz),
        gain: gain(&firing, &largest_rate, rate_step_hz),
        collapse: collapse(levels, &largest_rate),
        largest_rate,
        saturation: saturation(&firing, rate_step_hz),
        block: block(levels, first_blocked),
        unblocked_above_na: currents_after(levels, first_blocked, |state| state != FiState::Blocked),
    })
}

fn largest_na(levels: &[FiLevel]) -> f64 {
    levels.last().map_or(f64::NAN, |level| level.current_na)
}

fn currents_after(levels: &[FiLevel], first: Option<usize>, is_meant: impl Fn(FiState) -> bool) -> Vec<f64> {
    let after = first.map_or(&[][..], |first| &levels[first..]);
    after.iter().filter(|level| is_meant(level.state)).map(|level| level.current_na).collect()
}

/// The step from the level before `idx` to it; none where it is the first.
fn step_to(levels: &[FiLevel], idx: usize) -> Option<Bracket> {
    let before = idx.checked_sub(1)?;
    Some(Bracket { lower_na: levels[before].current_na, upper_na: levels[idx].current_na })
}

fn threshold(levels: &[FiLevel], first_active: Option<usize>) -> Result<Bracket, Undefined> {
    let first = first_active.ok_or(Undefined::AllSilent { largest_na: largest_na(levels) })?;
    let smallest_na = levels[first].current_na;
    step_to(levels, first).ok_or(match levels[first].state {
        FiState::Blocked => Undefined::BlockedAtSmallest { smallest_na },
        FiState::Silent | FiState::Firing => Undefined::FiresAtSmallest { smallest_na },
    })
}

fn block(levels: &[FiLevel], first_blocked: Option<usize>) -> Result<Bracket, Undefined> {
    let first = first_blocked.ok_or(Undefined::NoBlock { largest_na: largest_na(levels) })?;
    let smallest_na = levels[first].current_na;
    step_to(levels, first).ok_or(Undefined::BlockedAtSmallest { smallest_na })
}

fn slope(points: &[FiPoint], n_firing: usize) -> Result<FiSlope, Undefined> {
    // Points are checked, so what is left to go wrong is their number.
    fi_slope_hz_per_na(points).map_err(|_| Undefined::TooFewFiring { n_firing, n_needed: 2 })
}

fn initial_slope(
    points: &[FiPoint],
    firing: &[FiLevel],
    rate_step_hz: f64,
) -> Result<SlopeBetween, Undefined> {
    let too_few = Undefined::TooFewFiring { n_firing: firing.len(), n_needed: N_INITIAL };
    let first = firing.get(..N_INITIAL).ok_or(too_few)?;
    let is_first = |point: &&FiPoint| {
        let is_at = |level: &FiLevel| (level.current_na - point.current_na).abs() < super::SAME_CURRENT_NA;
        first.iter().any(is_at)
    };
    let near: Vec<FiPoint> = points.iter().filter(is_first).copied().collect();
    let line = fi_slope_hz_per_na(&near).map_err(|_| too_few)?;
    let (from_na, to_na) = (first[0].current_na, first[N_INITIAL - 1].current_na);
    let one_spike = rate_step_hz / (to_na - from_na);
    let uncertainty_hz_per_na = line.standard_error_hz_per_na.unwrap_or(0.0).max(one_spike);
    Ok(SlopeBetween { slope_hz_per_na: line.slope_hz_per_na, uncertainty_hz_per_na, from_na, to_na })
}

fn largest_rate(levels: &[FiLevel], firing: &[FiLevel], rate_step_hz: f64) -> Result<LargestRate, Undefined> {
    let best = firing.iter().reduce(|best, level| if level.rate_hz > best.rate_hz { level } else { best });
    let best = best.ok_or(Undefined::TooFewFiring { n_firing: 0, n_needed: 1 })?;
    let idx = levels.partition_point(|level| level.current_na < best.current_na);
    let current_at = |idx: usize| levels.get(idx).map_or(best.current_na, |level| level.current_na);
    Ok(LargestRate {
        rate_hz: best.rate_hz,
        uncertainty_hz: best.rate_uncertainty_hz(rate_step_hz),
        current_na: best.current_na,
        between: Bracket { lower_na: current_at(idx.saturating_sub(1)), upper_na: current_at(idx + 1) },
        is_at_end: firing.last() == Some(best),
    })
}

fn collapse(levels: &[FiLevel], largest: &Result<LargestRate, Undefined>) -> Result<Bracket, Undefined> {
    let largest = (*largest)?;
    let has_fallen = |level: &FiLevel| {
        level.current_na > largest.current_na && level.rate_hz < COLLAPSED_FRACTION * largest.rate_hz
    };
    let fallen = levels.iter().position(has_fallen).and_then(|idx| step_to(levels, idx));
    fallen.ok_or(Undefined::NoCollapse { largest_na: largest_na(levels) })
}

fn gain(
    firing: &[FiLevel],
    largest: &Result<LargestRate, Undefined>,
    rate_step_hz: f64,
) -> Result<SlopeBetween, Undefined> {
    let largest = (*largest)?;
    let first = &firing[0];
    let span_na = largest.current_na - first.current_na;
    if span_na <= 0.0 {
        return Err(Undefined::TooFewFiring { n_firing: 1, n_needed: 2 });
    }
    let uncertainty_hz = largest.uncertainty_hz.hypot(first.rate_uncertainty_hz(rate_step_hz));
    Ok(SlopeBetween {
        slope_hz_per_na: (largest.rate_hz - first.rate_hz) / span_na,
        uncertainty_hz_per_na: uncertainty_hz / span_na,
        from_na: first.current_na,
        to_na: largest.current_na,
    })
}

fn saturation(firing: &[FiLevel], rate_step_hz: f64) -> Result<Bracket, Undefined> {
    let (Some(first), Some(last)) = (firing.first(), firing.last()) else {
        return Err(Undefined::TooFewFiring { n_firing: 0, n_needed: N_INITIAL });
    };
    let is_plateau = |idx: &usize| {
        let (level, later) = (&firing[*idx], &firing[idx + 1..]);
        // One spike and the round-off of a rate.
        let highest_hz = level.rate_hz + rate_step_hz * (1.0 + 1e-9);
        let slope = (level.rate_hz - first.rate_hz) / (level.current_na - first.current_na);
        let expected_hz = slope * (last.current_na - level.current_na);
        later.iter().all(|one| one.rate_hz <= highest_hz) && expected_hz >= PLATEAU_SPIKES * rate_step_hz
    };
    let onset = (1..firing.len()).find(is_plateau);
    onset.and_then(|idx| step_to(firing, idx)).ok_or(Undefined::NoPlateau { largest_na: last.current_na })
}

#[cfg(test)]
mod tests;
