//! The whole chain in one call: kept where it is finished, gone on with where it was cut off, refused where it cannot be.

use std::path::Path;
use std::time::SystemTime;

use noble::reference_cell::reference_cells;
use noble::reproduce::{Budget, Estimate, LATEST, Recipe, reproduce};
use noble::training::TrainSettings;
use noble::{Cells, Protocol, Silent};

use crate::command::{Folder, bytes};

/// Six models, sweeps of 190 ms in windows of 180 ms, a network that learns nothing.
fn small() -> (Cells, Recipe) {
    let mut cells = reference_cells().unwrap();
    cells.select(&[0, 1, 2, 3, 4, 5]).unwrap();
    let mut recipe = Recipe::new(Budget::Minutes, 6, (-0.11, 0.28), None).unwrap();
    let protocol = &mut recipe.generate.protocol;
    *protocol = Protocol { delay_ms: 20.0, duration_ms: 150.0, total_ms: 190.0, every: 5, ..*protocol };
    (recipe.generate.n_traces_per_model, recipe.generate.held_out_fraction) = (8, 0.2);
    let train = &mut recipe.trainings[0];
    (train.hidden_channels, train.n_layers, train.n_modes, train.n_current_frequencies) = (4, 1, 8, 4);
    (train.n_steps, train.n_steps_per_validation, train.n_rhythm_frequencies) = (12, 4, 2);
    (train.window_ms, train.max_shift_ms) = (Some(180.0), 10.0);
    (cells, recipe)
}

fn changed_at(path: &Path) -> SystemTime {
    std::fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn invariant_finished_stages_are_kept_and_another_recipe_has_its_own_place() {
    let folder = Folder::new("reproduce");
    let (cells, recipe) = small();
    let estimate = Estimate::measure(&cells, &recipe).unwrap();
    assert_eq!(estimate.n_traces, 48);
    assert!(estimate.simulate_ms > 0.0 && estimate.train_ms > 0.0);
    let out = folder.path("out");
    let first = reproduce(&cells, &recipe, &out, &Silent).unwrap();
    let report = std::fs::read_to_string(&first.report).unwrap();
    for expected in
        ["6 models (4 for training, 1 for validation, 1 for the test)", "| 2.18 % |", "| 11.70 % |"]
    {
        assert!(report.contains(expected), "{report}");
    }
    assert_eq!(first.log.last().unwrap().step, 12);
    assert!(first.evaluation_folder.join("learning.svg").is_file());
    let before = changed_at(&first.operator);
    let again = reproduce(&cells, &recipe, &out, &Silent).unwrap();
    assert_eq!(before, changed_at(&again.operator));
    assert_eq!(first.evaluation, again.evaluation);
    assert_eq!(bytes(&first.operator), bytes(&out.join(LATEST)));
    let mut longer = recipe.clone();
    longer.trainings.push(TrainSettings { seed: 2, n_steps: 8, ..longer.trainings[0].clone() });
    let other = reproduce(&cells, &longer, &out, &Silent).unwrap();
    assert!(other.operator != first.operator && other.dataset == first.dataset);
    assert_eq!(before, changed_at(&first.operator), "the first training is kept");
    let steps: Vec<u64> = other.log.iter().map(|entry| entry.step).collect();
    assert_eq!(steps, [0, 4, 8, 12, 16, 20]);
    let is_after_the_first = other.log[4].train_loss < first.log[1].train_loss;
    assert!(is_after_the_first, "the second training goes on from the first: {:?}", other.log);
}

#[test]
fn invariant_what_cannot_be_reproduced_is_refused_before_it_begins() {
    let folder = Folder::new("reproduce-refused");
    let refused = |options: &str, expected: &str| {
        let message = folder.refused(&format!("reproduce {options} --out out"));
        assert!(message.contains(expected), "{options}: {message}");
        assert!(!folder.path("out").exists(), "{options}");
    };
    refused("--models 1,2,3", "3 models cannot be parted");
    refused("--lowest-na 0.3", "the range of currents is 0.3 to 0.28 nA");
    refused("--max-minutes 0.0001", "more than 0.0001");
    let (mut cells, recipe) = small();
    let twin = cells.models[&0].clone();
    cells.models.insert(5, twin);
    let message = reproduce(&cells, &recipe, &folder.path("out"), &Silent).unwrap_err().to_string();
    assert!(message.contains("models 0 and 5 have the same parameters"), "{message}");
}
