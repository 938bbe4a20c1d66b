//! Bursts: groups of spikes with short intervals between longer ones.

use crate::PreparedSweep;

/// First and last spike of each burst, as numbers of spikes, in order; one end per begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bursts {
    pub(crate) first_spikes: Vec<usize>,
    pub(crate) last_spikes: Vec<usize>,
}

/// Bursts by the strict rule: spikes may lie between bursts.
///
/// An interval longer than `strict_burst_factor` times the median of the current group ends a burst; one shorter than
/// the interval before it by that factor begins one, or moves the begin of a burst that is open. `None` below three
/// spikes.
/// # Source
/// eFEL 5.7.34 `burst_begin_indices`, `burst_end_indices`.
pub(crate) fn find(sweep: &PreparedSweep<'_>) -> Option<Bursts> {
    let intervals: Vec<f64> =
        sweep.peaks().windows(2).map(|pair| pair[1].time_ms - pair[0].time_ms).collect();
    if intervals.len() < 2 {
        return None;
    }
    let factor = sweep.settings().strict_burst_factor;
    let first = usize::from(sweep.settings().ignores_first_isi);
    let mut found = Bursts { first_spikes: vec![first], last_spikes: Vec::new() };
    let mut group_start = first;
    for idx in first + 1..intervals.len() {
        let is_open = found.is_open();
        if is_open && intervals[idx] > factor * median(&intervals[group_start..idx]) {
            found.last_spikes.push(idx);
            group_start = idx;
        }
        if intervals[idx] < intervals[idx - 1] / factor {
            if is_open {
                found.first_spikes.pop();
            }
            found.first_spikes.push(idx);
            group_start = idx;
        }
    }
    if found.is_open() {
        found.last_spikes.push(intervals.len());
    }
    Some(found)
}

impl Bursts {
    fn is_open(&self) -> bool {
        match (self.first_spikes.last(), self.last_spikes.last()) {
            (Some(first), Some(last)) => first > last,
            _ => true,
        }
    }
}

/// Median; NaN of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper_idx = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[upper_idx],
        _ => (sorted[upper_idx - 1] + sorted[upper_idx]) / 2.0,
    }
}
