//! What free parameters may be.

use std::collections::{BTreeMap, BTreeSet};

use super::space::{FORMAT, FreeParameter, Scale};
use super::target::ParameterTarget;
use crate::Error;
use crate::cell_model::SectionKind;

/// Farthest that a reversal potential may be from zero.
const FARTHEST_REVERSAL_MV: f64 = 200.0;

/// Parameters of mechanisms that are reversal potentials.
const REVERSALS: [&str; 2] = ["e_mv", "el_mv"];

/// What physics asks of a number.
enum Rule {
    None,
    AtLeastZero(&'static str),
    AboveZero(&'static str),
    Reversal,
}

impl Rule {
    fn of(target: &ParameterTarget) -> Self {
        match target {
            ParameterTarget::AxialResistivity => Self::AboveZero("an axial resistivity"),
            ParameterTarget::Capacitance => Self::AboveZero("a capacitance"),
            ParameterTarget::SodiumReversal | ParameterTarget::PotassiumReversal => Self::Reversal,
            ParameterTarget::Mechanism { parameter, .. } => Self::of_parameter(parameter),
        }
    }

    fn of_parameter(parameter: &str) -> Self {
        if REVERSALS.contains(&parameter) {
            return Self::Reversal;
        }
        let by_unit = [
            ("_s_per_cm2", Self::AtLeastZero("a conductance")),
            ("_millimolar", Self::AtLeastZero("a concentration")),
            ("_per_ms", Self::None),
            ("_ms", Self::AboveZero("a time constant")),
            ("_um", Self::AboveZero("a length")),
        ];
        by_unit.into_iter().find(|(unit, _)| parameter.ends_with(unit)).map_or(Self::None, |(_, rule)| rule)
    }

    /// What is wrong with a lower and an upper bound, and what to do.
    fn breach(&self, lower: f64, upper: f64) -> Option<(String, String)> {
        let least = |what: &str, least: &str| {
            (format!("bound {lower} is not possible for {what}"), format!("give a lower bound {least}"))
        };
        match self {
            Self::AtLeastZero(what) if lower < 0.0 => Some(least(what, "of zero or more")),
            Self::AboveZero(what) if lower <= 0.0 => Some(least(what, "greater than zero")),
            Self::Reversal if lower < -FARTHEST_REVERSAL_MV || upper > FARTHEST_REVERSAL_MV => Some((
                format!("bounds {lower} and {upper} mV are not possible for a reversal potential"),
                format!("stay within {FARTHEST_REVERSAL_MV} mV of zero"),
            )),
            _ => None,
        }
    }
}

pub(super) fn check(free: &[FreeParameter]) -> Result<(), Error> {
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
    if let Some(breach) = Rule::of(target).breach(*lower, *upper) {
        return Err(breach);
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
