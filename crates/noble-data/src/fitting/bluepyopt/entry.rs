//! One entry of `parameters.json`.

use serde_json::{Map, Value};

use super::{PARAMETERS, number, wrong};
use crate::Error;
use crate::cell_model::bluepyopt::{SECTION_LISTS, formula, kinds_of};
use crate::cell_model::mechanism_names::{known_parameters, own_parameter, split_name};
use crate::cell_model::{Distribution, SectionKind};
use crate::fitting::ParameterTarget;

/// Keys with a meaning here; `param_name` is read first.
const KEYS: [&str; 11] = [
    "param_name",
    "mech",
    "mech_param",
    "parameter",
    "sectionlist",
    "type",
    "dist_type",
    "dist",
    "bounds",
    "value",
    "comment",
];

/// Variables of the cable.
const CABLE: [(&str, ParameterTarget); 4] = [
    ("Ra", ParameterTarget::AxialResistivity),
    ("cm", ParameterTarget::Capacitance),
    ("ena", ParameterTarget::SodiumReversal),
    ("ek", ParameterTarget::PotassiumReversal),
];

/// An entry in our words.
pub(super) struct Entry {
    /// `parameters[3] (gIhbar_Ih.apical)`.
    pub(super) place: String,
    /// `gIhbar_Ih.apical`, or the name alone for the whole cell.
    pub(super) name: String,
    pub(super) subject: Subject,
    pub(super) amount: Amount,
    /// Keys that mean nothing here.
    pub(super) unknown_keys: Vec<String>,
}

/// What an entry sets.
pub(super) enum Subject {
    Temperature,
    InitialVoltage,
    Sections { kinds: &'static [SectionKind], target: ParameterTarget, distribution: Option<Distribution> },
}

/// A number, or bounds.
pub(super) enum Amount {
    Frozen(f64),
    Free([f64; 2]),
}

impl Entry {
    pub(super) fn read(idx: usize, value: &Value) -> Result<Self, Error> {
        let place = format!("parameters[{idx}]");
        let object = value.as_object();
        let object =
            object.ok_or_else(|| wrong(PARAMETERS, &place, "is no object", "write one per parameter"))?;
        let name = text(object, "param_name");
        let name =
            name.ok_or_else(|| wrong(PARAMETERS, &place, "has no param_name", "name the parameter"))?;
        let list = text(object, "sectionlist");
        let name_with_list = list.map_or_else(|| name.to_owned(), |list| format!("{name}.{list}"));
        let place = format!("{place} ({name_with_list})");
        let unknown_keys = object.keys().filter(|key| !KEYS.contains(&key.as_str())).cloned().collect();
        let amount = amount(&place, object)?;
        let subject = match text(object, "type") {
            Some("global") => global(&place, name)?,
            Some("section" | "range") => sections(&place, object, (name, list))?,
            other => {
                let what = format!("type {} is unknown", other.unwrap_or("that is missing"));
                return Err(wrong(PARAMETERS, &place, what, "write global, section or range"));
            }
        };
        Ok(Self { place, name: name_with_list, subject, amount, unknown_keys })
    }
}

fn text<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

fn amount(place: &str, object: &Map<String, Value>) -> Result<Amount, Error> {
    if let Some(value) = object.get("value") {
        return number(PARAMETERS, &format!("{place}.value"), Some(value)).map(Amount::Frozen);
    }
    let place = format!("{place}.bounds");
    match object.get("bounds").and_then(Value::as_array).map(Vec::as_slice) {
        Some([lower, upper]) => {
            let bound = |value| number(PARAMETERS, &place, Some(value));
            Ok(Amount::Free([bound(lower)?, bound(upper)?]))
        }
        _ => Err(wrong(
            PARAMETERS,
            &place,
            "are no two numbers, and there is no value",
            "give value or bounds",
        )),
    }
}

fn global(place: &str, name: &str) -> Result<Subject, Error> {
    match name {
        "celsius" => Ok(Subject::Temperature),
        "v_init" => Ok(Subject::InitialVoltage),
        _ => Err(wrong(PARAMETERS, place, "global is unknown", "leave only the globals celsius and v_init")),
    }
}

fn sections(
    place: &str,
    object: &Map<String, Value>,
    (name, list): (&str, Option<&str>),
) -> Result<Subject, Error> {
    let kinds = list.and_then(kinds_of).ok_or_else(|| {
        let known: Vec<&str> = SECTION_LISTS.iter().map(|(known, _)| *known).collect();
        let what = format!("section list {:?} is unknown", list.unwrap_or_default());
        wrong(PARAMETERS, place, what, &format!("name one of {}", known.join(", ")))
    })?;
    let target = target(place, object, name)?;
    let distribution = distribution(place, object)?;
    if distribution.is_some() && !matches!(target, ParameterTarget::Mechanism { .. }) {
        let what = format!("{name} varies along the tree");
        return Err(wrong(PARAMETERS, place, what, "vary parameters of mechanisms along the tree alone"));
    }
    Ok(Subject::Sections { kinds, target, distribution })
}

fn target(place: &str, object: &Map<String, Value>, name: &str) -> Result<ParameterTarget, Error> {
    if let Some((_, target)) = CABLE.into_iter().find(|(known, _)| *known == name) {
        return Ok(target);
    }
    let (stem, mechanism) = match text(object, "mech") {
        Some(mechanism) => {
            let stem = name.strip_suffix(mechanism).and_then(|stem| stem.strip_suffix('_'));
            let stem = stem.ok_or_else(|| {
                let what = format!("param_name does not end in the mechanism {mechanism}");
                wrong(PARAMETERS, place, what, "write <parameter>_<mechanism>")
            })?;
            (stem, mechanism)
        }
        None => split_name(name).ok_or_else(|| {
            let remedy = "write <parameter>_<mechanism> and the mechanism under mech";
            wrong(PARAMETERS, place, "parameter is unknown", remedy)
        })?,
    };
    let parameter =
        text(object, "parameter").or_else(|| own_parameter(stem, mechanism)).ok_or_else(|| {
            let remedy =
                format!("use one of {}, or state our name under parameter", known_parameters(mechanism));
            wrong(PARAMETERS, place, format!("parameter {stem:?} of {mechanism} is unknown"), &remedy)
        })?;
    Ok(ParameterTarget::Mechanism { mechanism: mechanism.to_owned(), parameter: parameter.to_owned() })
}

fn distribution(place: &str, object: &Map<String, Value>) -> Result<Option<Distribution>, Error> {
    match text(object, "dist_type") {
        None | Some("uniform") => Ok(None),
        Some("exp") => {
            let place = format!("{place}.dist");
            let python = text(object, "dist");
            let remedy = "write a formula of {value} and {distance}";
            let python = python.ok_or_else(|| wrong(PARAMETERS, &place, "is missing", remedy))?;
            let read = formula::read(python);
            let failed = |error| wrong(PARAMETERS, &place, format!("{python:?}: {error}"), remedy);
            read.map(Some).map_err(failed)
        }
        Some(other) => {
            let what = format!("distribution {other:?} is unknown");
            Err(wrong(PARAMETERS, place, what, "use uniform, or exp with a formula under dist"))
        }
    }
}
