//! `noble fi`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noble_features::fi::{Bracket, FiLevel, FiState};
use serde_json::{Map, Value, json};

use super::inputs::{CellArgs, ProtocolArgs, amplitudes};
use super::sweep_input::{DefinitionArgs, SweepInputArgs};
use super::terminal::{Bar, counted, data, on_threads, words};
use crate::fi_curve::{
    CurrentSweeps, FiQuantity, FiReport, SimulatedFiSettings, ThresholdRule, current_sweeps, recorded_fi,
    simulated_fi,
};
use crate::figure::{FiAnalysisFigure, axis, fi_analysis_svg};
use crate::table::{csv_table, text_table};
use crate::{Error, files};

/// The F-I curve of recorded sweeps or of a simulated cell: threshold, slopes, saturation, depolarization block
///
/// Every number comes with its uncertainty and the rule it follows. The rate of a sweep is Spikecount_stimint by the
/// duration of the stimulus. Of recorded sweeps (read as by `noble extract`) the threshold lies between two
/// recorded currents; of a simulated cell it is bisected, and the curve runs from there to --highest-na.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble fi\n  \
    noble fi recording.npz --stim-start-ms 100 --stim-end-ms 600 --out fi\n  \
    noble fi --morphology cell.swc --cell hof_params.json --hof all --highest-na 0.5 --format csv\n  \
    noble fi --models 3 --step-na 0,0.05,0.1,0.15,0.2 --format json")]
pub(super) struct FiArgs {
    /// File of sweeps, .abf, .nwb, .npz or .csv; without it a cell is simulated
    #[arg(value_name = "FILE", conflicts_with_all = ["morphology", "cell", "hof", "models", "axon", "mechanisms",
        "channels", "members", "step_na", "highest_na", "points", "delay_ms", "duration_ms", "total_ms", "dt_ms", "every",
        "sampling", "integrator"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    input: SweepInputArgs,
    #[command(flatten)]
    definition: DefinitionArgs,
    #[command(flatten)]
    cell: CellArgs,
    /// The first N models in the order of the embedded operator (embedded cell only)
    #[arg(long, value_name = "N", conflicts_with_all = ["cell", "models", "hof"])]
    members: Option<usize>,
    /// Currents of the curve in nA [default: --points of them from above the threshold to --highest-na]
    #[arg(long, value_name = "NA,…", value_delimiter = ',', allow_hyphen_values = true)]
    step_na: Option<Vec<f64>>,
    /// Largest current of the search for the threshold, and of the curve
    #[arg(long, value_name = "NA", default_value_t = SimulatedFiSettings::default().largest_na)]
    highest_na: f64,
    /// Number of currents where --step-na is not given
    #[arg(long, value_name = "N", default_value_t = SimulatedFiSettings::default().n_points)]
    points: usize,
    #[command(flatten)]
    protocol: ProtocolArgs,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Also write fi.csv, the points of the curve, and fi.svg, the figure, into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Aligned columns: the points of the curve, then what was read off it
    Table,
    /// One list of all curves, every value
    Json,
    /// What was read off the curves, comma-separated
    Csv,
}

pub(super) fn run(args: &FiArgs) -> Result<(), Error> {
    if let Some(folder) = &args.out {
        files::check_writable(&folder.join("fi.svg"))?;
    }
    let reports = match &args.file {
        Some(path) => recorded(args, path)?,
        None if args.input.is_typed() || args.definition.is_typed() => {
            let what = "--sweeps, --stim-start-ms, --liquid-junction-mv, --mode and --set are about a file";
            return Err(Error::usage(what, "name the file, or leave them out"));
        }
        None => simulated(args)?,
    };
    data(&match args.format {
        Format::Table => table(&reports),
        Format::Json => format!("{:#}\n", Value::Array(reports.iter().map(object).collect())),
        Format::Csv => quantities_csv(&reports),
    })?;
    reports.iter().for_each(warn);
    if let Some(folder) = &args.out {
        files::write(&folder.join("fi.csv"), levels_csv(&reports).as_bytes())?;
        files::write(&folder.join("fi.svg"), figure(args, &reports).as_bytes())?;
        words(&format!("{} in {}", counted(reports.len(), "curve"), folder.join("fi.svg").display()));
    }
    Ok(())
}

fn recorded(args: &FiArgs, path: &Path) -> Result<Vec<FiReport>, Error> {
    let read = on_threads(args.threads, || read_file(args, path));
    let CurrentSweeps { by_model, n_without_current } = read?;
    if n_without_current > 0 {
        words(&format!("note: {} without a known current left out", counted(n_without_current, "sweep")));
    }
    for sweep in by_model.values().flatten() {
        for warning in &sweep.warnings {
            words(&format!("warning: {warning}"));
        }
    }
    let reports = by_model.iter().map(|(model, sweeps)| recorded_fi(*model, sweeps));
    reports.collect::<Result<_, _>>().map_err(|error: Error| error.in_file(path))
}

