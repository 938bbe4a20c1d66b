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
