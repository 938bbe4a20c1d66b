//! Height of spikes.

use super::context::FeatureContext;
use super::excursions::{has_spike, height_mv, mean_over_excursions};
use super::kernel::{End, soft_extremum};
use super::registry::Entry;

/// Mean over the spikes of their soft maximum, in absolute voltage.
///
/// Without a spike it is the soft maximum of the whole stimulus, which meets the height of a single spike that sinks
/// to the threshold: so a trace that misses its spikes is pulled up.
/// # Source
/// Twin of the mean of eFEL 5.7.34 `peak_voltage`; differs: spikes must begin within the stimulus, and those that graze the
/// threshold fade out: on simulated traces off by 0.03 mV in the mean, 0.5 mV at worst.
pub(super) const ENTRY: Entry = Entry {
    name: "ap_height_mv",
    unit_suffix: "mv",
    efel_name: "peak_voltage",
    sentence: "Mean soft maximum of the spikes that begin within the stimulus.",
    applies: has_spike,
    evaluate,
};

fn evaluate(v_mv: &[f64], context: &FeatureContext, gradient: &mut [f64]) -> Option<f64> {
    let mean_mv = mean_over_excursions(v_mv, context, gradient, |excursion, gradient, scale| {
        height_mv(v_mv, excursion, context, (gradient, scale))
    });
    let highest = (End::Highest, context.settings.extremum_temperature_mv);
    Some(mean_mv.unwrap_or_else(|| soft_extremum(v_mv, context.window(), highest, (gradient, 1.0))))
}
