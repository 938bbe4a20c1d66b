//! Levels of voltage before, during and after the stimulus.

use std::ops::Range;

use crate::events::median;
use crate::prepared::mean;
use crate::samples::EFEL_STEP_MS;
use crate::scan::{first_maximum_idx, first_minimum_idx};
use crate::{BaseMode, Feature, PreparedSweep};

/// eFEL's samples of the hyperpolarized steady state, and how many before the stimulus end they stop.
const N_HYPER: usize = 30;
const N_HYPER_GAP: usize = 5;

pub(super) const FEATURES: &[Feature] = &[
    Feature::one("voltage_base", "mv", |s| s.voltage_base_mv())
        .is(
            "Voltage before the stimulus, whose window is a share of the stimulus start as an absolute time.",
            "mean (or median) V for 0.9 * stim_start <= t <= stim_start",
        )
        .precisely("time average (or median of the samples); stim_start and t are counted from the first sample"),
    Feature::one("steady_state_voltage_stimend", "mv", |s| s.steady_state_voltage_stimend_mv())
        .is(
            "Mean voltage over the last tenth of the stimulus.",
            "mean V for stim_end - 0.1 * (stim_end - stim_start) <= t < stim_end",
        )
        .precisely("time average over the same window"),
    Feature::one("steady_state_voltage", "mv", steady_state_voltage_mv)
        .is("Mean voltage after the stimulus, to the end of the trace.", "mean V for t > stim_end")
        .precisely("time average over the same window"),
    Feature::one("steady_state_hyper", "mv", steady_state_hyper_mv)
        .is(
            "Mean voltage shortly before the end of the stimulus.",
            "mean of the 30 samples that end 5 samples before stim_end",
        )
        .precisely("time average from 3.5 to 0.5 ms before stim_end"),
    Feature::one("maximum_voltage", "mv", maximum_mv)
        .is("Highest voltage of the stimulus.", "max V for stim_start <= t < stim_end")
        .precisely("vertex of the parabola through the highest sample and its neighbors"),
    Feature::one("minimum_voltage", "mv", minimum_mv)
        .is("Lowest voltage of the stimulus.", "min V for stim_start <= t < stim_end")
        .precisely("vertex of the parabola through the lowest sample and its neighbors"),
    Feature::one("maximum_voltage_from_voltagebase", "mv", |s| Some(maximum_mv(s)? - s.voltage_base_mv()?))
        .is("Highest voltage of the stimulus above the base voltage.", "maximum_voltage - voltage_base")
        .of("maximum_voltage voltage_base"),
    Feature::one("voltage_after_stim", "mv", voltage_after_stim_mv)
        .is(
            "Mean voltage in the middle of what follows the stimulus.",
            "mean V from stim_end + 0.25 * rest to the first sample after stim_end + 0.75 * rest, rest = T[last] - stim_end",
        )
        .precisely("time average over the same window"),
];

/// Base voltage: mean or median of the base window, whose ends are fractions of the stimulus start.
///
/// Missing where the stimulus starts at or before time zero. Where the window lies before the first sample eFEL takes
/// everything, where it lies behind the last one too; so do we in its mode, with [`crate::Warning::NoBaseWindow`]. In
/// precise mode the answer is missing there, and the fractions are of the time from the first sample to the stimulus,
/// so that nothing depends on where the time is zero.
/// # Source
/// eFEL 5.7.34 `voltage_base`.
pub(crate) fn find_voltage_base_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let settings = sweep.settings();
    let (start, end) = (settings.voltage_base_start_fraction, settings.voltage_base_end_fraction);
    base_of(sweep, sweep.v_mv(), (start, end), settings.voltage_base_mode)
}

/// Mean or median of a list in the window between two fractions of the stimulus start.
pub(super) fn base_of(
    sweep: &PreparedSweep<'_>,
    values: &[f64],
    fractions: (f64, f64),
    mode: BaseMode,
) -> Option<f64> {
    let window = base_window(sweep, fractions)?;
    if sweep.is_precise() {
        let inside = values.get(window).filter(|inside| !inside.is_empty())?;
        return match mode {
            BaseMode::Mean => {
                let (start_ms, end_ms) = base_window_ms(sweep, fractions);
                sweep.time_average(values, (start_ms, sweep.before_step_ms(end_ms)))
            }
            BaseMode::Median => Some(median(inside)),
        };
    }
    let window_values = values.get(efel_window(window, values.len()))?;
    match mode {
        _ if window_values.is_empty() => Some(f64::NAN),
        BaseMode::Mean => mean(window_values),
        BaseMode::Median => Some(median(window_values)),
    }
}

