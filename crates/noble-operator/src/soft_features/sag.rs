//! Sag: how much deeper a hyperpolarized voltage was than where it settles.

use super::context::FeatureContext;
use super::excursions::has_spike;
use super::kernel::{End, mean, soft_extremum};
use super::registry::Entry;

/// Steady state minus the soft minimum of the stimulus.
///
/// `V_ss − Σ w V`, `w = softmax(−V/τ)` over `on ≤ t < off`; `V_ss` the mean over the last tenth of it.
/// # Source
/// NOBLE's released fine-tuning (`differentiable_sagamplitude.py`, τ = 0.02 mV); differs: its window includes off. Twin of
/// eFEL 5.7.34 `sag_amplitude`; differs: the soft minimum is too high by some τ/2, on simulated traces by 0.011 mV in the mean
/// and 0.012 mV at worst.
pub(super) const ENTRY: Entry = Entry {
    name: "sag_mv",
    unit_suffix: "mv",
    efel_name: "sag_amplitude",
    sentence: "Steady state minus the soft minimum within the stimulus.",
    applies,
    evaluate,
};

/// A silent trace that the stimulus brings down.
fn applies(v_mv: &[f64], context: &FeatureContext) -> bool {
    let base = context.base_window();
    let mean_mv = |range: std::ops::Range<usize>| {
        let n_samples = range.len() as f64;
        v_mv[range].iter().sum::<f64>() / n_samples
    };
    !base.is_empty() && mean_mv(context.steady_window()) <= mean_mv(base) && !has_spike(v_mv, context)
}

fn evaluate(v_mv: &[f64], context: &FeatureContext, gradient: &mut [f64]) -> Option<f64> {
    let temperature_mv = context.settings.extremum_temperature_mv;
    let steady_mv = mean(v_mv, context.steady_window(), gradient, 1.0);
    let lowest_mv = soft_extremum(v_mv, context.window(), (End::Lowest, temperature_mv), (gradient, -1.0));
    Some(steady_mv - lowest_mv)
}
