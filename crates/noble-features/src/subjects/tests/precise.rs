//! Precise mode: how near it comes to closed forms, and what it does where a trace is not smooth.

use super::smooth::{Case, Exact, cases, error, sampled, smooth};
use super::{Drawn, check};
use crate::waveform::{Triangle, polyline};
use crate::{Mode, PreparedSweep, Settings, Sweep, feature, features};

const N_PHASES: u32 = 16;
/// Room for an order that is seen at finite steps.
const ORDER_TOLERANCE: f64 = 0.2;

/// Largest error over places of the samples.
fn worst(case: &Case, step_ms: f64, mode: Mode) -> f64 {
    let errors = (0..N_PHASES).map(|phase| {
        let sweep = sampled((step_ms, f64::from(phase) / f64::from(N_PHASES)), mode, || 0.0);
        error(case.name, &sweep, &case.expected)
    });
    errors.fold(0.0, f64::max)
}

fn precise(times_ms: &[f64], v_mv: &[f64], window_ms: (f64, f64)) -> PreparedSweep<'static> {
    let (times_ms, v_mv) = (times_ms.to_vec().leak(), v_mv.to_vec().leak());
    let sweep = Sweep::new(&*times_ms, v_mv, window_ms.0, window_ms.1).unwrap();
    PreparedSweep::new(&sweep, &Settings::precise()).unwrap()
}

/// Numbers of mean 0 and standard deviation 1, the same each time.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    move || (0..12).map(|_| uniform()).sum::<f64>() - 6.0
}

#[test]
fn analytic_errors_fall_with_the_order_of_the_interpolation() {
    for case in cases() {
        let [at_50us, at_12us] = [0.05, 0.0125].map(|step_ms| worst(&case, step_ms, Mode::Precise));
        let order = (at_50us / at_12us).log2() / 2.0;
        assert!(order > case.order - ORDER_TOLERANCE, "{} {order}", case.name);
    }
}

#[test]
fn analytic_errors_are_bounded_wherever_the_samples_lie() {
    for case in cases() {
        let error = worst(&case, 0.1, Mode::Precise);
        assert!(error < case.bound, "{} {error}", case.name);
    }
}

/// eFEL's grid of 0.1 ms stays, however fine the recording is.
#[test]
fn analytic_errors_are_smaller_than_on_efels_grid() {
    for (case, step_ms) in
        cases().into_iter().flat_map(|case| [0.1, 0.05, 0.025].map(|step_ms| (case.clone(), step_ms)))
    {
        let [precise, efel] = [Mode::Precise, Mode::Efel].map(|mode| worst(&case, step_ms, mode));
        assert!(precise < efel, "{} at {step_ms} ms: {precise}, {efel}", case.name);
    }
}

/// Both modes see the same spikes: times lie within two samples of each other.
#[test]
fn analytic_both_modes_agree_within_the_grid() {
    let [precise, efel] = [Mode::Precise, Mode::Efel].map(|mode| sampled((0.1, 0.3), mode, || 0.0));
    let of_times = features().filter(|feature| feature.unit_suffix == "ms");
    for feature in of_times.filter(|feature| !feature.name.ends_with("time_constant")) {
        let (Some(precise), Some(efel)) = (feature.values(&precise), feature.values(&efel)) else { continue };
        let differences = precise.iter().zip(&efel).map(|(precise, efel)| (precise - efel).abs());
        let largest_ms = differences.fold(0.0, f64::max);
        assert!(precise.len() == efel.len() && largest_ms < 0.2, "{} {largest_ms}", feature.name);
    }
}

