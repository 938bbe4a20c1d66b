//! The steepest parts of a trace, and how slope grows with voltage at onset.

use std::ops::Range;

use super::series::filled;
use crate::samples::EFEL_STEP_MS;
use crate::scan::{first_maximum_idx, first_minimum_idx};
use crate::{Feature, Point, PreparedSweep};

pub(super) const FEATURES: &[Feature] = &[
    Feature::many("AP_peak_upstroke", "mv_per_ms", upstrokes_mv_per_ms)
        .is(
            "Steepest rise of each spike.",
            "max dV/dt from each onset to the first peak after it that is not yet taken",
        )
        .of("AP_begin_indices peak_indices")
        .precisely("vertex of the parabola through the largest slope and its neighbors"),
    Feature::many("AP_peak_downstroke", "mv_per_ms", |s| {
        let steepest = |range: Range<usize>| first_minimum_idx(s.slopes(), range.start, range.end);
        let pairs = s.peaks().iter().zip(s.ahps());
        let found = pairs.map(|(peak, ahp)| steepest(peak.sample_idx..ahp.sample_idx));
        filled(found.map(|idx| s.extreme_value(s.slopes(), idx)).collect())
    })
    .is("Steepest fall of each spike.", "min dV/dt from peak to fast AHP, paired in order")
    .of("peak_indices min_AHP_indices")
    .precisely("vertex of the parabola through the smallest slope and its neighbors"),
    Feature::many("AP_phaseslope", "per_ms", phase_slopes_per_ms)
        .is(
            "Slope of dV/dt over V at onset.",
            "(dV/dt[b + r] - dV/dt[b - r]) / (V[b + r] - V[b - r]), b onset, r AP_phaseslope_range",
        )
        .of("AP_begin_indices")
        .precisely("on the lines between samples, r = AP_phaseslope_range * 0.1 ms"),
    Feature::one("phaseslope_max", "mv_per_ms", steepest_step_mv_per_ms)
        .is(
            "Steepest step of the whole trace, stimulus artifacts included.",
            "max (V[i + 1] - V[i]) / (T[i + 1] - T[i])",
        )
        .precisely("steps of the recording; equal times are passed over"),
];

fn upstrokes_mv_per_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let mut peaks = sweep.peaks().iter().map(|peak| peak.sample_idx);
    let mut upstrokes = Vec::with_capacity(sweep.onsets().len());
    for onset in sweep.onsets() {
        let Some(peak_idx) = peaks.find(|peak_idx| *peak_idx >= onset.sample_idx) else { break };
        let steepest_idx = first_maximum_idx(sweep.slopes(), onset.sample_idx, peak_idx);
        upstrokes.push(sweep.extreme_value(sweep.slopes(), steepest_idx));
    }
    filled(upstrokes)
}

fn phase_slopes_per_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let at = |onset: &Point| {
        if sweep.is_precise() { precise_phase_slope(sweep, onset) } else { phase_slope(sweep, onset) }
    };
    filled(sweep.onsets().iter().map(at).collect::<Option<Vec<f64>>>()?)
}

fn phase_slope(sweep: &PreparedSweep<'_>, onset: &Point) -> Option<f64> {
    let range = sweep.settings().n_phase_slope_range;
    let (before, after) = (onset.sample_idx.checked_sub(range)?, onset.sample_idx + range);
    let rise_mv = sweep.v_mv().get(after)? - sweep.v_mv()[before];
    (rise_mv.abs() > 0.0).then(|| (sweep.slopes()[after] - sweep.slopes()[before]) / rise_mv)
}

fn precise_phase_slope(sweep: &PreparedSweep<'_>, onset: &Point) -> Option<f64> {
    let range_ms = sweep.settings().n_phase_slope_range as f64 * EFEL_STEP_MS;
    let change = |values: &[f64]| {
        let [before, after] =
            [-range_ms, range_ms].map(|shift_ms| sweep.value_at(values, onset.time_ms + shift_ms));
        Some(after? - before?)
    };
    let rise_mv = change(sweep.v_mv())?;
    (rise_mv.abs() > 0.0).then_some(change(sweep.slopes())? / rise_mv)
}

/// Equal times have no slope; in precise mode they are passed over.
fn steepest_step_mv_per_ms(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let steps = sweep.v_mv().windows(2).zip(sweep.times_ms().windows(2));
    let steps = steps.filter(|(_, t)| !sweep.is_precise() || t[1] > t[0]);
    let slopes = steps.map(|(v, t)| (v[1] - v[0]) / (t[1] - t[0]));
    slopes.reduce(|steepest, slope| if slope > steepest || slope.is_nan() { slope } else { steepest })
}
