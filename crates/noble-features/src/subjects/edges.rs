//! How fast spikes rise and fall.

use super::series::{filled, relative_changes};
use crate::events::of_whole_spikes;
use crate::{Feature, Point, PreparedSweep};

/// eFEL's tolerance on the voltages between which the rise is timed. // [mV]
const TOLERANCE_MV: f64 = 1e-13;

const END_AND_WHOLE: &str =
    "the end lies where the slope between two samples equals its threshold; spikes without end are left out";

pub(super) const FEATURES: &[Feature] = &[
    Feature::many("AP_rise_time", "ms", rise_times_ms)
        .is(
            "Time from onset to peak, or between two shares of the height.",
            "from V >= onset + rise_start_perc * height to V <= onset + rise_end_perc * height before the peak",
        )
        .of("AP_begin_indices peak_indices")
        .precisely(concat!(
            "each peak with its own onset, spikes without onset are left out; ",
            "shares other than 0 and 1 on the lines between samples"
        )),
    Feature::many("AP_rise_rate", "mv_per_ms", rise_rates_mv_per_ms)
        .is(
            "Mean slope from onset to peak.",
            "(peak_voltage - AP_begin_voltage) / (peak_time - AP_begin_time), peaks after the first onset",
        )
        .of("AP_begin_voltage AP_begin_time peak_voltage peak_time")
        .precisely("each peak with its own onset; spikes without onset are left out"),
    Feature::many("AP_rise_rate_change", "", |s| relative_changes(&rise_rates_mv_per_ms(s)?))
        .is(
            "Change of the rise rate against the first spike, as a share of it.",
            "(AP_rise_rate[k + 1] - AP_rise_rate[0]) / AP_rise_rate[0]",
        )
        .of("AP_rise_rate"),
    Feature::wholes("AP_end_indices", |s| {
        filled(s.offsets().iter().map(|offset| offset.sample_idx as f64).collect())
    })
    .is(
        "End of each spike after the stimulus start: after the steepest fall, where dV/dt comes back to its threshold.",
        "first sample with dV/dt >= DownDerivativeThreshold after argmin dV/dt, before the next peak",
    )
    .of("peak_indices")
    .precisely("samples of the recording"),
    Feature::many("AP_fall_time", "ms", |s| {
        filled(falling(s)?.iter().map(|(peak, offset)| offset.time_ms - peak.time_ms).collect())
    })
    .is("Time from peak to end.", "T[AP_end_indices] - peak_time, peaks after stim_start")
    .of("AP_end_indices peak_time")
    .precisely(END_AND_WHOLE),
    Feature::many("AP_fall_rate", "mv_per_ms", fall_rates_mv_per_ms)
        .is("Mean slope from peak to end.", "(V[end] - V[peak]) / (T[end] - T[peak]), peaks after stim_start")
        .of("AP_end_indices peak_time peak_voltage")
        .precisely(END_AND_WHOLE),
    Feature::many("AP_fall_rate_change", "", |s| relative_changes(&fall_rates_mv_per_ms(s)?))
        .is(
            "Change of the fall rate against the first spike, as a share of it.",
            "(AP_fall_rate[k + 1] - AP_fall_rate[0]) / AP_fall_rate[0]",
        )
        .of("AP_fall_rate"),
];

/// Onsets with the peaks that follow the first of them; `None` where peaks are lacking.
fn rising(sweep: &PreparedSweep<'_>) -> Option<Vec<(Point, Point)>> {
    if sweep.is_precise() {
        return Some(of_whole_spikes(sweep, |spike| Some((spike.onset?, spike.peak))));
    }
    let onsets = sweep.onsets();
    let first_idx = onsets.first()?.sample_idx;
    let peaks: Vec<Point> =
        sweep.peaks().iter().filter(|peak| peak.sample_idx > first_idx).copied().collect();
    let n_pairs = onsets.len().min(sweep.peaks().len());
    (peaks.len() >= n_pairs).then(|| onsets.iter().copied().zip(peaks).take(n_pairs).collect())
}

/// Peaks after the stimulus start with the ends; `None` where peaks are lacking.
fn falling(sweep: &PreparedSweep<'_>) -> Option<Vec<(Point, Point)>> {
    if sweep.is_precise() {
        return Some(of_whole_spikes(sweep, |spike| Some((spike.peak, spike.end?))));
    }
    let start_ms = sweep.stim_start_ms();
    let is_after = |peak: &&Point| sweep.times_ms()[peak.sample_idx] > start_ms;
    let peaks: Vec<Point> = sweep.peaks().iter().filter(is_after).copied().collect();
    let offsets = sweep.offsets().iter().copied();
    let n_pairs = offsets.len().min(sweep.peaks().len());
    (peaks.len() >= n_pairs).then(|| peaks.into_iter().zip(offsets).take(n_pairs).collect())
}

fn rise_rates_mv_per_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    filled(rising(sweep)?.iter().map(|(onset, peak)| mean_slope(onset, peak)).collect())
}

fn fall_rates_mv_per_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    filled(falling(sweep)?.iter().map(|(peak, offset)| mean_slope(peak, offset)).collect())
}

fn mean_slope(from: &Point, to: &Point) -> f64 {
    (to.v_mv - from.v_mv) / (to.time_ms - from.time_ms)
}

fn rise_times_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    filled(rising(sweep)?.iter().map(|(onset, peak)| rise_time_ms(sweep, onset, peak)).collect())
}

fn rise_time_ms(sweep: &PreparedSweep<'_>, onset: &Point, peak: &Point) -> f64 {
    let settings = sweep.settings();
    let level_mv = |share: f64| onset.v_mv + share * (peak.v_mv - onset.v_mv);
    let (start_mv, end_mv) = (level_mv(settings.rise_start_fraction), level_mv(settings.rise_end_fraction));
    let (first_idx, last_idx) = (onset.sample_idx, peak.sample_idx);
    let v_mv = sweep.v_mv();
    if last_idx <= first_idx {
        return peak.time_ms - onset.time_ms;
    }
    let start_idx =
        (first_idx..last_idx).find(|idx| v_mv[*idx] >= start_mv - TOLERANCE_MV).unwrap_or(last_idx);
    let end_idx =
        (first_idx + 1..=last_idx).rev().find(|idx| v_mv[*idx] <= end_mv + TOLERANCE_MV).unwrap_or(first_idx);
    if !sweep.is_precise() {
        return sweep.times_ms()[end_idx] - sweep.times_ms()[start_idx];
    }
    let start_ms = if settings.rise_start_fraction <= 0.0 {
        onset.time_ms
    } else {
        sweep.reached_ms(start_idx, start_mv)
    };
    let after_end_idx = (end_idx + 1).min(last_idx);
    let end_ms = if settings.rise_end_fraction >= 1.0 {
        peak.time_ms
    } else {
        sweep.reached_ms(after_end_idx, end_mv)
    };
    end_ms - start_ms
}
