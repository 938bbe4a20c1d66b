//! Mechanisms of a cell looked up in their set and placed on the nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use noble_data::SectionParameters;
use noble_data::cell_model::{MechanismParameters, SectionKind};
use noble_data::channel::ChannelModel;

use crate::Error;
use crate::catalog::{Mechanism, find_set, set_names};
use crate::discretize::Nodes;

/// A mechanism with all compartments that have it; arrays are `[n]`, one value per compartment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlacedMechanism {
    /// Name in parameter files.
    pub(crate) name: String,
    pub(crate) model: Arc<ChannelModel>,
    /// Nodes that have it, ascending.
    pub(crate) nodes: Vec<usize>,
    /// Values of each parameter, in the order of the channel's list, `[n_parameters][n]`.
    pub(crate) parameters: Vec<Vec<f64>>,
    pub(crate) sodium_reversal_mv: Vec<f64>,
    pub(crate) potassium_reversal_mv: Vec<f64>,
}

impl PlacedMechanism {
    /// Whether another is the same channel in the same compartments, with other values.
    pub(crate) fn has_structure_of(&self, other: &Self) -> bool {
        self.name == other.name && self.nodes == other.nodes && self.model == other.model
    }
}

/// The mechanisms that a cell may use: its set, with channels of the user in the places of their namesakes, then those
/// that have none.
///
/// Those that own a concentration come first, as they advance first.
pub(crate) fn mechanisms_of(set_name: &str, channels: &[ChannelModel]) -> Result<Vec<Mechanism>, Error> {
    let set = find_set(set_name).ok_or_else(|| Error::UnknownMechanismSet {
        given: set_name.to_owned(),
        known: set_names().collect::<Vec<_>>().join(", "),
    })?;
    let mut mechanisms = set.to_vec();
    for (channel_idx, channel) in channels.iter().enumerate() {
        channel.check()?;
        if channels[..channel_idx].iter().any(|earlier| earlier.name == channel.name) {
            return Err(Error::RepeatedChannel { name: channel.name.clone() });
        }
        let own = Mechanism { name: channel.name.clone(), model: Arc::new(channel.clone()) };
        match mechanisms.iter_mut().find(|mechanism| mechanism.name == own.name) {
            // Currents are summed in this order, so an equal channel gives the same bits.
            Some(namesake) => *namesake = own,
            None => mechanisms.push(own),
        }
    }
    mechanisms.sort_by_key(|mechanism| mechanism.model.concentration.is_none());
    Ok(mechanisms)
}

/// All mechanisms of the cell, in the order of the set.
pub(crate) fn place_mechanisms<'a>(
    nodes: &Nodes,
    set: &[Mechanism],
    parameters_of: impl Fn(SectionKind) -> &'a SectionParameters,
) -> Result<Vec<PlacedMechanism>, Error> {
    let mut kinds = BTreeMap::new();
    for kind in SectionKind::ALL {
        if nodes.sections.iter().any(|section| section.kind == kind) {
            let parameters = parameters_of(kind);
            kinds.insert(kind, (parameters, resolve(kind, parameters, set)?));
        }
    }
    let mut placed = Vec::new();
    for mechanism in set {
        placed.push(place(mechanism, nodes, &kinds)?);
    }
    placed.retain(|placed| !placed.nodes.is_empty());
    Ok(placed)
}

/// Values of each mechanism in one kind of section, in the order of the channel's list.
type Values<'a> = BTreeMap<&'a str, Vec<f64>>;

fn place(
    mechanism: &Mechanism,
    nodes: &Nodes,
    kinds: &BTreeMap<SectionKind, (&SectionParameters, Values<'_>)>,
) -> Result<PlacedMechanism, Error> {
    let mut placed = PlacedMechanism {
        name: mechanism.name.clone(),
        model: Arc::clone(&mechanism.model),
        nodes: Vec::new(),
        parameters: vec![Vec::new(); mechanism.model.parameters.len()],
        sodium_reversal_mv: Vec::new(),
        potassium_reversal_mv: Vec::new(),
    };
    for section in &nodes.sections {
        let Some((parameters, values)) = kinds.get(&section.kind) else { continue };
        let Some(values) = values.get(mechanism.name.as_str()) else { continue };
        for (segment_idx, distance_um) in section.distances_um.iter().enumerate() {
            placed.nodes.push(section.first_node + segment_idx);
            placed.sodium_reversal_mv.push(parameters.sodium_reversal_mv);
            placed.potassium_reversal_mv.push(parameters.potassium_reversal_mv);
            let specs = mechanism.model.parameters.iter().zip(values);
            for (column, (spec, value)) in placed.parameters.iter_mut().zip(specs) {
                let here =
                    parameters.parameter_at(&mechanism.name, &spec.name, *distance_um).unwrap_or(*value);
                if !spec.range.holds(here) {
                    let name = format!("{} of {} {distance_um} µm from the soma", spec.name, mechanism.name);
                    let (kind, allowed) = (section.kind, spec.range.words());
                    return Err(Error::Value { kind, name, value: here, allowed });
                }
                column.push(here);
            }
        }
    }
    Ok(placed)
}

fn resolve<'a>(
    kind: SectionKind,
    parameters: &SectionParameters,
    set: &'a [Mechanism],
) -> Result<Values<'a>, Error> {
    let mut values = Values::new();
    for (name, given) in &parameters.mechanisms {
        let mechanism = set.iter().find(|mechanism| mechanism.name == *name).ok_or_else(|| {
            let known: Vec<&str> = set.iter().map(|mechanism| mechanism.name.as_str()).collect();
            Error::UnknownMechanism { kind, name: name.clone(), known: known.join(", ") }
        })?;
        values.insert(&mechanism.name, resolve_parameters(kind, mechanism, given)?);
    }
    let mut pools = set.iter().filter(|mechanism| {
        mechanism.model.concentration.is_some() && values.contains_key(mechanism.name.as_str())
    });
    if let (Some(first), Some(second)) = (pools.next(), pools.next()) {
        let (first, second) = (first.name.clone(), second.name.clone());
        return Err(Error::TwoPools { kind, first, second });
    }
    Ok(values)
}

fn resolve_parameters(
    kind: SectionKind,
    mechanism: &Mechanism,
    given: &MechanismParameters,
) -> Result<Vec<f64>, Error> {
    let (mechanism, specs) = (&mechanism.name, &mechanism.model.parameters);
    if let Some(name) = given.keys().find(|name| !specs.iter().any(|spec| spec.name == **name)) {
        let known = specs.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Error::UnknownParameter {
            kind,
            mechanism: mechanism.clone(),
            name: name.clone(),
            known,
        });
    }
    let mut values = Vec::with_capacity(specs.len());
    for spec in specs {
        let Some(value) = given.get(&spec.name).copied().or(spec.default) else {
            let (mechanism, name) = (mechanism.clone(), spec.name.clone());
            return Err(Error::MissingParameter { kind, mechanism, name });
        };
        if !spec.range.holds(value) {
            let name = format!("{} of {mechanism}", spec.name);
            return Err(Error::Value { kind, name, value, allowed: spec.range.words() });
        }
        values.push(value);
    }
    Ok(values)
}
