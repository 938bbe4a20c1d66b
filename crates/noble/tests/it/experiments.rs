//! What can be done to a cell and recorded of it from the command line.

use ndarray::Array2;
use ndarray_npy::NpzReader;

use crate::command::Folder;

const STIMULUS: &str = r#"{"format_version": 1, "parts": [
  {"kind": "step", "delay_ms": 5, "duration_ms": 40, "amplitude_na": 0.15},
  {"kind": "sine", "delay_ms": 5, "duration_ms": 40, "amplitude_na": 0.02, "frequency_hz": 50, "phase_fraction": 0, "offset_na": 0}]}"#;
const STEP: &str = r#"{"format_version": 1, "parts": [
  {"kind": "step", "delay_ms": 5, "duration_ms": 40, "amplitude_na": 0.15}]}"#;
const VOLTAGES: &str = r#"{"format_version": 1, "series_resistance_megaohm": 0.5, "steps": [
  {"duration_ms": 10, "command_mv": -80}, {"duration_ms": 30, "command_mv": -20}]}"#;
const TIMES: &str = "--delay-ms 5 --duration-ms 40 --total-ms 50";

fn array(folder: &Folder, file: &str, name: &str) -> Array2<f64> {
    let mut npz = NpzReader::new(std::fs::File::open(folder.path(file)).unwrap()).unwrap();
    npz.by_name(name).unwrap_or_else(|error| panic!("{file} {name}: {error}"))
}

fn names(folder: &Folder, file: &str) -> Vec<String> {
    let mut npz = NpzReader::new(std::fs::File::open(folder.path(file)).unwrap()).unwrap();
    npz.names().unwrap()
}

#[test]
fn invariant_a_stimulus_file_is_the_step_that_it_describes() {
    let folder = Folder::new("stimulus");
    folder.write("step.json", STEP);
    folder.write("waves.json", STIMULUS);
    folder.done(&format!("simulate --step-na 0.15 {TIMES} --out typed.npz"));
    folder.done("simulate --stimulus step.json,waves.json --total-ms 50 --out files.npz");
    let (typed, files) = (array(&folder, "typed.npz", "v_mv"), array(&folder, "files.npz", "v_mv"));
    assert_eq!(typed.row(0), files.row(0));
    assert!(typed.row(0) != files.row(1));
    let current = array(&folder, "files.npz", "electrode_na");
    assert_eq!(current.dim(), files.dim());
    assert!((current[[0, current.ncols() / 2]] - 0.15).abs() < 1e-15);
    assert!(!names(&folder, "files.npz").iter().any(|name| name.starts_with("step_na")));
    assert!(folder.done("extract files.npz --features Spikecount").contains("Spikecount"));
}

#[test]
fn invariant_a_cell_settles_before_its_sweep() {
    let folder = Folder::new("settle");
    let times = |delay_ms, total_ms| {
        format!("--delay-ms {delay_ms} --duration-ms 30 --total-ms {total_ms} --every 5")
    };
    folder.done(&format!("simulate --step-na 0.15 {} --settle-ms 10 --out settled.npz", times(5, 45)));
    folder.done(&format!("simulate --step-na 0.15 {} --settle-ms 0 --out longer.npz", times(15, 55)));
    let (settled, longer) = (array(&folder, "settled.npz", "v_mv"), array(&folder, "longer.npz", "v_mv"));
    assert_eq!((settled.ncols(), longer.ncols()), (451, 551));
    assert_eq!(settled.row(0), longer.slice(ndarray::s![0, 100..]));
    let refused = folder.refused("simulate --settle-ms=-1 --out other.npz");
    assert!(refused.contains("--settle-ms is -1"), "{refused}");
}

#[test]
fn invariant_recordings_have_names_and_the_shape_of_the_voltage() {
    let folder = Folder::new("recordings");
    let record = "--record v_mv@soma,v_mv@dend[3](0.5),NaV.O@axon,calcium_millimolar@soma,\
                  potassium_current_ma_per_cm2@soma(0.5),Kv3_1.current_ma_per_cm2@soma";
    for integrator in ["neuron", "second-order"] {
        folder.done(&format!(
            "simulate --members 2 --step-na 0.1,0.15 {TIMES} {record} --integrator {integrator} --out a.npz"
        ));
        let v_mv = array(&folder, "a.npz", "v_mv");
        assert_eq!(v_mv.nrows(), 4);
        assert_eq!(array(&folder, "a.npz", "v_mv@soma[0](0.5)"), v_mv);
        for name in [
            "v_mv@dend[3](0.5)",
            "NaV.O@axon[0](0.5)",
            "calcium_millimolar@soma[0](0.5)",
            "potassium_current_ma_per_cm2@soma[0](0.5)",
            "Kv3_1.current_ma_per_cm2@soma[0](0.5)",
        ] {
            let recorded = array(&folder, "a.npz", name);
            assert_eq!(recorded.dim(), v_mv.dim(), "{name}");
            assert!(recorded.iter().all(|value| value.is_finite()) && recorded != v_mv, "{name}");
        }
    }
}

