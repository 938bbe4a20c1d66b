//! Mechanisms of a cell looked up in their set and placed on the nodes.

use std::collections::BTreeMap;

use noble_data::SectionParameters;
use noble_data::cell_model::{MechanismParameters, SectionKind};

use crate::Error;
use crate::discretize::Nodes;
use crate::mechanism::{Conditions, Kernel, Mechanism, Placement, find_set, set_names};

/// A mechanism with all compartments that have it.
#[derive(Debug)]
pub(crate) struct PlacedMechanism {
    pub(crate) mechanism: &'static Mechanism,
    /// Nodes that have it, ascending.
    pub(crate) nodes: Vec<usize>,
    /// Where its states begin among those of the cell.
    pub(crate) first_state: usize,
    pub(crate) kernel: Box<dyn Kernel>,
}

impl PlacedMechanism {
    /// Its range among the states of the cell.
    pub(crate) fn states(&self) -> std::ops::Range<usize> {
        self.first_state..self.first_state + self.mechanism.states.len() * self.nodes.len()
    }
}

/// All mechanisms of the cell; those that own a concentration come first, as they advance first.
pub(crate) fn place_mechanisms<'a>(
    nodes: &Nodes,
    set_name: &str,
    parameters_of: impl Fn(SectionKind) -> &'a SectionParameters,
    conditions: &Conditions,
) -> Result<Vec<PlacedMechanism>, Error> {
    let set = find_set(set_name).ok_or_else(|| Error::UnknownMechanismSet {
        given: set_name.to_owned(),
        known: set_names().collect::<Vec<_>>().join(", "),
    })?;
    let mut kinds = BTreeMap::new();
    for kind in SectionKind::ALL {
        if nodes.sections.iter().any(|section| section.kind == kind) {
            let parameters = parameters_of(kind);
            kinds.insert(kind, (parameters, resolve(kind, parameters, set)?));
        }
    }
    let mut placed = Vec::new();
    let mut first_state = 0;
    let (pools, others): (Vec<_>, Vec<_>) = set.iter().partition(|mechanism| mechanism.is_calcium_pool);
    for mechanism in pools.into_iter().chain(others) {
        let placement = place(mechanism, nodes, &kinds);
        if placement.nodes.is_empty() {
            continue;
        }
        let own_nodes = placement.nodes.clone();
        let kernel = mechanism.build(placement, conditions);
        placed.push(PlacedMechanism { mechanism, nodes: own_nodes, first_state, kernel });
        first_state = placed.last().map_or(0, |last| last.states().end);
    }
    Ok(placed)
}

/// Values of one mechanism in one kind of section, in the order of the mechanism's list.
type Values = BTreeMap<&'static str, Vec<f64>>;

fn place(
    mechanism: &Mechanism,
    nodes: &Nodes,
    kinds: &BTreeMap<SectionKind, (&SectionParameters, Values)>,
) -> Placement {
    let mut placement = Placement {
        nodes: Vec::new(),
        parameters: vec![Vec::new(); mechanism.parameters.len()],
        sodium_reversal_mv: Vec::new(),
        potassium_reversal_mv: Vec::new(),
    };
    for section in &nodes.sections {
        let Some((parameters, values)) = kinds.get(&section.kind) else { continue };
        let Some(values) = values.get(mechanism.name) else { continue };
        for node in section.first_node..section.first_node + section.n_compartments {
            placement.nodes.push(node);
            placement.sodium_reversal_mv.push(parameters.sodium_reversal_mv);
            placement.potassium_reversal_mv.push(parameters.potassium_reversal_mv);
            for (column, value) in placement.parameters.iter_mut().zip(values) {
                column.push(*value);
            }
        }
    }
    placement
}

fn resolve(
    kind: SectionKind,
    parameters: &SectionParameters,
    set: &'static [Mechanism],
) -> Result<Values, Error> {
    let mut values = Values::new();
    for (name, given) in &parameters.mechanisms {
        let mechanism = set.iter().find(|mechanism| mechanism.name == *name).ok_or_else(|| {
            let known: Vec<&str> = set.iter().map(|mechanism| mechanism.name).collect();
            Error::UnknownMechanism { kind, name: name.clone(), known: known.join(", ") }
        })?;
        values.insert(mechanism.name, resolve_parameters(kind, mechanism, given)?);
    }
    Ok(values)
}

fn resolve_parameters(
    kind: SectionKind,
    mechanism: &'static Mechanism,
    given: &MechanismParameters,
) -> Result<Vec<f64>, Error> {
    let is_known = |name: &str| mechanism.parameters.iter().any(|parameter| parameter.name == name);
    if let Some(name) = given.keys().find(|name| !is_known(name)) {
        let known: Vec<&str> = mechanism.parameters.iter().map(|parameter| parameter.name).collect();
        let (mechanism, known) = (mechanism.name, known.join(", "));
        return Err(Error::UnknownParameter { kind, mechanism, name: name.clone(), known });
    }
    let mut values = Vec::with_capacity(mechanism.parameters.len());
    for parameter in mechanism.parameters {
        let value = given.get(parameter.name).copied().or(parameter.default);
        let Some(value) = value else {
            return Err(Error::MissingParameter { kind, mechanism: mechanism.name, name: parameter.name });
        };
        if !parameter.range.holds(value) {
            let name = format!("{} of {}", parameter.name, mechanism.name);
            return Err(Error::Value { kind, name, value, allowed: parameter.range.words() });
        }
        values.push(value);
    }
    Ok(values)
}
