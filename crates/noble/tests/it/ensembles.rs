//! Ensembles beyond the known models: maps of the latent plane, neurons between models, and a recording beside them.

use serde_json::Value;

use crate::command::{Folder, bytes};

#[test]
fn invariant_maps_show_features_within_the_hull() {
    let folder = Folder::new("map");
    folder.done("predict --map Spikecount,AHP_depth --members 4 --step-na 0.15 --out map");
    for name in ["map-Spikecount.svg", "map-AHP_depth.svg"] {
        let svg = String::from_utf8(bytes(&folder.path(&format!("map/{name}")))).unwrap();
        assert!(svg.contains("Threshold current (nA)"), "{name}");
    }
    let rows = String::from_utf8(bytes(&folder.path("map/features.csv"))).unwrap();
    let n_cells = rows.lines().count() - 1;
    assert!((4..=16).contains(&n_cells), "{n_cells} cells in a box of 16");
    assert!(!folder.path("map/fi.svg").exists());
    let refused = folder.refused("predict --map voltage --out other");
    assert!(refused.contains("--map voltage: its mean says nothing"), "{refused}");
    let refused = folder.refused("predict --map Spikecount --members 1000000 --out other");
    assert!(refused.contains("a map of 1000000 by 1000000 cells"), "{refused}");
    assert!(folder.refused("predict --map Spikecounts --out other").contains("Spikecount"));
}

#[test]
fn invariant_three_currents_make_a_curve() {
    let folder = Folder::new("fi-family");
    folder.done("predict --models 0,1 --step-na 0.2,0.0,0.1 --out fi");
    assert!(String::from_utf8(bytes(&folder.path("fi/fi.svg"))).unwrap().contains("F-I curves"));
}

#[test]
fn invariant_neurons_between_models_are_made_in_three_ways() {
    let folder = Folder::new("between");
    let table = folder.done("interpolate --pairs 2 --steps 2 --step-na 0.15 --out between --threads 1");
    assert!(table.contains("parameters") && table.contains("nearest model"), "{table}");
    let list = String::from_utf8(bytes(&folder.path("between/interpolation.csv"))).unwrap();
    assert_eq!(list.lines().count(), 1 + 2 * (2 + 3), "{list}");
    assert_eq!(table, folder.done("interpolate --pairs 2 --steps 2 --step-na 0.15 --out again --threads 2"));
    let refused = folder.refused("interpolate --pairs 0 --out other");
    assert!(refused.contains("0 pairs"), "{refused}");
    let refused = folder.refused("interpolate --pairs 1000000000 --out other");
    assert!(refused.contains("8000000000 neurons between models"), "{refused}");
    let refused = folder.refused("interpolate --models 0,1 --out other");
    assert!(refused.contains("training models"), "{refused}");
}

/// A sweep of a model of its own training is what an operator knows best.
#[test]
fn invariant_a_simulated_cell_lies_within_its_ensemble() {
    let folder = Folder::new("recording");
    folder.done("simulate --models 0 --step-na 0.1,0.2,0.5 --out known.npz");
    let report = folder.done("evaluate --recording known.npz --members 40 --format json --out against");
    let rows: Value = serde_json::from_str(&report).unwrap();
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().all(|row| row["step_na"].as_f64().unwrap() < 0.3), "0.5 nA is not known");
    let rate = rows.iter().find(|row| row["feature"] == "mean_frequency").unwrap();
    assert!(rate["z"].as_f64().unwrap().abs() < 3.0, "{rate}");
    assert!(folder.path("against/recording.svg").is_file() && folder.path("against/recording.csv").is_file());
    let refused = folder.refused("evaluate --recording known.npz --sweeps 2 --out other");
    assert!(refused.contains("no recorded step has a known current from"), "{refused}");
    assert!(folder.refused("evaluate --sweeps 2").contains("are about a recording"));
}
