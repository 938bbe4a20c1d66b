//! `noble fit` on a small squid axon: it finds what made the recording, resumes to the bit, and refuses what cannot be.

use noble_data::cell_model::HallOfFame;
use serde_json::{Value, json};

use crate::command::{Folder, bytes};

const SWC: &str = "1 1 0 0 0 10 -1\n2 1 0 10 0 10 1\n3 1 0 20 0 10 2\n";

fn cell(hh: &Value, leak_s_per_cm2: f64) -> Value {
    let soma = json!({
        "axial_resistivity_ohm_cm": 100.0, "capacitance_uf_per_cm2": 1.0, "sodium_reversal_mv": 50.0,
        "potassium_reversal_mv": -77.0,
        "mechanisms": {"hh": hh, "pas": {"g_s_per_cm2": leak_s_per_cm2, "e_mv": -60.0}}
    });
    json!({
        "format_version": 1, "name": "squid", "mechanism_set": "allen", "axon_rule": "keep",
        "temperature_celsius": 10.0, "initial_voltage_mv": -65.0, "sections": {"soma": soma}
    })
}

fn space() -> Value {
    let free = |target: &str, lower: f64, upper: f64| {
        json!({
            "name": format!("soma.{target}"), "kinds": ["soma"], "target": target, "lower": lower, "upper": upper,
            "scale": "log"
        })
    };
    json!({
        "format_version": 1,
        "base": cell(&json!({"gnabar_s_per_cm2": 0.12, "gkbar_s_per_cm2": 0.036}), 1e-4),
        "free": [
            free("hh.gnabar_s_per_cm2", 0.05, 0.3),
            free("hh.gkbar_s_per_cm2", 0.01, 0.1),
            free("pas.g_s_per_cm2", 2e-5, 5e-4),
            free("capacitance_uf_per_cm2", 0.5, 2.0)
        ]
    })
}

fn targets() -> Value {
    let sweep = |name: &str, step_na: f64, features: Value, firing: &str| {
        json!({
            "name": name, "step_na": step_na, "delay_ms": 20.0, "duration_ms": 40.0, "total_ms": 80.0,
            "features": features, "firing": firing
        })
    };
    json!({"format_version": 1, "source": "a test", "sweeps": [
        sweep("rest", -0.02, json!([{"feature": "voltage_base", "mean": -65.0, "deviation": 1.0}]), "silent"),
        sweep("step", 0.3, json!([{"feature": "AP1_peak", "mean": 40.0, "deviation": 2.0}]), "fires")
    ]})
}

fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("cell.swc", SWC);
    folder.write("space.json", space().to_string());
    folder.write("targets.json", targets().to_string());
    folder
}

const FIT: &str = "fit --morphology cell.swc --space space.json --targets targets.json --population 8 --models 4 \
                   --archive 20 --passive-generations 2";

fn hall_of_fame(folder: &Folder, name: &str) -> HallOfFame {
    HallOfFame::read(&bytes(&folder.path(name))).unwrap()
}

/// The parameters of a cell are found again from its own sweeps.
#[test]
fn analytic_a_cell_is_recovered_from_its_recording() {
    let folder = folder("recovery");
    let truth = cell(&json!({"gnabar_s_per_cm2": 0.15, "gkbar_s_per_cm2": 0.03}), 8e-5);
    folder.write("cell.json", truth.to_string());
    folder.done(
        "simulate --morphology cell.swc --cell cell.json --step-na=-0.1,-0.05,0.15,0.3 --delay-ms 30 --duration-ms 60 \
         --total-ms 120 --out truth.npz",
    );
    folder.done(
        "fit --morphology cell.swc --space space.json --recording truth.npz --stim-start-ms 30 --stim-end-ms 90 \
         --method cma-es --population 16 --generations 100 --passive-generations 5 --models 5 --accept-z 1 \
         --out found.hall_of_fame.json",
    );
    let found = hall_of_fame(&folder, "found.hall_of_fame.json");
    for model in &found.models {
        assert!(model.scores.len() > 10);
        let worst = model.scores.values().copied().fold(0.0, f64::max);
        assert!(worst < 1.0, "model {}: {worst}: {:?}", model.id, model.scores);
    }
    let stem = ["found.fit.csv", "found.fit.json", "found.fit.svg", "found.scores.csv"];
    assert!(stem.iter().all(|name| folder.names().contains(&(*name).to_owned())), "{:?}", folder.names());
}

