//! Channels of the user, from their files to voltages.

use noble_data::Sweeps;

use crate::command::{Folder, bytes};

const EXAMPLES: [(&str, &str); 4] = [
    ("Kdr.toml", include_str!("../../../../examples/own-channel/Kdr.toml")),
    ("Kdr.mod", include_str!("../../../../examples/own-channel/Kdr.mod")),
    ("cell.json", include_str!("../../../../examples/own-channel/cell.json")),
    ("cell.swc", include_str!("../../../../examples/own-channel/cell.swc")),
];
const TUTORIAL: &str = include_str!("../../../../docs/channels.md");
const SIMULATE: &str = "simulate --morphology cell.swc --cell cell.json --step-na 0.3 --total-ms 60 --delay-ms 5 \
                        --duration-ms 50 --every 1 --out traces.npz";

/// A folder with the files of the tutorial.
fn examples(name: &str) -> Folder {
    let folder = Folder::new(name);
    for (name, text) in EXAMPLES {
        folder.write(name, text);
    }
    folder
}

fn sweeps(folder: &Folder, name: &str) -> Sweeps {
    Sweeps::from_npz(&bytes(&folder.path(name))).unwrap()
}

fn n_spikes(v_mv: &[f64]) -> usize {
    v_mv.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count()
}

fn largest_difference_mv(a: &Sweeps, b: &Sweeps) -> f64 {
    assert_eq!(a.v_mv.dim(), b.v_mv.dim());
    a.v_mv.iter().zip(&b.v_mv).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Runs a command that must succeed and gives its stderr.
fn said(folder: &Folder, line: &str) -> String {
    let output = folder.run(line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "noble {line}: {stderr}");
    stderr
}

/// Every command of the tutorial runs, and its text is the example's.
#[test]
fn invariant_the_tutorial_holds() {
    let folder = examples("tutorial");
    assert!(TUTORIAL.contains(EXAMPLES[0].1), "docs/channels.md shows another Kdr.toml");
    let lines: Vec<&str> = TUTORIAL.lines().filter_map(|line| line.strip_prefix("noble ")).collect();
    assert_eq!(lines.len(), 10);
    for line in lines {
        let (line, file) = line.split_once(" > ").unwrap_or((line, ""));
        let stdout = folder.done(line);
        if !file.is_empty() {
            folder.write(file, stdout);
        }
    }
    let [own, imported] = ["traces.npz", "imported.npz"].map(|name| sweeps(&folder, name));
    let counts: Vec<usize> = own.v_mv.outer_iter().map(|row| n_spikes(&row.to_vec())).collect();
    assert!(counts[0] >= 2 && counts[1] > counts[0], "{counts:?}");
    let difference_mv = largest_difference_mv(&own, &imported);
    assert!(difference_mv < 1e-9, "{difference_mv} mV");
}

/// A cell of two sections with every channel of a set.
fn cell_with_all(set: &str, listed: &[serde_json::Value]) -> String {
    let mut mechanisms = serde_json::Map::new();
    for channel in listed {
        let parameters = channel["parameters"].as_array().unwrap().iter();
        let needed = parameters.filter(|parameter| parameter["default"].is_null());
        let values: serde_json::Map<String, serde_json::Value> =
            needed.map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), 2e-5.into())).collect();
        mechanisms.insert(channel["name"].as_str().unwrap().to_owned(), values.into());
    }
    mechanisms["pas"] = serde_json::json!({ "g_s_per_cm2": 1e-4, "e_mv": -65.0 });
    let mut cell: serde_json::Value = serde_json::from_str(EXAMPLES[2].1).unwrap();
    cell["mechanism_set"] = set.into();
    cell["temperature_celsius"] = 16.0.into();
    for section in ["soma", "dend"] {
        cell["sections"][section]["mechanisms"] = mechanisms.clone().into();
    }
    cell.to_string()
}

