//! A training log as curves.

use super::{FeatureErrors, LogEntry};
use crate::figure::{LearningFigure, LearningPanel, LearningSeries, axis::Spacing};

/// Losses, rate, gradient and feature errors of a log; panels for which a log has no values stay empty and are not drawn.
#[must_use]
pub fn learning_figure(log: &[LogEntry]) -> LearningFigure {
    let mut panels = vec![losses(log)];
    panels.extend(course(log));
    panels.extend(features(log));
    LearningFigure {
        title: "Training".to_owned(),
        subtitle: "validation with averaged weights; optimizer steps along every panel".to_owned(),
        panels,
    }
}

fn losses(log: &[LogEntry]) -> LearningPanel {
    let series = vec![
        series(log, "training loss", &|entry| entry.train_loss),
        series(log, "validation, relative L4", &|entry| Some(entry.validation_loss)),
        series(log, "validation, relative L2", &|entry| Some(entry.validation_relative_l2)),
    ];
    panel("Loss, mean over traces", Spacing::Log, series)
}

fn course(log: &[LogEntry]) -> [LearningPanel; 2] {
    let rate = series(log, "", &|entry| Some(entry.learning_rate));
    let gradient = series(log, "", &|entry| entry.gradient_norm);
    [panel("Learning rate", Spacing::Log, vec![rate]), panel("Gradient norm", Spacing::Log, vec![gradient])]
}

fn features(log: &[LogEntry]) -> [LearningPanel; 5] {
    let feature = |label: &str, value: fn(&FeatureErrors) -> Option<f64>| {
        series(log, label, &|entry| entry.features.as_ref().and_then(value))
    };
    // An untrained network errs so far that a linear axis would show nothing of the rest.
    let median = |label: &str, value| panel(label, Spacing::Log, vec![feature("", value)]);
    let misfires = vec![
        feature("missed", |features| Some(count(features.n_missed))),
        feature("invented", |features| Some(count(features.n_invented))),
    ];
    [
        panel(
            "Spike count, mean error",
            Spacing::Linear,
            vec![feature("", |features| Some(features.spike_count))],
        ),
        panel("Traces misfired", Spacing::Linear, misfires),
        median("Spike height, median error [mV]", |features| features.spike_height_mv),
        median("First spike's width, median error [ms]", |features| features.spike_width_ms),
        median("Steady state, median error [mV]", |features| features.steady_state_mv),
    ]
}

fn panel(label: &str, spacing: Spacing, series: Vec<LearningSeries>) -> LearningPanel {
    LearningPanel { label: label.to_owned(), spacing, series }
}

#[expect(clippy::cast_precision_loss, reason = "steps stay far below 2^53")]
fn series(log: &[LogEntry], label: &str, value: &dyn Fn(&LogEntry) -> Option<f64>) -> LearningSeries {
    let points = log.iter().filter_map(|entry| Some((entry.step as f64, value(entry)?)));
    let (steps, values) = points.unzip();
    LearningSeries { label: label.to_owned(), steps, values }
}

#[expect(clippy::cast_precision_loss, reason = "a count of traces")]
fn count(n_traces: usize) -> f64 {
    n_traces as f64
}
