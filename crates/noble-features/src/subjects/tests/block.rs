//! Depolarization block.

use std::f64::consts::TAU;

use super::Drawn;
use crate::is_depolarization_blocked;
use crate::waveform::{WINDOW_MS, prepared, spikes_mv, spiking};

pub(super) fn drawn() -> Vec<Drawn> {
    let spike = spikes_mv(&[120.0]);
    let plateau = prepared(WINDOW_MS, move |t| if (130.0..190.0).contains(&t) { -30.0 } else { spike(t) });
    vec![
        Drawn::new(spiking(&[110.0, 130.0, 150.0, 170.0]))
            .has("depol_block", &[1.0])
            .has("depol_block_bool", &[0.0]),
        Drawn::new(plateau).lacks("depol_block").has("depol_block_bool", &[1.0]),
    ]
}

#[test]
fn analytic_block_of_drawn_traces() {
    for (drawn, is_blocked) in drawn().iter().zip([false, true]) {
        drawn.check();
        assert_eq!(is_depolarization_blocked(&drawn.sweep), is_blocked);
    }
}

#[test]
fn analytic_a_cell_held_near_zero_is_blocked_although_its_onset_is_high() {
    let spike = spikes_mv(&[150.0]);
    let is_held = |t: f64| (101.0..149.5).contains(&t) || (151.0..200.0).contains(&t);
    let sweep = prepared((100.0, 200.0), |t| match t {
        t if is_held(t) => -3.0,
        t if (149.5..151.0).contains(&t) => spike(t).max(-3.0),
        t if (100.0..101.0).contains(&t) => -70.0 + 67.0 * (t - 100.0),
        _ => -70.0,
    });
    assert!(is_depolarization_blocked(&sweep));
}

#[test]
fn analytic_fast_firing_with_a_high_mean_is_not_blocked() {
    let sweep = prepared((100.0, 200.0), |t| -10.0 - 55.0 * (TAU * t / 2.5).cos());
    assert!(sweep.steady_state_voltage_stimend_mv().is_some_and(|v| v > -40.0));
    assert!(!is_depolarization_blocked(&sweep));
}

#[test]
fn analytic_a_long_hyperpolarization_is_no_depolarization_block() {
    let spike = spikes_mv(&[110.0]);
    let sweep = prepared((100.0, 200.0), |t| if t > 130.0 && t < 190.0 { -90.0 } else { spike(t) });
    Drawn::new(sweep.clone()).lacks("depol_block").check();
    assert!(!is_depolarization_blocked(&sweep));
}
