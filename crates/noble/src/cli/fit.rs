//! `noble fit`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use noble_data::fitting::TargetSweep;
use noble_evolve::{Method, Variation};

use super::fit_inputs::{FitInputArgs, FitInputs};
use super::output::out_path;
use super::sweep_input::{DefinitionArgs, SweepInputArgs};
use super::team::on_ranks;
use super::terminal::{Bar, counted, data, on_threads, words};
use crate::cluster::{Team, dismiss, rank_0_first};
use crate::figure::traces_svg;
use crate::fit::{
    Evaluate, FitCase, FitLimits, FitPaths, FitPlace, FitPlan, FitResult, FitSettings, Here, Together,
    conclude, fit_figure, scores_csv, search, serve, summarize,
};
use crate::generate::{json, json_line};
use crate::sweep_file::SweepFile;
use crate::table::{short, text_table};
use crate::{Error, ExcitabilitySettings, Protocol, Shard, files};

/// A hall of fame: many parameter sets of one morphology that fire as a recording does, found by evolution
///
/// One search per seed. Membranes come first, on the hyperpolarized sweeps; then everything on every sweep. A model is
/// accepted when every feature lies within --accept-z deviations of its target. The state is kept after every
/// generation: after an interruption, or with a larger limit, the same command with --resume goes on to the same bits.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble fit --generations 10\n  \
    noble fit --morphology cell.swc --recording cell.nwb --mode precise --seed 1,2,3 --max-minutes 60\n  \
    noble fit --morphology cell.swc --bluepyopt config --method ibea --generations 100\n  \
    noble fit --write-case case\n  \
    noble fit --targets case/targets.json --space case/space.json --resume")]
pub(super) struct FitArgs {
    #[command(flatten)]
    input: FitInputArgs,
    #[command(flatten)]
    sweeps: SweepInputArgs,
    #[command(flatten)]
    definition: DefinitionArgs,
    #[command(flatten)]
    search: SearchArgs,
    /// Time step of the solver
    #[arg(long, value_name = "MS", default_value_t = Protocol::default().solver_step_ms)]
    dt_ms: f64,
    /// Keep every n-th sample
    #[arg(long, value_name = "N", default_value_t = Protocol::default().every)]
    every: usize,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Continue a fit that was begun with the same inputs and options; limits may differ
    #[arg(long)]
    resume: bool,
    /// Search this share of the seeds alone, 1/3 to 3/3, into a state NAME.fit.shard-1-of-3.json; see noble merge
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Divide the candidates among the ranks of an MPI job; see docs/clusters.md
    #[arg(long, conflicts_with = "shard")]
    mpi: bool,
    /// File to write; the others lie beside it [default: noble-out/NAME.hall_of_fame.json]
    #[arg(long, value_name = "JSON")]
    out: Option<PathBuf>,
}

/// How the search goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Search")]
struct SearchArgs {
    /// Seeds; one search each
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1")]
    seed: Vec<u64>,
    /// How candidates are selected
    #[arg(long, value_enum, default_value = "cma-es")]
    method: MethodArg,
    /// Candidates kept from one generation to the next
    #[arg(long, value_name = "N", default_value_t = FitSettings::default().population_size)]
    population: usize,
    /// New candidates of a generation [default: as many as the population]
    #[arg(long, value_name = "N")]
    offspring: Option<usize>,
    /// Generations of each seed
    #[arg(long, value_name = "N", default_value_t = 200, allow_negative_numbers = true)]
    generations: u32,
    /// Generations on the membrane alone, before
    #[arg(long, value_name = "N", default_value_t = FitSettings::default().n_passive_generations)]
    passive_generations: u32,
    /// Most deviations from any target with which a model is accepted
    #[arg(long, value_name = "Z", default_value_t = FitSettings::default().accepted_z)]
    accept_z: f64,
    /// Models of each seed
    #[arg(long, value_name = "N", default_value_t = FitSettings::default().n_models)]
    models: usize,
    /// Models of each seed kept in the archive
    #[arg(long, value_name = "N", default_value_t = FitSettings::default().n_archived)]
    archive: usize,
    /// Least distance of two kept models, root mean square over parameters scaled to their bounds
    #[arg(long, value_name = "FRACTION", default_value_t = FitSettings::default().least_distance)]
    least_distance: f64,
    /// Stop after so many minutes
    #[arg(long, value_name = "MINUTES")]
    max_minutes: Option<f64>,
    /// Stop a search after so many evaluations
    #[arg(long, value_name = "N")]
    max_evaluations: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodArg {
    /// By the epsilon indicator, as BluePyOpt does
    Ibea,
    /// By rank and crowding
    Nsga2,
    /// By rank and reference points
    Nsga3,
    /// One normal distribution, on the sum of the scores
    CmaEs,
}

impl SearchArgs {
    fn settings(&self) -> Result<FitSettings, Error> {
        let settings = FitSettings {
            seeds: self.seed.clone(),
            method: match self.method {
                MethodArg::Ibea => Method::ibea(),
                MethodArg::Nsga2 => Method::nsga2(),
                MethodArg::Nsga3 => Method::nsga3(),
                MethodArg::CmaEs => Method::CmaEs { initial_step: FitSettings::INITIAL_STEP },
            },
            population_size: self.population,
            offspring_size: self.offspring.unwrap_or(self.population),
            n_passive_generations: self.passive_generations,
            accepted_z: self.accept_z,
            n_models: self.models,
            n_archived: self.archive,
            least_distance: self.least_distance,
            variation: Variation::default(),
        };
        settings.check()?;
        Ok(settings)
    }

