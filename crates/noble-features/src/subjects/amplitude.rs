//! How high spikes are.

use super::series::{differences, filled, relative_changes};
use super::spikes::peak_voltages_mv;
use crate::events::{WholeSpike, of_whole_spikes};
use crate::prepared::mean;
use crate::{Feature, Point, PreparedSweep};

pub(super) const FEATURES: &[Feature] = &[
    Feature::one("AP1_peak", "mv", |s| peak_mv(s, 0))
        .is("Voltage of the first peak, also before the stimulus.", "peak_voltage[0]")
        .of("peak_voltage"),
    Feature::one("AP2_peak", "mv", |s| peak_mv(s, 1))
        .is("Voltage of the second peak.", "peak_voltage[1]")
        .of("peak_voltage"),
    Feature::one("AP2_AP1_peak_diff", "mv", |s| Some(peak_mv(s, 1)? - peak_mv(s, 0)?))
        .is("Second peak above the first.", "peak_voltage[1] - peak_voltage[0]")
        .of("peak_voltage"),
    Feature::one("amp_drop_first_second", "mv", |s| Some(peak_mv(s, 0)? - peak_mv(s, 1)?))
        .is("Drop from the first to the second peak.", "peak_voltage[0] - peak_voltage[1]")
        .of("peak_voltage"),
    Feature::one("amp_drop_first_last", "mv", |s| drop_to_last_mv(s, 0))
        .is("Drop from the first to the last peak.", "peak_voltage[0] - peak_voltage[last]")
        .of("peak_voltage"),
    Feature::one("amp_drop_second_last", "mv", |s| drop_to_last_mv(s, 1))
        .is("Drop from the second to the last peak.", "peak_voltage[1] - peak_voltage[last], of at least 3")
        .of("peak_voltage"),
    Feature::one("max_amp_difference", "mv", |s| {
        Some(-differences(&peak_voltages_mv(s))?.into_iter().fold(f64::INFINITY, f64::min))
    })
    .is("Largest drop from one peak to the next.", "max peak_voltage[k] - peak_voltage[k + 1]")
    .of("peak_voltage"),
    Feature::many("AP_amplitude", "mv", amplitudes_mv)
        .is(
            "Peak above onset of each spike of the stimulus, spikes and onsets paired in order.",
            "peak_voltage[k] - AP_begin_voltage[k], peaks with stim_start <= t <= stim_end",
        )
        .of("peak_voltage peak_time AP_begin_voltage")
        .precisely("each peak with its own onset; spikes without onset are left out"),
    Feature::one("mean_AP_amplitude", "mv", |s| mean(&amplitudes_mv(s)?))
        .is("Mean height of the spikes of the stimulus.", "mean(AP_amplitude)")
        .of("AP_amplitude"),
    Feature::one("AP1_amp", "mv", |s| amplitudes_mv(s)?.first().copied())
        .is("Height of the first spike.", "AP_amplitude[0]")
        .of("AP_amplitude"),
    Feature::one("AP2_amp", "mv", |s| amplitudes_mv(s)?.get(1).copied())
        .is("Height of the second spike.", "AP_amplitude[1]")
        .of("AP_amplitude"),
    Feature::one("APlast_amp", "mv", |s| amplitudes_mv(s)?.last().copied())
        .is("Height of the last spike.", "AP_amplitude[last]")
        .of("AP_amplitude"),
    Feature::one("AP2_AP1_diff", "mv", |s| differences(&amplitudes_mv(s)?)?.first().copied())
        .is("Height of the second spike above that of the first.", "AP_amplitude[1] - AP_amplitude[0]")
        .of("AP_amplitude"),
    Feature::many("AP_amplitude_diff", "mv", |s| differences(&amplitudes_mv(s)?))
        .is("Change of height from one spike to the next.", "AP_amplitude[k + 1] - AP_amplitude[k]")
        .of("AP_amplitude"),
    Feature::many("AP_amplitude_change", "", |s| relative_changes(&amplitudes_mv(s)?))
        .is(
            "Change of height against the first spike, as a share of it.",
            "(AP_amplitude[k + 1] - AP_amplitude[0]) / AP_amplitude[0]",
        )
        .of("AP_amplitude"),
    Feature::many("AP_amplitude_from_voltagebase", "mv", |s| {
        let base_mv = s.voltage_base_mv()?;
        filled(s.peaks().iter().map(|peak| peak.v_mv - base_mv).collect())
    })
    .is("Peak above the base voltage.", "peak_voltage - voltage_base")
    .of("peak_voltage voltage_base"),
    Feature::wholes("AP_begin_indices", |s| {
        filled(s.onsets().iter().map(|onset| onset.sample_idx as f64).collect())
    })
    .is(
        "Onset of each spike after the stimulus start: where dV/dt last rose above its threshold and stayed there.",
        "last sample before the peak from which dV/dt >= DerivativeThreshold for DerivativeWindow samples",
    )
    .of("peak_indices min_AHP_indices")
    .precisely("samples of the recording, searched back to the AHP of the spike before; the window lasts (DerivativeWindow - 1) * 0.1 ms"),
    Feature::many("AP_begin_voltage", "mv", |s| filled(onset_voltages_mv(s)))
        .is("Voltage of each onset.", "V[AP_begin_indices]")
        .of("AP_begin_indices")
        .precisely("where the slope between two samples equals its threshold"),
    Feature::many("AP_begin_time", "ms", |s| filled(s.onsets().iter().map(|onset| onset.time_ms).collect()))
        .is("Time of each onset.", "T[AP_begin_indices]")
        .of("AP_begin_indices")
        .precisely("where the slope between two samples equals its threshold"),
    Feature::one("AP1_begin_voltage", "mv", |s| Some(s.onsets().first()?.v_mv))
        .is("Voltage of the first onset.", "AP_begin_voltage[0]")
        .of("AP_begin_voltage"),
    Feature::one("AP2_begin_voltage", "mv", |s| Some(s.onsets().get(1)?.v_mv))
        .is("Voltage of the second onset.", "AP_begin_voltage[1]")
        .of("AP_begin_voltage"),
];

fn peak_mv(sweep: &PreparedSweep<'_>, spike_idx: usize) -> Option<f64> {
    Some(sweep.peaks().get(spike_idx)?.v_mv)
}

/// From one peak to the last, which is a later one.
fn drop_to_last_mv(sweep: &PreparedSweep<'_>, spike_idx: usize) -> Option<f64> {
    let later = sweep.peaks().get(spike_idx + 1..)?;
    Some(peak_mv(sweep, spike_idx)? - later.last()?.v_mv)
}

pub(super) fn onset_voltages_mv(sweep: &PreparedSweep<'_>) -> Vec<f64> {
    sweep.onsets().iter().map(|onset| onset.v_mv).collect()
}

fn amplitudes_mv(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    if sweep.is_precise() {
        let is_inside = |peak: &Point| sweep.is_in_stimulus(peak.time_ms);
        let height_mv =
            |spike: &WholeSpike| Some(spike.peak.v_mv - spike.onset.filter(|_| is_inside(&spike.peak))?.v_mv);
        return filled(of_whole_spikes(sweep, height_mv));
    }
    let inside = sweep.peaks().iter().filter(|peak| sweep.is_in_stimulus(peak.time_ms));
    let onsets = sweep.onsets();
    if onsets.len() < inside.clone().count() {
        return None;
    }
    filled(inside.zip(onsets).map(|(peak, onset)| peak.v_mv - onset.v_mv).collect())
}
