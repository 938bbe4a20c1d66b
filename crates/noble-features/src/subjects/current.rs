//! Levels of the injected current.

use super::levels::base_of;
use crate::{Feature, PreparedSweep};

pub(super) const FEATURES: &[Feature] = &[
    Feature::one("current_base", "na", current_base_na)
        .is("Current before the stimulus.", "mean (or median) I for 0.9 * stim_start <= t <= stim_start")
        .precisely(
            "time average (or median of the samples); stim_start and t are counted from the first sample",
        ),
    Feature::one("steady_state_current_stimend", "na", steady_state_current_stimend_na)
        .is(
            "Mean current over the last tenth of the stimulus.",
            "mean I for stim_end - 0.1 * (stim_end - stim_start) <= t < stim_end",
        )
        .precisely("time average over the same window"),
];

pub(super) fn current_base_na(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let settings = sweep.settings();
    let fractions = (settings.current_base_start_fraction, settings.current_base_end_fraction);
    base_of(sweep, sweep.current_na()?, fractions, settings.current_base_mode)
}

pub(super) fn steady_state_current_stimend_na(sweep: &PreparedSweep<'_>) -> Option<f64> {
    sweep.mean_of_last_tenth(sweep.current_na()?)
}
