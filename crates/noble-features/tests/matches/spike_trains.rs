//! Distances of spike trains against those of PySpike and elephant.

use noble_features::metrics::{Interval, spike_distance, van_rossum_distance};
use noble_reference::{Case, Tally, roots};
use serde_json::Value;

use crate::load::number;

/// Round-off of sums over some hundred pieces; distances are at most 1.
const SPIKE_TOLERANCE: f64 = 1e-12;
/// Of `max(1, D²)`: elephant takes the difference of sums over all pairs, up to some ten thousand.
const VAN_ROSSUM_TOLERANCE: f64 = 1e-10;

/// Goes through the trains of every root; `compare` gets a pair of trains and its reference numbers.
pub(crate) fn compare_all(compare: impl Fn(&Value, (&[f64], &[f64]), &Value, &mut Tally)) {
    let mut tally = Tally::new();
    for root in roots() {
        let case = Case::at(&root, "spike_trains");
        if !case.folder.is_dir() {
            tally.note(format!("{} has no folder spike_trains", root.path.display()));
            continue;
        }
        let document = case.json("expected.json");
        for entry in document["cases"].as_array().expect("expected.json lists cases") {
            tally.case();
            let (first_ms, second_ms) = (numbers(&entry["first_ms"]), numbers(&entry["second_ms"]));
            compare(&document, (&first_ms, &second_ms), entry, &mut tally);
        }
    }
    tally.finish();
}

pub(crate) fn compare_spike_distance(
    document: &Value,
    (first_ms, second_ms): (&[f64], &[f64]),
    entry: &Value,
    tally: &mut Tally,
) {
    let interval = Interval { start_ms: number(&document["start_ms"]), end_ms: number(&document["end_ms"]) };
    let found = spike_distance(first_ms, second_ms, interval).expect("the trains are ordered");
    let deviation = (found - number(&entry["spike_distance"])).abs();
    tally.value(&format!("{} SPIKE", entry["name"]), deviation, SPIKE_TOLERANCE);
}

pub(crate) fn compare_van_rossum(
    document: &Value,
    (first_ms, second_ms): (&[f64], &[f64]),
    entry: &Value,
    tally: &mut Tally,
) {
    let expected = numbers(&entry["van_rossum_distance"]);
    for (tau_ms, expected) in numbers(&document["tau_ms"]).into_iter().zip(expected) {
        let found = van_rossum_distance(first_ms, second_ms, tau_ms).expect("the trains are ordered");
        // elephant leaves out the factor ½ of D².
        let (found, expected) = (found * found, 0.5 * expected * expected);
        let deviation = (found - expected).abs() / expected.max(1.0);
        tally.value(&format!("{} van Rossum {tau_ms} ms", entry["name"]), deviation, VAN_ROSSUM_TOLERANCE);
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list of numbers").iter().map(number).collect()
}
