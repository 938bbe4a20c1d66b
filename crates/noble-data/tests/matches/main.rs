//! Section trees and parameters against NEURON's importer and the cells it built.

mod parameters;
mod recordings;

use noble_data::SectionKind;
use noble_data::morphology::{Morphology, read_swc};
use noble_reference::{Case, Tally, case_folders};
use serde_json::Value;

/// Lengths are sums of a few hundred float32 distances in double precision; only the order of a sum may differ.
const LENGTH_TOLERANCE_FRACTION: f64 = 1e-12;

#[test]
fn matches_neuron_section_trees() {
    let mut tally = Tally::new();
    for case in case_folders("biophysics") {
        if case.find("morphology.swc").is_some() && case.find("geometry.json").is_some() {
            compare(&case, &mut tally);
            tally.case();
        }
    }
    tally.finish();
}

/// Compares every section but the axon's, which the reference replaced by a stub.
fn compare(case: &Case, tally: &mut Tally) {
    let geometry = case.json("geometry.json");
    let morphology = match read_swc(&case.bytes("morphology.swc")) {
        Ok((morphology, _)) => morphology,
        Err(error) => return tally.holds(&format!("{}: {error}", case.name), false),
    };
    let expected: Vec<&Value> = sections(&geometry).iter().filter(|entry| !is_axon(entry)).collect();
    let kept: Vec<usize> = (0..morphology.sections.len())
        .filter(|idx| morphology.sections[*idx].kind != SectionKind::Axon)
        .collect();
    tally.holds(
        &format!("{}: {} sections, expected {}", case.name, kept.len(), expected.len()),
        kept.len() == expected.len(),
    );
    for section_idx in kept {
        let name = morphology.section_name(section_idx);
        let place = format!("{} {name}", case.name);
        match expected.iter().find(|entry| entry["name"] == name.as_str()) {
            Some(entry) => compare_section(&place, &morphology, (section_idx, entry), tally),
            None => tally.holds(&format!("{place}: not in the reference"), false),
        }
    }
}

fn compare_section(
    place: &str,
    morphology: &Morphology,
    (section_idx, entry): (usize, &Value),
    tally: &mut Tally,
) {
    let section = &morphology.sections[section_idx];
    let length_um = entry["L"].as_f64().expect("a section has a length");
    let deviation = (section.length_um() - length_um).abs() / length_um;
    tally.value(&format!("{place} length"), deviation, LENGTH_TOLERANCE_FRACTION);
    tally.holds(&format!("{place} number of points"), entry["n_pt3d"] == section.points.len());
    let parent =
        section.parent.map(|parent| (morphology.section_name(parent.section_idx), parent.at_fraction));
    let expected = entry["parent_name"]
        .as_str()
        .map(|name| (name.to_owned(), entry["parent_x"].as_f64().unwrap_or(f64::NAN)));
    tally.holds(&format!("{place} parent {parent:?}, expected {expected:?}"), parent == expected);
}

fn sections(geometry: &Value) -> &Vec<Value> {
    geometry["sections"].as_array().expect("geometry.json lists sections")
}

fn is_axon(entry: &Value) -> bool {
    entry["name"].as_str().is_some_and(|name| name.starts_with("axon"))
}
