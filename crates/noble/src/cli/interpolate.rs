//! `noble interpolate`.

use std::path::{Path as FilePath, PathBuf};

use clap::Args;

use super::inputs::{CellArgs, amplitudes, operator};
use super::output::out_path;
use super::terminal::{Bar, counted, data, on_threads, words};
use crate::figure::{TracePanel, TracesFigure, axis, traces_svg};
use crate::interpolation::{FEATURES, InterpolationSettings, Judgement, Path, Way, interpolate, judge};
use crate::table::{csv_table, short, text_table};
use crate::{Error, Protocol, files};

/// Neurons between two models: parameters blended and simulated, against places in latent space that the operator answers for
///
/// For pairs of the operator's training models, blends all parameters of the cable equation and simulates, blends the
/// latent features and asks the operator, and simulates the real model nearest to that place. Features are judged by their
/// distance from the line between the two ends, in standard deviations over all ends. Writes interpolation.csv and
/// interpolation.svg.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    noble interpolate\n  \
    noble interpolate --pairs 50 --steps 4 --step-na 0.05,0.1,0.2 --out between\n  \
    noble interpolate --morphology cell.swc --cell cell.hall_of_fame.json --operator cell.safetensors --step-na 0.3")]
pub(super) struct InterpolateArgs {
    #[command(flatten)]
    cell: CellArgs,
    /// Operator to ask [default: the embedded one]
    #[arg(long, value_name = "SAFETENSORS")]
    operator: Option<PathBuf>,
    /// Pairs of models, drawn by --seed
    #[arg(long, value_name = "N", default_value_t = 20)]
    pairs: usize,
    /// Even steps from one model to the other
    #[arg(long, value_name = "N", default_value_t = 4)]
    steps: usize,
    /// Amplitudes of the current step in nA
    #[arg(long, value_name = "NA,…", value_delimiter = ',', allow_hyphen_values = true, default_values_t = [0.1, 0.2])]
    step_na: Vec<f64>,
    /// Seed of the pairs
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Folder to write [default: noble-out/interpolation]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &InterpolateArgs) -> Result<(), Error> {
    let folder = out_path(args.out.as_deref(), "interpolation");
    let operator = operator(args.operator.as_deref())?;
    let cells = args.cell.archive_cells()?;
    let settings = InterpolationSettings {
        n_pairs: args.pairs,
        n_steps: args.steps,
        steps_na: amplitudes(&args.step_na)?,
        seed: args.seed,
    };
    let protocol = Protocol::of_operator(operator.card());
    let paths =
        on_threads(args.threads, || interpolate((&cells, &operator), &settings, &protocol, &Bar::new()))?;
    let judgements = judge(&paths);
    data(&judgement_text(&judgements))?;
    write(&folder, &paths, &operator.card().grid.times_ms())?;
    words(&format!(
        "{} at {}; interpolation.csv and interpolation.svg in {}",
        counted(args.pairs, "pair"),
        counted(settings.steps_na.len(), "current"),
        folder.display()
    ));
    Ok(())
}

fn judgement_text(judgements: &[Judgement]) -> String {
    let header = std::iter::once(String::new()).chain(judgements.iter().map(|j| j.way.name().to_owned()));
    let header: Vec<String> = header.collect();
    let row = |name: String, value: &dyn Fn(&Judgement) -> String| {
        std::iter::once(name).chain(judgements.iter().map(value)).collect::<Vec<String>>()
    };
    let part = |n: usize, all: usize| format!("{:.1} %", 100.0 * n as f64 / all.max(1) as f64);
    let mut rows = vec![
        row("neurons".to_owned(), &|j| j.n_neurons.to_string()),
        row("misfiring".to_owned(), &|j| part(j.n_misfiring, j.n_neurons)),
        row("outside of all ends by a deviation".to_owned(), &|j| part(j.n_outside, j.n_neurons)),
    ];
    for name in FEATURES {
        rows.push(row(format!("{name}, from the line"), &|j| short(j.from_line.get(name).copied())));
    }
    for name in FEATURES {
        rows.push(row(format!("{name}, from the nearest model"), &|j| {
            short(j.from_nearest.get(name).copied())
        }));
    }
    text_table(&header, &rows)
}

fn write(folder: &FilePath, paths: &[Path], times_ms: &[f64]) -> Result<(), Error> {
    files::write(&folder.join("interpolation.csv"), list(paths).as_bytes())?;
    files::write(&folder.join("interpolation.svg"), figure(paths, times_ms).as_bytes())
}

/// Every answer, one row each; ends have the parts 0 and 1.
fn list(paths: &[Path]) -> String {
    let mut header =
        ["first_model", "last_model", "step_na", "part", "way", "nearest_model"].map(str::to_owned).to_vec();
    header.extend(FEATURES.map(str::to_owned));
    let mut rows = Vec::new();
    for path in paths {
        let ends = [(0.0, &path.of_ends.0), (1.0, &path.of_ends.1)];
        let mut row = |part: f64, way: &str, nearest: String, answer: &crate::interpolation::Answer| {
            let (first, last) = path.ends;
            let mut row =
                vec![first.to_string(), last.to_string(), path.step_na.to_string(), part.to_string()];
            row.extend([way.to_owned(), nearest]);
            let value = |name: &str| answer.features.as_ref().and_then(|features| features.mean(name));
            row.extend(FEATURES.map(|name| value(name).map_or_else(String::new, |value| value.to_string())));
            rows.push(row);
        };
        ends.into_iter().for_each(|(part, answer)| row(part, "end", String::new(), answer));
        for place in &path.places {
            for (way, answer) in Way::ALL.iter().zip(&place.answers) {
                row(place.part, way.name(), place.nearest.to_string(), answer);
            }
        }
    }
    csv_table(&header, &rows)
}

/// The first pair at the last current, from one end to the other.
fn figure(paths: &[Path], times_ms: &[f64]) -> String {
    let last_na = paths.iter().map(|path| path.step_na).fold(f64::NEG_INFINITY, f64::max);
    let path = paths.iter().find(|path| path.step_na.to_bits() == last_na.to_bits());
    let panel = |path: &Path, part: f64, (parameters, latents): (&[f64], &[f64])| {
        let (first, last) = path.ends;
        let at = match part {
            0.0 => format!("model {first}"),
            1.0 => format!("model {last}"),
            part => format!("{} % of the way", axis::number(100.0 * part, 1)),
        };
        TracePanel {
            label: format!("{at} · {} nA", axis::number(path.step_na, 3)),
            times_ms: times_ms.to_vec(),
            reference_v_mv: parameters.to_vec(),
            predicted_v_mv: latents.to_vec(),
            others_v_mv: Vec::new(),
        }
    };
    let panels = path.map(|path| {
        let places = path
            .places
            .iter()
            .map(|place| panel(path, place.part, (&place.answers[0].v_mv, &place.answers[1].v_mv)));
        let first = panel(path, 0.0, (&path.of_ends.0.v_mv, &[]));
        let last = panel(path, 1.0, (&path.of_ends.1.v_mv, &[]));
        std::iter::once(first).chain(places).chain([last]).collect()
    });
    traces_svg(&TracesFigure {
        title: "From one model to another".to_owned(),
        subtitle: "parameters blended and simulated, latent features blended and predicted".to_owned(),
        reference_label: "simulator".to_owned(),
        predicted_label: "operator".to_owned(),
        others_label: String::new(),
        panels: panels.unwrap_or_default(),
        zoom: None,
    })
}
