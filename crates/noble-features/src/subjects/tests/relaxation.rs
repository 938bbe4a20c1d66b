//! Time constants and resonance.

use std::f64::consts::TAU;

use super::Drawn;
use crate::waveform::{WINDOW_MS, prepared, sampled};
use crate::{PreparedSweep, Settings, Sweep};

const TAU_MS: f64 = 8.0;

pub(super) fn drawn() -> Vec<Drawn> {
    vec![returning(), twice_returning(), sagging(), charging(), resonant()]
}

/// An exponential return to the voltage at the start of the stimulus.
fn returning() -> Drawn {
    let sweep = prepared(WINDOW_MS, |t| match t {
        t if t <= 100.05 => -70.0,
        t if t <= WINDOW_MS.1 => -80.0,
        t => -70.0 - 10.0 * (-(t - WINDOW_MS.1) / TAU_MS).exp(),
    });
    Drawn::new(sweep).has("decay_time_constant_after_stim", &[TAU_MS])
}

/// After each of two stimuli another time constant.
fn twice_returning() -> Drawn {
    let v_mv = |t: f64| match t {
        t if t < 40.05 => -70.0,
        t if t < 60.0 => -75.0,
        t if t < 120.0 => -70.0 - 5.0 * (-(t - 60.0) / 3.0).exp(),
        t if t < 140.0 => -75.0,
        t => -70.0 - 5.0 * (-(t - 140.0) / 6.0).exp(),
    };
    let (times_ms, v_mv) = sampled(3000, v_mv);
    let sweep = Sweep::new(times_ms, v_mv, 39.95, 59.95).unwrap();
    let sweep = sweep.with_further_stimuli_ms(&[(39.95, 59.95), (119.85, 139.95)]).unwrap();
    Drawn::new(PreparedSweep::new(&sweep, &Settings::default()).unwrap())
        .has("multiple_decay_time_constant_after_stim", &[3.0, 6.0])
        .within(1e-4)
}

/// An exponential return from the sag that ends with a step to the steady state, so that its logarithm is a line.
fn sagging() -> Drawn {
    let sweep = prepared(WINDOW_MS, |t| match t - 100.0 {
        since if since < -0.05 => -70.0,
        since if since < 1.5 * TAU_MS - 0.05 => -80.0 - 5.0 * (-since / TAU_MS).exp(),
        since if since < 99.95 => -80.0,
        _ => -70.0,
    });
    Drawn::new(sweep).has("sag_amplitude", &[5.0]).has("sag_time_constant", &[TAU_MS]).within(1e-6)
}

/// An exponential fall of 10 mV. eFEL finds the asymptote to 0.01 mV and fits down to 0.04 mV above it, where the slope
/// is 0.005 mV/ms.
fn charging() -> Drawn {
    let sweep = prepared((19.95, 279.95), |t| match t {
        t if t < 20.0 => -70.0,
        t if t < 280.0 => -80.0 + 10.0 * (-(t - 20.0) / TAU_MS).exp(),
        _ => -70.0,
    });
    Drawn::new(sweep).has("time_constant", &[TAU_MS]).within(0.02)
}

/// The answer to a pulse of one sample is a damped oscillation of 20 Hz.
fn resonant() -> Drawn {
    let (times_ms, v_mv) = sampled(100_000, |t| {
        let since_s = (t - 100.0) / 1000.0;
        if since_s < 0.0 { -70.0 } else { -70.0 + (-since_s / 0.2).exp() * (TAU * 20.0 * since_s).cos() }
    });
    let (_, current_na) = sampled(100_000, |t| if (t - 100.0).abs() < 0.01 { 1.0 } else { 0.0 });
    let sweep = Sweep::new(times_ms, v_mv, 99.95, 9000.0).unwrap().with_current_na(current_na).unwrap();
    // A bin is 0.1 Hz wide.
    Drawn::new(PreparedSweep::new(&sweep, &Settings::default()).unwrap())
        .has("impedance", &[20.0])
        .within(0.0051)
}

#[test]
fn analytic_time_constants_of_drawn_exponentials() {
    drawn().iter().for_each(Drawn::check);
}
