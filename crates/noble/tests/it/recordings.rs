//! `noble extract` on recordings: sweeps, windows, modes, and what it refuses.

use serde_json::Value;

use crate::command::{Folder, bytes};

const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reference/recordings");

/// A folder with one of the repository's recordings.
fn with(name: &str, recording: &str) -> Folder {
    let folder = Folder::new(name);
    let file = recording.rsplit('/').next().unwrap();
    folder.write(file, bytes(format!("{OWN}/{recording}").as_ref()));
    folder
}

fn json(folder: &Folder, line: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(&folder.done(line)).unwrap().as_array().unwrap().clone()
}

fn feature(row: &Value, name: &str) -> f64 {
    row["features"][name][0].as_f64().unwrap_or_else(|| panic!("{row} has no {name}"))
}

#[test]
fn invariant_sweeps_are_listed_channel_by_channel_with_their_windows() {
    let folder = with("channels", "abf/v2_two_cells.abf");
    let rows = json(&folder, "extract v2_two_cells.abf --features voltage_base --format json");
    let told = |key: &str| rows.iter().map(|row| row[key].clone()).collect::<Vec<Value>>();
    assert_eq!(told("sweep"), [0, 1, 2, 3, 4, 5]);
    assert_eq!(told("name")[3], "sweep 0 channel 1");
    // The file holds pA and nA in single precision.
    for (current_na, expected) in told("current_na").iter().zip([-0.1, 0.0, 0.1, 0.1, 0.15, 0.2]) {
        assert!((current_na.as_f64().unwrap() - expected).abs() < 1e-8, "{current_na}");
    }
    assert_eq!(told("stim_start_ms"), [5.5, 5.5, 5.5, 10.5, 10.5, 10.5]);
    let chosen = json(&folder, "extract v2_two_cells.abf --sweeps 4-5 --features voltage_base --format json");
    assert_eq!(chosen, rows[4..]);
    let listed = folder.done("extract v2_two_cells.abf --list");
    assert!(listed.lines().count() == 8 && !listed.contains("voltage_base"), "{listed}");
    let message = folder.refused("extract v2_two_cells.abf --sweeps 9");
    assert!(message.contains("no sweep is 9: the file has sweeps 0 to 5"), "{message}");
    let message = folder.refused("fi v2_two_cells.abf");
    assert!(message.contains("sweeps of two channels, Vm and Vm2"), "{message}");
}

#[test]
fn invariant_the_liquid_junction_potential_is_subtracted_when_asked() {
    let folder = with("junction", "nwb/table.nwb");
    let base = |options: &str| {
        let line = format!("extract table.nwb --sweeps 1 --features voltage_base --format json {options}");
        feature(&json(&folder, &line)[0], "voltage_base")
    };
    assert!((base("--liquid-junction-mv 14") - (base("") - 14.0)).abs() < 1e-9);
    assert!((base("--liquid-junction-mv=-3.5") - (base("") + 3.5)).abs() < 1e-9);
    let message = folder.refused("extract table.nwb --liquid-junction-mv nan");
    assert!(message.contains("--liquid-junction-mv is NaN"), "{message}");
}

#[test]
fn invariant_a_sweep_without_a_window_is_said_and_left_out() {
    let folder = with("window", "nwb/table.nwb");
    let output = folder.run("extract table.nwb --features Spikecount --format json");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.contains("warning: sweep alone without features"), "{stderr}");
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(rows[0]["features"]["Spikecount"].is_null() && rows[0]["error"].is_string());
    let message = folder.refused("extract table.nwb --sweeps alone");
    assert!(message.contains("sweep alone: the window of the stimulus is not known"), "{message}");
    let typed =
        json(&folder, "extract table.nwb --sweeps alone --stim-start-ms 8 --stim-end-ms 20 --format json");
    assert_eq!(typed[0]["features"]["Spikecount"], serde_json::json!([0.0]));
}

