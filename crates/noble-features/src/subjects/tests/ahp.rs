//! What follows spikes.

use super::height::{AHPS_MV, PEAKS_MS, PEAKS_MV, steps, unlike_spikes};
use super::{Drawn, at};
use crate::waveform::{REST_MV, WINDOW_MS, polyline, prepared};
use crate::{PreparedSweep, Settings};

pub(super) fn drawn() -> Vec<Drawn> {
    vec![fast(), slow(), between(), afterdepolarized()]
}

fn fast() -> Drawn {
    let ahp_times = PEAKS_MS.map(|peak_ms| at(peak_ms + 1.1));
    let depths_mv = AHPS_MV.map(|ahp_mv| ahp_mv - REST_MV);
    let from_peak_mv: [f64; 4] = std::array::from_fn(|k| PEAKS_MV[k] - AHPS_MV[k]);
    Drawn::new(unlike_spikes())
        .has("min_AHP_indices", &ahp_times)
        .has("min_AHP_values", &AHPS_MV)
        .has("AHP_depth_abs", &AHPS_MV)
        .has("AHP_depth", &depths_mv)
        .has("AHP_depth_diff", &steps(depths_mv))
        .has("AHP_depth_from_peak", &from_peak_mv)
        .has("AHP1_depth_from_peak", &from_peak_mv[..1])
        .has("AHP2_depth_from_peak", &from_peak_mv[1..2])
        .has("AHP_time_from_peak", &[1.1; 4])
        .has("fast_AHP", &[10.0, 11.0, 9.0])
        .has("fast_AHP_change", &[0.1, -0.1])
        .has("min_between_peaks_indices", &ahp_times)
        .has("min_between_peaks_values", &AHPS_MV)
        .has("min_voltage_between_spikes", &AHPS_MV[..3])
}

/// The way back to rest takes 10 ms; 5.05 ms after the peak the next sample is 4 ms on it.
fn slow() -> Drawn {
    let settings = Settings { slow_ahp_start_ms: 5.05, ..Settings::default() };
    let sweep = PreparedSweep::new(unlike_spikes().sweep(), &settings).unwrap();
    let slow_mv = [1, 2].map(|k: usize| AHPS_MV[k] + 0.4 * (REST_MV - AHPS_MV[k]));
    Drawn::new(sweep)
        .has("AHP_depth_abs_slow", &slow_mv)
        .has("AHP_depth_slow", &slow_mv.map(|slow_mv| slow_mv - REST_MV))
        .has("AHP_slow_time", &[5.1 / 25.0, 5.1 / 30.0])
}

/// From one sample after the AHP on: 99 samples on the way back to rest, then rest.
fn between() -> Drawn {
    let mean_mv = |k: usize| {
        let n_samples = (PEAKS_MS[k + 1] - PEAKS_MS[k] - 2.2) * 10.0;
        let missing: f64 =
            (1..100).map(|sample| (AHPS_MV[k] - REST_MV) * (1.0 - f64::from(sample) / 100.0)).sum();
        REST_MV + missing / n_samples
    };
    Drawn::new(unlike_spikes()).has("depolarized_base", &[0, 1, 2].map(mean_mv))
}

/// After each peak down to -60, up to -50, down to -75 and back.
fn afterdepolarized() -> Drawn {
    let spike = |peak_ms: f64| {
        [(-1.0, REST_MV), (0.0, 30.0), (1.1, -60.0), (3.0, -50.0), (8.0, -75.0), (12.0, REST_MV)]
            .map(|(shift_ms, v_mv)| (peak_ms + shift_ms, v_mv))
    };
    let sweep = prepared(WINDOW_MS, polyline([120.0, 150.0].into_iter().flat_map(spike).collect()));
    Drawn::new(sweep)
        .has("min_AHP_values", &[-60.0; 2])
        .has("min_between_peaks_values", &[-75.0; 2])
        .has("ADP_peak_indices", &[at(123.0), at(153.0)])
        .has("ADP_peak_values", &[-50.0; 2])
        .has("ADP_peak_amplitude", &[10.0; 2])
}

#[test]
fn analytic_afterpotentials_of_drawn_spikes() {
    drawn().iter().for_each(Drawn::check);
}

/// A last spike that is still falling at the end of the trace has no fast AHP.
#[test]
fn analytic_a_fall_cut_by_the_end_has_no_ahp() {
    let sweep = prepared(WINDOW_MS, polyline(vec![(298.0, -70.0), (299.0, 30.0), (300.0, -70.0)]));
    Drawn::new(sweep).has("AP1_peak", &[30.0]).lacks("min_AHP_values").lacks("AHP_depth_from_peak").check();
}
