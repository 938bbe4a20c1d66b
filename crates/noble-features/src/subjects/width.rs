//! How wide spikes are.

use std::ops::Range;

use super::series::{differences, filled, relative_changes};
use crate::events::{WholeSpike, of_whole_spikes};
use crate::prepared::vertex;
use crate::samples::EFEL_STEP_MS;
use crate::scan::first_maximum_idx;
use crate::{Feature, Point, PreparedSweep};

/// Steps of eFEL's grid that its second difference spans to each side.
const N_BEND_STEPS: usize = 2;

pub(super) const FEATURES: &[Feature] = &[
    Feature::many("spike_half_width", "ms", half_widths_ms)
        .is(
            "Width of each spike halfway between its peak and its fast AHP; the rise of the first is searched from the stimulus start.",
            "from the first V >= v_half before the peak to the first V <= v_half after it, v_half = (peak_voltage + min_AHP_values) / 2, on the lines between samples",
        )
        .of("peak_voltage min_AHP_values")
        .precisely("the last rise through v_half before the peak, wherever the stimulus starts; missing where there is none"),
    Feature::one("AP1_width", "ms", |s| half_width_ms(s, 0))
        .is("Half width of the first spike.", "spike_half_width[0]")
        .of("spike_half_width"),
    Feature::one("AP2_width", "ms", |s| half_width_ms(s, 1))
        .is("Half width of the second spike.", "spike_half_width[1]")
        .of("spike_half_width"),
    Feature::one("APlast_width", "ms", |s| half_width_ms(s, s.ahps().len().checked_sub(1)?))
        .is("Half width of the last spike.", "spike_half_width[last]")
        .of("spike_half_width"),
    Feature::many("spike_width2", "ms", |s| {
        let n_pairs = s.ahps().len().min(s.peaks().len().checked_sub(1)?);
        filled((0..n_pairs).map(|k| width_above_bend_ms(s, k)).collect::<Option<Vec<f64>>>()?)
    })
    .is(
        "Width of each spike but the first halfway between its peak and the sharpest bend before it.",
        "time above (V[peak] + V[argmax d2V/dt2]) / 2, bend between min_AHP_indices[k] and peak_indices[k + 1]",
    )
    .of("min_AHP_indices peak_indices")
    .precisely("d2V/dt2 from voltages 0.2 ms before and after, the span it has on eFEL's grid, and vertex of the parabola through the largest; missing where V does not come back"),
    Feature::many("AP_width", "ms", threshold_widths_ms)
        .is(
            "Time above the threshold of each spike.",
            "from the first V >= Threshold after the AHP before to the first V <= Threshold after that",
        )
        .of("min_AHP_indices")
        .precisely("crossings on the lines between samples; a sample exactly at the threshold counts as above it"),
    Feature::many("AP_width_between_threshold", "ms", widths_between_minima_ms)
        .is(
            "Time above the threshold of each spike, searched between the deepest points.",
            "as AP_width between stim_start and min_between_peaks_indices; spikes without an end left out",
        )
        .of("min_between_peaks_indices")
        .precisely("crossings on the lines between samples; a sample exactly at the threshold counts as above it"),
    Feature::many("AP_begin_width", "ms", onset_widths_ms)
        .is(
            "Time of each spike above its onset voltage.",
            "from AP_begin_time to the first later V <= AP_begin_voltage, at most to the AHP",
        )
        .of("AP_begin_time AP_begin_voltage min_AHP_indices")
        .precisely("crossing on the line between samples; each AHP with its own onset, spikes without onset are left out"),
    Feature::one("AP1_begin_width", "ms", |s| onset_widths_ms(s)?.first().copied())
        .is("Onset width of the first spike.", "AP_begin_width[0]")
        .of("AP_begin_width"),
    Feature::one("AP2_begin_width", "ms", |s| onset_widths_ms(s)?.get(1).copied())
        .is("Onset width of the second spike.", "AP_begin_width[1]")
        .of("AP_begin_width"),
    Feature::one("AP2_AP1_begin_width_diff", "ms", |s| differences(&onset_widths_ms(s)?)?.first().copied())
        .is("Onset width of the second spike above that of the first.", "AP_begin_width[1] - AP_begin_width[0]")
        .of("AP_begin_width"),
    Feature::many("AP_duration", "ms", durations_ms)
        .is("Time from onset to end of each spike.", "T[AP_end_indices] - AP_begin_time")
        .of("AP_begin_time AP_end_indices")
        .precisely("the end lies where the slope between two samples equals its threshold; spikes without onset or end are left out"),
    Feature::many("AP_duration_change", "", |s| relative_changes(&durations_ms(s)?))
        .is(
            "Change of duration against the first spike, as a share of it.",
            "(AP_duration[k + 1] - AP_duration[0]) / AP_duration[0]",
        )
        .of("AP_duration"),
    Feature::wholes("AP_rise_indices", |s| indices(&rises(s)?))
        .is(
            "Samples of the rise nearest to half height, onsets paired with all peaks in order.",
            "argmin |V - (AP_begin_voltage + peak_voltage) / 2| from onset to peak",
        )
        .of("AP_begin_voltage peak_voltage")
        .precisely("first sample at or above half height; each peak with its own onset, spikes without onset are left out"),
    Feature::wholes("AP_fall_indices", |s| indices(&falls(s)?))
        .is(
            "Samples of the fall nearest to half height; 0 where the paired end is missing or precedes the peak.",
            "argmin |V - (AP_begin_voltage + peak_voltage) / 2| from peak to end",
        )
        .of("AP_begin_voltage AP_end_indices peak_voltage")
        .precisely("first sample at or below half height; spikes without onset or end are left out"),
    Feature::many("AP_duration_half_width", "ms", half_durations_ms)
        .is("Width of each spike halfway between onset and peak.", "T[AP_fall_indices] - T[AP_rise_indices]")
        .of("AP_rise_indices AP_fall_indices")
        .precisely("crossings on the lines between samples; spikes without onset or end are left out"),
    Feature::many("AP_duration_half_width_change", "", |s| relative_changes(&half_durations_ms(s)?))
        .is(
            "Change of half width against the first spike, as a share of it.",
            "(AP_duration_half_width[k + 1] - AP_duration_half_width[0]) / AP_duration_half_width[0]",
        )
        .of("AP_duration_half_width"),
];

