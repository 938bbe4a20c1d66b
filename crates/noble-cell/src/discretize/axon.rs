//! The sections that are simulated: those of the morphology, with the axon as the cell's rule has it.

use noble_data::SectionKind;
use noble_data::cell_model::AxonRule;
use noble_data::morphology::{Attachment, Morphology};

use super::outline::Outline;

/// Length of each of the two sections that replace an axon.
///
/// # Source
/// Gouwens et al. 2018 and Nandi et al. 2022, published model code.
const STUB_LENGTH_UM: f64 = 30.0;

/// Diameter of both.
const STUB_DIAMETER_UM: f64 = 1.0;

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
    let stub_at_fraction = match rule {
        AxonRule::Keep => None,
        AxonRule::Peri => Some(0.5),
        AxonRule::Stub1 => Some(1.0),
    };
    let Some(at_fraction) = stub_at_fraction else {
        return kept(morphology, |_| true);
    };
    let mut cables = kept(morphology, |kind| kind != SectionKind::Axon);
    let first_idx = cables.len();
    for parent in
        [Attachment { section_idx: 0, at_fraction }, Attachment { section_idx: first_idx, at_fraction: 1.0 }]
    {
        let outline = Outline::cylinder(STUB_LENGTH_UM, STUB_DIAMETER_UM);
        cables.push(Cable { kind: SectionKind::Axon, outline, parent: Some(parent) });
    }
    cables
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
