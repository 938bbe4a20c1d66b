//! What follows a burst: fast AHP, ADP, slow AHP, and the way to the next burst.

use std::ops::Range;

use super::ahp::{indices, values_mv};
use super::series::filled;
use crate::events::fast_minimum_idx;
use crate::resample::on_line;
use crate::scan::{first_maximum_idx, first_minimum_idx};
use crate::{Feature, Point, PreparedSweep};

const INTERBURST: &str = "Voltage at a share of the way from the fast AHP after a burst to the next spike.";
const SHARE: &str = "first sample with t >= t[fast AHP] + share * (t[next peak] - t[fast AHP])";
const SHARE_NEEDS: &str = "postburst_fast_ahp_indices peak_indices burst_end_indices";
const SHARE_PRECISE: &str =
    "at exactly the share, on the line between two samples; the way goes from vertex to vertex";
const VERTEX: &str = "vertex of the parabola through the sample and its neighbors";
const RECORDED: &str = "samples of the recording";
const BETWEEN: &str = "between the vertices of the two parabolas";

/// The feature pair of one share.
macro_rules! interburst_share {
    ($indices:literal, $values:literal, $share:literal) => {
        [
            Feature::wholes($indices, |s| indices(&at_shares(s, $share)?))
                .is("Sample at a share of the way from the fast AHP after a burst to the next spike.", SHARE)
                .of(SHARE_NEEDS)
                .precisely(RECORDED),
            Feature::many($values, "mv", |s| values_mv(&at_shares(s, $share)?))
                .is(INTERBURST, concat!("V[", $indices, "]"))
                .of($indices)
                .precisely(SHARE_PRECISE),
        ]
    };
}

const SHARES: [[Feature; 2]; 6] = [
    interburst_share!("interburst_15percent_indices", "interburst_15percent_values", 0.15),
    interburst_share!("interburst_20percent_indices", "interburst_20percent_values", 0.2),
    interburst_share!("interburst_25percent_indices", "interburst_25percent_values", 0.25),
    interburst_share!("interburst_30percent_indices", "interburst_30percent_values", 0.3),
    interburst_share!("interburst_40percent_indices", "interburst_40percent_values", 0.4),
    interburst_share!("interburst_60percent_indices", "interburst_60percent_values", 0.6),
];

/// Between bursts.
pub(super) const SHARE_FEATURES: &[Feature] = SHARES.as_flattened();

