//! Excursions above the threshold, the spikes of the soft features.

use std::ops::Range;

use super::context::FeatureContext;
use super::kernel::{End, soft_extremum};

/// A minimum after a spike is left behind once the voltage is this much above it.
const REBOUND_MV: f64 = 1.0;
/// Below this sum of weights every excursion only grazes the threshold and none counts.
const LEAST_WEIGHT: f64 = 1e-6;

/// A rise through the threshold within the stimulus and the fall that follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excursion {
    /// Samples from the onset, or from the minimum after the last excursion, up to the rise.
    pub(super) before: Range<usize>,
    /// Samples at or above the threshold.
    pub(super) above: Range<usize>,
    /// Samples after the fall, up to where the voltage has left its minimum or the next excursion begins.
    pub(super) after: Range<usize>,
}

/// Every excursion of a trace in order of time.
pub(super) fn excursions<'a>(
    v_mv: &'a [f64],
    context: &'a FeatureContext,
) -> impl Iterator<Item = Excursion> + 'a {
    let (window, threshold_mv) = (context.window(), context.settings.threshold_mv);
    let (mut from, mut before_start) = (window.start, window.start);
    std::iter::from_fn(move || {
        let first = rise(v_mv, from, threshold_mv).filter(|first| *first < window.end)?;
        let end = first + v_mv[first..].iter().position(|v| *v < threshold_mv)?;
        let next = rise(v_mv, end + 1, threshold_mv).unwrap_or(v_mv.len());
        let after = trough(v_mv, end..next);
        let before = before_start..first;
        (from, before_start) = (end, after.end - 1);
        Some(Excursion { before, above: first..end, after })
    })
}

/// First sample from `from` on that is at or above the threshold while the one before is not.
fn rise(v_mv: &[f64], from: usize, threshold_mv: f64) -> Option<usize> {
    let from = from.max(1);
    (from..v_mv.len()).find(|idx| v_mv[*idx] >= threshold_mv && v_mv[*idx - 1] < threshold_mv)
}

/// The part of a range up to where the voltage is [`REBOUND_MV`] above the lowest one so far.
fn trough(v_mv: &[f64], range: Range<usize>) -> Range<usize> {
    let mut lowest_mv = f64::INFINITY;
    let has_left = |idx: &usize| {
        lowest_mv = lowest_mv.min(v_mv[*idx]);
        v_mv[*idx] > lowest_mv + REBOUND_MV
    };
    let end = range.clone().find(has_left).unwrap_or(range.end);
    range.start..end
}

/// Height of an excursion; adds `scale ∂/∂v`.
pub(super) fn height_mv(
    v_mv: &[f64],
    excursion: &Excursion,
    context: &FeatureContext,
    (gradient, scale): (&mut [f64], f64),
) -> f64 {
    let temperature_mv = context.settings.extremum_temperature_mv;
    soft_extremum(v_mv, excursion.above.clone(), (End::Highest, temperature_mv), (gradient, scale))
}

/// Lowest voltage after an excursion; adds `scale ∂/∂v`.
pub(super) fn trough_mv(
    v_mv: &[f64],
    excursion: &Excursion,
    context: &FeatureContext,
    (gradient, scale): (&mut [f64], f64),
) -> f64 {
    let temperature_mv = context.settings.extremum_temperature_mv;
    soft_extremum(v_mv, excursion.after.clone(), (End::Lowest, temperature_mv), (gradient, scale))
}

/// Mean over all excursions of what `of` gives for one, `Σ ω f / Σ ω`; adds its gradient.
///
/// `ω = 1 − e^{−u²/2}`, `u = (height − threshold)/τ`: an excursion that only grazes the threshold has no weight, so the
/// mean does not jump when one comes or goes. None where there is no excursion. `of` adds `scale ∂f/∂v`.
pub(super) fn mean_over_excursions(
    v_mv: &[f64],
    context: &FeatureContext,
    gradient: &mut [f64],
    of: impl Fn(&Excursion, &mut [f64], f64) -> f64,
) -> Option<f64> {
    let settings = &context.settings;
    let distance = |height_mv: f64| (height_mv - settings.threshold_mv) / settings.threshold_temperature_mv;
    let (mut total, mut sum) = (0.0, 0.0);
    for excursion in excursions(v_mv, context) {
        let u = distance(height_mv(v_mv, &excursion, context, (gradient, 0.0)));
        let weight = 1.0 - (-0.5 * u * u).exp();
        total += weight;
        sum += weight * of(&excursion, gradient, 0.0);
    }
    if total < LEAST_WEIGHT {
        return None;
    }
    let mean = sum / total;
    for excursion in excursions(v_mv, context) {
        let u = distance(height_mv(v_mv, &excursion, context, (gradient, 0.0)));
        let fading = (-0.5 * u * u).exp();
        let value = of(&excursion, gradient, (1.0 - fading) / total);
        let by_height = (value - mean) / total * u * fading / settings.threshold_temperature_mv;
        height_mv(v_mv, &excursion, context, (gradient, by_height));
    }
    Some(mean)
}

/// Whether an excursion counts as a spike.
pub(super) fn has_spike(v_mv: &[f64], context: &FeatureContext) -> bool {
    excursions(v_mv, context).next().is_some()
}