fn read_file(args: &FiArgs, path: &Path) -> Result<CurrentSweeps, Error> {
    let file = args.input.read(path)?;
    args.input.introduce(path, &file);
    current_sweeps(&file, &args.definition.settings()?).map_err(|error| error.in_file(path))
}

fn simulated(args: &FiArgs) -> Result<Vec<FiReport>, Error> {
    let (cells, ids, base) = args.cell.chosen(args.members)?;
    let protocol = args.protocol.protocol(base)?;
    let settings = SimulatedFiSettings {
        currents_na: args.step_na.as_deref().map(amplitudes).transpose()?,
        largest_na: args.highest_na,
        n_points: args.points,
        ..SimulatedFiSettings::default()
    };
    let bar = Bar::new();
    let reports = on_threads(args.threads, || simulated_fi(&cells, &ids, &protocol, &settings, &bar))?;
    words(&format!(
        "{} simulated with steps of {} ms from {} ms",
        counted(reports.len(), "model"),
        protocol.duration_ms,
        protocol.delay_ms
    ));
    Ok(reports)
}

/// What a reader of the numbers should know, in words.
fn warn(report: &FiReport) {
    let of_model = report.model.map_or_else(String::new, |model| format!("model {model}: "));
    let analysis = &report.analysis;
    for (currents_na, what) in [
        (&analysis.spontaneous_na, "fires without depolarizing current, at"),
        (&analysis.silent_above_na, "not monotone: silent above a current that fires it, at"),
        (&analysis.unblocked_above_na, "not blocked above a current that blocks it, at"),
    ] {
        if !currents_na.is_empty() {
            let listed: Vec<String> = currents_na.iter().map(|current_na| listed(*current_na)).collect();
            words(&format!("warning: {of_model}{what} {} nA", listed.join(", ")));
        }
    }
    if let Some(Bracket { lower_na, upper_na }) = analysis.unexplained_collapse() {
        words(&format!(
            "warning: {of_model}the rate falls below half its largest value between {} and {} nA and no sweep there counts as \
             blocked, so the slope goes through the fall",
            listed(lower_na),
            listed(upper_na)
        ));
    }
    if let (ThresholdRule::Bisection { .. }, Err(noble_features::fi::Undefined::AllSilent { .. })) =
        (report.threshold_rule, &analysis.threshold)
    {
        words(&format!("note: {of_model}raise --highest-na to search further"));
    }
}

