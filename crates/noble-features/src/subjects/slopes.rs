//! The steepest parts of a trace, and how slope grows with voltage at onset.

use std::ops::Range;

use super::series::filled;
use crate::scan::{first_maximum_idx, first_minimum_idx};
use crate::{Feature, PreparedSweep};

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
        .precisely("r covers AP_phaseslope_range * 0.1 ms"),
    Feature::one("phaseslope_max", "mv_per_ms", steepest_step_mv_per_ms)
        .is(
            "Steepest step of the whole trace, stimulus artifacts included.",
            "max (V[i + 1] - V[i]) / (T[i + 1] - T[i])",
        )
        .precisely("steps of the recording"),
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
    let range = sweep.n_covering(sweep.settings().n_phase_slope_range);
    let at = |onset_idx: usize| {
        let (before, after) = (onset_idx.checked_sub(range)?, onset_idx + range);
        let rise_mv = sweep.v_mv().get(after)? - sweep.v_mv()[before];
        (rise_mv.abs() > 0.0).then(|| (sweep.slopes()[after] - sweep.slopes()[before]) / rise_mv)
    };
    filled(sweep.onsets().iter().map(|onset| at(onset.sample_idx)).collect::<Option<Vec<f64>>>()?)
}

fn steepest_step_mv_per_ms(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let steps = sweep.v_mv().windows(2).zip(sweep.times_ms().windows(2));
    let slopes = steps.map(|(v, t)| (v[1] - v[0]) / (t[1] - t[0]));
    slopes.reduce(|steepest, slope| if slope > steepest || slope.is_nan() { slope } else { steepest })
}