#[test]
fn invariant_printed_channels_given_back_change_nothing() {
    let folder = examples("printed");
    for (set, n_channels) in [("allen", 23), ("bbp", 14), ("yao2022", 13)] {
        let listed = folder.done(&format!("channels --mechanisms {set} --format json"));
        let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed.len(), n_channels);
        folder.write("cell.json", cell_with_all(set, &listed));
        let names: Vec<&str> = listed.iter().map(|channel| channel["name"].as_str().unwrap()).collect();
        for name in &names {
            let text = folder.done(&format!("channels show {name} --mechanisms {set}"));
            folder.write(&format!("{name}.toml"), text);
        }
        let simulate = SIMULATE.replace("0.3", "0.9");
        folder.done(&simulate);
        let built_in = sweeps(&folder, "traces.npz");
        assert!(n_spikes(&built_in.v_mv.row(0).to_vec()) >= 2, "{set}");
        let files = names.iter().map(|name| format!("{name}.toml")).collect::<Vec<_>>().join(",");
        let stderr = said(&folder, &format!("{simulate} --channels {files}"));
        assert!(!stderr.contains("is in no section"), "{stderr}");
        assert_eq!(sweeps(&folder, "traces.npz").v_mv, built_in.v_mv, "{set}");
        let checked = folder.done(&format!("channels check {}", files.replace(',', " ")));
        assert_eq!(checked.matches("  source  ").count(), n_channels);
        assert!(!checked.contains("NaN"), "{checked}");
    }
    let table = folder.done("channels");
    assert_eq!(table.lines().count(), 1 + 3 * (23 + 14 + 13));
    assert!(table.contains("yao2022  Nap            gates m, h"), "{table}");
}

#[test]
fn invariant_files_and_their_use_are_told() {
    let folder = examples("told");
    let stderr =
        said(&folder, "simulate --channels Kdr.toml --total-ms 30 --delay-ms 5 --duration-ms 10 --out a.npz");
    assert!(stderr.contains("note: channel Kdr is in no section of the cell"), "{stderr}");
    let stderr = said(&folder, "channels show Im");
    assert!(stderr.contains("note: Im of allen; bbp, yao2022: another"), "{stderr}");
    let stderr = said(&folder, "channels import Kdr.mod");
    assert!(stderr.contains("note: Kdr.mod: vt (mV) is vt_mv"), "{stderr}");
    folder.write("old.mod", [b"COMMENT 37 \xb0C ENDCOMMENT\n", EXAMPLES[1].1.as_bytes()].concat());
    let stderr = said(&folder, "channels import old.mod");
    assert!(stderr.contains("note: old.mod: not UTF-8, read as Latin-1"), "{stderr}");
    let singular = EXAMPLES[0].1.replace("linoid(15 - u_mv, 5)", "(15 - u_mv) / (exp((15 - u_mv) / 5) - 1)");
    folder.write("singular.toml", singular);
    let stderr = said(&folder, "channels check singular.toml");
    assert!(
        stderr.contains("singular.toml: n_steady is NaN at -40 mV") && stderr.contains("linoid"),
        "{stderr}"
    );
}

#[test]
fn invariant_wrong_channels_are_refused() {
    let folder = examples("refused");
    let kdr = EXAMPLES[0].1;
    let cases = [
        ("function", kdr.replace("linoid(", "lineoid("), "line 22, gates.n.alpha_per_ms: column 13 of"),
        ("unit", kdr.replace("vt_mv", "vt"), "line 14, parameters.vt: `vt` does not say its unit"),
        ("name", kdr.replace("v - vt_mv", "v - vhalf_mv"), "line 18, lets.u_mv: name `vhalf_mv` is unknown"),
        ("nan", kdr.replace("-55", "nan"), "line 15, parameters.vt_mv.default: is not a finite number"),
        ("toml", kdr.replace("[gates.n]", "[gates.n"), "line 21: "),
        ("empty", String::new(), "format_version: is missing"),
    ];
    for (name, text, expected) in cases {
        let file = folder.write(&format!("{name}.toml"), text);
        refused_everywhere(&folder, &file, &format!("error: {file}: channel file: {expected}"));
    }
    let mut latin = kdr.as_bytes().to_vec();
    latin[60] = 0xb0;
    let file = folder.write("latin.toml", latin);
    refused_everywhere(&folder, &file, "error: latin.toml: channel file: line 3: the text is not UTF-8");
    std::fs::create_dir(folder.path("folder.toml")).unwrap();
    refused_everywhere(&folder, "folder.toml", "error: folder.toml: ");
    refused_everywhere(&folder, "nowhere.toml", "error: nowhere.toml: ");
    refused_everywhere(&folder, "Kdr.mod", "hint: convert it first: noble channels import Kdr.mod");
    folder.write("other.toml", kdr);
    let message = folder.refused(&format!("{SIMULATE} --channels Kdr.toml --channels other.toml"));
    assert!(
        message.contains("error: Kdr.toml and other.toml both describe channel Kdr\nhint: "),
        "{message}"
    );
    let other_parameter = EXAMPLES[2].1.replace("vt_mv", "v_half_mv");
    folder.write("cell.json", other_parameter);
    let message = folder.refused(&format!("{SIMULATE} --channels Kdr.toml"));
    assert!(message.contains("Kdr has no parameter \"v_half_mv\"") && message.contains("vt_mv"), "{message}");
    let message = folder.refused("channels check empty.toml nan.toml Kdr.toml");
    assert!(message.contains("error: empty.toml: ") && message.contains("error: nan.toml: "), "{message}");
    let message = folder.refused("channels show Kdr --mechanisms bbp");
    assert!(
        message.contains("there is no channel Kdr in bbp\nhint: choose among CaDynamics_E2, "),
        "{message}"
    );
    assert!(!folder.path("traces.npz").exists());
}