    fn limits(&self) -> Result<FitLimits, Error> {
        let duration = match self.max_minutes {
            None => None,
            Some(minutes) => Some(Duration::try_from_secs_f64(60.0 * minutes).map_err(|_| {
                Error::usage(format!("--max-minutes is {minutes}"), "give a number of minutes such as 60")
            })?),
        };
        Ok(FitLimits { n_generations: self.generations, n_evaluations: self.max_evaluations, duration })
    }
}

pub(super) fn run(args: &FitArgs) -> Result<(), Error> {
    if args.mpi {
        return on_ranks(|team| run_together(args, team));
    }
    match prepare(args)? {
        Some(fit) => run_here(args, &fit, None),
        None => Ok(()),
    }
}

/// Searches here, candidates evaluated elsewhere.
pub(super) fn run_elsewhere(args: &FitArgs, evaluator: &dyn Evaluate) -> Result<(), Error> {
    match prepare(args)? {
        Some(fit) => run_here(args, &fit, Some(evaluator)),
        None => Ok(()),
    }
}

/// The plan that candidates are evaluated by; nothing is written.
pub(super) fn plan_of(args: &FitArgs) -> Result<FitPlan, Error> {
    Ok(plan(args)?.0)
}

/// Rank 0 searches, every rank evaluates.
fn run_together(args: &FitArgs, team: &dyn Team) -> Result<(), Error> {
    let Some(fit) = rank_0_first(team, || prepare(args))? else { return Ok(()) };
    if team.rank() > 0 {
        return on_threads(args.threads, || serve(team, &fit.plan));
    }
    run_here(args, &fit, Some(&Together { team }))?;
    dismiss(team);
    Ok(())
}

/// Everything that is read and checked before a search.
struct Prepared {
    plan: FitPlan,
    settings: FitSettings,
    limits: FitLimits,
    recording: Option<SweepFile>,
    paths: FitPaths,
}

/// Reads and checks; `None` where only the case was to be written.
fn prepare(args: &FitArgs) -> Result<Option<Prepared>, Error> {
    if let Some(folder) = args.input.case_folder() {
        let FitInputs { space, targets, .. } = args.input.read(&args.sweeps, &args.definition)?;
        write_case(folder, &space, &targets)?;
        return Ok(None);
    }
    let (settings, limits) = (args.search.settings()?, args.search.limits()?);
    let (plan, recording) = plan(args)?;
    let name = plan.space().base.name.clone();
    let paths = FitPaths::beside(&out_path(args.out.as_deref(), &format!("{name}.hall_of_fame.json")));
    files::check_writable(&paths.hall_of_fame)?;
    check_free(args, &paths)?;
    introduce(&plan, &settings);
    Ok(Some(Prepared { plan, settings, limits, recording, paths }))
}

/// What is fitted to what, read and checked, and the recording it comes from.
fn plan(args: &FitArgs) -> Result<(FitPlan, Option<SweepFile>), Error> {
    let inputs = args.input.read(&args.sweeps, &args.definition)?;
    let FitInputs { cells, space, targets, starts, recording } = inputs;
    let protocol = Protocol { solver_step_ms: args.dt_ms, every: args.every, ..Protocol::default() };
    protocol.check()?;
    let case = FitCase { cells, space, targets, protocol, features: args.definition.settings()?, starts };
    let (plan, notes) = case.plan()?;
    notes.iter().for_each(|note| words(&format!("note: {note}")));
    Ok((plan, recording))
}

/// Nothing that another fit left may be lost.
fn check_free(args: &FitArgs, paths: &FitPaths) -> Result<(), Error> {
    let state = args.shard.map_or_else(|| paths.state.clone(), |shard| shard.file_of(&paths.state));
    let results = [&paths.hall_of_fame, &paths.archive, &paths.scores, &paths.figure];
    let taken = results.into_iter().find(|path| path.exists());
    if let (Some(path), false) = (taken, args.resume && state.exists()) {
        let what = format!("{} exists", path.display());
        let remedy = if args.resume {
            format!("there is no {} to resume from; choose another --out", state.display())
        } else {
            "add --resume if it is of this fit, or choose another --out".to_owned()
        };
        return Err(Error::usage(what, remedy));
    }
    if args.resume && !state.exists() {
        words(&format!("there is no {} yet: the fit begins", state.display()));
    }
    Ok(())
}

/// Searches and concludes; without an evaluator candidates are evaluated by the threads of this process.
fn run_here(args: &FitArgs, fit: &Prepared, evaluator: Option<&dyn Evaluate>) -> Result<(), Error> {
    let Prepared { plan, settings, limits, recording, paths } = fit;
    let bar = Bar::new();
    let here = Here(&bar);
    let evaluator = evaluator.unwrap_or(&here);
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let own = |path: &Path| args.shard.map_or_else(|| path.to_path_buf(), |shard| shard.file_of(path));
    let (state_path, log_path) = (own(&paths.state), own(&paths.log));
    let place = FitPlace { state: &state_path, log: &log_path, resumes: args.resume, shard };
    let state = on_threads(args.threads, || search(plan, settings, &place, limits, (evaluator, &bar)))?;
    if !state.is_complete(limits) {
        words("stopped before the last generation; add --resume to continue");
    }
    if args.shard.is_some() {
        words(&format!("{}: {} of this share", state_path.display(), counted(state.n_searches(), "seed")));
        return Ok(());
    }
    let (result, figure) = on_threads(args.threads, || {
        let result = conclude(plan, settings, &state, &excitability(plan), &bar)?;
        let figure = fit_figure(plan, &result.hall_of_fame, recording.as_ref());
        Ok((result, figure))
    })?;
    write(plan, &result, paths)?;
    files::write(&paths.figure, traces_svg(&figure).as_bytes())?;
    report(plan, settings, &result, paths)
}

fn write_case(
    folder: &Path,
    space: &noble_data::fitting::ParameterSpace,
    targets: &noble_data::fitting::FitTargets,
) -> Result<(), Error> {
    space.check()?;
    targets.check()?;
    for path in [folder.join("space.json"), folder.join("targets.json")] {
        if path.exists() {
            let what = format!("{} exists", path.display());
            return Err(Error::usage(what, "choose another folder with --write-case, or move the file away"));
        }
    }
    files::write(&folder.join("space.json"), &json(space)?)?;
    files::write(&folder.join("targets.json"), &json(targets)?)?;
    words(&format!("{}: space.json, targets.json", folder.display()));
    Ok(())
}

fn introduce(plan: &FitPlan, settings: &FitSettings) {
    words(&format!(
        "{} to {}, {} free",
        counted(plan.targets().count(), "sweep"),
        counted(plan.objectives().len(), "target"),
        counted(plan.space().free.len(), "parameter"),
    ));
    let n_seeds = counted(settings.seeds.len(), "seed");
    words(&format!("{n_seeds}, {} each", counted(settings.population_size, "candidate")));
}

/// The F-I grid ends above the strongest current of the targets.
fn excitability(plan: &FitPlan) -> ExcitabilitySettings {
    let base = ExcitabilitySettings::default();
    let strongest_na = plan.targets().map(TargetSweep::total_na).fold(base.largest_na, f64::max);
    ExcitabilitySettings { largest_na: strongest_na, ..base }
}

fn write(plan: &FitPlan, result: &FitResult, paths: &FitPaths) -> Result<(), Error> {
    files::write(&paths.hall_of_fame, &json(&result.hall_of_fame)?)?;
    files::write(&paths.archive, &json_line(&result.archive)?)?;
    files::write(&paths.scores, scores_csv(plan, &result.hall_of_fame).as_bytes())
}

fn report(plan: &FitPlan, settings: &FitSettings, result: &FitResult, paths: &FitPaths) -> Result<(), Error> {
    let header = ["target", "mean", "deviation", "least", "largest", "best z", "median z", "worst z"];
    let rows: Vec<Vec<String>> = summarize(plan, &result.hall_of_fame)
        .iter()
        .map(|one| {
            let [best, median, worst] = one.scores.map(|score| short(Some(score)));
            let (mean, deviation) = (one.target.map(|own| own.0), one.target.map(|own| own.1));
            let (least, largest) = (one.values.map(|own| own.0), one.values.map(|own| own.1));
            let numbers = [mean, deviation, least, largest].map(short);
            [vec![one.name.clone()], numbers.to_vec(), vec![best, median, worst]].concat()
        })
        .collect();
    data(&text_table(&header.map(str::to_owned), &rows))?;
    for (id, reason) in &result.without_latents {
        words(&format!("warning: model {id} cannot condition an operator: {reason}"));
    }
    for (seed, n_accepted) in &result.short_of {
        words(&format!(
            "warning: {} of {} accepted with seed {seed}; allow more generations or minutes",
            n_accepted,
            counted(settings.n_models, "model")
        ));
    }
    if !result.not_accepted.is_empty() {
        words(&format!(
            "warning: {} of {} miss a target by more than {} deviations; allow more generations or wider bounds",
            result.not_accepted.len(),
            counted(result.hall_of_fame.models.len(), "model"),
            settings.accepted_z
        ));
    }
    words(&format!(
        "{}: {}; {} in {}; scores in {}, traces in {}",
        paths.hall_of_fame.display(),
        counted(result.hall_of_fame.models.len(), "model"),
        result.archive.models.len(),
        paths.archive.display(),
        paths.scores.display(),
        paths.figure.display()
    ));
    Ok(())
}
