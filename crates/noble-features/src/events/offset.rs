//! Where spikes end.

use crate::scan::first_minimum_idx;
use crate::{Point, PreparedSweep};

/// End of each spike that follows the stimulus start: after the steepest fall, where the slope comes back to its
/// threshold before the next peak.
///
/// A spike without such a place leaves no gap in the list.
/// # Source
/// eFEL 5.7.34 `AP_end_indices`.
pub(crate) fn find(sweep: &PreparedSweep<'_>) -> Vec<Point> {
    let stim_idx = sweep.stim_start_idx();
    let peaks = sweep.peaks().iter().map(|peak| peak.sample_idx).filter(|idx| *idx > stim_idx);
    let ends = peaks.clone().skip(1).chain([sweep.v_mv().len() - 1]);
    let threshold = sweep.settings().down_derivative_threshold_mv_per_ms;
    let found = peaks.zip(ends).filter_map(|(peak_idx, end_idx)| {
        if peak_idx + 1 >= end_idx {
            return None;
        }
        let slopes = sweep.slopes();
        (first_minimum_idx(slopes, peak_idx + 1, end_idx)..end_idx).find(|idx| slopes[*idx] >= threshold)
    });
    found.map(|idx| sweep.slope_crossing(idx, threshold)).collect()
}
