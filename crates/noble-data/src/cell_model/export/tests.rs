use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::cell_model::{AxonRule, CellModel, SectionKind, SectionParameters, read_cells};

/// Numbers whose shortest text has many digits, formulas, a mechanism without values, one of the user's.
fn cell() -> CellModel {
    let mut soma = SectionParameters {
        axial_resistivity_ohm_cm: 0.1 + 0.2,
        capacitance_uf_per_cm2: 1.0 / 3.0,
        sodium_reversal_mv: 53.000000000000014,
        potassium_reversal_mv: -107.0,
        ..SectionParameters::default()
    };
    let give = |section: &mut SectionParameters, mechanism: &str, values: &[(&str, f64)]| {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        section.mechanisms.insert(mechanism.to_owned(), values);
    };
    give(&mut soma, "pas", &[("e_mv", -80.1), ("g_s_per_cm2", 1e-5 / 3.0)]);
    give(&mut soma, "NaV", &[("gbar_s_per_cm2", 0.1 / 7.0)]);
    give(&mut soma, "CaDynamics", &[("decay_ms", 5e-324), ("gamma", 1e300 / 3.0)]);
    give(&mut soma, "Own", &[("half_mv", -31.4), ("power", 3.0)]);
    give(&mut soma, "hh", &[]);
    let mut apical = SectionParameters { axial_resistivity_ohm_cm: 99.9, ..SectionParameters::default() };
    give(&mut apical, "Ih", &[("gbar_s_per_cm2", 8e-5)]);
    let formula = "value * (-0.8696 + 2.087 * exp(0.0031 * distance_um))".parse().unwrap();
    let formulas = BTreeMap::from([("gbar_s_per_cm2".to_owned(), formula)]);
    apical.distributions.insert("Ih".to_owned(), formulas);
    let default = SectionParameters::default;
    CellModel {
        format_version: crate::cell_model::CELL_FORMAT_VERSION,
        name: "cell".to_owned(),
        mechanism_set: "allen".to_owned(),
        axon_rule: AxonRule::Stub1,
        temperature_celsius: 34.1,
        initial_voltage_mv: -80.3,
        sections: BTreeMap::from([
            (SectionKind::Soma, soma),
            (SectionKind::Axon, default()),
            (SectionKind::Dendrite, default()),
            (SectionKind::ApicalDendrite, apical),
        ]),
    }
}

#[test]
fn invariant_allen_files_come_back_by_bits() {
    for set in ["allen", "bbp", "yao2022", "mine"] {
        let model = CellModel { mechanism_set: set.to_owned(), ..cell() };
        let file = write_allen(&model).unwrap();
        let read = read_cells(&file.bytes).unwrap().models.remove(&0).unwrap();
        let assumed = read.axon_rule;
        assert_eq!(read.name, model.name);
        assert_eq!(CellModel { axon_rule: model.axon_rule, ..read }, model);
        let is_assumed = file.notes.iter().any(|note| note.ends_with("assumes it on reading"));
        assert_eq!(is_assumed, assumed == model.axon_rule, "{:?}", file.notes);
    }
}

#[test]
fn invariant_allen_sets_come_back_by_number() {
    let other = CellModel { axon_rule: AxonRule::Keep, ..cell() };
    let models = BTreeMap::from([(3, cell()), (12, other)]);
    let file = write_allen_set(&models).unwrap();
    let read = read_cells(&file.bytes).unwrap().models;
    assert_eq!(read.keys().collect::<Vec<_>>(), [&3, &12]);
    assert_eq!(read[&12].sections, models[&12].sections);
    assert!(file.notes.iter().any(|note| note.contains("assumes stub1, so state keep")), "{:?}", file.notes);
}

