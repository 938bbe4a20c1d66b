//! Every stage after the other on a few short traces.

use std::time::{Duration, Instant};

use noble::training::LogEntry;
use noble_data::Sweeps;

use crate::command::{Folder, bytes};

const GENERATE: &str = "generate --models 0,1,2,3,4,5 --validation-models 1 --test-models 1 --traces-per-model 6 \
                        --held-out 0.2 --traces-per-shard 5 --total-ms 60 --delay-ms 5 --duration-ms 50 --every 10 \
                        --out dataset";
const TRAIN: &str = "train --dataset dataset --hidden-channels 4 --layers 1 --modes 8 --current-frequencies 4 --batch 4 --steps 40 \
                     --steps-per-validation 10 --out operator.safetensors";

#[test]
fn invariant_chain_gives_the_same_bits_for_any_number_of_threads() {
    let folders = ["1", "3"].map(|n_threads| {
        let folder = Folder::new(&format!("threads-{n_threads}"));
        folder.done(&format!("{GENERATE} --threads {n_threads}"));
        folder.done(&format!("{TRAIN} --threads {n_threads}"));
        folder
    });
    for name in [
        "dataset/manifest.json",
        "dataset/shard-00002.h5",
        "operator.safetensors",
        "operator.training.safetensors",
    ] {
        let [one, three] = folders.each_ref().map(|folder| bytes(&folder.path(name)));
        assert!(one == three, "{name} differs");
    }
    let folder = &folders[0];
    let report =
        folder.done("evaluate --operator operator.safetensors --dataset dataset --format json --out report");
    let all = ["unseen models", "n_missed", "nearest_model", "intervals", "coincidence_factor"];
    assert!(all.iter().all(|name| report.contains(name)), "{report}");
    let table =
        folder.done("predict --operator operator.safetensors --members 3 --step-na=-0.1,0.2 --out ensemble");
    assert_eq!(table.lines().count(), 2 + 6, "{table}");
    let sweeps = Sweeps::from_npz(&bytes(&folder.path("ensemble/ensemble.npz"))).unwrap();
    assert_eq!(sweeps.v_mv.dim(), (6, 301));
    assert_eq!(sweeps.latents.keys().collect::<Vec<_>>(), ["i_thr_na", "s_thr_hz_per_na"]);
}

#[test]
fn invariant_killed_generation_and_training_resume_to_the_same_bits() {
    let whole = Folder::new("whole");
    whole.done(GENERATE);
    whole.done(TRAIN);
    let cut = Folder::new("cut");
    kill_when_there(&cut, GENERATE, "dataset/shard-00001.h5");
    let message = cut.refused(GENERATE);
    assert!(message.contains("--resume"), "{message}");
    let first_shard = std::fs::metadata(cut.path("dataset/shard-00000.h5")).unwrap().modified().unwrap();
    cut.done(&format!("{GENERATE} --resume"));
    let kept = std::fs::metadata(cut.path("dataset/shard-00000.h5")).unwrap().modified().unwrap();
    assert_eq!(first_shard, kept, "a finished shard is kept");
    kill_when_there(&cut, TRAIN, "operator.safetensors");
    kill_when_there(&cut, &format!("{TRAIN} --resume"), "operator.training.safetensors");
    std::fs::write(cut.path(".operator.safetensors.1.part"), b"half").unwrap();
    cut.done(&format!("{TRAIN} --resume"));
    let expected = [
        "dataset",
        "operator.last.safetensors",
        "operator.learning.svg",
        "operator.log.jsonl",
        "operator.safetensors",
        "operator.training.safetensors",
    ];
    assert_eq!(cut.names(), expected, "nothing is left of the interruptions");
    for name in [
        "dataset/manifest.json",
        "dataset/shard-00001.h5",
        "operator.safetensors",
        "operator.last.safetensors",
        "operator.training.safetensors",
    ] {
        assert!(bytes(&whole.path(name)) == bytes(&cut.path(name)), "{name} differs");
    }
    let log = |folder: &Folder| {
        let log = noble::training::read_log(&bytes(&folder.path("operator.log.jsonl")));
        log.into_iter().map(LogEntry::without_clock).collect::<Vec<_>>()
    };
    assert_eq!(log(&cut), log(&whole));
    assert_eq!(log(&cut).iter().map(|entry| entry.step).collect::<Vec<_>>(), [0, 10, 20, 30, 40]);
}

