//! Depth of the afterhyperpolarization.

use super::context::FeatureContext;
use super::excursions::{has_spike, mean_over_excursions, trough_mv};
use super::kernel::mean;
use super::registry::Entry;

/// Mean over the spikes of the soft minimum after them, relative to the voltage before the stimulus.
///
/// The minimum is taken from the fall through the threshold to where the voltage is 1 mV above the lowest so far, at
/// most to the next spike. Negative below the base.
/// # Source
/// Twin of the mean of eFEL 5.7.34 `AHP_depth`; differs: eFEL's minimum is the first that two samples do not undercut: on
/// simulated traces off by 0.06 mV in the mean, 0.4 mV at worst.
pub(super) const ENTRY: Entry = Entry {
    name: "ahp_depth_mv",
    unit_suffix: "mv",
    efel_name: "AHP_depth",
    sentence: "Mean soft minimum after the spikes, minus the voltage before the stimulus.",
    applies: |v_mv, context| !context.base_window().is_empty() && has_spike(v_mv, context),
    evaluate,
};

fn evaluate(v_mv: &[f64], context: &FeatureContext, gradient: &mut [f64]) -> Option<f64> {
    let base = context.base_window();
    if base.is_empty() {
        return None;
    }
    let trough_mv = mean_over_excursions(v_mv, context, gradient, |excursion, gradient, scale| {
        trough_mv(v_mv, excursion, context, (gradient, scale))
    })?;
    Some(trough_mv - mean(v_mv, base, gradient, -1.0))
}
