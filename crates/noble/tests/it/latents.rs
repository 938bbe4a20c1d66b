//! The wide set of latent features: measured, embedded with the rhythm of its rates, chosen from, completed.

use noble_data::dataset::Manifest;
use noble_operator::Operator;

use crate::command::{Folder, bytes};

const GENERATE: &str = "generate --models 0,1,2,3,4,5 --validation-models 1 --test-models 1 --traces-per-model 6 \
                        --held-out 0.2 --traces-per-shard 50 --total-ms 190 --delay-ms 20 --duration-ms 150 \
                        --every 10 --latents wide --amplitudes skew-normal --out dataset";
const TRAIN: &str = "train --dataset dataset --hidden-channels 4 --layers 1 --modes 8 --current-frequencies 4 \
                     --batch 4 --steps 10 --steps-per-validation 5";

fn operator(folder: &Folder, name: &str) -> Operator {
    Operator::from_bytes(&bytes(&folder.path(name))).unwrap()
}

#[test]
fn invariant_rates_become_a_rhythm_and_all_can_be_chosen_from() {
    let folder = Folder::new("wide");
    folder.done(GENERATE);
    let manifest = Manifest::read(&bytes(&folder.path("dataset/manifest.json"))).unwrap();
    assert_eq!(manifest.highest_na, Some(0.28));
    for model in &manifest.models {
        let rates = ["rate_12_hz", "rate_25_hz", "rate_50_hz", "rate_75_hz", "rate_100_hz"]
            .map(|name| model.latents[name]);
        assert!(rates.windows(2).all(|pair| pair[0] < pair[1]), "{rates:?}");
        let latencies = ["latency_05_ms", "latency_12_ms", "latency_100_ms"].map(|name| model.latents[name]);
        assert!(latencies.windows(2).all(|pair| pair[0] > pair[1]), "{latencies:?}");
        assert!(model.latents.len() == 24 && (-90.0..-50.0).contains(&model.latents["rest_mv"]));
    }
    folder.done(&format!("{TRAIN} --out wide.safetensors"));
    let wide = operator(&folder, "wide.safetensors");
    let rhythm = wide.card().input.rhythm.as_ref().unwrap();
    let shape = &rhythm.train;
    let n_knots = (shape.latencies.len(), rhythm.rates.len(), shape.leads.len());
    assert_eq!((n_knots, rhythm.n_frequencies), ((6, 5, 5), 4));
    let is_counted = |name: &String| ["rate_", "latency_", "lead_"].iter().any(|what| name.starts_with(what));
    assert!(!wide.card().channel_order.iter().any(is_counted));
    assert_eq!(wide.card().channel_order.last().unwrap(), "rhythm.cos3");
    folder.done(&format!("{TRAIN} --latents i_thr_na,s_thr_hz_per_na --out two.safetensors"));
    assert_eq!(operator(&folder, "two.safetensors").card().input.latents.len(), 2);
    folder.done(&format!("{TRAIN} --latents none --out none.safetensors"));
    assert!(operator(&folder, "none.safetensors").card().input.latents.is_empty());
    let message = folder.refused(&format!("{TRAIN} --latents i_thr --out other.safetensors"));
    assert!(message.contains("no latent feature i_thr, only ahp_depth_mv"), "{message}");
    let message = folder.refused(&format!("{TRAIN} --latents i_thr_na,rate_50_hz --out other.safetensors"));
    assert!(message.contains("a count of spikes needs rate_12_hz beside rate_50_hz"), "{message}");
    folder.done(&format!(
        "{TRAIN} --latents i_thr_na,rate_50_hz --rhythm-frequencies 0 --out rate.safetensors"
    ));
    assert!(operator(&folder, "rate.safetensors").card().input.rhythm.is_none());
    for name in ["wide", "none"] {
        folder.done(&format!(
            "evaluate --operator {name}.safetensors --dataset dataset --split validation --format json"
        ));
    }
}

#[test]
fn invariant_features_left_out_are_expected_from_the_models() {
    let folder = Folder::new("completed");
    folder.done(GENERATE);
    folder.done(&format!("{TRAIN} --out wide.safetensors"));
    let card = operator(&folder, "wide.safetensors").card().clone();
    let model = &card.models[0].latents;
    let predict = |latents: String| {
        let table =
            format!("predict --operator wide.safetensors --latent {latents} --step-na 0.1 --format json");
        let rows: serde_json::Value =
            serde_json::from_str(&folder.done(&format!("{table} --out ensemble"))).unwrap();
        rows[0].clone()
    };
    let two = |name: &str| format!("{name}={}", model[name]);
    let expected = predict([two("i_thr_na"), two("s_thr_hz_per_na")].join(","));
    let rate_hz = expected["latents"]["rate_50_hz"].as_f64().unwrap();
    assert!((rate_hz / model["rate_50_hz"] - 1.0).abs() < 0.1, "{rate_hz} {model:?}");
    let all: Vec<String> = model.keys().map(|name| two(name)).collect();
    let whole = predict(all.join(","));
    assert!((whole["latents"]["rate_50_hz"].as_f64().unwrap() - model["rate_50_hz"]).abs() < 1e-12);
}

#[test]
fn invariant_neurons_are_placed_between_and_around_the_known_ones() {
    let folder = Folder::new("placed");
    folder.done(GENERATE);
    folder.done(&format!("{TRAIN} --out wide.safetensors"));
    let card = operator(&folder, "wide.safetensors").card().clone();
    let (first, last) = (card.train_models[0], card.train_models[1]);
    let predict = |options: &str| -> Vec<serde_json::Value> {
        let predict =
            format!("predict --operator wide.safetensors {options} --step-na 0.1 --format json --out e");
        serde_json::from_str(&folder.done(&predict)).unwrap()
    };
    let latent = |row: &serde_json::Value, name: &str| row["latents"][name].as_f64().unwrap();
    let rows = predict(&format!("--between {first},{last} --members 5"));
    let ends = [first, last].map(|id| card.model_latents(id).unwrap()["rest_mv"]);
    for (i, row) in (0_u32..).zip(&rows) {
        let expected = ends[0] + f64::from(i) / 4.0 * (ends[1] - ends[0]);
        assert!((latent(row, "rest_mv") - expected).abs() < 1e-9, "{row}");
    }
    let ids: Vec<u64> = rows.iter().map(|row| row["model"].as_u64().unwrap()).collect();
    assert_eq!(ids, (6..11).collect::<Vec<u64>>());
    let drawn = predict("--draw hull --members 30 --seed 4");
    let warns = |row: &serde_json::Value| row["warnings"].to_string().contains("outside of the convex hull");
    assert!(drawn.len() == 30 && !drawn.iter().any(warns));
    assert_eq!(drawn, predict("--draw hull --members 30 --seed 4"));
    assert_ne!(drawn, predict("--draw hull --members 30 --seed 5"));
    assert_eq!(predict("--draw density").len(), 20);
    for row in predict(&format!("--near {first} --radius 0.01 --members 4")) {
        let own = card.model_latents(first).unwrap();
        assert!((latent(&row, "i_thr_na") / own["i_thr_na"] - 1.0).abs() < 0.02, "{row}");
    }
    let far = predict("--latent i_thr_na=0.1,s_thr_hz_per_na=250");
    assert!(warns(&far[0]), "{}", far[0]);
    let message = folder.refused("predict --operator wide.safetensors --between 1");
    assert!(message.contains("--between names 1 models"), "{message}");
}
