//! Whatever the bytes, a reader gives a value or an error.

use noble_data::cell_model::{HallOfFame, HallOfFameModel, read_cells};
use noble_data::dataset::Manifest;
use noble_data::fitting::bluepyopt::{CellSettings, read_parameters, read_protocols};
use noble_data::morphology::read_swc;
use noble_data::{FitTargets, ParameterSpace, StimulusSpec, read_stimulus, read_voltage_protocol};
use proptest::prelude::*;

const SWC: &str =
    "# cell\n1 1 0 0 0 5 -1\n2 3 5 0 0 1 1\n3 3 50 0 0 1 2\n4 2 0 9 0 0.5 1\n5 7 0 70 0 1e0 4\n";

const ALLEN: &str = r#"{"mechanism_set": "bbp", "passive": [{"ra": 100.0, "e_pas": "-80", "cm": [{"section": "soma", "cm": 2}]}],
  "conditions": [{"celsius": 34, "v_init": -80, "erev": [{"section": "soma", "ena": 53, "ek": -107}]}],
  "genome": [{"section": "soma", "name": "gIhbar_Ih", "value": "8e-5", "mechanism": "Ih"}],
  "distributions": [{"section": "apic", "name": "gIhbar_Ih", "mechanism": "Ih", "value": 8e-5,
    "formula": "value*(-0.8696 + 2.087*exp(0.0031*x))"}]}"#;

const STIMULUS: &str = r#"{"format_version": 1, "parts": [
  {"kind": "step", "delay_ms": 15, "duration_ms": 400, "amplitude_na": 0.3},
  {"kind": "ramp", "delay_ms": 15, "duration_ms": 400, "start_na": 0, "end_na": 0.3},
  {"kind": "sine", "delay_ms": 15, "duration_ms": 400, "amplitude_na": 0.3, "frequency_hz": 5},
  {"kind": "chirp", "delay_ms": 15, "duration_ms": 400, "amplitude_na": 0.3, "start_hz": 0, "end_hz": 9},
  {"kind": "pulses", "delay_ms": 1, "width_ms": 2, "period_ms": 5, "n_pulses": 3, "amplitude_na": 0.4},
  {"kind": "noise", "delay_ms": 0, "duration_ms": 9, "mean_na": 0, "standard_deviation_na": 1,
   "correlation_ms": 3, "update_ms": 0.1, "seed": 1},
  {"kind": "samples", "start_ms": 1, "step_ms": 0.5, "current_na": [0.1, -0.2]}]}"#;

const VOLTAGE: &str = r#"{"format_version": 1, "series_resistance_megaohm": 0.01,
  "steps": [{"duration_ms": 10, "command_mv": -80}, {"duration_ms": 5, "command_mv": 0}]}"#;

const PARAMETERS: &str = r#"[{"param_name": "celsius", "type": "global", "value": 34},
  {"param_name": "cm", "sectionlist": "all", "type": "section", "dist_type": "uniform", "bounds": [0.5, 2]},
  {"param_name": "gIhbar_Ih", "mech": "Ih", "mech_param": "gIhbar", "sectionlist": "apical", "type": "range",
   "dist_type": "exp", "dist": "(-0.8696 + 2.087*math.exp(({distance})*0.0031))*{value}", "value": 8e-5}]"#;

const MECHANISMS: &str = r#"{"all": ["pas"], "apical": ["Ih"]}"#;

const PROTOCOLS: &str = r#"{"Step": {"type": "StepProtocol", "stimuli": {
    "step": {"delay": 15, "amp": 0.4, "duration": 400, "totduration": 515},
    "holding": {"delay": 0, "amp": -0.1, "duration": 515, "totduration": 515}}},
  "Rest": {"stimuli": [{"delay": 15, "amp": 0, "duration": 400, "totduration": 515}]}}"#;

const FEATURES: &str = r#"{"Step": {"soma": {"mean_frequency": [7, 1.5]}, "dend": {"AP_width": [2, 1]}},
  "Rest": {"soma.v": [{"feature": "voltage_base", "val": [-76.5, 1.1]}]}}"#;

/// A space and targets of ours, from the files above.
fn own_fit_files() -> [String; 2] {
    let settings = CellSettings::default();
    let (space, _) = read_parameters(PARAMETERS.as_bytes(), Some(MECHANISMS.as_bytes()), &settings).unwrap();
    let (targets, _) = read_protocols(PROTOCOLS.as_bytes(), FEATURES.as_bytes()).unwrap();
    [serde_json::to_string(&space).unwrap(), serde_json::to_string(&targets).unwrap()]
}

