//! Width of spikes at half height.

use super::context::FeatureContext;
use super::excursions::{Excursion, has_spike, height_mv, mean_over_excursions, trough_mv};
use super::kernel::part_above;
use super::registry::Entry;

/// Mean over the spikes of the soft time above half height.
///
/// `∫ σ((V − h)/τ) dt` from the minimum after the spike before to the minimum after this one, `h` halfway between soft maximum and soft
/// minimum after it, `V` straight between samples.
/// # Source
/// Twin of the mean of eFEL 5.7.34 `spike_half_width`; differs: all time above half height since the last minimum counts: on
/// simulated traces off by 0.001 ms in the mean, 0.007 ms at worst.
pub(super) const ENTRY: Entry = Entry {
    name: "ap_half_width_ms",
    unit_suffix: "ms",
    efel_name: "spike_half_width",
    sentence: "Mean soft time that spikes spend above half their height.",
    applies: has_spike,
    evaluate,
};

fn evaluate(v_mv: &[f64], context: &FeatureContext, gradient: &mut [f64]) -> Option<f64> {
    mean_over_excursions(v_mv, context, gradient, |excursion, gradient, scale| {
        width_ms(v_mv, excursion, context, (gradient, scale))
    })
}

fn width_ms(
    v_mv: &[f64],
    excursion: &Excursion,
    context: &FeatureContext,
    (gradient, scale): (&mut [f64], f64),
) -> f64 {
    let (step_ms, temperature_mv) = (context.grid.step_ms(), context.settings.level_temperature_mv);
    let highest_mv = height_mv(v_mv, excursion, context, (gradient, 0.0));
    let lowest_mv = trough_mv(v_mv, excursion, context, (gradient, 0.0));
    let half_mv = 0.5 * (highest_mv + lowest_mv);
    let by_voltage = scale * step_ms / temperature_mv;
    let (mut width_ms, mut by_half) = (0.0, 0.0);
    for idx in excursion.before.start + 1..excursion.after.end {
        let ends = [idx - 1, idx].map(|idx| (v_mv[idx] - half_mv) / temperature_mv);
        let (part, by_before, by_after) = part_above(ends[0], ends[1]);
        width_ms += step_ms * part;
        gradient[idx - 1] += by_voltage * by_before;
        gradient[idx] += by_voltage * by_after;
        by_half -= by_voltage * (by_before + by_after);
    }
    height_mv(v_mv, excursion, context, (gradient, 0.5 * by_half));
    trough_mv(v_mv, excursion, context, (gradient, 0.5 * by_half));
    width_ms
}
