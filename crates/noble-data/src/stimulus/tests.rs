use super::*;

#[test]
fn analytic_steps_are_half_open_and_add() {
    let first = Step { delay_ms: 10.0, duration_ms: 5.0, amplitude_na: 0.1 };
    let second = Step { delay_ms: 12.0, duration_ms: 10.0, amplitude_na: -0.3 };
    let stimulus = Stimulus::steps(vec![first, second]).unwrap();
    let expected = [(9.99, 0.0), (10.0, 0.1), (12.0, -0.2), (15.0, -0.3), (22.0, 0.0)];
    for (t_ms, current_na) in expected {
        assert!((stimulus.current_na(t_ms) - current_na).abs() < 1e-15, "{t_ms}");
    }
}

#[test]
fn analytic_grid_edges_do_not_move_with_rounding() {
    let step = Step { delay_ms: 15.0, duration_ms: 400.0, amplitude_na: 1.0 };
    let grid = TimeGrid::new(0.0, 0.06, 8584).unwrap();
    let current_na = Stimulus::step(step).unwrap().on_grid_na(grid);
    assert_eq!(current_na.iter().position(|i| *i > 0.0), Some(250));
    assert_eq!(current_na.iter().filter(|i| **i > 0.0).count(), 6667);
}

#[test]
fn invariant_steps_refuse_negative_durations() {
    let step = Step { delay_ms: 0.0, duration_ms: -1.0, amplitude_na: 0.1 };
    assert!(matches!(Stimulus::step(step), Err(Error::Step { .. })));
}

fn file(parts: &str) -> String {
    format!("{{\"format_version\": 1, \"parts\": [{parts}]}}")
}

/// Currents of one part at times.
fn check(part: &str, expected: &[(f64, f64)]) {
    let stimulus = read_stimulus(file(part).as_bytes()).unwrap();
    for (t_ms, current_na) in expected {
        let found = stimulus.current_na(*t_ms);
        assert!((found - current_na).abs() < 1e-12, "{part} at {t_ms}: {found} is not {current_na}");
    }
}

#[test]
fn analytic_waveforms_have_their_values() {
    check(
        r#"{"kind": "ramp", "delay_ms": 10, "duration_ms": 20, "start_na": -0.1, "end_na": 0.3}"#,
        &[(9.9, 0.0), (10.0, -0.1), (15.0, 0.0), (25.0, 0.2), (30.0, 0.0)],
    );
    check(
        r#"{"kind": "sine", "delay_ms": 10, "duration_ms": 1000, "amplitude_na": 0.2, "frequency_hz": 5}"#,
        &[(10.0, 0.0), (60.0, 0.2), (110.0, 0.0), (160.0, -0.2), (1010.0, 0.0)],
    );
    check(
        r#"{"kind": "sine", "delay_ms": 0, "duration_ms": 1000, "amplitude_na": 0.2, "frequency_hz": 5,
            "phase_fraction": 0.25, "offset_na": 0.1}"#,
        &[(0.0, 0.3), (100.0, -0.1)],
    );
    // 2 t² + t cycles after t seconds.
    check(
        r#"{"kind": "chirp", "delay_ms": 5, "duration_ms": 1000, "amplitude_na": 0.2, "start_hz": 1, "end_hz": 5}"#,
        &[(5.0, 0.0), (505.0, 0.0), (255.0, 0.2 * f64::sin(std::f64::consts::TAU * 0.375)), (1005.0, 0.0)],
    );
    check(
        r#"{"kind": "pulses", "delay_ms": 10, "width_ms": 2, "period_ms": 5, "n_pulses": 3, "amplitude_na": 0.4}"#,
        &[(9.9, 0.0), (10.0, 0.4), (12.0, 0.0), (15.0, 0.4), (21.9, 0.4), (22.0, 0.0), (25.0, 0.0)],
    );
    check(
        r#"{"kind": "samples", "start_ms": 1, "step_ms": 0.5, "current_na": [0.1, -0.2]}"#,
        &[(0.9, 0.0), (1.0, 0.1), (1.49, 0.1), (1.5, -0.2), (2.0, 0.0)],
    );
}

