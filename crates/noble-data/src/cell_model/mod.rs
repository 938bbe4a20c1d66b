//! The parameters of one cell, or of many cells on one morphology, and the files that hold them.
//!
//! A [`CellModel`] says what is inserted where, in our units and names; it knows no channel equations, so a file
//! can be read, shown and converted without a simulator. Foreign files are translated here and nowhere else.

mod allen;
mod axon_rule;
pub(crate) mod bluepyopt;
mod distribution;
mod export;
mod hall_of_fame;
pub(crate) mod mechanism_names;
mod set;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Error;

pub use axon_rule::AxonRule;
pub use distribution::Distribution;
pub use export::{AllenFile, BluePyOptFiles, write_allen, write_allen_set, write_bluepyopt};
pub use hall_of_fame::{HallOfFame, HallOfFameModel};
pub(crate) use set::check_version;
pub use set::{CellSet, FieldReport, SourceFormat, read_cells};

/// Number that names a model within its file.
pub type ModelId = u32;

/// Version of the cell file written by this release.
pub const CELL_FORMAT_VERSION: u32 = 1;

/// What part of the neuron a section belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SectionKind {
    /// Cell body.
    #[serde(rename = "soma")]
    Soma,
    /// Axon.
    #[serde(rename = "axon")]
    Axon,
    /// Dendrite; basal dendrite of a pyramidal cell.
    #[serde(rename = "dend")]
    Dendrite,
    /// Apical dendrite.
    #[serde(rename = "apic")]
    ApicalDendrite,
}

impl SectionKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Soma, Self::Axon, Self::Dendrite, Self::ApicalDendrite];

    /// The field's short name: `soma`, `axon`, `dend`, `apic`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Soma => "soma",
            Self::Axon => "axon",
            Self::Dendrite => "dend",
            Self::ApicalDendrite => "apic",
        }
    }

    /// The kind of a short name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Values of one mechanism in one kind of section, by parameter name with unit, such as `gbar_s_per_cm2`.
pub type MechanismParameters = BTreeMap<String, f64>;

/// Formulas of one mechanism in one kind of section, by parameter name.
pub type MechanismDistributions = BTreeMap<String, Distribution>;

/// What is inserted in all sections of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionParameters {
    /// Axial resistivity.
    pub axial_resistivity_ohm_cm: f64,
    /// Specific membrane capacitance.
    pub capacitance_uf_per_cm2: f64,
    /// Sodium reversal potential.
    pub sodium_reversal_mv: f64,
    /// Potassium reversal potential.
    pub potassium_reversal_mv: f64,
    /// Mechanisms by name; `pas` is the leak (`g_s_per_cm2`, `e_mv`).
    pub mechanisms: BTreeMap<String, MechanismParameters>,
    /// Formulas for parameters that vary along the tree, by mechanism; each such parameter has its number in
    /// `mechanisms`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub distributions: BTreeMap<String, MechanismDistributions>,
}

impl SectionParameters {
    /// A mechanism's parameter in a segment so far from the middle of the soma; `None` where the section does not
    /// give it.
    #[must_use]
    pub fn parameter_at(&self, mechanism: &str, parameter: &str, distance_um: f64) -> Option<f64> {
        let value = *self.mechanisms.get(mechanism)?.get(parameter)?;
        let distribution = self.distributions.get(mechanism).and_then(|own| own.get(parameter));
        Some(distribution.map_or(value, |own| own.value_at(value, distance_um)))
    }

    /// The first formula whose parameter has no number, as mechanism and parameter.
    fn lone_distribution(&self) -> Option<(&str, &str)> {
        let all = self.distributions.iter().flat_map(|(mechanism, own)| {
            own.keys().map(|parameter| (mechanism.as_str(), parameter.as_str()))
        });
        all.into_iter().find(|(mechanism, parameter)| {
            self.mechanisms.get(*mechanism).is_none_or(|own| !own.contains_key(*parameter))
        })
    }
}

impl Default for SectionParameters {
    /// NEURON's values for a section that nothing was said about, with its default leak.
    fn default() -> Self {
        let leak = BTreeMap::from([("g_s_per_cm2".to_owned(), 0.001), ("e_mv".to_owned(), -70.0)]);
        Self {
            axial_resistivity_ohm_cm: 35.4,
            capacitance_uf_per_cm2: 1.0,
            sodium_reversal_mv: 50.0,
            potassium_reversal_mv: -77.0,
            mechanisms: BTreeMap::from([("pas".to_owned(), leak)]),
            distributions: BTreeMap::new(),
        }
    }
}

/// Everything a simulation needs beside the morphology.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellModel {
    /// Version of this layout, [`CELL_FORMAT_VERSION`].
    pub format_version: u32,
    /// What to call the cell.
    pub name: String,
    /// Which catalog the mechanism names belong to, such as `allen`.
    pub mechanism_set: String,
    /// What to do with the reconstructed axon.
    pub axon_rule: AxonRule,
    /// Temperature.
    pub temperature_celsius: f64,
    /// Voltage everywhere at the start.
    pub initial_voltage_mv: f64,
    /// Parameters by kind of section; a kind that the morphology has and this map lacks takes
    /// [`SectionParameters::default`].
    pub sections: BTreeMap<SectionKind, SectionParameters>,
}

impl CellModel {
    /// Checks what the layout cannot; `place` is empty or ends in a dot.
    pub(crate) fn check(&self, format: &'static str, place: &str) -> Result<(), Error> {
        for (kind, section) in &self.sections {
            if let Some((mechanism, parameter)) = section.lone_distribution() {
                return Err(Error::Json {
                    format,
                    place: format!("{place}sections.{}.distributions.{mechanism}.{parameter}", kind.name()),
                    what: "has no number under mechanisms".to_owned(),
                    remedy: "give the number that the formula calls value".to_owned(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
