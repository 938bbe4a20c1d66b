use noble_data::TimeGrid;

use super::*;
use crate::StepTiming;

/// Central differences of step 1e-5 mV on values of order 100: truncation below 1e-7, rounding 1e-8.
const STEP_MV: f64 = 1e-5;
const GRADIENT_ERROR: f64 = 2e-6;

fn context(step_ms: f64, total_ms: f64, settings: SoftSettings) -> FeatureContext {
    let n_samples = (total_ms / step_ms).round() as usize + 1;
    FeatureContext {
        grid: TimeGrid::new(0.0, step_ms, n_samples).unwrap(),
        stimulus: StepTiming { delay_ms: 10.0, duration_ms: total_ms - 20.0 },
        settings,
    }
}

fn default(step_ms: f64) -> FeatureContext {
    context(step_ms, 120.0, SoftSettings::default())
}

fn cold() -> SoftSettings {
    SoftSettings {
        threshold_mv: -20.0,
        extremum_temperature_mv: 1e-4,
        threshold_temperature_mv: 1e-3,
        level_temperature_mv: 1e-3,
    }
}

/// Spikes of a Gaussian shape on a rest of −70 mV, each with a trough of 8 mV after it.
fn spiking(context: &FeatureContext, times_ms: &[f64], height_mv: f64) -> Vec<f64> {
    let value = |t: f64| {
        let spike = |at: &f64| {
            let trough = -8.0 * (-((t - at - 4.0) / 1.5).powi(2)).exp();
            (height_mv + 70.0) * (-((t - at) / 0.4).powi(2)).exp() + trough
        };
        -70.0 + times_ms.iter().map(spike).sum::<f64>() + 0.01 * (0.9 * t).sin()
    };
    context.grid.times_ms().into_iter().map(value).collect()
}

/// A step down that overshoots by 3 mV and comes back with 12 ms.
fn sagging(context: &FeatureContext) -> Vec<f64> {
    let value = |t: f64| match t - 10.0 {
        since if since < 0.0 || t > 110.0 => -70.0,
        since => {
            -90.0 + 20.0 * (-since / 4.0).exp() - 6.0 * (-since / 12.0).exp() * (1.0 - (-since / 4.0).exp())
        }
    };
    context.grid.times_ms().into_iter().map(value).collect()
}

fn evaluate(name: &str, v_mv: &[f64], context: &FeatureContext) -> Option<f64> {
    SoftFeature::named(name).unwrap().value_and_gradient(v_mv, context, &mut vec![0.0; v_mv.len()])
}

fn check_gradient(feature: SoftFeature, v_mv: &[f64], context: &FeatureContext) {
    let mut gradient = vec![1.0; v_mv.len()];
    let Some(value) = feature.value_and_gradient(v_mv, context, &mut gradient) else {
        assert!(gradient.iter().all(|g| *g == 0.0), "{feature:?}");
        return;
    };
    assert!(value.is_finite(), "{feature:?}: {value}");
    let mut scratch = vec![0.0; v_mv.len()];
    let largest = gradient.iter().fold(1.0_f64, |largest, g| largest.max(g.abs()));
    // Where two samples are equal, the running maximum and the sum of rises have a corner.
    let is_corner = |idx: usize| {
        let mut others = v_mv.iter().enumerate().filter(|(other, _)| *other != idx);
        others.any(|(_, v)| (v - v_mv[idx]).abs() < 2.0 * STEP_MV)
    };
    for idx in (0..v_mv.len()).filter(|idx| !is_corner(*idx)) {
        let mut moved = |step: f64| {
            let mut moved = v_mv.to_vec();
            moved[idx] += step;
            feature.value_and_gradient(&moved, context, &mut scratch).unwrap()
        };
        let slope = (moved(STEP_MV) - moved(-STEP_MV)) / (2.0 * STEP_MV);
        let error = (slope - gradient[idx]).abs() / largest;
        assert!(error < GRADIENT_ERROR, "{feature:?} sample {idx}: {} but {slope}", gradient[idx]);
    }
}

#[test]
fn analytic_gradients_by_central_differences() {
    for step_ms in [0.25, 0.7] {
        let context =
            context(step_ms, 60.0, SoftSettings { extremum_temperature_mv: 0.3, ..SoftSettings::default() });
        let traces = [
            spiking(&context, &[20.0, 33.1, 41.7], 25.0),
            spiking(&context, &[20.0, 33.1], -10.0),
            spiking(&context, &[27.3], -35.0),
            sagging(&context),
        ];
        for trace in &traces {
            SoftFeature::all().for_each(|feature| check_gradient(feature, trace, &context));
        }
    }
}

#[test]
fn analytic_gradients_at_the_temperatures_of_use() {
    let context = context(0.5, 60.0, SoftSettings::default());
    for trace in [spiking(&context, &[20.0, 33.1], 25.0), sagging(&context)] {
        SoftFeature::all().for_each(|feature| check_gradient(feature, &trace, &context));
    }
}

