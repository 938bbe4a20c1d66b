//! BluePyOpt: values by name, `parameters.json` with everything frozen, `mechanisms.json`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::flat::{Assignment, assignments, check_finite, filled_sections, notes_on_names};
use crate::Error;
use crate::cell_model::bluepyopt::{ALL, formula, section_list};
use crate::cell_model::{CellModel, SectionKind, SectionParameters};

const FORMAT: &str = "bluepyopt files";

/// Mechanisms of the catalogs whose currents are of sodium.
const OF_SODIUM: [&str; 9] = ["NaTs", "NaTa", "NaTa_t", "NaTs2_t", "NaV", "Nap", "Nap_Et2", "NaTg", "hh"];

/// Mechanisms of the catalogs whose currents are of potassium.
const OF_POTASSIUM: [&str; 14] = [
    "K_T", "K_P", "K_Tst", "K_Pst", "Kd", "Kv2like", "Kv3_1", "SKv3_1", "SK", "SK_E2", "Im", "Im_v2",
    "Im_34", "hh",
];

/// Mechanisms of the catalogs that touch neither.
const OF_NEITHER: [&str; 7] = ["pas", "Ih", "CaDynamics", "CaDynamics_E2", "Ca_HVA", "Ca_LVA", "Ca_LVAst"];

type Sections = BTreeMap<SectionKind, SectionParameters>;

/// One cell in the three files that BluePyOpt's examples read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BluePyOptFiles {
    /// `{"gNaTs2_tbar_NaTs2_t.apical": 0.026, …}`, what an evaluator takes where these parameters are free.
    pub values: Vec<u8>,
    /// `parameters.json`: the list of parameters, each frozen at its value.
    pub parameters: Vec<u8>,
    /// `mechanisms.json`: what is inserted in which section list.
    pub mechanisms: Vec<u8>,
    /// What the layout has no place for.
    pub notes: Vec<String>,
}

/// Writes one cell.
///
/// A value that all kinds of section share is written once, for the list `all`. Reversal potentials are written
/// where a mechanism may use them, as NEURON has no such variable elsewhere.
///
/// # Errors
/// [`Error::Json`] for a number that is not finite.
///
/// # Source
/// Layout: BluePyOpt `examples/l5pc/l5pc_model.py` at 2228979.
pub fn write_bluepyopt(model: &CellModel) -> Result<BluePyOptFiles, Error> {
    check_finite(model, FORMAT)?;
    let sections = filled_sections(model);
    let assignments = assignments(&sections, &model.mechanism_set);
    let mut notes = notes_on_names(&assignments);
    let mut entries =
        vec![global("v_init", model.initial_voltage_mv), global("celsius", model.temperature_celsius)];
    let cable = cable_entries(&sections, &mut notes);
    entries.extend(once_for_all(cable.into_iter().chain(assignments.iter().map(mechanism_entry)).collect()));
    notes.push(axon_note(model));
    Ok(BluePyOptFiles {
        values: text(&values(&entries)),
        parameters: text(&Value::Array(entries)),
        mechanisms: text(&mechanisms(&sections)),
        notes,
    })
}

fn text(value: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("a tree of JSON has no other keys than text");
    bytes.push(b'\n');
    bytes
}

fn global(name: &str, value: f64) -> Value {
    json!({"param_name": name, "type": "global", "value": value})
}