#[test]
fn invariant_threads_and_interruptions_change_no_bit() {
    let folder = folder("resume");
    folder.done(&format!("{FIT} --generations 6 --threads 2 --out whole.json"));
    folder.done(&format!("{FIT} --generations 1 --threads 1 --out parts.json"));
    folder.done(&format!("{FIT} --generations 3 --threads 1 --out parts.json --resume"));
    folder.done(&format!("{FIT} --generations 6 --threads 1 --out parts.json --resume"));
    for ending in ["json", "archive.hall_of_fame.json", "fit.json", "fit.csv", "scores.csv"] {
        let read = |stem: &str| bytes(&folder.path(&format!("{stem}.{ending}")));
        assert!(read("whole") == read("parts"), "{ending} differs");
    }
    let message = folder.refused(&format!("{FIT} --generations 6 --out parts.json"));
    assert!(message.contains("parts.json exists") && message.contains("--resume"), "{message}");
    std::fs::remove_file(folder.path("parts.json")).unwrap();
    let message = folder.refused(&format!("{FIT} --generations 6 --out parts.json"));
    assert!(message.contains("already holds a fit") && message.contains("--resume"), "{message}");
    let message = folder.refused(&format!("{FIT} --generations 6 --seed 2 --out parts.json --resume"));
    assert!(message.contains("begun with other inputs or options"), "{message}");
    let broken = folder.path("parts.fit.json");
    std::fs::write(&broken, b"{\"format_version\": 1}").unwrap();
    let message = folder.refused(&format!("{FIT} --generations 7 --out parts.json --resume"));
    assert!(message.contains("is no state of a fit"), "{message}");
}

#[test]
fn invariant_models_are_what_their_file_says() {
    let folder = folder("stored");
    folder.done(&format!("{FIT} --generations 4 --seed 3,4 --accept-z 30 --out a.json"));
    let found = hall_of_fame(&folder, "a.json");
    assert_eq!(found.models.len(), 8);
    assert_eq!(found.models.iter().map(|model| model.seed).collect::<Vec<_>>(), [3, 3, 3, 3, 4, 4, 4, 4]);
    folder.done(
        "simulate --morphology cell.swc --cell a.json --hof all --step-na 0.3 --delay-ms 20 --duration-ms 40 \
         --total-ms 80 --out again.npz",
    );
    let rows = folder
        .done("extract again.npz --features AP1_peak --stim-start-ms 20 --stim-end-ms 60 --format json");
    let rows: Value = serde_json::from_str(&rows).unwrap();
    for (place, model) in found.models.iter().enumerate() {
        let again = rows[place]["features"]["AP1_peak"][0].as_f64();
        let bits = |value: Option<f64>| value.map(f64::to_bits);
        assert_eq!(bits(again), bits(model.features.get("step.AP1_peak").copied()), "model {}", model.id);
    }
}

/// A name, a change of a file, and what the message must hold.
type Case = (&'static str, fn(&mut Value), &'static str);

/// What a case must say when `change` was made to its targets or its space.
fn check(name: &str, file: &str, change: impl Fn(&mut Value), expected: &str) {
    let folder = folder(name);
    let mut value = if file == "space.json" { space() } else { targets() };
    change(&mut value);
    folder.write(file, value.to_string());
    let message = folder.refused(&format!("{FIT} --generations 1 --out out.json"));
    assert!(message.contains(expected) && message.contains("hint: "), "{message} lacks {expected}");
    assert!(!folder.names().iter().any(|name| name.starts_with("out")), "{:?}", folder.names());
}

