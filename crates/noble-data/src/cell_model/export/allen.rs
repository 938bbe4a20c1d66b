//! Allen parameter file: `passive`, `conditions`, `fitting`, `genome`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::flat::{
    Assignment, add_once, assignments, check_finite, filled_sections, leakless, notes_on_names,
};
use crate::Error;
use crate::cell_model::allen::{self, in_their_words};
use crate::cell_model::mechanism_names::{DEFAULT_SET, LEAK};
use crate::cell_model::{CellModel, ModelId, SectionKind, SectionParameters};

const FORMAT: &str = "allen parameter file";

type Sections = BTreeMap<SectionKind, SectionParameters>;

/// A file in the layout of the Allen Institute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllenFile {
    /// JSON text.
    pub bytes: Vec<u8>,
    /// What the layout has no place for.
    pub notes: Vec<String>,
}

/// Writes one cell.
///
/// [`super::super::read_cells`] reads the same numbers back, bit by bit; kinds of section that the cell leaves out
/// come back with the values they are simulated with. Neither the axon rule nor the name have a place in the layout:
/// the notes state the rule.
///
/// # Errors
/// [`Error::Json`] for a number that is not finite.
///
/// # Example
/// ```
/// use noble_data::cell_model::{read_cells, write_allen};
/// # let text = br#"{"passive": [{"ra": 100}], "conditions": [{"celsius": 34, "v_init": -80}], "genome": []}"#;
/// let cell = read_cells(text)?.models.remove(&0).expect("a file of one cell");
/// let file = write_allen(&cell)?;
/// assert_eq!(read_cells(&file.bytes)?.models[&0].sections, cell.sections);
/// # Ok::<(), noble_data::Error>(())
/// ```
pub fn write_allen(model: &CellModel) -> Result<AllenFile, Error> {
    let mut notes = Vec::new();
    let value = value_of(model, &mut notes)?;
    Ok(AllenFile { bytes: text(&value), notes })
}

/// Writes many cells as published halls of fame are kept, an object by number (`hof_params.json`).
///
/// # Errors
/// [`Error::Json`] for a number that is not finite.
pub fn write_allen_set(models: &BTreeMap<ModelId, CellModel>) -> Result<AllenFile, Error> {
    let (mut object, mut notes) = (Map::new(), Vec::new());
    for (id, model) in models {
        object.insert(id.to_string(), value_of(model, &mut notes)?);
    }
    Ok(AllenFile { bytes: text(&Value::Object(object)), notes })
}

fn text(value: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("a tree of JSON has no other keys than text");
    bytes.push(b'\n');
    bytes
}

fn value_of(model: &CellModel, notes: &mut Vec<String>) -> Result<Value, Error> {
    check_finite(model, FORMAT)?;
    let sections = filled_sections(model);
    let assignments = assignments(&sections, &model.mechanism_set);
    let leak_mv = leak_reversal_mv(&sections[&SectionKind::Soma]);
    let mut object = Map::new();
    object.insert("passive".to_owned(), passive(&sections, leak_mv));
    object.insert("conditions".to_owned(), conditions(model, &sections));
    object.insert("fitting".to_owned(), json!([{"junction_potential": 0.0, "sweeps": []}]));
    object.insert("genome".to_owned(), genome(&sections, &assignments, leak_mv));
    if model.mechanism_set != DEFAULT_SET {
        object.insert("mechanism_set".to_owned(), json!(model.mechanism_set));
    }
    let mut insert = |key: &str, entries: Vec<Value>| {
        if !entries.is_empty() {
            object.insert(key.to_owned(), Value::Array(entries));
        }
    };
    insert("distributions", assignments.iter().filter_map(distribution).collect());
    insert("inserted", inserted(&sections));
    let value = Value::Object(object);
    for note in notes_of(model, &sections, &assignments).into_iter().chain([axon_note(model, &value)?]) {
        add_once(notes, note);
    }
    Ok(value)
}

/// What a section without a leak reversal has.
fn leak_reversal_mv(section: &SectionParameters) -> f64 {
    let default = SectionParameters::default().mechanisms[LEAK]["e_mv"];
    section.mechanisms.get(LEAK).and_then(|leak| leak.get("e_mv")).copied().unwrap_or(default)
}

fn passive(sections: &Sections, leak_mv: f64) -> Value {
    let capacitance = |(kind, own): (&SectionKind, &SectionParameters)| json!({"section": kind.name(), "cm": own.capacitance_uf_per_cm2});
    let cm: Vec<Value> = sections.iter().map(capacitance).collect();
    json!([{"ra": sections[&SectionKind::Soma].axial_resistivity_ohm_cm, "e_pas": leak_mv, "cm": cm}])
}

