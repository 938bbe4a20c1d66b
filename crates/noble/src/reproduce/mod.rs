//! From a hall of fame to the study's tables: dataset, training, evaluation and report in one call.
//!
//! Every stage lies in a place named after the hash of all that it depends on. A stage that is finished is kept, one that was
//! cut off goes on, and another recipe finds its own place: so a reproduction can be interrupted and repeated at will.

mod estimate;
mod recipe;
mod report;

use std::path::{Path, PathBuf};

use noble_data::dataset::{Split, sha256_hex};
use noble_operator::Operator;

use crate::evaluate::{Evaluation, by_onset, compare, evaluation_pages, group_reports};
use crate::figure::learning_svg;
use crate::generate::{DatasetFolder, Existing, generate};
use crate::training::{
    FineTune, FineTuneSettings, LogEntry, TrainPaths, TrainSettings, TrainingSet, learning_figure, read_log,
    train,
};
use crate::{Cells, Error, Progress, files};

pub use estimate::Estimate;
pub use recipe::{Budget, Recipe};

/// Name under which the operator of the last recipe lies beside its place.
pub const LATEST: &str = "operator.safetensors";

/// What a reproduction left, and where.
#[derive(Debug, Clone)]
pub struct Reproduction {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// The operator, in the place of its recipe; the same as [`LATEST`].
    pub operator: PathBuf,
    /// Folder of the evaluation.
    pub evaluation_folder: PathBuf,
    /// Errors on traces that had no part in training or choices.
    pub evaluation: Evaluation,
    /// The training log.
    pub log: Vec<LogEntry>,
    /// The report.
    pub report: PathBuf,
}

/// Checks that no two models are the same, which would put one of them on both sides of a split.
///
/// # Errors
/// [`Error::Usage`] with the numbers of two that are.
pub fn check_distinct(cells: &Cells) -> Result<(), Error> {
    let models: Vec<_> = cells.models.iter().collect();
    for (place, (id, model)) in models.iter().enumerate() {
        if let Some((earlier, _)) = models[..place].iter().find(|(_, earlier)| earlier == model) {
            let what = format!("models {earlier} and {id} have the same parameters");
            return Err(Error::usage(what, "keep one of them, with --models"));
        }
    }
    Ok(())
}

/// Runs what is missing of all stages, and writes the report.
///
/// # Errors
/// Those of [`generate`], [`train`] and [`compare`]; [`Error::Usage`] for models that are the same.
pub fn reproduce(
    cells: &Cells,
    recipe: &Recipe,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Reproduction, Error> {
    check_distinct(cells)?;
    let dataset_path = folder.join(format!("dataset-{}", recipe.dataset_key(cells)?));
    let dataset = generate(cells, &recipe.generate, (&dataset_path, Existing::Resume), progress)?;
    let (operator_path, log) = trained(&dataset, recipe, folder, progress)?;
    let bytes = files::read(&operator_path)?;
    files::write(&folder.join(LATEST), &bytes)?;
    let evaluation_folder = folder.join(format!("evaluation-{}", &sha256_hex(&bytes)[..12]));
    let operator = Operator::from_bytes(&bytes)?;
    let traces = compare(&operator, &dataset, Split::Test, progress)?;
    let evaluation = group_reports(&traces, by_onset(&operator, &dataset, Split::Test, progress)?)?;
    for (name, text) in evaluation_pages(operator.card(), &traces, &evaluation)? {
        files::write(&evaluation_folder.join(name), text.as_bytes())?;
    }
    let learning = learning_svg(&learning_figure(&log));
    files::write(&evaluation_folder.join("learning.svg"), learning.as_bytes())?;
    let made = Reproduction {
        dataset: dataset_path,
        operator: operator_path,
        evaluation_folder,
        evaluation,
        log,
        report: folder.join("report.md"),
    };
    files::write(&made.report, report::report_text(cells, recipe, &made).as_bytes())?;
    Ok(made)
}

/// The operator that the last training leaves, and the log of all; what is not finished is first.
fn trained(
    dataset: &DatasetFolder,
    recipe: &Recipe,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(PathBuf, Vec<LogEntry>), Error> {
    let data_sha256 = dataset.manifest.data_sha256()?;
    let mut all: Vec<LogEntry> = Vec::new();
    let mut from: Option<PathBuf> = None;
    for (idx, settings) in recipe.trainings.iter().enumerate() {
        let key = recipe.operator_key(idx + 1, &data_sha256)?;
        let paths = TrainPaths::beside(&folder.join(format!("operator-{key}.safetensors")));
        let log = one_training(dataset, (settings, from.as_deref()), &paths, progress)?;
        follow(&mut all, log);
        from = Some(paths.operator);
    }
    let none = || Error::usage("the recipe trains nothing", "give it a training");
    Ok((from.ok_or_else(none)?, all))
}

/// The log of one training, from fresh weights or from an operator.
fn one_training(
    dataset: &DatasetFolder,
    (settings, from): (&TrainSettings, Option<&Path>),
    paths: &TrainPaths,
    progress: &dyn Progress,
) -> Result<Vec<LogEntry>, Error> {
    if paths.log.is_file() && paths.operator.is_file() {
        let log = read_log(&files::read(&paths.log)?);
        if log.last().is_some_and(|last| last.step == settings.n_steps) {
            progress.say(&format!("{}: kept", paths.operator.display()));
            return Ok(log);
        }
    }
    let Some(from) = from else {
        let set = TrainingSet::read(dataset, settings)?;
        return train(&set, (settings, None), (paths, true), None, progress);
    };
    let bytes = files::read(from)?;
    let operator = Operator::from_bytes(&bytes)?;
    let nothing_weighed = (settings, FineTuneSettings::default());
    let (set, tune) = FineTune::start((&operator, &sha256_hex(&bytes)), dataset, nothing_weighed)?;
    train(&set, (settings, Some(&tune)), (paths, true), None, progress)
}

/// Appends the log of a training to those before it; steps, traces and times go on where they ended.
fn follow(all: &mut Vec<LogEntry>, log: Vec<LogEntry>) {
    let (step, n_traces, elapsed_ms) =
        all.last().map_or((0, 0, None), |last| (last.step, last.n_traces, last.elapsed_ms));
    // What a training starts from is what the one before it left.
    let n_known = usize::from(!all.is_empty());
    all.extend(log.into_iter().skip(n_known).map(|entry| LogEntry {
        step: entry.step + step,
        n_traces: entry.n_traces + n_traces,
        elapsed_ms: entry.elapsed_ms.map(|own_ms| own_ms + elapsed_ms.unwrap_or(0.0)),
        ..entry
    }));
}
