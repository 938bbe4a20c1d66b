//! Path distances along the tree of sections.

use super::axon::Cable;

/// Where distances that parameters depend on begin, along the soma.
const ORIGIN_FRACTION: f64 = 0.5;

/// Distance of the center of each segment from the middle of the soma, `[n_cables][n_segments]`.
#[expect(clippy::cast_precision_loss, reason = "counts of segments are small")]
pub(crate) fn center_distances_um(cables: &[Cable], n_segments: impl Fn(&Cable) -> usize) -> Vec<Vec<f64>> {
    let near_um = near_end_distances_um(cables, ORIGIN_FRACTION);
    let all = cables.iter().zip(near_um).enumerate();
    all.map(|(cable_idx, (cable, near_um))| {
        let n = n_segments(cable);
        let fractions = (0..n).map(|segment_idx| (segment_idx as f64 + 0.5) / n as f64);
        let length_um = cable.outline.length_um();
        let from_near_um = |fraction: f64| match cable_idx {
            0 => (fraction - ORIGIN_FRACTION).abs() * length_um,
            _ => near_um + fraction * length_um,
        };
        fractions.map(from_near_um).collect()
    })
    .collect()
}

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

#[cfg(test)]
mod tests {
    use noble_data::SectionKind;
    use noble_data::morphology::Attachment;

    use super::*;
    use crate::discretize::outline::Outline;

    fn cable(length_um: f64, parent: Option<(usize, f64)>) -> Cable {
        let parent = parent.map(|(section_idx, at_fraction)| Attachment { section_idx, at_fraction });
        Cable { kind: SectionKind::Dendrite, outline: Outline::cylinder(length_um, 1.0), parent }
    }

    #[test]
    fn analytic_distances_follow_the_path() {
        let cables = [
            cable(30.0, None),
            cable(100.0, Some((0, 0.5))),
            cable(20.0, Some((1, 1.0))),
            cable(20.0, Some((1, 0.0))),
            cable(20.0, Some((0, 1.0))),
            cable(20.0, None),
        ];
        let n_segments = |cable: &Cable| if cable.outline.length_um() > 25.0 { 3 } else { 1 };
        let expected: [&[f64]; 5] =
            [&[10.0, 0.0, 10.0], &[50.0 / 3.0, 50.0, 250.0 / 3.0], &[110.0], &[10.0], &[25.0]];
        let found = center_distances_um(&cables, n_segments);
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
            }
        }
        assert!(found[5][0].is_infinite());
        let near_um = near_end_distances_um(&cables, 0.0);
        assert!((near_um[1] - 15.0).abs() < 1e-12 && (near_um[4] - 30.0).abs() < 1e-12, "{near_um:?}");
    }
}