/// Our own cell file and hall of fame of the cell above.
fn own_files() -> [String; 2] {
    let cell = read_cells(ALLEN.as_bytes()).unwrap().models.remove(&0).unwrap();
    let model = HallOfFameModel {
        id: 3,
        seed: 1,
        parameters: cell.clone(),
        scores: [("rate".to_owned(), 1.5)].into(),
        features: [("rate_hz".to_owned(), 40.0)].into(),
        i_thr_na: Some(0.1),
        s_thr_hz_per_na: None,
    };
    let hall_of_fame = HallOfFame::new("00".to_owned(), vec![model], [].into());
    [serde_json::to_string(&cell).unwrap(), serde_json::to_string(&hall_of_fame).unwrap()]
}

/// Every reader of text files; what a stimulus gives is asked too.
fn read_all(bytes: &[u8]) {
    let _ = read_swc(bytes);
    let _ = read_cells(bytes);
    let _ = HallOfFame::read(bytes);
    let _ = Manifest::read(bytes);
    let _ = FitTargets::read(bytes);
    let _ = ParameterSpace::read(bytes);
    let _ = read_parameters(bytes, None, &CellSettings::default());
    let _ = read_parameters(PARAMETERS.as_bytes(), Some(bytes), &CellSettings::default());
    let _ = read_protocols(bytes, FEATURES.as_bytes());
    let _ = read_protocols(PROTOCOLS.as_bytes(), bytes);
    let _ = StimulusSpec::read(bytes);
    if let Ok(protocol) = read_voltage_protocol(bytes) {
        let _ = (protocol.command_mv(7.0), protocol.end_ms());
    }
    if let Ok(stimulus) = read_stimulus(bytes) {
        let _ = stimulus.end_ms();
        for t_ms in [-1e9, -1.0, 0.0, 1.25, 16.0, 1e9] {
            assert!(!stimulus.current_na(t_ms).is_nan());
        }
    }
}

/// What one change puts in the place of a few bytes: text that means something to a reader.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "",
        "-",
        "0",
        "-1",
        "1e308",
        "1e-320",
        "1e999",
        "99999999999999999999",
        "null",
        "true",
        "NaN",
        "inf",
        "\"",
        "\"0\"",
        "[",
        "]",
        "{",
        "}",
        "{}",
        "[]",
        ",",
        ":",
        " ",
        "\n",
        "#",
        "\u{0}",
        "µ",
        "soma",
        "kind",
        "^",
        "((((",
    ];
    let words = proptest::sample::select(words.map(|word| word.as_bytes().to_vec()).to_vec());
    prop_oneof![words, prop::collection::vec(any::<u8>(), 0..4)]
}

/// Replaces bytes at relative places, then cuts.
fn damage(text: &str, changes: &[(f64, usize, Vec<u8>)], cut_fraction: f64) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (place, n_replaced, piece) in changes {
        let begin = (place * bytes.len() as f64) as usize;
        let end = (begin + n_replaced).min(bytes.len());
        bytes.splice(begin..end, piece.iter().copied());
    }
    bytes.truncate((cut_fraction * bytes.len() as f64).ceil() as usize);
    bytes
}

/// Lines of an SWC file that are whole but fit together by chance.
fn swc_lines() -> impl Strategy<Value = String> {
    let length = || proptest::sample::select(vec!["0", "1", "-3.5", "40", "1e5"]);
    let radius = proptest::sample::select(vec!["0.5", "1", "7"]);
    let line = (0..6u8, length(), length(), radius, -1..12i32)
        .prop_map(|(kind, x, y, radius, parent)| format!("{kind} {x} {y} 0 {radius} {parent}"));
    prop::collection::vec(line, 1..14).prop_map(|lines| {
        let rows = lines.iter().enumerate().map(|(idx, line)| format!("{} {line}\n", idx + 1));
        format!("0 1 0 0 0 5 -1\n{}", rows.collect::<String>())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn invariant_noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn invariant_damaged_files_never_panic(
        changes in prop::collection::vec((0.0..1.0f64, 0..9usize, pieces()), 0..4),
        cut_fraction in prop_oneof![Just(1.0f64), Just(1.0f64), 0.0..1.0f64],
    ) {
        let [cell, hall_of_fame] = own_files();
        let [space, targets] = own_fit_files();
        let fit_files = [PARAMETERS, MECHANISMS, PROTOCOLS, FEATURES, &space, &targets];
        for text in [SWC, ALLEN, STIMULUS, VOLTAGE, &cell, &hall_of_fame].into_iter().chain(fit_files) {
            read_all(&damage(text, &changes, cut_fraction));
        }
    }

    #[test]
    fn invariant_trees_have_parents_first(text in swc_lines()) {
        if let Ok((morphology, _)) = read_swc(text.as_bytes()) {
            for (section_idx, section) in morphology.sections.iter().enumerate() {
                prop_assert!(section.points.len() >= 2, "{text}");
                prop_assert!(section.parent.is_none_or(|parent| parent.section_idx < section_idx), "{text}");
            }
        }
    }
}
