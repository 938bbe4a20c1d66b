//! `noble fi` on recorded sweeps and on the embedded cell.

use std::fmt::Write as _;

use serde_json::Value;

use crate::command::Folder;

/// A sweep to write: its current, and what the cell does in the stimulus from 50 to 250 ms.
type Written = (f64, Response);

#[derive(Clone, Copy)]
enum Response {
    Spikes(u32),
    Block,
}
use Response::{Block, Spikes};

/// One spike in a stimulus of 200 ms.
const STEP_HZ: f64 = 5.0;

/// A CSV file of sweeps of 300 ms at 10 kHz; without the columns of the currents where they are not to be known.
fn csv(sweeps: &[Written], has_currents: bool) -> String {
    let mut text = "time_ms".to_owned();
    for idx in 0..sweeps.len() {
        let _ = write!(text, ",sweep_{idx}_mv");
    }
    for idx in (0..sweeps.len()).filter(|_| has_currents) {
        let _ = write!(text, ",sweep_{idx}_na");
    }
    text.push('\n');
    for sample in 0..3000_u32 {
        let time_ms = f64::from(sample) * 0.1;
        let _ = write!(text, "{time_ms}");
        for (_, response) in sweeps {
            let _ = write!(text, ",{}", v_mv(*response, sample));
        }
        let is_on = (500..2500).contains(&sample);
        for (current_na, _) in sweeps.iter().filter(|_| has_currents) {
            let _ = write!(text, ",{}", if is_on { *current_na } else { 0.0 });
        }
        text.push('\n');
    }
    text
}

/// Triangular spikes of 2 ms, evenly spaced; a block sits at -20 mV after one spike.
fn v_mv(response: Response, sample: u32) -> f64 {
    let spike = |first: u32| match sample.checked_sub(first) {
        Some(passed @ 0..20) => 90.0 - 9.0 * f64::from(passed.abs_diff(10)),
        _ => 0.0,
    };
    match response {
        Spikes(n) => -70.0 + (0..n).map(|k| spike(520 + k * 1900 / n)).sum::<f64>(),
        Block if (540..2500).contains(&sample) => -20.0,
        Block => -70.0 + spike(510),
    }
}

fn json(folder: &Folder, line: &str) -> Value {
    serde_json::from_str(&folder.done(line)).unwrap()
}

fn number(quantities: &Value, name: &str, field: &str) -> f64 {
    quantities[name][field].as_f64().unwrap_or_else(|| panic!("{name} {field}: {quantities:#}"))
}

fn check(quantities: &Value, name: &str, (value, uncertainty): (f64, f64)) {
    for (field, expected) in [("value", value), ("uncertainty", uncertainty)] {
        let found = number(quantities, name, field);
        assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{name} {field}: {found}");
    }
}

fn check_missing(quantities: &Value, name: &str, reason: &str) {
    assert!(quantities[name]["value"].is_null() && quantities[name]["uncertainty"].is_null(), "{name}");
    assert!(quantities[name]["reason"].as_str().unwrap().contains(reason), "{:#}", quantities[name]);
    assert!(!quantities[name]["rule"].as_str().unwrap().is_empty());
}

#[test]
fn analytic_a_recorded_curve_is_read_with_its_uncertainties() {
    let folder = Folder::new("fi-recorded");
    let sweeps = [
        (-0.1, Spikes(0)),
        (0.1, Spikes(0)),
        (0.2, Spikes(2)),
        (0.2, Spikes(4)),
        (0.3, Spikes(6)),
        (0.4, Spikes(9)),
        (0.5, Spikes(9)),
        (0.6, Spikes(9)),
        (0.7, Block),
    ];
    folder.write("cell.csv", csv(&sweeps, true));
    let found = json(&folder, "fi cell.csv --format json --out out");
    let quantities = &found[0]["quantities"];
    check(quantities, "threshold_na", (0.15, 0.05));
    check(quantities, "rheobase_na", (0.2, 0.1));
    // Currents 0.2, 0.2, 0.3, 0.4 with 10, 20, 30, 45 Hz: Sxx = 0.0275, Sxy = 4.125, SSR = 50.
    check(quantities, "initial_slope_hz_per_na", (150.0, (25.0_f64 / 0.0275).sqrt()));
    check(quantities, "largest_rate_hz", (9.0 * STEP_HZ, 0.5 * STEP_HZ));
    check(quantities, "largest_rate_current_na", (0.4, 0.1));
    // From 15 ± 5 Hz at 0.2 nA to 45 ± 2.5 Hz at 0.4 nA.
    check(quantities, "gain_hz_per_na", (150.0, 5.0_f64.hypot(2.5) / 0.2));
    check(quantities, "saturation_na", (0.35, 0.05));
    check(quantities, "collapse_na", (0.65, 0.05));
    check(quantities, "block_na", (0.65, 0.05));
    assert_eq!(found[0]["points"].as_array().unwrap().len(), 8);
    assert_eq!(found[0]["points"][7]["state"], "blocked");
    let points = std::fs::read_to_string(folder.path("out/fi.csv")).unwrap();
    assert!(points.starts_with("model,current_na,rate_hz,uncertainty_hz,"), "{points}");
    assert_eq!(points.lines().count(), 9);
    assert!(std::fs::read_to_string(folder.path("out/fi.svg")).unwrap().contains("saturates at"));
    let table = folder.done("fi cell.csv");
    assert!(table.contains("threshold_na") && table.contains("rules"), "{table}");
    let lines = folder.done("fi cell.csv --format csv");
    assert_eq!(lines.lines().count(), 11);
    assert!(lines.lines().all(|line| line.split(',').count() == 8), "{lines}");
}

