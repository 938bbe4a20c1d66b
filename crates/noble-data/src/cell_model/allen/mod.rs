//! Allen parameter file: `passive`, `conditions`, `fitting`, `genome`.
//!
//! Values come as numbers or as text. Nothing is dropped in silence: every field lands in the report as used,
//! ignored or assumed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::set::FieldReport;
use super::{AxonRule, CELL_FORMAT_VERSION, CellModel, SectionKind, SectionParameters};
use crate::Error;

const FORMAT: &str = "allen parameter file";

/// Parameters of the mechanism files, letter for letter, and our names with unit.
const PARAMETERS: [(&str, &str); 7] = [
    ("gbar", "gbar_s_per_cm2"),
    ("g", "g_s_per_cm2"),
    ("e", "e_mv"),
    ("gamma", "gamma"),
    ("decay", "decay_ms"),
    ("depth", "depth_um"),
    ("minCai", "minimum_calcium_millimolar"),
];

/// The leak, which NEURON inserts everywhere and the file names without a mechanism.
const LEAK: &str = "pas";

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
    reader.read_genome(object)?;
    let axon_rule = reader.choose_axon_rule(object);
    reader.note_rest(object);
    let model = CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: name.to_owned(),
        mechanism_set: "allen".to_owned(),
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
                        self.set_leak(kind, "e_mv", e_mv);
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

    fn read_genome(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        let genome = object.get("genome").and_then(Value::as_array);
        let genome = genome.ok_or_else(|| self.wrong("genome", "is not a list", ""))?;
        let mut seen = BTreeMap::new();
        for (idx, entry) in genome.iter().enumerate() {
            let path = format!("genome[{idx}]");
            let kind = self.kind(&path, entry)?;
            let name = entry.get("name").and_then(Value::as_str);
            let name = name.ok_or_else(|| self.wrong(&path, "has no name", "name the parameter"))?;
            let mechanism = entry.get("mechanism").and_then(Value::as_str).unwrap_or_default();
            let value = self.number(&path, entry.get("value").unwrap_or(&Value::Null))?;
            let before = seen.insert((kind, name.to_owned()), value);
            if before.is_some_and(|before| before.to_bits() != value.to_bits()) {
                let what = format!("{name} of {} was given before with another value", kind.name());
                return Err(self.wrong(&path, &what, "keep one of the two"));
            }
            self.set(kind, &path, (name, mechanism), value)?;
            self.report.used.push(format!("{path}: {name} of {}", kind.name()));
        }
        Ok(())
    }

    fn set(
        &mut self,
        kind: SectionKind,
        path: &str,
        (name, mechanism): (&str, &str),
        value: f64,
    ) -> Result<(), Error> {
        match (name, mechanism) {
            ("cm", "") => self.section(kind).capacitance_uf_per_cm2 = value,
            ("Ra", "") => self.section(kind).axial_resistivity_ohm_cm = value,
            ("g_pas", "" | LEAK) => self.set_leak(kind, "g_s_per_cm2", value),
            ("e_pas", "" | LEAK) => self.set_leak(kind, "e_mv", value),
            _ => {
                let parameter = self.mechanism_parameter(path, name, mechanism)?;
                let mechanisms = &mut self.section(kind).mechanisms;
                mechanisms.entry(mechanism.to_owned()).or_default().insert(parameter, value);
            }
        }
        Ok(())
    }

    fn set_leak(&mut self, kind: SectionKind, parameter: &str, value: f64) {
        let mechanisms = &mut self.section(kind).mechanisms;
        mechanisms.entry(LEAK.to_owned()).or_default().insert(parameter.to_owned(), value);
    }

    /// Our name of `<parameter>_<mechanism>`.
    fn mechanism_parameter(&self, path: &str, name: &str, mechanism: &str) -> Result<String, Error> {
        let stem = name.strip_suffix(mechanism).and_then(|stem| stem.strip_suffix('_'));
        let stem = stem.filter(|_| !mechanism.is_empty()).ok_or_else(|| {
            let what = format!("{name} does not end in the name of mechanism {mechanism:?}");
            self.wrong(path, &what, "write <parameter>_<mechanism>")
        })?;
        let known = PARAMETERS.iter().find(|(theirs, _)| *theirs == stem);
        known.map(|(_, ours)| (*ours).to_owned()).ok_or_else(|| {
            let names: Vec<&str> = PARAMETERS.iter().map(|(theirs, _)| *theirs).collect();
            let remedy = format!("use one of {}", names.join(", "));
            self.wrong(path, &format!("parameter {stem:?} of {mechanism} is unknown"), &remedy)
        })
    }

    /// Perisomatic fits keep their channels on the soma and hang the stub on its middle; all-active ones on its end.
    fn choose_axon_rule(&mut self, object: &Map<String, Value>) -> AxonRule {
        let has_channels = |(kind, section): (&SectionKind, &SectionParameters)| {
            *kind != SectionKind::Soma && section.mechanisms.keys().any(|name| name != LEAK)
        };
        let is_perisomatic = object.contains_key("axon_morph") || !self.sections.iter().any(has_channels);
        let (rule, reason) = if is_perisomatic {
            (AxonRule::Peri, "channels on the soma only")
        } else {
            (AxonRule::Stub1, "channels beyond the soma")
        };
        self.report.assumed.push(format!("axon rule {} ({reason})", rule.name()));
        rule
    }

    fn note_rest(&mut self, object: &Map<String, Value>) {
        for key in object.keys() {
            match key.as_str() {
                "passive" | "conditions" | "genome" => {}
                "axon_morph" => self.report.used.push("axon_morph: axon rule peri".to_owned()),
                "fitting" => self.report.ignored.push(
                    "fitting: junction_potential and sweeps describe the recording; voltages are the model's"
                        .to_owned(),
                ),
                _ => self.report.ignored.push(format!("{key}: not a parameter of the cable")),
            }
        }
        self.report.assumed.push("mechanism set allen".to_owned());
    }
}
