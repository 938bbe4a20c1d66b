//! How fast the voltage relaxes.

use std::ops::Range;

use super::deflection::sag_amplitude_mv;
use super::levels::minimum_mv;
use super::series::filled;
use super::straight_line::{Fit, centred_slope, fit, slope};
use crate::scan::first_minimum_idx;
use crate::{Feature, PreparedSweep};

/// Slopes nearer to zero than this are flat. // [mV/ms]
const FLAT_MV_PER_MS: f64 = 5e-3;
/// Mean slopes are taken over this long to find the end of a decay.
const FLAT_SPAN_MS: f64 = 70.0;
/// Fewest samples of a fit.
const N_FIT: usize = 10;
/// eFEL's samples after the stimulus start that are left out.
const N_ONSET: usize = 10;
/// eFEL's samples that must fall in a row.
const N_FALLING: usize = 5;
/// eFEL's golden ratio, largest offset and tolerance of the search for the asymptote.
const GOLDEN: f64 = 1.618_033_988;
const LARGEST_OFFSET_MV: f64 = 5.0;
const OFFSET_TOLERANCE_MV: f64 = 0.01;

/// Change of the logarithm over the window below which precise mode finds no relaxation.
const LEAST_CHANGE: f64 = 1e-3;

pub(super) const FEATURES: &[Feature] = &[
    Feature::one("time_constant", "ms", membrane_time_constant_ms)
        .is(
            "Membrane time constant, from the fall of the voltage in the first half of the stimulus.",
            "-1 / slope of ln(V - V[last] + x) over T, x in 0 .. 5 mV by golden section on the misfit; from the first 5 slopes <= -0.005 mV/ms to where the next 70 ms are flat",
        )
        .precisely("samples of the recording; the 10 left out cover 1 ms, the 5 falling are 0.1 ms apart, slopes are taken over the 0.4 ms that they span on eFEL's grid, the line is fitted on times from its first sample; missing where the voltage does not fall toward an asymptote"),
    Feature::one("decay_time_constant_after_stim", "ms", |s| {
        decay_ms(s, (s.stim_start_ms(), s.stim_end_ms()))
    })
    .is(
        "Time constant of the return after the stimulus to the one sample at its start; ill-conditioned on firing traces.",
        "|1 / slope| of ln|V - V(stim_start)| over T, from decay_start_after_stim to decay_end_after_stim after stim_end",
    )
    .precisely("recorded samples of the same window, V(stim_start) on the line between two samples, the line fitted on centered times; missing where the logarithm changes by less than 0.001"),
    Feature::many("multiple_decay_time_constant_after_stim", "ms", |s| {
        let windows = s.sweep().further_stimuli_ms();
        filled(windows.iter().map(|window| decay_ms(s, *window)).collect::<Option<Vec<f64>>>()?)
    })
    .is(
        "The same after each of several stimuli.",
        "decay_time_constant_after_stim for each pair multi_stim_start, multi_stim_end",
    )
    .of("decay_time_constant_after_stim"),
    Feature::one("sag_time_constant", "ms", sag_time_constant_ms)
        .is(
            "Time constant of the return from the sag.",
            "|1 / slope| of ln|V - V[end]| over T, from the first V <= minimum_voltage to the first later V >= steady_state_voltage_stimend - 0.1 * sag_amplitude",
        )
        .of("minimum_voltage steady_state_voltage_stimend sag_amplitude")
        .precisely("samples of the recording from the lowest one of the stimulus on, the line fitted on centered times; missing where the logarithm changes by less than 0.001"),
];

fn decay_ms(sweep: &PreparedSweep<'_>, (start_ms, end_ms): (f64, f64)) -> Option<f64> {
    let settings = sweep.settings();
    let start_idx = sweep.first_at(end_ms + settings.decay_start_after_stim_ms);
    let end_idx = sweep.first_at(end_ms + settings.decay_end_after_stim_ms);
    let sample_mv = *sweep.v_mv().get(sweep.first_at(start_ms))?;
    let reference_mv =
        sweep.value_at(sweep.v_mv(), start_ms).filter(|_| sweep.is_precise()).unwrap_or(sample_mv);
    (start_idx < end_idx).then(|| relaxation_ms(sweep, start_idx..end_idx, reference_mv))
}

/// Time constant of the samples of a range toward a reference.
fn relaxation_ms(sweep: &PreparedSweep<'_>, range: Range<usize>, reference_mv: f64) -> f64 {
    let (times_ms, v_mv) = (&sweep.times_ms()[range.clone()], &sweep.v_mv()[range]);
    let logarithms: Vec<f64> = v_mv.iter().map(|v| (v - reference_mv).abs().ln()).collect();
    if sweep.is_precise() {
        let (rate, span_ms) =
            (centred_slope(times_ms, &logarithms).abs(), times_ms[times_ms.len() - 1] - times_ms[0]);
        return if rate * span_ms > LEAST_CHANGE { 1.0 / rate } else { f64::NAN };
    }
    (1.0 / slope(times_ms, &logarithms)).abs()
}

fn sag_time_constant_ms(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let sag_mv = sag_amplitude_mv(sweep)?;
    let nearly_back_mv = sweep.steady_state_voltage_stimend_mv()? - sag_mv * 0.1;
    let v_mv = sweep.v_mv();
    let start_idx = if sweep.is_precise() {
        first_minimum_idx(v_mv, sweep.stim_start_idx(), sweep.first_at(sweep.stim_end_ms()))
    } else {
        let lowest_mv = minimum_mv(sweep)?;
        v_mv.iter().position(|v| *v <= lowest_mv)?
    };
    let end_idx = start_idx + v_mv.get(start_idx..)?.iter().position(|v| *v >= nearly_back_mv)?;
    if end_idx - start_idx < N_FIT {
        return None;
    }
    Some(relaxation_ms(sweep, start_idx..end_idx, v_mv[end_idx]))
}

