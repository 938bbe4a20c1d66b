//! Properties that hold for every trace, and the page on the features.

mod page;

use noble_data::{TimeGrid, Trace};
use noble_features::fi::fi_point;
use noble_features::{Error, Mode, PreparedSweep, Settings, Sweep, features, is_depolarization_blocked};
use proptest::prelude::*;

/// Voltages of a cell, a quantized recording with samples exactly at the threshold, or any finite number.
fn voltages(n_samples: usize) -> impl Strategy<Value = Vec<f64>> {
    let finite =
        prop_oneof![any::<f64>().prop_filter("finite", |v| v.is_finite()), Just(f64::MAX), Just(f64::MIN)];
    prop_oneof![
        prop::collection::vec(-100.0..60.0_f64, n_samples),
        prop::collection::vec((-10..6_i32).prop_map(|level| f64::from(level) * 10.0), n_samples),
        prop::collection::vec(finite, n_samples),
    ]
}

/// Non-decreasing times, some of them equal.
fn times(n_samples: usize) -> impl Strategy<Value = Vec<f64>> {
    let steps = prop_oneof![Just(0.0), Just(0.1), 1e-9..3.0_f64];
    (-200.0..200.0_f64, prop::collection::vec(steps, n_samples)).prop_map(|(start_ms, steps_ms)| {
        let mut time_ms = start_ms;
        steps_ms.into_iter().map(|step_ms| (time_ms, time_ms += step_ms).0).collect()
    })
}

fn sweeps() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    (1..300_usize).prop_flat_map(|n_samples| (times(n_samples), voltages(n_samples)))
}

fn settings() -> impl Strategy<Value = Settings> {
    let mode = prop_oneof![Just(Mode::Efel), Just(Mode::Precise)];
    (mode, -60.0..20.0_f64, 1..8_usize, 0.02..1.0_f64, any::<bool>()).prop_map(
        |(mode, threshold_mv, n_derivative_window, interp_step_ms, drops_peaks_outside_stimulus)| Settings {
            mode,
            threshold_mv: threshold_mv.round(),
            n_derivative_window,
            interp_step_ms,
            drops_peaks_outside_stimulus,
            ..Settings::default()
        },
    )
}

fn all_values(sweep: &Sweep<'_>, settings: &Settings) -> Result<Vec<Option<Vec<f64>>>, Error> {
    let prepared = PreparedSweep::new(sweep, settings)?;
    let _ = (is_depolarization_blocked(&prepared), prepared.warnings(), fi_point(&prepared, 0.1));
    Ok(features().map(|feature| feature.values(&prepared)).collect())
}

proptest! {
    #[test]
    fn invariant_finite_traces_give_finite_values_or_none(
        (times_ms, v_mv) in sweeps(),
        settings in settings(),
        (stim_start_ms, duration_ms) in (-250.0..800.0_f64, 1e-6..800.0_f64),
    ) {
        let sweep = Sweep::new(times_ms.as_slice(), &v_mv, stim_start_ms, stim_start_ms + duration_ms).unwrap();
        for values in all_values(&sweep, &settings).unwrap().into_iter().flatten() {
            prop_assert!(!values.is_empty() && values.iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn invariant_any_numbers_are_refused_or_computed(
        times_ms in prop::collection::vec(any::<f64>(), 0..20),
        v_mv in prop::collection::vec(any::<f64>(), 0..20),
        window in any::<(f64, f64)>(),
    ) {
        if let Ok(sweep) = Sweep::new(times_ms.as_slice(), &v_mv, window.0, window.1) {
            let _ = all_values(&sweep, &Settings::default());
            let _ = all_values(&sweep, &Settings::precise());
        }
    }

    #[test]
    fn invariant_an_even_grid_needs_no_list(
        v_mv in (3..300_usize).prop_flat_map(voltages),
        (start_ms, step_ms) in (-50.0..50.0_f64, 0.01..2.0_f64),
    ) {
        let grid = TimeGrid::new(start_ms, step_ms, v_mv.len()).unwrap();
        let trace = Trace::new(grid, v_mv).unwrap();
        let times_ms = grid.times_ms();
        let from_trace = Sweep::from_trace(&trace, 10.0, 20.0).unwrap();
        let listed = Sweep::new(times_ms.as_slice(), trace.v_mv(), 10.0, 20.0).unwrap();
        for settings in [Settings::default(), Settings::precise()] {
            prop_assert_eq!(all_values(&from_trace, &settings), all_values(&listed, &settings));
        }
    }
}

/// A sample exactly at the threshold in the fall of the first spike hides its crossing, so that one peak comes twice;
/// the values are those of eFEL 5.7.34.
#[test]
fn matches_efel_where_a_peak_comes_twice() {
    let times_ms: Vec<f64> = (0..801).map(|idx| f64::from(idx) * 0.125).collect();
    let triangle = |t: f64, at: f64, height: f64| match t - at {
        dt if (-1.0..=0.0).contains(&dt) => (70.0 + height) * (1.0 + dt),
        dt if (0.0..=1.0).contains(&dt) => (70.0 + height) * (1.0 - dt),
        _ => 0.0,
    };
    let v_mv: Vec<f64> = times_ms
        .iter()
        .map(|t| -70.0 + triangle(*t, 30.0, 20.0) + triangle(*t, 50.0, 40.0) + triangle(*t, 70.0, 31.0))
        .enumerate()
        .map(|(idx, v)| if idx == 244 { -20.0 } else { v })
        .collect();
    let sweep = Sweep::new(times_ms.as_slice(), &v_mv, 20.0, 80.0).unwrap();
    let settings = Settings { interp_step_ms: 0.125, ..Settings::default() };
    let prepared = PreparedSweep::new(&sweep, &settings).unwrap();
    let values = |name: &str| noble_features::feature(name).unwrap().values(&prepared).unwrap_or_default();
    assert_eq!(values("peak_indices"), [400.0, 400.0]);
    assert_eq!(values("min_AHP_indices"), [400.0, 408.0]);
    assert_eq!(values("AHP_depth_from_peak"), [0.0, 110.0]);
    assert_eq!(values("min_between_peaks_values"), [40.0, -70.0]);
}
