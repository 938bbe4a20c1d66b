//! Afterhyperpolarizations and afterdepolarizations.

use super::series::{differences, filled, relative_changes};
use crate::events::of_whole_spikes;
use crate::prepared::mean;
use crate::scan::{first_maximum_idx, first_minimum_idx};
use crate::{Feature, Point, PreparedSweep};

pub(super) const FEATURES: &[Feature] = &[
    Feature::wholes("min_AHP_indices", |s| indices(s.ahps()))
        .is(
            "Samples of the fast AHP: after each peak the running minimum that two further samples do not undercut.",
            "first local minimum after the peak, before the next peak; none for a last spike still falling",
        )
        .of("peak_indices")
        .precisely("samples of the recording; the minimum that nothing undercuts for 0.2 ms"),
    Feature::many("min_AHP_values", "mv", |s| values_mv(s.ahps()))
        .is("Voltage of each fast AHP.", "V[min_AHP_indices]")
        .of("min_AHP_indices")
        .precisely("vertex of the parabola through the lowest sample and its neighbors"),
    Feature::many("AHP_depth_abs", "mv", |s| values_mv(s.ahps()))
        .is("Voltage of each fast AHP.", "min_AHP_values")
        .of("min_AHP_values"),
    Feature::many("AHP_depth", "mv", depths_mv)
        .is(
            "Fast AHP above the base voltage; negative where it dips below.",
            "min_AHP_values - voltage_base",
        )
        .of("min_AHP_values voltage_base"),
    Feature::many("AHP_depth_diff", "mv", |s| differences(&depths_mv(s)?))
        .is("Change of depth from one spike to the next.", "AHP_depth[k + 1] - AHP_depth[k]")
        .of("AHP_depth"),
    Feature::many("AHP_depth_from_peak", "mv", |s| {
        filled(s.peaks().iter().zip(s.ahps()).map(|(peak, ahp)| peak.v_mv - ahp.v_mv).collect())
    })
    .is("Drop from each peak to its fast AHP, positive.", "peak_voltage - min_AHP_values, paired in order")
    .of("peak_voltage min_AHP_values"),
    Feature::one("AHP1_depth_from_peak", "mv", |s| depth_from_peak_mv(s, 0))
        .is("Drop from the first peak to its fast AHP.", "AHP_depth_from_peak[0]")
        .of("AHP_depth_from_peak"),
    Feature::one("AHP2_depth_from_peak", "mv", |s| depth_from_peak_mv(s, 1))
        .is("Drop from the second peak to its fast AHP.", "AHP_depth_from_peak[1]")
        .of("AHP_depth_from_peak"),
    Feature::many("AHP_time_from_peak", "ms", |s| {
        filled(s.peaks().iter().zip(s.ahps()).map(|(peak, ahp)| ahp.time_ms - peak.time_ms).collect())
    })
    .is("Time from each peak to its fast AHP.", "T[min_AHP_indices] - peak_time, paired in order")
    .of("peak_time min_AHP_indices")
    .precisely("between the vertices of the two parabolas"),
    Feature::many("AHP_depth_abs_slow", "mv", |s| values_mv(&slow_ahps(s)?))
        .is(
            "Voltage of each slow AHP, without the first interval.",
            "min V from sahp_start after the peak to the next peak; V of the next peak if that comes first",
        )
        .of("peak_indices")
        .precisely("from sahp_start after peak_time; vertex of the parabola through the lowest sample and its neighbors"),
    Feature::many("AHP_slow_time", "", slow_ahp_times)
        .is(
            "Time of each slow AHP as a share of its interval.",
            "(t[AHP] - peak_time[k]) / (peak_time[k + 1] - peak_time[k])",
        )
        .of("AHP_depth_abs_slow peak_time"),
    Feature::many("AHP_depth_slow", "mv", |s| {
        let base_mv = s.voltage_base_mv()?;
        Some(slow_ahps(s)?.iter().map(|ahp| ahp.v_mv - base_mv).collect())
    })
    .is("Slow AHP above the base voltage.", "AHP_depth_abs_slow - voltage_base")
    .of("AHP_depth_abs_slow voltage_base"),
    Feature::many("fast_AHP", "mv", fast_ahps_mv)
        .is(
            "Onset above fast AHP, of all spikes but the last.",
            "AP_begin_voltage[k] - min_AHP_values[k], without the last onset",
        )
        .of("AP_begin_voltage min_AHP_values")
        .precisely("each AHP with its own onset; spikes without onset are left out"),
    Feature::many("fast_AHP_change", "", |s| relative_changes(&fast_ahps_mv(s)?))
        .is(
            "Change of the fast AHP against the first spike, as a share of it.",
            "(fast_AHP[k + 1] - fast_AHP[0]) / fast_AHP[0]",
        )
        .of("fast_AHP"),
    Feature::wholes("min_between_peaks_indices", |s| indices(s.lowest()))
        .is("Lowest sample from each peak to the next.", "argmin V[peak .. next peak], or to the end")
        .of("peak_indices")
        .precisely("samples of the recording"),
    Feature::many("min_between_peaks_values", "mv", |s| values_mv(s.lowest()))
        .is("Lowest voltage from each peak to the next.", "V[min_between_peaks_indices]")
        .of("min_between_peaks_indices")
        .precisely("vertex of the parabola through the lowest sample and its neighbors"),
    Feature::many("min_voltage_between_spikes", "mv", |s| {
        let n_between = s.peaks().len().checked_sub(1)?;
        values_mv(s.lowest().get(..n_between)?)
    })
    .is("Lowest voltage between successive peaks.", "min V[peak .. next peak], of at least two")
    .of("min_between_peaks_values"),
    Feature::many("depolarized_base", "mv", depolarized_bases_mv)
        .is(
            "Mean voltage between the end of a spike and the onset of the next, of at least three.",
            "mean V from AP_end_indices[k] to AP_begin_indices[k + 1]",
        )
        .of("AP_begin_time AP_end_indices")
        .precisely("time average from where the slope equals its threshold; spikes without onset or end are left out"),
    Feature::wholes("ADP_peak_indices", |s| indices(&adps(s)?))
        .is(
            "Highest sample from the fast AHP to the lowest point after the spike.",
            "argmax V from min_AHP_indices to min_between_peaks_indices",
        )
        .of("min_AHP_indices min_between_peaks_indices")
        .precisely("samples of the recording"),
    Feature::many("ADP_peak_values", "mv", |s| values_mv(&adps(s)?))
        .is("Voltage of each ADP.", "V[ADP_peak_indices]")
        .of("ADP_peak_indices")
        .precisely("vertex of the parabola through the highest sample and its neighbors"),
    Feature::many("ADP_peak_amplitude", "mv", |s| {
        Some(adps(s)?.iter().zip(s.ahps()).map(|(adp, ahp)| adp.v_mv - ahp.v_mv).collect())
    })
    .is("ADP above the fast AHP.", "ADP_peak_values - min_AHP_values")
    .of("ADP_peak_values min_AHP_values"),
];

