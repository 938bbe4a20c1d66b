use super::*;
use crate::Error;

const ALLEN: &str = r#"{
  "passive": [{"ra": 100.0, "e_pas": -80.0, "cm": [{"section": "soma", "cm": 2.0}]}],
  "conditions": [{"celsius": 34, "v_init": -80, "erev": [{"section": "soma", "ena": 53, "ek": -107}]}],
  "fitting": [{"junction_potential": -14.0, "sweeps": []}],
  "genome": [
    {"section": "soma", "name": "gbar_NaV", "value": "0.04", "mechanism": "NaV"},
    {"section": "dend", "name": "g_pas", "value": 0.0001, "mechanism": ""}
  ]
}"#;

const CM: &str = r#"[{"section": "soma", "cm": 2.0}]"#;
const EREV: &str = r#"[{"section": "soma", "ena": 53, "ek": -107}]"#;

fn error_of(text: &str) -> String {
    read_cells(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn analytic_allen_fields_land_with_their_units() {
    let set = read_cells(ALLEN.as_bytes()).unwrap();
    let cell = &set.models[&0];
    let soma = &cell.sections[&SectionKind::Soma];
    assert_eq!(set.format, SourceFormat::Allen);
    assert_eq!(cell.axon_rule, AxonRule::Peri);
    let expected = [
        (soma.capacitance_uf_per_cm2, 2.0),
        (soma.axial_resistivity_ohm_cm, 100.0),
        (soma.sodium_reversal_mv, 53.0),
        (soma.mechanisms["NaV"]["gbar_s_per_cm2"], 0.04),
        (soma.mechanisms["pas"]["e_mv"], -80.0),
        (cell.sections[&SectionKind::Dendrite].mechanisms["pas"]["g_s_per_cm2"], 0.0001),
        (cell.sections[&SectionKind::Dendrite].sodium_reversal_mv, 50.0),
    ];
    for (found, wanted) in expected {
        assert!((found - wanted).abs() < 1e-15, "{found} is not {wanted}");
    }
    assert!(set.report.ignored.iter().any(|line| line.starts_with("fitting")));
}

#[test]
fn analytic_one_capacitance_holds_everywhere() {
    let set = read_cells(ALLEN.replace(CM, "2.5").as_bytes()).unwrap();
    let is_set = |section: &SectionParameters| (section.capacitance_uf_per_cm2 - 2.5).abs() < 1e-15;
    assert!(set.models[&0].sections.values().all(is_set));
    assert!(set.report.used.iter().any(|line| line == "passive[0].cm"));
}

/// [`ALLEN`] with another genome and further keys in front.
fn allen_with(keys: &str, genome: &str) -> String {
    let (head, _) = ALLEN.split_once("\"genome\"").unwrap();
    format!("{}{keys} \"genome\": [{genome}]}}", head)
}

#[test]
fn analytic_other_mechanism_sets_name_their_parameters() {
    let genome = r#"
        {"section": "apic", "name": "gIhbar_Ih", "value": "8e-5", "mechanism": "Ih"},
        {"section": "axon", "name": "gCa_LVAstbar_Ca_LVAst", "value": 0.008752, "mechanism": "Ca_LVAst"},
        {"section": "axon", "name": "decay_CaDynamics_E2", "value": 287.0, "mechanism": "CaDynamics_E2"},
        {"section": "soma", "name": "vshifth_NaTg", "value": 10, "mechanism": "NaTg"},
        {"section": "soma", "name": "slopem_NaTg", "value": 9, "mechanism": "NaTg"}"#;
    let set = read_cells(allen_with("\"mechanism_set\": \"bbp\",", genome).as_bytes()).unwrap();
    let cell = &set.models[&0];
    assert_eq!((cell.mechanism_set.as_str(), cell.axon_rule), ("bbp", AxonRule::Bpo));
    let value = |kind, mechanism: &str, name: &str| cell.sections[&kind].mechanisms[mechanism][name];
    let expected = [
        (value(SectionKind::ApicalDendrite, "Ih", "gbar_s_per_cm2"), 8e-5),
        (value(SectionKind::Axon, "Ca_LVAst", "gbar_s_per_cm2"), 0.008752),
        (value(SectionKind::Axon, "CaDynamics_E2", "decay_ms"), 287.0),
        (value(SectionKind::Soma, "NaTg", "vshifth_mv"), 10.0),
        (value(SectionKind::Soma, "NaTg", "slopem_mv"), 9.0),
    ];
    for (found, wanted) in expected {
        assert!((found - wanted).abs() < 1e-15, "{found} is not {wanted}");
    }
    assert!(set.report.used.contains(&"mechanism_set".to_owned()));
}

#[test]
fn analytic_later_assignments_override_and_are_reported() {
    let genome = r#"
        {"section": "apic", "name": "cm", "value": 1, "mechanism": ""},
        {"section": "apic", "name": "cm", "value": 2, "mechanism": ""}"#;
    let set = read_cells(allen_with("", genome).as_bytes()).unwrap();
    let found = set.models[&0].sections[&SectionKind::ApicalDendrite].capacitance_uf_per_cm2;
    assert!((found - 2.0).abs() < 1e-15, "{found}");
    let is_told = |line: &String| line == "genome[0]: cm of apic: overridden by genome[1]";
    assert!(set.report.ignored.iter().any(is_told), "{:?}", set.report.ignored);
}

const DISTRIBUTION: &str = r#""distributions": [{"section": "apic", "name": "gIhbar_Ih", "mechanism": "Ih",
    "value": 8e-5, "formula": "value*(-0.8696 + 2.087*exp(0.0031*x))"}],"#;

