//! How many spikes there are, and where.

use super::series::{count, filled};
use crate::{Feature, PreparedSweep};

const FROM_FIRST: &str = "times are counted from the first sample";

pub(super) const FEATURES: &[Feature] = &[
    Feature::wholes("peak_indices", |s| filled(s.peaks().iter().map(|peak| count(peak.sample_idx)).collect()))
        .is(
            "Samples of the spikes' peaks: the largest between a rise through the threshold and the fall below it.",
            "argmax V between the k-th crossing of Threshold upwards and the k-th downwards",
        )
        .precisely("samples of the recording; a sample exactly at the threshold counts as above it, but what only touches it is no spike"),
    Feature::many("peak_time", "ms", |s| filled(s.peaks().iter().map(|peak| peak.time_ms).collect()))
        .is("Time of each peak.", "T[peak_indices]")
        .of("peak_indices")
        .precisely("vertex of the parabola through the peak sample and its neighbors"),
    Feature::many("peak_voltage", "mv", |s| filled(peak_voltages_mv(s)))
        .is("Voltage of each peak.", "V[peak_indices]")
        .of("peak_indices")
        .precisely("vertex of the parabola through the peak sample and its neighbors"),
    Feature::many("AP_height", "mv", |s| filled(peak_voltages_mv(s)))
        .is("Voltage of each peak.", "peak_voltage")
        .of("peak_voltage"),
    Feature::whole("Spikecount", n_spikes)
        .is("Number of spikes in the whole trace.", "number of peaks")
        .of("peak_indices"),
    Feature::whole("spike_count", n_spikes)
        .is("Number of spikes in the whole trace.", "number of peaks")
        .of("peak_indices"),
    Feature::whole("Spikecount_stimint", |s| Some(count(s.n_stimulus_spikes())))
        .is("Number of spikes in the stimulus.", "number of peaks with stim_start <= t <= stim_end")
        .of("peak_time"),
    Feature::whole("spike_count_stimint", |s| Some(count(s.n_stimulus_spikes())))
        .is("Number of spikes in the stimulus.", "number of peaks with stim_start <= t <= stim_end")
        .of("peak_time"),
    Feature::whole("number_initial_spikes", number_initial_spikes)
        .is(
            "Spikes in the first part of the stimulus.",
            "number of peaks with stim_start <= t < stim_start + initial_perc * (stim_end - stim_start)",
        )
        .of("peak_time"),
    Feature::whole("trace_check", trace_check)
        .is(
            "0 if no spike lies outside of the stimulus, missing otherwise.",
            "0 if every peak has stim_start <= t <= 1.05 * stim_end",
        )
        .of("peak_time")
        .precisely(FROM_FIRST),
    Feature::whole("is_not_stuck", is_not_stuck)
        .is(
            "1 if the cell still fires late in the stimulus, missing otherwise.",
            "1 if a peak has 0.5 * stim_end < t < stim_end",
        )
        .of("peak_time")
        .precisely(FROM_FIRST),
];

pub(super) fn peak_voltages_mv(sweep: &PreparedSweep<'_>) -> Vec<f64> {
    sweep.peaks().iter().map(|peak| peak.v_mv).collect()
}

fn n_spikes(sweep: &PreparedSweep<'_>) -> Option<f64> {
    Some(count(sweep.n_spikes()))
}

fn number_initial_spikes(sweep: &PreparedSweep<'_>) -> Option<f64> {
    sweep.peaks().first()?;
    let start_ms = sweep.stim_start_ms();
    let initial_ms = (sweep.stim_end_ms() - start_ms) * sweep.settings().initial_fraction;
    let n_before = |time_ms: f64| sweep.peaks().partition_point(|peak| peak.time_ms < time_ms);
    Some(count(n_before(start_ms + initial_ms)) - count(n_before(start_ms)))
}

fn trace_check(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let latest_ms = sweep.origin_ms() + (sweep.stim_end_ms() - sweep.origin_ms()) * 1.05;
    let is_valid = |time_ms: f64| time_ms >= sweep.stim_start_ms() && time_ms <= latest_ms;
    sweep.peaks().iter().all(|peak| is_valid(peak.time_ms)).then_some(0.0)
}

fn is_not_stuck(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let end_ms = sweep.stim_end_ms();
    let half_ms = sweep.origin_ms() + (end_ms - sweep.origin_ms()) * 0.5;
    let is_late = |time_ms: f64| time_ms > half_ms && time_ms < end_ms;
    sweep.peaks().iter().any(|peak| is_late(peak.time_ms)).then_some(1.0)
}
