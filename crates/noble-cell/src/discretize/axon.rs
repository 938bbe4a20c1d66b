//! The sections that are simulated: those of the morphology, with the axon as the cell's rule has it.

use noble_data::SectionKind;
use noble_data::cell_model::AxonRule;
use noble_data::morphology::{Attachment, Morphology};

use super::distance::near_end_distances_um;
use super::outline::Outline;
use super::tree::compartment_count;

/// Length of each of the two sections that replace an axon.
///
/// # Source
/// Gouwens et al. 2018 and Nandi et al. 2022, published model code.
const STUB_LENGTH_UM: f64 = 30.0;

/// Diameter of both, where the traced axon does not give it.
const STUB_DIAMETER_UM: f64 = 1.0;

/// Beyond this distance from the near end of the soma, a traced section gives the diameter of the far stub.
///
/// # Source
/// BluePyOpt 1.14 `ephys.morphologies`, `replace_axon`.
const FAR_UM: f64 = 60.0;

/// Longest segment while those diameters are read, whatever the plan's own is.
///
/// # Source
/// As above.
const DIAMETER_SEGMENT_UM: f64 = 40.0;

/// A section before it is cut.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cable {
    pub(crate) kind: SectionKind,
    pub(crate) outline: Outline,
    pub(crate) parent: Option<Attachment>,
}

/// All sections with the rule applied; parents come before children.
///
/// A section that hung on a removed axon becomes the root of a tree of its own, as in NEURON.
pub(crate) fn cables_of(morphology: &Morphology, rule: AxonRule) -> Vec<Cable> {
    let traced = kept(morphology, |_| true);
    let (at_fraction, diameters_um) = match rule {
        AxonRule::Keep => return traced,
        AxonRule::Peri => (0.5, [STUB_DIAMETER_UM; 2]),
        AxonRule::Stub1 => (1.0, [STUB_DIAMETER_UM; 2]),
        AxonRule::Bpo => (1.0, traced_diameters_um(&traced)),
        AxonRule::Stub { diameters_um } => (1.0, diameters_um),
    };
    let mut cables = kept(morphology, |kind| kind != SectionKind::Axon);
    let near = Attachment { section_idx: 0, at_fraction };
    let far = Attachment { section_idx: cables.len(), at_fraction: 1.0 };
    for (parent, diameter_um) in [near, far].into_iter().zip(diameters_um) {
        let outline = Outline::cylinder(STUB_LENGTH_UM, diameter_um);
        cables.push(Cable { kind: SectionKind::Axon, outline, parent: Some(parent) });
    }
    cables
}

/// Diameters in the middle of the first axon section and of the first that is far, in the order of the tracing.
///
/// A section of another tree is far; one without length is passed over.
fn traced_diameters_um(traced: &[Cable]) -> [f64; 2] {
    let near_um = near_end_distances_um(traced, 0.0);
    let is_axon = |cable: &Cable| cable.kind == SectionKind::Axon && cable.outline.length_um() > 0.0;
    let axon = || traced.iter().zip(near_um.iter()).filter(|(cable, _)| is_axon(cable));
    let is_far = |(cable, near_um): &(&Cable, &f64)| *near_um + 0.5 * cable.outline.length_um() > FAR_UM;
    let Some((first, _)) = axon().next() else { return [STUB_DIAMETER_UM; 2] };
    let far = axon().find(is_far).map_or(first, |(cable, _)| cable);
    [first, far].map(|cable| middle_diameter_um(&cable.outline))
}

/// Mean diameter along the middle segment, weighted by length.
#[expect(clippy::cast_precision_loss, reason = "counts of segments are small")]
fn middle_diameter_um(outline: &Outline) -> f64 {
    let length_um = outline.length_um();
    let n_segments = compartment_count(length_um, DIAMETER_SEGMENT_UM) as f64;
    let border_um = |segments: f64| length_um * segments / n_segments;
    outline.mean_diameter_um(border_um(0.5 * (n_segments - 1.0)), border_um(0.5 * (n_segments + 1.0)))
}

