//! Walks every reference trace and compares every feature we have.

use std::path::Path;

use noble_features::{Error, Feature, LEFT_OUT_FEATURES, PreparedSweep, Sweep, feature};
use noble_reference::{Case, Root, Tally, roots};
use serde_json::{Map, Value, json};

use crate::load::{Trace, number, settings, trace};

/// Of `max(1, |expected|)`: room for the order of summation, none for another definition.
const TOLERANCE: f64 = 1e-9;
/// Categories whose numbers are not compared: there the answer must be an error, nothing, or finite.
const WITHOUT_NUMBERS: [&str; 2] = ["nan", "degenerate"];
/// How many features of traces were compared, and how many not.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    n_features: usize,
    n_fits: usize,
    n_without_number: usize,
}

impl Counts {
    fn note(&self, tally: &mut Tally) {
        let Self { n_features, n_fits, n_without_number } = self;
        tally.note(format!(
            "{n_features} features of traces: {} compared and equal unless listed below, {n_without_number} without a number \
             in eFEL (failures, memory of others, nan and degenerate traces) found defined, {n_fits} curve fits left out",
            n_features - n_fits - n_without_number
        ));
    }
}

/// Compares every feature of every trace in eFEL's mode.
pub(crate) fn compare_features() {
    let mut counts = Counts::default();
    let mut tally = Tally::new();
    walk(&mut tally, &mut |place, entry, tally| compare_trace(place, entry, (&mut counts, tally)));
    counts.note(&mut tally);
    tally.finish();
}

/// Goes through the traces of every root; `compare` gets each with its reference entry.
pub(crate) fn compare_all(mut compare: impl FnMut(&Place<'_>, &Value, &mut Tally)) {
    let mut tally = Tally::new();
    walk(&mut tally, &mut compare);
    tally.finish();
}

fn walk(tally: &mut Tally, compare: &mut impl FnMut(&Place<'_>, &Value, &mut Tally)) {
    for root in roots() {
        compare_root(&root, compare, tally);
    }
}

fn compare_root(root: &Root, compare: &mut impl FnMut(&Place<'_>, &Value, &mut Tally), tally: &mut Tally) {
    let case = Case::at(root, "efel");
    if !case.folder.is_dir() {
        tally.note(format!("{} has no folder efel", root.path.display()));
        return;
    }
    for path in case.files("expected", ".json") {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let document = case.json(&file);
        let own_npz = file.replacen("expected", "traces", 1).replace(".json", ".npz");
        let npz = case.find(&own_npz).or_else(|| case.find("traces.npz"));
        let npz = npz.unwrap_or_else(|| panic!("{}: {own_npz} is missing", case.folder.display()));
        let traces = document["traces"].as_object().unwrap_or_else(|| panic!("{file} lists no traces"));
        for (id, entry) in traces {
            compare(&Place { npz: &npz, id, defaults: &document["settings"] }, entry, tally);
        }
    }
}

/// Where a trace is.
pub(crate) struct Place<'a> {
    npz: &'a Path,
    pub(crate) id: &'a str,
    defaults: &'a Value,
}

impl Place<'_> {
    /// Whether the trace is one of the repository.
    pub(crate) fn is_own(&self) -> bool {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference");
        match (own.canonicalize(), self.npz.canonicalize()) {
            (Ok(own), Ok(npz)) => npz.starts_with(own),
            _ => false,
        }
    }
}

/// Calls a function with the prepared trace, where that can be prepared.
pub(crate) fn with_prepared(place: &Place<'_>, entry: &Value, act: impl FnOnce(&PreparedSweep<'_>)) {
    let trace = trace(place.npz, place.id, entry);
    if let Ok(sweep) = sweep(&trace, entry) {
        act(&PreparedSweep::new(&sweep, &settings(place.defaults, entry)).expect("good settings"));
    }
}

