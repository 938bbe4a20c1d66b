//! The shape of a neuron: unbranched sections in a tree.
//!
//! A simulator needs sections, not the points of a tracing: a section is a stretch of cable without a branch whose
//! cross-section follows its points. The SWC reader builds the tree that NEURON's importer builds, point for
//! point, because a published fit belongs to that tree.

mod sections;
mod swc;

use crate::SectionKind;

pub use swc::{SwcReport, read_swc};

/// A point of the outline; coordinates and diameter carry float32 rounding, as NEURON stores them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// First coordinate.
    pub x_um: f64,
    /// Second coordinate.
    pub y_um: f64,
    /// Third coordinate.
    pub z_um: f64,
    /// Diameter, greater than zero.
    pub diameter_um: f64,
}

impl Point {
    /// Straight distance to another point.
    ///
    /// # Source
    /// NEURON 9.0.2, which subtracts stored coordinates in float32 and goes on in float64.
    #[must_use]
    pub fn distance_um(&self, other: &Self) -> f64 {
        #[expect(clippy::cast_possible_truncation, reason = "the rounding is wanted")]
        let difference = |a: f64, b: f64| f64::from((a - b) as f32);
        let (dx, dy, dz) = (
            difference(self.x_um, other.x_um),
            difference(self.y_um, other.y_um),
            difference(self.z_um, other.z_um),
        );
        (dx * dx + dy * dy + dz * dz).sqrt()
    }
}

/// Where a section joins its parent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attachment {
    /// Index of the parent in [`Morphology::sections`], smaller than the child's own.
    pub section_idx: usize,
    /// Place along the parent: 0 (its first end), 0.5 (its middle) or 1 (its last end).
    pub at_fraction: f64,
}

/// An unbranched stretch of cable.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Soma, axon, dendrite or apical dendrite.
    pub kind: SectionKind,
    /// Outline from the first to the last end, at least two points.
    pub points: Vec<Point>,
    /// Where it joins; `None` for the first section of the soma alone where a file was read.
    pub parent: Option<Attachment>,
}

impl Section {
    /// Length along the points.
    #[must_use]
    pub fn length_um(&self) -> f64 {
        self.points.windows(2).map(|pair| pair[0].distance_um(&pair[1])).sum()
    }
}

/// A neuron as a tree of sections; parents come before children, the soma is section 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Morphology {
    /// All sections.
    pub sections: Vec<Section>,
}

impl Morphology {
    /// Names of all sections as NEURON gives them: kind and place among sections of that kind, `dend[3]`.
    #[must_use]
    pub fn section_names(&self) -> Vec<String> {
        let mut n_before = [0_usize; SectionKind::ALL.len()];
        let mut names = Vec::with_capacity(self.sections.len());
        for section in &self.sections {
            let n = &mut n_before[section.kind as usize];
            names.push(format!("{}[{n}]", section.kind.name()));
            *n += 1;
        }
        names
    }

    /// Name of one section; [`Self::section_names`] is faster for many.
    ///
    /// # Panics
    /// When `section_idx` is not the index of a section.
    #[must_use]
    pub fn section_name(&self, section_idx: usize) -> String {
        let kind = self.sections[section_idx].kind;
        let n_before = self.sections[..section_idx].iter().filter(|section| section.kind == kind).count();
        format!("{}[{n_before}]", kind.name())
    }
}
