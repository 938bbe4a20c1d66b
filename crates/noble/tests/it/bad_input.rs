//! Wrong input: a named error with place and remedy, exit code 2, nothing half-written.

use crate::command::{Folder, bytes};

const SWC: &str = "1 1 0 0 0 5 -1\n2 3 0 5 0 1 1\n3 3 0 60 0 1 2\n";
const CELL: &str = r#"{"passive": [{"ra": 100.0}],
  "conditions": [{"celsius": 34, "v_init": -80, "erev": [{"section": "soma", "ena": 53, "ek": -107}]}],
  "genome": [{"section": "soma", "name": "gbar_NaV", "value": "0.04", "mechanism": "NaV"}]}"#;
const SIMULATE: &str = "simulate --morphology cell.swc --cell cell.json --step-na 0.1 --total-ms 20 --delay-ms 5 \
                        --duration-ms 10 --out traces.npz";

/// Runs `simulate` on a morphology and a cell; both must be kept, nothing else left.
fn check_cell(name: &str, (swc, cell): (&str, &str), expected: &str) {
    let folder = Folder::new(name);
    folder.write("cell.swc", swc);
    folder.write("cell.json", cell);
    let message = folder.refused(SIMULATE);
    assert!(message.contains(expected), "{message} lacks {expected}");
    assert!(message.contains("error: ") && message.contains("hint: "), "{message}");
    assert_eq!(folder.names(), ["cell.json", "cell.swc"]);
}

#[test]
fn invariant_wrong_morphologies_are_refused() {
    let cases = [
        (
            "cycle",
            "1 1 0 0 0 5 -1\n2 3 0 5 0 1 3\n3 3 0 6 0 1 2\n",
            "swc line 2: point 2 is its own ancestor",
        ),
        ("parent", "1 1 0 0 0 5 -1\n2 3 0 5 0 1 7\n", "swc line 2: parent 7 of point 2 does not exist"),
        ("number", "1 1 0 0 0 5 -1\n2 3 0 a 0 1 1\n", "swc line 2: y \"a\" is not a number"),
        ("radius", "1 1 0 0 0 0 -1\n", "swc line 1: radius 0"),
        ("soma", "1 3 0 0 0 5 -1\n2 3 0 5 0 1 1\n", "no soma root"),
    ];
    for (name, swc, expected) in cases {
        check_cell(name, (swc, CELL), expected);
    }
}

#[test]
fn invariant_wrong_parameters_are_refused() {
    let cases = [
        ("json", CELL[..80].to_owned(), "cell.json: cell file: line"),
        ("mechanism", CELL.replace("NaV", "NaX"), "NaX"),
        ("parameter", CELL.replace("gbar_NaV", "slope_NaV"), "parameter \"slope\" of NaV is unknown"),
        ("value", CELL.replace("0.04", "much"), "genome[0]: \"much\" is not a number"),
    ];
    for (name, cell, expected) in cases {
        check_cell(name, (SWC, &cell), expected);
    }
}

