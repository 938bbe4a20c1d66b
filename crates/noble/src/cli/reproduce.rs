//! `noble reproduce`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::inputs::CellArgs;
use super::output::out_path;
use super::terminal::{Bar, data, on_threads, words};
use crate::generate::GenerateSettings;
use crate::reproduce::{Budget, Estimate, LATEST, Recipe, check_distinct, reproduce};
use crate::{Error, files};

/// The study's result from a hall of fame, in one command: dataset, training, evaluation, report
///
/// Says first what it will take. Every stage is kept under the hash of what it depends on: after an interruption the same
/// command goes on, and what is finished is not made again. Without a cell the embedded one is taken: with --budget minutes
/// its 60 models, with --budget hours all 660 of its archive, from which the embedded operator comes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble reproduce --budget minutes\n  \
    noble reproduce --budget hours --out reproduction\n  \
    noble reproduce --morphology cell.swc --cell hof_params.json --axon stub1 --highest-na 0.5 --mode-na 0.2")]
pub(super) struct ReproduceArgs {
    #[command(flatten)]
    cell: CellArgs,
    /// How much is simulated and trained
    #[arg(long, value_enum, default_value = "minutes")]
    budget: BudgetArg,
    /// Smallest amplitude of the current step
    #[arg(long, value_name = "NA", allow_hyphen_values = true, default_value_t = GenerateSettings::default().lowest_na)]
    lowest_na: f64,
    /// Largest amplitude of the current step
    #[arg(long, value_name = "NA", allow_hyphen_values = true, default_value_t = GenerateSettings::default().highest_na)]
    highest_na: f64,
    /// Most frequent amplitude; best where the cells begin to fire [default: at 0.37 of the range]
    #[arg(long, value_name = "NA", allow_hyphen_values = true)]
    mode_na: Option<f64>,
    /// Refuse to begin what will take longer
    #[arg(long, value_name = "MINUTES")]
    max_minutes: Option<f64>,
    /// Seed of currents, splits and weights
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Accepted for symmetry with the other stages; what is there is always continued
    #[arg(long, hide = true)]
    resume: bool,
    /// Folder to write [default: noble-out/reproduction]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BudgetArg {
    /// 3000 traces, 20,000 passes through four blocks
    Minutes,
    /// 60,000 traces, 100 of a model at least; 320,000 passes through six blocks
    Hours,
}

const MS_PER_MINUTE: f64 = 60e3;
const BYTES_PER_GB: f64 = 1e9;

pub(super) fn run(args: &ReproduceArgs) -> Result<(), Error> {
    let cells = match args.budget {
        BudgetArg::Minutes => args.cell.cells()?,
        BudgetArg::Hours => args.cell.archive_cells()?,
    };
    let budget = match args.budget {
        BudgetArg::Minutes => Budget::Minutes,
        BudgetArg::Hours => Budget::Hours,
    };
    check_distinct(&cells)?;
    let mut recipe =
        Recipe::new(budget, cells.models.len(), (args.lowest_na, args.highest_na), args.mode_na)?;
    recipe.reseed(args.seed);
    recipe.generate.check(cells.models.len())?;
    let folder = out_path(args.out.as_deref(), "reproduction");
    let made = on_threads(args.threads, || {
        let estimate = Estimate::measure(&cells, &recipe)?;
        say(&estimate, &recipe);
        refuse_longer(&estimate, args.max_minutes)?;
        reproduce(&cells, &recipe, &folder, &Bar::new())
    })?;
    data(&String::from_utf8_lossy(&files::read(&made.report)?))?;
    words(&format!(
        "{}: report; {}: operator; figures in {}",
        made.report.display(),
        folder.join(LATEST).display(),
        made.evaluation_folder.display()
    ));
    Ok(())
}

fn say(estimate: &Estimate, recipe: &Recipe) {
    let minutes = |ms: f64| format!("{:.0}", (ms / MS_PER_MINUTE).max(1.0));
    words(&format!(
        "{} traces, about {} min; {} passes, about {} min; {:.1} GB of disk, {:.1} GB of memory",
        estimate.n_traces,
        minutes(estimate.simulate_ms),
        recipe.n_passes(),
        minutes(estimate.train_ms),
        estimate.n_disk_bytes as f64 / BYTES_PER_GB,
        estimate.n_memory_bytes as f64 / BYTES_PER_GB,
    ));
}

fn refuse_longer(estimate: &Estimate, max_minutes: Option<f64>) -> Result<(), Error> {
    let Some(max_minutes) = max_minutes else { return Ok(()) };
    let minutes = estimate.total_ms() / MS_PER_MINUTE;
    if minutes <= max_minutes {
        return Ok(());
    }
    let what = format!("it would take about {minutes:.0} minutes, more than {max_minutes}");
    Err(Error::usage(what, "raise --max-minutes, take fewer models with --models, or --budget minutes"))
}
