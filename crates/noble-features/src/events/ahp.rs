//! Minima after spikes.

use std::ops::Range;

use crate::samples::EFEL_STEP_MS;
use crate::scan::first_minimum_idx;
use crate::{Point, PreparedSweep};

/// Steps of eFEL's grid that do not fall below the running minimum and so end the search for a fast AHP.
const N_RISING_AFTER_AHP: usize = 2;
/// Room for the rounding of times.
pub(super) const ROUNDING_MS: f64 = 1e-6;

/// Fast AHP of each spike: from the peak on, the running minimum that two further samples do not undercut.
///
/// Where the next peak, or the end, comes first, it is the first minimum of that range; a last spike still falling
/// at the end has none. In precise mode it is the running minimum that nothing undercuts for the 0.2 ms that the two
/// samples take on eFEL's grid, so that neither noise nor the distance of the samples decides.
/// # Source
/// eFEL 5.7.34 `min_AHP_indices`.
pub(crate) fn find_fast(sweep: &PreparedSweep<'_>) -> Vec<Point> {
    let end_idx = range_end(sweep);
    let minima = ranges(sweep).map(|range| fast_minimum_idx(sweep, range));
    let mut minima: Vec<Point> = minima.map(|idx| sweep.extremum(idx)).collect();
    if minima.last().is_some_and(|point| point.sample_idx + 1 == end_idx) {
        minima.pop();
    }
    minima
}

/// Lowest sample from each peak to the next, the first of equal ones.
///
/// # Source
/// eFEL 5.7.34 `min_between_peaks_indices`.
pub(crate) fn find_lowest(sweep: &PreparedSweep<'_>) -> Vec<Point> {
    ranges(sweep)
        .map(|range| sweep.extremum(first_minimum_idx(sweep.v_mv(), range.start, range.end)))
        .collect()
}

/// From each peak up to the next; from the last to the end of the trace or, if strict, of the stimulus.
fn ranges<'a>(sweep: &'a PreparedSweep<'_>) -> impl Iterator<Item = Range<usize>> + 'a {
    let starts = sweep.peaks().iter().map(|peak| peak.sample_idx);
    let ends = starts.clone().skip(1).chain([range_end(sweep)]);
    // Where a sample exactly at the threshold hides a crossing, a peak comes twice; only the last range may hold nothing.
    let n_peaks = sweep.peaks().len();
    let is_range = move |(k, range): &(usize, Range<usize>)| k + 1 < n_peaks || !range.is_empty();
    starts.zip(ends).map(|(start, end)| start..end).enumerate().filter(is_range).map(|(_, range)| range)
}

fn range_end(sweep: &PreparedSweep<'_>) -> usize {
    if sweep.settings().drops_peaks_outside_stimulus {
        sweep.first_at(sweep.stim_end_ms())
    } else {
        sweep.v_mv().len()
    }
}

/// The running minimum of a range that the samples after it have not undercut.
pub(crate) fn fast_minimum_idx(sweep: &PreparedSweep<'_>, range: Range<usize>) -> usize {
    let (t, v_mv) = (sweep.times_ms(), sweep.v_mv());
    let is_enough = |minimum_idx: usize, idx: usize, n_rising: usize| {
        if sweep.is_precise() {
            t[idx] - t[minimum_idx] >= N_RISING_AFTER_AHP as f64 * EFEL_STEP_MS - ROUNDING_MS
        } else {
            n_rising == N_RISING_AFTER_AHP
        }
    };
    let (mut minimum_idx, mut n_rising) = (range.start, 0);
    for idx in range.start + 1..range.end {
        if v_mv[idx] < v_mv[minimum_idx] {
            (minimum_idx, n_rising) = (idx, 0);
        } else {
            n_rising += 1;
        }
        if n_rising > 0 && is_enough(minimum_idx, idx, n_rising) {
            break;
        }
    }
    minimum_idx
}
