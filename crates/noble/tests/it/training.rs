//! Options of `train`: what they leave, that they resume, and what goes wrong with a name.

use std::path::Path;

use noble::training::{LogEntry, read_log};
use noble_data::dataset::{Manifest, Shard, sha256_hex};
use noble_operator::Operator;

use crate::command::{Folder, bytes};

/// Traces of 90 ms of which windows of 60 ms are cut.
const GENERATE: &str = "generate --models 0,1,2,3,4,5 --validation-models 1 --test-models 1 --traces-per-model 6 \
                        --held-out 0.2 --traces-per-shard 5 --total-ms 90 --delay-ms 20 --duration-ms 40 --every 10 \
                        --out dataset";
const TRAIN: &str = "train --dataset dataset --hidden-channels 4 --layers 1 --modes 8 --current-frequencies 4 --steps 30 \
                     --steps-per-validation 5 --window-ms 60 --max-shift-ms 20";
/// Everything a state has to carry, and steps that do not divide an epoch of 16 traces.
const OPTIONS: [&str; 3] = [
    "--optimizer muon --schedule one-cycle --batch 2 --accumulate 3 --clip-norm 0.1 --loss relative_h1",
    "--optimizer adamw --schedule plateau --plateau-patience 0 --batch 5 --average-decay 0 --weight-decay 0.01",
    "--optimizer muon --schedule constant --batch 7 --patience 4 --loss absolute_l2 --learning-rate 0.02",
];

fn log(folder: &Folder, name: &str) -> Vec<LogEntry> {
    read_log(&bytes(&folder.path(&format!("{name}.log.jsonl"))))
}

#[test]
fn invariant_every_option_resumes_to_the_same_bits() {
    let folder = Folder::new("options");
    folder.done(GENERATE);
    for (i, options) in OPTIONS.iter().enumerate() {
        let (whole, cut) = (format!("whole{i}"), format!("cut{i}"));
        folder.done(&format!("{TRAIN} {options} --threads 1 --out {whole}.safetensors"));
        // A limit this short is over after a step or two.
        for _ in 0..200 {
            folder.done(&format!("{TRAIN} {options} --resume --max-minutes 0.0001 --out {cut}.safetensors"));
            if log(&folder, &cut).last().map(|entry| entry.step)
                == log(&folder, &whole).last().map(|e| e.step)
            {
                break;
            }
        }
        for name in ["training.safetensors", "last.safetensors", "safetensors"] {
            let [whole, cut] = [&whole, &cut].map(|run| bytes(&folder.path(&format!("{run}.{name}"))));
            assert!(whole == cut, "{options}: {name} differs");
        }
        let entries = |name: &str| log(&folder, name).into_iter().map(LogEntry::without_clock);
        let differs =
            |(a, b): (LogEntry, LogEntry)| a.validation_loss.to_bits() != b.validation_loss.to_bits();
        assert!(!entries(&whole).zip(entries(&cut)).any(differs), "{options}");
    }
}