/// eFEL's window: from the first sample where none follows its start, to the last where none precedes its end.
fn efel_window(window: Range<usize>, n_samples: usize) -> Range<usize> {
    let start_idx = if window.start == n_samples { 0 } else { window.start };
    let end_idx = if window.end < 2 { n_samples } else { window.end };
    start_idx..end_idx
}

/// Whether any sample lies in the base window.
pub(crate) fn has_base_window(sweep: &PreparedSweep<'_>) -> bool {
    let settings = sweep.settings();
    let fractions = (settings.voltage_base_start_fraction, settings.voltage_base_end_fraction);
    base_window(sweep, fractions).is_some_and(|window| !window.is_empty())
}

fn base_window_ms(sweep: &PreparedSweep<'_>, fractions: (f64, f64)) -> (f64, f64) {
    let (origin_ms, rest_ms) = (sweep.origin_ms(), sweep.stim_start_ms() - sweep.origin_ms());
    (origin_ms + rest_ms * fractions.0, origin_ms + rest_ms * fractions.1)
}

fn base_window(sweep: &PreparedSweep<'_>, fractions: (f64, f64)) -> Option<Range<usize>> {
    let (start_ms, end_ms) = base_window_ms(sweep, fractions);
    let end_idx = sweep.times_ms().partition_point(|t| t - end_ms < sweep.settings().base_tolerance_ms);
    (start_ms < end_ms).then(|| sweep.first_at(start_ms)..end_idx)
}

fn steady_state_voltage_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    if sweep.is_precise() {
        let last_ms = *sweep.times_ms().last()?;
        let window_ms = (sweep.stim_end_ms(), last_ms);
        return if last_ms > window_ms.0 { sweep.time_average(sweep.v_mv(), window_ms) } else { None };
    }
    Some(mean(&sweep.v_mv()[sweep.first_after(sweep.stim_end_ms())..]).unwrap_or(f64::NAN))
}

fn steady_state_hyper_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    if sweep.is_precise() {
        let end_ms = sweep.stim_end_ms() - N_HYPER_GAP as f64 * EFEL_STEP_MS;
        let window_ms = (end_ms - N_HYPER as f64 * EFEL_STEP_MS, end_ms);
        return if sweep.has_window(window_ms) { sweep.time_average(sweep.v_mv(), window_ms) } else { None };
    }
    let end_idx = sweep.first_at(sweep.stim_end_ms()).checked_sub(N_HYPER_GAP)?;
    mean(&sweep.v_mv()[end_idx.checked_sub(N_HYPER)?..end_idx])
}

/// Samples of the stimulus; the first alone where the trace ends there. `None` where it ends before.
fn stimulus(sweep: &PreparedSweep<'_>) -> Option<Range<usize>> {
    let last_ms = *sweep.times_ms().last()?;
    let start_idx = sweep.stim_start_idx();
    let end_idx = sweep.first_at(sweep.stim_end_ms().min(last_ms)).max(start_idx + 1);
    (start_idx < sweep.v_mv().len()).then_some(start_idx..end_idx)
}

fn maximum_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let range = stimulus(sweep)?;
    Some(inside(sweep, range.clone(), first_maximum_idx(sweep.v_mv(), range.start, range.end)))
}

pub(super) fn minimum_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let range = stimulus(sweep)?;
    Some(inside(sweep, range.clone(), first_minimum_idx(sweep.v_mv(), range.start, range.end)))
}

/// The extremum at a sample, refined only where both neighbors belong to the stimulus.
fn inside(sweep: &PreparedSweep<'_>, range: Range<usize>, idx: usize) -> f64 {
    let is_inside = range.start < idx && idx + 1 < range.end;
    if is_inside { sweep.extremum(idx).v_mv } else { sweep.v_mv()[idx] }
}

fn voltage_after_stim_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let (end_ms, last_ms) = (sweep.stim_end_ms(), *sweep.times_ms().last()?);
    let rest_ms = last_ms - end_ms;
    if sweep.is_precise() {
        let window_ms = (end_ms + rest_ms * 0.25, end_ms + rest_ms * 0.75);
        return if rest_ms > 0.0 { sweep.time_average(sweep.v_mv(), window_ms) } else { None };
    }
    let start_idx = sweep.first_at(end_ms + rest_ms * 0.25);
    let end_idx = (sweep.first_after(end_ms + rest_ms * 0.75) + 1).min(sweep.v_mv().len());
    mean(sweep.v_mv().get(start_idx..end_idx)?)
}
