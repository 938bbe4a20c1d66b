//! Path distances along the tree of sections.

use super::axon::Cable;

/// Distance of each section's near end from a place on the soma, `[n_cables]`; infinite for a section of another
/// tree.
///
/// A section begins where it is attached: the piece from the middle of the soma to its surface has no length.
///
/// # Source
/// NEURON 9.0.2 `h.distance`; differs: that says 1e20 for a section of another tree.
pub(crate) fn near_end_distances_um(cables: &[Cable], soma_at_fraction: f64) -> Vec<f64> {
    let mut near_um: Vec<f64> = Vec::with_capacity(cables.len());
    for (cable_idx, cable) in cables.iter().enumerate() {
        let distance_um = match cable.parent {
            None if cable_idx == 0 => 0.0,
            None => f64::INFINITY,
            Some(parent) => {
                let length_um = cables[parent.section_idx].outline.length_um();
                let origin_fraction = if parent.section_idx == 0 { soma_at_fraction } else { 0.0 };
                near_um[parent.section_idx] + (parent.at_fraction - origin_fraction).abs() * length_um
            }
        };
        near_um.push(distance_um);
    }
    near_um
}
