//! A cell ready to run: validated, immutable, everything that does not change in time computed.

mod insert;

use std::collections::BTreeMap;

use noble_data::cell_model::SectionKind;
use noble_data::channel::{ChannelModel, Range};
use noble_data::{CellModel, Morphology, SectionParameters};

use crate::Error;
use crate::constants::{NF_PER_UF_PER_CM2_UM2, USIEMENS_PER_S_PER_CM2_UM2};
use crate::discretize::{CompartmentId, CompartmentSection, Nodes, build_nodes, cables_of};
use crate::program::StartOfScheme;

pub(crate) use insert::PlacedMechanism;

/// How a cell is cut and started.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanSettings {
    /// A section has `1 + 2 int(length / max_segment_um)` segments.
    pub max_segment_um: f64,
    /// The same for kinds of sections that are cut in another way.
    pub max_segment_of_kinds_um: BTreeMap<SectionKind, f64>,
    /// Where kinetic schemes start.
    pub start_of_schemes: StartOfScheme,
    /// Channels beside those of the cell's set; one with the name of another takes its place.
    pub channels: Vec<ChannelModel>,
}

impl Default for PlanSettings {
    /// The rule and the start of the published fits: 40 µm, [`StartOfScheme::Published`].
    fn default() -> Self {
        Self {
            max_segment_um: 40.0,
            max_segment_of_kinds_um: BTreeMap::new(),
            start_of_schemes: StartOfScheme::Published,
            channels: Vec::new(),
        }
    }
}

impl PlanSettings {
    fn max_segment_um_of(&self, kind: SectionKind) -> f64 {
        self.max_segment_of_kinds_um.get(&kind).copied().unwrap_or(self.max_segment_um)
    }
}

/// A morphology with a cell's parameters inserted, cut into compartments.
#[derive(Debug)]
pub struct CablePlan {
    pub(crate) nodes: Nodes,
    pub(crate) soma: CompartmentId,
    pub(crate) initial_voltage_mv: f64,
    /// Capacitance of each node.
    pub(crate) capacitance_nf: Vec<f64>,
    /// Factor from a density per cm² to the whole node, S → µS and mA → nA.
    pub(crate) density_factor: Vec<f64>,
    pub(crate) mechanisms: Vec<PlacedMechanism>,
    pub(crate) temperature_celsius: f64,
    pub(crate) start_of_schemes: StartOfScheme,
}

impl CablePlan {
    /// Applies the rule for the axon, cuts the sections and inserts every mechanism.
    ///
    /// # Errors
    /// [`Error::MissingSoma`], [`Error::Section`], [`Error::TooManySegments`] for a tracing that cannot be cut;
    /// [`Error::UnknownMechanismSet`], [`Error::UnknownMechanism`], [`Error::UnknownParameter`],
    /// [`Error::MissingParameter`], [`Error::RepeatedChannel`] for names; [`Error::TwoPools`]; [`Error::Value`], [`Error::CellValue`], [`Error::PlanSetting`] for values
    /// out of range.
    pub fn new(morphology: &Morphology, cell: &CellModel, settings: &PlanSettings) -> Result<Self, Error> {
        check_whole_cell(morphology, cell, settings)?;
        let cables = cables_of(morphology, cell.axon_rule);
        let defaults = SectionParameters::default();
        let parameters_of = |kind: SectionKind| cell.sections.get(&kind).unwrap_or(&defaults);
        for kind in SectionKind::ALL {
            if cables.iter().any(|cable| cable.kind == kind) {
                check_section(kind, parameters_of(kind))?;
            }
        }
        let nodes = build_nodes(
            &cables,
            |kind| settings.max_segment_um_of(kind),
            |kind| parameters_of(kind).axial_resistivity_ohm_cm,
        )?;
        let set = insert::mechanisms_of(&cell.mechanism_set, &settings.channels)?;
        let mechanisms = insert::place_mechanisms(&nodes, &set, parameters_of)?;
        let capacitance_of = |node: usize| parameters_of(nodes.kind(node)).capacitance_uf_per_cm2;
        let areas_um2 = nodes.areas_um2.iter().enumerate();
        Ok(Self {
            soma: nodes.sections[0].compartment_at(0.5),
            initial_voltage_mv: cell.initial_voltage_mv,
            capacitance_nf: areas_um2
                .map(|(node, area)| capacitance_of(node) * area * NF_PER_UF_PER_CM2_UM2)
                .collect(),
            density_factor: nodes.areas_um2.iter().map(|area| area * USIEMENS_PER_S_PER_CM2_UM2).collect(),
            temperature_celsius: cell.temperature_celsius,
            start_of_schemes: settings.start_of_schemes,
            mechanisms,
            nodes,
        })
    }

    /// Whether another plan has the same nodes and mechanisms, at the same temperature, with other values.
    pub(crate) fn has_structure_of(&self, other: &Self) -> bool {
        let mut pairs = self.mechanisms.iter().zip(&other.mechanisms);
        self.temperature_celsius.to_bits() == other.temperature_celsius.to_bits()
            && self.start_of_schemes == other.start_of_schemes
            && self.nodes.tree.parents() == other.nodes.tree.parents()
            && self.mechanisms.len() == other.mechanisms.len()
            && pairs.all(|(own, other)| own.has_structure_of(other))
    }

    /// Every section as simulated, parents before children; the soma is the first.
    #[must_use]
    pub fn sections(&self) -> &[CompartmentSection] {
        &self.nodes.sections
    }

