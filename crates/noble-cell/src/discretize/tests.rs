//! Properties of the cutting as a whole, on tracings drawn by chance.

use std::fmt::Write;

use noble_data::cell_model::AxonRule;
use noble_data::morphology::read_swc;
use proptest::prelude::*;

use super::*;

const RESISTIVITY_OHM_CM: f64 = 100.0;

fn nodes_of(swc: &str, rule: AxonRule) -> Result<Nodes, crate::Error> {
    let (morphology, _) = read_swc(swc.as_bytes())?;
    build_nodes(&cables_of(&morphology, rule), |_| 40.0, |_| RESISTIVITY_OHM_CM)
}

/// A soma and points of any type that hang on any earlier point or on none.
fn tracings() -> impl Strategy<Value = String> {
    let length = || proptest::sample::select(vec!["0", "1", "-3.5", "40", "900"]);
    let radius = proptest::sample::select(vec!["0.5", "1", "7"]);
    let point = (2..5u8, length(), length(), radius, any::<prop::sample::Index>(), 0..12u8);
    prop::collection::vec(point, 1..14).prop_map(|points| {
        let mut text = "0 1 0 0 0 5 -1\n".to_owned();
        for (idx, (kind, x, y, radius, parent, root_chance)) in points.iter().enumerate() {
            let parent = if *root_chance == 0 { -1 } else { i64::try_from(parent.index(idx + 1)).unwrap() };
            writeln!(text, "{} {kind} {x} {y} 0 {radius} {parent}", idx + 1).unwrap();
        }
        text
    })
}

fn rules() -> impl Strategy<Value = AxonRule> {
    let given = AxonRule::Stub { diameters_um: [1.38, 0.92] };
    proptest::sample::select(vec![AxonRule::Keep, AxonRule::Peri, AxonRule::Stub1, AxonRule::Bpo, given])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn invariant_any_tracing_is_cut_or_refused_by_name(text in tracings(), rule in rules()) {
        match nodes_of(&text, rule) {
            Ok(nodes) => {
                prop_assert!(nodes.areas_um2.iter().all(|area_um2| area_um2.is_finite()), "{text}");
                for section in &nodes.sections {
                    prop_assert_eq!(section.areas_um2.len(), section.n_compartments);
                    prop_assert_eq!(section.distances_um.len(), section.n_compartments);
                    prop_assert!(section.axial_megaohm.iter().all(|r| *r > 0.0 && r.is_finite()), "{text}");
                }
            }
            Err(error) => prop_assert!(matches!(error, crate::Error::Section { .. }), "{error}\n{text}"),
        }
    }
}

#[test]
fn analytic_a_section_of_many_points_keeps_its_area() {
    let mut text = "1 1 0 0 0 5 -1\n".to_owned();
    for id in 2..=100_000 {
        writeln!(text, "{id} 3 {} 0 0 0.5 {}", id - 2, id - 1).unwrap();
    }
    let nodes = nodes_of(&text, AxonRule::Keep).unwrap();
    let dendrite = &nodes.sections[1];
    assert_eq!(dendrite.n_compartments, 4999);
    let (area_um2, length_um) = (dendrite.areas_um2.iter().sum::<f64>(), 99_998.0);
    assert!((area_um2 / (std::f64::consts::PI * length_um) - 1.0).abs() < 1e-10, "{area_um2}");
    let last_um = length_um * (1.0 - 0.5 / 4999.0);
    assert!((dendrite.distances_um[4998] - last_um).abs() < 1e-6, "{}", dendrite.distances_um[4998]);
}
