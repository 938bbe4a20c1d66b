//! `noble train`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::fine_tune_args::FineTuneArgs;
use super::output::out_path;
use super::terminal::{Bar, on_threads, words};
use crate::figure::{LearningFigure, LossSeries, learning_svg};
use crate::generate::DatasetFolder;
use crate::training::{LogEntry, TrainPaths, TrainSettings, TrainingSet, train};
use crate::{Error, files};

/// Train a Fourier neural operator on a dataset
///
/// Keeps the operator with the lowest validation loss. State and log lie beside it; after an interruption, or when
/// --max-minutes is over, the same command with --resume continues to the same bits.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble train --dataset noble-out/dataset --out noble-out/operator.safetensors\n  \
    noble train --dataset pvalb-dataset --layers 4 --steps 3000 --max-minutes 20 --out pvalb.safetensors\n  \
    noble train --dataset pvalb-dataset --layers 4 --steps 3000 --resume --out pvalb.safetensors\n  \
    noble train --from operator.safetensors --feature-weights sag_mv=0.4 --dataset dataset --out tuned.safetensors")]
pub(super) struct TrainArgs {
    /// Dataset to train on [default: noble-out/dataset]
    #[arg(long, value_name = "FOLDER")]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    tune: FineTuneArgs,
    /// Steps of the whole run [default: 44000; with --from 2000]
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// Stop after this time, ready to be resumed
    #[arg(long, value_name = "MINUTES")]
    max_minutes: Option<f64>,
    /// Traces of one step
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().batch_size)]
    batch: usize,
    /// Largest learning rate [default: 0.003; with --from 0.0005]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Channels between blocks
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().hidden_channels)]
    hidden_channels: usize,
    /// Blocks
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().n_layers)]
    layers: usize,
    /// Modes of the spectral layers, of which half and one are kept
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().n_modes)]
    modes: usize,
    /// Frequencies of the current's embedding
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().n_current_frequencies)]
    current_frequencies: usize,
    /// Steps between two looks at the validation traces, and between checkpoints
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().n_steps_per_validation)]
    steps_per_validation: u64,
    /// Seed of the weights and of the order of traces
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().seed)]
    seed: u64,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Continue a run that was begun with the same options
    #[arg(long)]
    resume: bool,
    /// Operator file to write [default: noble-out/operator.safetensors]
    #[arg(long, value_name = "SAFETENSORS")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &TrainArgs) -> Result<(), Error> {
    let settings = settings(args);
    let limit = limit(args.max_minutes)?;
    let dataset = DatasetFolder::open(&out_path(args.dataset.as_deref(), "dataset"))?;
    let paths = TrainPaths::beside(&out_path(args.out.as_deref(), "operator.safetensors"));
    let log = on_threads(args.threads, || {
        let (set, tune) = match args.tune.operator()? {
            Some(from) => {
                let (set, tune) = args.tune.start(&from, &dataset, &settings)?;
                (set, Some(tune))
            }
            None => (TrainingSet::read(&dataset, &settings)?, None),
        };
        words(&format!("{} traces to train on, {} to validate with", set.n_train(), set.n_validation()));
        train(&set, (&settings, tune.as_ref()), (&paths, args.resume), limit, &Bar::new())
    })?;
    let figure = paths.operator.with_extension("learning.svg");
    files::write(&figure, learning_svg(&learning_figure(&log)).as_bytes())?;
    report(&log, &settings, &paths);
    Ok(())
}

fn settings(args: &TrainArgs) -> TrainSettings {
    let defaults = args.tune.defaults();
    TrainSettings {
        seed: args.seed,
        hidden_channels: args.hidden_channels,
        n_layers: args.layers,
        n_modes: args.modes,
        n_current_frequencies: args.current_frequencies,
        batch_size: args.batch,
        n_steps: args.steps.unwrap_or(defaults.n_steps),
        learning_rate: args.learning_rate.unwrap_or(defaults.learning_rate),
        n_steps_per_validation: args.steps_per_validation,
        ..defaults
    }
}

fn limit(max_minutes: Option<f64>) -> Result<Option<Duration>, Error> {
    let Some(minutes) = max_minutes else { return Ok(None) };
    let limit = Duration::try_from_secs_f64(60.0 * minutes);
    let wrong = |_| Error::usage(format!("--max-minutes is {minutes}"), "give a time greater than zero");
    limit.map(Some).map_err(wrong)
}

fn report(log: &[LogEntry], settings: &TrainSettings, paths: &TrainPaths) {
    let Some(last) = log.last() else { return };
    if let Some(best) =
        log.iter().min_by(|a, b| a.validation_objective().total_cmp(&b.validation_objective()))
    {
        let percent = 100.0 * best.validation_relative_l2;
        let operator = paths.operator.display();
        words(&format!("{operator}: step {}, validation voltage error {percent:.2} %", best.step));
        for (name, error) in &best.soft_features {
            let before =
                log.first().and_then(|first| first.soft_features.get(name)).map_or(f64::NAN, |e| e.rms);
            words(&format!("{name}: root mean square error {:.4}, {before:.4} at the start", error.rms));
        }
    }
    if last.step < settings.n_steps {
        words(&format!("stopped before step {}; add --resume to continue", settings.n_steps));
    }
}

#[expect(clippy::cast_precision_loss, reason = "steps stay far below 2^53")]
fn learning_figure(log: &[LogEntry]) -> LearningFigure {
    let trained = log.iter().filter_map(|entry| Some((entry.step as f64, entry.train_loss?)));
    let validated = log.iter().map(|entry| (entry.step as f64, entry.validation_loss));
    let series = |label: &str, points: Vec<(f64, f64)>| LossSeries {
        label: label.to_owned(),
        steps: points.iter().map(|point| point.0).collect(),
        losses: points.iter().map(|point| point.1).collect(),
    };
    LearningFigure {
        title: "Training".to_owned(),
        subtitle: "mean over traces; validation with averaged weights".to_owned(),
        loss_label: "relative L4".to_owned(),
        series: vec![series("training", trained.collect()), series("validation", validated.collect())],
    }
}
