//! What a channel file says, and what it does at some voltages.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use noble_cell::{Kinetics, MembraneConditions, kinetics_at};
use noble_data::ChannelModel;
use noble_data::channel::{BinaryOperator, CurrentKind, CurrentSpec, Expression, Ion, ParameterSpec, Range};

use super::super::inputs::read_channel;
use super::super::report;
use super::super::terminal::{data, words};
use crate::Error;
use crate::table::{short, text_table};

/// Read channel files, and print what they say
///
/// That is parameters, states, currents, and a table of steady states and time constants. The table holds every gate and state at some voltages, with calcium at rest, no calcium current and parameters at
/// their defaults. For a state of a scheme tau_ms is the mean time until it is left. Values that cannot be, such as
/// those of a rate that is 0/0, are searched in steps of 1 mV and named in a warning.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    noble channels check Kdr.toml Kdr_imported.toml --temperature-celsius 22")]
pub(super) struct CheckArgs {
    /// Channel files
    #[arg(value_name = "TOML", required = true)]
    files: Vec<PathBuf>,
    /// Temperature of the table
    #[arg(long, value_name = "CELSIUS", allow_hyphen_values = true, default_value_t = 34.0)]
    temperature_celsius: f64,
}

/// Voltages of the table.
const SHOWN_MV: [f64; 8] = [-100.0, -80.0, -60.0, -40.0, -20.0, 0.0, 20.0, 40.0];