fn half_widths_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    filled((0..sweep.ahps().len()).map(|k| half_width_ms(sweep, k)).collect::<Option<Vec<f64>>>()?)
}

/// Of a first spike before the stimulus the line through its peak and the sample before is taken as the rise.
fn half_width_ms(sweep: &PreparedSweep<'_>, spike_idx: usize) -> Option<f64> {
    let (peak, ahp) = (sweep.peaks().get(spike_idx)?, sweep.ahps().get(spike_idx)?);
    let half_mv = (peak.v_mv + ahp.v_mv) / 2.0;
    let before = spike_idx.checked_sub(1).map(|previous| sweep.ahps()[previous].sample_idx);
    if sweep.is_precise() {
        let rise_idx = last_rise_idx(sweep, before.unwrap_or(0)..peak.sample_idx, half_mv)?;
        let fall_idx = first_or_end(sweep.v_mv(), peak.sample_idx..ahp.sample_idx, |v| v <= half_mv);
        return Some(sweep.reached_ms(fall_idx, half_mv) - sweep.reached_ms(rise_idx, half_mv));
    }
    let rise_from = before.unwrap_or_else(|| sweep.stim_start_idx());
    let rise_idx = first_or_end(sweep.v_mv(), rise_from..peak.sample_idx, |v| v >= half_mv);
    let fall_idx = first_or_end(sweep.v_mv(), peak.sample_idx..ahp.sample_idx, |v| v <= half_mv);
    let is_within = rise_idx > 0 && fall_idx > 0;
    is_within.then(|| sweep.meeting_ms(fall_idx, half_mv) - sweep.meeting_ms(rise_idx, half_mv))
}

