//! Networks and operators between files, and predictions at other time steps.

use std::io::Cursor;
use std::path::PathBuf;

use ndarray::{Array1, Array2, Array3};
use ndarray_npy::{NpzReader, NpzWriter};
use noble::exchange::NetworkFile;
use serde_json::Value;

use crate::command::{Folder, bytes};

const TABLE: &str = "seed,hof,slope,intercept\n1,0,756.2,0.0164\n1,1,848.0,0.0139\n2,0,811.7,0.0194\n";
const DESCRIPTION: &str = "--latents hof.csv --channel-order stimulus,step,s_thr_hz_per_na,i_thr_na \
                           --current-unit-na 0.1 --voltage-unit v";

fn weights(case: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../reference/neuralop");
    bytes(&root.join(case).join("weights.pth"))
}

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("weights.pth", weights("noble_509"));
    folder.write("hof.csv", TABLE);
    folder
}

fn values(folder: &Folder, name: &str) -> Vec<f32> {
    NetworkFile::read(&bytes(&folder.path(name))).unwrap().network().values().to_vec()
}

#[test]
fn invariant_weights_survive_every_way() {
    let folder = folder("exchange-ways");
    folder.done("operator convert weights.pth bare.safetensors");
    folder.done(&format!("operator convert weights.pth operator.safetensors {DESCRIPTION} --test-models 1"));
    folder
        .done(&format!("operator convert bare.safetensors again.safetensors {DESCRIPTION} --test-models 1"));
    folder.done("operator convert operator.safetensors stripped.safetensors --bare");
    let shorter = DESCRIPTION.replace("stimulus,step,s_thr_hz_per_na,i_thr_na", "slope,intercept");
    folder.done(&format!("operator convert weights.pth shorter.safetensors {shorter} --test-models 1"));
    assert!(bytes(&folder.path("shorter.safetensors")) == bytes(&folder.path("operator.safetensors")));
    let original = values(&folder, "weights.pth");
    for name in ["bare.safetensors", "operator.safetensors", "again.safetensors", "stripped.safetensors"] {
        assert_eq!(values(&folder, name), original, "{name}");
    }
    assert!(bytes(&folder.path("bare.safetensors")) == bytes(&folder.path("stripped.safetensors")));
    let card: Value = serde_json::from_str(&folder.done("operator show operator.safetensors")).unwrap();
    assert_eq!(card["grid"]["n_samples"], 8583);
    assert_eq!(card["channel_order"][19], "s_thr_hz_per_na.sin0");
    assert_eq!(
        (card["input"]["n_current_frequencies"].as_u64(), card["test_models"][0].as_u64()),
        (Some(9), Some(1))
    );
    assert_eq!(card["models"][2]["id"], 20);
}

#[test]
fn invariant_models_for_other_runtimes_are_written() {
    let folder = folder("exchange-onnx");
    folder.done("operator convert weights.pth a.onnx --samples 40");
    folder.done("operator convert weights.pth b.onnx --samples 40");
    assert!(bytes(&folder.path("a.onnx")) == bytes(&folder.path("b.onnx")));
    folder.done(&format!("operator convert weights.pth operator.onnx {DESCRIPTION} --total-ms 30 --step-ms 0.5 --delay-ms 5 --duration-ms 20"));
    let model = bytes(&folder.path("operator.onnx"));
    let has = |text: &str| model.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("voltage_scale_mv") && has("noble_operator") && has("s_thr_hz_per_na.cos0"));
}

/// `predict` is the network on the channels that its header describes.
#[test]
fn invariant_described_weights_predict_what_the_network_computes() {
    let folder = folder("exchange-predict");
    folder.done(&format!("operator convert weights.pth operator.safetensors {DESCRIPTION} --total-ms 60 --step-ms 0.5 --delay-ms 10 --duration-ms 40"));
    folder.done("predict --operator operator.safetensors --step-na 0.2 --models 20 --out out");
    let mut npz = NpzReader::new(Cursor::new(bytes(&folder.path("out/ensemble.npz")))).unwrap();
    let v_mv: Array2<f32> = npz.by_name("v_mv").unwrap();
    let mut x = Array3::<f32>::zeros((1, 23, 120));
    let time = noble_operator::embedding::time(120);
    let scaled = |value: f64, low: f64, high: f64| {
        (value * 3.0 / (high - low) + 0.5 - low * 3.0 / (high - low)) as f32
    };
    let scalars = [(2.0, 9), (scaled(811.7, 756.2, 848.0), 1), (scaled(0.0194, 0.0139, 0.0194), 1)];
    let mut channel = 1;
    for (scalar, n_frequencies) in scalars {
        let mut rows = vec![0.0; 2 * n_frequencies * 120];
        noble_operator::embedding::sinusoids(scalar, &time, &mut rows);
        for row in rows.chunks_exact(120) {
            x.slice_mut(ndarray::s![0, channel, ..]).assign(&Array1::from(row.to_vec()));
            channel += 1;
        }
    }
    x.slice_mut(ndarray::s![0, 0, 20..100]).fill(2.0);
    let mut input = NpzWriter::new(Cursor::new(Vec::new()));
    input.add_array("x", &x).unwrap();
    folder.write("x.npz", input.finish().unwrap().into_inner());
    folder.done("operator forward --weights weights.pth --input x.npz --out y.npz");
    let mut npz = NpzReader::new(Cursor::new(bytes(&folder.path("y.npz")))).unwrap();
    let y: Array3<f32> = npz.by_name("y").unwrap();
    let worst = v_mv.iter().zip(y.iter()).map(|(v, y)| (v - 1000.0 * y).abs()).fold(0.0, f32::max);
    let scale = v_mv.iter().fold(0.0_f32, |scale, v| scale.max(v.abs()));
    assert!(worst <= 1e-5 * scale, "{worst} of {scale} mV");
}

