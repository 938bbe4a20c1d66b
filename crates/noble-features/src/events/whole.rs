//! Which onset, fast AHP and end belong to which peak.

use crate::{Point, PreparedSweep};

/// A spike with the places around its peak, as far as they were found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WholeSpike {
    pub(crate) onset: Option<Point>,
    pub(crate) peak: Point,
    pub(crate) ahp: Option<Point>,
    pub(crate) end: Option<Point>,
}

/// What a function makes of each spike that has all it asks for.
///
/// eFEL pairs lists by position, so that one spike without an onset shifts all that follow it; in precise mode an
/// onset belongs to the next peak and an end to the one before.
pub(crate) fn of_whole_spikes<T>(
    sweep: &PreparedSweep<'_>,
    part: impl Fn(&WholeSpike) -> Option<T>,
) -> Vec<T> {
    let (onsets, peaks, offsets) = (sweep.onsets(), sweep.peaks(), sweep.offsets());
    let whole = |(k, peak): (usize, &Point)| {
        let previous_idx = k.checked_sub(1).map(|k| peaks[k].sample_idx);
        let next_idx = peaks.get(k + 1).map_or(usize::MAX, |next| next.sample_idx);
        let n_onsets = onsets.partition_point(|onset| onset.sample_idx <= peak.sample_idx);
        let onset = n_onsets.checked_sub(1).map(|last| onsets[last]);
        let first_end = offsets.partition_point(|end| end.sample_idx <= peak.sample_idx);
        part(&WholeSpike {
            onset: onset
                .filter(|onset| previous_idx.is_none_or(|previous_idx| onset.sample_idx > previous_idx)),
            peak: *peak,
            ahp: sweep.ahps().get(k).copied(),
            end: offsets.get(first_end).filter(|end| end.sample_idx <= next_idx).copied(),
        })
    };
    peaks.iter().enumerate().filter_map(whole).collect()
}
