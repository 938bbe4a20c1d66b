//! The features of one protocol.

use serde_json::Value;

use super::{FEATURES, number, wrong};
use crate::Error;
use crate::cell_model::FieldReport;
use crate::fitting::FeatureTarget;

/// What the soma is called, alone and with the recorded variable.
const SOMA: [&str; 2] = ["soma", "soma.v"];

/// Keys of a feature in a list with a meaning here; the rest describes the recordings.
const KEYS: [&str; 2] = ["feature", "val"];

const REMEDY: &str = "write {feature: [mean, deviation]} or [{\"feature\": …, \"val\": [mean, deviation]}]";

/// Reads the features at the soma and reports the others.
pub(super) fn read(
    protocol: &str,
    value: &Value,
    report: &mut FieldReport,
) -> Result<Vec<FeatureTarget>, Error> {
    let locations = value.as_object();
    let locations =
        locations.ok_or_else(|| wrong(FEATURES, protocol, "is no object", "give features by location"))?;
    let mut targets = Vec::new();
    for (location, features) in locations {
        let place = format!("{protocol}.{location}");
        if !SOMA.contains(&location.as_str()) {
            let names = names(features).join(", ");
            report.ignored.push(format!("{place}: only the soma is recorded, so {names} is left out"));
            continue;
        }
        let read = match features {
            Value::Object(by_name) => by_name
                .iter()
                .map(|(feature, value)| target(&format!("{place}.{feature}"), feature, value))
                .collect::<Result<Vec<_>, _>>()?,
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(idx, entry)| listed(&format!("{place}[{idx}]"), entry, report))
                .collect::<Result<Vec<_>, _>>()?,
            _ => return Err(wrong(FEATURES, &place, "has the wrong shape", REMEDY)),
        };
        report.used.extend(read.iter().map(|target| format!("{place}.{}", target.feature)));
        targets.extend(read);
    }
    Ok(targets)
}

fn names(features: &Value) -> Vec<&str> {
    match features {
        Value::Object(by_name) => by_name.keys().map(String::as_str).collect(),
        Value::Array(list) => {
            list.iter().filter_map(|entry| entry.get("feature").and_then(Value::as_str)).collect()
        }
        _ => Vec::new(),
    }
}

fn listed(place: &str, entry: &Value, report: &mut FieldReport) -> Result<FeatureTarget, Error> {
    let feature = entry.get("feature").and_then(Value::as_str);
    let feature = feature.ok_or_else(|| wrong(FEATURES, place, "has no feature", REMEDY))?;
    let place = format!("{place} ({feature})");
    let rest: Vec<&str> =
        entry.as_object().into_iter().flat_map(|object| object.keys().map(String::as_str)).collect();
    for key in rest.into_iter().filter(|key| !KEYS.contains(key)) {
        report.ignored.push(format!("{place}.{key}: the settings of the features decide"));
    }
    target(&format!("{place}.val"), feature, entry.get("val").unwrap_or(&Value::Null))
}

fn target(place: &str, feature: &str, value: &Value) -> Result<FeatureTarget, Error> {
    match value.as_array().map(Vec::as_slice) {
        Some([mean, deviation]) => Ok(FeatureTarget {
            feature: feature.to_owned(),
            mean: number(FEATURES, place, Some(mean))?,
            deviation: number(FEATURES, place, Some(deviation))?,
        }),
        _ => Err(wrong(FEATURES, place, "is no pair of mean and deviation", REMEDY)),
    }
}
