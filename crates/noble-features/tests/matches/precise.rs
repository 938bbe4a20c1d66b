//! Precise mode beside eFEL's on every reference trace: the same spikes, none of them lower, nothing impossible.

use noble_features::{Mode, PreparedSweep, Settings, feature};
use noble_reference::Tally;
use serde_json::Value;

/// Where the modes differ by design: eFEL's grid loses spikes of one sample, and its crossings hide where samples lie
/// exactly at the threshold.
const OTHER_SPIKES: [&str; 2] = ["single_sample_spikes", "ties"];
/// A recording in steps of 0.5 mV whose plateau lies at the threshold: many samples are exactly at it.
const TIED: &str = "nwb_hip_s08";
/// Room for the rounding of interpolated voltages.
const ROUNDING_MV: f64 = 1e-9;
/// Durations that pair parts of one spike.
const DURATIONS: [&str; 9] = [
    "spike_half_width",
    "spike_width2",
    "AP_width",
    "AP_begin_width",
    "AP_duration",
    "AP_duration_half_width",
    "AP_rise_time",
    "AP_fall_time",
    "AHP_time_from_peak",
];

/// Compares one trace, prepared in eFEL's mode.
pub(crate) fn compare(efel: &PreparedSweep<'_>, id: &str, entry: &Value, tally: &mut Tally) {
    tally.case();
    let settings = Settings { mode: Mode::Precise, ..*efel.settings() };
    let precise = PreparedSweep::new(efel.sweep(), &settings).expect("settings that were good before");
    for name in DURATIONS {
        let values = feature(name).expect("a known feature").values(&precise).unwrap_or_default();
        tally.holds(&format!("{id} {name}: {values:?}"), values.iter().all(|value| *value >= 0.0));
    }
    if id == TIED || entry["category"].as_str().is_some_and(|category| OTHER_SPIKES.contains(&category)) {
        return;
    }
    let (ours, theirs) = (precise.peaks(), efel.peaks());
    tally.holds(
        &format!("{id}: {} spikes, {} on eFEL's grid", ours.len(), theirs.len()),
        ours.len() == theirs.len(),
    );
    for (ours, theirs) in ours.iter().zip(theirs) {
        let what = format!("{id}: peak of {} mV, {} on eFEL's grid", ours.v_mv, theirs.v_mv);
        tally.holds(&what, ours.v_mv >= theirs.v_mv - ROUNDING_MV);
    }
}
