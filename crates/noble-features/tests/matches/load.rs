//! Reads a reference trace and its settings.

use std::fs::File;
use std::path::Path;

use ndarray::Array1;
use ndarray_npy::{NpzReader, ReadableElement};
use noble_features::Settings;
use serde_json::Value;

/// Keys of a trace that are no settings.
const TRACE_KEYS: [&str; 3] = ["stimulus_current", "multi_stim_start", "multi_stim_end"];

/// One trace.
pub(crate) struct Trace {
    pub(crate) times_ms: Vec<f64>,
    pub(crate) v_mv: Vec<f64>,
    pub(crate) current_na: Option<Vec<f64>>,
    pub(crate) stimulus_current_na: Option<f64>,
    pub(crate) further_stimuli_ms: Vec<(f64, f64)>,
}

pub(crate) fn trace(npz: &Path, id: &str, entry: &Value) -> Trace {
    let v_mv = array(npz, &format!("{id}.V"));
    let times_ms = match &entry["grid"] {
        Value::Null => array(npz, &format!("{id}.T")),
        grid => {
            let (t0, dt) = (number(&grid["t0"]), number(&grid["dt"]));
            (0..v_mv.len()).map(|sample_idx| t0 + sample_idx as f64 * dt).collect()
        }
    };
    let has_current = entry["has_I"].as_bool() == Some(true);
    let list =
        |name: &str| entry["extra"][name].as_array().into_iter().flatten().map(number).collect::<Vec<f64>>();
    let (starts, ends) = (list("multi_stim_start"), list("multi_stim_end"));
    Trace {
        times_ms,
        v_mv,
        current_na: has_current.then(|| array(npz, &format!("{id}.I"))),
        stimulus_current_na: list("stimulus_current").first().copied(),
        further_stimuli_ms: starts.into_iter().zip(ends).collect(),
    }
}

fn array(npz: &Path, name: &str) -> Vec<f64> {
    let wide = typed::<f64>(npz, name);
    let narrow = || typed::<f32>(npz, name).map(|values| values.into_iter().map(f64::from).collect());
    wide.or_else(|_| narrow()).unwrap_or_else(|error: String| panic!("{}: {name}: {error}", npz.display()))
}

fn typed<T: ReadableElement>(npz: &Path, name: &str) -> Result<Vec<T>, String> {
    let file = File::open(npz).map_err(|error| error.to_string())?;
    let mut reader = NpzReader::new(file).map_err(|error| error.to_string())?;
    let values: Array1<T> = reader.by_name(&format!("{name}.npy")).map_err(|error| error.to_string())?;
    Ok(values.into_iter().collect())
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// The settings of one trace.
pub(crate) fn settings(defaults: &Value, entry: &Value) -> Settings {
    let mut settings = Settings::default();
    for (name, value) in
        [defaults, &entry["settings"], &entry["extra"]].iter().flat_map(|map| map.as_object()).flatten()
    {
        if TRACE_KEYS.contains(&name.as_str()) {
            continue;
        }
        let text = match value.get(0).unwrap_or(value) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        settings.set(name, &text).unwrap_or_else(|error| panic!("{error}"));
    }
    settings
}