fn membrane_time_constant_ms(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let (times_ms, v_mv) = decay_samples(sweep)?;
    let asymptote_mv = *v_mv.last()?;
    // The sums of the fit lose digits with the square of the time.
    let origin_ms = if sweep.is_precise() { times_ms[0] } else { 0.0 };
    let times_ms: Vec<f64> = times_ms.iter().map(|time_ms| time_ms - origin_ms).collect();
    let fit_with = |offset_mv: f64| -> Fit {
        let logarithms: Vec<f64> = v_mv.iter().map(|v| (v - asymptote_mv + offset_mv).ln()).collect();
        fit(&times_ms, &logarithms)
    };
    let time_constant_ms = -1.0 / search_offset(fit_with).slope;
    (!sweep.is_precise() || time_constant_ms > 0.0).then_some(time_constant_ms)
}

/// The last fit of a golden section search for the offset with the smallest misfit, which need not be the best one.
///
/// # Source
/// eFEL 5.7.34 `time_constant`: the same sequence of offsets.
fn search_offset(fit_with: impl Fn(f64) -> Fit) -> Fit {
    let (mut lower, mut upper) = (0.0, LARGEST_OFFSET_MV);
    let mut middle = (lower * GOLDEN + upper) / (1.0 + GOLDEN);
    let mut last = fit_with(middle);
    let (mut smallest, mut is_upward) = (last.relative_residual, true);
    while upper - lower > OFFSET_TOLERANCE_MV {
        let outer = if is_upward { upper } else { lower };
        let tried = (middle * GOLDEN + outer) / (1.0 + GOLDEN);
        last = fit_with(tried);
        if last.relative_residual < smallest {
            if is_upward {
                lower = middle
            } else {
                upper = middle
            }
            (middle, smallest) = (tried, last.relative_residual);
        } else {
            if is_upward {
                upper = tried
            } else {
                lower = tried
            }
            is_upward = !is_upward;
        }
    }
    last
}

/// The falling part of the first half of the stimulus.
fn decay_samples<'a>(sweep: &'a PreparedSweep<'_>) -> Option<(&'a [f64], &'a [f64])> {
    let start_idx = sweep.stim_start_idx() + sweep.n_covering(N_ONSET);
    let half_ms = (sweep.stim_start_ms() + sweep.stim_end_ms()) / 2.0;
    let half_idx = sweep.first_at(half_ms).max(start_idx);
    let half_time_ms = *sweep.times_ms().get(half_idx)?;
    let (t, v) = (&sweep.times_ms()[start_idx..half_idx], &sweep.v_mv()[start_idx..half_idx]);
    let n_apart = sweep.n_covering(1);
    let slopes = five_point_slopes(t, v, n_apart)?;
    let is_flat = |slope: &f64| *slope > -FLAT_MV_PER_MS;
    let mut runs = slopes.windows((N_FALLING - 1) * n_apart + 1);
    let fall_idx = runs.position(|run| !run.iter().step_by(n_apart).any(is_flat))?;
    let is_flat_at = |idx: usize| slopes[idx] + FLAT_MV_PER_MS > 0.0 && is_flat_after(t, &slopes, idx);
    let is_end = |idx: &usize| t[*idx] >= half_time_ms - FLAT_SPAN_MS || is_flat_at(*idx);
    let end_idx = (fall_idx..t.len()).find(is_end).unwrap_or(t.len());
    (end_idx - fall_idx >= N_FIT).then(|| (&t[fall_idx..end_idx], &v[fall_idx..end_idx]))
}

fn is_flat_after(times_ms: &[f64], slopes: &[f64], idx: usize) -> bool {
    let span =
        times_ms[idx..].iter().zip(&slopes[idx..]).take_while(|(t, _)| *t - times_ms[idx] < FLAT_SPAN_MS);
    let (sum, n) = span.fold((0.0, 0.0), |(sum, n), (_, slope)| (sum + slope, n + 1.0));
    sum / n + FLAT_MV_PER_MS > 0.0
}

/// Ratio of the five-point differences of voltage and time, points so many samples apart; simpler ones at the ends.
/// `None` where five points do not fit.
fn five_point_slopes(times_ms: &[f64], v_mv: &[f64], n_apart: usize) -> Option<Vec<f64>> {
    if times_ms.len() < 4 * n_apart + 1 {
        return None;
    }
    let slope = |idx: usize| five_point(v_mv, idx, n_apart) / five_point(times_ms, idx, n_apart);
    Some((0..v_mv.len()).map(slope).collect())
}

fn five_point(x: &[f64], idx: usize, n: usize) -> f64 {
    let last_idx = x.len() - 1;
    match idx.min(last_idx - idx) {
        edge if edge >= 2 * n => {
            (-x[idx + 2 * n] + 8.0 * x[idx + n] - 8.0 * x[idx - n] + x[idx - 2 * n]) / 12.0
        }
        edge if edge >= n => (x[idx + n] - x[idx - n]) / 2.0,
        _ if idx < n => x[idx + n] - x[idx],
        _ => x[idx] - x[idx - n],
    }
}
