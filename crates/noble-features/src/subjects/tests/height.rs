//! Height and onset of spikes.

use super::{Drawn, at};
use crate::PreparedSweep;
use crate::waveform::{REST_MV, Triangle, WINDOW_MS, polyline, prepared};

pub(super) const PEAKS_MS: [f64; 4] = [110.0, 130.0, 155.0, 185.0];
pub(super) const PEAKS_MV: [f64; 4] = [31.0, 28.0, 24.0, 33.0];
pub(super) const AHPS_MV: [f64; 4] = [-80.0, -81.0, -79.0, -100.0];

/// Four unlike spikes of straight lines.
pub(super) fn unlike_spikes() -> PreparedSweep<'static> {
    let spikes = PEAKS_MS.iter().zip(PEAKS_MV).zip(AHPS_MV);
    let knots = spikes
        .flat_map(|((peak_ms, peak_mv), ahp_mv)| Triangle { peak_ms: *peak_ms, peak_mv, ahp_mv }.knots());
    prepared(WINDOW_MS, polyline(knots.collect()))
}

/// `x[k + 1] - x[k]`.
pub(super) fn steps<const N: usize>(x: [f64; N]) -> Vec<f64> {
    x.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// `(x[k] - x[0]) / x[0]` from the second on.
pub(super) fn changes<const N: usize>(x: [f64; N]) -> Vec<f64> {
    x[1..].iter().map(|value| (value - x[0]) / x[0]).collect()
}

pub(super) fn drawn() -> Vec<Drawn> {
    let heights_mv = PEAKS_MV.map(|peak_mv| peak_mv - REST_MV);
    let onsets_ms = PEAKS_MS.map(|peak_ms| peak_ms - 1.0);
    vec![
        Drawn::new(unlike_spikes())
            .has("AP1_peak", &[31.0])
            .has("AP2_peak", &[28.0])
            .has("AP2_AP1_peak_diff", &[-3.0])
            .has("amp_drop_first_second", &[3.0])
            .has("amp_drop_first_last", &[-2.0])
            .has("amp_drop_second_last", &[-5.0])
            .has("max_amp_difference", &[4.0])
            .has("AP_amplitude", &heights_mv)
            .has("mean_AP_amplitude", &[99.0])
            .has("AP1_amp", &[101.0])
            .has("AP2_amp", &[98.0])
            .has("APlast_amp", &[103.0])
            .has("AP2_AP1_diff", &[-3.0])
            .has("AP_amplitude_diff", &steps(heights_mv))
            .has("AP_amplitude_change", &changes(heights_mv))
            .has("AP_amplitude_from_voltagebase", &heights_mv)
            .has("AP_begin_indices", &onsets_ms.map(at))
            .has("AP_begin_voltage", &[REST_MV; 4])
            .has("AP_begin_time", &onsets_ms)
            .has("AP1_begin_voltage", &[REST_MV])
            .has("AP2_begin_voltage", &[REST_MV]),
        Drawn::new(crate::waveform::spiking(&[120.0]))
            .has("AP1_peak", &[30.0])
            .lacks("AP2_peak")
            .lacks("amp_drop_first_last")
            .lacks("AP_amplitude_diff"),
    ]
}

#[test]
fn analytic_height_of_drawn_spikes() {
    drawn().iter().for_each(Drawn::check);
}

/// A base window needs a stimulus that starts after zero.
#[test]
fn analytic_heights_above_the_base_are_missing_without_it() {
    let sweep = prepared((0.0, 200.0), crate::waveform::spikes_mv(&[120.0]));
    Drawn::new(sweep)
        .lacks("AP_amplitude_from_voltagebase")
        .lacks("AHP_depth")
        .has("AHP1_depth_from_peak", &[110.0])
        .check();
}