pub(super) const FEATURES: &[Feature] = &[
    Feature::many("interburst_duration", "ms", |s| {
        let gap_ms = |last: &usize| Some(s.peaks().get(last + 1)?.time_ms - s.peaks()[*last].time_ms);
        filled(s.bursts()?.last_spikes.iter().filter_map(gap_ms).collect())
    })
    .is("Time from the last spike of each burst to the next spike.", "t[last + 1] - t[last]")
    .of("peak_time burst_end_indices"),
    Feature::wholes("interburst_min_indices", |s| indices(&lowest_between(s)?))
        .is(
            "Lowest sample from the end of a burst to the next spike.",
            "argmin V[peak[last] .. peak[last + 1]]",
        )
        .of("peak_indices burst_end_indices")
        .precisely(RECORDED),
    Feature::many("interburst_min_values", "mv", |s| values_mv(&lowest_between(s)?))
        .is("Lowest voltage from the end of a burst to the next spike.", "V[interburst_min_indices]")
        .of("interburst_min_indices")
        .precisely(VERTEX),
    Feature::many("time_to_interburst_min", "ms", |s| times_from_burst_ms(s, &lowest_between(s)?))
        .is(
            "Time from the end of a burst to the lowest sample.",
            "T[interburst_min_indices] - peak_time[last]",
        )
        .of("interburst_min_indices peak_time burst_end_indices")
        .precisely(BETWEEN),
    Feature::wholes("postburst_min_indices", |s| indices(&lowest_after(s)?))
        .is(
            "Lowest sample after each burst, also the last.",
            "argmin V from the last spike to the next spike, else to stim_end, else to the end",
        )
        .of("peak_indices burst_end_indices")
        .precisely(RECORDED),
    Feature::many("postburst_min_values", "mv", |s| values_mv(&lowest_after(s)?))
        .is("Lowest voltage after each burst, also the last.", "V[postburst_min_indices]")
        .of("postburst_min_indices")
        .precisely(VERTEX),
    Feature::wholes("postburst_slow_ahp_indices", |s| indices(&slow_ahps(s)?))
        .is(
            "Lowest sample after each burst, from sahp_start on.",
            "as postburst_min_indices, from T[peak[last]] + sahp_start",
        )
        .of("peak_indices burst_end_indices")
        .precisely(RECORDED),
    Feature::many("postburst_slow_ahp_values", "mv", |s| values_mv(&slow_ahps(s)?))
        .is("Voltage of the slow AHP after each burst.", "V[postburst_slow_ahp_indices]")
        .of("postburst_slow_ahp_indices")
        .precisely(VERTEX),
    Feature::many("time_to_postburst_slow_ahp", "ms", |s| times_from_burst_ms(s, &slow_ahps(s)?))
        .is(
            "Time from the end of each burst to the slow AHP.",
            "T[postburst_slow_ahp_indices] - peak_time[last]",
        )
        .of("postburst_slow_ahp_indices peak_time burst_end_indices")
        .precisely(BETWEEN),
    Feature::wholes("postburst_fast_ahp_indices", |s| indices(&fast_ahps(s)?))
        .is(
            "Sample of the fast AHP after each burst.",
            "as min_AHP_indices, from the last spike to the next spike, else to stim_end, else to the end",
        )
        .of("peak_indices burst_end_indices")
        .precisely("samples of the recording; the minimum that nothing undercuts for 0.2 ms"),
    Feature::many("postburst_fast_ahp_values", "mv", |s| values_mv(&fast_ahps(s)?))
        .is("Voltage of the fast AHP after each burst.", "V[postburst_fast_ahp_indices]")
        .of("postburst_fast_ahp_indices")
        .precisely(VERTEX),
    Feature::many("time_to_postburst_fast_ahp", "ms", |s| times_from_burst_ms(s, &fast_ahps(s)?))
        .is(
            "Time from the end of each burst to the fast AHP.",
            "T[postburst_fast_ahp_indices] - peak_time[last]",
        )
        .of("postburst_fast_ahp_indices peak_time burst_end_indices")
        .precisely(BETWEEN),
    Feature::wholes("postburst_adp_peak_indices", |s| indices(&adps(s)?))
        .is(
            "Sample of the ADP after each burst.",
            "argmax V from fast AHP to slow AHP, paired in order; none where it is next to the slow AHP",
        )
        .of("postburst_fast_ahp_indices postburst_slow_ahp_indices")
        .precisely(RECORDED),
    Feature::many("postburst_adp_peak_values", "mv", |s| values_mv(&adps(s)?))
        .is("Voltage of the ADP after each burst.", "V[postburst_adp_peak_indices]")
        .of("postburst_adp_peak_indices")
        .precisely(VERTEX),
    Feature::many("time_to_postburst_adp_peak", "ms", times_to_adp_ms)
        .is(
            "Time to each ADP from the last spike before it.",
            "T[postburst_adp_peak_indices[k]] - last peak_time before it, from spike burst_end_indices[k] on",
        )
        .of("postburst_adp_peak_indices peak_time burst_end_indices")
        .precisely(BETWEEN),
];

/// Peak of the last spike of a burst, and that of the next spike, if any.
type BurstEnd = (Point, Option<Point>);

fn burst_ends(sweep: &PreparedSweep<'_>) -> Option<Vec<BurstEnd>> {
    let peak = |spike: usize| sweep.peaks().get(spike).copied();
    let ends = sweep.bursts()?.last_spikes.iter();
    ends.map(|last| Some((peak(*last)?, peak(last + 1)))).collect()
}

/// From the last spike of a burst to the next spike, else to the end of the stimulus or, beyond it, of the trace.
fn range_after(sweep: &PreparedSweep<'_>, (last, next): BurstEnd) -> Range<usize> {
    let last_idx = last.sample_idx;
    let stim_end_idx = sweep.first_at(sweep.stim_end_ms());
    let rest_idx = if last_idx < stim_end_idx { stim_end_idx } else { sweep.v_mv().len() };
    last_idx..next.map_or(rest_idx, |next| next.sample_idx)
}

fn lowest(sweep: &PreparedSweep<'_>, range: Range<usize>) -> Point {
    sweep.extremum(first_minimum_idx(sweep.v_mv(), range.start, range.end))
}