fn conditions(model: &CellModel, sections: &Sections) -> Value {
    let default = SectionParameters::default();
    let differs = |own: &&SectionParameters| {
        !same(own.sodium_reversal_mv, default.sodium_reversal_mv)
            || !same(own.potassium_reversal_mv, default.potassium_reversal_mv)
    };
    let reversals = sections.iter().filter(|(_, own)| differs(own)).map(|(kind, own)| {
        json!({"section": kind.name(), "ena": own.sodium_reversal_mv, "ek": own.potassium_reversal_mv})
    });
    let erev: Vec<Value> = reversals.collect();
    json!([{"celsius": model.temperature_celsius, "v_init": model.initial_voltage_mv, "erev": erev}])
}

/// Resistivity and leak where `passive` does not say them, then every mechanism.
fn genome(sections: &Sections, assignments: &[Assignment<'_>], leak_mv: f64) -> Value {
    let mut entries = Vec::new();
    for (kind, own) in sections {
        if !same(own.axial_resistivity_ohm_cm, sections[&SectionKind::Soma].axial_resistivity_ohm_cm) {
            entries.push(entry(*kind, "Ra", "", own.axial_resistivity_ohm_cm));
        }
        if !same(leak_reversal_mv(own), leak_mv) {
            entries.push(entry(*kind, "e_pas", "", leak_reversal_mv(own)));
        }
    }
    entries.extend(leakless(sections).map(|kind| entry(kind, "g_pas", "", 0.0)));
    for assignment in assignments.iter().filter(|own| own.distribution.is_none()) {
        let is_leak = assignment.mechanism == LEAK;
        if is_leak && assignment.parameter == "e_mv" {
            continue;
        }
        let mechanism = if is_leak && assignment.theirs.is_known { "" } else { assignment.mechanism };
        let mut own = entry(assignment.kind, &assignment.name(), mechanism, assignment.value);
        add_own_name(&mut own, assignment);
        entries.push(own);
    }
    Value::Array(entries)
}

fn entry(kind: SectionKind, name: &str, mechanism: &str, value: f64) -> Value {
    json!({"section": kind.name(), "name": name, "mechanism": mechanism, "value": value})
}

fn add_own_name(entry: &mut Value, assignment: &Assignment<'_>) {
    if !assignment.theirs.is_known {
        entry["parameter"] = json!(assignment.parameter);
    }
}

fn distribution(assignment: &Assignment<'_>) -> Option<Value> {
    let formula = in_their_words(assignment.distribution?.formula()).to_string();
    let mut own = entry(assignment.kind, &assignment.name(), assignment.mechanism, assignment.value);
    own["formula"] = json!(formula);
    add_own_name(&mut own, assignment);
    Some(own)
}

/// Mechanisms with the defaults of all their parameters.
fn inserted(sections: &Sections) -> Vec<Value> {
    let all = sections.iter().flat_map(|(kind, own)| {
        let bare = own.mechanisms.iter().filter(|(name, given)| given.is_empty() && *name != LEAK);
        bare.map(|(name, _)| json!({"section": kind.name(), "mechanism": name}))
    });
    all.collect()
}

fn notes_of(model: &CellModel, sections: &Sections, assignments: &[Assignment<'_>]) -> Vec<String> {
    let mut notes = notes_on_names(assignments);
    for kind in leakless(sections) {
        notes.push(format!("{} has no leak: written as a leak of conductance 0", kind.name()));
    }
    if model.mechanism_set != DEFAULT_SET {
        notes.push(format!("mechanism_set {}: a key of this program's", model.mechanism_set));
    }
    if assignments.iter().any(|own| own.distribution.is_some()) {
        notes.push(
            "distributions: a key of this program's; other programs leave these parameters out".to_owned(),
        );
    }
    if !inserted(sections).is_empty() {
        notes.push("inserted: a key of this program's; other programs leave these mechanisms out".to_owned());
    }
    notes.push("fitting: junction potential 0, as voltages are the model's".to_owned());
    notes
}

/// The layout has no axon rule, so this reads what was written and compares.
fn axon_note(model: &CellModel, value: &Value) -> Result<String, Error> {
    let (read, _) = allen::read(value, FORMAT, &model.name)?;
    let (own, assumed) = (model.axon_rule.name(), read.axon_rule.name());
    if own == assumed {
        return Ok(format!("axon rule {own}: not in this layout; this program assumes it on reading"));
    }
    Ok(format!(
        "axon rule {own}: not in this layout; on reading this program assumes {assumed}, so state {own}"
    ))
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}