#[test]
fn invariant_curves_without_an_answer_say_why() {
    let folder = Folder::new("fi-missing");
    folder.write("silent.csv", csv(&[(0.0, Spikes(0)), (0.1, Spikes(0))], true));
    let found = json(&folder, "fi silent.csv --format json");
    let quantities = &found[0]["quantities"];
    check_missing(quantities, "threshold_na", "silent up to 0.1 nA");
    check_missing(quantities, "slope_hz_per_na", "0 of 2 currents");
    check_missing(quantities, "largest_rate_hz", "0 of 1 currents");
    folder.write("firing.csv", csv(&[(0.1, Spikes(2)), (0.2, Spikes(4))], true));
    let found = json(&folder, "fi firing.csv --format json");
    let quantities = &found[0]["quantities"];
    check_missing(quantities, "threshold_na", "fires at 0.1 nA which is the smallest current");
    check_missing(quantities, "initial_slope_hz_per_na", "2 of 3 currents");
    assert!((number(quantities, "slope_hz_per_na", "value") - 100.0).abs() < 1e-9);
    assert!(quantities["slope_hz_per_na"]["uncertainty"].is_null());
    assert!(quantities["slope_hz_per_na"]["reason"].as_str().unwrap().contains("no residual"));
    folder.write("one.csv", csv(&[(0.1, Spikes(3))], true));
    let found = json(&folder, "fi one.csv --format json --out out");
    check_missing(&found[0]["quantities"], "gain_hz_per_na", "1 of 2 currents");
    check(&found[0]["quantities"], "largest_rate_hz", (3.0 * STEP_HZ, 0.5 * STEP_HZ));
}

#[test]
fn invariant_odd_curves_are_told_in_words() {
    let folder = Folder::new("fi-odd");
    folder
        .write("odd.csv", csv(&[(-0.1, Spikes(2)), (0.1, Spikes(0)), (0.2, Block), (0.3, Spikes(4))], true));
    folder.write(
        "fall.csv",
        csv(&[(0.1, Spikes(0)), (0.2, Spikes(8)), (0.3, Spikes(9)), (0.4, Spikes(1))], true),
    );
    let words = |line: &str| String::from_utf8(folder.run(line).stderr).unwrap();
    assert!(words("fi fall.csv").contains("below half its largest value between 0.3 and 0.4 nA"));
    let words = words("fi odd.csv --format json");
    for expected in [
        "fires without depolarizing current, at -0.1 nA",
        "silent above a current that fires it, at 0.1 nA",
        "not blocked above a current that blocks it, at 0.3 nA",
    ] {
        assert!(words.contains(expected), "{words} lacks {expected}");
    }
}

#[test]
fn invariant_wrong_input_is_refused() {
    let folder = Folder::new("fi-wrong");
    folder.write("unknown.csv", csv(&[(0.1, Spikes(2)), (0.2, Spikes(4))], false));
    folder.write("known.csv", csv(&[(0.1, Spikes(2))], true));
    for (line, expected) in [
        ("fi unknown.csv", "no sweep tells its current"),
        ("fi unknown.abc", "neither .abf, .nwb, .npz nor .csv"),
        ("fi missing.npz", "missing.npz"),
        ("fi known.csv --stim-start-ms 20 --stim-end-ms 10", "stimulus from 20 ms to 10 ms"),
        ("fi unknown.csv --models 1", "cannot be used with"),
        ("fi --stim-start-ms 20 --stim-end-ms 30", "are about a file"),
        ("fi --highest-na 0", "largest current is 0 nA"),
        ("fi --step-na nan", "--step-na holds NaN"),
        ("fi --points 1", "at least 2 points"),
        ("fi --duration-ms 0", "lasts 0 ms"),
    ] {
        let message = folder.refused(line);
        assert!(message.contains(expected), "noble {line}: {message} lacks {expected}");
    }
    assert_eq!(folder.names(), ["known.csv", "unknown.csv"]);
}

#[test]
fn invariant_a_simulated_curve_is_that_of_its_sweeps() {
    let folder = Folder::new("fi-simulated");
    folder.done("simulate --members 2 --step-na 0,0.06,0.1,0.2 --out sweeps.npz");
    let recorded = json(&folder, "fi sweeps.npz --format json");
    let simulated = json(&folder, "fi --members 2 --step-na 0,0.06,0.1,0.2 --format json --threads 1");
    for model in 0..2 {
        let (one, other) = (&recorded[model], &simulated[model]);
        assert_eq!((&one["model"], &one["points"]), (&other["model"], &other["points"]));
        assert_eq!(one["quantities"]["slope_hz_per_na"], other["quantities"]["slope_hz_per_na"]);
        let threshold = |report: &Value, field| number(&report["quantities"], "threshold_na", field);
        let distance = (threshold(one, "value") - threshold(other, "value")).abs();
        assert!(distance <= threshold(one, "uncertainty"), "{distance}");
        assert!(threshold(other, "uncertainty") < 1e-4);
    }
    let again = json(&folder, "fi --members 2 --step-na 0,0.06,0.1,0.2 --format json --threads 2");
    assert_eq!(simulated, again);
    let silent = json(&folder, "fi --highest-na 0.01 --points 2 --format json");
    check_missing(&silent[0]["quantities"], "threshold_na", "silent up to 0.01 nA");
}
