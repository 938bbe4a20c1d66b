//! Voltage levels before, during and after the stimulus, and the decay after it.

use std::ops::Range;

use crate::prepared::mean;
use crate::registry::{Evaluate, Feature};
use crate::{BaseMode, PreparedSweep};

/// The end of the stimulus whose mean is its steady state, as a fraction of its duration.
const STEADY_FRACTION: f64 = 0.1;

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        name: "voltage_base",
        unit_suffix: "mv",
        needs: &[],
        formula: "mean V for 0.9 * stim_start <= t <= stim_start",
        evaluate: Evaluate::One(PreparedSweep::voltage_base_mv),
    },
    Feature {
        name: "steady_state_voltage",
        unit_suffix: "mv",
        needs: &[],
        formula: "mean V for t > stim_end",
        evaluate: Evaluate::One(steady_state_voltage_mv),
    },
    Feature {
        name: "steady_state_voltage_stimend",
        unit_suffix: "mv",
        needs: &[],
        formula: "mean V for stim_end - 0.1 * (stim_end - stim_start) <= t < stim_end",
        evaluate: Evaluate::One(PreparedSweep::steady_state_voltage_stimend_mv),
    },
    Feature {
        name: "sag_amplitude",
        unit_suffix: "mv",
        needs: &["steady_state_voltage_stimend", "voltage_base", "minimum_voltage"],
        formula: "steady_state_voltage_stimend - minimum_voltage, where the former is not above voltage_base",
        evaluate: Evaluate::One(sag_amplitude_mv),
    },
    Feature {
        name: "decay_time_constant_after_stim",
        unit_suffix: "ms",
        needs: &[],
        formula: "|1 / slope| of the line through ln|V - V(stim_start)| from 1 to 10 ms after stim_end",
        evaluate: Evaluate::One(decay_time_constant_after_stim_ms),
    },
];

/// Base voltage: mean or median of the base window, whose ends are fractions of the stimulus start.
///
/// Missing where the stimulus starts at or before time zero, or the trace ends before the window. Where the window
/// holds no sample otherwise, as in a trace that begins after it, eFEL takes everything that follows; so do we,
/// with [`crate::Warning::NoBaseWindow`].
/// # Source
/// eFEL 5.7.34 `voltage_base`.
pub(crate) fn find_voltage_base_mv(sweep: &PreparedSweep) -> Option<f64> {
    let window = base_window(sweep)?;
    let window_mv = if window.is_empty() { &sweep.v_mv()[window.start..] } else { &sweep.v_mv()[window] };
    match sweep.settings().voltage_base_mode {
        BaseMode::Mean => mean(window_mv),
        BaseMode::Median => median(window_mv),
    }
}

/// Whether any sample lies in the base window.
pub(crate) fn has_base_window(sweep: &PreparedSweep) -> bool {
    base_window(sweep).is_some_and(|window| !window.is_empty())
}

fn base_window(sweep: &PreparedSweep) -> Option<Range<usize>> {
    let settings = sweep.settings();
    let start_ms = sweep.stim_start_ms() * settings.voltage_base_start_fraction;
    let end_ms = sweep.stim_start_ms() * settings.voltage_base_end_fraction;
    let end_idx = sweep.times_ms().partition_point(|t| t - end_ms < settings.voltage_base_tolerance_ms);
    (start_ms < end_ms).then(|| sweep.first_at(start_ms)..end_idx)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper_idx = sorted.len() / 2;
    let upper = *sorted.get(upper_idx)?;
    Some(if sorted.len() % 2 == 1 { upper } else { (sorted[upper_idx - 1] + upper) / 2.0 })
}

/// Mean voltage over the last tenth of the stimulus.
///
/// # Source
/// eFEL 5.7.34 `steady_state_voltage_stimend`.
pub(crate) fn find_steady_state_voltage_stimend_mv(sweep: &PreparedSweep) -> Option<f64> {
    mean(steady_window_mv(sweep))
}

/// Voltages over the last tenth of the stimulus.
pub(crate) fn steady_window_mv(sweep: &PreparedSweep) -> &[f64] {
    let (start_ms, end_ms) = (sweep.stim_start_ms(), sweep.stim_end_ms());
    let window_start_ms = end_ms - STEADY_FRACTION * (end_ms - start_ms);
    &sweep.v_mv()[sweep.first_at(window_start_ms)..sweep.first_at(end_ms)]
}

/// Mean voltage after the stimulus, to the end of the trace.
///
/// # Source
/// eFEL 5.7.34 `steady_state_voltage`; differs: missing, not NaN, where no sample follows the stimulus.
pub(crate) fn steady_state_voltage_mv(sweep: &PreparedSweep) -> Option<f64> {
    let start_idx = sweep.times_ms().partition_point(|t| *t <= sweep.stim_end_ms());
    mean(&sweep.v_mv()[start_idx..])
}

/// Lowest voltage of the stimulus.
///
/// # Source
/// eFEL 5.7.34 `minimum_voltage`.
fn minimum_voltage_mv(sweep: &PreparedSweep) -> Option<f64> {
    let last_ms = *sweep.times_ms().last()?;
    let start_idx = sweep.first_at(sweep.stim_start_ms());
    let end_idx = sweep.first_at(sweep.stim_end_ms().min(last_ms));
    let at_start_mv = *sweep.v_mv().get(start_idx)?;
    let window_mv = sweep.v_mv().get(start_idx..end_idx).unwrap_or_default();
    Some(window_mv.iter().copied().fold(at_start_mv, f64::min))
}

