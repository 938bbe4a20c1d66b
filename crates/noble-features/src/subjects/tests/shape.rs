//! Width, rise, fall and slopes of spikes.

use super::height::{AHPS_MV, PEAKS_MS, PEAKS_MV, changes, unlike_spikes};
use super::{Drawn, at};
use crate::waveform::REST_MV;

const STEP_MS: f64 = 0.1;
/// Of each drawn spike: how long it rises and falls.
const RISE_MS: f64 = 1.0;
const FALL_MS: f64 = 1.1;

pub(super) fn drawn() -> Vec<Drawn> {
    vec![widths(), onsets_to_ends(), slopes()]
}

/// Of each spike, a number made of its peak and AHP.
fn of_spikes(value: impl Fn(f64, f64) -> f64) -> [f64; 4] {
    std::array::from_fn(|k| value(PEAKS_MV[k], AHPS_MV[k]))
}

/// Time from peak down to a level.
fn fall_ms(peak_mv: f64, ahp_mv: f64, level_mv: f64) -> f64 {
    FALL_MS * (peak_mv - level_mv) / (peak_mv - ahp_mv)
}

/// Time up from a level to the peak.
fn rise_ms(peak_mv: f64, level_mv: f64) -> f64 {
    RISE_MS * (peak_mv - level_mv) / (peak_mv - REST_MV)
}

/// Time to the first sample beyond.
fn to_sample(time_ms: f64) -> f64 {
    (time_ms / STEP_MS).ceil() * STEP_MS
}

fn to_sample_before(time_ms: f64) -> f64 {
    (time_ms / STEP_MS).floor() * STEP_MS
}

fn widths() -> Drawn {
    let half_ms = of_spikes(|peak_mv, ahp_mv| {
        let half_mv = (peak_mv + ahp_mv) / 2.0;
        rise_ms(peak_mv, half_mv) + fall_ms(peak_mv, ahp_mv, half_mv)
    });
    let above_bend_ms = of_spikes(|peak_mv, ahp_mv| {
        let half_mv = (peak_mv + REST_MV) / 2.0;
        rise_ms(peak_mv, half_mv) + fall_ms(peak_mv, ahp_mv, half_mv)
    });
    let above_threshold_ms = of_spikes(|peak_mv, ahp_mv| {
        to_sample_before(rise_ms(peak_mv, -20.0)) + to_sample(fall_ms(peak_mv, ahp_mv, -20.0))
    });
    let above_onset_ms =
        of_spikes(|peak_mv, ahp_mv| RISE_MS + to_sample(fall_ms(peak_mv, ahp_mv, REST_MV)).min(FALL_MS));
    Drawn::new(unlike_spikes())
        .has("spike_half_width", &half_ms)
        .has("AP1_width", &half_ms[..1])
        .has("AP2_width", &half_ms[1..2])
        .has("APlast_width", &half_ms[3..])
        .has("spike_width2", &above_bend_ms[1..])
        .has("AP_width", &above_threshold_ms)
        .has("AP_width_between_threshold", &above_threshold_ms)
        .has("AP_begin_width", &above_onset_ms)
        .has("AP1_begin_width", &above_onset_ms[..1])
        .has("AP2_begin_width", &above_onset_ms[1..2])
        .has("AP2_AP1_begin_width_diff", &[above_onset_ms[1] - above_onset_ms[0]])
}

/// The slope comes back to its threshold one sample after the AHP.
fn onsets_to_ends() -> Drawn {
    let end_ms = FALL_MS + STEP_MS;
    let rise_rates = of_spikes(|peak_mv, _| (peak_mv - REST_MV) / RISE_MS);
    let fall_rates = of_spikes(|peak_mv, ahp_mv| {
        let end_mv = ahp_mv + (REST_MV - ahp_mv) * STEP_MS / 10.0;
        (end_mv - peak_mv) / end_ms
    });
    // The samples of the fall nearest to half height: five after the peak, but four where the AHP is deep.
    let falls_ms = [0.5, 0.5, 0.5, 0.4];
    let half_durations_ms = falls_ms.map(|fall_ms| 0.5 + fall_ms);
    Drawn::new(unlike_spikes())
        .has("AP_duration", &[RISE_MS + end_ms; 4])
        .has("AP_duration_change", &[0.0; 3])
        .has("AP_rise_indices", &PEAKS_MS.map(|peak_ms| at(peak_ms - 0.5)))
        .has("AP_fall_indices", &std::array::from_fn::<f64, 4, _>(|k| at(PEAKS_MS[k] + falls_ms[k])))
        .has("AP_duration_half_width", &half_durations_ms)
        .has("AP_duration_half_width_change", &changes(half_durations_ms))
        .has("AP_rise_time", &[RISE_MS; 4])
        .has("AP_rise_rate", &rise_rates)
        .has("AP_rise_rate_change", &changes(rise_rates))
        .has("AP_end_indices", &PEAKS_MS.map(|peak_ms| at(peak_ms + end_ms)))
        .has("AP_fall_time", &[end_ms; 4])
        .has("AP_fall_rate", &fall_rates)
        .has("AP_fall_rate_change", &changes(fall_rates))
}

/// Two samples after the onset the slope is that of the line, two before it is none: `s / (0.2 ms s)`.
fn slopes() -> Drawn {
    let rises = of_spikes(|peak_mv, _| (peak_mv - REST_MV) / RISE_MS);
    Drawn::new(unlike_spikes())
        .has("AP_peak_upstroke", &rises)
        .has("AP_peak_downstroke", &of_spikes(|peak_mv, ahp_mv| (ahp_mv - peak_mv) / FALL_MS))
        .has("AP_phaseslope", &[5.0; 4])
        .has("phaseslope_max", &[103.0])
}

#[test]
fn analytic_shape_of_drawn_spikes() {
    drawn().iter().for_each(Drawn::check);
}
