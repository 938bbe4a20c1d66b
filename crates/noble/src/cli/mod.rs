//! The command line: what was typed, then what it means; data on stdout, words on stderr.

mod accuracy;
mod channels;
mod convert;
mod doctor;
mod evaluate;
#[cfg(feature = "serve")]
mod explore;
mod export;
mod extract;
mod features;
mod fi;
mod fine_tune_args;
mod fit;
mod fit_inputs;
mod generate;
mod inputs;
mod interpolate;
mod merge;
mod operator;
mod operator_convert;
mod output;
mod predict;
mod reproduce;
mod shell;
mod simulate;
mod sweep_input;
mod team;
mod terminal;
mod train;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use noble_operator::Operator;

use crate::fit::{Evaluate, FitPlan};
use crate::{Error, Prediction, Recorded};

pub use terminal::Console;

/// Neural operators for neurons: simulate a cell, train a Fourier neural operator on it, ask it for ensembles.
///
/// Without arguments every command works on an embedded fast-spiking interneuron and an operator trained on it:
/// `noble predict` answers at once, `noble generate`, `noble train` and `noble evaluate` run the whole chain.
#[derive(Debug, Parser)]
#[command(name = "noble", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Simulate(Box<simulate::SimulateArgs>),
    Accuracy(accuracy::AccuracyArgs),
    Extract(extract::ExtractArgs),
    Features(features::FeaturesArgs),
    Fi(Box<fi::FiArgs>),
    Convert(convert::ConvertArgs),
    Fit(Box<fit::FitArgs>),
    Generate(Box<generate::GenerateArgs>),
    Export(export::ExportArgs),
    Merge(merge::MergeArgs),
    Train(Box<train::TrainArgs>),
    Predict(predict::PredictArgs),
    Evaluate(evaluate::EvaluateArgs),
    #[cfg(feature = "serve")]
    Explore(Box<explore::ExploreArgs>),
    Interpolate(Box<interpolate::InterpolateArgs>),
    Reproduce(Box<reproduce::ReproduceArgs>),
    Operator(operator::OperatorArgs),
    Channels(channels::ChannelsArgs),
    Doctor(doctor::DoctorArgs),
    Completions(shell::CompletionsArgs),
    Manual(shell::ManualArgs),
}

/// Runs the command that was typed; 0 done, 1 we failed, 2 the input was wrong.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Simulate(args) => simulate::run(&args),
        Command::Accuracy(args) => accuracy::run(&args),
        Command::Extract(args) => extract::run(&args),
        Command::Features(args) => features::run(&args),
        Command::Fi(args) => fi::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Fit(args) => fit::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        #[cfg(feature = "serve")]
        Command::Explore(args) => explore::run(&args),
        Command::Interpolate(args) => interpolate::run(&args),
        Command::Reproduce(args) => reproduce::run(&args),
        Command::Operator(args) => operator::run(&args),
        Command::Channels(args) => channels::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completions(args) => shell::run_completions(&args),
        Command::Manual(args) => shell::run_manual(&args),
    }
}

/// All commands with their options, of which completions, manuals and bindings are made.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs a command as the binary does, its words without `noble`, for another program.
///
/// # Errors
/// What the binary would say; [`Error::Stopped`] when the console does not want it any more.
pub fn run_for(console: &Arc<dyn Console>, words: &[OsString]) -> Result<(), Error> {
    let command = parsed(words)?;
    terminal::heard(console, || run(command))
}

/// What `noble simulate` would write, for another program; of a share that the words name its rows alone.
///
/// # Errors
/// As [`run_for`]; [`Error::Usage`] for words of another command.
pub fn simulate_for(console: &Arc<dyn Console>, words: &[OsString]) -> Result<Recorded, Error> {
    match parsed(words)? {
        Command::Simulate(args) => terminal::heard(console, || simulate::recorded(&args)),
        _ => Err(Error::usage("this is not simulate", "give its words")),
    }
}

/// Sweeps that `noble simulate` would run.
///
/// # Errors
/// As [`run_for`]; [`Error::Usage`] for words of another command.
pub fn n_sweeps_for(console: &Arc<dyn Console>, words: &[OsString]) -> Result<usize, Error> {
    match parsed(words)? {
        Command::Simulate(args) => terminal::heard(console, || simulate::n_sweeps(&args)),
        _ => Err(Error::usage("this is not simulate", "give its words")),
    }
}

/// What `noble predict` would write, by an operator that is at hand or that the words name, for another program.
///
/// # Errors
/// As [`run_for`]; [`Error::Usage`] for words of another command.
pub fn predict_for(
    console: &Arc<dyn Console>,
    words: &[OsString],
    operator: Option<&Operator>,
) -> Result<Prediction, Error> {
    match parsed(words)? {
        Command::Predict(args) => terminal::heard(console, || predict::prediction(&args, operator)),
        _ => Err(Error::usage("this is not predict", "give its words")),
    }
}

/// Runs `noble fit` for another program, candidates evaluated elsewhere.
///
/// # Errors
/// As [`run_for`], and those of the evaluator; [`Error::Usage`] for words of another command.
pub fn fit_for(
    console: &Arc<dyn Console>,
    words: &[OsString],
    evaluator: &dyn Evaluate,
) -> Result<(), Error> {
    match parsed(words)? {
        Command::Fit(args) => terminal::heard(console, || fit::run_elsewhere(&args, evaluator)),
        _ => Err(Error::usage("this is not fit", "give its words")),
    }
}

/// The plan of a fit, by which its candidates are evaluated elsewhere; files are read, none is written.
///
/// # Errors
/// As [`run_for`]; [`Error::Usage`] for words of another command.
pub fn fit_plan_for(console: &Arc<dyn Console>, words: &[OsString]) -> Result<FitPlan, Error> {
    match parsed(words)? {
        Command::Fit(args) => terminal::heard(console, || fit::plan_of(&args)),
        _ => Err(Error::usage("this is not fit", "give its words")),
    }
}

/// The command of some words; what is wrong with them in one line.
fn parsed(words: &[OsString]) -> Result<Command, Error> {
    let all = std::iter::once(OsString::from("noble")).chain(words.iter().cloned());
    let wrong = |error: clap::Error| {
        let text = error.render().to_string();
        let is_own =
            |line: &&str| !line.is_empty() && !line.starts_with("Usage:") && !line.starts_with("For more");
        let lines: Vec<&str> = text.lines().map(str::trim).filter(is_own).collect();
        let what = lines.join(" ");
        let name = words.first().map_or_else(String::new, |name| format!(" {}", name.to_string_lossy()));
        Error::usage(what.strip_prefix("error: ").unwrap_or(&what), format!("see noble{name} --help"))
    };
    Ok(Cli::try_parse_from(all).map_err(wrong)?.command)
}

/// Writes what is wrong and, on its own line, what to do.
fn report(error: &Error) {
    report_of("", error);
}

/// The same after who says it.
fn report_of(who: &str, error: &Error) {
    for message in messages(error) {
        match message.rsplit_once("; ") {
            Some((what, remedy)) => terminal::error_words(&format!("error: {who}{what}\nhint: {remedy}")),
            None => terminal::error_words(&format!("error: {who}{message}")),
        }
    }
}

/// One message, but for a file of several problems.
fn messages(error: &Error) -> Vec<String> {
    if let Error::File { path, source } = error
        && let Error::Data(noble_data::Error::Nmodl { problems }) = source.as_ref()
    {
        return problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
    }
    vec![error.to_string()]
}