/// Refused by the commands that read channel files.
fn refused_everywhere(folder: &Folder, file: &str, expected: &str) {
    for line in [format!("{SIMULATE} --channels {file}"), format!("channels check {file}")] {
        let message = folder.refused(&line);
        assert!(message.contains(expected) && message.contains("\nhint: "), "{message} lacks {expected}");
    }
}

/// Every statement with its line and its remedy, and no file.
#[test]
fn invariant_nmodl_that_cannot_be_taken_over_is_listed() {
    let folder = examples("nmodl");
    let text = EXAMPLES[1].1.replace("    u = v - vt\n", "    VERBATIM\n    u = v;\n    ENDVERBATIM\n");
    let text = text.replace("RANGE gbar, vt", "POINTER vt");
    folder.write("bad.mod", text);
    let message = folder.refused("channels import bad.mod --out bad.toml");
    let errors: Vec<&str> =
        message.lines().filter(|line| line.starts_with("error: bad.mod: line ")).collect();
    assert!(errors.len() >= 2 && errors[0].contains("line 6: "), "{message}");
    assert!(errors.iter().any(|line| line.contains("line 49: ")), "{message}");
    assert_eq!(message.matches("hint: ").count(), errors.len(), "{message}");
    assert!(!folder.path("bad.toml").exists());
}

/// Datasets and latent features belong to the channels that they were made with.
#[test]
fn invariant_datasets_know_their_channels() {
    let folder = examples("datasets");
    let generate = "generate --models 0,1,2 --validation-models 1 --test-models 1 --traces-per-model 5 --held-out 0.2 \
                    --traces-per-shard 10 --total-ms 60 --delay-ms 5 --duration-ms 50 --every 10";
    let kv3 = folder.done("channels show Kv3_1");
    folder.write("same.toml", format!("# A comment.\n{kv3}"));
    folder.write("other.toml", kv3.replace("gbar_s_per_cm2 * m", "0.9 * gbar_s_per_cm2 * m"));
    folder.write("same_again.toml", kv3);
    let plain = said(&folder, &format!("{generate} --out plain"));
    assert!(plain.contains("latent features of 3 of 3 models as their file states them"), "{plain}");
    let same = said(&folder, &format!("{generate} --out dataset --channels same.toml"));
    assert!(!same.contains("as their file states"), "{same}");
    let manifest = || String::from_utf8(bytes(&folder.path("dataset/manifest.json"))).unwrap();
    assert!(manifest().contains("\"channels_sha256\": \"Kv3_1 "), "{}", manifest());
    said(&folder, &format!("{generate} --out dataset --channels same_again.toml --resume"));
    for line in ["--channels other.toml", "--channels same.toml,Kdr.toml", ""] {
        let message = folder.refused(&format!("{generate} --out dataset --resume {line}"));
        assert!(message.contains("was begun with other channels_sha256"), "{message}");
    }
    let n_measured = || std::fs::read_dir(folder.path("dataset/excitability")).unwrap().count();
    assert_eq!(n_measured(), 3);
    std::fs::remove_file(folder.path("dataset/manifest.json")).unwrap();
    std::fs::remove_file(folder.path("dataset/shard-00000.h5")).unwrap();
    said(&folder, &format!("{generate} --out dataset --channels other.toml"));
    assert_eq!(n_measured(), 6, "latent features were measured again");
}
