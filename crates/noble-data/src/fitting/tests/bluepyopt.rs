use super::assert_says;
use crate::cell_model::{AxonRule, SectionKind, read_cells, write_bluepyopt};
use crate::fitting::bluepyopt::{CellSettings, read_parameters, read_protocols};
use crate::fitting::{FeatureTarget, ParameterTarget, Scale};

const PARAMETERS: &str = r#"[
  {"param_name": "v_init", "type": "global", "value": -71},
  {"param_name": "g_pas", "sectionlist": "all", "type": "section", "dist_type": "uniform", "bounds": [1e-5, 2e-4]},
  {"param_name": "cm", "sectionlist": "all", "type": "section", "dist_type": "uniform", "value": 1},
  {"param_name": "cm", "sectionlist": "alldend", "type": "section", "dist_type": "uniform", "value": 1.9},
  {"param_name": "g_pas", "sectionlist": "axonal", "type": "section", "dist_type": "uniform", "value": 4e-5},
  {"param_name": "ek", "sectionlist": "somatic", "type": "section", "dist_type": "uniform", "bounds": [-100, -80]},
  {"param_name": "gNaTs2_tbar_NaTs2_t", "mech": "NaTs2_t", "mech_param": "gNaTs2_tbar", "bounds": [0, 1.5],
   "dist_type": "uniform", "type": "range", "sectionlist": "somatic", "note": "dense"},
  {"param_name": "gSK_E2bar_SK_E2", "dist_type": "uniform", "type": "range", "sectionlist": "axonal", "value": 0.02},
  {"param_name": "gIhbar_Ih", "mech": "Ih", "mech_param": "gIhbar", "type": "range", "sectionlist": "apical",
   "dist_type": "exp", "dist": "(-0.8696 + 2.087*math.exp(({distance})*0.0031))*{value}", "bounds": [0, 1e-3]},
  {"param_name": "decay_CaDynamics_E2", "mech": "CaDynamics_E2", "mech_param": "decay", "bounds": [30, 900],
   "dist_type": "uniform", "type": "range", "sectionlist": "axonal"}
]"#;

const MECHANISMS: &str = r#"{"all": ["pas"], "somatic": ["NaTs2_t"], "axonal": ["SK_E2", "CaDynamics_E2"],
    "apical": ["Ih"]}"#;

const PROTOCOLS: &str = r#"{
  "bAP": {"stimuli": [{"delay": 200, "amp": 1.5, "duration": 4, "totduration": 500}],
    "extra_recordings": [{"type": "somadistance", "somadistance": 500, "name": "dend1", "seclist_name": "apical"}]},
  "Low": {"stimuli": [{"delay": 600, "amp": 0.4, "duration": 1000, "totduration": 2000},
                      {"delay": 0, "amp": -0.1, "duration": 2100, "totduration": 2100}]},
  "High": {"type": "StepProtocol", "stimuli": {
    "step": {"delay": 600, "amp": 0.9, "duration": 1000, "totduration": 2000, "thresh_perc": 250},
    "holding": {"delay": 0, "amp": -0.1, "duration": 2000, "totduration": 2000}}},
  "Rest": {"type": "StepProtocol",
    "stimuli": {"step": [{"delay": 100, "amp": 0, "duration": 300, "totduration": 500}]}}
}"#;

const FEATURES: &str = r#"{
  "bAP": {"dend1": {"AP_amplitude_from_voltagebase": [40, 9]}},
  "Low": {"soma": {"mean_frequency": [7, 1.5], "AP_width": [2.5, 0.7]}},
  "High": {"soma.v": [{"feature": "Spikecount", "val": [19, 2.5], "strict_stim": true}]},
  "Rest": {"soma": {"voltage_base": [-76.5, 1.1]}, "axon": {"AP_amplitude": [80, 8]}}
}"#;

fn settings() -> CellSettings {
    CellSettings { temperature_celsius: 34.0, ..CellSettings::default() }
}

