//! Precise mode beside eFEL's on every reference trace: nothing impossible and, where no sample lies at the threshold and
//! no spike is narrower than eFEL's grid, the same spikes, none of them lower.

use noble_features::{Mode, PreparedSweep, Settings, feature};
use noble_reference::Tally;

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

/// Compares one trace, prepared in eFEL's mode. The repository's own traces are free of what makes the modes see other
/// spikes; of others that is not known.
pub(crate) fn compare(efel: &PreparedSweep<'_>, (id, is_own): (&str, bool), tally: &mut Tally) {
    tally.case();
    let settings = Settings { mode: Mode::Precise, ..*efel.settings() };
    let precise = PreparedSweep::new(efel.sweep(), &settings).expect("settings that were good before");
    for name in DURATIONS {
        let values = feature(name).expect("a known feature").values(&precise).unwrap_or_default();
        tally.holds(&format!("{id} {name}: {values:?}"), values.iter().all(|value| *value >= 0.0));
    }
    if !is_own {
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
