//! Nodes of all sections, in an order in which parents come before children.

use noble_data::SectionKind;

use super::axon::Cable;
use super::distance::center_distances_um;
use super::outline::Stretch;
use super::{CompartmentId, CompartmentSection};
use crate::Error;
use crate::cable::Tree;

/// Most segments of one section; the longest sections of published cells have about a hundred.
const MAX_SECTION_SEGMENTS: usize = 10_000;

/// Most segments of a cell.
const MAX_CELL_SEGMENTS: usize = 1_000_000;

/// All nodes, `[n_nodes]` each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Nodes {
    pub(crate) sections: Vec<CompartmentSection>,
    pub(crate) tree: Tree,
    /// Membrane; zero at ends of sections.
    pub(crate) areas_um2: Vec<f64>,
    /// Section of each node.
    pub(crate) section_idx: Vec<usize>,
}

impl Nodes {
    /// Kind of section that a node belongs to.
    pub(crate) fn kind(&self, node: usize) -> SectionKind {
        self.sections[self.section_idx[node]].kind
    }
}

/// Cuts every cable into `1 + 2 int(L / max_segment_um)` segments and joins the nodes.
pub(crate) fn build_nodes(
    cables: &[Cable],
    max_segment_um: impl Fn(SectionKind) -> f64,
    resistivity_ohm_cm: impl Fn(SectionKind) -> f64,
) -> Result<Nodes, Error> {
    check_counts(cables, &max_segment_um)?;
    let mut builder = Builder::default();
    let count = |cable: &Cable| compartment_count(cable.outline.length_um(), max_segment_um(cable.kind));
    for (cable, name) in cables.iter().zip(section_names(cables)) {
        let section = cut(cable, name, count(cable), resistivity_ohm_cm(cable.kind))?;
        builder.push(section, cable);
    }
    // Only now is every length known to be finite.
    for (section, distances_um) in builder.sections.iter_mut().zip(center_distances_um(cables, count)) {
        section.distances_um = distances_um;
    }
    Ok(Nodes {
        sections: builder.sections,
        tree: Tree::new(&builder.links),
        areas_um2: builder.areas_um2,
        section_idx: builder.section_idx,
    })
}

/// Refuses a tracing in another unit before memory is asked for; a length that is not finite is named later.
fn check_counts(cables: &[Cable], max_segment_um: &impl Fn(SectionKind) -> f64) -> Result<(), Error> {
    let too_many = |place: String, (length_um, max_segment_um): (f64, f64), largest: usize| {
        Err(Error::TooManySegments { place, length_um, max_segment_um, largest })
    };
    let (mut n_segments, mut sum_um) = (0, 0.0);
    for (cable_idx, cable) in cables.iter().enumerate() {
        let (length_um, max_segment_um) = (cable.outline.length_um(), max_segment_um(cable.kind));
        let count = if length_um.is_finite() { compartment_count(length_um, max_segment_um) } else { 0 };
        if count > MAX_SECTION_SEGMENTS {
            return too_many(
                format!("section {}", section_names(cables)[cable_idx]),
                (length_um, max_segment_um),
                MAX_SECTION_SEGMENTS,
            );
        }
        n_segments += count;
        sum_um += length_um;
        if n_segments > MAX_CELL_SEGMENTS {
            return too_many(
                format!("the first {} sections", cable_idx + 1),
                (sum_um, max_segment_um),
                MAX_CELL_SEGMENTS,
            );
        }
    }
    Ok(())
}

/// Kind and place among sections of the kind, for each section.
fn section_names(cables: &[Cable]) -> Vec<String> {
    let mut n_before = [0_usize; SectionKind::ALL.len()];
    let mut names = Vec::with_capacity(cables.len());
    for cable in cables {
        let n = &mut n_before[cable.kind as usize];
        names.push(format!("{}[{n}]", cable.kind.name()));
        *n += 1;
    }
    names
}

#[derive(Default)]
struct Builder {
    sections: Vec<CompartmentSection>,
    links: Vec<Option<(usize, f64)>>,
    areas_um2: Vec<f64>,
    section_idx: Vec<usize>,
}

impl Builder {
    fn push(&mut self, mut section: CompartmentSection, cable: &Cable) {
        section.near_end_node = match cable.parent {
            Some(parent) => {
                let CompartmentId(node) =
                    self.sections[parent.section_idx].compartment_at(parent.at_fraction);
                node
            }
            None => self.push_node(None, 0.0),
        };
        section.first_node = self.links.len();
        let mut parent = section.near_end_node;
        let areas_um2 = section.areas_um2.iter().copied().chain([0.0]);
        for (area_um2, axial_megaohm) in areas_um2.zip(&section.axial_megaohm) {
            parent = self.push_node(Some((parent, 1.0 / axial_megaohm)), area_um2);
        }
        self.sections.push(section);
    }

    fn push_node(&mut self, link: Option<(usize, f64)>, area_um2: f64) -> usize {
        self.links.push(link);
        self.areas_um2.push(area_um2);
        self.section_idx.push(self.sections.len());
        self.links.len() - 1
    }
}

/// Areas and resistances of one cable; node numbers are set when it is joined.
fn cut(
    cable: &Cable,
    name: String,
    n_compartments: usize,
    resistivity_ohm_cm: f64,
) -> Result<CompartmentSection, Error> {
    let length_um = cable.outline.length_um();
    let least_um = cable.outline.least_diameter_um();
    let is_solid = length_um > 0.0 && length_um.is_finite() && least_um > 0.0;
    if !is_solid {
        let what = format!("its length is {length_um} µm and its least diameter {least_um} µm");
        return Err(Error::Section { section: name, what });
    }
    let halves = half_stretches(cable, n_compartments);
    let half_megaohm: Vec<f64> = halves.iter().map(|half| half.axial_megaohm(resistivity_ohm_cm)).collect();
    let inner = half_megaohm[1..halves.len() - 1].chunks(2).map(|pair| pair[0] + pair[1]);
    let axial_megaohm =
        [half_megaohm[0]].into_iter().chain(inner).chain([half_megaohm[halves.len() - 1]]).collect();
    let areas_um2 = halves.chunks(2).map(|pair| pair[0].area_um2 + pair[1].area_um2).collect();
    Ok(CompartmentSection {
        name,
        kind: cable.kind,
        length_um,
        n_compartments,
        areas_um2,
        axial_megaohm,
        distances_um: Vec::new(),
        first_node: 0,
        near_end_node: 0,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the quotient is positive, rounded down"
)]
pub(super) fn compartment_count(length_um: f64, max_segment_um: f64) -> usize {
    2_usize.saturating_mul((length_um / max_segment_um) as usize).saturating_add(1)
}

/// Two stretches per segment, with borders rounded as NEURON rounds them: what lies at the far end depends on it.
#[expect(clippy::cast_precision_loss, reason = "counts of segments are small")]
fn half_stretches(cable: &Cable, n_compartments: usize) -> Vec<Stretch> {
    let segment_um = cable.outline.length_um() / n_compartments as f64;
    let mut halves = Vec::with_capacity(2 * n_compartments);
    let mut from_um = 0.0;
    for segment_idx in 0..n_compartments {
        let center_um = segment_idx as f64 * segment_um + 0.5 * segment_um;
        for to_um in [center_um, center_um + 0.5 * segment_um] {
            halves.push(cable.outline.stretch(from_um, to_um));
            from_um = to_um;
        }
    }
    halves
}
