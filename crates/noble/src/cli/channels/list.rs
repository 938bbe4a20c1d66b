//! The catalog as a list.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use noble_cell::catalog::{Mechanism, find_set};
use noble_data::ChannelModel;
use noble_data::channel::{Ion, ParameterSpec};
use serde_json::{Value, json};

use super::super::inputs::MechanismsArg;
use super::super::terminal::data;
use super::sets;
use crate::Error;

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Catalog of ion channels [default: all]
    #[arg(long, value_enum)]
    mechanisms: Option<MechanismsArg>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Three lines per channel: what it is, its parameters, its source
    Table,
    /// One list of all channels, with defaults and ranges of parameters
    Json,
}

pub(super) fn run(args: &ListArgs) -> Result<(), Error> {
    let of_set = |set| find_set(set).unwrap_or_default().iter().map(move |mechanism| (set, mechanism));
    let all: Vec<(&str, &Mechanism)> = sets(args.mechanisms).into_iter().flat_map(of_set).collect();
    match args.format {
        Format::Table => data(&table(&all)),
        Format::Json => data(&format!("{:#}\n", all.into_iter().map(object).collect::<Value>())),
    }
}

/// Columns, and below each row its texts, which would not fit a line.
fn table(all: &[(&str, &Mechanism)]) -> String {
    let row = |(set, mechanism): &(&str, &Mechanism)| {
        let Mechanism { name, model } = mechanism;
        let names: Vec<&str> = model.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        [(*set).to_owned(), name.clone(), kind(model), ions(model).join(", "), names.join(", ")]
    };
    let header = ["set", "name", "kind", "ion", "parameters"].map(str::to_owned);
    let rows: Vec<[String; 5]> = all.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&header]).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths = [0, 1, 2, 3].map(width);
    let line = |row: &[String; 5]| {
        let [set, name, kind, ion] = widths;
        let text =
            format!("{:set$}  {:name$}  {:kind$}  {:ion$}  {}", row[0], row[1], row[2], row[3], row[4]);
        text.trim_end().to_owned() + "\n"
    };
    let mut text = line(&header);
    for ((_, mechanism), row) in all.iter().zip(&rows) {
        let indent = widths[0] + 2;
        let ChannelModel { summary, source, .. } = mechanism.model.as_ref();
        let _ = write!(text, "{}{:indent$}{summary}\n{:indent$}{source}\n", line(row), "", "");
    }
    text
}

/// What changes in it.
fn kind(channel: &ChannelModel) -> String {
    let gates: Vec<&str> = channel.gates.iter().map(|gate| gate.name.as_str()).collect();
    let gates = (!gates.is_empty()).then(|| format!("gates {}", gates.join(", ")));
    let scheme = channel.scheme.as_ref().map(|scheme| format!("scheme of {}", scheme.states.len()));
    let pool = channel.concentration.as_ref().map(|_| "pool".to_owned());
    let parts: Vec<String> = [gates, scheme, pool].into_iter().flatten().collect();
    if parts.is_empty() { "no states".to_owned() } else { parts.join(", ") }
}

/// What its currents and its pool are of; `mixture` of ions that no pool sees.
fn ions(channel: &ChannelModel) -> Vec<&'static str> {
    let of_currents = channel.currents.iter().map(|current| current.ion);
    let of_pool = channel.concentration.iter().map(|pool| Some(pool.ion));
    let mut names: Vec<&'static str> = Vec::new();
    for name in of_currents.chain(of_pool).map(|ion| ion.map_or("mixture", Ion::name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn object((set, mechanism): (&str, &Mechanism)) -> Value {
    let Mechanism { name, model } = mechanism;
    let parameter = |parameter: &ParameterSpec| {
        json!({
            "name": parameter.name,
            "default": parameter.default,
            "allowed": parameter.range.words(),
        })
    };
    json!({
        "set": set,
        "name": name,
        "kind": kind(model),
        "ions": ions(model),
        "states": model.state_names().collect::<Vec<_>>(),
        "parameters": model.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "summary": model.summary,
        "source": model.source,
    })
}