/// Sample after the last one of a range that lies below a level.
fn last_rise_idx(sweep: &PreparedSweep<'_>, range: Range<usize>, level_mv: f64) -> Option<usize> {
    range.rev().find(|idx| sweep.v_mv()[*idx] < level_mv).map(|idx| idx + 1)
}

/// In precise mode the second difference spans the 0.2 ms to both sides that it spans on eFEL's grid, or all that AHP
/// and peak leave: noise of 0.1 mV then makes 6 mV/ms², the onset of a spike makes thousands.
fn precise_width_above_bend_ms(sweep: &PreparedSweep<'_>, spike_idx: usize) -> Option<f64> {
    let (ahp, peak) = (sweep.ahps()[spike_idx], sweep.peaks()[spike_idx + 1]);
    let rest_ms = (peak.time_ms - ahp.time_ms) / 2.0;
    let span_ms = (N_BEND_STEPS as f64 * EFEL_STEP_MS).min(rest_ms);
    let places = sweep.first_at(ahp.time_ms + span_ms)..sweep.first_after(peak.time_ms - span_ms);
    let times_ms = sweep.times_ms().get(places).filter(|times_ms| !times_ms.is_empty())?;
    let v_at = |time_ms: f64| sweep.value_at(sweep.v_mv(), time_ms);
    let shifted = |shift_ms: f64| sweep.values_at(sweep.v_mv(), times_ms.iter().map(|t| t + shift_ms));
    let (before, here, after) = (shifted(-span_ms)?, shifted(0.0)?, shifted(span_ms)?);
    let bends: Vec<f64> = (0..here.len()).map(|k| before[k] - 2.0 * here[k] + after[k]).collect();
    let sharpest_idx = first_maximum_idx(&bends, 0, bends.len());
    let bend_ms =
        vertex(times_ms, &bends, sharpest_idx).map_or(times_ms[sharpest_idx], |(time_ms, _)| time_ms);
    let half_mv = (peak.v_mv + v_at(bend_ms)?) / 2.0;
    let rise_idx = last_rise_idx(sweep, ahp.sample_idx..peak.sample_idx, half_mv)?;
    let fall_idx = (peak.sample_idx..sweep.v_mv().len()).find(|idx| sweep.v_mv()[*idx] < half_mv)?;
    Some(sweep.reached_ms(fall_idx, half_mv) - sweep.reached_ms(rise_idx, half_mv))
}

fn width_above_bend_ms(sweep: &PreparedSweep<'_>, spike_idx: usize) -> Option<f64> {
    if sweep.is_precise() {
        return precise_width_above_bend_ms(sweep, spike_idx);
    }
    let (ahp_idx, peak_idx) = (sweep.ahps()[spike_idx].sample_idx, sweep.peaks()[spike_idx + 1].sample_idx);
    let rising_mv = sweep.v_mv().get(ahp_idx..=peak_idx).filter(|rising| rising.len() > 1)?;
    let step_ms = sweep.times_ms()[1] - sweep.times_ms()[0];
    let bends = central_differences(&central_differences(rising_mv, step_ms), step_ms);
    let last_largest = |best: usize, idx: usize| if bends[idx] >= bends[best] { idx } else { best };
    let bend_idx = ahp_idx + (1..bends.len()).fold(0, last_largest);
    let half_mv = (sweep.peaks()[spike_idx + 1].v_mv + sweep.v_mv()[bend_idx]) / 2.0;
    let rise_idx = rising_mv.iter().position(|v| *v > half_mv).map_or(bend_idx, |idx| ahp_idx + idx);
    let falling = (peak_idx..sweep.v_mv().len()).find(|idx| sweep.v_mv()[*idx] < half_mv);
    let fall_idx = falling.unwrap_or(rise_idx);
    let is_within = rise_idx > 0 && fall_idx > 0;
    is_within.then(|| on_first_step_ms(sweep, fall_idx, half_mv) - on_first_step_ms(sweep, rise_idx, half_mv))
}