pub(super) fn indices(points: &[Point]) -> Option<Vec<f64>> {
    filled(points.iter().map(|point| point.sample_idx as f64).collect())
}

pub(super) fn values_mv(points: &[Point]) -> Option<Vec<f64>> {
    filled(points.iter().map(|point| point.v_mv).collect())
}

fn depths_mv(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let base_mv = sweep.voltage_base_mv()?;
    filled(sweep.ahps().iter().map(|ahp| ahp.v_mv - base_mv).collect())
}

fn depth_from_peak_mv(sweep: &PreparedSweep<'_>, spike_idx: usize) -> Option<f64> {
    Some(sweep.peaks().get(spike_idx)?.v_mv - sweep.ahps().get(spike_idx)?.v_mv)
}

/// Slow AHP of each spike but the first and the last.
fn slow_ahps(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    let pairs = sweep.peaks().get(1..)?.windows(2);
    let found = pairs.map(|pair| {
        let start_ms = sweep.place_ms(&pair[0]) + sweep.settings().slow_ahp_start_ms;
        let next_idx = pair[1].sample_idx;
        let start_idx = sweep.first_at(start_ms).clamp(pair[0].sample_idx, next_idx);
        if start_idx == next_idx {
            pair[1]
        } else {
            sweep.extremum(first_minimum_idx(sweep.v_mv(), start_idx, next_idx))
        }
    });
    filled(found.collect())
}

fn slow_ahp_times(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let share = |(ahp, pair): (&Point, &[Point])| {
        (ahp.time_ms - pair[0].time_ms) / (pair[1].time_ms - pair[0].time_ms)
    };
    Some(slow_ahps(sweep)?.iter().zip(sweep.peaks()[1..].windows(2)).map(share).collect())
}

fn fast_ahps_mv(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    if sweep.is_precise() {
        let mut depths_mv = of_whole_spikes(sweep, |spike| Some((spike.onset?, spike.ahp)));
        depths_mv.pop();
        return filled(
            depths_mv.iter().filter_map(|(onset, ahp)| Some(onset.v_mv - ahp.as_ref()?.v_mv)).collect(),
        );
    }
    let (_, onsets) = sweep.onsets().split_last()?;
    let ahps = sweep.ahps().get(..onsets.len())?;
    filled(onsets.iter().zip(ahps).map(|(onset, ahp)| onset.v_mv - ahp.v_mv).collect())
}

fn depolarized_bases_mv(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let (onsets, offsets) = (sweep.onsets(), sweep.offsets());
    let n_paired = onsets.len().min(offsets.len());
    if n_paired < 3 {
        return None;
    }
    if sweep.is_precise() {
        let spikes = of_whole_spikes(sweep, |spike| Some((spike.onset, spike.end)));
        let base_mv = |pair: &[(Option<Point>, Option<Point>)]| {
            sweep.time_average(sweep.v_mv(), (pair[0].1?.time_ms, pair[1].0?.time_ms))
        };
        return filled(spikes.windows(2).filter_map(base_mv).collect());
    }
    let between = |(offset, onset): (&Point, &Point)| {
        mean(sweep.v_mv().get(offset.sample_idx..onset.sample_idx).unwrap_or_default())
    };
    filled(offsets.iter().zip(&onsets[1..n_paired]).filter_map(between).collect())
}

/// Afterdepolarization of each spike that has a fast AHP.
fn adps(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    let (ahps, lowest) = (sweep.ahps(), sweep.lowest());
    if ahps.len() > lowest.len() {
        return None;
    }
    let highest = |(ahp, end): (&Point, &Point)| {
        let idx = first_maximum_idx(sweep.v_mv(), ahp.sample_idx, end.sample_idx);
        if idx == ahp.sample_idx { *ahp } else { sweep.extremum(idx) }
    };
    filled(ahps.iter().zip(lowest).map(highest).collect())
}
