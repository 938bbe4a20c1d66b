//! `noble generate`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noble_data::dataset::Split;

use super::inputs::{CellArgs, ProtocolArgs};
use super::output::out_path;
use super::team::on_ranks;
use super::terminal::{Bar, on_threads, words};
use crate::cluster::{Team, generate_together, rank_0_first};
use crate::generate::{Amplitudes, DatasetFolder, Existing, GenerateSettings, generate_shard};
use crate::{Cells, Error, ExcitabilitySettings, LatentSet, Protocol, S_THR, Shard, embedded_operator};

/// A dataset for training: traces of many models at many currents, as HDF5 shards
///
/// Threshold current and F-I slope are those that a hall of fame states; of models without, they are measured first.
/// A shard is written once and renamed into place; after an interruption the same command with --resume keeps what is
/// finished.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble generate --out noble-out/dataset\n  \
    noble generate --morphology cell.swc --cell hof_params.json --axon stub1 --lowest-na=-0.11 --highest-na 0.5 \
    --validation-models 4 --test-models 6 --out pvalb-dataset\n  \
    noble generate --out noble-out/dataset --resume\n  \
    noble generate --shard 2/4 --out dataset     (elsewhere 1/4, 3/4, 4/4; then noble merge)")]
pub(super) struct GenerateArgs {
    #[command(flatten)]
    cell: CellArgs,
    /// Smallest amplitude of the current step
    #[arg(long, value_name = "NA", allow_hyphen_values = true, default_value_t = GenerateSettings::default().lowest_na)]
    lowest_na: f64,
    /// Largest amplitude of the current step; also the end of the F-I grid, where the slope is measured
    #[arg(long, value_name = "NA", allow_hyphen_values = true, default_value_t = GenerateSettings::default().highest_na)]
    highest_na: f64,
    /// How amplitudes are spread
    #[arg(long, value_enum, value_name = "DENSITY", default_value = "uniform")]
    amplitudes: AmplitudeArg,
    /// Most frequent amplitude of skew-normal; best where the cells begin to fire [default: at 0.37 of the range]
    #[arg(long, value_name = "NA", allow_hyphen_values = true)]
    mode_na: Option<f64>,
    /// Traces of every model, at currents spread over the range
    #[arg(long, value_name = "N", default_value_t = GenerateSettings::default().n_traces_per_model)]
    traces_per_model: usize,
    /// Models kept from training, for choices
    #[arg(long, value_name = "N", default_value_t = GenerateSettings::default().n_validation_models)]
    validation_models: usize,
    /// Models kept from training, for the test
    #[arg(long, value_name = "N", default_value_t = GenerateSettings::default().n_test_models)]
    test_models: usize,
    /// Part of a training model's currents held out for validation, and again for the test
    #[arg(long, value_name = "FRACTION", default_value_t = GenerateSettings::default().held_out_fraction)]
    held_out: f64,
    /// Traces of one shard
    #[arg(long, value_name = "N", default_value_t = GenerateSettings::default().n_traces_per_shard)]
    traces_per_shard: usize,
    /// Latent features of each model
    #[arg(long, value_enum, value_name = "SET", default_value = "excitability")]
    latents: LatentArg,
    #[command(flatten)]
    protocol: ProtocolArgs,
    /// Seed of currents and splits
    #[arg(long, value_name = "N", default_value_t = GenerateSettings::default().seed)]
    seed: u64,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Continue a dataset that was begun with the same options
    #[arg(long)]
    resume: bool,
    /// Make this share of the files alone, 1/4 to 4/4, in a folder OUT.shard-1-of-4; see noble merge
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Divide the files among the ranks of an MPI job; see docs/clusters.md
    #[arg(long, conflicts_with = "shard")]
    mpi: bool,
    /// Folder to write [default: noble-out/dataset]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AmplitudeArg {
    /// Evenly over the range
    Uniform,
    /// Most where cells begin to fire, as in the study: skew-normal of shape 2
    SkewNormal,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LatentArg {
    /// Threshold current and F-I slope, as published
    Excitability,
    /// These, latencies, rates and leads of trains along the F-I curve, peak, width and afterhyperpolarization of spikes, rest, response to the lowest current, sag
    Wide,
}

pub(super) fn run(args: &GenerateArgs) -> Result<(), Error> {
    if args.mpi {
        return on_ranks(|team| run_together(args, team));
    }
    let (cells, settings) = inputs(args)?;
    let (out, existing) = place(args);
    let folder = args.shard.map_or_else(|| out.clone(), |shard| shard.folder_of(&out));
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let dataset = on_threads(args.threads, || {
        generate_shard(&cells, &settings, (&folder, existing), shard, &Bar::new())
    })?;
    warn_of_slopes(&dataset);
    match args.shard {
        Some(shard) => say_share(&dataset, shard, &folder),
        None => say_whole(&dataset, &folder),
    }
    Ok(())
}

fn run_together(args: &GenerateArgs, team: &dyn Team) -> Result<(), Error> {
    let (cells, settings) = rank_0_first(team, || inputs(args))?;
    let (out, existing) = place(args);
    let dataset = on_threads(args.threads, || {
        generate_together(team, &cells, &settings, (&out, existing), &Bar::new())
    })?;
    if let Some(dataset) = dataset {
        warn_of_slopes(&dataset);
        say_whole(&dataset, &out);
    }
    Ok(())
}

fn inputs(args: &GenerateArgs) -> Result<(Cells, GenerateSettings), Error> {
    let cells = args.cell.cells()?;
    let settings = settings(args)?;
    let n_stated = cells.models.keys().filter(|id| cells.latents.contains_key(id)).count();
    if n_stated > 0 {
        words(&format!(
            "latent features of {n_stated} of {} models as their file states them",
            cells.models.len()
        ));
    }
    Ok((cells, settings))
}

fn place(args: &GenerateArgs) -> (PathBuf, Existing) {
    let existing = if args.resume { Existing::Resume } else { Existing::Refuse };
    (out_path(args.out.as_deref(), "dataset"), existing)
}

fn warn_of_slopes(dataset: &DatasetFolder) {
    for model in &dataset.manifest.models {
        if let Some(slope) = model.latents.get(S_THR).filter(|slope| **slope <= 0.0) {
            let what = format!("F-I slope {slope:.1} Hz/nA; its firing does not grow up to --highest-na");
            words(&format!("warning: model {}: {what}", model.id));
        }
    }
}

fn say_whole(dataset: &DatasetFolder, folder: &Path) {
    let manifest = &dataset.manifest;
    let count = |split| manifest.models.iter().filter(|model| model.split == split).count();
    words(&format!(
        "{} traces of {} models ({} for training, {} for validation, {} for the test) in {}",
        manifest.n_traces(),
        manifest.models.len(),
        count(Split::Train),
        count(Split::Validation),
        count(Split::Test),
        folder.display()
    ));
}

fn say_share(dataset: &DatasetFolder, shard: Shard, folder: &Path) {
    let files = dataset.manifest.shards.iter().enumerate();
    let n_traces: usize =
        files.filter(|(file_idx, _)| shard.takes(*file_idx)).map(|(_, file)| file.n_traces).sum();
    let (n_all, folder) = (dataset.manifest.n_traces(), folder.display());
    words(&format!("{n_traces} of {n_all} traces, shard {shard}, in {folder}"));
}

fn settings(args: &GenerateArgs) -> Result<GenerateSettings, Error> {
    let base = if args.cell.is_embedded() {
        Protocol::of_operator(embedded_operator()?.card())
    } else {
        Protocol::default()
    };
    Ok(GenerateSettings {
        seed: args.seed,
        protocol: args.protocol.protocol(base)?,
        lowest_na: args.lowest_na,
        highest_na: args.highest_na,
        amplitudes: density(args)?,
        n_traces_per_model: args.traces_per_model,
        n_validation_models: args.validation_models,
        n_test_models: args.test_models,
        held_out_fraction: args.held_out,
        n_traces_per_shard: args.traces_per_shard,
        latents: match args.latents {
            LatentArg::Excitability => LatentSet::Excitability,
            LatentArg::Wide => LatentSet::Wide,
        },
        excitability: ExcitabilitySettings { largest_na: args.highest_na, ..ExcitabilitySettings::default() },
    })
}

fn density(args: &GenerateArgs) -> Result<Amplitudes, Error> {
    match (args.amplitudes, args.mode_na) {
        (AmplitudeArg::SkewNormal, mode_na) => {
            Ok(Amplitudes::study((args.lowest_na, args.highest_na), mode_na))
        }
        (AmplitudeArg::Uniform, None) => Ok(Amplitudes::Uniform),
        (AmplitudeArg::Uniform, Some(_)) => {
            let what = "--mode-na is of no use to amplitudes spread evenly";
            Err(Error::usage(what, "add --amplitudes skew-normal, or leave it out"))
        }
    }
}
