//! A cell as a list of assignments, which is what the other layouts hold.

use std::collections::BTreeMap;

use crate::Error;
use crate::cell_model::mechanism_names::{LEAK, TheirName};
use crate::cell_model::{CellModel, Distribution, SectionKind, SectionParameters};

/// One parameter of a mechanism in one kind of section.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assignment<'a> {
    pub(super) kind: SectionKind,
    pub(super) mechanism: &'a str,
    /// Our name.
    pub(super) parameter: &'a str,
    pub(super) theirs: TheirName,
    pub(super) value: f64,
    pub(super) distribution: Option<&'a Distribution>,
}

impl Assignment<'_> {
    /// `<parameter>_<mechanism>`.
    pub(super) fn name(&self) -> String {
        format!("{}_{}", self.theirs.stem, self.mechanism)
    }
}

/// Every kind of section, those that the cell leaves out as they are simulated.
pub(super) fn filled_sections(model: &CellModel) -> BTreeMap<SectionKind, SectionParameters> {
    let filled = |kind| (kind, model.sections.get(&kind).cloned().unwrap_or_default());
    SectionKind::ALL.into_iter().map(filled).collect()
}

/// Every parameter of every mechanism.
pub(super) fn assignments<'a>(
    sections: &'a BTreeMap<SectionKind, SectionParameters>,
    mechanism_set: &str,
) -> Vec<Assignment<'a>> {
    let of_mechanism = |kind: SectionKind, section: &'a SectionParameters, mechanism: &'a String| {
        let formulas = section.distributions.get(mechanism);
        let assignment = move |(parameter, value): (&'a String, &'a f64)| Assignment {
            kind,
            mechanism,
            parameter,
            theirs: TheirName::of(parameter, mechanism, mechanism_set),
            value: *value,
            distribution: formulas.and_then(|own| own.get(parameter)),
        };
        section.mechanisms[mechanism].iter().map(assignment).collect::<Vec<_>>()
    };
    let all = sections.iter().flat_map(|(kind, section)| {
        section.mechanisms.keys().flat_map(move |mechanism| of_mechanism(*kind, section, mechanism))
    });
    all.collect()
}

/// Numbers that JSON has no text for.
pub(super) fn check_finite(model: &CellModel, format: &'static str) -> Result<(), Error> {
    let whole = [
        ("temperature_celsius".to_owned(), model.temperature_celsius),
        ("initial_voltage_mv".to_owned(), model.initial_voltage_mv),
    ];
    let of_section = |(kind, section): (&SectionKind, &SectionParameters)| {
        let place = format!("sections.{}", kind.name());
        let mut all = vec![
            (format!("{place}.axial_resistivity_ohm_cm"), section.axial_resistivity_ohm_cm),
            (format!("{place}.capacitance_uf_per_cm2"), section.capacitance_uf_per_cm2),
            (format!("{place}.sodium_reversal_mv"), section.sodium_reversal_mv),
            (format!("{place}.potassium_reversal_mv"), section.potassium_reversal_mv),
        ];
        for (mechanism, own) in &section.mechanisms {
            all.extend(own.iter().map(|(name, value)| (format!("{place}.{mechanism}.{name}"), *value)));
        }
        all
    };
    let mut all = whole.into_iter().chain(model.sections.iter().flat_map(of_section));
    match all.find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((place, value)) => Err(Error::Json {
            format,
            place,
            what: format!("{value} cannot be written"),
            remedy: "give a finite number".to_owned(),
        }),
    }
}

/// The notes on names, one per parameter.
pub(super) fn notes_on_names(assignments: &[Assignment<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    for unknown in assignments.iter().filter(|assignment| !assignment.theirs.is_known) {
        let note = format!(
            "{} of {}: written as {}; compare with the mechanism file",
            unknown.parameter,
            unknown.mechanism,
            unknown.name()
        );
        add_once(&mut notes, note);
    }
    notes
}

/// Kinds of section without a leak.
pub(super) fn leakless(
    sections: &BTreeMap<SectionKind, SectionParameters>,
) -> impl Iterator<Item = SectionKind> {
    sections.iter().filter(|(_, section)| !section.mechanisms.contains_key(LEAK)).map(|(kind, _)| *kind)
}

/// Says a thing once.
pub(super) fn add_once(notes: &mut Vec<String>, note: String) {
    if !notes.contains(&note) {
        notes.push(note);
    }
}
