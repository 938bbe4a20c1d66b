//! Steady state: where the voltage settles.

use super::context::FeatureContext;
use super::kernel::mean;
use super::registry::Entry;

/// Mean voltage over the last tenth of the stimulus.
/// # Source
/// eFEL 5.7.34 `steady_state_voltage_stimend`; differs: the trace is not resampled, which on simulated traces changes 0.06 mV in
/// the mean and 0.5 mV at worst, where it fires.
pub(super) const ENTRY: Entry = Entry {
    name: "steady_state_mv",
    unit_suffix: "mv",
    efel_name: "steady_state_voltage_stimend",
    sentence: "Mean voltage over the last tenth of the stimulus.",
    applies: |_, _| true,
    evaluate,
};

fn evaluate(v_mv: &[f64], context: &FeatureContext, gradient: &mut [f64]) -> Option<f64> {
    Some(mean(v_mv, context.steady_window(), gradient, 1.0))
}