#[test]
fn analytic_a_missing_leak_conducts_nothing() {
    let mut model = cell();
    model.sections.get_mut(&SectionKind::Axon).unwrap().mechanisms.clear();
    model.sections.remove(&SectionKind::Dendrite);
    let file = write_allen(&model).unwrap();
    let read = read_cells(&file.bytes).unwrap().models.remove(&0).unwrap();
    let leak = read.sections[&SectionKind::Axon].mechanisms["pas"]["g_s_per_cm2"];
    assert_eq!(leak.to_bits(), 0.0_f64.to_bits());
    assert_eq!(read.sections[&SectionKind::Dendrite], SectionParameters::default());
    assert!(file.notes.iter().any(|note| note.starts_with("axon has no leak")), "{:?}", file.notes);
}

#[test]
fn analytic_numbers_without_text_are_named() {
    let mut model = cell();
    let soma = model.sections.get_mut(&SectionKind::Soma).unwrap();
    soma.mechanisms.get_mut("NaV").unwrap().insert("gbar_s_per_cm2".to_owned(), f64::NAN);
    let message = write_allen(&model).unwrap_err().to_string();
    assert!(message.contains("sections.soma.NaV.gbar_s_per_cm2: NaN cannot be written"), "{message}");
    assert_eq!(message.replace("allen parameter file", ""), {
        write_bluepyopt(&model).unwrap_err().to_string().replace("bluepyopt files", "")
    });
}

#[test]
fn analytic_bluepyopt_names_are_those_of_the_mechanism_files() {
    let files = write_bluepyopt(&CellModel { mechanism_set: "bbp".to_owned(), ..cell() }).unwrap();
    let values: Value = serde_json::from_slice(&files.values).unwrap();
    let expected = [
        ("gNaVbar_NaV.somatic", 0.1 / 7.0),
        ("gIhbar_Ih.apical", 8e-5),
        ("g_pas.somatic", 1e-5 / 3.0),
        ("e_pas.basal", -70.0),
        ("cm.somatic", 1.0 / 3.0),
        ("ena.somatic", 53.000000000000014),
        ("half_Own.somatic", -31.4),
        ("v_init", -80.3),
    ];
    for (name, value) in expected {
        assert_eq!(values[name].as_f64().map(f64::to_bits), Some(f64::to_bits(value)), "{name} in {values}");
    }
    assert!(values.get("ena.apical").is_none(), "{values}");
    let mechanisms: Value = serde_json::from_slice(&files.mechanisms).unwrap();
    assert_eq!(mechanisms["all"], serde_json::json!(["pas"]));
    assert_eq!(mechanisms["apical"], serde_json::json!(["Ih"]));
    let is_told = |what: &str| files.notes.iter().any(|note| note.starts_with(what));
    assert!(
        is_told("half_mv of Own: written as half_Own") && is_told("axon rule stub1"),
        "{:?}",
        files.notes
    );
}

#[test]
fn analytic_shared_values_are_written_once() {
    let mut model = cell();
    let dendrite = model.sections.get_mut(&SectionKind::Dendrite).unwrap();
    dendrite.sodium_reversal_mv = 60.0;
    for section in model.sections.values_mut() {
        section.capacitance_uf_per_cm2 = 1.5;
    }
    let files = write_bluepyopt(&model).unwrap();
    let parameters: Value = serde_json::from_slice(&files.parameters).unwrap();
    let capacitances: Vec<&Value> =
        parameters.as_array().unwrap().iter().filter(|entry| entry["param_name"] == "cm").collect();
    assert_eq!(capacitances.len(), 1);
    assert_eq!(capacitances[0]["sectionlist"], "all");
    assert!(files.notes.iter().any(|note| note.starts_with("ena of dend: left out")), "{:?}", files.notes);
    let axon = model.sections.get_mut(&SectionKind::Axon).unwrap();
    axon.mechanisms.insert("Own".to_owned(), BTreeMap::new());
    let files = write_bluepyopt(&model).unwrap();
    assert!(
        files.notes.iter().any(|note| note.starts_with("ek of axon: delete it if Own")),
        "{:?}",
        files.notes
    );
}
