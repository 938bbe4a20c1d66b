//! The report of a reproduction: what was done, and how far off it is beside what the study states.

use std::fmt::Write;

use super::{Recipe, Reproduction};
use crate::Cells;
use crate::evaluate::{GroupReport, evaluation_text};

/// A figure of the study, and where ours stands in a report.
struct Figure {
    name: &'static str,
    ours: fn(&GroupReport) -> Option<f64>,
    /// Seen models, unseen models.
    study: [Option<f64>; 2],
}

/// arXiv 2506.04536, section 4.2 (seen models) and table 2 (unseen models); the study leaves misfires out of its features
/// and does not count them.
const FIGURES: [Figure; 9] = [
    Figure {
        name: "voltage, relative L2",
        ours: |g| Some(g.voltage_relative_l2),
        study: [Some(0.0218), Some(0.117)],
    },
    Figure { name: "`Spikecount`", ours: |g| feature(g, "Spikecount"), study: [Some(0.03), Some(0.092)] },
    Figure { name: "`AP1_width`", ours: |g| feature(g, "AP1_width"), study: [Some(0.328), Some(3.5)] },
    Figure {
        name: "`mean_AP_amplitude`",
        ours: |g| feature(g, "mean_AP_amplitude"),
        study: [Some(0.0854), Some(0.14)],
    },
    Figure {
        name: "`steady_state_voltage`",
        ours: |g| feature(g, "steady_state_voltage"),
        study: [Some(0.0083), Some(0.02)],
    },
    Figure {
        name: "`spike_half_width`, between samples",
        ours: |g| precise(g, "spike_half_width"),
        study: [None, None],
    },
    Figure { name: "spikes off, of all spikes", ours: |g| g.spike_count_relative, study: [None, None] },
    Figure { name: "misfires, of all traces", ours: |g| Some(g.misfire_fraction), study: [None, None] },
    Figure { name: "coincidence factor, 2 ms", ours: |g| g.coincidence_factor, study: [None, None] },
];

fn feature(group: &GroupReport, name: &str) -> Option<f64> {
    group.features.get(name).map(|error| error.mean_relative)
}

fn precise(group: &GroupReport, name: &str) -> Option<f64> {
    group.precise_features.get(name).map(|error| error.mean_relative)
}

/// The report as Markdown.
pub(super) fn report_text(cells: &Cells, recipe: &Recipe, made: &Reproduction) -> String {
    let mut text = String::from("# A reproduction of NOBLE\n\n");
    let generate = &recipe.generate;
    let network = recipe.trainings.first().map_or_else(String::new, |train| {
        format!("{} blocks and {} channels", train.n_layers, train.hidden_channels)
    });
    let n_train = cells.models.len() - generate.n_validation_models - generate.n_test_models;
    let _ = writeln!(
        text,
        "{} models ({n_train} for training, {} for validation, {} for the test), {} traces each, steps of {} ms from {} to {} nA; a network of \
         {network}, {} passes.\n",
        cells.models.len(),
        generate.n_validation_models,
        generate.n_test_models,
        generate.n_traces_per_model,
        generate.protocol.duration_ms,
        generate.lowest_na,
        generate.highest_na,
        recipe.n_passes(),
    );
    text += "The study's figures are of another cell and of 50 training models; features leave out traces in which only one side fires.\n\n";
    text += "| mean error | seen models | study | unseen models | study |\n|---|---|---|---|---|\n";
    let group = |is_seen: bool| {
        let name = if is_seen { "unseen currents, known models" } else { "unseen models" };
        made.evaluation.groups.iter().find(|group| group.name == name)
    };
    for figure in &FIGURES {
        let shown = |value: Option<f64>| match value {
            Some(value) if figure.name.starts_with("coincidence") => format!("{value:.3}"),
            Some(value) => format!("{:.2} %", 100.0 * value),
            None => "–".to_owned(),
        };
        let [seen, unseen] = [true, false].map(|is_seen| shown(group(is_seen).and_then(figure.ours)));
        let [study_seen, study_unseen] = figure.study.map(shown);
        let _ = writeln!(text, "| {} | {seen} | {study_seen} | {unseen} | {study_unseen} |", figure.name);
    }
    let _ = write!(text, "\n```\n{}```\n", evaluation_text(&made.evaluation));
    let folder = made.evaluation_folder.file_name().unwrap_or_default().to_string_lossy();
    for (name, what) in [
        ("traces.svg", "Held-out traces"),
        ("fi.svg", "F-I curves"),
        ("latent.svg", "Latent space"),
        ("amplitudes.svg", "Amplitudes"),
        ("learning.svg", "Learning curves"),
    ] {
        let _ = write!(text, "\n![{what}]({folder}/{name})\n");
    }
    text
}