#[test]
fn invariant_modes_settings_and_missing_values_are_as_asked() {
    let folder = Folder::new("modes");
    let spike = |t: f64| -70.0 + 100.0 * (-((t - 50.03) / 0.4_f64).powi(2)).exp();
    let rows = (0..2000).map(|idx| f64::from(idx) * 0.05).map(|t| format!("{t},{}\n", spike(t)));
    folder.write("spike.csv", format!("time_ms,v_mv\n{}", rows.collect::<String>()));
    let peak = |options: &str| {
        let line = format!(
            "extract spike.csv --stim-start-ms 20 --stim-end-ms 80 --features AP1_peak --format json {options}"
        );
        feature(&json(&folder, &line)[0], "AP1_peak")
    };
    assert!((peak("--mode precise") - 30.0).abs() < 0.05);
    assert!((peak("") - 30.0).abs() > 0.3);
    assert!((peak("--set interp_step=0.01") - spike(50.05)).abs() < 1e-9);
    let efel = folder.done(
        "extract spike.csv --stim-start-ms 20 --stim-end-ms 200 --features steady_state_voltage --missing efel --format jsonl",
    );
    assert!(efel.contains(r#""steady_state_voltage":["nan"]"#), "{efel}");
    for (options, expected) in [
        ("--set interp_step", "--set interp_step has no value"),
        ("--set interp_stop=1", "did you mean interp_step?"),
        ("--set interp_step=0", "interp_step is 0"),
        ("--set DerivativeWindow=2.5", "DerivativeWindow: \"2.5\"; give a whole number"),
    ] {
        let message = folder.refused(&format!("extract spike.csv {options}"));
        assert!(message.replace("\nhint: ", "; ").contains(expected), "{message} lacks {expected}");
    }
}

#[test]
fn invariant_files_that_are_no_current_clamp_recording_are_refused() {
    let folder = with("refused", "abf/v2_voltage_clamp.abf");
    folder.write("empty.abf", b"");
    folder.write("text.nwb", b"not a recording");
    folder.write("cut.abf", &bytes(&folder.path("v2_voltage_clamp.abf"))[..600]);
    std::fs::create_dir(folder.path("folder.nwb")).unwrap();
    for (line, expected) in [
        ("extract v2_voltage_clamp.abf", "wrong clamp mode"),
        ("extract empty.abf", "the file is empty"),
        ("extract text.nwb", "neither an ABF nor an HDF5 signature"),
        ("extract cut.abf", "cut.abf"),
        ("extract folder.nwb", "folder.nwb is a folder"),
        ("fi --sweeps 3", "are about a file"),
    ] {
        let message = folder.refused(line);
        assert!(message.contains(expected), "noble {line}: {message} lacks {expected}");
    }
    assert_eq!(bytes(&folder.path("empty.abf")), b"");
}

#[test]
fn invariant_converted_recordings_have_the_same_features() {
    let folder = with("convert", "abf/v2_two_cells.abf");
    let features = "--features voltage_base,steady_state_voltage_stimend,ohmic_input_resistance --format csv";
    let original = folder.done(&format!("extract v2_two_cells.abf {features}"));
    folder.done("convert v2_two_cells.abf two.nwb --session-start 2026-01-31T09:30:00+01:00");
    assert_eq!(folder.done(&format!("extract two.nwb {features}")), original);
    let message = folder.refused("convert v2_two_cells.abf two.nwb");
    assert!(message.contains("two.nwb exists"), "{message}");
    let message = folder.refused("convert two.nwb two.nwb --overwrite");
    assert!(message.contains("two.nwb is the file that is read"), "{message}");
    folder.done("convert v2_two_cells.abf again.nwb --session-start 2026-01-31T09:30:00+01:00");
    folder.done("convert v2_two_cells.abf again.nwb --session-start 2026-01-31T09:30:00+01:00 --overwrite");
    assert_eq!(bytes(&folder.path("two.nwb")), bytes(&folder.path("again.nwb")));
    folder.done("convert v2_two_cells.abf one.npz --sweeps 0-2");
    // Arrays have no names, so that the second column differs.
    let rows = |text: &str, n: usize| -> Vec<Vec<String>> {
        let cells = |line: &str| {
            line.split(',')
                .enumerate()
                .filter(|(idx, _)| *idx != 1)
                .map(|(_, cell)| cell.to_owned())
                .collect()
        };
        text.lines().take(n + 1).map(cells).collect()
    };
    assert_eq!(rows(&folder.done(&format!("extract one.npz {features}")), 3), rows(&original, 3));
    folder.done("convert one.npz back.nwb");
    assert_eq!(rows(&folder.done(&format!("extract back.nwb {features}")), 3), rows(&original, 3));
    for (line, expected) in [
        ("convert v2_two_cells.abf two.abf", "neither .nwb, .npz nor .csv"),
        ("convert v2_two_cells.abf other.nwb --session-start yesterday", "no time of ISO 8601"),
    ] {
        let message = folder.refused(line);
        assert!(message.contains(expected), "noble {line}: {message} lacks {expected}");
    }
}

/// Four sweeps from a holding current of -0.05 nA: before the step of interest one that is the same in all.
fn held_csv() -> String {
    let mut text = String::from("time_ms,a_mv,b_mv,c_mv,a_na,b_na,c_na\n");
    for idx in 0..1000 {
        let t = f64::from(idx) * 0.2;
        let current = |step: f64| match t {
            t if (20.0..30.0).contains(&t) => -0.2,
            t if (80.0..160.0).contains(&t) => step - 0.05,
            _ => -0.05,
        };
        let steps = [-0.1, 0.0, 0.1].map(current);
        let voltages = steps.map(|current_na| -70.0 + 100.0 * (current_na + 0.05));
        let cells = voltages.iter().chain(&steps).map(f64::to_string).collect::<Vec<_>>();
        text += &format!("{t},{}\n", cells.join(","));
    }
    text
}

#[test]
fn analytic_steps_from_a_holding_current_survive_every_format() {
    let folder = Folder::new("holding");
    folder.write("held.csv", held_csv());
    for out in ["held.nwb", "held.npz", "again.csv"] {
        folder.done(&format!("convert held.csv {out}"));
    }
    for file in ["held.csv", "held.nwb", "held.npz", "again.csv"] {
        let rows =
            json(&folder, &format!("extract {file} --features ohmic_input_resistance_vb_ssse --format json"));
        for (row, step_na) in rows.iter().zip([-0.15, -0.05, 0.05]) {
            assert!((row["stim_start_ms"].as_f64().unwrap() - 80.0).abs() < 1e-6, "{file}: {row}");
            assert!((row["stim_end_ms"].as_f64().unwrap() - 160.0).abs() < 1e-6, "{file}: {row}");
            assert!((row["current_na"].as_f64().unwrap() - step_na).abs() < 1e-9, "{file}: {row}");
            assert!((row["holding_na"].as_f64().unwrap() + 0.05).abs() < 1e-9, "{file}: {row}");
            if (step_na + 0.05_f64).abs() > 0.01 {
                let resistance = feature(row, "ohmic_input_resistance_vb_ssse");
                // Resampling takes part of the step's edge into its last tenth.
                assert!((resistance - 100.0).abs() < 5.0, "{file}: {resistance}");
            }
        }
    }
}

#[test]
fn invariant_picoamperes_taken_for_nanoamperes_are_noticed() {
    let folder = Folder::new("picoamperes");
    let rows = (0..1000).map(|idx| f64::from(idx) * 0.1);
    let rows = rows.map(|t| format!("{t},-70,{}\n", if (20.0..80.0).contains(&t) { 150 } else { 0 }));
    folder.write("pa.csv", format!("time_ms,v_mv,i_na\n{}", rows.collect::<String>()));
    let stderr = String::from_utf8(folder.run("extract pa.csv --list").stderr).unwrap();
    assert!(stderr.contains("current of 150 nA: looks like pA stated as nA"), "{stderr}");
}

#[test]
fn analytic_a_typed_window_has_its_own_step_and_holding_current() {
    let folder = Folder::new("typed");
    folder.write("held.csv", held_csv());
    let rows = json(
        &folder,
        "extract held.csv --stim-start-ms 20 --stim-end-ms 30 --features ohmic_input_resistance_vb_ssse --format json",
    );
    for row in rows {
        assert!((row["current_na"].as_f64().unwrap() + 0.2).abs() < 1e-12, "{row}");
        assert!((row["holding_na"].as_f64().unwrap() + 0.05).abs() < 1e-12, "{row}");
        // Resampling takes part of the step's edge into its last tenth.
        assert!((feature(&row, "ohmic_input_resistance_vb_ssse") - 100.0).abs() < 15.0, "{row}");
        assert_eq!(row["notes"], serde_json::json!([]));
    }
}