/// A current without digits that no stimulator sets.
fn listed(current_na: f64) -> String {
    let text = format!("{current_na:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn state_name(state: FiState) -> &'static str {
    match state {
        FiState::Silent => "silent",
        FiState::Firing => "firing",
        FiState::Blocked => "blocked",
    }
}

fn model_name(report: &FiReport) -> String {
    report.model.map_or_else(String::new, |model| model.to_string())
}

/// The curve, what was read off it, and why what is not there is not; the rules once at the end.
fn table(reports: &[FiReport]) -> String {
    let mut text = String::new();
    for report in reports {
        if let Some(model) = report.model {
            text += &format!("model {model}\n");
        }
        let header =
            ["current_na", "rate_hz", "uncertainty_hz", "state", "n_sweeps", "n_spiking", "n_blocked"];
        let line = |level: &FiLevel| {
            let counts = [level.n_sweeps, level.n_spiking, level.n_blocked].map(|n| n.to_string());
            let (rate, uncertainty) =
                rounded(level.rate_hz, Some(level.rate_uncertainty_hz(report.rate_step_hz)));
            let first = [listed(level.current_na), rate, uncertainty, state_name(level.state).to_owned()];
            first.into_iter().chain(counts).collect()
        };
        let lines: Vec<Vec<String>> = report.curve.levels().iter().map(line).collect();
        text += &text_table(&header.map(str::to_owned), &lines);
        text += "\n";
        text += &quantities_table(&report.quantities());
        text += "\n";
    }
    let rules = reports.first().map(FiReport::quantities).unwrap_or_default();
    text + "rules\n" + &rules.iter().map(|one| format!("  {}: {}\n", one.name, one.rule)).collect::<String>()
}

fn quantities_table(quantities: &[FiQuantity]) -> String {
    let header = ["quantity", "value", "uncertainty", "from_na", "to_na"].map(str::to_owned);
    let line = |one: &FiQuantity| {
        let (value, uncertainty) = one
            .value
            .map_or_else(|| ("–".to_owned(), "–".to_owned()), |value| rounded(value, one.uncertainty));
        let [from, to] = match one.currents_na {
            Some(bracket) => [listed(bracket.lower_na), listed(bracket.upper_na)],
            None => ["–".to_owned(), "–".to_owned()],
        };
        vec![one.name.to_owned(), value, uncertainty, from, to]
    };
    let lines: Vec<Vec<String>> = quantities.iter().map(line).collect();
    let reasons = quantities.iter().filter(|one| !one.reason.is_empty());
    let reasons: String = reasons.map(|one| format!("  {}: {}\n", one.name, one.reason)).collect();
    text_table(&header, &lines) + &reasons
}

/// A value and its uncertainty with the digits that the uncertainty leaves.
fn rounded(value: f64, uncertainty: Option<f64>) -> (String, String) {
    let n_decimals = axis::decimals(uncertainty.unwrap_or(0.0));
    let uncertainty = uncertainty.map_or_else(|| "–".to_owned(), |value| format!("{value:.n_decimals$}"));
    (format!("{value:.n_decimals$}"), uncertainty)
}

fn object(report: &FiReport) -> Value {
    let level = |level: &FiLevel| {
        json!({
            "current_na": level.current_na,
            "state": state_name(level.state),
            "rate_hz": level.rate_hz,
            "uncertainty_hz": level.rate_uncertainty_hz(report.rate_step_hz),
            "rate_sd_hz": level.rate_sd_hz,
            "n_sweeps": level.n_sweeps,
            "n_spiking": level.n_spiking,
            "n_blocked": level.n_blocked,
        })
    };
    let quantity = |one: FiQuantity| {
        let value = json!({
            "value": one.value,
            "uncertainty": one.uncertainty,
            "from_na": one.currents_na.map(|bracket| bracket.lower_na),
            "to_na": one.currents_na.map(|bracket| bracket.upper_na),
            "reason": (!one.reason.is_empty()).then_some(one.reason),
            "rule": one.rule,
        });
        (one.name.to_owned(), value)
    };
    let n_tried = match report.threshold_rule {
        ThresholdRule::Bisection { n_tried } => Some(n_tried),
        ThresholdRule::Sweeps => None,
    };
    json!({
        "model": report.model,
        "rate_step_hz": report.rate_step_hz,
        "n_bisection": n_tried,
        "points": report.curve.levels().iter().map(level).collect::<Vec<Value>>(),
        "quantities": report.quantities().into_iter().map(quantity).collect::<Map<String, Value>>(),
        "spontaneous_na": report.analysis.spontaneous_na,
        "silent_above_na": report.analysis.silent_above_na,
        "unblocked_above_na": report.analysis.unblocked_above_na,
    })
}

/// A number as it is, an empty cell where there is none.
fn exact(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn quantities_csv(reports: &[FiReport]) -> String {
    let header = ["model", "quantity", "value", "uncertainty", "from_na", "to_na", "reason", "rule"];
    let line = |report: &FiReport, one: FiQuantity| {
        vec![
            model_name(report),
            one.name.to_owned(),
            exact(one.value),
            exact(one.uncertainty),
            exact(one.currents_na.map(|bracket| bracket.lower_na)),
            exact(one.currents_na.map(|bracket| bracket.upper_na)),
            one.reason,
            one.rule.to_owned(),
        ]
    };
    let lines = reports.iter().flat_map(|report| {
        report.quantities().into_iter().map(|one| line(report, one)).collect::<Vec<Vec<String>>>()
    });
    csv_table(&header.map(str::to_owned), &lines.collect::<Vec<_>>())
}

fn levels_csv(reports: &[FiReport]) -> String {
    let header = [
        "model",
        "current_na",
        "rate_hz",
        "uncertainty_hz",
        "rate_sd_hz",
        "state",
        "n_sweeps",
        "n_spiking",
        "n_blocked",
    ];
    let line = |report: &FiReport, level: &FiLevel| {
        vec![
            model_name(report),
            level.current_na.to_string(),
            level.rate_hz.to_string(),
            level.rate_uncertainty_hz(report.rate_step_hz).to_string(),
            exact(level.rate_sd_hz),
            state_name(level.state).to_owned(),
            level.n_sweeps.to_string(),
            level.n_spiking.to_string(),
            level.n_blocked.to_string(),
        ]
    };
    let lines =
        reports.iter().flat_map(|report| report.curve.levels().iter().map(move |level| line(report, level)));
    csv_table(&header.map(str::to_owned), &lines.collect::<Vec<_>>())
}

fn figure(args: &FiArgs, reports: &[FiReport]) -> String {
    let source = match &args.file {
        Some(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        None => "simulated".to_owned(),
    };
    let model = match reports {
        [FiReport { model: Some(model), .. }] => format!(" · model {model}"),
        [_] => String::new(),
        several => format!(" · {}", counted(several.len(), "model")),
    };
    let rate_step_hz = reports.iter().map(|report| report.rate_step_hz).fold(0.0, f64::max);
    let label = |report: &FiReport| report.model.map_or_else(String::new, |model| format!("model {model}"));
    fi_analysis_svg(&FiAnalysisFigure {
        title: "Firing rate against current".to_owned(),
        subtitle: format!(
            "{source}{model} · one spike is {} Hz",
            axis::number(rate_step_hz, axis::decimals(0.1 * rate_step_hz))
        ),
        curves: reports.iter().map(|report| report.drawn(label(report))).collect(),
    })
}
