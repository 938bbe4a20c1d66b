use std::collections::BTreeMap;

use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION, MechanismParameters};
use noble_data::morphology::{Attachment, Point, Section};

use super::*;

fn line(kind: SectionKind, length_um: f64, parent: Option<(usize, f64)>) -> Section {
    let at = |x_um| Point { x_um, y_um: 0.0, z_um: 0.0, diameter_um: 2.0 };
    let parent = parent.map(|(section_idx, at_fraction)| Attachment { section_idx, at_fraction });
    Section { kind, points: vec![at(0.0), at(length_um)], parent }
}

/// Soma, an axon that a dendrite hangs on, a dendrite with a twig at its near end, and a loose piece of axon.
fn morphology() -> Morphology {
    let (soma, axon, dendrite) = (SectionKind::Soma, SectionKind::Axon, SectionKind::Dendrite);
    let sections = vec![
        line(soma, 10.0, None),
        line(axon, 90.0, Some((0, 0.5))),
        line(dendrite, 50.0, Some((1, 1.0))),
        line(dendrite, 130.0, Some((0, 0.5))),
        line(dendrite, 39.0, Some((3, 0.0))),
        line(axon, 20.0, None),
    ];
    Morphology { sections }
}

fn cell(axon_rule: AxonRule) -> CellModel {
    CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: "test".to_owned(),
        mechanism_set: "allen".to_owned(),
        axon_rule,
        temperature_celsius: 34.0,
        initial_voltage_mv: -80.0,
        sections: BTreeMap::new(),
    }
}

fn names_and_counts(axon_rule: AxonRule) -> Vec<(String, usize)> {
    let plan = CablePlan::new(&morphology(), &cell(axon_rule), &PlanSettings::default()).unwrap();
    plan.sections().iter().map(|section| (section.name.clone(), section.n_compartments)).collect()
}

fn error_of(change: impl FnOnce(&mut CellModel, &mut SectionParameters)) -> String {
    let mut cell = cell(AxonRule::Keep);
    let mut parameters = SectionParameters::default();
    change(&mut cell, &mut parameters);
    cell.sections.insert(SectionKind::Dendrite, parameters);
    CablePlan::new(&morphology(), &cell, &PlanSettings::default()).unwrap_err().to_string()
}

fn insert(parameters: &mut SectionParameters, mechanism: &str, values: &[(&str, f64)]) {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value));
    parameters.mechanisms.insert(mechanism.to_owned(), MechanismParameters::from_iter(values));
}

#[test]
fn analytic_axon_rules_keep_or_replace() {
    let expected =
        |list: &[(&str, usize)]| list.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect::<Vec<_>>();
    let kept =
        [("soma[0]", 1), ("axon[0]", 5), ("dend[0]", 3), ("dend[1]", 7), ("dend[2]", 1), ("axon[1]", 1)];
    assert_eq!(names_and_counts(AxonRule::Keep), expected(&kept));
    let replaced =
        [("soma[0]", 1), ("dend[0]", 3), ("dend[1]", 7), ("dend[2]", 1), ("axon[0]", 1), ("axon[1]", 1)];
    assert_eq!(names_and_counts(AxonRule::Peri), expected(&replaced));
    assert_eq!(names_and_counts(AxonRule::Stub1), expected(&replaced));
}

#[test]
fn analytic_places_resolve_to_nodes() {
    let plan = CablePlan::new(&morphology(), &cell(AxonRule::Stub1), &PlanSettings::default()).unwrap();
    let at = |section: &str, fraction: f64| plan.compartment_at(section, fraction).unwrap();
    assert_eq!(at("dend[1]", 0.0), plan.soma());
    assert_eq!(at("dend[2]", 0.0), plan.soma());
    assert_eq!(at("axon[0]", 0.0), at("soma[0]", 1.0));
    assert_eq!(at("axon[1]", 0.0), at("axon[0]", 1.0));
    assert_eq!(plan.compartment_name(at("dend[1]", 0.3)), "dend[1](0.35714285714285715)");
    assert_eq!(plan.compartment_name(at("dend[1]", 1.0)), "dend[1](1)");
    assert_eq!(plan.compartment_name(at("soma[0]", 0.0)), "soma[0](0)");
    assert!(matches!(plan.compartment_at("apic[0]", 0.5), Err(Error::UnknownPlace { .. })));
    assert!(matches!(plan.compartment_at("soma[0]", 1.5), Err(Error::UnknownPlace { .. })));
}

