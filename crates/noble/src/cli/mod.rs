//! The command line: what was typed, then what it means; data on stdout, words on stderr.

mod accuracy;
mod channels;
mod convert;
mod evaluate;
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
mod predict_figures;
mod reproduce;
mod simulate;
mod sweep_input;
mod team;
mod terminal;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::Error;

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
    Interpolate(Box<interpolate::InterpolateArgs>),
    Reproduce(Box<reproduce::ReproduceArgs>),
    Operator(operator::OperatorArgs),
    Channels(channels::ChannelsArgs),
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
    let result = match cli.command {
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
        Command::Interpolate(args) => interpolate::run(&args),
        Command::Reproduce(args) => reproduce::run(&args),
        Command::Operator(args) => operator::run(&args),
        Command::Channels(args) => channels::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(error.exit_code())
        }
    }
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
