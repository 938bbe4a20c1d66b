//! Sweeps and features as tables, CSV and JSON.

use noble_features::Feature;
use serde_json::{Map, Value, json};

use super::Row;
use crate::features::SweepFeatures;
use crate::sweep_file::FileSweep;
use crate::table::{csv_table, short, text_table};

const SWEEPS_ACROSS: usize = 8;

pub(super) fn json(rows: &[Row<'_>], asked: &[&'static Feature]) -> String {
    format!("{:#}\n", Value::Array(rows.iter().map(|row| object(row, asked)).collect()))
}

pub(super) fn jsonl(rows: &[Row<'_>], asked: &[&'static Feature]) -> String {
    rows.iter().map(|row| format!("{}\n", object(row, asked))).collect()
}

fn object((sweep, row): &Row<'_>, asked: &[&'static Feature]) -> Value {
    let mut object = about(sweep);
    let warnings = row.as_ref().map_or_else(|_| Vec::new(), |row| row.warnings.clone());
    object.insert("warnings".to_owned(), json!(warnings));
    if let Err(error) = row {
        object.insert("error".to_owned(), json!(error.to_string()));
    }
    if !asked.is_empty() {
        let values = |row: &SweepFeatures, name: &str| {
            let (_, values) = row.values.iter().find(|(own, _)| *own == name)?;
            Some(Value::Array(values.as_ref()?.iter().map(|value| number(*value)).collect()))
        };
        let feature = |feature: &&'static Feature| {
            let value = row.as_ref().ok().and_then(|row| values(row, feature.name));
            (feature.name.to_owned(), value.unwrap_or(Value::Null))
        };
        object.insert("features".to_owned(), Value::Object(asked.iter().map(feature).collect()));
    }
    Value::Object(object)
}

fn about(sweep: &FileSweep) -> Map<String, Value> {
    let mut about = Map::new();
    let mut add = |name: &str, value: Value| about.insert(name.to_owned(), value);
    add("sweep", json!(sweep.sweep_idx));
    add("name", json!(sweep.name));
    if let Some(number) = sweep.number {
        add("number", json!(number));
    }
    if let Some(channel) = &sweep.channel {
        add("channel", json!(channel));
    }
    if let Some(model) = sweep.model {
        add("model", json!(model));
    }
    add("current_na", json!(sweep.step_na));
    add("holding_na", json!(sweep.holding_na));
    if let Some(stimulus) = &sweep.stimulus {
        add("stimulus", json!(stimulus));
    }
    add("rate_hz", json!(sweep.rate_hz()));
    add("n_samples", json!(sweep.v_mv.len()));
    add("stim_start_ms", json!(sweep.window.as_ref().ok().map(|window| window.start_ms)));
    add("stim_end_ms", json!(sweep.window.as_ref().ok().map(|window| window.end_ms)));
    add("notes", json!(sweep.all_notes().collect::<Vec<_>>()));
    about
}

/// JSON has no NaN and no infinity; eFEL's are written as words.
fn number(value: f64) -> Value {
    match value {
        value if value.is_nan() => json!("nan"),
        value if value > f64::MAX => json!("inf"),
        value if value < f64::MIN => json!("-inf"),
        value => json!(value),
    }
}

pub(super) fn csv(rows: &[Row<'_>], asked: &[&'static Feature]) -> String {
    let exact = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    if asked.is_empty() {
        let (header, lines) = listing(rows, exact);
        return csv_table(&header, &lines);
    }
    let names = asked.iter().map(|feature| feature.name.to_owned());
    let header: Vec<String> =
        ["sweep", "name", "current_na"].map(str::to_owned).into_iter().chain(names).collect();
    let line = |(sweep, row): &Row<'_>| -> Vec<String> {
        let values = asked.iter().map(|feature| exact(mean(row, feature)));
        [sweep.sweep_idx.to_string(), sweep.name.clone(), exact(sweep.step_na)]
            .into_iter()
            .chain(values)
            .collect()
    };
    csv_table(&header, &rows.iter().map(line).collect::<Vec<_>>())
}

fn mean(row: &Result<SweepFeatures, crate::Error>, feature: &Feature) -> Option<f64> {
    row.as_ref().ok()?.mean(feature.name)
}

pub(super) fn tables(rows: &[Row<'_>], asked: &[&'static Feature]) -> String {
    let (header, lines) = listing(rows, short);
    let mut tables = vec![text_table(&header, &lines)];
    if !asked.is_empty() {
        tables.extend(rows.chunks(SWEEPS_ACROSS).map(|rows| by_feature(rows, asked)));
    }
    tables.join("\n")
}

/// One line per sweep.
fn listing(rows: &[Row<'_>], format: impl Fn(Option<f64>) -> String) -> (Vec<String>, Vec<Vec<String>>) {
    let header = [
        "sweep",
        "name",
        "channel",
        "rate_hz",
        "n_samples",
        "stim_start_ms",
        "stim_end_ms",
        "current_na",
        "spikes",
        "warnings",
    ];
    let line = |(sweep, row): &Row<'_>| {
        let window = sweep.window.as_ref().ok();
        let (n_spikes, n_warnings) = match row {
            Ok(row) => (row.spike_times_ms.len().to_string(), row.warnings.len().to_string()),
            Err(_) if sweep.window.is_err() => ("–".to_owned(), "no window".to_owned()),
            Err(_) => ("–".to_owned(), "error".to_owned()),
        };
        vec![
            sweep.sweep_idx.to_string(),
            sweep.name.clone(),
            sweep.channel.clone().unwrap_or_default(),
            format(Some(sweep.rate_hz())),
            sweep.v_mv.len().to_string(),
            time(window.map(|window| window.start_ms)),
            time(window.map(|window| window.end_ms)),
            format(sweep.step_na),
            n_spikes,
            n_warnings,
        ]
    };
    (header.map(str::to_owned).to_vec(), rows.iter().map(line).collect())
}

/// A time to the microsecond, so that it can be typed as it stands.
fn time(time_ms: Option<f64>) -> String {
    let text = |time_ms: f64| format!("{time_ms:.3}").trim_end_matches('0').trim_end_matches('.').to_owned();
    time_ms.map_or_else(|| "–".to_owned(), text)
}

/// Features down, sweeps across, a few sweeps at a time so that lines fit a screen.
fn by_feature(rows: &[Row<'_>], asked: &[&'static Feature]) -> String {
    let mut header = vec!["sweep".to_owned(), "unit".to_owned()];
    header.extend(rows.iter().map(|(sweep, _)| sweep.sweep_idx.to_string()));
    let mut lines = vec![["current".to_owned(), "na".to_owned()].to_vec()];
    lines[0].extend(rows.iter().map(|(sweep, _)| short(sweep.step_na)));
    for feature in asked {
        let mut line = vec![feature.name.to_owned(), feature.unit_suffix.to_owned()];
        line.extend(rows.iter().map(|(_, row)| short(mean(row, feature))));
        lines.push(line);
    }
    text_table(&header, &lines)
}
