use super::*;
use crate::Trace;
use crate::recording::{RecordedStimulus, StimulusOrigin};

fn sweep(pieces: &[(usize, f64)]) -> RecordedSweep {
    let mut current_na = Vec::new();
    for (n_samples, level_na) in pieces {
        current_na.resize(current_na.len() + n_samples, *level_na);
    }
    let grid = TimeGrid::new(0.0, 0.1, current_na.len()).unwrap();
    RecordedSweep {
        name: String::new(),
        number: None,
        channel_idx: 0,
        channel: None,
        trace: Trace::new(grid, vec![-70.0; current_na.len()]).unwrap(),
        stimulus: Some(RecordedStimulus {
            current_na,
            origin: StimulusOrigin::Rebuilt { name: String::new() },
        }),
        notes: Vec::new(),
    }
}

fn windows(sweeps: &[RecordedSweep]) -> Vec<(usize, usize, f64)> {
    let steps = detect_steps(sweeps).into_iter().map(Result::unwrap);
    steps.map(|step| (step.first_sample, step.end_sample, step.amplitude_na)).collect()
}

#[test]
fn analytic_step_of_one_sweep() {
    let steps = windows(&[sweep(&[(20, 0.0), (50, 0.3), (30, 0.0)])]);
    assert_eq!(steps, [(20, 70, 0.3)]);
}

#[test]
fn analytic_longest_step_wins_and_says_so() {
    let sweeps = [sweep(&[(20, 0.0), (10, -0.1), (20, 0.0), (50, 0.3), (30, 0.0)])];
    let step = detect_steps(&sweeps).remove(0).unwrap();
    assert_eq!((step.first_sample, step.end_sample), (50, 100));
    assert!(step.notes[0].contains("2 steps"), "{:?}", step.notes);
}

#[test]
fn analytic_zero_step_takes_the_window_of_its_siblings() {
    let test_pulse = |level_na| sweep(&[(10, 0.0), (5, -0.05), (20, 0.0), (50, level_na), (15, 0.0)]);
    let sweeps: Vec<_> = [-0.1, 0.0, 0.1].map(test_pulse).to_vec();
    assert_eq!(windows(&sweeps), [(35, 85, -0.1), (35, 85, 0.0), (35, 85, 0.1)]);
    assert!(detect_steps(&sweeps)[1].as_ref().unwrap().notes[0].contains("sibling"));
}

#[test]
fn analytic_step_is_what_changes_between_sweeps() {
    // The second pair of steps merges in the first sweep and is longer there.
    let pair =
        |level_na| sweep(&[(15, 0.0), (20, level_na), (10, 0.0), (20, -0.1), (20, level_na), (15, 0.0)]);
    let sweeps: Vec<_> = [-0.1, 0.0, 0.1].map(pair).to_vec();
    assert_eq!(windows(&sweeps), [(15, 35, -0.1), (15, 35, 0.0), (15, 35, 0.1)]);
}

#[test]
fn analytic_small_steps_beside_large_pulses_count() {
    let small = |level_na| sweep(&[(100, 0.0), (50, -0.5), (200, 0.0), (500, level_na), (150, 0.0)]);
    let sweeps: Vec<_> = [0.0, 0.0004, 0.0008].map(small).to_vec();
    assert_eq!(windows(&sweeps), [(350, 850, 0.0), (350, 850, 0.0004), (350, 850, 0.0008)]);
}

#[test]
fn analytic_steps_of_other_channels_are_no_siblings() {
    let mut sweeps = vec![sweep(&[(20, 0.0), (50, 0.1), (30, 0.0)]), sweep(&[(100, 0.0)])];
    sweeps[1].channel_idx = 1;
    assert!(detect_steps(&sweeps)[1].as_ref().unwrap_err().reason.contains("stays at 0"));
}

#[test]
fn analytic_holding_is_the_level_before() {
    let step = detect_steps(&[sweep(&[(20, -0.02), (50, 0.1), (30, -0.02)])]).remove(0).unwrap();
    assert_eq!((step.amplitude_na, step.holding_na), (0.1, -0.02));
    assert!((step.start_ms - 2.0).abs() < 1e-12 && (step.end_ms - 7.0).abs() < 1e-12);
}

