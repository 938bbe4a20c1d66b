//! `noble predict`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noble_data::ModelId;
use noble_data::sweeps::Precision;
use noble_operator::{Operator, OperatorCard, OperatorPlan, Warning};

use super::inputs::{amplitudes, first_members, operator};
use super::output::DEFAULT_FOLDER;
use super::terminal::{Bar, data, on_threads, words};
use crate::features::{extract, features_named, summary_features};
use crate::table::{short, text_table};
use crate::{
    EnsembleReport, Error, I_THR, Member, Placement, Prediction, S_THR, completed_latents, files, grid_cell,
    member_at, members_of, place_members, predict,
};

/// Voltage of an ensemble, its features and its figure
///
/// Asks an operator for members it knows by number, for the first N of them, or for a place of your own in latent
/// space. Writes ensemble.npz, ensemble.svg, latent.svg and features.csv, and prints a table of features.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble predict\n  \
    noble predict --step-na 0.1,0.2 --members 50 --out ensemble\n  \
    noble predict --latent i_thr_na=0.017,s_thr_hz_per_na=250 --step-na 0.15 --format json\n  \
    noble predict --draw hull --members 200 --step-na 0.1 --out novel\n  \
    noble predict --between 3,17 --members 9 --step-na 0.1\n  \
    noble predict --map Spikecount,AHP_depth --step-na 0.15 --out map\n  \
    noble predict --models 0,1,2 --step-na 0,0.05,0.1,0.15,0.2,0.25 --out fi\n  \
    noble predict --operator pvalb.safetensors --models 3,17\n  \
    noble predict --step-na 0.15 --dt-ms 0.05 --out fine")]