/// At 50 kHz with noise of 0.1 mV neither the AHP nor the onset is found on a corner of the noise.
#[test]
fn analytic_noise_does_not_end_a_search() {
    let exact = Exact::all();
    let of = |value: &dyn Fn(&Exact) -> f64| exact.iter().map(value).collect::<Vec<f64>>();
    let widths_ms = cases().into_iter().find(|case| case.name == "spike_width2").unwrap().expected;
    let bounds = [
        ("min_AHP_values", of(&|exact| smooth(exact.ahp_ms)[0]), 0.4),
        ("AHP_time_from_peak", of(&|exact| exact.ahp_ms - exact.peak_ms), 0.2),
        ("AP_begin_time", of(&|exact| exact.onset_ms), 0.08),
        ("peak_time", of(&|exact| exact.peak_ms), 0.01),
        ("spike_width2", widths_ms, 0.02),
    ];
    for seed in 0..50 {
        let mut noise = noise(seed);
        let sweep = sampled((0.02, 0.0), Mode::Precise, || 0.1 * noise());
        for (name, expected, bound) in &bounds {
            let error = error(name, &sweep, expected);
            assert!(error < *bound, "seed {seed}: {name} {error}");
        }
    }
}

/// Nothing depends on where time is zero.
#[test]
fn invariant_a_shift_of_all_times_shifts_times_only() {
    const SHIFT_MS: f64 = 4096.0;
    let mut noise = noise(7);
    let original = sampled((0.04, 0.2), Mode::Precise, || 0.05 * noise());
    let times_ms: Vec<f64> = original.times_ms().iter().map(|t| t + SHIFT_MS).collect();
    let window_ms = (original.stim_start_ms() + SHIFT_MS, original.stim_end_ms() + SHIFT_MS);
    let shifted = precise(&times_ms, original.v_mv(), window_ms);
    for feature in features() {
        let moves = ["time", "peak_time", "AP_begin_time"].contains(&feature.name);
        let by_ms = if moves { SHIFT_MS } else { 0.0 };
        let expected: Vec<f64> =
            feature.values(&original).unwrap_or_default().iter().map(|v| v + by_ms).collect();
        check(feature.name, &shifted, &expected, 1e-6);
    }
}

/// Spikes of one sample every 11.04 ms, as an integrate-and-fire model writes them each 0.04 ms: eFEL's grid misses
/// most of them, and a parabola would bend around each.
#[test]
fn analytic_spikes_of_one_sample_keep_their_height() {
    let times_ms: Vec<f64> = (0..5000).map(|idx| f64::from(idx) * 0.04).collect();
    let v_mv: Vec<f64> = (0..5000)
        .map(|idx| match idx % 276 {
            0 if idx > 0 => 20.0,
            since => -50.0 - 15.0 * (-f64::from(since) * 0.04 / 4.0).exp(),
        })
        .collect();
    let sweep = precise(&times_ms, &v_mv, (5.0, 195.0));
    Drawn::new(sweep.clone())
        .has("Spikecount", &[18.0])
        .has("peak_voltage", &[20.0; 18])
        .has("all_ISI_values", &[11.04; 17])
        .has("AHP_time_from_peak", &[0.04; 18])
        .has("min_AHP_values", &[-50.0 - 15.0 * (-0.01_f64).exp(); 18])
        .check();
    let efel = PreparedSweep::new(sweep.sweep(), &Settings::default()).unwrap();
    assert!(efel.n_spikes() < 18);
}

/// Where a trace has a corner beside its extremum, the sample is the extremum.
#[test]
fn analytic_corners_are_not_overshot() {
    let check = |around: &[f64], expected_mv: f64| {
        let mut v_mv = vec![-60.0; 8];
        v_mv.extend(around);
        v_mv.extend([-60.0; 8]);
        let times_ms: Vec<f64> = (0..v_mv.len()).map(|idx| idx as f64 * 0.1).collect();
        let sweep = precise(&times_ms, &v_mv, (0.05, 2.0));
        super::check("AP1_peak", &sweep, &[expected_mv], super::ROUNDING);
    };
    // One sample, two samples, an exponential rise with a reset, a clipped top.
    check(&[40.0], 40.0);
    check(&[40.0, 40.0], 40.0);
    check(&[-50.0, -30.0, -5.0, 30.0], 30.0);
    check(&[-40.0, 0.0, 35.0, 50.0, 50.0, 50.0, 35.0, 0.0, -40.0], 50.0);
    // A parabola between two equal samples.
    check(&[-40.0, 10.0, 30.0, 30.0, 10.0, -40.0], 32.5);
}

