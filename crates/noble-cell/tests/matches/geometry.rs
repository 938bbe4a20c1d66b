//! Areas and axial resistances of every segment.

use noble_cell::CablePlan;
use noble_cell::discretize::CompartmentSection;
use serde_json::Value;

use crate::cell::{Protocol, number_at};
use crate::findings::Findings;

/// Relative: sums over hundreds of points in another order.
const RELATIVE: f64 = 1e-9;

/// The middle of the soma is at distance zero.
const ABSOLUTE_UM: f64 = 1e-9;

pub(crate) fn compare(protocol: &Protocol) -> Findings {
    let case = &protocol.cell.case;
    if case.find("geometry.json").is_none() {
        return Findings::note(format!("{}: no geometry.json", case.folder.display()));
    }
    let json = case.json("geometry.json");
    let mut findings = Findings::of_case();
    let model = protocol.model(protocol.main_id());
    let plan = protocol.bare_plan(protocol.main_id());
    let expected = json["sections"].as_array().unwrap();
    findings.holds(
        &format!("{}: {} sections, expected {}", case.name, plan.sections().len(), expected.len()),
        plan.sections().len() == expected.len(),
    );
    for entry in expected {
        let name = entry["name"].as_str().unwrap();
        let place = format!("{} {name}", case.name);
        let Some(section) = plan.sections().iter().find(|section| section.name == name) else {
            findings.holds(&format!("{place} is missing"), false);
            continue;
        };
        compare_parent(&mut findings, &place, &plan, entry);
        let own_ra = model.sections.get(&section.kind).map_or(35.4, |own| own.axial_resistivity_ohm_cm);
        let scale = number_at(entry, "/Ra", &place) / own_ra;
        compare_section(&mut findings, &place, section, entry, scale);
    }
    findings
}

/// The node that the section begins at is that of its parent's place.
fn compare_parent(findings: &mut Findings, place: &str, plan: &CablePlan, entry: &Value) {
    let (Some(parent), Some(at_fraction)) = (entry["parent_name"].as_str(), entry["parent_x"].as_f64())
    else {
        return;
    };
    let begin = plan.compartment_at(entry["name"].as_str().unwrap(), 0.0).unwrap();
    let is_right = plan.compartment_at(parent, at_fraction).is_ok_and(|node| node == begin);
    findings.holds(&format!("{place}: does not begin at {parent}({at_fraction})"), is_right);
}

fn compare_section(
    findings: &mut Findings,
    place: &str,
    section: &CompartmentSection,
    entry: &Value,
    resistivity_scale: f64,
) {
    let numbers = |key: &str| -> Vec<f64> {
        let list = entry[key].as_array();
        list.into_iter().flatten().map(|value| value.as_f64().unwrap()).collect()
    };
    let relative = |y: f64| RELATIVE * y.abs();
    findings.array(&format!("{place} area"), &section.areas_um2, &numbers("area"), relative);
    let ours: Vec<f64> = section.axial_megaohm.iter().map(|r| r * resistivity_scale).collect();
    findings.array(&format!("{place} ri"), &ours[..section.n_compartments], &numbers("ri"), relative);
    if let Some(end) = entry["ri_end"].as_f64() {
        findings.array(&format!("{place} ri_end"), &ours[section.n_compartments..], &[end], relative);
    }
    if entry["distance_um"].is_array() {
        let expected = numbers("distance_um");
        let tolerance = |y: f64| RELATIVE * y.abs() + ABSOLUTE_UM;
        findings.array(&format!("{place} distance"), &section.distances_um, &expected, tolerance);
    }
    findings.array(
        &format!("{place} length"),
        &[section.length_um],
        &[entry["L"].as_f64().unwrap()],
        relative,
    );
}