#[test]
fn invariant_pairs_that_make_no_sense_are_refused() {
    let folder = folder("exchange-refused");
    folder.done(&format!("operator convert weights.pth operator.safetensors {DESCRIPTION}"));
    folder.write("cut.pth", &weights("noble_509")[..2000]);
    folder.write("model.onnx", "anything");
    folder.write("notes.csv", "model,i_thr_na\n0,0.1\n1,0.2\n");
    let latents = DESCRIPTION;
    let cases = [
        ("operator convert model.onnx w.safetensors".to_owned(), "written but not read"),
        ("operator convert weights.pth w.pth".to_owned(), "PyTorch files are read but not written"),
        ("operator convert weights.pth w.txt".to_owned(), "neither .safetensors nor .onnx"),
        ("operator convert weights.pth w.onnx".to_owned(), "--samples N"),
        ("operator convert weights.pth w.onnx --samples 0".to_owned(), "0 samples"),
        ("operator convert operator.safetensors w.onnx --samples 7".to_owned(), "the operator has 8583"),
        (format!("operator convert operator.safetensors w.safetensors {latents}"), "is an operator already"),
        ("operator convert operator.safetensors operator.safetensors".to_owned(), "is the file that is read"),
        ("operator convert cut.pth w.safetensors".to_owned(), "cut.pth: pytorch file"),
        ("operator convert weights.pth w.safetensors --latents hof.csv".to_owned(), "--channel-order"),
        (latents_with("step,stimulus,s_thr_hz_per_na,i_thr_na"), "is not stimulus,step,LATENT"),
        (latents_with("stimulus,step"), "is not stimulus,step,LATENT"),
        (latents_with("stimulus,step,i_thr_na --latent-frequencies 12"), "the network takes 23 channels"),
        (latents_with("stimulus,step,i_thr_na,i_thr_na"), "names i_thr_na twice"),
        (
            latents_with("stimulus,step,sag_mv,i_thr_na"),
            "hof.csv: table of latent features: line 1: no column sag_mv",
        ),
        (
            format!("operator convert weights.pth w.safetensors {latents} --current-frequencies 11"),
            "do not add up",
        ),
        (format!("operator convert weights.pth w.safetensors {latents} --step-ms 0"), "makes no samples"),
        (
            format!("operator convert weights.pth w.safetensors {latents} --test-models 7"),
            "model 7 is not among",
        ),
    ];
    for (line, expected) in cases {
        let message = folder.refused(&line);
        assert!(message.contains(expected), "noble {line}: {message} lacks {expected}");
    }
    let names = ["cut.pth", "hof.csv", "model.onnx", "notes.csv", "operator.safetensors", "weights.pth"];
    assert_eq!(folder.names(), names);
}

fn latents_with(order: &str) -> String {
    let line = format!("operator convert weights.pth w.safetensors {DESCRIPTION}");
    line.replace("stimulus,step,s_thr_hz_per_na,i_thr_na", order)
}

#[test]
fn invariant_other_steps_are_answered_with_warnings() {
    let folder = Folder::new("exchange-steps");
    let json = folder.done("predict --step-na 0.2,0.5 --members 2 --dt-ms 0.2 --format json --out coarse");
    let rows: Value = serde_json::from_str(&json).unwrap();
    let warnings = |row: usize| rows[row]["warnings"].to_string();
    let own = noble::embedded_operator().unwrap().card().grid;
    let span_ms = own.step_ms() * own.n_samples() as f64;
    let step_ms = span_ms / (span_ms / 0.2).round();
    let trained = format!("the operator was trained at {} ms", own.step_ms());
    assert!(warnings(0).contains(&trained), "{}", warnings(0));
    assert!(!warnings(0).contains("lies outside") && warnings(1).contains("step_na = 0.5 lies outside"));
    assert!(folder.path("coarse/features.csv").is_file());
    let table = String::from_utf8(bytes(&folder.path("coarse/features.csv"))).unwrap();
    assert!(
        table.lines().next().unwrap().ends_with(",warnings")
            && table.contains(&format!("time step {step_ms:.6} ms, the")),
        "{table}"
    );
    let mut npz = NpzReader::new(Cursor::new(bytes(&folder.path("coarse/ensemble.npz")))).unwrap();
    let times: Array1<f64> = npz.by_name("time_ms").unwrap();
    assert!((times.len() as f64 * times[1] - span_ms).abs() < 1e-9, "the span is kept");
    for (step, expected) in [("3", "of the network's "), ("0", "time step of 0 ms"), ("nan", "time step")] {
        let message = folder.refused(&format!("predict --dt-ms {step} --out no"));
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
    assert_eq!(folder.names(), ["coarse"]);
}