#[test]
fn invariant_a_voltage_clamp_holds_and_shows_its_current() {
    let folder = Folder::new("clamp");
    folder.write("steps.json", VOLTAGES);
    folder.done("simulate --voltage-clamp steps.json --total-ms 50 --every 1 --out a.npz");
    let (v_mv, current) = (array(&folder, "a.npz", "v_mv"), array(&folder, "a.npz", "electrode_na"));
    let at = |t_ms: f64| (t_ms / 0.02).round() as usize;
    assert!((v_mv[[0, at(9.0)]] + 80.0).abs() < 0.5, "{}", v_mv[[0, at(9.0)]]);
    assert!((current[[0, at(35.0)]] - (-20.0 - v_mv[[0, at(35.0)]]) / 0.5).abs() < 1e-12);
    assert!(current[[0, at(45.0)]].abs() < f64::MIN_POSITIVE);
}

/// Lanes, threads and a filter on the way change nothing.
#[test]
fn invariant_lanes_and_threads_give_the_same_file() {
    let folder = Folder::new("lanes");
    let run = |options: &str, file: &str| {
        folder.done(&format!(
            "simulate --members 3 --step-na 0.1,0.15,0.2 {TIMES} --sampling lowpass --record NaV.O@soma {options} \
             --out {file}"
        ));
        std::fs::read(folder.path(file)).unwrap()
    };
    let one = run("--lanes 1 --threads 1", "one.npz");
    for (options, file) in [("--lanes 9 --threads 1", "nine.npz"), ("--lanes 4 --threads 2", "four.npz")] {
        assert!(run(options, file) == one, "{options}");
    }
}

#[test]
fn invariant_the_accuracy_of_each_scheme_is_told() {
    let folder = Folder::new("accuracy");
    let lines = folder.done(
        "accuracy --step-na 0.2 --delay-ms 5 --duration-ms 40 --total-ms 50 --dt-ms 0.02,0.01 --repeat 1 --format json",
    );
    let rows: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let error = |integrator: &str, dt_ms: f64| {
        let is_row = |row: &&serde_json::Value| row["integrator"] == integrator && row["dt_ms"] == dt_ms;
        rows.iter().find(is_row).unwrap()["largest_spike_error_ms"].as_f64().unwrap()
    };
    assert_eq!(rows.len(), 4);
    assert!(error("neuron", 0.01) < error("neuron", 0.02));
    assert!(error("second-order", 0.02) < error("neuron", 0.01));
}

#[test]
fn invariant_wrong_experiments_are_refused() {
    let folder = Folder::new("experiments");
    folder.write("step.json", STEP);
    folder.write("steps.json", VOLTAGES);
    folder.write("negative.json", STEP.replace("40", "-40"));
    folder.write("huge.json", STEP.replace("0.15", "1e308"));
    let cases = [
        ("--record soma", "has no place"),
        ("--record volts@soma", "there is no volts"),
        ("--record NaX.m@soma", "there is no NaX.m at soma[0](0.5)"),
        ("--record NaV.Q@soma", "NaV.C1"),
        ("--record v_mv@dend[999]", "dend[999](0.5) is not a place"),
        ("--electrode soma(1.5)", "soma[0](1.5) is not a place"),
        ("--electrode nowhere", "nowhere[0](0.5) is not a place"),
        ("--stimulus missing.json", "missing.json"),
        ("--stimulus steps.json", "steps.json"),
        ("--stimulus negative.json", "duration_ms"),
        ("--stimulus huge.json", "is inf mV at 5.020 ms"),
        ("--voltage-clamp step.json", "step.json"),
        ("--step-na 1e308", "is inf mV at 5.020 ms"),
        ("--stimulus step.json --step-na 1", "cannot be used with"),
        ("--stimulus step.json --delay-ms 3", "are times of a step"),
        ("--record v_mv@soma,v_mv@soma[0](0.5)", "v_mv@soma[0](0.5) is recorded twice"),
        ("--record NaV.O@soma(1)", "no mechanism"),
        ("--lanes 0", "--lanes is 0"),
        ("--step-na 0.1,3000", "3000 nA: the voltage of soma[0]("),
        ("--figure a.npz", "the same file"),
        ("--out .", "is a folder"),
        ("--out missing.npz/a.npz --figure .", "is a folder"),
    ];
    for (options, expected) in cases {
        let times = if options.contains(".json") { "--total-ms 50" } else { TIMES };
        let out = if options.contains("--out") { "" } else { "--out a.npz" };
        let message = folder.refused(&format!("simulate {times} {out} {options}"));
        assert!(message.contains(expected), "{options}: {message} lacks {expected}");
    }
    assert!(!folder.path("a.npz").exists());
}