pub(super) struct PredictArgs {
    /// Operator to ask [default: the embedded one]
    #[arg(long, value_name = "SAFETENSORS")]
    operator: Option<PathBuf>,
    /// Amplitudes of the current step in nA [default: median threshold and 30 Hz over median F-I slope]
    #[arg(long, value_name = "NA,…", value_delimiter = ',', allow_hyphen_values = true)]
    step_na: Option<Vec<f64>>,
    /// The first N models of the operator's header: training, validation, test; with --draw, --between and --near N neurons
    /// [default: 20]
    #[arg(long, value_name = "N", conflicts_with_all = ["models", "latent"])]
    members: Option<usize>,
    /// Models of the operator's header by number
    #[arg(long, value_name = "ID,…", value_delimiter = ',', conflicts_with = "latent")]
    models: Option<Vec<ModelId>>,
    /// A neuron of your own by its latent features; those left out are expected from the training models
    #[arg(long, value_name = "NAME=VALUE,…", value_delimiter = ',')]
    latent: Option<Vec<String>>,
    /// Neurons between the known ones: drawn evenly from the hull of the training models, or from their density
    #[arg(long, value_enum, value_name = "FROM", conflicts_with_all = ["models", "latent", "between", "near"])]
    draw: Option<Draw>,
    /// Neurons from one model to another in even steps
    #[arg(long, value_name = "ID,ID", value_delimiter = ',', conflicts_with_all = ["models", "latent", "near"])]
    between: Option<Vec<ModelId>>,
    /// Neurons around a model, drawn evenly from a disk of --radius
    #[arg(long, value_name = "ID", conflicts_with_all = ["models", "latent"])]
    near: Option<ModelId>,
    /// Maps of features over the plane of threshold current and slope, one figure each, at the first current: places on a grid
    /// of --members cells a side within the hull of the training models
    #[arg(long, value_name = "FEATURE,…", value_delimiter = ',',
        conflicts_with_all = ["models", "latent", "draw", "between", "near"])]
    map: Vec<String>,
    /// Radius of --near, in ranges of the training models' threshold current and slope
    #[arg(long, value_name = "PART", default_value_t = 0.1)]
    radius: f64,
    /// Seed of --draw and --near
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Time step of the answer; the nearest that divides the operator's span is taken [default: the operator's own]
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    dt_ms: Option<f64>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Folder to write [default: noble-out]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Draw {
    /// Evenly over the convex hull in the plane of threshold current and F-I slope
    Hull,
    /// A normal distribution fitted to all latent features
    Density,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// Columns of the printed table; `features.csv` holds all.
const SHOWN: [&str; 7] = [
    "Spikecount",
    "time_to_first_spike",
    "mean_frequency",
    "AP1_peak",
    "AP1_width",
    "AHP_depth",
    "steady_state_voltage_stimend",
];
const DEFAULT_MEMBERS: usize = 20;
/// Latent features beside which the features still fit a screen.
const MOST_SHOWN_LATENTS: usize = 3;
/// Well above threshold, where cells fire regularly. // [Hz]
const DEFAULT_RATE_HZ: f64 = 30.0;
/// Currents from which an F-I curve is drawn.
const FEWEST_OF_CURVE: usize = 3;
/// Rows that fit a screen.
const MOST_ROWS: usize = 24;

pub(super) fn run(args: &PredictArgs) -> Result<(), Error> {
    let operator = operator(args.operator.as_deref())?;
    introduce(args, operator.card());
    let steps_na = steps_na(args, operator.card())?;
    let members = members(args, &operator)?;
    let asked = summary_features();
    check_mapped(&args.map)?;
    let (Prediction { sweeps, warnings }, features) = on_threads(args.threads, || {
        let plan = planned(args, &operator)?;
        let prediction = predict(&plan, &members, &steps_na, &Bar::new())?;
        let sweeps = &prediction.sweeps;
        let window =
            sweeps.window.ok_or_else(|| Error::Internal { what: "a prediction has no window".to_owned() })?;
        let features = extract(sweeps, &asked, window)?;
        Ok((prediction, features))
    })?;
    warn(&warnings);
    let folder = args.out.as_deref().unwrap_or(Path::new(DEFAULT_FOLDER));
    let report = EnsembleReport {
        card: operator.card(),
        members: &members,
        sweeps: &sweeps,
        features: &features,
        warnings: &warnings,
    };
    files::write(&folder.join("ensemble.npz"), &sweeps.to_npz(Precision::Single)?)?;
    files::write(&folder.join("ensemble.svg"), report.ensemble_svg(&steps_na).as_bytes())?;
    files::write(&folder.join("latent.svg"), report.latent_svg().as_bytes())?;
    let mut written = vec!["ensemble.npz", "ensemble.svg", "latent.svg", "features.csv"];
    if steps_na.len() >= FEWEST_OF_CURVE {
        files::write(&folder.join("fi.svg"), report.fi_svg(&steps_na).as_bytes())?;
        written.push("fi.svg");
    }
    let maps: Vec<String> = args.map.iter().map(|name| format!("map-{name}.svg")).collect();
    for (name, file) in args.map.iter().zip(&maps) {
        let cell_size = grid_cell(&operator, args.members.unwrap_or(DEFAULT_MEMBERS))?;
        let map = report.heat_map_svg(name, (steps_na[0], cell_size), steps_na.len());
        files::write(&folder.join(file), map.as_bytes())?;
        written.push(file);
    }
    let names: Vec<&str> = asked.iter().map(|feature| feature.name).collect();
    files::write(&folder.join("features.csv"), report.csv(&names).as_bytes())?;
    match args.format {
        Format::Json => data(&format!("{}\n", report.json()))?,
        Format::Table => print_table(&report, steps_na.len())?,
    }
    words(&format!("{} in {}", written.join(", "), folder.display()));
    Ok(())
}

/// What would be written, where nothing is.
pub(super) fn prediction(args: &PredictArgs, operator: Option<&Operator>) -> Result<Prediction, Error> {
    let operator = match operator {
        Some(at_hand) => at_hand,
        None => &self::operator(args.operator.as_deref())?,
    };
    let (steps_na, members) = (steps_na(args, operator.card())?, members(args, operator)?);
    let prediction =
        on_threads(args.threads, || predict(&planned(args, operator)?, &members, &steps_na, &Bar::new()))?;
    warn(&prediction.warnings);
    Ok(prediction)
}

/// The amplitudes typed, or the default.
fn steps_na(args: &PredictArgs, card: &OperatorCard) -> Result<Vec<f64>, Error> {
    match &args.step_na {
        Some(steps_na) => amplitudes(steps_na),
        None => Ok(vec![default_step_na(card)]),
    }
}

/// Refuses maps of features that are not known, or that are no summary of a trace.
fn check_mapped(names: &[String]) -> Result<(), Error> {
    for feature in features_named(names)? {
        if !summary_features().iter().any(|summary| summary.name == feature.name) {
            return Err(Error::usage(
                format!("--map {}: its mean says nothing", feature.name),
                "map another feature",
            ));
        }
    }
    Ok(())
}

/// The operator on the grid asked for.
fn planned(args: &PredictArgs, operator: &Operator) -> Result<OperatorPlan, Error> {
    let Some(step_ms) = args.dt_ms else { return Ok(operator.plan()?) };
    let plan = operator.plan_at(step_ms)?;
    let grid = plan.grid();
    words(&format!("--dt-ms {step_ms}: {} samples of {:.6} ms", grid.n_samples(), grid.step_ms()));
    Ok(plan)
}

/// Says which operator answers, and how far off it was on its validation traces.
fn introduce(args: &PredictArgs, card: &OperatorCard) {
    let name = args
        .operator
        .as_ref()
        .map_or_else(|| "embedded operator".to_owned(), |path| path.display().to_string());
    let error = card.metrics.get("validation_relative_l2");
    let error =
        error.map_or_else(String::new, |error| format!(", validation voltage error {:.1} %", 100.0 * error));
    words(&format!("{name}: {} training models{error}", card.train_models.len()));
}

/// A current at which most of the operator's models should fire, to a hundredth of a nanoampere: where the line through
/// the median threshold with the median slope reaches 30 Hz; twice the threshold, where no slope is known.
fn default_step_na(card: &OperatorCard) -> f64 {
    let median = |name: &str| {
        let mut values: Vec<f64> =
            card.models.iter().filter_map(|model| model.latents.get(name)).copied().collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let threshold_na = median(I_THR).unwrap_or(0.0);
    let slope = median(S_THR).filter(|slope_hz_per_na| *slope_hz_per_na > 0.0);
    let above_na = slope.map_or(threshold_na, |slope_hz_per_na| DEFAULT_RATE_HZ / slope_hz_per_na);
    (100.0 * (threshold_na + above_na)).round() / 100.0
}

/// Every reason once, however many sweeps share it.
fn warn(warnings: &[Vec<Warning>]) {
    let reasons: BTreeSet<String> = warnings.iter().flatten().map(ToString::to_string).collect();
    reasons.iter().for_each(|reason| words(&format!("warning: {reason}")));
}

fn members(args: &PredictArgs, operator: &Operator) -> Result<Vec<Member>, Error> {
    if let Some(pairs) = &args.latent {
        let (latents, missing) = completed_latents(operator, latents(pairs)?)?;
        let member = member_at(operator, latents)?;
        if !missing.is_empty() {
            let n_models = operator.card().train_models.len();
            words(&format!(
                "warning: not given, taken as the {n_models} training models let expect: {}",
                missing.join(", ")
            ));
        }
        return Ok(vec![member]);
    }
    if let Some(ids) = &args.models {
        return members_of(operator, ids);
    }
    if let Some(placement) = placement(args)? {
        return place_members(operator, placement, args.members.unwrap_or(DEFAULT_MEMBERS));
    }
    let card = operator.card();
    let n_known = card.train_models.len() + card.validation_models.len() + card.test_models.len();
    let n_members = args.members.unwrap_or(DEFAULT_MEMBERS.min(n_known));
    members_of(operator, &first_members(card, n_members)?)
}

/// Where members are placed, if not among the known models.
fn placement(args: &PredictArgs) -> Result<Option<Placement>, Error> {
    let seed = args.seed;
    if let Some(ids) = &args.between {
        let [first, last] = ids[..] else {
            let what = format!("--between names {} models", ids.len());
            return Err(Error::usage(what, "name two, such as --between 3,17"));
        };
        return Ok(Some(Placement::Between { first, last }));
    }
    if let Some(model) = args.near {
        return Ok(Some(Placement::Near { model, radius: args.radius, seed }));
    }
    if !args.map.is_empty() {
        return Ok(Some(Placement::Grid));
    }
    Ok(args.draw.map(|draw| match draw {
        Draw::Hull => Placement::Hull { seed },
        Draw::Density => Placement::Density { seed },
    }))
}

fn latents(pairs: &[String]) -> Result<BTreeMap<String, f64>, Error> {
    let mut latents = BTreeMap::new();
    for pair in pairs {
        let parsed =
            pair.split_once('=').and_then(|(name, value)| Some((name.trim(), value.trim().parse().ok()?)));
        let Some((name, value)) = parsed else {
            let example = "write --latent i_thr_na=0.017,s_thr_hz_per_na=250";
            return Err(Error::usage(format!("--latent {pair} is not NAME=NUMBER"), example));
        };
        if latents.insert(name.to_owned(), value).is_some() {
            return Err(Error::usage(format!("--latent names {name} twice"), "give each feature once"));
        }
    }
    Ok(latents)
}

fn print_table(rows: &EnsembleReport<'_>, n_steps: usize) -> Result<(), Error> {
    let latents = shown_latents(rows);
    let (header, lines) = rows.table((&latents, &SHOWN), short);
    data(&text_table(&header, &lines[..lines.len().min(MOST_ROWS)]))?;
    if lines.len() > MOST_ROWS {
        words(&format!("… {} more rows in features.csv", lines.len() - MOST_ROWS));
    }
    let n_firing = rows.features.iter().filter(|row| !row.spike_times_ms.is_empty()).count();
    let (n_sweeps, n_members) = (lines.len(), rows.members.len());
    words(&format!("{n_firing} of {n_sweeps} sweeps fire (members × currents: {n_members} × {n_steps})"));
    for (sweep_idx, warning) in
        rows.features.iter().flat_map(|row| row.warnings.iter().map(move |w| (row.sweep_idx, w)))
    {
        words(&format!("warning: sweep {sweep_idx}: {warning}"));
    }
    Ok(())
}

/// Latent features that fit a screen: all of a few, of many those that span the map.
fn shown_latents<'a>(report: &EnsembleReport<'a>) -> Vec<&'a String> {
    let latents = &report.card.input.latents;
    let is_many = latents.len() > MOST_SHOWN_LATENTS;
    let names = latents.iter().map(|latent| &latent.name);
    names.filter(|name| !is_many || [I_THR, S_THR].contains(&name.as_str())).collect()
}