/// A spike before the stimulus has no onset; it neither shifts the pairing of the others nor loses its own width.
/// From half of 100 mV to the peak takes 0.5 ms, and back, on a fall of 120 mV in 1.1 ms, 50 / 120 of that.
#[test]
fn analytic_a_spike_without_onset_shifts_no_other() {
    let spikes =
        [(20.0, -80.0), (120.0, -90.0)].map(|(peak_ms, ahp_mv)| Triangle { peak_ms, peak_mv: 30.0, ahp_mv });
    let v_mv = polyline(spikes.into_iter().flat_map(Triangle::knots).collect());
    let times_ms: Vec<f64> = (0..3000).map(|idx| f64::from(idx) * 0.1).collect();
    let v_mv: Vec<f64> = times_ms.iter().map(|t| v_mv(*t)).collect();
    let sweep = precise(&times_ms, &v_mv, (99.95, 199.95));
    let half_ms = |drop_mv: f64| 0.55 + drop_mv / 200.0;
    Drawn::new(sweep)
        .has("AP1_width", &[half_ms(110.0)])
        .has("spike_half_width", &[half_ms(110.0), half_ms(120.0)])
        .has("AP_duration_half_width", &[0.5 + 1.1 * 50.0 / 120.0])
        .within(0.05)
        .check();
}

/// The AHP of a spike before the stimulus lies in it: the search of the next onset begins there, not that of the one
/// after.
#[test]
fn analytic_an_onset_is_searched_from_the_spike_before() {
    let spikes = [99.0, 120.0, 140.0].map(|peak_ms| Triangle { peak_ms, peak_mv: 30.0, ahp_mv: -80.0 });
    let v_mv = polyline(spikes.into_iter().flat_map(Triangle::knots).collect());
    let times_ms: Vec<f64> = (0..3000).map(|idx| f64::from(idx) * 0.1).collect();
    let v_mv: Vec<f64> = times_ms.iter().map(|t| v_mv(*t)).collect();
    Drawn::new(precise(&times_ms, &v_mv, (99.55, 199.95)))
        .has("AP_begin_time", &[119.0, 139.0])
        .has("AP_duration_half_width", &[1.0; 2])
        .within(0.001)
        .check();
}

/// Solvers with a variable step take many samples in a spike and few between; a level is a mean over time.
#[test]
fn analytic_levels_do_not_depend_on_the_density_of_samples() {
    let v_mv = polyline(vec![(100.0, -70.0), (101.0, -60.0), (195.0, -60.0), (196.0, 0.0), (197.0, -60.0)]);
    let coarse = (0..300).map(f64::from);
    let fine = (1950..1970).map(|idx| f64::from(idx) / 10.0).filter(|t| t.fract() > 0.0);
    let mut times_ms: Vec<f64> = coarse.chain(fine).collect();
    times_ms.sort_by(f64::total_cmp);
    let v_mv: Vec<f64> = times_ms.iter().map(|t| v_mv(*t)).collect();
    let sweep = precise(&times_ms, &v_mv, (100.0, 200.5));
    // From 190.45 to the last sample at 200 ms: 2 ms at -30 mV on average.
    Drawn::new(sweep)
        .has("voltage_base", &[-70.0])
        .has("steady_state_voltage_stimend", &[-60.0 + 60.0 / 9.55])
        .check();
}

#[test]
fn analytic_a_touch_of_the_threshold_is_no_spike() {
    let times_ms: Vec<f64> = (0..1000).map(|idx| f64::from(idx) * 0.1).collect();
    let mut v_mv = vec![-70.0; 1000];
    v_mv[300] = -20.0;
    (v_mv[500], v_mv[501], v_mv[502]) = (-20.0, 10.0, -20.0);
    let sweep = precise(&times_ms, &v_mv, (20.05, 80.05));
    Drawn::new(sweep).has("Spikecount", &[1.0]).has("AP1_peak", &[10.0]).check();
}

/// The jump of a recording joined from pieces is no slope.
#[test]
fn analytic_equal_times_have_no_slope() {
    let sweep = precise(&[0.0, 1.0, 1.0, 2.0, 3.0], &[-70.0, -69.0, -50.0, -49.0, -49.5], (0.5, 2.5));
    assert_eq!(feature("phaseslope_max").unwrap().values(&sweep), Some(vec![1.0]));
}
