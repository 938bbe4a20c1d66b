//! Sections cut into compartments: areas, axial resistances and the tree of nodes.
//!
//! Every segment has a node at its center. One further node without membrane stands at the far end of every
//! section, and at the near end of every root, because that is where NEURON joins sections: a branch point between
//! two centers would otherwise get another resistance.
//!
//! # Source
//! NEURON 9.0.2, geometry from points in three dimensions.

mod axon;
mod distance;
mod outline;
mod tree;

use noble_data::SectionKind;

pub(crate) use axon::cables_of;
pub(crate) use tree::{Nodes, build_nodes};

/// One node of a plan, usually the center of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompartmentId(pub(crate) usize);

impl CompartmentId {
    /// Place in arrays of one value per node.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// A section after the rule for the axon and the cutting into segments.
#[derive(Debug, Clone, PartialEq)]
pub struct CompartmentSection {
    /// Kind and place among sections of the kind, `dend[3]`.
    pub name: String,
    /// Kind.
    pub kind: SectionKind,
    /// Length along the outline.
    pub length_um: f64,
    /// Number of segments, odd.
    pub n_compartments: usize,
    /// Membrane of each segment, `[n_compartments]`.
    pub areas_um2: Vec<f64>,
    /// Axial resistance from each segment's center towards the parent's node, and from the last center to the far
    /// end, `[n_compartments + 1]`.
    pub axial_megaohm: Vec<f64>,
    /// Path along the tree from the middle of the soma to each segment's center, `[n_compartments]`; infinite in a
    /// tree that a removed axon cut off.
    ///
    /// # Source
    /// NEURON 9.0.2 `h.distance`; differs: that says 1e20 in another tree.
    pub distances_um: Vec<f64>,
    /// Node of the first segment; the others follow it, then the far end.
    pub(crate) first_node: usize,
    /// Node at the near end: the parent's node, or a node of its own for a root.
    pub(crate) near_end_node: usize,
}

impl CompartmentSection {
    /// Node at a place along the section: 0 and 1 are its ends, anything between is the segment that holds it.
    #[must_use]
    pub fn compartment_at(&self, at_fraction: f64) -> CompartmentId {
        if at_fraction <= 0.0 {
            return CompartmentId(self.near_end_node);
        }
        if at_fraction >= 1.0 {
            return CompartmentId(self.first_node + self.n_compartments);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a fraction of a small count"
        )]
        let segment_idx = (at_fraction * self.n_compartments as f64) as usize;
        CompartmentId(self.first_node + segment_idx.min(self.n_compartments - 1))
    }
}

#[cfg(test)]
mod tests;