#[test]
fn invariant_unknown_names_are_listed_with_the_known() {
    let mechanism = error_of(|_, parameters| insert(parameters, "Kv9", &[]));
    assert!(mechanism.contains("dend: mechanism \"Kv9\"") && mechanism.contains("Kv3_1"), "{mechanism}");
    let parameter = error_of(|_, parameters| insert(parameters, "pas", &[("gbar", 1.0)]));
    assert!(parameter.contains("\"gbar\"") && parameter.contains("g_s_per_cm2, e_mv"), "{parameter}");
    let set = error_of(|cell, _| "barrel".clone_into(&mut cell.mechanism_set));
    assert!(set.contains("\"barrel\"") && set.contains("allen"), "{set}");
    let missing = error_of(|_, parameters| insert(parameters, "NaV", &[]));
    assert!(missing.contains("NaV needs a value of gbar_s_per_cm2"), "{missing}");
}

#[test]
fn invariant_values_out_of_range_are_refused() {
    let conductance = error_of(|_, parameters| insert(parameters, "NaV", &[("gbar_s_per_cm2", -0.1)]));
    assert!(conductance.contains("gbar_s_per_cm2 of NaV is -0.1"), "{conductance}");
    let capacitance = error_of(|_, parameters| parameters.capacitance_uf_per_cm2 = -1.0);
    assert!(capacitance.contains("capacitance_uf_per_cm2 is -1"), "{capacitance}");
    let resistivity = error_of(|_, parameters| parameters.axial_resistivity_ohm_cm = 0.0);
    assert!(resistivity.contains("axial_resistivity_ohm_cm is 0"), "{resistivity}");
    for celsius in [f64::NAN, -34.0, 307.15] {
        let temperature = error_of(|cell, _| cell.temperature_celsius = celsius);
        assert!(
            temperature.contains(&format!("temperature_celsius is {celsius}; give a number from -5 to 60"))
        );
    }
    let voltage = error_of(|cell, _| cell.initial_voltage_mv = -80_000.0);
    assert!(voltage.contains("initial_voltage_mv is -80000"), "{voltage}");
}

#[test]
fn invariant_a_cell_needs_a_soma_and_a_segment_length() {
    let without = Morphology { sections: morphology().sections[1..2].to_vec() };
    let error = CablePlan::new(&without, &cell(AxonRule::Keep), &PlanSettings::default());
    assert!(matches!(error, Err(Error::MissingSoma { n_sections: 1 })));
    let settings = PlanSettings { max_segment_um: f64::NAN, ..PlanSettings::default() };
    let error = CablePlan::new(&morphology(), &cell(AxonRule::Keep), &settings);
    assert!(matches!(error, Err(Error::PlanSetting { .. })));
}

#[test]
fn invariant_huge_tracings_are_refused_before_memory_is_asked_for() {
    let message = |sections: Vec<Section>| {
        let plan = CablePlan::new(&Morphology { sections }, &cell(AxonRule::Keep), &PlanSettings::default());
        plan.unwrap_err().to_string()
    };
    let soma = || line(SectionKind::Soma, 10.0, None);
    let long = |length_um| line(SectionKind::Dendrite, length_um, Some((0, 0.5)));
    for length_um in [1e6, 1e9, 1e18] {
        let message = message(vec![soma(), long(10.0), long(length_um)]);
        assert!(message.starts_with("section dend[1]: "), "{message}");
        assert!(message.contains("more than 10000 segments of 40 µm; give the tracing in µm"), "{message}");
    }
    let many: Vec<Section> = std::iter::once(soma()).chain((0..110).map(|_| long(190_000.0))).collect();
    let message = message(many);
    assert!(message.starts_with("the first 107 sections: ") && message.contains("1000000"), "{message}");
}