#[test]
fn invariant_what_cannot_be_fitted_is_refused_before_the_search() {
    let of_targets: [Case; 5] = [
        ("zero", |t| t["sweeps"][1]["features"][0]["deviation"] = json!(0.0), "deviation"),
        ("unknown", |t| t["sweeps"][1]["features"][0]["feature"] = json!("AP1_peek"), "AP1_peek"),
        ("quiet", |t| t["sweeps"][1]["firing"] = json!("silent"), "AP1_peak"),
        ("twice", |t| t["sweeps"][0]["name"] = json!("step"), "step"),
        ("window", |t| t["sweeps"][0]["total_ms"] = json!(30.0), "rest"),
    ];
    for (name, change, expected) in of_targets {
        check(&format!("fit-{name}"), "targets.json", change, expected);
    }
    let of_space: [Case; 5] = [
        ("reversed", |s| s["free"][0]["lower"] = json!(0.5), "gnabar"),
        ("negative", |s| s["free"][3]["lower"] = json!(-1.0), "capacitance"),
        ("place", |s| s["free"][0]["kinds"] = json!(["apic"]), "apic"),
        ("mechanism", |s| s["free"][0]["target"] = json!("NaX.gbar_s_per_cm2"), "NaX"),
        ("empty", |s| s["free"] = json!([]), "nothing is free"),
    ];
    for (name, change, expected) in of_space {
        check(&format!("fit-{name}"), "space.json", change, expected);
    }
}

#[test]
fn invariant_recordings_that_say_too_little_are_refused() {
    let folder = folder("silent");
    let truth = cell(&json!({"gnabar_s_per_cm2": 0.12, "gkbar_s_per_cm2": 0.036}), 1e-4);
    folder.write("cell.json", truth.to_string());
    let simulate =
        "simulate --morphology cell.swc --cell cell.json --delay-ms 30 --duration-ms 60 --total-ms 120";
    folder.done(&format!("{simulate} --step-na=-0.1,-0.05 --out silent.npz"));
    folder.done(&format!("{simulate} --step-na 0.2,0.3 --out firing.npz"));
    folder.done(&format!("{simulate} --step-na=-0.1,0.3 --out both.npz"));
    let fit =
        "fit --morphology cell.swc --space space.json --stim-start-ms 30 --stim-end-ms 90 --out out.json";
    for (options, expected) in [
        ("--recording silent.npz", "makes every repeat fire"),
        ("--recording firing.npz", "no hyperpolarized sweep"),
        ("--recording both.npz --fit-na 0.25", "no sweep has a current of 0.25 nA"),
    ] {
        let message = folder.refused(&format!("{fit} {options}"));
        assert!(message.contains(expected) && message.contains("hint: "), "{message}");
    }
    let message = folder.refused("fit --morphology cell.swc");
    assert!(message.contains("nothing to fit it to"), "{message}");
}

#[test]
fn invariant_shares_of_a_fit_make_the_whole() {
    let folder = folder("shares");
    let fit = format!("{FIT} --generations 3 --seed 5,6,7");
    folder.done(&format!("{fit} --out whole.json"));
    folder.done(&format!("{fit} --out shares.json --shard 2/2"));
    let message = folder.refused("merge shares.fit.shard-2-of-2.json --out shares.fit.json");
    assert!(message.contains("seed 5, place 1 of 3, is in no part"), "{message}");
    folder.done(&format!("{fit} --out shares.json --shard 1/2"));
    folder.done("merge shares.fit.shard-2-of-2.json shares.fit.shard-1-of-2.json --out shares.fit.json");
    folder.done(&format!("{fit} --out shares.json --resume"));
    for ending in ["json", "archive.hall_of_fame.json", "fit.json"] {
        let read = |stem: &str| bytes(&folder.path(&format!("{stem}.{ending}")));
        assert!(read("whole") == read("shares"), "{ending} differs");
    }
    let message = folder.refused(&format!("{fit} --out other.json --shard 4/4"));
    assert!(message.contains("4 shards of 3 seeds"), "{message}");
}
