//! Places that the references name or describe.

use noble_cell::{CablePlan, CompartmentId};
use noble_data::{Morphology, SectionKind};

/// A place written as `dend[3](0.5)`.
pub(crate) fn parse(plan: &CablePlan, text: &str) -> CompartmentId {
    let (section, fraction) = text.trim_end_matches(')').split_once('(').unwrap();
    plan.compartment_at(section, fraction.parse().unwrap()).unwrap()
}

/// The last segment of the dendrite whose end lies farthest from the soma along the tree.
pub(crate) fn most_distal(plan: &CablePlan, morphology: &Morphology) -> CompartmentId {
    let mut end_um: Vec<f64> = Vec::new();
    let mut best: Option<(f64, usize)> = None;
    for (section_idx, section) in morphology.sections.iter().enumerate() {
        let start_um = section.parent.map_or(0.0, |parent| {
            let length_um = morphology.sections[parent.section_idx].length_um();
            let origin_fraction = if parent.section_idx == 0 { 0.5 } else { 0.0 };
            let begin_um = end_um[parent.section_idx] - length_um;
            if parent.section_idx == 0 {
                (parent.at_fraction - origin_fraction).abs() * length_um
            } else {
                begin_um + parent.at_fraction * length_um
            }
        });
        end_um.push(start_um + section.length_um());
        let is_dendrite = matches!(section.kind, SectionKind::Dendrite | SectionKind::ApicalDendrite);
        if is_dendrite && best.is_none_or(|(farthest_um, _)| end_um[section_idx] > farthest_um) {
            best = Some((end_um[section_idx], section_idx));
        }
    }
    let name = morphology.section_name(best.unwrap().1);
    let end = plan.compartment_at(&name, 1.0 - 1e-6).unwrap();
    assert!(plan.compartment_name(end).starts_with(&name));
    end
}