#[test]
fn analytic_distributions_are_read_in_our_names() {
    let set = read_cells(allen_with(DISTRIBUTION, "").as_bytes()).unwrap();
    let apical = &set.models[&0].sections[&SectionKind::ApicalDendrite];
    let expected = 8e-5 * (-0.8696 + 2.087 * f64::exp(0.0031 * 500.0));
    let found = apical.parameter_at("Ih", "gbar_s_per_cm2", 500.0).unwrap();
    assert!((found - expected).abs() < 1e-15, "{found} is not {expected}");
    let leak = apical.parameter_at("pas", "e_mv", 500.0).unwrap();
    assert!((leak - -80.0).abs() < 1e-15, "{leak}");
    assert_eq!(apical.parameter_at("Ih", "decay_ms", 0.0), None);
    let text = serde_json::to_string(&set.models[&0]).unwrap();
    assert!(text.contains("exp(0.0031 * distance_um)"), "{text}");
    assert_eq!(read_cells(text.as_bytes()).unwrap().models[&0], set.models[&0]);
    let mut lone = set.models[&0].clone();
    lone.sections.get_mut(&SectionKind::ApicalDendrite).unwrap().mechanisms.clear();
    let message = error_of(&serde_json::to_string(&lone).unwrap());
    assert!(message.contains("sections.apic.distributions.Ih.gbar_s_per_cm2: has no number"), "{message}");
}

#[test]
fn analytic_sets_are_read_by_number() {
    let set = read_cells(format!("{{\"3\": {ALLEN}, \"0\": {ALLEN}}}").as_bytes()).unwrap();
    assert_eq!(set.models.keys().copied().collect::<Vec<_>>(), [0, 3]);
    assert_eq!(set.format, SourceFormat::AllenHallOfFame);
}

