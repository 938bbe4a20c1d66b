//! Walks every reference trace and compares every feature we have.

use std::path::Path;

use noble_features::{Feature, PreparedSweep, Sweep, features};
use noble_reference::{Case, Root, Tally, roots};
use serde_json::Value;

use crate::load::{arrays, number, settings};

/// Of `max(1, |expected|)`: room for the order of summation, none for another definition.
const TOLERANCE: f64 = 1e-9;
/// Categories whose numbers are not compared: there the answer must be an error, nothing, or finite.
const WITHOUT_NUMBERS: [&str; 2] = ["nan", "degenerate"];
/// Features for which eFEL gives NaN or an infinity where we give nothing: a mean of no samples, a logarithm of
/// zero or the slope of a constant, a flat trace at the half voltage.
const MAY_BE_NOT_FINITE: [&str; 3] = ["steady_state_voltage", "decay_time_constant_after_stim", "AP1_width"];

pub(crate) fn compare_all() {
    let mut tally = Tally::new();
    for root in roots() {
        compare_root(&root, &mut tally);
    }
    tally.finish();
}

fn compare_root(root: &Root, tally: &mut Tally) {
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
            compare_trace(&Place { npz: &npz, id, defaults: &document["settings"] }, entry, tally);
        }
    }
}

struct Place<'a> {
    npz: &'a Path,
    id: &'a str,
    defaults: &'a Value,
}

fn compare_trace(place: &Place<'_>, entry: &Value, tally: &mut Tally) {
    tally.case();
    let (settings, unknown) = settings(place.defaults, entry);
    for name in unknown {
        tally.note(format!("{}: setting {name} is not supported", place.id));
    }
    let arrays = arrays(place.npz, place.id, entry);
    let window = (number(&entry["stim_start"]), number(&entry["stim_end"]));
    let prepared = Sweep::new(arrays.times_ms.as_slice(), &arrays.v_mv, window.0, window.1)
        .and_then(|sweep| PreparedSweep::new(&sweep, &settings));
    let is_without_numbers = entry["category"].as_str().is_some_and(|name| WITHOUT_NUMBERS.contains(&name));
    match prepared {
        Ok(sweep) => {
            for feature in features() {
                compare_feature(&sweep, feature, (place.id, entry), tally, is_without_numbers);
            }
        }
        Err(error) => {
            let is_refused = features().all(|feature| is_failure(&entry["features"][feature.name]));
            tally.holds(&format!("{}: {error}", place.id), is_without_numbers || is_refused);
        }
    }
}

fn compare_feature(
    sweep: &PreparedSweep,
    feature: &Feature,
    (id, entry): (&str, &Value),
    tally: &mut Tally,
    is_without_numbers: bool,
) {
    let name = feature.name;
    let place = format!("{id} {name}");
    let values = feature.values(sweep);
    let is_finite = values.iter().flatten().all(|value| value.is_finite());
    let expected = &entry["features"][name];
    let is_unstable =
        entry["unstable"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
    if is_without_numbers || is_unstable || is_failure(expected) {
        tally.holds(&format!("{place}: {values:?} is not finite"), is_finite);
        return;
    }
    match (&values, expected) {
        (None, Value::Null) => tally.holds(&place, true),
        (Some(values), Value::Array(expected)) if values.len() == expected.len() => {
            for (value, expected) in values.iter().zip(expected) {
                compare_value(&place, *value, expected, tally);
            }
        }
        (None, Value::Array(expected)) if expected.iter().all(Value::is_string) => {
            tally.holds(&format!("{place}: expected {expected:?}"), MAY_BE_NOT_FINITE.contains(&name));
        }
        _ => tally.holds(&format!("{place}: {values:?}, expected {expected}"), false),
    }
}

fn compare_value(place: &str, value: f64, expected: &Value, tally: &mut Tally) {
    match expected.as_f64() {
        Some(number) => tally.value(place, (value - number).abs(), TOLERANCE * number.abs().max(1.0)),
        None => tally.holds(&format!("{place}: {value}, expected {expected}"), false),
    }
}

/// eFEL raised or ended there, which no value can match.
fn is_failure(expected: &Value) -> bool {
    expected.get("error").is_some() || expected.get("crash").is_some()
}