#[test]
fn analytic_ramps_and_constants_have_no_step() {
    let grid = TimeGrid::new(0.0, 0.1, 1000).unwrap();
    let ramp: Vec<f64> = (0..1000_u32).map(|idx| f64::from(idx) * 1e-3).collect();
    assert!(detect_step(&ramp, grid).unwrap_err().reason.contains("ramp"));
    let sine: Vec<f64> = (0..1000_u32).map(|idx| (f64::from(idx) * 0.02).sin()).collect();
    assert!(detect_step(&sine, grid).unwrap_err().reason.contains("sine"));
    let mut short_ramp = vec![0.0; 1000];
    for (idx, current) in (0_u32..).zip(&mut short_ramp[400..500]) {
        *current = f64::from(idx) * 1e-3;
    }
    assert!(detect_step(&short_ramp, grid).is_err());
    assert!(detect_step(&[0.1; 1000], grid).unwrap_err().reason.contains("stays at 0.1"));
    let mut unknown = sweep(&[(10, 0.0)]);
    unknown.stimulus = None;
    assert!(detect_steps(&[unknown])[0].as_ref().unwrap_err().reason.contains("not known"));
}

#[test]
fn analytic_noise_on_a_monitor_does_not_cut_a_step() {
    // A repeatable scatter of about 2 pA on a step of 200 pA.
    let noise = |idx: usize| ((idx * 7919 % 101) as f64 / 101.0 - 0.5) * 4e-3;
    let current_na: Vec<f64> =
        (0..4000).map(|idx| noise(idx) + if (1000..3000).contains(&idx) { 0.2 } else { 0.0 }).collect();
    let step = detect_step(&current_na, TimeGrid::new(0.0, 0.1, 4000).unwrap()).unwrap();
    assert_eq!((step.first_sample, step.end_sample), (1000, 3000));
    assert!((step.amplitude_na - 0.2).abs() < 1e-4);
}

/// A current of levels, `(samples, nA)`, with noise from a small generator.
fn noisy(levels: &[(usize, f64)], sigma_na: f64, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
    levels.iter().flat_map(|(n, level)| vec![*level; *n]).map(|level| level + sigma_na * normal()).collect()
}

#[test]
fn analytic_steps_in_noise_are_found_to_a_few_samples() {
    let grid = TimeGrid::new(0.0, 0.1, 10_000).unwrap();
    for (step_na, sigma_na) in [(0.05, 0.003), (-0.03, 0.003), (0.3, 0.01), (0.02, 0.0001)] {
        for seed in 1..6 {
            let current_na = noisy(&[(2000, 0.0), (5003, step_na), (2997, 0.0)], sigma_na, seed);
            let step = detect_step(&current_na, grid).unwrap();
            assert!(step.first_sample.abs_diff(2000) <= 3 && step.end_sample.abs_diff(7003) <= 3, "{step:?}");
            assert!((step.amplitude_na - step_na).abs() < 0.1 * sigma_na, "{step:?}");
            assert!(step.holding_na.abs() < 0.1 * sigma_na, "{step:?}");
        }
    }
    let ramp: Vec<(usize, f64)> = (0..500).map(|k| (20, f64::from(k) * 1e-3)).collect();
    assert!(detect_step(&noisy(&ramp, 0.003, 1), grid).is_err());
    assert!(detect_step(&noisy(&[(10_000, 0.0)], 0.003, 1), grid).is_err());
}

#[test]
fn analytic_a_lead_in_is_not_the_level_between_steps() {
    let grid = TimeGrid::new(0.0, 0.1, 1500).unwrap();
    let current_na = noisy(&[(20, -0.05), (400, 0.0), (500, -0.1), (580, 0.0)], 0.0, 1);
    let step = detect_step(&current_na, grid).unwrap();
    assert_eq!((step.first_sample, step.end_sample), (420, 920));
    assert!((step.amplitude_na + 0.1).abs() < 1e-12 && step.holding_na.abs() < 1e-12);
}

#[test]
fn analytic_a_test_pulse_of_another_size_is_not_the_step_of_a_sweep_without_one() {
    let sweep = |pulse_na: f64, step_na: f64| {
        let grid = TimeGrid::new(0.0, 0.1, 1000).unwrap();
        let current_na = noisy(&[(100, 0.0), (50, pulse_na), (150, 0.0), (500, step_na), (200, 0.0)], 0.0, 1);
        RecordedSweep {
            name: String::new(),
            number: None,
            channel: None,
            channel_idx: 0,
            trace: Trace::new(grid, vec![-70.0; 1000]).unwrap(),
            stimulus: Some(RecordedStimulus {
                current_na,
                origin: StimulusOrigin::Recorded { name: String::new() },
            }),
            notes: Vec::new(),
        }
    };
    let sweeps = [sweep(-0.05, -0.1), sweep(-0.05, 0.0), sweep(-0.02, 0.1), sweep(-0.02, 0.0)];
    for (step, expected_na) in detect_steps(&sweeps).into_iter().zip([-0.1, 0.0, 0.1, 0.0]) {
        let step = step.unwrap();
        assert_eq!((step.first_sample, step.end_sample), (300, 800));
        assert!((step.amplitude_na - expected_na).abs() < 1e-12, "{step:?}");
    }
}