#[test]
fn analytic_parameters_land_with_their_units() {
    let read = read_parameters(PARAMETERS.as_bytes(), Some(MECHANISMS.as_bytes()), &settings());
    let (space, report) = read.unwrap();
    let names: Vec<&str> = space.free.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "soma+dend+apic.pas.g_s_per_cm2",
            "soma.potassium_reversal_mv",
            "soma.NaTs2_t.gbar_s_per_cm2",
            "apic.Ih.gbar_s_per_cm2",
            "axon.CaDynamics_E2.decay_ms"
        ]
    );
    assert_eq!(space.free[2].upper.to_bits(), 1.5_f64.to_bits());
    assert!(space.free.iter().all(|own| own.scale == Scale::Linear));
    let cell = space.apply(&[1e-4, -90.0, 0.5, 8e-5, 300.0]);
    let value = |kind, text: &str| text.parse::<ParameterTarget>().unwrap().value_in(&cell.sections[&kind]);
    let expected = [
        (SectionKind::Axon, "pas.g_s_per_cm2", 4e-5),
        (SectionKind::Dendrite, "pas.g_s_per_cm2", 1e-4),
        (SectionKind::Soma, "pas.e_mv", -70.0),
        (SectionKind::Soma, "capacitance_uf_per_cm2", 1.0),
        (SectionKind::ApicalDendrite, "capacitance_uf_per_cm2", 1.9),
        (SectionKind::Soma, "potassium_reversal_mv", -90.0),
        (SectionKind::Axon, "potassium_reversal_mv", -77.0),
        (SectionKind::Axon, "SK_E2.gbar_s_per_cm2", 0.02),
    ];
    for (kind, name, wanted) in expected {
        assert_eq!(value(kind, name).map(f64::to_bits), Some(f64::to_bits(wanted)), "{name} of {kind:?}");
    }
    let far =
        cell.sections[&SectionKind::ApicalDendrite].parameter_at("Ih", "gbar_s_per_cm2", 500.0).unwrap();
    assert!((far - 8e-5 * (-0.8696 + 2.087 * f64::exp(1.55))).abs() < 1e-15, "{far}");
    assert_eq!((cell.mechanism_set.as_str(), cell.axon_rule), ("bbp", AxonRule::Bpo));
    assert_eq!(
        [cell.temperature_celsius, cell.initial_voltage_mv].map(f64::to_bits),
        [34.0, -71.0].map(f64::to_bits)
    );
    let has =
        |lines: &[String], line: &str| assert!(lines.iter().any(|own| own == line), "{line}: {lines:?}");
    has(&report.ignored, "parameters[1] (g_pas.all): axon is overridden by parameters[4]");
    has(&report.ignored, "parameters[6] (gNaTs2_tbar_NaTs2_t.somatic).note: not known");
    has(&report.used, "parameters[8] (gIhbar_Ih.apical)");
    has(&report.assumed, "celsius: 34 °C");
}

#[test]
fn invariant_exported_cells_come_back_by_bits() {
    let text = r#"{"passive": [{"ra": 123.4, "cm": 1.7}], "mechanism_set": "bbp",
        "conditions": [{"celsius": 34.3, "v_init": -80.7, "erev": [{"section": "soma", "ena": 53.1, "ek": -107.3}]}],
        "genome": [
          {"section": "soma", "name": "gNaTs2_tbar_NaTs2_t", "value": 0.123456789012345678, "mechanism": "NaTs2_t"},
          {"section": "soma", "name": "gSK_E2bar_SK_E2", "value": 1e-7, "mechanism": "SK_E2"},
          {"section": "axon", "name": "minCai_CaDynamics_E2", "value": 1e-4, "mechanism": "CaDynamics_E2"},
          {"section": "dend", "name": "half_Own", "value": -31.4, "mechanism": "Own", "parameter": "half_mv"}],
        "distributions": [{"section": "apic", "name": "gIhbar_Ih", "mechanism": "Ih", "value": 8e-5,
          "formula": "value * (1 + x / 100)^2"}],
        "inserted": [{"section": "axon", "mechanism": "hh"}]}"#;
    let cell = read_cells(text.as_bytes()).unwrap().models.remove(&0).unwrap();
    let files = write_bluepyopt(&cell).unwrap();
    let read = read_parameters(&files.parameters, Some(&files.mechanisms), &settings());
    let (space, _) = read.unwrap();
    assert_eq!(space.apply(&[]), cell);
    assert_eq!(space.values_of(&cell), Some(Vec::new()));
}

