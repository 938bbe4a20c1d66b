//! How fast the voltage relaxes.

use super::deflection::sag_amplitude_mv;
use super::levels::minimum_mv;
use super::series::filled;
use super::straight_line::{Fit, fit, slope};
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

pub(super) const FEATURES: &[Feature] = &[
    Feature::one("time_constant", "ms", membrane_time_constant_ms)
        .is(
            "Membrane time constant, from the fall of the voltage in the first half of the stimulus.",
            "-1 / slope of ln(V - V[last] + x) over T, x in 0 .. 5 mV by golden section on the misfit; from the first 5 slopes <= -0.005 mV/ms to where the next 70 ms are flat",
        )
        .precisely("samples of the recording; the 10 left out and the 5 falling cover 1 ms and 0.5 ms"),
    Feature::one("decay_time_constant_after_stim", "ms", |s| {
        decay_ms(s, (s.stim_start_ms(), s.stim_end_ms()))
    })
    .is(
        "Time constant of the return after the stimulus to the one sample at its start; ill-conditioned on firing traces.",
        "|1 / slope| of ln|V - V(stim_start)| over T, from decay_start_after_stim to decay_end_after_stim after stim_end",
    )
    .precisely("recorded samples of the same window"),
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
        .precisely("samples of the recording"),
];

fn decay_ms(sweep: &PreparedSweep<'_>, (start_ms, end_ms): (f64, f64)) -> Option<f64> {
    let settings = sweep.settings();
    let start_idx = sweep.first_at(end_ms + settings.decay_start_after_stim_ms);
    let end_idx = sweep.first_at(end_ms + settings.decay_end_after_stim_ms);
    let reference_mv = *sweep.v_mv().get(sweep.first_at(start_ms))?;
    let times_ms = sweep.times_ms().get(start_idx..end_idx).filter(|window| !window.is_empty())?;
    Some(relaxation_ms(times_ms, &sweep.v_mv()[start_idx..end_idx], reference_mv))
}

fn relaxation_ms(times_ms: &[f64], v_mv: &[f64], reference_mv: f64) -> f64 {
    let logarithms: Vec<f64> = v_mv.iter().map(|v| (v - reference_mv).abs().ln()).collect();
    (1.0 / slope(times_ms, &logarithms)).abs()
}

fn sag_time_constant_ms(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let (lowest_mv, sag_mv) = (minimum_mv(sweep)?, sag_amplitude_mv(sweep)?);
    let nearly_back_mv = sweep.steady_state_voltage_stimend_mv()? - sag_mv * 0.1;
    let v_mv = sweep.v_mv();
    let lowest_sample_mv =
        if sweep.is_precise() { lowest_mv.max(lowest_sample_mv(sweep)?) } else { lowest_mv };
    let start_idx = v_mv.iter().position(|v| *v <= lowest_sample_mv)?;
    let end_idx = start_idx + v_mv[start_idx..].iter().position(|v| *v >= nearly_back_mv)?;
    if end_idx - start_idx < N_FIT {
        return None;
    }
    Some(relaxation_ms(&sweep.times_ms()[start_idx..end_idx], &v_mv[start_idx..end_idx], v_mv[end_idx]))
}

/// The lowest sample of the stimulus, which a refined minimum lies below.
fn lowest_sample_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let range = sweep.stim_start_idx()..sweep.first_at(sweep.stim_end_ms());
    sweep.v_mv().get(range)?.iter().copied().reduce(f64::min)
}

fn membrane_time_constant_ms(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let (times_ms, v_mv) = decay_samples(sweep)?;
    let asymptote_mv = *v_mv.last()?;
    let fit_with = |offset_mv: f64| -> Fit {
        let logarithms: Vec<f64> = v_mv.iter().map(|v| (v - asymptote_mv + offset_mv).ln()).collect();
        fit(times_ms, &logarithms)
    };
    Some(-1.0 / search_offset(fit_with).slope)
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
    let slopes = five_point_slopes(t, v)?;
    let n_falling = sweep.n_covering(N_FALLING);
    let fall_idx =
        slopes.windows(n_falling).position(|run| !run.iter().any(|slope| *slope > -FLAT_MV_PER_MS))?;
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

/// Ratio of the five-point differences of voltage and time; simpler ones at the ends. `None` below five samples.
fn five_point_slopes(times_ms: &[f64], v_mv: &[f64]) -> Option<Vec<f64>> {
    if times_ms.len() < 5 {
        return None;
    }
    Some(five_point(v_mv).iter().zip(five_point(times_ms)).map(|(dv, dt)| dv / dt).collect())
}

fn five_point(values: &[f64]) -> Vec<f64> {
    let last = values.len() - 1;
    let mut differences = vec![values[1] - values[0], (values[2] - values[0]) / 2.0];
    differences.extend(values.windows(5).map(|w| (-w[4] + 8.0 * w[3] - 8.0 * w[1] + w[0]) / 12.0));
    differences.extend([(values[last] - values[last - 2]) / 2.0, values[last] - values[last - 1]]);
    differences
}
