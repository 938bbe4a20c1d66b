use super::assert_says;
use crate::fitting::{FeatureTarget, Firing, FitTargets, TargetSweep};

fn feature(name: &str, mean: f64) -> FeatureTarget {
    FeatureTarget { feature: name.to_owned(), mean, deviation: 0.5 }
}

fn sweep(name: &str, step_na: f64, features: Vec<FeatureTarget>) -> TargetSweep {
    TargetSweep {
        name: name.to_owned(),
        step_na,
        delay_ms: 15.0,
        duration_ms: 400.0,
        total_ms: 515.0,
        holding_na: 0.0,
        features,
        firing: None,
    }
}

fn targets() -> FitTargets {
    let sweeps = vec![
        sweep("rest", -0.05, vec![feature("voltage_base", -80.3), feature("Spikecount", 0.0)]),
        sweep("low", 0.2, vec![feature("AP1_peak", 31.0), feature("mean_frequency", 12.0)]),
        TargetSweep { firing: Some(Firing::Fires), ..sweep("high", 0.4, vec![feature("AP_width", 0.4)]) },
    ];
    FitTargets { format_version: 1, source: "by hand".to_owned(), sweeps }
}

#[test]
fn invariant_targets_come_back_as_written() {
    let targets = targets();
    assert_eq!(targets.check().unwrap(), Vec::<String>::new());
    let text = serde_json::to_string(&targets).unwrap();
    assert_eq!(FitTargets::read(text.as_bytes()).unwrap(), targets);
    let short = r#"{"format_version": 1, "source": "by hand", "sweeps": [{"name": "a", "step_na": 0.1,
        "delay_ms": 0, "duration_ms": 1, "total_ms": 1, "firing": "silent"}]}"#;
    let read = FitTargets::read(short.as_bytes()).unwrap();
    assert_eq!(read.sweeps[0].firing, Some(Firing::Silent));
    assert_eq!(read.sweeps[0].holding_na.to_bits(), 0);
}

#[test]
fn analytic_a_silent_larger_current_is_noted() {
    let mut targets = targets();
    targets.sweeps[2] = TargetSweep { firing: Some(Firing::Silent), ..sweep("high", 0.4, Vec::new()) };
    assert_eq!(targets.check().unwrap(), ["high is silent at 0.4 nA, though low fires at 0.2 nA"]);
    targets.sweeps[2].duration_ms = 3.0;
    assert_eq!(targets.check().unwrap(), Vec::<String>::new());
}

#[test]
fn analytic_impossible_targets_are_named() {
    let check = |change: fn(&mut Vec<TargetSweep>), expected: &str| {
        let mut targets = targets();
        change(&mut targets.sweeps);
        assert_says(&targets.check().unwrap_err().to_string(), expected);
    };
    check(Vec::clear, "fit targets: sweeps: there is none");
    check(|all| all[1].step_na = f64::NAN, "sweeps[1] (low).step_na: NaN is not finite");
    check(|all| all[1].step_na = 200.0, "200 nA is beyond 20 nA and looks like pA; divide by 1000");
    check(|all| all[1].holding_na = -50.0, "sweeps[1] (low).holding_na: -50 nA is beyond");
    check(|all| all[1].duration_ms = 0.0, "(low).duration_ms: 0 ms is no length of a step");
    check(|all| all[1].duration_ms = f64::INFINITY, "inf ms is no length of a step");
    check(|all| all[1].delay_ms = -1.0, "(low).delay_ms: -1 ms is no onset");
    check(|all| all[1].total_ms = 400.0, "400 ms ends before the step, at 415 ms");
    check(|all| all[1].features.clear(), "sweeps[1] (low): asks for nothing");
    check(
        |all| all[1].features[0].deviation = 0.0,
        "features[0] (AP1_peak): a deviation of 0 would divide by zero; give the spread over repeats or a least deviation",
    );
    check(|all| all[1].features[0].deviation = -1.0, "deviation -1 is no spread");
    check(|all| all[1].features[0].deviation = f64::NAN, "deviation NaN is no spread");
    check(|all| all[1].features[0].mean = f64::INFINITY, "mean inf is not finite");
    check(|all| all[1].features[0].feature.clear(), "has no name; name a feature of eFEL");
    check(
        |all| all[1].features[1].feature = "AP1_peak".to_owned(),
        "features[1] (AP1_peak): occurs twice in the sweep",
    );
    check(
        |all| all[1].name = "rest".to_owned(),
        "sweeps[1] (rest): the name has two steps, -0.05 and 0.2 nA",
    );
    check(|all| all[1] = TargetSweep { name: "high".to_owned(), ..all[2].clone() }, "the name occurs twice");
    check(|all| all[1].name.clear(), "sweeps[1] (): has no name");
}

#[test]
fn analytic_contradictions_are_named() {
    let check = |change: fn(&mut Vec<TargetSweep>), expected: &str| {
        let mut targets = targets();
        change(&mut targets.sweeps);
        assert_says(&targets.check().unwrap_err().to_string(), expected);
    };
    check(|all| all[0].firing = Some(Firing::Fires), "sweeps[0] (rest): fires, but Spikecount is 0");
    check(|all| all[1].firing = Some(Firing::Silent), "(low): is silent, but mean_frequency is 12");
    check(|all| all[2].firing = Some(Firing::Silent), "(high): is silent, but AP_width needs spikes");
    check(|all| all[1].features[1].mean = 0.0, "(low): is silent, but AP1_peak needs spikes");
    check(|all| all[1].features[0] = feature("Spikecount", 0.0), "Spikecount is 0, but mean_frequency is 12");
    check(
        |all| {
            all.push(TargetSweep {
                features: vec![feature("AP1_peak", 30.0)],
                ..sweep("again", 0.2, Vec::new())
            })
        },
        "sweeps[3] (again): AP1_peak is 30, but 31 in low with the same current and times",
    );
    check(
        |all| all.push(TargetSweep { firing: Some(Firing::Silent), ..sweep("again", 0.2, Vec::new()) }),
        "sweeps[3] (again): is silent, but low with the same current and times is not",
    );
}

#[test]
fn analytic_wrong_files_are_named() {
    let text = serde_json::to_string(&targets()).unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert_says(&FitTargets::read(changed.as_bytes()).unwrap_err().to_string(), expected);
    };
    check("\"format_version\":1", "\"format_version\":3", "fit targets: format_version: version 3 is not 1");
    check("\"deviation\"", "\"std\"", "unknown field `std`");
    check("\"fires\"", "\"maybe\"", "unknown variant `maybe`");
    check("{", "[", "fit targets: file: ");
}
