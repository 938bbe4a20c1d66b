//! Fine-tuning by the command line, on a few short traces.

use noble::training::{LogEntry, read_log};
use noble_operator::Operator;

use crate::command::{Folder, bytes};

const GENERATE: &str = "generate --models 0,1,2,3,4,5 --validation-models 1 --test-models 1 --traces-per-model 6 \
                        --held-out 0.2 --traces-per-shard 5 --total-ms 60 --delay-ms 5 --duration-ms 50 --every 10 \
                        --out dataset";
const TRAIN: &str = "train --dataset dataset --hidden-channels 4 --layers 1 --modes 8 --current-frequencies 4 --batch 4 \
                     --steps 20 --steps-per-validation 10 --out operator.safetensors";
const TUNE: &str = "train --from operator.safetensors --dataset dataset --batch 4 --steps 20 --steps-per-validation 5 \
                    --feature-weights steady_state_mv=20,spike_count=0.1 --out tuned.safetensors";

fn prepared(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.done(GENERATE);
    folder.done(TRAIN);
    folder
}

fn log(folder: &Folder, name: &str) -> Vec<LogEntry> {
    read_log(&bytes(&folder.path(name)))
}

#[test]
fn invariant_tuning_keeps_the_encoding_and_says_where_it_began() {
    let folder = prepared("tune");
    folder.done(TUNE);
    let read = |name: &str| Operator::from_bytes(&bytes(&folder.path(name))).unwrap();
    let (before, after) = (read("operator.safetensors"), read("tuned.safetensors"));
    assert_eq!((&before.card().input, before.card().output), (&after.card().input, after.card().output));
    let provenance = &after.card().provenance;
    let sha256 = noble_data::dataset::sha256_hex(&bytes(&folder.path("operator.safetensors")));
    for part in [&sha256, &before.card().provenance, "\"steady_state_mv\",20"] {
        assert!(provenance.contains(part), "{provenance} lacks {part}");
    }
    let (first, last) = (&log(&folder, "tuned.log.jsonl")[0], &log(&folder, "operator.log.jsonl")[2]);
    assert!((first.validation_loss - last.validation_loss).abs() < 1e-9, "the run starts from the weights");
    let log = log(&folder, "tuned.log.jsonl");
    let steady = |entry: &LogEntry| entry.soft_features["steady_state_mv"];
    let best = log.iter().map(|entry| steady(entry).rms).fold(f64::INFINITY, f64::min);
    assert!(best < steady(&log[0]).rms, "{best} mV after {} mV", steady(&log[0]).rms);
    assert!(after.card().metrics.contains_key("validation_rms_steady_state_mv"));
}

#[test]
fn invariant_tuning_resumes_to_the_same_bits_for_any_number_of_threads() {
    let folder = prepared("tune-resume");
    folder.done(&format!("{TUNE} --threads 1"));
    let whole = bytes(&folder.path("tuned.training.safetensors"));
    for _ in 0..200 {
        folder.done(&format!("{TUNE} --threads 3 --resume --max-minutes 0.0001").replace("tuned.s", "cut.s"));
        if log(&folder, "cut.log.jsonl").last().is_some_and(|entry| entry.step == 20) {
            break;
        }
    }
    assert!(bytes(&folder.path("cut.training.safetensors")) == whole);
    let other = folder.refused(&format!("{TUNE} --resume").replace("=20", "=21"));
    assert!(other.contains("was begun with other data or settings"), "{other}");
}

#[test]
fn invariant_what_does_not_fit_is_named() {
    let folder = prepared("tune-wrong");
    for (from, to, expected) in [
        ("spike_count", "spikes", "choose from sag_mv, steady_state_mv, spike_count"),
        ("=0.1", "=-0.1", "the weight of feature spike_count is -0.1"),
        ("=0.1", "", "give pairs such as sag_mv=0.1"),
        ("spike_count", "steady_state_mv", "--feature-weights has steady_state_mv twice"),
        ("operator.s", "other.s", "other.safetensors"),
        ("--from operator.safetensors", "--from", "the operator knows"),
        ("--batch 4", "--layers 2", "cannot be used with '--layers"),
        ("--batch 4", "--latents i_thr_na", "cannot be used with '--latents"),
        ("--from operator.safetensors", "", "--from"),
    ] {
        let message = folder.refused(&TUNE.replace(from, to));
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
    folder.done(&GENERATE.replace("--delay-ms 5", "--delay-ms 6").replace("--out dataset", "--out late"));
    let message = folder.refused(&TUNE.replace("--dataset dataset", "--dataset late"));
    assert!(message.contains("the operator knows a step of 50 ms from 5 ms"), "{message}");
    let manifest = String::from_utf8(bytes(&folder.path("dataset/manifest.json"))).unwrap();
    folder.write("dataset/manifest.json", manifest.replace("s_thr_hz_per_na", "tau_ms"));
    let message = folder.refused(TUNE);
    assert!(message.contains("latent feature s_thr_hz_per_na is not in the dataset"), "{message}");
    assert!(!folder.path("tuned.safetensors").exists());
}