/// Every file is looked at; the last error is left for the caller to report.
pub(super) fn run(args: &CheckArgs) -> Result<(), Error> {
    if !args.temperature_celsius.is_finite() {
        let what = format!("--temperature-celsius is {}", args.temperature_celsius);
        return Err(Error::usage(what, "give a finite temperature"));
    }
    let mut failure = None;
    for path in &args.files {
        match read_channel(path) {
            Ok(channel) => show(path, &channel, args.temperature_celsius)?,
            Err(error) => {
                if let Some(earlier) = failure.replace(error) {
                    report(&earlier);
                }
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

fn show(path: &Path, channel: &ChannelModel, temperature_celsius: f64) -> Result<(), Error> {
    let mut text = format!("{}: {}, {}\n", path.display(), channel.name, channel.summary);
    for (key, values) in outline(channel, temperature_celsius) {
        for (value_idx, value) in values.iter().enumerate() {
            let key = if value_idx == 0 { key } else { "" };
            let _ = writeln!(text, "  {key:<12}{value}");
        }
    }
    let open = open_parameters(channel);
    if open.is_empty() {
        text += &kinetics_table(channel, temperature_celsius);
        warn(path, channel, temperature_celsius);
    } else {
        let needed = open.join(", ");
        words(&format!("note: {}: no table, as states depend on {needed} without default", path.display()));
    }
    data(&(text + "\n"))
}

/// What the file says, by subject.
fn outline(channel: &ChannelModel, temperature_celsius: f64) -> Vec<(&'static str, Vec<String>)> {
    let gates: Vec<&str> = channel.gates.iter().map(|gate| gate.name.as_str()).collect();
    let scheme = channel.scheme.iter().map(|scheme| {
        let (states, n_transitions) = (scheme.states.join(", "), scheme.transitions.len());
        format!("{states}; {n_transitions} transitions")
    });
    let q = channel.temperature.iter().map(|factor| {
        let at = factor.at_celsius.map_or_else(String::new, |celsius| format!(" at {celsius} °C"));
        let q = short(Some(factor.at(temperature_celsius)));
        format!("q = {}^((T - {}) / 10){at}, here {q}", factor.q10, factor.reference_celsius)
    });
    let pool = channel
        .concentration
        .iter()
        .map(|pool| format!("{} goes to {} in {} ms", pool.ion.name(), pool.steady_millimolar, pool.tau_ms));
    let listed = |names: Vec<&str>| if names.is_empty() { Vec::new() } else { vec![names.join(", ")] };
    vec![
        ("source", vec![channel.source.clone()]),
        ("parameters", channel.parameters.iter().map(parameter_text).collect()),
        ("temperature", q.collect()),
        ("gates", listed(gates)),
        ("scheme", scheme.collect()),
        ("pool", pool.collect()),
        ("currents", channel.currents.iter().map(current_text).collect()),
    ]
}

fn parameter_text(parameter: &ParameterSpec) -> String {
    let default = parameter.default.map_or("to be set".to_owned(), |default| format!("default {default}"));
    let range = match parameter.range {
        Range::Any => "",
        Range::NotNegative => ", at least 0",
        Range::Positive => ", above 0",
    };
    format!("{}: {default}{range}", parameter.name)
}

/// The current as one formula, in mA/cm2.
fn current_text(current: &CurrentSpec) -> String {
    let name = |name: &str| Box::new(Expression::Name(name.to_owned()));
    let formula = match &current.kind {
        CurrentKind::Current { current_ma_per_cm2 } => current_ma_per_cm2.clone(),
        CurrentKind::Conductance { conductance_s_per_cm2, reversal_mv } => {
            let of_ion = || current.ion.map(|ion| name(ion.reversal_name()));
            let reversal =
                reversal_mv.clone().map(Box::new).or_else(of_ion).unwrap_or_else(|| name("reversal_mv"));
            let driving = Expression::Binary(BinaryOperator::Subtract, name("v"), reversal);
            let conductance = Box::new(conductance_s_per_cm2.clone());
            Expression::Binary(BinaryOperator::Multiply, conductance, Box::new(driving))
        }
    };
    format!("{}: {formula} mA/cm2", current.ion.map_or("mixture", Ion::name))
}

/// Parameters without default that states depend on.
fn open_parameters(channel: &ChannelModel) -> Vec<&str> {
    let mut states_alone = channel.clone();
    states_alone.currents.clear();
    let is_needed = |parameter: &&ParameterSpec| {
        let mut formulas = states_alone.formulas();
        formulas.any(|formula| states_alone.base_names(formula).contains(parameter.name.as_str()))
    };
    let open = channel.parameters.iter().filter(|parameter| parameter.default.is_none());
    open.filter(is_needed).map(|parameter| parameter.name.as_str()).collect()
}

fn held_at_mv(v_mv: f64, temperature_celsius: f64) -> MembraneConditions {
    MembraneConditions { v_mv, temperature_celsius, ..MembraneConditions::default() }
}

/// Names with unit, value by value.
fn named(kinetics: Vec<Kinetics>) -> impl Iterator<Item = (String, f64)> {
    kinetics.into_iter().flat_map(|one| {
        let (name, unit) = if one.name == "calcium_millimolar" {
            ("calcium", "_millimolar")
        } else {
            (one.name.as_str(), "")
        };
        [(format!("{name}_steady{unit}"), one.steady), (format!("{name}_tau_ms"), one.tau_ms)]
    })
}

fn kinetics_table(channel: &ChannelModel, temperature_celsius: f64) -> String {
    let mut columns: Vec<BTreeMap<String, f64>> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for v_mv in SHOWN_MV {
        let found = kinetics_at(channel, &held_at_mv(v_mv, temperature_celsius)).unwrap_or_default();
        let found: Vec<(String, f64)> = named(found).collect();
        if names.is_empty() {
            names = found.iter().map(|(name, _)| name.clone()).collect();
        }
        columns.push(found.into_iter().collect());
    }
    if names.is_empty() {
        return String::new();
    }
    let header = ["v_mv".to_owned()].into_iter().chain(SHOWN_MV.iter().map(f64::to_string));
    let row = |name: &String| {
        let values = columns.iter().map(|column| number(column.get(name).copied()));
        [name.clone()].into_iter().chain(values).collect()
    };
    let rows: Vec<Vec<String>> = names.iter().map(row).collect();
    format!("at {temperature_celsius} °C\n{}", text_table(&header.collect::<Vec<_>>(), &rows))
}

/// A number for the table; small ones keep two digits.
fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value.abs() > 0.0 && value.abs() < 1e-3 => format!("{value:.1e}"),
        value => short(value),
    }
}

/// Names the first voltage at which a value cannot be.
fn warn(path: &Path, channel: &ChannelModel, temperature_celsius: f64) {
    let remedy = "write s / (exp(s / k) - 1) as linoid(s, k), and keep rates from zero";
    let mut is_told: Vec<String> = Vec::new();
    for v_mv in (-150..=100).map(f64::from) {
        let found = match kinetics_at(channel, &held_at_mv(v_mv, temperature_celsius)) {
            Ok(found) => named(found).collect(),
            Err(error) => {
                words(&format!("warning: {}: at {v_mv} mV: {error}", path.display()));
                return;
            }
        };
        let found: Vec<(String, f64)> = found;
        for (name, value) in found {
            let can_be =
                value.is_finite() && if name.ends_with("_tau_ms") { value > 0.0 } else { value >= 0.0 };
            if !can_be && !is_told.contains(&name) {
                words(&format!("warning: {}: {name} is {value} at {v_mv} mV; {remedy}", path.display()));
                is_told.push(name);
            }
        }
    }
}
