//! Spike count: how often the voltage rises through the threshold.

use super::context::FeatureContext;
use super::kernel::sigmoid;
use super::registry::Entry;

/// Sum of all rises of the squashed voltage within the stimulus.
///
/// `Σ max(0, s_{i+1} − s_i)`, `s = σ((V − threshold)/τ)`: a spike counts the height of its peak minus that of the
/// trough before it, both between 0 and 1, wherever between the samples it crosses.
/// # Source
/// Twin of eFEL 5.7.34 `Spikecount_stimint`; differs: a spike counts by its rise, not by the place of its peak, and a little
/// less than one: on simulated traces the count is off by 0.0013 in the mean and 0.007 at worst.
pub(super) const ENTRY: Entry = Entry {
    name: "spike_count",
    unit_suffix: "",
    efel_name: "Spikecount_stimint",
    sentence: "Soft number of rises through the threshold within the stimulus.",
    applies: |_, _| true,
    evaluate,
};

fn evaluate(v_mv: &[f64], context: &FeatureContext, gradient: &mut [f64]) -> Option<f64> {
    let settings = &context.settings;
    let squash = |v: f64| sigmoid((v - settings.threshold_mv) / settings.threshold_temperature_mv);
    let slope = |s: f64| s * (1.0 - s) / settings.threshold_temperature_mv;
    let window = context.window();
    let mut before = squash(v_mv[window.start]);
    let mut count = 0.0;
    for idx in window.start + 1..window.end {
        let after = squash(v_mv[idx]);
        if after > before {
            count += after - before;
            gradient[idx] += slope(after);
            gradient[idx - 1] -= slope(before);
        }
        before = after;
    }
    Some(count)
}
