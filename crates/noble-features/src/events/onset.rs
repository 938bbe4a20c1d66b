//! Where spikes begin.

use super::ahp::ROUNDING_MS;
use crate::samples::EFEL_STEP_MS;
use crate::{Point, PreparedSweep};

/// Onset of each spike that follows the stimulus start: where the slope last rose above its threshold and stayed
/// there for the window.
///
/// A spike without such a place leaves no gap in the list. Empty when there are fewer AHPs to search from than
/// spikes. In precise mode the window lasts from its first to its last sample as long as on eFEL's grid, and the onset
/// lies where the slope between two samples equals the threshold.
/// # Source
/// eFEL 5.7.34 `AP_begin_indices`.
pub(crate) fn find(sweep: &PreparedSweep<'_>) -> Vec<Point> {
    let (searches, n_window) = (searches(sweep), if sweep.is_precise() { 1 } else { n_window(sweep) });
    if sweep.v_mv().len() < n_window.max(2) {
        return Vec::new();
    }
    let found = searches.into_iter().filter_map(|search| onset_idx(sweep, search, n_window));
    let threshold = sweep.settings().derivative_threshold_mv_per_ms;
    found.map(|idx| sweep.slope_crossing(idx, threshold)).collect()
}

fn n_window(sweep: &PreparedSweep<'_>) -> usize {
    sweep.settings().n_derivative_window
}

/// From where to which peak each onset is searched.
///
/// eFEL pairs the peaks after the stimulus start with the AHPs after it; in precise mode the AHP is that of the spike
/// before.
fn searches(sweep: &PreparedSweep<'_>) -> Vec<(usize, usize)> {
    let stim_idx = sweep.stim_start_idx();
    let first_bound = stim_idx.saturating_sub(2);
    if sweep.is_precise() {
        let before = |k: usize| k.checked_sub(1).and_then(|previous| sweep.ahps().get(previous));
        let bound_idx = |k: usize| before(k).map_or(first_bound, |ahp| ahp.sample_idx.max(first_bound));
        let peaks = sweep.peaks().iter().enumerate().filter(|(_, peak)| peak.sample_idx > stim_idx);
        return peaks.map(|(k, peak)| (bound_idx(k), peak.sample_idx)).collect();
    }
    let after = |points: &[Point]| -> Vec<usize> {
        points.iter().map(|point| point.sample_idx).filter(|idx| *idx > stim_idx).collect()
    };
    let mut bounds = vec![first_bound];
    bounds.extend(after(sweep.ahps()));
    let peaks = after(sweep.peaks());
    if bounds.len() < peaks.len() { Vec::new() } else { bounds.into_iter().zip(peaks).collect() }
}

fn onset_idx(
    sweep: &PreparedSweep<'_>,
    (bound_idx, peak_idx): (usize, usize),
    n_window: usize,
) -> Option<usize> {
    let threshold = sweep.settings().derivative_threshold_mv_per_ms;
    let last_idx = sweep.v_mv().len() - n_window;
    let mut end_idx = peak_idx;
    while end_idx > bound_idx {
        let below_idx = (bound_idx..end_idx).rev().find(|idx| sweep.slope(*idx) <= threshold)?;
        let candidate_idx = (below_idx + 1).min(last_idx);
        if candidate_idx == bound_idx {
            return None;
        }
        if (candidate_idx..window_end(sweep, candidate_idx)).all(|idx| sweep.slope(idx) >= threshold) {
            return Some(candidate_idx);
        }
        end_idx = candidate_idx.saturating_sub(1);
    }
    None
}

/// End of the samples for which the slope has to stay above its threshold.
fn window_end(sweep: &PreparedSweep<'_>, start_idx: usize) -> usize {
    let n_window = n_window(sweep);
    if !sweep.is_precise() {
        return start_idx + n_window;
    }
    let window_ms = (n_window - 1) as f64 * EFEL_STEP_MS + ROUNDING_MS;
    let start_ms = sweep.times_ms()[start_idx];
    start_idx + sweep.times_ms()[start_idx..].iter().take_while(|t| **t - start_ms <= window_ms).count()
}
