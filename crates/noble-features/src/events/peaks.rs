//! Peaks of spikes.

use crate::{Point, PreparedSweep};

/// k-th crossing up paired with k-th crossing down, first maximum between them.
///
/// In eFEL's mode crossings are strict on both sides, so that a sample exactly at the threshold hides one. In precise
/// mode a sample at the threshold counts as above it.
/// # Source
/// eFEL 5.7.34 `peak_indices`.
pub(crate) fn find(sweep: &PreparedSweep<'_>) -> Vec<Point> {
    let (ups, downs) = crossings(sweep);
    // Where the threshold hides crossings, a pair may be the wrong way round; it holds no spike.
    let pairs = ups.iter().zip(&downs).filter(|(up, down)| up < down);
    let peaks = pairs.map(|(up, down)| sweep.extremum(first_maximum_idx(sweep.v_mv(), *up, down + 1)));
    let is_kept = |peak: &Point| {
        !sweep.settings().drops_peaks_outside_stimulus || sweep.is_in_stimulus(peak.time_ms)
    };
    peaks.filter(is_kept).collect()
}

/// Samples after each crossing up, and after each crossing down that follows the first crossing up.
fn crossings(sweep: &PreparedSweep<'_>) -> (Vec<usize>, Vec<usize>) {
    let (v_mv, threshold_mv) = (sweep.v_mv(), sweep.settings().threshold_mv);
    let is_precise = sweep.is_precise();
    let (mut ups, mut downs) = (Vec::new(), Vec::new());
    for (previous_idx, pair) in v_mv.windows(2).enumerate() {
        let (is_above, was_above) = (pair[1] > threshold_mv, pair[0] > threshold_mv);
        if is_above == was_above && !is_precise {
            continue;
        }
        let (is_at, was_at) = (pair[1] >= threshold_mv, pair[0] >= threshold_mv);
        let (rises, falls) = if is_precise {
            (is_at && !was_at, was_at && !is_at)
        } else {
            (is_above && !was_at, was_above && !is_at)
        };
        if rises {
            ups.push(previous_idx + 1);
        } else if falls && !ups.is_empty() {
            downs.push(previous_idx + 1);
        }
    }
    (ups, downs)
}

/// Index of the first largest sample of `start_idx..end_idx`, which is not empty.
pub(crate) fn first_maximum_idx(values: &[f64], start_idx: usize, end_idx: usize) -> usize {
    (start_idx..end_idx).fold(start_idx, |best, idx| if values[idx] > values[best] { idx } else { best })
}