/// How far the voltage dips below its steady state during a hyperpolarizing stimulus.
///
/// Missing where the steady state is above the base voltage.
/// # Source
/// eFEL 5.7.34 `sag_amplitude`.
pub(crate) fn sag_amplitude_mv(sweep: &PreparedSweep) -> Option<f64> {
    let steady_mv = sweep.steady_state_voltage_stimend_mv()?;
    let deflection_mv = steady_mv - sweep.voltage_base_mv()?;
    let sag_mv = steady_mv - minimum_voltage_mv(sweep)?;
    (deflection_mv <= 0.0).then_some(sag_mv)
}

/// Time constant of the return after the stimulus: `|1 / slope|` of a line through `ln|V - V(stim_start)|`.
///
/// The reference voltage is one sample, at the stimulus start, and the line is fitted on absolute times by
/// `(n Sxy - Sx Sy) / (n Sxx - Sx^2)`; both are eFEL's, and the value is ill-conditioned on firing sweeps.
/// # Source
/// eFEL 5.7.34 `decay_time_constant_after_stim`; differs: missing, not NaN or infinite, where the logarithm or
/// the slope is not finite.
pub(crate) fn decay_time_constant_after_stim_ms(sweep: &PreparedSweep) -> Option<f64> {
    let end_ms = sweep.stim_end_ms();
    let start_idx = sweep.first_at(end_ms + sweep.settings().decay_start_after_stim_ms);
    let end_idx = sweep.first_at(end_ms + sweep.settings().decay_end_after_stim_ms);
    let reference_mv = *sweep.v_mv().get(sweep.first_at(sweep.stim_start_ms()))?;
    let times_ms = sweep.times_ms().get(start_idx..end_idx).filter(|window| !window.is_empty())?;
    let logarithms: Vec<f64> =
        sweep.v_mv()[start_idx..end_idx].iter().map(|v| (v - reference_mv).abs().ln()).collect();
    Some((1.0 / line_slope(times_ms, &logarithms)).abs())
}

/// Least-squares slope by the textbook sums, not centred.
fn line_slope(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mut sum_x, mut sum_y, mut sum_xx, mut sum_xy) = (0.0, 0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
    }
    (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::{prepared, prepared_with};
    use crate::{Settings, feature};

    const WINDOW: (f64, f64) = (100.0, 200.0);

    fn check(value: Option<f64>, expected: f64, tolerance: f64) {
        assert!(value.is_some_and(|value| (value - expected).abs() < tolerance), "{value:?}, not {expected}");
    }

    /// -70 mV, then -85 mV for 20 ms and -80 mV to the end of the stimulus, then back to -71 mV.
    fn sagging_mv(t_ms: f64) -> f64 {
        match t_ms {
            t if t <= 100.0 => -70.0,
            t if t <= 120.0 => -85.0,
            t if t <= 200.0 => -80.0,
            _ => -71.0,
        }
    }

    #[test]
    fn analytic_levels_of_a_staircase() {
        let sweep = prepared(WINDOW, sagging_mv);
        check(sweep.voltage_base_mv(), -70.0, 1e-9);
        check(sweep.steady_state_voltage_stimend_mv(), -80.0, 1e-9);
        check(steady_state_voltage_mv(&sweep), -71.0, 1e-9);
        check(sag_amplitude_mv(&sweep), 5.0, 1e-9);
    }

    #[test]
    fn analytic_sag_is_missing_on_depolarization() {
        let sweep = prepared(WINDOW, |t| if t > 100.0 && t <= 200.0 { -60.0 } else { -70.0 });
        assert_eq!(sag_amplitude_mv(&sweep), None);
    }

    #[test]
    fn analytic_exponential_return_has_its_time_constant() {
        for tau_ms in [2.0, 8.0, 45.0] {
            let sweep = prepared(WINDOW, |t| match t {
                t if t <= 100.5 => -70.0,
                t if t <= 200.0 => -80.0,
                t => -70.0 - 10.0 * (-(t - 200.0) / tau_ms).exp(),
            });
            check(decay_time_constant_after_stim_ms(&sweep), tau_ms, 1e-5 * tau_ms);
        }
    }

    #[test]
    fn analytic_base_window_follows_its_settings() {
        let settings = Settings {
            voltage_base_start_fraction: 0.5,
            voltage_base_end_fraction: 0.8,
            voltage_base_mode: BaseMode::Median,
            ..Settings::default()
        };
        check(prepared_with(&settings, WINDOW, |t| -t).voltage_base_mv(), -65.0, 0.051);
        check(median(&[3.0, 1.0, 2.0]), 2.0, 1e-15);
        check(median(&[4.0, 1.0, 2.0, 3.0]), 2.5, 1e-15);
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn invariant_what_has_no_samples_is_missing() {
        let from_zero = prepared((0.0, 200.0), |_| -70.0);
        assert_eq!(from_zero.voltage_base_mv(), None);
        let beyond = prepared((100.0, 400.0), |_| -70.0);
        for name in ["steady_state_voltage", "decay_time_constant_after_stim"] {
            assert_eq!(feature(name).unwrap().values(&beyond), None, "{name}");
        }
        let constant = prepared(WINDOW, |_| -70.0);
        assert_eq!(feature("decay_time_constant_after_stim").unwrap().values(&constant), None);
    }
}