#[test]
fn invariant_a_time_limit_leaves_what_was_learned_and_resumes_to_the_same_bits() {
    let folder = Folder::new("limit");
    folder.done(GENERATE);
    folder.done(TRAIN);
    let whole = bytes(&folder.path("operator.training.safetensors"));
    for _ in 0..200 {
        folder.done(&format!("{TRAIN} --resume --max-minutes 0.0002").replace("operator.s", "limited.s"));
        let log = noble::training::read_log(&bytes(&folder.path("limited.log.jsonl")));
        if log.last().is_some_and(|entry| entry.step == 40) {
            break;
        }
    }
    assert!(bytes(&folder.path("limited.training.safetensors")) == whole);
    let [best, limited] =
        ["operator", "limited"].map(|name| bytes(&folder.path(&format!("{name}.safetensors"))));
    assert!(best == limited && !folder.path("limited.regular.safetensors").exists());
}

#[test]
fn invariant_a_changed_shard_is_made_again_and_an_operator_is_never_replaced() {
    let folder = Folder::new("changed");
    folder.done(GENERATE);
    let shard = folder.path("dataset/shard-00001.h5");
    let whole = bytes(&shard);
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    std::fs::write(&shard, changed).unwrap();
    folder.done(&format!("{GENERATE} --resume"));
    assert!(bytes(&shard) == whole);
    folder.write("operator.safetensors", b"mine");
    for line in [TRAIN.to_owned(), format!("{TRAIN} --resume")] {
        folder.refused(&line);
        assert_eq!(bytes(&folder.path("operator.safetensors")), b"mine");
    }
    std::fs::remove_file(folder.path("dataset/manifest.json")).unwrap();
    let message = folder.refused(GENERATE);
    assert!(message.contains("shards without a manifest"), "{message}");
}

#[test]
fn invariant_evaluation_takes_only_the_dataset_of_the_operator() {
    let folder = Folder::new("foreign");
    folder.done(GENERATE);
    folder.done(TRAIN);
    folder.done(&format!("{GENERATE} --seed 2").replace("--out dataset", "--out other"));
    let message = folder.refused("evaluate --operator operator.safetensors --dataset other");
    assert!(message.contains("trained on data of SHA-256"), "{message}");
}

/// Starts a command and kills it without warning once a file is there.
fn kill_when_there(folder: &Folder, line: &str, name: &str) {
    let mut child = folder.command(line).spawn().unwrap();
    let started = Instant::now();
    while !folder.path(name).is_file() && started.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(folder.path(name).is_file(), "{name} was never written");
}

#[test]
fn invariant_simulation_and_prediction_agree_row_by_row() {
    let folder = Folder::new("rows");
    folder.done("simulate --members 2 --step-na=-0.1,0.2 --out simulated.npz");
    folder.done("predict --members 2 --step-na=-0.1,0.2 --out predicted");
    let simulated = Sweeps::from_npz(&bytes(&folder.path("simulated.npz"))).unwrap();
    let predicted = Sweeps::from_npz(&bytes(&folder.path("predicted/ensemble.npz"))).unwrap();
    assert_eq!(simulated.models, predicted.models);
    assert_eq!(simulated.step_na, predicted.step_na);
    assert_eq!(simulated.v_mv.dim(), predicted.v_mv.dim());
    // An operator of traces that began at another time before the step fires milliseconds apart: 20 %.
    let rows = simulated.v_mv.rows().into_iter().zip(predicted.v_mv.rows());
    let error = |(simulated, predicted): (ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, f64>)| {
        let square = |v_mv: ndarray::Array1<f64>| v_mv.mapv(|v| v * v).sum();
        (square(&predicted - &simulated) / square(simulated.to_owned())).sqrt()
    };
    let mean = rows.map(error).sum::<f64>() / 4.0;
    assert!(mean < 0.08, "{mean}");
    let json = folder.done("extract simulated.npz --features Spikecount,voltage_base --format json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0]["features"]["Spikecount"], serde_json::json!([0.0]));
    assert_eq!(rows[0]["current_na"], -0.1);
}

#[test]
fn invariant_latents_place_a_neuron() {
    let folder = Folder::new("latent");
    let json = folder.done("predict --latent i_thr_na=0.068,s_thr_hz_per_na=470 --step-na 0.1 --format json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["latents"]["i_thr_na"], 0.068);
    assert_eq!(folder.names(), ["noble-out"]);
}