    /// Number of segments of all sections.
    #[must_use]
    pub fn n_compartments(&self) -> usize {
        self.nodes.sections.iter().map(|section| section.n_compartments).sum()
    }

    /// Number of nodes: segments, ends of sections and starts of roots.
    #[must_use]
    pub fn n_nodes(&self) -> usize {
        self.nodes.tree.n_nodes()
    }

    /// The middle of the soma.
    #[must_use]
    pub fn soma(&self) -> CompartmentId {
        self.soma
    }

    /// A place by the name of its section and the fraction along it, such as `dend[3]`, 0.5.
    ///
    /// # Errors
    /// [`Error::UnknownPlace`] when there is no such section or the fraction is not from 0 to 1.
    pub fn compartment_at(&self, section_name: &str, at_fraction: f64) -> Result<CompartmentId, Error> {
        let section = self.nodes.sections.iter().find(|section| section.name == section_name);
        match section {
            Some(section) if (0.0..=1.0).contains(&at_fraction) => Ok(section.compartment_at(at_fraction)),
            _ => {
                let (section, known) = (section_name.to_owned(), self.names_of_sections());
                Err(Error::UnknownPlace { section, at_fraction, known })
            }
        }
    }

    /// Names of all sections, those of a kind as a range.
    fn names_of_sections(&self) -> String {
        let of_kind = |kind: SectionKind| {
            let mut of_kind = self.nodes.sections.iter().filter(|section| section.kind == kind);
            let first = &of_kind.next()?.name;
            Some(
                of_kind.next_back().map_or_else(|| first.clone(), |last| format!("{first} to {}", last.name)),
            )
        };
        SectionKind::ALL.into_iter().filter_map(of_kind).collect::<Vec<_>>().join(", ")
    }

    /// A place by its name, such as `dend[3](0.5)`; without a fraction the middle of the section, without a number the
    /// first section of the kind.
    ///
    /// # Errors
    /// [`Error::UnknownPlace`] when there is no such section or the fraction is not from 0 to 1.
    pub fn place(&self, name: &str) -> Result<CompartmentId, Error> {
        let (section, fraction) = match name.split_once('(') {
            None => (name, Some(0.5)),
            Some((section, rest)) => {
                (section, rest.strip_suffix(')').and_then(|text| text.trim().parse().ok()))
            }
        };
        let section = if section.ends_with(']') { section.to_owned() } else { format!("{section}[0]") };
        self.compartment_at(&section, fraction.unwrap_or(f64::NAN))
    }

    /// Name of a compartment, such as `dend[3](0.5)`.
    ///
    /// # Panics
    /// When the compartment is not of this plan.
    #[must_use]
    pub fn compartment_name(&self, compartment: CompartmentId) -> String {
        let node = compartment.index();
        let section = &self.nodes.sections[self.nodes.section_idx[node]];
        if node < section.first_node {
            return format!("{}(0)", section.name);
        }
        let segment_idx = node - section.first_node;
        if segment_idx == section.n_compartments {
            return format!("{}(1)", section.name);
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of segments are small")]
        let at_fraction = (segment_idx as f64 + 0.5) / section.n_compartments as f64;
        format!("{}({at_fraction})", section.name)
    }
}

/// Of tissue that works; kelvin and degrees Fahrenheit lie outside.
const TEMPERATURES_CELSIUS: (f64, f64) = (-5.0, 60.0);
const INITIAL_VOLTAGES_MV: (f64, f64) = (-200.0, 200.0);

fn check_whole_cell(morphology: &Morphology, cell: &CellModel, settings: &PlanSettings) -> Result<(), Error> {
    if morphology.sections.first().is_none_or(|section| section.kind != SectionKind::Soma) {
        return Err(Error::MissingSoma { n_sections: morphology.sections.len() });
    }
    let mut lengths_um = settings.max_segment_of_kinds_um.values().chain([&settings.max_segment_um]);
    let cuts = |length_um: f64| length_um > 0.0;
    if let Some(value) = lengths_um.find(|length_um| !cuts(**length_um)) {
        return Err(Error::PlanSetting { name: "max_segment_um", value: *value });
    }
    let values = [
        ("temperature_celsius", cell.temperature_celsius, TEMPERATURES_CELSIUS),
        ("initial_voltage_mv", cell.initial_voltage_mv, INITIAL_VOLTAGES_MV),
    ];
    match values.into_iter().find(|(_, value, (lowest, highest))| !(*lowest..=*highest).contains(value)) {
        Some((name, value, (lowest, highest))) => Err(Error::CellValue { name, value, lowest, highest }),
        None => Ok(()),
    }
}

fn check_section(kind: SectionKind, parameters: &SectionParameters) -> Result<(), Error> {
    let values = [
        ("axial_resistivity_ohm_cm", parameters.axial_resistivity_ohm_cm, Range::Positive),
        ("capacitance_uf_per_cm2", parameters.capacitance_uf_per_cm2, Range::Positive),
        ("sodium_reversal_mv", parameters.sodium_reversal_mv, Range::Any),
        ("potassium_reversal_mv", parameters.potassium_reversal_mv, Range::Any),
    ];
    match values.into_iter().find(|(_, value, range)| !range.holds(*value)) {
        Some((name, value, range)) => {
            Err(Error::Value { kind, name: name.to_owned(), value, allowed: range.words() })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
