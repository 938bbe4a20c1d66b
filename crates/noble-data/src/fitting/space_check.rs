//! What free parameters may be.

use std::collections::{BTreeMap, BTreeSet};

use super::space::{FORMAT, FreeParameter, ParameterSpace, Scale};
use super::target::ParameterTarget;
use crate::Error;
use crate::cell_model::{CellModel, SectionKind};

/// Smallest of numbers that must be greater than zero.
const ABOVE_ZERO: f64 = f64::MIN_POSITIVE;

/// Bound of numbers that may be as large as they like.
const UNLIMITED: f64 = f64::INFINITY;

/// How names end, what such a number is, smallest and largest, how to give it.
type Rule = (&'static str, &'static str, [f64; 2], &'static str);

/// What physics asks of a number: the first rule whose ending its name has. Limits lie far beyond any cell, so that what
/// exceeds them was given in another unit.
const RULES: [Rule; 15] = [
    ("base.temperature_celsius", "a temperature", [0.0, 50.0], "in °C, not K"),
    ("base.initial_voltage_mv", "a voltage", [-200.0, 200.0], "in mV"),
    ("_reversal_mv", "a reversal potential", [-200.0, 200.0], "in mV"),
    (".e_mv", "a reversal potential", [-200.0, 200.0], "in mV"),
    (".el_mv", "a reversal potential", [-200.0, 200.0], "in mV"),
    ("_s_per_cm2", "a conductance", [0.0, 20.0], "in S/cm2, not mS/cm2"),
    ("capacitance_uf_per_cm2", "a capacitance", [ABOVE_ZERO, 50.0], "in µF/cm2"),
    ("axial_resistivity_ohm_cm", "an axial resistivity", [ABOVE_ZERO, 1e4], "in Ω cm"),
    ("_millimolar", "a concentration", [0.0, UNLIMITED], "in mM"),
    ("_per_ms", "a rate", [-UNLIMITED, UNLIMITED], "per ms"),
    (".decay_ms", "a time constant", [ABOVE_ZERO, 1e5], "in ms"),
    ("_ms", "a time constant", [ABOVE_ZERO, UNLIMITED], "in ms"),
    ("_um", "a length", [ABOVE_ZERO, UNLIMITED], "in µm"),
    (".gamma", "a fraction", [0.0, 1.0], "not in percent"),
    ("_fraction", "a fraction", [0.0, 1.0], "not in percent"),
];

/// What is wrong with a number of this name, and what to do.
fn breach(name: &str, number: f64) -> Option<(String, String)> {
    let (_, what, [smallest, largest], unit) = RULES.iter().find(|(ending, ..)| name.ends_with(ending))?;
    if (*smallest..=*largest).contains(&number) {
        return None;
    }
    let limit = if number > *largest {
        format!("at most {largest}")
    } else if *smallest > 0.0 {
        "one greater than zero".to_owned()
    } else {
        format!("at least {smallest}")
    };
    Some((format!("{number} is not possible for {what}"), format!("give {limit}, {unit}")))
}

pub(super) fn check(space: &ParameterSpace) -> Result<(), Error> {
    check_base(&space.base)?;
    check_free(&space.free)
}

fn check_base(base: &CellModel) -> Result<(), Error> {
    let numbers = [
        ("base.temperature_celsius", base.temperature_celsius),
        ("base.initial_voltage_mv", base.initial_voltage_mv),
    ];
    for (place, number) in numbers {
        if let Some((what, remedy)) = breach(place, number) {
            return Err(wrong(place, what, &remedy));
        }
    }
    Ok(())
}

fn check_free(free: &[FreeParameter]) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    let mut set: BTreeMap<(SectionKind, &ParameterTarget), &str> = BTreeMap::new();
    for (idx, parameter) in free.iter().enumerate() {
        let place = format!("free[{idx}] ({})", parameter.name);
        check_one(parameter).map_err(|(what, remedy)| wrong(&place, what, &remedy))?;
        if !names.insert(parameter.name.as_str()) {
            return Err(wrong(
                &place,
                "the name occurs twice".to_owned(),
                "give each parameter its own name",
            ));
        }
        for kind in &parameter.kinds {
            if let Some(other) = set.insert((*kind, &parameter.target), &parameter.name) {
                let what = format!("{} of {} is set by {other} too", parameter.target, kind.name());
                return Err(wrong(&place, what, "let one parameter set it, or split the kinds of section"));
            }
        }
    }
    Ok(())
}

fn check_one(parameter: &FreeParameter) -> Result<(), (String, String)> {
    let FreeParameter { name, kinds, target, lower, upper, .. } = parameter;
    let found = |what: String, remedy: &str| Err((what, remedy.to_owned()));
    if name.is_empty() {
        return found(
            "has no name".to_owned(),
            "name it as its kinds and target, such as soma.pas.g_s_per_cm2",
        );
    }
    if kinds.is_empty() {
        return found("names no kind of section".to_owned(), "name some of soma, axon, dend, apic");
    }
    if !lower.is_finite() || !upper.is_finite() {
        return found(format!("bounds {lower} and {upper} are not finite"), "give two finite numbers");
    }
    if lower > upper {
        return found(format!("bounds {lower} and {upper} are reversed"), "give the lower one first");
    }
    if lower >= upper {
        return found(format!("bounds are equal, {lower}"), "freeze it: write the number into base");
    }
    let quantity = target.to_string();
    if let Some((what, remedy)) = breach(&quantity, *lower).or_else(|| breach(&quantity, *upper)) {
        return Err((format!("bound {what}"), remedy));
    }
    if parameter.scale == Scale::Log && *lower <= 0.0 {
        let what = format!("lower bound {lower} has no logarithm");
        return found(what, "give one greater than zero, or write \"scale\": \"linear\"");
    }
    let is_of_mechanism = matches!(target, ParameterTarget::Mechanism { .. });
    if parameter.distribution.is_some() && !is_of_mechanism {
        return found(
            format!("{target} has a distribution"),
            "vary parameters of mechanisms along the tree alone",
        );
    }
    Ok(())
}

fn wrong(place: &str, what: String, remedy: &str) -> Error {
    Error::Json { format: FORMAT, place: place.to_owned(), what, remedy: remedy.to_owned() }
}