fn kept(morphology: &Morphology, is_kept: impl Fn(SectionKind) -> bool) -> Vec<Cable> {
    let mut new_idx = vec![None; morphology.sections.len()];
    let mut cables = Vec::new();
    for (section_idx, section) in morphology.sections.iter().enumerate() {
        if !is_kept(section.kind) {
            continue;
        }
        let parent = section.parent.and_then(|parent| {
            let kept_idx: Option<usize> = new_idx[parent.section_idx];
            kept_idx.map(|section_idx| Attachment { section_idx, ..parent })
        });
        new_idx[section_idx] = Some(cables.len());
        cables.push(Cable { kind: section.kind, outline: Outline::of_section(section), parent });
    }
    cables
}

#[cfg(test)]
mod tests {
    use noble_data::morphology::{Point, Section};

    use super::*;

    /// A section along x whose diameter goes from one value to another.
    fn cone(
        kind: SectionKind,
        length_um: f64,
        diameters_um: [f64; 2],
        parent: Option<Attachment>,
    ) -> Section {
        let at = |x_um, diameter_um| Point { x_um, y_um: 0.0, z_um: 0.0, diameter_um };
        Section { kind, points: vec![at(0.0, diameters_um[0]), at(length_um, diameters_um[1])], parent }
    }

    fn morphology(axon: &[(f64, [f64; 2], Option<Attachment>)]) -> Morphology {
        let mut sections = vec![cone(SectionKind::Soma, 20.0, [20.0, 20.0], None)];
        let axon = axon.iter().map(|(length_um, diameters_um, parent)| {
            cone(SectionKind::Axon, *length_um, *diameters_um, *parent)
        });
        sections.extend(axon);
        Morphology { sections }
    }

    fn stub(morphology: &Morphology, rule: AxonRule) -> Vec<(Option<Attachment>, f64)> {
        let cables = cables_of(morphology, rule);
        let stub = cables.iter().filter(|cable| cable.kind == SectionKind::Axon);
        stub.map(|cable| (cable.parent, cable.outline.least_diameter_um())).collect()
    }

    #[test]
    fn analytic_bpo_takes_the_middle_of_the_first_and_of_the_first_far_section() {
        let at = |section_idx, at_fraction| Some(Attachment { section_idx, at_fraction });
        // Middles at 10 + 30, 10 + 5, 10 + 60 + 50 and 10 + 160 + 5 µm from soma(0).
        let axon = [
            (60.0, [4.0, 1.0], at(0, 0.5)),
            (10.0, [9.0, 9.0], at(0, 0.5)),
            (100.0, [2.0, 1.0], at(1, 1.0)),
            (10.0, [7.0, 7.0], at(3, 1.0)),
        ];
        let expected = [(at(0, 1.0), 2.5), (at(1, 1.0), 1.5)];
        let found = stub(&morphology(&axon), AxonRule::Bpo);
        for ((parent, diameter_um), (expected_parent, expected_um)) in found.iter().zip(expected) {
            assert_eq!(*parent, expected_parent);
            assert!((diameter_um - expected_um).abs() < 1e-12, "{diameter_um} is not {expected_um}");
        }
        let near_only = stub(&morphology(&axon[..2]), AxonRule::Bpo);
        assert!((near_only[1].1 - 2.5).abs() < 1e-12, "{near_only:?}");
    }

    #[test]
    fn analytic_stubs_have_the_stated_widths() {
        let at = |section_idx, at_fraction| Some(Attachment { section_idx, at_fraction });
        let bare = morphology(&[]);
        let cases = [
            (AxonRule::Peri, 0.5, [1.0, 1.0]),
            (AxonRule::Stub1, 1.0, [1.0, 1.0]),
            (AxonRule::Bpo, 1.0, [1.0, 1.0]),
            (AxonRule::Stub { diameters_um: [1.38, 0.92] }, 1.0, [1.38, 0.92]),
        ];
        for (rule, at_fraction, [near_um, far_um]) in cases {
            assert_eq!(stub(&bare, rule), [(at(0, at_fraction), near_um), (at(1, 1.0), far_um)]);
        }
        assert!(stub(&bare, AxonRule::Keep).is_empty());
    }
}
