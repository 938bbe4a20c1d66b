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

use crate::evaluate::{Evaluation, compare, evaluation_pages, group_reports};
use crate::figure::learning_svg;
use crate::generate::{DatasetFolder, Existing, generate};
use crate::training::{LogEntry, TrainPaths, TrainingSet, learning_figure, read_log, train};
use crate::{Cells, Error, Progress, files};

pub use estimate::Estimate;
pub use recipe::{Budget, Recipe};

/// What a reproduction left, and where.
#[derive(Debug, Clone)]
pub struct Reproduction {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// The operator.
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
    let key = recipe.operator_key(&dataset.manifest.data_sha256()?)?;
    let paths = TrainPaths::beside(&folder.join(format!("operator-{key}.safetensors")));
    let log = trained(&dataset, recipe, &paths, progress)?;
    let bytes = files::read(&paths.operator)?;
    let evaluation_folder = folder.join(format!("evaluation-{}", &sha256_hex(&bytes)[..12]));
    let operator = Operator::from_bytes(&bytes)?;
    progress.start("evaluate", 1);
    let traces = compare(&operator, &dataset, Split::Test)?;
    let evaluation = group_reports(&traces);
    for (name, text) in evaluation_pages(operator.card(), &traces, &evaluation)? {
        files::write(&evaluation_folder.join(name), text.as_bytes())?;
    }
    let learning = learning_svg(&learning_figure(&log));
    files::write(&evaluation_folder.join("learning.svg"), learning.as_bytes())?;
    progress.finish();
    let made = Reproduction {
        dataset: dataset_path,
        operator: paths.operator,
        evaluation_folder,
        evaluation,
        log,
        report: folder.join("report.md"),
    };
    files::write(&made.report, report::report_text(cells, recipe, &made).as_bytes())?;
    Ok(made)
}

/// The log of a run, which is finished first where it is not.
fn trained(
    dataset: &DatasetFolder,
    recipe: &Recipe,
    paths: &TrainPaths,
    progress: &dyn Progress,
) -> Result<Vec<LogEntry>, Error> {
    if paths.log.is_file() && paths.operator.is_file() {
        let log = read_log(&files::read(&paths.log)?);
        if log.last().is_some_and(|last| last.step == recipe.train.n_steps) {
            progress.say(&format!("{}: kept", paths.operator.display()));
            return Ok(log);
        }
    }
    let set = TrainingSet::read(dataset, &recipe.train)?;
    train(&set, (&recipe.train, None), (paths, true), None, progress)
}