/// Compares every feature in eFEL's mode.
fn compare_trace(place: &Place<'_>, entry: &Value, (counts, tally): (&mut Counts, &mut Tally)) {
    tally.case();
    let settings = settings(place.defaults, entry);
    let trace = trace(place.npz, place.id, entry);
    let is_without_numbers = entry["category"].as_str().is_some_and(|name| WITHOUT_NUMBERS.contains(&name));
    let features = entry["features"].as_object().unwrap_or_else(|| panic!("{} lists no features", place.id));
    counts.n_features += features.len();
    match sweep(&trace, entry).and_then(|sweep| PreparedSweep::new(&sweep, &settings)) {
        Ok(sweep) => {
            for (name, expected) in features {
                if LEFT_OUT_FEATURES.contains(&name.as_str()) {
                    counts.n_fits += 1;
                    continue;
                }
                let Ok(feature) = feature(name) else {
                    tally.holds(&format!("{name} is not known"), false);
                    continue;
                };
                let is_unstable =
                    entry["unstable"].as_array().is_some_and(|names| names.contains(&json!(name)));
                if is_without_numbers || is_unstable || is_failure(expected) {
                    counts.n_without_number += 1;
                    check_defined(&sweep, feature, place.id, tally);
                } else {
                    compare_feature(&sweep, feature, (place.id, expected), tally);
                }
            }
        }
        Err(error) => {
            counts.n_without_number += features.len();
            let is_refused = features.values().all(is_failure);
            tally.holds(&format!("{}: {error}", place.id), is_without_numbers || is_refused);
        }
    }
}

fn sweep<'a>(trace: &'a Trace, entry: &Value) -> Result<Sweep<'a>, Error> {
    let window = (number(&entry["stim_start"]), number(&entry["stim_end"]));
    let mut sweep = Sweep::new(trace.times_ms.as_slice(), &trace.v_mv, window.0, window.1)?
        .with_further_stimuli_ms(&trace.further_stimuli_ms)?;
    if let Some(current_na) = &trace.current_na {
        sweep = sweep.with_current_na(current_na)?;
    }
    match trace.stimulus_current_na {
        Some(current_na) => sweep.with_stimulus_current_na(current_na),
        None => Ok(sweep),
    }
}

/// Where eFEL has no answer, ours is missing or finite.
fn check_defined(sweep: &PreparedSweep<'_>, feature: &Feature, id: &str, tally: &mut Tally) {
    let values = feature.values(sweep);
    let is_defined = values.iter().flatten().all(|value| value.is_finite());
    tally.holds(&format!("{id} {}: {values:?} is not finite", feature.name), is_defined);
}

/// eFEL's view equals eFEL's answer; ours is the same where that is a list of numbers, and missing where it is not.
fn compare_feature(
    sweep: &PreparedSweep<'_>,
    feature: &Feature,
    (id, expected): (&str, &Value),
    tally: &mut Tally,
) {
    let place = format!("{id} {}", feature.name);
    let (ours, efel) = (feature.values(sweep), feature.efel_values(sweep));
    let is_plain = |values: &Vec<f64>| !values.is_empty() && values.iter().all(|value| value.is_finite());
    tally.holds(&format!("{place}: {ours:?} beside {efel:?}"), ours == efel.clone().filter(is_plain));
    match (&efel, expected) {
        (None, Value::Null) => tally.holds(&place, true),
        (Some(values), Value::Array(expected)) if values.len() == expected.len() => {
            for (value, expected) in values.iter().zip(expected) {
                compare_value(&place, *value, expected, tally);
            }
        }
        (Some(values), Value::Object(summary)) => compare_summary(&place, values, summary, tally),
        _ => {
            let shown: Vec<&f64> = efel.iter().flatten().take(5).collect();
            tally.holds(&format!("{place}: {shown:?}, expected {expected}"), false);
        }
    }
}

/// A long list as its length, a few values and its sum.
fn compare_summary(place: &str, values: &[f64], expected: &Map<String, Value>, tally: &mut Tally) {
    tally.holds(&format!("{place}: {} values", values.len()), expected["len"] == json!(values.len()));
    let middle = values.len() / 2;
    for (name, value) in [
        ("first", values.first().copied()),
        ("last", values.last().copied()),
        ("middle", values.get(middle).copied()),
        ("sum", Some(values.iter().sum())),
    ] {
        compare_value(&format!("{place} {name}"), value.unwrap_or(f64::NAN), &expected[name], tally);
    }
}

fn compare_value(place: &str, value: f64, expected: &Value, tally: &mut Tally) {
    match (expected.as_f64(), expected.as_str()) {
        (Some(number), _) => tally.value(place, (value - number).abs(), TOLERANCE * number.abs().max(1.0)),
        (None, Some("nan")) => tally.holds(&format!("{place}: {value}, expected nan"), value.is_nan()),
        (None, Some("inf")) => tally.holds(&format!("{place}: {value}, expected inf"), value > f64::MAX),
        (None, Some("-inf")) => tally.holds(&format!("{place}: {value}, expected -inf"), value < f64::MIN),
        _ => tally.holds(&format!("{place}: {value}, expected {expected}"), false),
    }
}

/// eFEL raised or ended there, which no value can match.
fn is_failure(expected: &Value) -> bool {
    expected.get("error").is_some() || expected.get("crash").is_some()
}