#[test]
fn invariant_some_of_the_models_are_trained_on_and_the_others_are_not_judged() {
    let folder = Folder::new("some-models");
    folder.done(&GENERATE.replace("--traces-per-model 6", "--traces-per-model 12"));
    folder.done(&format!("{TRAIN} --train-models 2 --out two.safetensors"));
    let read = |name: &str| Operator::from_bytes(&bytes(&folder.path(name))).unwrap();
    let card = read("two.safetensors").card().clone();
    assert_eq!((card.train_models.len(), card.test_models.len()), (2, 1));
    folder.done(&format!("{TRAIN} --out all.safetensors"));
    assert_eq!(read("all.safetensors").card().train_models.len(), 4);
    let report = folder.done("evaluate --operator two.safetensors --dataset dataset --format json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let models: Vec<u64> = [0, 1].map(|group| report["groups"][group]["n_models"].as_u64().unwrap()).to_vec();
    assert_eq!(models, [2, 1]);
    assert_eq!(report["onsets"].as_array().unwrap().len(), 5);
    let message = folder.refused(&format!("{TRAIN} --train-models 5 --out five.safetensors"));
    assert!(message.contains("--train-models is 5, the dataset has 4"), "{message}");
}

#[test]
fn invariant_accumulated_batches_give_the_bits_of_one() {
    let folder = Folder::new("accumulate");
    folder.done(GENERATE);
    let train = |batch: &str, out: &str| folder.done(&format!("{TRAIN} {batch} --out {out}.safetensors"));
    train("--batch 6", "whole");
    for (batch, out) in [("--batch 2 --accumulate 3", "parts"), ("--batch 1 --accumulate 6", "ones")] {
        train(batch, out);
        let read =
            |name: &str| Operator::from_bytes(&bytes(&folder.path(&format!("{name}.safetensors")))).unwrap();
        assert_eq!(read("whole").network(), read(out).network(), "{batch}");
        let entries = |name: &str| log(&folder, name).into_iter().map(LogEntry::without_clock);
        assert!(entries("whole").eq(entries(out)), "{batch}");
    }
    let seen: Vec<u64> = log(&folder, "whole").iter().map(|entry| entry.n_traces).collect();
    // An epoch has 16 traces: two steps of six and one of four.
    assert_eq!(seen, [0, 28, 54, 80, 108, 134, 160]);
}

#[test]
fn invariant_windows_shift_the_onset_and_are_evaluated_as_the_operator_answers() {
    let folder = Folder::new("windows");
    folder.done(GENERATE);
    folder.done(&format!("{TRAIN} --batch 4 --out operator.safetensors"));
    let operator = Operator::from_bytes(&bytes(&folder.path("operator.safetensors"))).unwrap();
    let card = operator.card();
    assert_eq!(card.grid.n_samples(), 301);
    assert!((card.stimulus.delay_ms - 10.0).abs() < 1e-9, "{:?}", card.stimulus);
    let report = folder
        .done("evaluate --operator operator.safetensors --dataset dataset --split validation --format json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let best = log(&folder, "operator").iter().map(|entry| entry.validation_loss).fold(f64::MAX, f64::min);
    let entries = log(&folder, "operator");
    let entry = entries.iter().find(|entry| entry.validation_loss <= best).unwrap();
    let stated = report["groups"][0]["voltage_relative_l2"].as_f64().unwrap();
    assert!((stated / entry.validation_relative_l2 - 1.0).abs() < 1e-5, "{stated} {entry:?}");
    let features = entry.features.unwrap();
    assert_eq!(report["groups"][0]["firing"]["n_missed"], features.n_missed);
    assert_eq!(report["groups"][0]["spike_count_mean_absolute"], features.spike_count);
}

#[test]
fn invariant_patience_ends_a_run_and_both_operators_are_kept() {
    let folder = Folder::new("patience");
    folder.done(GENERATE);
    // A rate so large that nothing gets better after the start.
    let train = format!(
        "{TRAIN} --batch 4 --schedule constant --learning-rate 3 --average-decay 0 --patience 2 --out operator.safetensors"
    );
    folder.done(&train);
    let entries = log(&folder, "operator");
    let losses: Vec<f64> = entries.iter().map(|entry| entry.validation_loss).collect();
    let best = losses.iter().copied().fold(f64::MAX, f64::min);
    let best_idx = losses.iter().position(|loss| *loss <= best).unwrap();
    assert_eq!(losses.len(), best_idx + 3, "{losses:?}");
    let steps = ["operator.safetensors", "operator.last.safetensors"].map(|name| {
        let operator = Operator::from_bytes(&bytes(&folder.path(name))).unwrap();
        operator.card().metrics["n_steps"]
    });
    assert!(steps[0] < steps[1], "{steps:?}");
    let state = bytes(&folder.path("operator.training.safetensors"));
    folder.done(&format!("{train} --resume"));
    assert!(bytes(&folder.path("operator.training.safetensors")) == state, "nothing is left to do");
}

#[test]
fn invariant_the_operator_kept_is_best_by_the_loss_it_is_trained_on() {
    let folder = Folder::new("kept");
    folder.done(GENERATE);
    folder
        .done(&format!("{TRAIN} --batch 4 --loss relative_l2 --average-decay 0 --out operator.safetensors"));
    let entries = log(&folder, "operator");
    for entry in &entries {
        let own = entry.validation_training_loss.unwrap();
        assert_eq!(own.to_bits(), entry.validation_relative_l2.to_bits());
    }
    let best =
        entries.iter().min_by(|a, b| a.validation_relative_l2.total_cmp(&b.validation_relative_l2)).unwrap();
    let operator = Operator::from_bytes(&bytes(&folder.path("operator.safetensors"))).unwrap();
    assert_eq!(operator.card().metrics["n_steps"].to_string(), best.step.to_string());
    folder.done(&format!("{TRAIN} --batch 4 --out usual.safetensors"));
    assert!(log(&folder, "usual").iter().all(|entry| entry.validation_training_loss.is_none()));
}

#[test]
fn invariant_curves_are_drawn_from_the_log_alone() {
    let folder = Folder::new("plot");
    let old = r#"{"step":0,"n_traces":0,"train_loss":null,"validation_loss":0.5,"validation_relative_l2":0.4,"learning_rate":0.001,"throughput_hz":null}
{"step":10,"n_traces":40,"train_loss":0.5,"validation_loss":0.25,"validation_relative_l2":0.1,"learning_rate":0.001,"throughput_hz":20.0}"#;
    folder.write("a.log.jsonl", old);
    folder.done("train --plot --out a.safetensors");
    assert_eq!(folder.names(), ["a.learning.svg", "a.log.jsonl"]);
    let svg = String::from_utf8(bytes(&folder.path("a.learning.svg"))).unwrap();
    assert!(svg.contains("Learning rate") && !svg.contains("Gradient norm"));
    folder.write("b.log.jsonl", "no log");
    assert!(folder.refused("train --plot --out b.safetensors").contains("holds no entry"));
}

#[test]
fn invariant_a_trace_that_cannot_be_learned_is_named_and_the_last_state_is_kept() {
    let folder = Folder::new("diverge");
    folder.done(GENERATE);
    let train = format!("{TRAIN} --batch 4 --schedule constant --out operator.safetensors");
    folder.done(&train);
    let kept = bytes(&folder.path("operator.training.safetensors"));
    let diverging = train.replace("--out operator", "--learning-rate 1e30 --out wild");
    let message = folder.refused(&diverging);
    assert!(message.contains("diverged") && message.contains("lower the learning rate"), "{message}");
    assert!(message.contains(" nA (shard-0000") && message.contains("row "), "{message}");
    assert!(folder.path("wild.safetensors").is_file() && folder.path("wild.training.safetensors").is_file());
    std::fs::write(folder.path("operator.training.safetensors"), &kept[..kept.len() / 2]).unwrap();
    let message = folder.refused(&format!("{train} --resume"));
    assert!(message.contains("operator.training.safetensors") && message.contains("cut short"), "{message}");
    spoil(&folder.path("dataset"), |shard| shard.step_na[1] = f64::NAN);
    let message = folder.refused(&train.replace("--out operator", "--out spoiled"));
    assert!(message.contains("step_na is NaN") && message.contains("shard-00001.h5 row 1"), "{message}");
    spoil(&folder.path("dataset"), |shard| {
        shard.step_na[1] = 0.0;
        shard.voltage_mv[(2, 7)] = f32::INFINITY;
    });
    let message = folder.refused(&train.replace("--out operator", "--out spoiled"));
    assert!(message.contains("shard-00001.h5") && message.contains("trace 2"), "{message}");
}

/// Changes a shard and its hash.
fn spoil(dataset: &Path, change: impl FnOnce(&mut Shard)) {
    let (shard_path, manifest_path) = (dataset.join("shard-00001.h5"), dataset.join("manifest.json"));
    let mut manifest = Manifest::read(&bytes(&manifest_path)).unwrap();
    let mut shard = Shard::from_hdf5(&bytes(&shard_path)).unwrap();
    change(&mut shard);
    let changed = shard.to_hdf5().unwrap();
    manifest.shards[1].sha256 = Some(sha256_hex(&changed));
    std::fs::write(&shard_path, &changed).unwrap();
    std::fs::write(&manifest_path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}
