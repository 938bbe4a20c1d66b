//! `noble fit` on a small squid axon: it finds what made the recording, resumes to the bit, and refuses what cannot be.

use noble::reference_cell::reference_hall_of_fame;
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

const FIT: &str = "fit --morphology cell.swc --space space.json --targets targets.json --method ibea --population 8 \
                   --models 4 --archive 20 --passive-generations 2";

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
         --mode precise --method cma-es --population 16 --generations 100 --passive-generations 5 --models 5 --accept-z 1 \
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
    for ending in ["json", "archive.hall_of_fame.json", "scores.csv", "fit.svg"] {
        let message = folder.refused(&format!("{FIT} --generations 6 --out parts.json"));
        assert!(message.contains(&format!("parts.{ending} exists")), "{message}");
        std::fs::remove_file(folder.path(&format!("parts.{ending}"))).unwrap();
    }
    let message = folder.refused(&format!("{FIT} --generations 6 --out parts.json"));
    assert!(message.contains("already holds a fit") && message.contains("--resume"), "{message}");
    let message = folder.refused(&format!("{FIT} --generations 6 --seed 2 --out parts.json --resume"));
    assert!(message.contains("begun with other inputs or options"), "{message}");
    let broken = folder.path("parts.fit.json");
    std::fs::write(&broken, b"{\"format_version\": 1}").unwrap();
    let message = folder.refused(&format!("{FIT} --generations 7 --out parts.json --resume"));
    assert!(message.contains("is no state of a fit"), "{message}");
    std::fs::write(&broken, b"{\"format_version\": 2, \"news\": []}").unwrap();
    let message = folder.refused(&format!("{FIT} --generations 7 --out parts.json --resume"));
    assert!(message.contains("version 2 is not 1") && message.contains("release that began it"), "{message}");
}

#[test]
fn invariant_every_method_resumes_to_the_bit() {
    let folder = folder("methods");
    for method in ["nsga2", "nsga3", "cma-es"] {
        let fit = FIT.replace("ibea", method) + " --seed 8,9";
        folder.done(&format!("{fit} --generations 5 --threads 2 --out {method}-whole.json"));
        folder.done(&format!("{fit} --generations 2 --threads 1 --out {method}-parts.json"));
        folder.done(&format!("{fit} --generations 5 --threads 1 --out {method}-parts.json --resume"));
        let read = |stem: &str| bytes(&folder.path(&format!("{method}-{stem}.fit.json")));
        assert!(read("whole") == read("parts"), "{method} differs");
    }
}

#[test]
fn invariant_nothing_that_lies_there_is_lost() {
    let folder = folder("kept");
    folder.write("old.json", "a hall of fame whose state was moved away");
    let message = folder.refused(&format!("{FIT} --generations 1 --out old.json --resume"));
    assert!(
        message.contains("old.json exists") && message.contains("no old.fit.json to resume from"),
        "{message}"
    );
    let write = "fit --morphology cell.swc --space space.json --targets targets.json --write-case case";
    folder.done(write);
    let message = folder.refused(write);
    assert!(message.contains("space.json exists") && message.contains("hint: "), "{message}");
}

#[test]
fn invariant_a_changed_state_is_refused() {
    let folder = folder("changed");
    let fit = format!("{FIT} --generations 2 --seed 1,2 --out a.json");
    folder.done(&fit);
    let path = folder.path("a.fit.json");
    let whole: Value = serde_json::from_slice(&bytes(&path)).unwrap();
    let changes: [fn(&mut Value); 4] = [
        |state| state["searches"] = json!([]),
        |state| drop(state["searches"].as_array_mut().unwrap().pop()),
        |state| state["searches"][0]["least"] = json!([1.0, 4_000_000_000_u32]),
        |state| state["searches"][1]["evolution"]["settings"]["seed"] = json!(5),
    ];
    for (place, change) in changes.iter().enumerate() {
        let mut state = whole.clone();
        change(&mut state);
        std::fs::write(&path, state.to_string()).unwrap();
        let message = folder.refused(&format!("{fit} --resume"));
        assert!(message.contains("was changed") && message.contains("hint: "), "change {place}: {message}");
    }
}

#[test]
fn invariant_starts_belong_to_the_morphology() {
    let folder = folder("starts");
    folder.done(&format!("{FIT} --generations 1 --out a.json"));
    folder.done(&format!("{FIT} --generations 1 --starts a.json --out b.json"));
    folder.write("other.swc", SWC.replace("20 0 10", "25 0 10"));
    let message = folder.refused(
        "fit --morphology other.swc --space space.json --targets targets.json --starts a.json --out c.json",
    );
    assert!(message.contains("belongs to a morphology") && message.contains("a.json"), "{message}");
}

#[test]
fn invariant_models_are_what_their_file_says() {
    let folder = folder("stored");
    folder.done(&format!("{FIT} --generations 4 --seed 3,4 --accept-z 19 --out a.json"));
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

/// The models that ship with the program, simulated and measured again by other commands. A model's last digits may
/// depend on the processor's vector length.
#[test]
fn invariant_embedded_models_fire_as_their_file_says() {
    let folder = Folder::new("embedded");
    let known = reference_hall_of_fame().unwrap();
    let models = [0_usize, 7, 20, 33, 40, 59];
    let ids = models.map(|place| known.models[place].id.to_string()).join(",");
    folder.done(&format!(
        "simulate --models {ids} --step-na 0,0.18 --delay-ms 15 --duration-ms 400 --total-ms 515 --every 3 \
         --out again.npz"
    ));
    let rows = folder.done("extract again.npz --stim-start-ms 15 --stim-end-ms 415 --format json");
    let rows: Vec<Value> = serde_json::from_str(&rows).unwrap();
    let mut n_compared = 0;
    for (place, row) in rows.iter().enumerate() {
        let model = &known.models[models[place / 2]];
        let sweep = ["step_0pa", "step_180pa"][place % 2];
        for (name, stored) in &model.features {
            let Some(feature) = name.strip_prefix(sweep).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            let Some(again) = row["features"][feature].as_array() else { continue };
            let again: Vec<f64> = again.iter().filter_map(Value::as_f64).collect();
            let again = again.iter().sum::<f64>() / again.len() as f64;
            let difference = (again - stored).abs() / stored.abs();
            assert!(difference < 1e-6, "model {}: {name}: {again}, stored {stored}", model.id);
            n_compared += 1;
        }
    }
    assert_eq!(n_compared, 13 * models.len());
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
    for ending in ["json", "archive.hall_of_fame.json", "fit.json", "fit.csv"] {
        let read = |stem: &str| bytes(&folder.path(&format!("{stem}.{ending}")));
        assert!(read("whole") == read("shares"), "{ending} differs");
    }
    let message = folder.refused(&format!("{fit} --out other.json --shard 4/4"));
    assert!(message.contains("4 shards of 3 seeds"), "{message}");
}
