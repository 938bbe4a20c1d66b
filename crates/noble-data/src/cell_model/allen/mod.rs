//! Allen parameter file: `passive`, `conditions`, `fitting`, `genome`.
//!
//! The layout also serves fits of other laboratories: `mechanism_set` names another catalog, and `distributions`
//! lets parameters vary along the tree. What has no name in published files, [`super::export`] writes with
//! `parameter`, our name, and `inserted`, mechanisms without values. Values come as numbers or as text. Nothing is dropped in silence: every
//! field lands in the report as used, ignored or assumed.

mod distributions;
mod genome;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub(super) use distributions::in_their_words;

use super::mechanism_names::{DEFAULT_SET, LEAK};
use super::set::FieldReport;
use super::{AxonRule, CELL_FORMAT_VERSION, CellModel, SectionKind, SectionParameters};
use crate::Error;

const FORMAT: &str = "allen parameter file";

/// Catalogs whose fits replace the axon by a stub as wide as the traced one.
const SETS_WITH_TRACED_STUB: [&str; 2] = ["bbp", "yao2022"];

struct Reader<'a> {
    place: &'a str,
    sections: BTreeMap<SectionKind, SectionParameters>,
    report: FieldReport,
}

/// Reads one parameter set; `place` names it in errors.
pub(super) fn read(value: &Value, place: &str, name: &str) -> Result<(CellModel, FieldReport), Error> {
    let sections = SectionKind::ALL.into_iter().map(|kind| (kind, SectionParameters::default())).collect();
    let mut reader = Reader { place, sections, report: FieldReport::default() };
    let object = value.as_object().ok_or_else(|| reader.wrong("", "is not an object", ""))?;
    reader.read_passive(object)?;
    let (temperature_celsius, initial_voltage_mv) = reader.read_conditions(object)?;
    let mechanism_set = reader.read_mechanism_set(object)?;
    reader.read_genome(object)?;
    reader.read_distributions(object)?;
    reader.read_inserted(object)?;
    let axon_rule = reader.choose_axon_rule(object, &mechanism_set);
    reader.note_rest(object);
    let model = CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: name.to_owned(),
        mechanism_set,
        axon_rule,
        temperature_celsius,
        initial_voltage_mv,
        sections: reader.sections,
    };
    Ok((model, reader.report))
}

