//! What the BluePyOpt readers and writers share: section lists, formulas, names of the cable.

pub(crate) mod formula;

use super::SectionKind;

/// Section lists and the kinds of section they hold.
///
/// # Source
/// BluePyOpt `ephys.locations.NrnSeclistLocation`; the joint lists as BluePyEModel has them.
pub(crate) const SECTION_LISTS: [(&str, &[SectionKind]); 10] = [
    (ALL, &SectionKind::ALL),
    ("somatic", &[SectionKind::Soma]),
    ("axonal", &[SectionKind::Axon]),
    ("basal", &[SectionKind::Dendrite]),
    ("apical", &[SectionKind::ApicalDendrite]),
    ("alldend", &[SectionKind::Dendrite, SectionKind::ApicalDendrite]),
    ("somadend", &[SectionKind::Soma, SectionKind::Dendrite, SectionKind::ApicalDendrite]),
    ("allnoaxon", &[SectionKind::Soma, SectionKind::Dendrite, SectionKind::ApicalDendrite]),
    ("somaxon", &[SectionKind::Soma, SectionKind::Axon]),
    ("allact", &SectionKind::ALL),
];

/// The list of every section.
pub(crate) const ALL: &str = "all";

/// Kinds of section of a list.
pub(crate) fn kinds_of(section_list: &str) -> Option<&'static [SectionKind]> {
    SECTION_LISTS.iter().find(|(known, _)| *known == section_list).map(|(_, kinds)| *kinds)
}

/// The list of one kind.
pub(crate) fn section_list(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Soma => "somatic",
        SectionKind::Axon => "axonal",
        SectionKind::Dendrite => "basal",
        SectionKind::ApicalDendrite => "apical",
    }
}
