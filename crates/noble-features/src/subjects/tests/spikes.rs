//! Number and times of spikes.

use super::{Drawn, at};
use crate::waveform::{WINDOW_MS, prepared, prepared_with, spikes_mv, spiking};
use crate::{Settings, feature};

pub(super) fn drawn() -> Vec<Drawn> {
    vec![inside(), inside_and_outside(), before(), silent()]
}

fn inside() -> Drawn {
    let peaks_ms = [104.0, 120.0, 140.0, 180.0];
    let from_start_ms = peaks_ms.map(|peak_ms| peak_ms - WINDOW_MS.0);
    Drawn::new(spiking(&peaks_ms))
        .has("peak_indices", &peaks_ms.map(at))
        .has("peak_time", &peaks_ms)
        .has("peak_voltage", &[30.0; 4])
        .has("AP_height", &[30.0; 4])
        .has("Spikecount", &[4.0])
        .has("spike_count", &[4.0])
        .has("number_initial_spikes", &[1.0])
        .has("trace_check", &[0.0])
        .has("is_not_stuck", &[1.0])
        .has("time_to_first_spike", &from_start_ms[..1])
        .has("time_to_second_spike", &from_start_ms[1..2])
        .has("time_to_last_spike", &from_start_ms[3..])
        .has("inv_time_to_first_spike", &[1000.0 / from_start_ms[0]])
        .has("mean_frequency", &[4000.0 / from_start_ms[3]])
}

fn inside_and_outside() -> Drawn {
    Drawn::new(spiking(&[50.0, 120.0, 150.0, 250.0]))
        .has("Spikecount", &[4.0])
        .has("Spikecount_stimint", &[2.0])
        .has("spike_count_stimint", &[2.0])
        .has("time_to_first_spike", &[50.0 - WINDOW_MS.0])
        .has("mean_frequency", &[2000.0 / (150.0 - WINDOW_MS.0)])
        .lacks("trace_check")
}

fn before() -> Drawn {
    Drawn::new(spiking(&[50.0])).has("mean_frequency", &[0.0]).lacks("is_not_stuck").lacks("inv_first_ISI")
}

fn silent() -> Drawn {
    Drawn::new(spiking(&[]))
        .has("Spikecount", &[0.0])
        .has("Spikecount_stimint", &[0.0])
        .lacks("mean_frequency")
}

#[test]
fn analytic_spikes_of_drawn_trains() {
    drawn().iter().for_each(Drawn::check);
    assert!(spiking(&[50.0]).is_firing());
    assert!(!spiking(&[]).is_firing());
}

#[test]
fn analytic_a_spike_cut_by_the_end_is_not_counted() {
    let starts_high = prepared(WINDOW_MS, |t| if t < 5.0 { 20.0 } else { -70.0 });
    let ends_high = prepared(WINDOW_MS, |t| if t > 295.0 { 20.0 } else { -70.0 });
    for sweep in [starts_high, ends_high] {
        assert_eq!(feature("Spikecount").unwrap().values(&sweep), Some(vec![0.0]));
    }
}

#[test]
fn analytic_strict_settings_drop_peaks_outside() {
    let settings = Settings { drops_peaks_outside_stimulus: true, ..Settings::default() };
    let sweep = prepared_with(&settings, WINDOW_MS, spikes_mv(&[50.0, 120.0, 250.0]));
    assert_eq!(feature("Spikecount").unwrap().values(&sweep), Some(vec![1.0]));
}
