//! How far a stimulus moves the voltage, the sag, and the input resistance that follows.

use std::ops::Range;

use super::levels::minimum_mv;
use crate::prepared::mean;
use crate::samples::EFEL_STEP_MS;
use crate::{Feature, PreparedSweep};

/// eFEL's samples of the deflected window, and how many before the stimulus end it stops.
const N_WINDOW: usize = 5;
const WINDOW_MS: f64 = N_WINDOW as f64 * EFEL_STEP_MS;

pub(super) const FEATURES: &[Feature] = &[
    Feature::one("voltage_deflection", "mv", voltage_deflection_mv)
        .is(
            "Voltage near the end of the stimulus above the mean of everything before it.",
            "mean of 5 samples, from 10 to 6 before the first t > stim_end, - mean V for t < stim_start",
        )
        .precisely("time averages, the first from 1 to 0.5 ms before stim_end"),
    Feature::one("voltage_deflection_vb_ssse", "mv", deflection_from_base_mv)
        .is("Steady state above the base voltage.", "steady_state_voltage_stimend - voltage_base")
        .of("steady_state_voltage_stimend voltage_base"),
    Feature::one("voltage_deflection_begin", "mv", deflection_begin_mv)
        .is(
            "Voltage early in the stimulus above the mean of everything before it.",
            "mean V for 0.05 d < t - stim_start <= 0.15 d - mean V for t < stim_start, d = stim_end - stim_start",
        )
        .precisely("time averages over the same windows"),
    Feature::one("ohmic_input_resistance", "megaohm", |s| {
        Some(voltage_deflection_mv(s)? / nonzero_current_na(s)?)
    })
    .is("Deflection per current.", "voltage_deflection / stimulus_current")
    .of("voltage_deflection"),
    Feature::one("ohmic_input_resistance_vb_ssse", "megaohm", |s| {
        Some(deflection_from_base_mv(s)? / nonzero_current_na(s)?)
    })
    .is("Deflection of the steady state per current.", "voltage_deflection_vb_ssse / stimulus_current")
    .of("voltage_deflection_vb_ssse"),
    Feature::one("sag_amplitude", "mv", sag_amplitude_mv)
        .is(
            "How far the voltage dips below its steady state; missing where that is above the base voltage.",
            "steady_state_voltage_stimend - minimum_voltage, if voltage_deflection_vb_ssse <= 0",
        )
        .of("steady_state_voltage_stimend minimum_voltage voltage_deflection_vb_ssse"),
    Feature::one("sag_ratio1", "", |s| Some(sag_amplitude_mv(s)? / depth_mv(s)?))
        .is("Sag as a share of the deepest deflection.", "sag_amplitude / (voltage_base - minimum_voltage)")
        .of("sag_amplitude voltage_base minimum_voltage"),
    Feature::one("sag_ratio2", "", |s| {
        if s.is_precise() && deflection_from_base_mv(s)? > 0.0 {
            return None;
        }
        Some((s.voltage_base_mv()? - s.steady_state_voltage_stimend_mv()?) / depth_mv(s)?)
    })
    .is(
        "Steady deflection as a share of the deepest.",
        "(voltage_base - steady_state_voltage_stimend) / (voltage_base - minimum_voltage)",
    )
    .of("voltage_base steady_state_voltage_stimend minimum_voltage")
    .precisely("as its parts; missing where the steady state is above the base voltage, as sag_ratio1 is"),
];

fn mean_before_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    if sweep.is_precise() {
        let window_ms = (sweep.origin_ms(), sweep.stim_start_ms());
        return if window_ms.0 < window_ms.1 { sweep.time_average(sweep.v_mv(), window_ms) } else { None };
    }
    mean(&sweep.v_mv()[..sweep.stim_start_idx()])
}

fn voltage_deflection_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    if sweep.is_precise() {
        let end_ms = sweep.stim_end_ms();
        let window_ms = (end_ms - 2.0 * WINDOW_MS, end_ms - WINDOW_MS);
        let deflected_mv =
            sweep.time_average(sweep.v_mv(), window_ms).filter(|_| sweep.has_window(window_ms))?;
        return Some(deflected_mv - mean_before_mv(sweep)?);
    }
    let after_idx = sweep.first_after(sweep.stim_end_ms());
    let is_followed = after_idx < sweep.v_mv().len();
    let start_idx = after_idx.checked_sub(2 * N_WINDOW).filter(|_| is_followed)?;
    Some(mean(&sweep.v_mv()[start_idx..start_idx + N_WINDOW])? - mean_before_mv(sweep)?)
}

fn deflection_begin_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let (start_ms, end_ms) = (sweep.stim_start_ms(), sweep.stim_end_ms());
    let from_ms = start_ms + (end_ms - start_ms) * 0.05;
    let to_ms = from_ms + (end_ms - start_ms) * 0.1;
    if sweep.is_precise() {
        let deflected_mv =
            sweep.time_average(sweep.v_mv(), (from_ms, to_ms)).filter(|_| sweep.has_window((from_ms, to_ms)));
        return Some(deflected_mv? - mean_before_mv(sweep)?);
    }
    let window: Range<usize> = sweep.first_after(from_ms)..sweep.first_after(to_ms);
    let difference = |deflected_mv: f64| Some(deflected_mv - mean_before_mv(sweep)?);
    Some(mean(&sweep.v_mv()[window]).and_then(difference).unwrap_or(f64::NAN))
}

fn deflection_from_base_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    Some(sweep.steady_state_voltage_stimend_mv()? - sweep.voltage_base_mv()?)
}

fn nonzero_current_na(sweep: &PreparedSweep<'_>) -> Option<f64> {
    sweep.sweep().stimulus_current_na().filter(|current_na| current_na.abs() > 0.0)
}

pub(super) fn sag_amplitude_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let sag_mv = sweep.steady_state_voltage_stimend_mv()? - minimum_mv(sweep)?;
    (deflection_from_base_mv(sweep)? <= 0.0).then_some(sag_mv)
}

/// Deepest deflection; missing where there is none.
fn depth_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let depth_mv = sweep.voltage_base_mv()? - minimum_mv(sweep)?;
    (depth_mv.abs() > 0.0).then_some(depth_mv)
}
