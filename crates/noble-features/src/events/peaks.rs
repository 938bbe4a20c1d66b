//! Peaks of spikes.

use crate::scan::{Level, each_change, first_maximum_idx};
use crate::{Point, PreparedSweep};

/// k-th crossing up paired with k-th crossing down, first maximum between them.
///
/// In eFEL's mode crossings are strict on both sides, so that a sample exactly at the threshold hides one. In precise
/// mode a sample at the threshold counts as above it, but what only touches the threshold is no spike.
/// # Source
/// eFEL 5.7.34 `peak_indices`.
pub(crate) fn find(sweep: &PreparedSweep<'_>) -> Vec<Point> {
    let (ups, downs) = crossings(sweep);
    // Where the threshold hides crossings, a pair may be the wrong way round; it holds no spike.
    let pairs = ups.iter().zip(&downs).filter(|(up, down)| up < down);
    let tops = pairs.map(|(up, down)| first_maximum_idx(sweep.v_mv(), *up, down + 1));
    let is_over = |top_idx: &usize| sweep.v_mv()[*top_idx] > sweep.settings().threshold_mv;
    let peaks = tops.filter(is_over).map(|top_idx| sweep.extremum(top_idx));
    let is_kept =
        |peak: &Point| !sweep.settings().drops_peaks_outside_stimulus || sweep.is_in_stimulus(peak.time_ms);
    peaks.filter(is_kept).collect()
}

/// Samples after each crossing up, and after each crossing down that follows the first crossing up.
fn crossings(sweep: &PreparedSweep<'_>) -> (Vec<usize>, Vec<usize>) {
    let (v_mv, threshold_mv) = (sweep.v_mv(), sweep.settings().threshold_mv);
    let (mut ups, mut downs) = (Vec::new(), Vec::new());
    let mut cross = |idx: usize, is_up: bool| {
        if is_up {
            ups.push(idx);
        } else if !ups.is_empty() {
            downs.push(idx);
        }
    };
    if sweep.is_precise() {
        each_change(v_mv, Level::From(threshold_mv), cross);
        return (ups, downs);
    }
    each_change(v_mv, Level::Over(threshold_mv), |idx, is_up| {
        let lower_mv = if is_up { v_mv[idx - 1] } else { v_mv[idx] };
        if lower_mv < threshold_mv {
            cross(idx, is_up);
        }
    });
    (ups, downs)
}