#[test]
fn analytic_without_mechanisms_values_insert_them() {
    let (space, report) = read_parameters(PARAMETERS.as_bytes(), None, &settings()).unwrap();
    let cell = space.apply(&[1e-4, -90.0, 0.5, 8e-5, 300.0]);
    let soma: Vec<&String> = cell.sections[&SectionKind::Soma].mechanisms.keys().collect();
    assert_eq!(soma, ["NaTs2_t", "pas"]);
    assert!(report.assumed.iter().any(|line| line.starts_with("mechanisms: ")), "{:?}", report.assumed);
}

#[test]
fn analytic_wrong_parameters_are_named() {
    let check = |from: &str, to: &str, expected: &str| {
        let (parameters, mechanisms) = (PARAMETERS.replacen(from, to, 1), MECHANISMS.replacen(from, to, 1));
        assert_ne!((parameters.as_str(), mechanisms.as_str()), (PARAMETERS, MECHANISMS), "{from}");
        let read = read_parameters(parameters.as_bytes(), Some(mechanisms.as_bytes()), &settings());
        assert_says(&read.unwrap_err().to_string(), expected);
    };
    check("[", "", "parameters.json: line ");
    check("\"v_init\"", "\"tstop\"", "parameters[0] (tstop): global is unknown");
    check("\"value\": -71", "\"bounds\": [-80, -60]", "parameters[0] (v_init): has bounds; give its value");
    check("\"value\": -71", "\"value\": \"x\"", "(v_init).value: \"x\" is not a number");
    check("\"bounds\": [0, 1.5]", "\"bounds\": [0]", "bounds: are no two numbers, and there is no value");
    check(
        "\"bounds\": [0, 1.5]",
        "\"bounds\": [2, 1.5]",
        "soma.NaTs2_t.gbar_s_per_cm2): bounds 2 and 1.5 are reversed",
    );
    check(
        "\"alldend\"",
        "\"myelinated\"",
        "section list \"myelinated\" is unknown; name one of all, somatic",
    );
    check("\"alldend\"", "\"all\"", "parameters[3] (cm.all): occurs twice");
    check("\"global\"", "\"local\"", "type local is unknown");
    check("\"exp\"", "\"step\"", "distribution \"step\" is unknown; use uniform, or exp");
    check("\"dist\"", "\"comment\"", "(gIhbar_Ih.apical).dist: is missing");
    check("math.exp", "math.pow", "function `pow` is unknown");
    check("*{value}", "*{threshold}", "write a formula of {value} and {distance}");
    check(
        "\"dist_type\": \"uniform\", \"value\": 1}",
        "\"dist_type\": \"exp\", \"dist\": \"{value}\", \"value\": 1}",
        "cm varies along the tree",
    );
    check("gSK_E2bar_SK_E2", "gk_max_TC_HH", "parameters[7] (gk_max_TC_HH.axonal): parameter is unknown");
    check("\"gIhbar_Ih\"", "\"speed_Ih\"", "parameter \"speed\" of Ih is unknown; use one of gbar");
    check("\"gIhbar_Ih\"", "\"gIhbar\"", "param_name does not end in the mechanism Ih");
    check("\"param_name\": \"v_init\"", "\"name\": \"v_init\"", "parameters[0]: has no param_name");
    check(
        "\"apical\": [\"Ih\"]",
        "\"apical\": []",
        "(gIhbar_Ih.apical): Ih is not inserted in apic; add it to mechanisms.json",
    );
    check("\"all\": [\"pas\"]", "\"every\": [\"pas\"]", "mechanisms.json: every: section list is unknown");
    check("\"all\": [\"pas\"]", "\"all\": \"pas\"", "mechanisms.json: all: is no list");
    check("\"all\": [\"pas\"]", "\"all\": [3]", "mechanisms.json: all: holds no name");
    let message = read_parameters(b"{}", None, &settings()).unwrap_err().to_string();
    assert_says(&message, "parameters.json: file: is no list");
}

