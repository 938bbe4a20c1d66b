//! `noble train`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use noble_operator::{Loss, OptimizerSettings};

use super::fine_tune_args::FineTuneArgs;
use super::output::out_path;
use super::terminal::{Bar, on_threads, words};
use crate::figure::learning_svg;
use crate::generate::DatasetFolder;
use crate::training::{
    LogEntry, RateShape, TrainPaths, TrainSettings, TrainingSet, learning_figure, read_log, train,
};
use crate::{Error, files};

/// Train a Fourier neural operator on a dataset
///
/// Keeps the operator with the lowest validation loss and the last one. State and log lie beside it; after an
/// interruption, or when --max-minutes is over, the same command with --resume continues to the same bits. With --plot
/// nothing is trained: the curves of the log beside --out are drawn.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble train --dataset noble-out/dataset --out noble-out/operator.safetensors\n  \
    noble train --dataset pvalb-dataset --layers 4 --steps 3000 --max-minutes 20 --out pvalb.safetensors\n  \
    noble train --dataset pvalb-dataset --layers 4 --steps 3000 --resume --out pvalb.safetensors\n  \
    noble train --from operator.safetensors --feature-weights sag_mv=0.4 --dataset dataset --out tuned.safetensors\n  \
    noble train --dataset long-dataset --window-ms 515 --schedule plateau --batch 16 --accumulate 4\n  \
    noble train --plot --out pvalb.safetensors")]
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
    /// Loss that is made small; the operator kept is the one with the lowest over the validation traces
    #[arg(long, value_name = "LOSS", default_value = TrainSettings::default().loss.name(),
        value_parser = PossibleValuesParser::new(Loss::ALL.map(Loss::name)))]
    loss: String,
    /// Optimizer [default: muon; with --from adamw]
    #[arg(long, value_name = "NAME",
        value_parser = PossibleValuesParser::new(OptimizerSettings::all().map(|optimizer| optimizer.name())))]
    optimizer: Option<String>,
    /// Decay of the weights per step, times the learning rate
    #[arg(long, value_name = "DECAY", default_value_t = 0.0)]
    weight_decay: f64,
    /// Shorten gradients of the mean loss that are longer than this
    #[arg(long, value_name = "NORM")]
    clip_norm: Option<f64>,
    /// Traces held in memory at once
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().batch_size)]
    batch: usize,
    /// Make a step of this many batches, with the bits of one large batch and the memory of a small one
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().n_accumulated)]
    accumulate: usize,
    #[command(flatten)]
    rate: RateArgs,
    /// Decay per step of the running average of the weights, which is what is kept; 0 keeps the weights
    #[arg(long, value_name = "DECAY", default_value_t = TrainSettings::default().average_decay)]
    average_decay: f64,
    /// End after this many validations in a row without a better one
    #[arg(long, value_name = "N")]
    patience: Option<u64>,
    #[command(flatten)]
    window: WindowArgs,
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
    /// Latent features that are embedded, by name; none for none [default: all of the dataset]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    latents: Option<Vec<String>>,
    /// Train on so many of the dataset's training models, evenly spaced in their list [default: all]
    #[arg(long, value_name = "N")]
    train_models: Option<usize>,
    /// Frequencies of the count of spikes that latencies, rates and leads among the latent features promise; 0 embeds these themselves
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().n_rhythm_frequencies)]
    rhythm_frequencies: usize,
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
    /// Draw the curves of the log beside --out and train nothing
    #[arg(long)]
    plot: bool,
    /// Operator file to write [default: noble-out/operator.safetensors]
    #[arg(long, value_name = "SAFETENSORS")]
    out: Option<PathBuf>,
}

/// How the learning rate goes.
#[derive(Debug, Args)]
struct RateArgs {
    /// Course of the learning rate [default: warmup-cosine; with --from plateau]
    #[arg(long, value_enum, value_name = "SHAPE")]
    schedule: Option<ScheduleArg>,
    /// Largest learning rate [default: 0.004 for adamw, 0.01 for muon; with --from 0.0005]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Steps of the rise of warmup-cosine
    #[arg(long, value_name = "N", default_value_t = TrainSettings::default().n_warmup_steps)]
    warmup_steps: u64,
    /// What plateau multiplies the rate by [default: 0.4]
    #[arg(long, value_name = "FACTOR")]
    plateau_factor: Option<f64>,
    /// Epochs without a smaller training loss that plateau bears [default: 4; with --from 12]
    #[arg(long, value_name = "N")]
    plateau_patience: Option<u64>,
}

