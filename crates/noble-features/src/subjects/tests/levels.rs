//! Levels of voltage and current, deflection and sag, and the samples themselves.

use super::Drawn;
use crate::waveform::{WINDOW_MS, prepared, prepared_with, sampled};
use crate::{BaseMode, PreparedSweep, Settings, Sweep, feature};

pub(super) fn drawn() -> Vec<Drawn> {
    vec![ramp(), staircase(), depolarized(), four_samples()]
}

/// `V = t` in mV and ms, `I = t / 100` in nA: a mean is the middle between the first and the last sample.
fn ramp() -> Drawn {
    let (times_ms, v_mv) = sampled(3000, |t| t);
    let (_, current_na) = sampled(3000, |t| t / 100.0);
    let sweep = Sweep::new(times_ms, v_mv, WINDOW_MS.0, WINDOW_MS.1).unwrap();
    let sweep = sweep.with_current_na(current_na).unwrap().with_stimulus_current_na(0.5).unwrap();
    let before_mv = 49.95;
    let deflection_mv = (199.0 + 199.4) / 2.0 - before_mv;
    Drawn::new(PreparedSweep::new(&sweep, &Settings::default()).unwrap())
        .has("voltage_base", &[94.95])
        .has("steady_state_voltage_stimend", &[194.95])
        .has("steady_state_voltage", &[249.95])
        .has("steady_state_hyper", &[(196.5 + 199.4) / 2.0])
        .has("maximum_voltage", &[199.9])
        .has("minimum_voltage", &[100.0])
        .has("maximum_voltage_from_voltagebase", &[199.9 - 94.95])
        .has("voltage_after_stim", &[250.0])
        .has("voltage_deflection", &[deflection_mv])
        .has("voltage_deflection_vb_ssse", &[100.0])
        .has("voltage_deflection_begin", &[(105.0 + 114.9) / 2.0 - before_mv])
        .has("ohmic_input_resistance", &[deflection_mv / 0.5])
        .has("ohmic_input_resistance_vb_ssse", &[200.0])
        .has("current_base", &[0.9495])
        .has("steady_state_current_stimend", &[1.9495])
        .lacks("sag_amplitude")
}

/// -70 mV, then -85 mV for 20 ms and -80 mV to the end of the stimulus, then -71 mV.
fn staircase() -> Drawn {
    let sweep = prepared(WINDOW_MS, |t| match t {
        t if t < WINDOW_MS.0 => -70.0,
        t if t < 119.95 => -85.0,
        t if t < WINDOW_MS.1 => -80.0,
        _ => -71.0,
    });
    Drawn::new(sweep)
        .has("voltage_base", &[-70.0])
        .has("steady_state_voltage_stimend", &[-80.0])
        .has("steady_state_voltage", &[-71.0])
        .has("sag_amplitude", &[5.0])
        .has("sag_ratio1", &[5.0 / 15.0])
        .has("sag_ratio2", &[10.0 / 15.0])
        .lacks("ohmic_input_resistance")
        .lacks("current_base")
}

/// Where the steady state lies above the base voltage there is no sag.
fn depolarized() -> Drawn {
    let sweep = prepared(WINDOW_MS, |t| if (WINDOW_MS.0..WINDOW_MS.1).contains(&t) { -60.0 } else { -70.0 });
    Drawn::new(sweep).has("voltage_deflection_vb_ssse", &[10.0]).lacks("sag_amplitude").lacks("sag_ratio1")
}

fn four_samples() -> Drawn {
    let (times_ms, v_mv) = sampled(4, |t| t - 70.0);
    let (_, current_na) = sampled(4, |t| 2.0 * t);
    let sweep = Sweep::new(times_ms, v_mv, 0.05, 0.25).unwrap().with_current_na(current_na).unwrap();
    Drawn::new(PreparedSweep::new(&sweep, &Settings::default()).unwrap())
        .has("time", &[0.0, 0.1, 0.2, 0.3])
        .has("voltage", &[-70.0, -69.9, -69.8, -69.7])
        .has("current", &[0.0, 0.2, 0.4, 0.6])
}

#[test]
fn analytic_levels_of_drawn_traces() {
    drawn().iter().for_each(Drawn::check);
}

#[test]
fn analytic_base_window_follows_its_settings() {
    let settings = Settings {
        voltage_base_start_fraction: 0.5,
        voltage_base_end_fraction: 0.8,
        voltage_base_mode: BaseMode::Median,
        ..Settings::default()
    };
    let sweep = prepared_with(&settings, WINDOW_MS, |t| t.powi(2));
    // Samples from 50.0 to 79.9 ms: the median is between those at 64.9 and 65.0 ms.
    let median_mv = (64.9_f64.powi(2) + 65.0_f64.powi(2)) / 2.0;
    Drawn::new(sweep).has("voltage_base", &[median_mv]).check();
}

#[test]
fn invariant_what_has_no_samples_is_missing() {
    let from_zero = prepared((0.0, 200.0), |_| -70.0);
    let beyond = prepared((100.0, 400.0), |_| -70.0);
    let constant = prepared(WINDOW_MS, |_| -70.0);
    Drawn::new(from_zero).lacks("voltage_base").check();
    Drawn::new(beyond).lacks("steady_state_voltage").lacks("decay_time_constant_after_stim").check();
    Drawn::new(constant).lacks("decay_time_constant_after_stim").lacks("sag_ratio1").check();
}

/// eFEL's NaN is our missing value, and can still be asked for.
#[test]
fn analytic_a_mean_of_nothing_is_missing_and_nan_in_efel() {
    let beyond = prepared((100.0, 400.0), |_| -70.0);
    let feature = feature("steady_state_voltage").unwrap();
    assert_eq!(feature.values(&beyond), None);
    assert!(feature.efel_values(&beyond).is_some_and(|values| values.len() == 1 && values[0].is_nan()));
}