#[test]
fn analytic_cold_features_are_the_hard_ones() {
    let context = context(0.01, 120.0, cold());
    let times_ms = [31.0, 52.0, 75.0];
    let trace = spiking(&context, &times_ms, 20.0);
    let check = |name: &str, expected: f64, tolerance: f64| {
        let got = evaluate(name, &trace, &context).unwrap();
        assert!((got - expected).abs() < tolerance, "{name}: {got}, expected {expected}");
    };
    check("spike_count", 3.0, 1e-9);
    check("ap_height_mv", 20.0, 0.05);
    check("ahp_depth_mv", -8.0, 0.05);
    // Between 20 and −78 mV: half at −29 mV, ln(90/41) wide on both sides; the trough's tail narrows it a little.
    check("ap_half_width_ms", 2.0 * 0.4 * (90.0_f64 / 41.0).ln().sqrt(), 5e-3);
    check("first_spike_ms", 21.0 - 0.4 * (90.0_f64 / 50.0).ln().sqrt(), 5e-3);
    let trace = sagging(&context);
    let lowest = trace.iter().copied().fold(0.0, f64::min);
    let steady = trace[10_000..11_000].iter().sum::<f64>() / 1000.0;
    assert!((evaluate("sag_mv", &trace, &context).unwrap() - (steady - lowest)).abs() < 1e-3);
    assert!((evaluate("steady_state_mv", &trace, &context).unwrap() - steady).abs() < 1e-12);
}

#[test]
fn analytic_departures_vanish_with_the_temperature() {
    let departures = |temperature: f64| {
        let settings = SoftSettings {
            threshold_mv: -20.0,
            extremum_temperature_mv: temperature,
            threshold_temperature_mv: 10.0 * temperature,
            level_temperature_mv: 10.0 * temperature,
        };
        let (soft, hard) = (context(0.05, 120.0, settings), context(0.05, 120.0, cold()));
        let (firing, silent) = (spiking(&soft, &[31.0, 52.0], 20.0), sagging(&soft));
        SoftFeature::all()
            .map(|feature| {
                let trace = if feature.name() == "sag_mv" { &silent } else { &firing };
                let value = |context| evaluate(feature.name(), trace, context).unwrap();
                (feature.name(), (value(&soft) - value(&hard)).abs())
            })
            .collect::<Vec<_>>()
    };
    for ((name, warm), (_, cool)) in departures(0.4).into_iter().zip(departures(0.05)) {
        assert!(cool < 1e-9 || cool < 0.6 * warm, "{name}: {warm:e} at first, {cool:e} when cooler");
        assert!(cool < 0.05, "{name}: {cool:e}");
    }
}

#[test]
fn invariant_every_trace_has_finite_values_and_gradients() {
    let context = default(0.1);
    let n = context.grid.n_samples();
    let mut traces = vec![
        vec![-70.0; n],
        vec![30.0; n],
        vec![-20.0; n],
        (0..n).map(|i| if i % 2 == 0 { -1e6 } else { 1e6 }).collect(),
        (0..n).map(|i| if i < n / 2 { -70.0 } else { 0.0 }).collect(),
        (0..n).map(|i| if i == 500 { -20.0 } else { -70.0 }).collect(),
    ];
    traces.push(spiking(&context, &[109.9], 20.0));
    traces.push(spiking(&context, &[10.1], 20.0));
    for trace in &traces {
        for feature in SoftFeature::all() {
            let mut gradient = vec![f64::NAN; n];
            let value = feature.value_and_gradient(trace, &context, &mut gradient);
            assert!(value.is_none_or(f64::is_finite), "{feature:?}: {value:?}");
            assert!(gradient.iter().all(|g| g.is_finite()), "{feature:?}");
        }
    }
}

#[test]
fn invariant_features_apply_where_the_trace_has_them() {
    let context = default(0.1);
    let names = |trace: &[f64]| {
        let applying = SoftFeature::all().filter(|feature| feature.applies(trace, &context));
        applying.map(SoftFeature::name).collect::<Vec<_>>()
    };
    assert_eq!(names(&sagging(&context)), ["sag_mv", "steady_state_mv", "spike_count"]);
    let firing = names(&spiking(&context, &[40.0], 20.0));
    assert_eq!(firing.len(), 6, "{firing:?}");
    assert!(!firing.contains(&"sag_mv"));
    let silent = spiking(&context, &[40.0], -40.0);
    assert_eq!(evaluate("ap_half_width_ms", &silent, &context), None);
    assert!((evaluate("first_spike_ms", &silent, &context).unwrap() - 100.0).abs() < 2.0);
    assert!((evaluate("ap_height_mv", &silent, &context).unwrap() + 40.0).abs() < 0.1);
}

#[test]
fn invariant_wrong_requests_are_named() {
    let error = SoftFeature::named("sag").unwrap_err().to_string();
    assert!(error.contains("soft feature sag is unknown; choose from sag_mv, "), "{error}");
    let mut context = default(0.1);
    context.stimulus.delay_ms = 500.0;
    assert!(context.check().unwrap_err().to_string().contains("leaves no samples"));
    let settings = SoftSettings { level_temperature_mv: 0.0, ..SoftSettings::default() };
    let context = FeatureContext { settings, ..default(0.1) };
    assert!(context.check().unwrap_err().to_string().contains("level_temperature_mv is 0"));
}