#[test]
fn analytic_wrong_files_name_place_and_remedy() {
    let cases = [
        (ALLEN[..60].to_owned(), "line 2 column"),
        ("[]".to_owned(), "holds no object"),
        ("{\"a\": 1}".to_owned(), "none of the keys"),
        (ALLEN.replace("\"0.04\"", "\"many\""), "genome[0]: \"many\" is not a number"),
        (ALLEN.replace("gbar_NaV", "speed_NaV"), "parameter \"speed\" of NaV is unknown"),
        (ALLEN.replace("\"section\": \"dend\"", "\"section\": \"leg\""), "section \"leg\" is unknown"),
        (ALLEN.replace("\"celsius\": 34, ", ""), "conditions[0].celsius: is missing"),
        (ALLEN.replace(EREV, "{\"ena\": 53}"), "conditions[0].erev: has the wrong shape; write a list of"),
        (ALLEN.replace(CM, "{\"soma\": 2.0}"), "passive[0].cm: has the wrong shape; write a list of"),
        (allen_with("\"mechanism_set\": 3,", ""), "mechanism_set: is no text; name a catalog"),
        (
            allen_with(&DISTRIBUTION.replace("*x", "*y"), ""),
            "distributions[0]: formula \"value*(-0.8696 + 2.087*exp(0.0031*y))\": distribution: name `y` is not known",
        ),
        (allen_with(&DISTRIBUTION.replace("formula", "form"), ""), "distributions[0]: has no formula"),
        (ALLEN.replace(CM, "null"), "passive[0].cm: has the wrong shape"),
        (ALLEN.replace(CM, "\"two\""), "passive[0].cm: \"two\" is not a number"),
        (format!("{{\"0\": {ALLEN}, \"00\": {ALLEN}}}"), "key \"00\": number 0 occurs twice"),
    ];
    for (text, expected) in cases {
        let message = error_of(&text);
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
}

fn hall_of_fame_model(id: ModelId, cell: &CellModel) -> HallOfFameModel {
    HallOfFameModel {
        id,
        seed: 1,
        parameters: cell.clone(),
        scores: BTreeMap::new(),
        features: BTreeMap::new(),
        i_thr_na: Some(0.1),
        s_thr_hz_per_na: None,
    }
}

#[test]
fn invariant_other_versions_are_named_before_their_fields() {
    let cell = read_cells(ALLEN.as_bytes()).unwrap().models[&0].clone();
    let (first, next) = ("\"format_version\":1", "\"format_version\":2,\"new_field\":0");
    let text = serde_json::to_string(&cell).unwrap();
    let message = error_of(&text.replacen(first, next, 1));
    assert!(message.contains("cell file: format_version: version 2 is not 1"), "{message}");
    let models = vec![hall_of_fame_model(3, &cell), hall_of_fame_model(4, &cell)];
    let text = serde_json::to_string(&HallOfFame::new("00".to_owned(), models, BTreeMap::new())).unwrap();
    let message = error_of(&text.replacen(first, next, 1));
    assert!(message.contains("hall of fame: format_version: version 2 is not 1"), "{message}");
    let (file, last) = text.rsplit_once(first).unwrap();
    let message = error_of(&format!("{file}{next}{last}"));
    assert!(message.contains("models[1].parameters.format_version: version 2 is not 1"), "{message}");
    let message = error_of(&text.replacen("\"format_version\":1,", "", 1));
    assert!(message.contains("hall of fame: format_version: is missing"), "{message}");
}

#[test]
fn invariant_our_files_come_back_as_written() {
    let cell = read_cells(ALLEN.as_bytes()).unwrap().models[&0].clone();
    let text = serde_json::to_string(&cell).unwrap();
    assert_eq!(read_cells(text.as_bytes()).unwrap().models[&0], cell);
    let model = hall_of_fame_model(7, &cell);
    let file = HallOfFame::new("00".to_owned(), vec![model.clone()], BTreeMap::new());
    let text = serde_json::to_string(&file).unwrap();
    assert_eq!(HallOfFame::read(text.as_bytes()).unwrap(), file);
    assert_eq!(read_cells(text.as_bytes()).unwrap().models[&7], cell);
    let twice = HallOfFame::new("00".to_owned(), vec![model.clone(), model], BTreeMap::new());
    let text = serde_json::to_string(&twice).unwrap();
    assert!(matches!(HallOfFame::read(text.as_bytes()), Err(Error::Json { .. })));
}

#[test]
fn invariant_threshold_currents_that_cannot_be_are_refused() {
    let cell = read_cells(ALLEN.as_bytes()).unwrap().models[&0].clone();
    for i_thr_na in [46.7, 0.0, -0.02] {
        let model = HallOfFameModel { i_thr_na: Some(i_thr_na), ..hall_of_fame_model(7, &cell) };
        let file = HallOfFame::new("00".to_owned(), vec![model], BTreeMap::new());
        let message = error_of(&serde_json::to_string(&file).unwrap());
        assert!(message.contains("models[0].i_thr_na") && message.contains("in nA"), "{message}");
    }
}