#[test]
fn analytic_parts_add_and_end_with_the_last() {
    let parts = r#"{"kind": "step", "delay_ms": 10, "duration_ms": 20, "amplitude_na": 0.1},
        {"kind": "step", "delay_ms": 20, "duration_ms": 20, "amplitude_na": 0.2},
        {"kind": "noise", "delay_ms": 50, "duration_ms": 10, "mean_na": 0.5, "standard_deviation_na": 0,
         "correlation_ms": 3, "update_ms": 0.1, "seed": 1}"#;
    check(parts, &[(15.0, 0.1), (25.0, 0.3), (35.0, 0.2), (45.0, 0.0), (55.05, 0.5), (60.0, 0.0)]);
    let stimulus = read_stimulus(file(parts).as_bytes()).unwrap();
    assert!((stimulus.end_ms() - 60.0).abs() < 1e-9);
    assert!(read_stimulus(file("").as_bytes()).unwrap().end_ms().is_infinite());
    let train = PulseTrain { delay_ms: 10.0, width_ms: 2.0, period_ms: 5.0, n_pulses: 3, amplitude_na: 0.4 };
    assert!((Stimulus::Pulses(train).end_ms() - 22.0).abs() < 1e-12);
}

#[test]
fn invariant_descriptions_come_back_as_written() {
    let parts = vec![
        StimulusPart::Step(Step { delay_ms: 1.0, duration_ms: 2.0, amplitude_na: 0.1 + 0.2 }),
        StimulusPart::Samples(SampledCurrent { start_ms: 0.0, step_ms: 0.1, current_na: vec![0.1; 3] }),
    ];
    let spec = StimulusSpec::new(parts);
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(StimulusSpec::read(text.as_bytes()).unwrap(), spec);
}

#[test]
fn invariant_wrong_descriptions_name_place_and_remedy() {
    let step = |key: &str, value: &str| {
        let text = r#"{"kind": "step", "delay_ms": 1, "duration_ms": 2, "amplitude_na": 3}"#;
        file(&text.replace(key, value))
    };
    let noise = r#"{"kind": "noise", "delay_ms": 0, "duration_ms": 1e9, "mean_na": 0, "standard_deviation_na": 1,
        "correlation_ms": 3, "update_ms": 0.01, "seed": 1}"#;
    let pulses = r#"{"kind": "pulses", "delay_ms": 0, "width_ms": 6, "period_ms": 5, "n_pulses": 3, "amplitude_na": 1}"#;
    let samples = r#"{"kind": "samples", "start_ms": 1, "step_ms": 0, "current_na": [0.1]}"#;
    let cases = [
        (
            step("2", "-2"),
            "stimulus: parts[0] (step): duration_ms is -2; give a finite number of zero or more",
        ),
        (step("2", "1e999"), "stimulus file: line 1 column"),
        (step("2", "null"), "stimulus file: file: invalid type: null"),
        (step("_ms\": 2", "_s\": 2"), "unknown field `duration_s`"),
        (step("\"step\"", "\"stop\""), "unknown variant `stop`"),
        (file(noise), "parts[0] (noise): duration_ms / update_ms is 100000000000; give longer updates"),
        (file(&noise.replace("0.01", "0")), "parts[0] (noise): update_ms is 0; give a finite number greater"),
        (file(pulses), "parts[0] (pulses): width_ms is 6; give a width of at most period_ms"),
        (file(samples), "time grid: step 0 ms"),
        (file("").replace("1", "2"), "stimulus file: format_version: version 2 is not 1"),
        ("[]".to_owned(), "stimulus file: format_version: is missing"),
        ("{".to_owned(), "stimulus file: line 1 column 1"),
    ];
    for (text, expected) in cases {
        let message = read_stimulus(text.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
}

/// Finds a change of the random numbers; a stimulus must not change from release to release.
#[test]
fn snapshot_noise_of_a_seed() {
    let noise = r#"{"kind": "noise", "delay_ms": 0, "duration_ms": 0.4, "mean_na": 0, "standard_deviation_na": 1,
        "correlation_ms": 1, "update_ms": 0.1, "seed": 1}"#;
    let expected_na = [0.8439986136221761, 1.0683366968751047, 0.1509748364678246, 0.32926133992601836];
    let times_ms = [0.05, 0.15, 0.25, 0.35];
    check(noise, &times_ms.into_iter().zip(expected_na).collect::<Vec<_>>());
}