/// Windows cut from longer traces.
#[derive(Debug, Args)]
struct WindowArgs {
    /// Cut windows of this length from the traces of the dataset, each pass at another start
    #[arg(long, value_name = "MS")]
    window_ms: Option<f64>,
    /// Latest start of a window
    #[arg(long, value_name = "MS", default_value_t = TrainSettings::default().max_shift_ms)]
    max_shift_ms: f64,
    /// Start of the window in which the operator answers and is validated; 0 answers as a simulation from the initial voltage
    /// does [default: half the latest start]
    #[arg(long, value_name = "MS", requires = "window_ms", allow_hyphen_values = true)]
    answer_shift_ms: Option<f64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScheduleArg {
    /// The same throughout
    Constant,
    /// Up over the first steps, then down along half a cosine to a hundredth
    WarmupCosine,
    /// Up over three tenths of the run and down again
    OneCycle,
    /// Lowered when the loss of an epoch stops falling
    Plateau,
}

impl ScheduleArg {
    fn shape(self) -> RateShape {
        match self {
            Self::Constant => RateShape::Constant,
            Self::WarmupCosine => RateShape::WarmupCosine,
            Self::OneCycle => RateShape::OneCycle,
            Self::Plateau => RateShape::Plateau,
        }
    }
}

pub(super) fn run(args: &TrainArgs) -> Result<(), Error> {
    let paths = TrainPaths::beside(&out_path(args.out.as_deref(), "operator.safetensors"));
    if args.plot {
        return plot(&paths);
    }
    let settings = settings(args)?;
    let limit = limit(args.max_minutes)?;
    let dataset = DatasetFolder::open(&out_path(args.dataset.as_deref(), "dataset"))?;
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
    files::write(&paths.figure, learning_svg(&learning_figure(&log)).as_bytes())?;
    report(&log, &settings, &paths);
    Ok(())
}

/// Draws the log of a run, finished or not.
fn plot(paths: &TrainPaths) -> Result<(), Error> {
    let log = read_log(&files::read(&paths.log)?);
    if log.is_empty() {
        let what = format!("{} holds no entry of a training run", paths.log.display());
        return Err(Error::usage(what, "name the operator whose log lies beside it with --out"));
    }
    files::write(&paths.figure, learning_svg(&learning_figure(&log)).as_bytes())?;
    words(&format!("{}: {} validations", paths.figure.display(), log.len()));
    Ok(())
}

fn settings(args: &TrainArgs) -> Result<TrainSettings, Error> {
    let base = args.tune.defaults();
    let optimizer = optimizer(args, base.optimizer)?;
    Ok(TrainSettings {
        seed: args.seed,
        hidden_channels: args.hidden_channels,
        n_layers: args.layers,
        n_modes: args.modes,
        n_current_frequencies: args.current_frequencies,
        latents: args
            .latents
            .as_ref()
            .map(|names| names.iter().filter(|name| *name != "none").cloned().collect()),
        n_rhythm_frequencies: args.rhythm_frequencies,
        n_train_models: args.train_models,
        loss: Loss::named(&args.loss).unwrap_or(base.loss),
        optimizer,
        batch_size: args.batch,
        n_accumulated: args.accumulate,
        n_steps: args.steps.unwrap_or(base.n_steps),
        rate_shape: args.rate.schedule.map_or(base.rate_shape, ScheduleArg::shape),
        learning_rate: learning_rate(args, &optimizer, &base),
        n_warmup_steps: args.rate.warmup_steps,
        plateau_factor: args.rate.plateau_factor.unwrap_or(base.plateau_factor),
        plateau_patience: args.rate.plateau_patience.unwrap_or(base.plateau_patience),
        clip_norm: args.clip_norm,
        average_decay: args.average_decay,
        n_steps_per_validation: args.steps_per_validation,
        patience: args.patience,
        window_ms: args.window.window_ms,
        max_shift_ms: args.window.max_shift_ms,
        answer_shift_ms: args.window.answer_shift_ms,
        ..base
    })
}

fn learning_rate(args: &TrainArgs, optimizer: &OptimizerSettings, base: &TrainSettings) -> f64 {
    let usual = || match optimizer.name() == base.optimizer.name() {
        true => base.learning_rate,
        false => TrainSettings::usual_learning_rate(optimizer),
    };
    args.rate.learning_rate.unwrap_or_else(usual)
}

/// The optimizer typed; decay goes to all its parts.
fn optimizer(args: &TrainArgs, base: OptimizerSettings) -> Result<OptimizerSettings, Error> {
    let weight_decay = args.weight_decay;
    if !(weight_decay.is_finite() && weight_decay >= 0.0) {
        return Err(Error::usage(
            format!("--weight-decay is {weight_decay}"),
            "give a number of zero or more",
        ));
    }
    let is_named = |optimizer: &OptimizerSettings| args.optimizer.as_deref() == Some(optimizer.name());
    let named = OptimizerSettings::all().into_iter().find(is_named);
    Ok(named.unwrap_or(base).with_weight_decay(weight_decay))
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
    let is_early = settings.patience.is_some_and(|patience| {
        let best =
            log.iter().map(LogEntry::validation_objective).enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        best.is_some_and(|(best_idx, _)| (log.len() - 1 - best_idx) as u64 >= patience)
    });
    if is_early {
        words(&format!(
            "ended at step {}: no better validation for {} in a row",
            last.step,
            settings.patience.unwrap_or_default()
        ));
    } else if last.step < settings.n_steps {
        words(&format!("stopped before step {}; add --resume to continue", settings.n_steps));
    }
}