fn central_differences(values: &[f64], step: f64) -> Vec<f64> {
    let last_idx = values.len() - 1;
    let mut slopes = vec![(values[1] - values[0]) / step];
    slopes.extend(values.windows(3).map(|v| ((v[2] - v[0]) / 2.0) / step));
    slopes.push((values[last_idx] - values[last_idx - 1]) / step);
    slopes
}

/// Where the line from the sample before meets a level; eFEL takes every step to be as long as the first.
fn on_first_step_ms(sweep: &PreparedSweep<'_>, idx: usize, level_mv: f64) -> f64 {
    let (t, v) = (sweep.times_ms(), sweep.v_mv());
    t[idx - 1] + (level_mv - v[idx - 1]) / (v[idx] - v[idx - 1]) * (t[1] - t[0])
}

fn threshold_widths_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let ahps = sweep.ahps().iter().map(|ahp| ahp.sample_idx);
    let bounds: Vec<usize> = if sweep.settings().drops_peaks_outside_stimulus {
        let (start_idx, end_idx) = (sweep.stim_start_idx(), sweep.first_at(sweep.stim_end_ms()));
        [start_idx].into_iter().chain(ahps.filter(|idx| start_idx < *idx && *idx < end_idx)).collect()
    } else {
        [0].into_iter().chain(ahps).collect()
    };
    let above = |pair: &[usize]| time_above_threshold(sweep, pair[0]..pair[1]).0;
    filled(bounds.windows(2).map(above).collect())
}

fn widths_between_minima_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let minima = sweep.lowest().iter().map(|minimum| minimum.sample_idx);
    let bounds: Vec<usize> = [sweep.stim_start_idx()].into_iter().chain(minima).collect();
    let above = |pair: &[usize]| {
        let (width_ms, end_idx) = time_above_threshold(sweep, pair[0]..pair[1]);
        (end_idx != pair[1]).then_some(width_ms)
    };
    filled(bounds.windows(2).filter_map(above).collect())
}

/// Time above the threshold and the sample at its end; the end of the range where it does not come down.
fn time_above_threshold(sweep: &PreparedSweep<'_>, range: Range<usize>) -> (f64, usize) {
    let (v_mv, threshold_mv) = (sweep.v_mv(), sweep.settings().threshold_mv);
    let up_idx = first_or_end(v_mv, range.clone(), |v| v >= threshold_mv);
    // In precise mode a sample at the threshold counts as above it.
    let is_down = |v: f64| v < threshold_mv || (!sweep.is_precise() && v <= threshold_mv);
    let down_idx = first_or_end(v_mv, up_idx..range.end, is_down);
    let time_ms = |idx: usize| {
        if idx == range.end || idx == range.start {
            sweep.times_ms()[idx]
        } else {
            sweep.reached_ms(idx, threshold_mv)
        }
    };
    (time_ms(down_idx) - time_ms(up_idx), down_idx)
}

fn onset_widths_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let width_ms = |onset: &Point, ahp_idx: usize| {
        let back_idx = first_or_end(sweep.v_mv(), onset.sample_idx + 1..ahp_idx, |v| v <= onset.v_mv);
        sweep.reached_ms(back_idx, onset.v_mv) - onset.time_ms
    };
    if sweep.is_precise() {
        return filled(of_whole_spikes(sweep, |spike| Some(width_ms(&spike.onset?, spike.ahp?.sample_idx))));
    }
    let stim_idx = sweep.stim_start_idx();
    let ahps: Vec<usize> =
        sweep.ahps().iter().map(|ahp| ahp.sample_idx).filter(|idx| *idx > stim_idx).collect();
    let onsets = sweep.onsets();
    if onsets.len() < ahps.len() {
        return None;
    }
    filled(onsets.iter().zip(&ahps).map(|(onset, ahp_idx)| width_ms(onset, *ahp_idx)).collect())
}

fn durations_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    if sweep.is_precise() {
        return filled(of_whole_spikes(sweep, |spike| Some(spike.end?.time_ms - spike.onset?.time_ms)));
    }
    let pairs = sweep.onsets().iter().zip(sweep.offsets());
    filled(pairs.map(|(onset, offset)| offset.time_ms - onset.time_ms).collect())
}