#[test]
fn invariant_wrong_times_are_refused() {
    let folder = Folder::new("times");
    for (option, expected) in [
        ("--dt-ms 0", "solver step --dt-ms is 0 ms"),
        ("--dt-ms=-0.02", "solver step --dt-ms is -0.02 ms"),
        ("--every 0", "--every is 0"),
        ("--total-ms 100", "leaves the sweep"),
        ("--threads 0", "--threads is 0"),
        ("--step-na nan", "--step-na holds NaN"),
    ] {
        let message = folder.refused(&format!("simulate --out traces.npz {option}"));
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
    assert!(folder.names().is_empty());
}

#[test]
fn invariant_wrong_traces_and_features_are_refused() {
    let folder = Folder::new("traces");
    folder.write("nan.csv", "time_ms,v_mv\n0,-70\n1,nan\n");
    folder.write("cut.npz", &b"PK\x03\x04 and no more"[..]);
    folder.write("good.csv", "time_ms,v_mv\n0,-70\n20,-70\n500,-70\n");
    let cases = [
        ("extract nan.csv", "nan.csv: csv file: line 3 column v_mv"),
        ("extract cut.npz", "cut.npz: npz file"),
        ("extract good.csv --features Spikecuont", "Spikecount"),
        ("extract missing.csv", "missing.csv"),
        ("extract good.txt", "neither .abf, .nwb, .npz nor .csv"),
        ("extract good.csv --stim-start-ms 50 --stim-end-ms 20", "50"),
    ];
    for (line, expected) in cases {
        let message = folder.refused(line);
        assert!(message.contains(expected), "{message} lacks {expected}");
    }
}

#[test]
fn invariant_wrong_operators_and_datasets_are_refused() {
    let folder = Folder::new("operators");
    let operator = include_bytes!("../../assets/fast_spiking.operator.safetensors");
    folder.write("cut.safetensors", &operator[..operator.len() / 2]);
    folder.write("whole.safetensors", operator);
    let generate = "generate --models 0,1,2,3 --validation-models 1 --test-models 1 --traces-per-model 5 --held-out 0.2 \
                    --traces-per-shard 10 --total-ms 40 --delay-ms 5 --duration-ms 30 --every 10 --out dataset";
    folder.done(generate);
    let cases = [
        ("predict --operator cut.safetensors", "cut.safetensors"),
        ("predict --operator missing.safetensors", "missing.safetensors"),
        ("predict --latent speed=3,i_thr_na=0.07", "speed"),
        ("predict --models 999", "999"),
        ("predict --members 0", "--members 0"),
        ("predict --between 3,17 --members 2000000", "ask for at most 1000000"),
        ("evaluate --operator whole.safetensors --dataset dataset", "samples of"),
        ("evaluate --operator whole.safetensors --dataset nowhere", "manifest.json"),
        ("train --dataset dataset --out new.safetensors", "alias"),
        (
            "train --dataset dataset --current-frequencies 4 --batch 400 --out new.safetensors",
            "a batch of 400 traces",
        ),
        ("train --dataset dataset --window-ms 50 --out new.safetensors", "--window-ms from above 0 to 40"),
        (
            "train --dataset dataset --window-ms 30 --max-shift-ms 0 --out new.safetensors",
            "leaves the window",
        ),
        ("train --dataset dataset --loss l4 --out new.safetensors", "relative_l4"),
        ("train --dataset dataset --optimizer sgd --out new.safetensors", "muon"),
        ("train --dataset dataset --schedule none --out new.safetensors", "one-cycle"),
        (
            "train --dataset dataset --current-frequencies 4 --batch 4 --clip-norm 0 --out new.safetensors",
            "longest gradient",
        ),
        (
            "train --dataset dataset --current-frequencies 4 --batch 4 --patience 0 --out new.safetensors",
            "--patience",
        ),
        ("train --dataset dataset --weight-decay=-1 --out new.safetensors", "--weight-decay is -1"),
        ("train --plot --out new.safetensors", "new.log.jsonl"),
        ("operator forward --weights whole.safetensors --input cut.safetensors --out y.npz", "x"),
    ];
    for (line, expected) in cases {
        let message = folder.refused(line);
        assert!(message.contains(expected), "noble {line}: {message} lacks {expected}");
    }
    let shard = folder.path("dataset/shard-00001.h5");
    let whole = bytes(&shard);
    std::fs::write(&shard, &whole[..whole.len() - 100]).unwrap();
    let message = folder.refused("train --dataset dataset --steps 5 --out new.safetensors");
    assert!(message.contains("shard-00001.h5") && message.contains("--resume"), "{message}");
    std::fs::remove_file(&shard).unwrap();
    let message = folder.refused("train --dataset dataset --steps 5 --out new.safetensors");
    assert!(message.contains("shard-00001.h5"), "{message}");
    folder.done(&format!("{generate} --resume"));
    assert!(bytes(&shard) == whole, "a missing shard is made again");
    assert_eq!(folder.names(), ["cut.safetensors", "dataset", "whole.safetensors"]);
}
