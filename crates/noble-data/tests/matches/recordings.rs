//! Recordings against the values that pyABF and h5py read, and the windows and amplitudes of their steps.
//!
//! Every folder below `recordings/` of every root is a case: files, `samples.json` with values by `file|series`, and
//! `sweeps.csv` with rate, length, window and amplitude. `refused.json`, where there is one, lists series that must not
//! become sweeps, with a word of the reason.

use std::collections::BTreeMap;

use noble_data::recording::{NoStep, RecordedSweep, Recording, StepWindow, detect_steps};
use noble_reference::{Case, Tally, case_folders};
use serde_json::Value;

/// Samples are compared in float32's precision, in which pyABF scales them; half a unit at 100 mV is 4e-6 mV.
const SAMPLE_TOLERANCE_MV: f64 = 1e-5;
/// Currents come back in float32 or as decimal numbers of nine digits.
const CURRENT_TOLERANCE_NA: f64 = 2e-9;
/// `sweeps.csv` has six decimals.
const AMPLITUDE_TOLERANCE_NA: f64 = 6e-7;
/// pyABF cuts the rate to whole hertz.
const RATE_TOLERANCE_FRACTION: f64 = 1e-4;

#[test]
fn matches_pyabf_and_h5py_recordings() {
    let mut tally = Tally::new();
    for case in case_folders("recordings") {
        if case.find("samples.json").is_none() {
            continue;
        }
        let mut files = Files { case: &case, read: BTreeMap::new() };
        compare_samples(&mut files, &mut tally);
        compare_sweeps(&mut files, &mut tally);
        compare_refused(&mut files, &mut tally);
        tally.case();
    }
    tally.finish();
}

type Steps = Vec<Result<StepWindow, NoStep>>;

/// Files of one case, each read once.
struct Files<'a> {
    case: &'a Case,
    read: BTreeMap<String, (Recording, Steps)>,
}

impl Files<'_> {
    fn recording(&mut self, file: &str) -> &(Recording, Steps) {
        let case = self.case;
        self.read.entry(file.to_owned()).or_insert_with(|| {
            let recording = Recording::from_bytes(&case.bytes(file))
                .unwrap_or_else(|error| panic!("case {}: {file}: {error}", case.name));
            let steps = detect_steps(&recording.sweeps);
            (recording, steps)
        })
    }

    fn sweep(
        &mut self,
        file: &str,
        name: &str,
        tally: &mut Tally,
    ) -> Option<(&RecordedSweep, &Result<StepWindow, NoStep>)> {
        let (recording, steps) = self.recording(file);
        let found = recording.sweeps.iter().zip(steps).find(|(sweep, _)| sweep.name == name);
        tally.holds(&format!("{file} {name}: no such sweep"), found.is_some());
        found
    }
}

fn compare_samples(files: &mut Files<'_>, tally: &mut Tally) {
    let samples = files.case.json("samples.json");
    for (key, expected) in samples.as_object().expect("samples.json is an object") {
        let (file, name) = key.split_once('|').expect("a key is file|series");
        let place = format!("{} {key}", files.case.name);
        let Some((sweep, step)) = files.sweep(file, name, tally) else { continue };
        compare_voltage(&place, sweep.trace.v_mv(), expected, tally);
        if let (Some(expected), Ok(step)) = (expected["stim_at_mid_nA"].as_f64(), step) {
            let middle = usize::midpoint(step.first_sample, step.end_sample);
            let current_na = sweep.stimulus.as_ref().map_or(f64::NAN, |stimulus| stimulus.current_na[middle]);
            tally.value(&format!("{place} mid-step"), (current_na - expected).abs(), CURRENT_TOLERANCE_NA);
        }
        compare_current(&place, sweep, expected, tally);
    }
}

