//! `noble evaluate`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noble_data::dataset::Split;
use noble_operator::Operator;
use serde_json::{Value, json};

use super::inputs::{first_members, operator};
use super::output::out_path;
use super::sweep_input::SweepInputArgs;
use super::terminal::{Bar, counted, data, on_threads, words};
use crate::evaluate::{
    REPORT, RecordedComparison, RecordedFeature, by_onset, compare, compare_recording, evaluation_pages,
    evaluation_text, group_reports, recorded_figure, recorded_warnings,
};
use crate::generate::DatasetFolder;
use crate::table::{csv_table, short, text_table};
use crate::{Error, files, members_of};

/// Compare an operator with the simulator on held-out traces
///
/// Prints voltage error, who fires and who does not (no trace is dropped), spike counts, feature errors, errors by current
/// and by onset, and how far the distributions of features over the models lie apart, for unseen currents of known models
/// and for unseen models. Writes report.json, traces.csv, traces.svg, fi.svg and
/// latent.svg.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble evaluate --operator noble-out/operator.safetensors --dataset noble-out/dataset\n  \
    noble evaluate --operator pvalb.safetensors --dataset pvalb-dataset --split validation --out report\n  \
    noble evaluate --recording cell.nwb --out against-recording")]
pub(super) struct EvaluateArgs {
    /// Operator to judge [default: noble-out/operator.safetensors, or the embedded one where that is absent]
    #[arg(long, value_name = "SAFETENSORS")]
    operator: Option<PathBuf>,
    /// Dataset with the simulator's traces [default: noble-out/dataset]
    #[arg(long, value_name = "FOLDER")]
    dataset: Option<PathBuf>,
    /// Which held-out traces
    #[arg(long, value_enum, default_value = "test")]
    split: SplitArg,
    /// Compare the ensemble with a recording instead (.abf, .nwb, .npz or .csv), feature by feature at every current that both
    /// know; writes recording.csv and recording.svg. Features are taken between samples, z is the recording's distance from
    /// the members' mean in their standard deviations
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dataset", "split"])]
    recording: Option<PathBuf>,
    #[command(flatten)]
    input: SweepInputArgs,
    /// With --recording: the first N models of the operator's header [default: 60, or all of fewer]
    #[arg(long, value_name = "N", requires = "recording")]
    members: Option<usize>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Accepted for symmetry with the other stages; nothing here is random
    #[arg(long, value_name = "N", hide = true)]
    seed: Option<u64>,
    /// Accepted for symmetry with the other stages; the whole report is made again
    #[arg(long, hide = true)]
    resume: bool,
    /// Folder to write [default: noble-out/evaluation]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SplitArg {
    Validation,
    Test,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
}

pub(super) fn run(args: &EvaluateArgs) -> Result<(), Error> {
    let operator = chosen_operator(args)?;
    if let Some(path) = &args.recording {
        return against_recording(args, &operator, path);
    }
    if args.input.is_typed() {
        let what = "--sweeps, --stim-start-ms and --liquid-junction-mv are about a recording";
        return Err(Error::usage(what, "name it with --recording, or leave them out"));
    }
    let dataset = DatasetFolder::open(&out_path(args.dataset.as_deref(), "dataset"))?;
    let split = match args.split {
        SplitArg::Validation => Split::Validation,
        SplitArg::Test => Split::Test,
    };
    let (traces, evaluation) = on_threads(args.threads, || {
        let bar = Bar::new();
        let traces = compare(&operator, &dataset, split, &bar)?;
        let evaluation = group_reports(&traces, by_onset(&operator, &dataset, split, &bar)?)?;
        Ok((traces, evaluation))
    })?;
    let folder = out_path(args.out.as_deref(), "evaluation");
    let pages = evaluation_pages(operator.card(), &traces, &evaluation)?;
    for (name, text) in &pages {
        files::write(&folder.join(name), text.as_bytes())?;
    }
    match args.format {
        Format::Json => data(&format!("{}\n", pages[REPORT]))?,
        Format::Table => data(&evaluation_text(&evaluation))?,
    }
    let names: Vec<&str> = pages.keys().copied().collect();
    words(&format!("{} in {}", names.join(", "), folder.display()));
    Ok(())
}