fn cable_entries(sections: &Sections, notes: &mut Vec<String>) -> Vec<Value> {
    let mut entries = Vec::new();
    for (kind, own) in sections {
        let mut add = |name: &str, value: f64| {
            let list = section_list(*kind);
            entries.push(json!({
                "param_name": name, "sectionlist": list, "type": "section", "dist_type": "uniform", "value": value
            }));
        };
        add("Ra", own.axial_resistivity_ohm_cm);
        add("cm", own.capacitance_uf_per_cm2);
        let default = SectionParameters::default();
        let ions = [
            ("ena", &OF_SODIUM[..], own.sodium_reversal_mv, default.sodium_reversal_mv),
            ("ek", &OF_POTASSIUM[..], own.potassium_reversal_mv, default.potassium_reversal_mv),
        ];
        for (name, carriers, value, default) in ions {
            let of_user = own.mechanisms.keys().find(|mechanism| !is_known(mechanism));
            if own.mechanisms.keys().any(|mechanism| carriers.contains(&mechanism.as_str())) {
                add(name, value);
            } else if let Some(mechanism) = of_user {
                add(name, value);
                let place = format!("{name} of {}", kind.name());
                notes.push(format!(
                    "{place}: delete it if {mechanism} does not use it, as NEURON then has none"
                ));
            } else if value.to_bits() != default.to_bits() {
                notes.push(format!("{name} of {}: left out, as no mechanism there uses it", kind.name()));
            }
        }
    }
    entries
}

/// Whether the ions of a mechanism are known; those of the user may use any.
fn is_known(mechanism: &str) -> bool {
    [&OF_SODIUM[..], &OF_POTASSIUM, &OF_NEITHER].concat().contains(&mechanism)
}

fn mechanism_entry(assignment: &Assignment<'_>) -> Value {
    let mut entry = json!({
        "param_name": assignment.name(), "mech": assignment.mechanism, "mech_param": assignment.theirs.stem,
        "sectionlist": section_list(assignment.kind), "type": "range", "dist_type": "uniform",
        "value": assignment.value
    });
    if let Some(distribution) = assignment.distribution {
        entry["dist_type"] = json!("exp");
        entry["dist"] = json!(formula::write(distribution));
    }
    if !assignment.theirs.is_known {
        entry["parameter"] = json!(assignment.parameter);
    }
    entry
}

/// One entry for `all` in place of four that differ in their section list alone.
fn once_for_all(entries: Vec<Value>) -> Vec<Value> {
    let mut joined: Vec<(Value, Vec<Value>)> = Vec::new();
    for entry in entries {
        let mut shared = entry.clone();
        shared["sectionlist"] = json!(ALL);
        match joined.iter_mut().find(|(known, _)| *known == shared) {
            Some((_, members)) => members.push(entry),
            None => joined.push((shared, vec![entry])),
        }
    }
    let whole = |(shared, members): (Value, Vec<Value>)| {
        if members.len() == SectionKind::ALL.len() { vec![shared] } else { members }
    };
    joined.into_iter().flat_map(whole).collect()
}

/// `name.list`, or the name alone for what the whole cell has.
fn values(entries: &[Value]) -> Value {
    let mut object = Map::new();
    for entry in entries {
        let name = entry["param_name"].as_str().unwrap_or_default();
        let key = match entry["sectionlist"].as_str() {
            Some(list) => format!("{name}.{list}"),
            None => name.to_owned(),
        };
        object.insert(key, entry["value"].clone());
    }
    Value::Object(object)
}

fn mechanisms(sections: &Sections) -> Value {
    let is_everywhere = |name: &String| sections.values().all(|own| own.mechanisms.contains_key(name));
    let everywhere: Vec<&String> =
        sections[&SectionKind::Soma].mechanisms.keys().filter(|name| is_everywhere(name)).collect();
    let mut object = Map::new();
    object.insert(ALL.to_owned(), json!(everywhere));
    for (kind, own) in sections {
        let rest: Vec<&String> = own.mechanisms.keys().filter(|name| !is_everywhere(name)).collect();
        object.insert(section_list(*kind).to_owned(), json!(rest));
    }
    Value::Object(object)
}

fn axon_note(model: &CellModel) -> String {
    let rule = model.axon_rule.name();
    match &*rule {
        "bpo" => "axon rule bpo: what do_replace_axon of the morphology does; leave it on".to_owned(),
        "keep" => "axon rule keep: turn do_replace_axon of the morphology off".to_owned(),
        _ => format!(
            "axon rule {rule}: not in this layout; give a morphology with this axon, do_replace_axon off"
        ),
    }
}