fn lowest_between(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    let between = |(last, next): BurstEnd| Some(lowest(sweep, last.sample_idx..next?.sample_idx));
    filled(burst_ends(sweep)?.into_iter().filter_map(between).collect())
}

fn lowest_after(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    filled(burst_ends(sweep)?.into_iter().map(|end| lowest(sweep, range_after(sweep, end))).collect())
}

fn slow_ahps(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    let slow = |end: BurstEnd| {
        let range = range_after(sweep, end);
        let start_ms = sweep.place_ms(&end.0) + sweep.settings().slow_ahp_start_ms;
        let start_idx = sweep.first_at(start_ms).clamp(range.start, range.end);
        let is_empty = start_idx == range.end;
        let next_peak =
            end.1.map(|next| if sweep.is_precise() { next } else { sweep.sample(next.sample_idx) });
        if is_empty { next_peak } else { Some(lowest(sweep, start_idx..range.end)) }
    };
    filled(burst_ends(sweep)?.into_iter().filter_map(slow).collect())
}

fn fast_ahps(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    let ends = burst_ends(sweep)?;
    let last_idx = ends.last()?.0.sample_idx;
    let stim_end_idx = sweep.first_at(sweep.stim_end_ms());
    let rest_idx =
        if sweep.times_ms()[last_idx] < sweep.stim_end_ms() { stim_end_idx } else { sweep.v_mv().len() };
    let fast = |(last, next): BurstEnd| {
        let range = last.sample_idx..next.map_or(rest_idx, |next| next.sample_idx);
        let idx = fast_minimum_idx(sweep, range);
        (idx + 1 != rest_idx).then(|| sweep.extremum(idx))
    };
    filled(ends.into_iter().filter_map(fast).collect())
}

fn adps(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    let (fast, slow) = (fast_ahps(sweep)?, slow_ahps(sweep)?);
    if slow.len() > fast.len() {
        return None;
    }
    let between = |(fast, slow): (&Point, &Point)| {
        if slow.sample_idx < fast.sample_idx {
            return None;
        }
        let idx = first_maximum_idx(sweep.v_mv(), fast.sample_idx, slow.sample_idx);
        (idx + 1 < slow.sample_idx).then(|| if idx == fast.sample_idx { *fast } else { sweep.extremum(idx) })
    };
    filled(fast.iter().zip(&slow).filter_map(between).collect())
}

/// Places paired with the bursts in order, although a burst without a place leaves no gap.
fn times_from_burst_ms(sweep: &PreparedSweep<'_>, places: &[Point]) -> Option<Vec<f64>> {
    let last_spikes = &sweep.bursts()?.last_spikes;
    let pairs = places.iter().zip(last_spikes);
    Some(pairs.map(|(place, last)| place.time_ms - sweep.peaks()[*last].time_ms).collect())
}

fn times_to_adp_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let adps = adps(sweep)?;
    let from_last_spike = |(adp, last): (&Point, &usize)| {
        let later = sweep.peaks()[last + 1..].iter().take_while(|peak| peak.time_ms < adp.time_ms);
        adp.time_ms - later.last().unwrap_or(&sweep.peaks()[*last]).time_ms
    };
    Some(adps.iter().zip(&sweep.bursts()?.last_spikes).map(from_last_spike).collect())
}

fn at_shares(sweep: &PreparedSweep<'_>, share: f64) -> Option<Vec<Point>> {
    let fast = fast_ahps(sweep)?;
    let ends = burst_ends(sweep)?;
    let at = |(fast, (_, next)): (&Point, &BurstEnd)| {
        let (fast_ms, next_ms) = (sweep.place_ms(fast), sweep.place_ms(next.as_ref()?));
        let time_ms = fast_ms + (next_ms - fast_ms) * share;
        let idx = sweep.first_at(time_ms);
        Some(if sweep.is_precise() && idx > 0 { between(sweep, idx, time_ms) } else { sweep.sample(idx) })
    };
    filled(fast.iter().zip(&ends).filter_map(at).collect())
}

fn between(sweep: &PreparedSweep<'_>, idx: usize, time_ms: f64) -> Point {
    let place = |idx: usize| (sweep.times_ms()[idx], sweep.v_mv()[idx]);
    Point { sample_idx: idx, time_ms, v_mv: on_line(place(idx - 1), place(idx), time_ms) }
}