impl Reader<'_> {
    fn wrong(&self, key: &str, what: &str, remedy: &str) -> Error {
        let place = if key.is_empty() { self.place.to_owned() } else { format!("{}: {key}", self.place) };
        let remedy = if remedy.is_empty() { "compare with a published parameter file" } else { remedy };
        Error::Json { format: FORMAT, place, what: what.to_owned(), remedy: remedy.to_owned() }
    }

    /// The one object of a list of one object, as `passive` and `conditions` are kept.
    fn only<'v>(&self, object: &'v Map<String, Value>, key: &str) -> Result<&'v Map<String, Value>, Error> {
        let list = object.get(key).and_then(Value::as_array).filter(|list| list.len() == 1);
        let entry = list.and_then(|list| list[0].as_object());
        entry.ok_or_else(|| self.wrong(key, "is not a list of one object", ""))
    }

    fn list<'v>(&self, key: &str, value: &'v Value, of: &str) -> Result<&'v [Value], Error> {
        let list = value.as_array().map(Vec::as_slice);
        list.ok_or_else(|| self.wrong(key, "has the wrong shape", &format!("write a list of {of}")))
    }

    fn number(&self, key: &str, value: &Value) -> Result<f64, Error> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let finite = number.filter(|number| number.is_finite());
        finite.ok_or_else(|| self.wrong(key, &format!("{value} is not a number"), "write a finite number"))
    }

    fn kind(&self, key: &str, entry: &Value) -> Result<SectionKind, Error> {
        let name = entry.get("section").and_then(Value::as_str).unwrap_or_default();
        SectionKind::from_name(name).ok_or_else(|| {
            let what = format!("section {name:?} is unknown");
            self.wrong(key, &what, "name one of soma, axon, dend, apic")
        })
    }

    fn section(&mut self, kind: SectionKind) -> &mut SectionParameters {
        self.sections.entry(kind).or_default()
    }

    fn read_passive(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        let passive = self.only(object, "passive")?;
        for (key, value) in passive {
            let path = format!("passive[0].{key}");
            match key.as_str() {
                "ra" => {
                    let ra = self.number(&path, value)?;
                    self.sections.values_mut().for_each(|section| section.axial_resistivity_ohm_cm = ra);
                }
                "e_pas" => {
                    let e_mv = self.number(&path, value)?;
                    for kind in SectionKind::ALL {
                        self.set_parameter(kind, LEAK, ("e_mv", e_mv));
                    }
                }
                "cm" => self.read_capacitances(&path, value)?,
                _ => {
                    self.report.ignored.push(format!("{path}: not a parameter of the cable"));
                    continue;
                }
            }
            self.report.used.push(path);
        }
        Ok(())
    }

    /// One value for all sections, or one per kind of section.
    fn read_capacitances(&mut self, path: &str, value: &Value) -> Result<(), Error> {
        if matches!(value, Value::Number(_) | Value::String(_)) {
            let cm = self.number(path, value)?;
            self.sections.values_mut().for_each(|section| section.capacitance_uf_per_cm2 = cm);
            return Ok(());
        }
        for (idx, entry) in self.list(path, value, "section and cm, or one number")?.iter().enumerate() {
            let place = format!("{path}[{idx}]");
            let kind = self.kind(&place, entry)?;
            let cm = self.number(&place, entry.get("cm").unwrap_or(&Value::Null))?;
            self.section(kind).capacitance_uf_per_cm2 = cm;
        }
        Ok(())
    }

    fn read_conditions(&mut self, object: &Map<String, Value>) -> Result<(f64, f64), Error> {
        let conditions = self.only(object, "conditions")?;
        let required = |reader: &Self, key: &str| {
            let path = format!("conditions[0].{key}");
            let value =
                conditions.get(key).ok_or_else(|| reader.wrong(&path, "is missing", "add it to the file"))?;
            reader.number(&path, value)
        };
        let temperature_celsius = required(self, "celsius")?;
        let initial_voltage_mv = required(self, "v_init")?;
        for (key, value) in conditions {
            let path = format!("conditions[0].{key}");
            match key.as_str() {
                "celsius" | "v_init" => self.report.used.push(path),
                "erev" => {
                    self.read_reversals(&path, value)?;
                    self.report.used.push(path);
                }
                _ => self.report.ignored.push(format!("{path}: not a parameter of the cable")),
            }
        }
        Ok((temperature_celsius, initial_voltage_mv))
    }

    fn read_reversals(&mut self, path: &str, value: &Value) -> Result<(), Error> {
        for (idx, entry) in self.list(path, value, "section, ena and ek")?.iter().enumerate() {
            let place = format!("{path}[{idx}]");
            let kind = self.kind(&place, entry)?;
            for (key, reversal) in entry.as_object().into_iter().flatten() {
                if key == "section" {
                    continue;
                }
                let mv = self.number(&format!("{place}.{key}"), reversal)?;
                match key.as_str() {
                    "ena" => self.section(kind).sodium_reversal_mv = mv,
                    "ek" => self.section(kind).potassium_reversal_mv = mv,
                    _ => self.report.ignored.push(format!("{place}.{key}: only ena and ek are fixed")),
                }
            }
        }
        Ok(())
    }

    fn read_mechanism_set(&mut self, object: &Map<String, Value>) -> Result<String, Error> {
        const KEY: &str = "mechanism_set";
        let Some(value) = object.get(KEY) else {
            self.report.assumed.push(format!("mechanism set {DEFAULT_SET}"));
            return Ok(DEFAULT_SET.to_owned());
        };
        let name = value.as_str().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| self.wrong(KEY, "is no text", "name a catalog, such as \"allen\""))?;
        self.report.used.push(KEY.to_owned());
        Ok(name.to_owned())
    }

    /// Perisomatic fits keep their channels on the soma and hang the stub on its middle; all-active ones on its end.
    fn choose_axon_rule(&mut self, object: &Map<String, Value>, mechanism_set: &str) -> AxonRule {
        let has_channels = |(kind, section): (&SectionKind, &SectionParameters)| {
            *kind != SectionKind::Soma && section.mechanisms.keys().any(|name| name != LEAK)
        };
        let is_perisomatic = object.contains_key("axon_morph") || !self.sections.iter().any(has_channels);
        let (rule, reason) = if SETS_WITH_TRACED_STUB.contains(&mechanism_set) {
            (AxonRule::Bpo, "as published with this mechanism set")
        } else if is_perisomatic {
            (AxonRule::Peri, "channels on the soma only")
        } else {
            (AxonRule::Stub1, "channels beyond the soma")
        };
        self.report.assumed.push(format!("axon rule {} ({reason})", rule.name()));
        rule
    }

    /// Mechanisms with the defaults of all their parameters.
    fn read_inserted(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        let Some(entries) = object.get("inserted") else { return Ok(()) };
        for (idx, entry) in self.list("inserted", entries, "section and mechanism")?.iter().enumerate() {
            let path = format!("inserted[{idx}]");
            let kind = self.kind(&path, entry)?;
            let mechanism = entry.get("mechanism").and_then(Value::as_str).filter(|name| !name.is_empty());
            let mechanism =
                mechanism.ok_or_else(|| self.wrong(&path, "has no mechanism", "name the mechanism"))?;
            self.section(kind).mechanisms.entry(mechanism.to_owned()).or_default();
            self.report.used.push(format!("{path}: {mechanism} of {}", kind.name()));
        }
        Ok(())
    }

    fn note_rest(&mut self, object: &Map<String, Value>) {
        for key in object.keys() {
            match key.as_str() {
                "passive" | "conditions" | "genome" | "mechanism_set" | "distributions" | "inserted" => {}
                "axon_morph" => self.report.used.push("axon_morph: axon rule peri".to_owned()),
                "fitting" => self.report.ignored.push(
                    "fitting: junction_potential and sweeps describe the recording; voltages are the model's"
                        .to_owned(),
                ),
                "mechanisms" => {
                    self.report.ignored.push("mechanisms: a section has those it gives values to".to_owned());
                }
                _ => self.report.ignored.push(format!("{key}: not a parameter of the cable")),
            }
        }
    }
}