#[test]
fn analytic_protocols_become_sweeps() {
    let (targets, report) = read_protocols(PROTOCOLS.as_bytes(), FEATURES.as_bytes()).unwrap();
    let found: Vec<(&str, [f64; 5])> = targets
        .sweeps
        .iter()
        .map(|own| {
            (own.name.as_str(), [own.step_na, own.holding_na, own.delay_ms, own.duration_ms, own.total_ms])
        })
        .collect();
    let expected = [
        ("Low", [0.4, -0.1, 600.0, 1000.0, 2100.0]),
        ("High", [0.9, -0.1, 600.0, 1000.0, 2000.0]),
        ("Rest", [0.0, 0.0, 100.0, 300.0, 500.0]),
    ];
    assert_eq!(found, expected);
    let count = FeatureTarget { feature: "Spikecount".to_owned(), mean: 19.0, deviation: 2.5 };
    assert_eq!(targets.sweeps[1].features, [count]);
    assert_eq!(targets.sweeps[0].features.len(), 2);
    assert_eq!(targets.sweeps[2].holding_na.to_bits(), 0);
    let lines = [
        "bAP.dend1: only the soma is recorded, so AP_amplitude_from_voltagebase is left out",
        "bAP: left out, as it has no features at the soma",
        "Rest.axon: only the soma is recorded, so AP_amplitude is left out",
        "High.soma.v[0] (Spikecount).strict_stim: the settings of the features decide",
    ];
    for line in lines {
        assert!(report.ignored.iter().any(|own| own == line), "{line}: {:?}", report.ignored);
    }
    let kept = FEATURES.replace("\"dend1\"", "\"soma\"");
    let (targets, report) = read_protocols(PROTOCOLS.as_bytes(), kept.as_bytes()).unwrap();
    assert_eq!(targets.sweeps[0].name, "bAP");
    assert!(report.ignored.contains(&"bAP.extra_recordings: only the soma is recorded".to_owned()));
    assert!(report.assumed.iter().any(|line| line.starts_with("bAP: features are those of the step")));
}

#[test]
fn analytic_wrong_protocols_are_named() {
    let check = |from: &str, to: &str, expected: &str| {
        let (protocols, features) = (PROTOCOLS.replacen(from, to, 1), FEATURES.replacen(from, to, 1));
        assert_ne!((protocols.as_str(), features.as_str()), (PROTOCOLS, FEATURES), "{from}");
        let read = read_protocols(protocols.as_bytes(), features.as_bytes());
        assert_says(&read.unwrap_err().to_string(), expected);
    };
    check(
        "\"Low\": {\"soma\"",
        "\"Medium\": {\"soma\"",
        "features.json: Medium: there is no protocol of that name",
    );
    check("\"amp\": 0.4", "\"amp\": null", "protocols.json: Low.stimuli[0].amp: null is not a number");
    check("\"amp\": 0.4, ", "", "Low.stimuli[0].amp: is missing");
    check("\"amp\": 0.4", "\"amp\": 400", "looks like pA");
    check(
        "\"delay\": 0, \"amp\": -0.1, \"duration\": 2100",
        "\"delay\": 9, \"amp\": -0.1, \"duration\": 2100",
        "Low.stimuli[1]: lasts from 9 ms",
    );
    check("StepProtocol", "StepThresholdProtocol", "High.type: type \"StepThresholdProtocol\" is unknown");
    check("\"holding\"", "\"ramp\"", "High.stimuli.ramp: is neither step nor holding");
    check("\"step\": [{", "\"step\": [{}, {", "Rest.stimuli.step: holds 2 stimuli");
    check("\"step\": {", "\"holding\": {", "High.stimuli.step: is missing");
    check("{\"stimuli\": [{\"delay\": 600", "{\"pulses\": [{\"delay\": 600", "Low.stimuli: are missing");
    check("[7, 1.5]", "[7]", "features.json: Low.soma.mean_frequency: is no pair of mean and deviation");
    check("[7, 1.5]", "[7, 0]", "a deviation of 0 would divide by zero");
    check("[7, 1.5]", "[0, 1.5]", "is silent, but AP_width needs spikes");
    check("{\"voltage_base\": [-76.5, 1.1]}", "3", "Rest.soma: has the wrong shape");
    check("\"feature\": \"Spikecount\", ", "", "High.soma.v[0]: has no feature");
    let message = read_protocols(b"[]", b"{}").unwrap_err().to_string();
    assert_says(&message, "protocols.json: file: is no object");
}