fn compare_voltage(place: &str, v_mv: &[f64], expected: &Value, tally: &mut Tally) {
    tally.holds(&format!("{place}: {} samples", v_mv.len()), expected["n"] == v_mv.len());
    let mut number = |what: &str, ours: f64, tolerance: f64| {
        if let Some(theirs) = expected[what].as_f64() {
            tally.value(&format!("{place} {what}"), (ours - theirs).abs(), tolerance);
        }
    };
    let n_samples = v_mv.len() as f64;
    number("sum_mV", v_mv.iter().sum(), SAMPLE_TOLERANCE_MV * n_samples);
    number("min_mV", v_mv.iter().copied().fold(f64::INFINITY, f64::min), SAMPLE_TOLERANCE_MV);
    number("max_mV", v_mv.iter().copied().fold(f64::NEG_INFINITY, f64::max), SAMPLE_TOLERANCE_MV);
    number("at_1000_mV", v_mv.get(1000).copied().unwrap_or(f64::NAN), SAMPLE_TOLERANCE_MV);
    for (idx, theirs) in expected["first5_mV"].as_array().into_iter().flatten().enumerate() {
        let deviation = (v_mv[idx] - theirs.as_f64().expect("a number")).abs();
        tally.value(&format!("{place} sample {idx}"), deviation, SAMPLE_TOLERANCE_MV);
    }
}

/// Values of the whole stimulus, which only our own cases have.
fn compare_current(place: &str, sweep: &RecordedSweep, expected: &Value, tally: &mut Tally) {
    let Some(probes) = expected["stim_nA"].as_object() else {
        if expected["stim_nA"] == "none" {
            tally.holds(&format!("{place}: a stimulus where none is certain"), sweep.stimulus.is_none());
        }
        return;
    };
    let Some(stimulus) = &sweep.stimulus else { return tally.holds(&format!("{place}: no stimulus"), false) };
    for (sample, theirs) in probes {
        let sample_idx: usize = sample.parse().expect("a sample number");
        let deviation = (stimulus.current_na[sample_idx] - theirs.as_f64().expect("a number")).abs();
        tally.value(&format!("{place} current at {sample}"), deviation, CURRENT_TOLERANCE_NA);
    }
}

fn compare_sweeps(files: &mut Files<'_>, tally: &mut Tally) {
    let text = String::from_utf8(files.case.bytes("sweeps.csv")).expect("sweeps.csv is text");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("sweeps.csv has a header").split(',').collect();
    for line in lines {
        let row: BTreeMap<&str, &str> = header.iter().copied().zip(line.split(',')).collect();
        let number = |name: &str| row[name].parse::<f64>().ok();
        let place = format!("{} {} {}", files.case.name, row["file"], row["series"]);
        let Some((sweep, step)) = files.sweep(row["file"], row["series"], tally) else { continue };
        let rate_hz = number("rate_hz").expect("a rate");
        let deviation = (1e3 / sweep.trace.grid().step_ms() / rate_hz - 1.0).abs();
        tally.value(&format!("{place} rate"), deviation, RATE_TOLERANCE_FRACTION);
        tally.holds(&format!("{place} samples"), row["samples"].parse() == Ok(sweep.trace.v_mv().len()));
        let window = (row["stim_first_sample"].parse().ok(), row["stim_end_sample"].parse().ok());
        let ours =
            step.as_ref().map_or((None, None), |step| (Some(step.first_sample), Some(step.end_sample)));
        tally.holds(&format!("{place} window {ours:?}, expected {window:?}"), ours == window);
        if let (Some(theirs_na), Ok(step)) = (number("stim_nA"), step) {
            let deviation = (step.amplitude_na - theirs_na).abs();
            tally.value(&format!("{place} amplitude"), deviation, AMPLITUDE_TOLERANCE_NA);
        }
    }
}

fn compare_refused(files: &mut Files<'_>, tally: &mut Tally) {
    if files.case.find("refused.json").is_none() {
        return;
    }
    let refused = files.case.json("refused.json");
    for (key, reason) in refused.as_object().expect("refused.json is an object") {
        let (file, name) = key.split_once('|').expect("a key is file|series");
        let (recording, _) = files.recording(file);
        let ours =
            recording.refused.iter().find(|sweep| sweep.name == name).map(|sweep| sweep.reason.as_str());
        let is_right = ours.is_some_and(|ours| ours.contains(reason.as_str().expect("a word of the reason")));
        tally.holds(&format!("{key}: refused for {ours:?}, expected {reason}"), is_right);
    }
}