fn indices(points: &[Point]) -> Option<Vec<f64>> {
    filled(points.iter().map(|point| point.sample_idx as f64).collect())
}

fn half_durations_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    if sweep.is_precise() {
        let duration_ms = |spike: &WholeSpike| {
            Some(precise_fall(sweep, spike)?.time_ms - precise_rise(sweep, spike)?.time_ms)
        };
        return filled(of_whole_spikes(sweep, duration_ms));
    }
    let (rises, falls) = (rises(sweep)?, falls(sweep)?);
    filled(rises.iter().zip(&falls).map(|(rise, fall)| fall.time_ms - rise.time_ms).collect())
}

/// Half height of each onset paired with its peak, in order.
fn half_heights<'a>(sweep: &'a PreparedSweep<'_>) -> impl Iterator<Item = (&'a Point, &'a Point, f64)> {
    let pairs = sweep.onsets().iter().zip(sweep.peaks());
    pairs.map(|(onset, peak)| (onset, peak, (peak.v_mv + onset.v_mv) / 2.0))
}

/// First sample at or above half height, and where the line to it meets that.
fn precise_rise(sweep: &PreparedSweep<'_>, spike: &WholeSpike) -> Option<Point> {
    let onset = spike.onset?;
    let half_mv = (spike.peak.v_mv + onset.v_mv) / 2.0;
    let idx = first_or_end(sweep.v_mv(), onset.sample_idx..spike.peak.sample_idx, |v| v >= half_mv);
    Some(Point { time_ms: sweep.reached_ms(idx, half_mv), ..sweep.sample(idx) })
}

fn precise_fall(sweep: &PreparedSweep<'_>, spike: &WholeSpike) -> Option<Point> {
    let half_mv = (spike.peak.v_mv + spike.onset?.v_mv) / 2.0;
    let idx = first_or_end(sweep.v_mv(), spike.peak.sample_idx..spike.end?.sample_idx, |v| v <= half_mv);
    Some(Point { time_ms: sweep.reached_ms(idx, half_mv), ..sweep.sample(idx) })
}

fn rises(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    if sweep.is_precise() {
        return filled(of_whole_spikes(sweep, |spike| precise_rise(sweep, spike)));
    }
    let rise = |(onset, peak, half_mv): (&Point, &Point, f64)| {
        let (from, to) = (onset.sample_idx, peak.sample_idx);
        (from <= to).then(|| sweep.sample(nearest_idx(sweep.v_mv(), from..to, half_mv)))
    };
    filled(half_heights(sweep).map(rise).collect::<Option<Vec<Point>>>()?)
}

fn falls(sweep: &PreparedSweep<'_>) -> Option<Vec<Point>> {
    if sweep.is_precise() {
        return filled(of_whole_spikes(sweep, |spike| precise_fall(sweep, spike)));
    }
    sweep.offsets().first()?;
    let fall = |(spike_idx, (_, peak, half_mv)): (usize, (&Point, &Point, f64))| {
        let from = peak.sample_idx;
        let end = sweep.offsets().get(spike_idx).filter(|end| from <= end.sample_idx);
        end.map_or(sweep.sample(0), |end| {
            sweep.sample(nearest_idx(sweep.v_mv(), from..end.sample_idx, half_mv))
        })
    };
    filled(half_heights(sweep).enumerate().map(fall).collect())
}

/// First sample of a range nearest to a level; its start if it is empty.
fn nearest_idx(v_mv: &[f64], range: Range<usize>, level_mv: f64) -> usize {
    let distances: Vec<f64> = v_mv[range.clone()].iter().map(|v| -(v - level_mv).abs()).collect();
    range.start + first_maximum_idx(&distances, 0, distances.len())
}

/// First sample of a range for which a condition holds; its end where there is none or the range is empty.
pub(super) fn first_or_end(v_mv: &[f64], range: Range<usize>, holds: impl Fn(f64) -> bool) -> usize {
    let end_idx = range.end;
    range.into_iter().find(|idx| holds(v_mv[*idx])).unwrap_or(end_idx)
}
