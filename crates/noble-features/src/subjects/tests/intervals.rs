//! Intervals between spikes.

use super::Drawn;
use crate::waveform::{prepared, prepared_with, spikes_mv};
use crate::{PreparedSweep, Settings};

const WINDOW_MS: (f64, f64) = (99.95, 289.95);
const FIRST_MS: f64 = 105.0;

pub(super) fn drawn() -> Vec<Drawn> {
    vec![arithmetic(), doubling(), proportional(), two_spikes()]
}

fn train(settings: &Settings, intervals_ms: &[f64]) -> PreparedSweep<'static> {
    let mut peaks_ms = vec![FIRST_MS];
    peaks_ms.extend(intervals_ms.iter().scan(FIRST_MS, |at_ms, interval_ms| {
        *at_ms += interval_ms;
        Some(*at_ms)
    }));
    prepared_with(settings, WINDOW_MS, spikes_mv(&peaks_ms))
}

fn arithmetic() -> Drawn {
    let isi_ms = [13.0, 15.0, 17.0, 19.0, 21.0];
    let inverse_hz = isi_ms.map(|isi_ms| 1000.0 / isi_ms);
    Drawn::new(train(&Settings::default(), &isi_ms))
        .has("all_ISI_values", &isi_ms)
        .has("ISIs", &isi_ms)
        .has("ISI_values", &isi_ms[1..])
        .has("doublet_ISI", &isi_ms[..1])
        .has("inv_ISI_values", &inverse_hz)
        .has("inv_first_ISI", &inverse_hz[..1])
        .has("inv_second_ISI", &inverse_hz[1..2])
        .has("inv_third_ISI", &inverse_hz[2..3])
        .has("inv_fourth_ISI", &inverse_hz[3..4])
        .has("inv_fifth_ISI", &inverse_hz[4..])
        .has("inv_last_ISI", &inverse_hz[4..])
        .has("ISI_CV", &[(20.0_f64 / 3.0).sqrt() / 18.0])
        .has("irregularity_index", &[2.0])
        .has("single_burst_ratio", &[15.0 / 18.0])
}

/// Every interval is twice the one before: the logarithm grows by `ln 2`, the relative change is 1/3.
fn doubling() -> Drawn {
    Drawn::new(train(&Settings::default(), &[13.0, 14.0, 28.0, 56.0]))
        .has("ISI_semilog_slope", &[2.0_f64.ln()])
        .has("adaptation_index", &[1.0 / 3.0])
        .has("adaptation_index2", &[1.0 / 3.0])
}

/// The k-th interval is k times the first.
fn proportional() -> Drawn {
    let settings = Settings { skipped_spikes_fraction: 0.3, ..Settings::default() };
    Drawn::new(train(&settings, &[13.0, 14.0, 28.0, 42.0]))
        .has("ISI_log_slope", &[1.0])
        .has("ISI_log_slope_skip", &[1.5_f64.ln() / 2.0_f64.ln()])
}

/// One interval, which is the one that is left out: eFEL's list is empty, ours is missing.
fn two_spikes() -> Drawn {
    Drawn::new(prepared(WINDOW_MS, spikes_mv(&[120.0, 150.0])))
        .has("inv_last_ISI", &[1000.0 / 30.0])
        .lacks("ISI_values")
        .lacks("ISI_CV")
        .lacks("ISI_log_slope")
        .lacks("adaptation_index")
}

#[test]
fn analytic_intervals_of_drawn_trains() {
    drawn().iter().for_each(Drawn::check);
    let sweep = prepared(WINDOW_MS, spikes_mv(&[120.0, 150.0]));
    assert_eq!(crate::feature("ISI_values").unwrap().efel_values(&sweep), Some(Vec::new()));
}