fn chosen_operator(args: &EvaluateArgs) -> Result<Operator, Error> {
    let path = out_path(args.operator.as_deref(), "operator.safetensors");
    if args.operator.is_none() && !path.exists() {
        words(&format!("{} is absent: judging the embedded operator", path.display()));
        return operator(None);
    }
    operator(Some(&path))
}

/// Members that are asked for without `--members`.
const DEFAULT_MEMBERS: usize = 60;

fn against_recording(args: &EvaluateArgs, operator: &Operator, path: &Path) -> Result<(), Error> {
    let file = args.input.read(path)?;
    args.input.introduce(path, &file);
    let card = operator.card();
    let n_known = card.train_models.len() + card.validation_models.len() + card.test_models.len();
    let n_members = args.members.unwrap_or(DEFAULT_MEMBERS.min(n_known));
    let members = members_of(operator, &first_members(card, n_members)?)?;
    let compared = on_threads(args.threads, || compare_recording((operator, &members), &file, &Bar::new()));
    let compared = compared.map_err(|error| error.in_file(path))?;
    let n_left_out = file.sweeps.len() - compared.len();
    if n_left_out > 0 {
        words(&format!(
            "note: {} left out: no known step from {} to {} nA",
            counted(n_left_out, "sweep"),
            card.steps.lowest_na,
            card.steps.highest_na
        ));
    }
    for warning in recorded_warnings(operator, &compared) {
        words(&format!("warning: {warning}"));
    }
    let folder = out_path(args.out.as_deref(), "evaluation");
    let (header, rows) =
        recording_table(&compared, |value| value.map_or_else(String::new, |v| v.to_string()));
    files::write(&folder.join("recording.csv"), csv_table(&header, &rows).as_bytes())?;
    files::write(&folder.join("recording.svg"), recorded_figure(operator, &compared).as_bytes())?;
    match args.format {
        Format::Json => data(&format!("{:#}\n", recording_json(&header, &rows)))?,
        Format::Table => {
            let (header, rows) = recording_table(&compared, short);
            data(&text_table(&header, &rows))?;
        }
    }
    words(&format!(
        "{}, {}; recording.csv, recording.svg in {}",
        counted(compared.len(), "sweep"),
        counted(n_members, "member"),
        folder.display()
    ));
    Ok(())
}

fn recording_table(
    compared: &[RecordedComparison],
    number: impl Fn(Option<f64>) -> String,
) -> (Vec<String>, Vec<Vec<String>>) {
    let header =
        ["sweep", "step_na", "firing", "feature", "recorded", "members", "mean", "deviation", "z", "below"];
    let row = |one: &RecordedComparison, feature: &RecordedFeature| {
        let has = feature.n_members > 0;
        let z = feature.recorded.filter(|_| has && feature.deviation > 0.0);
        vec![
            one.sweep_idx.to_string(),
            number(Some(one.step_na)),
            number(Some(one.firing_fraction)),
            feature.name.to_owned(),
            number(feature.recorded),
            feature.n_members.to_string(),
            number(has.then_some(feature.mean)),
            number(has.then_some(feature.deviation)),
            number(z.map(|recorded| (recorded - feature.mean) / feature.deviation)),
            number(feature.below_fraction),
        ]
    };
    let is_said = |feature: &&RecordedFeature| feature.recorded.is_some() || feature.n_members > 0;
    let rows =
        compared.iter().flat_map(|one| one.features.iter().filter(is_said).map(|feature| row(one, feature)));
    (header.map(str::to_owned).to_vec(), rows.collect())
}

/// The table as a list of objects: numbers where they are, null where there is none.
fn recording_json(header: &[String], rows: &[Vec<String>]) -> Value {
    let cell = |text: &String| match text.parse::<f64>() {
        Ok(number) => json!(number),
        Err(_) if text.is_empty() => Value::Null,
        Err(_) => json!(text),
    };
    let row = |row: &Vec<String>| {
        Value::Object(header.iter().zip(row).map(|(name, text)| (name.clone(), cell(text))).collect())
    };
    Value::Array(rows.iter().map(row).collect())
}
