//! Reads a reference trace and its settings.

use std::fs::File;
use std::path::Path;

use ndarray::Array1;
use ndarray_npy::{NpzReader, ReadableElement};
use noble_features::{BaseMode, Settings};
use serde_json::Value;

/// eFEL settings that none of our features depends on.
const WITHOUT_EFFECT: [&str; 23] = [
    "AP_phaseslope_range",
    "DownDerivativeThreshold",
    "burst_factor",
    "current_base_end_perc",
    "current_base_mode",
    "current_base_start_perc",
    "ignore_first_ISI",
    "impedance_max_freq",
    "inactivation_tc_end_skip",
    "initburst_freq_threshold",
    "initburst_sahp_end",
    "initburst_sahp_start",
    "initial_perc",
    "max_spike_skip",
    "min_spike_height",
    "multi_stim_end",
    "multi_stim_start",
    "rise_end_perc",
    "rise_start_perc",
    "sahp_start",
    "spike_skipf",
    "stimulus_current",
    "strict_burst_factor",
];

/// Arrays of one trace.
pub(crate) struct Arrays {
    pub(crate) times_ms: Vec<f64>,
    pub(crate) v_mv: Vec<f64>,
}

pub(crate) fn arrays(npz: &Path, id: &str, entry: &Value) -> Arrays {
    let v_mv = array(npz, &format!("{id}.V"));
    let times_ms = match &entry["grid"] {
        Value::Null => array(npz, &format!("{id}.T")),
        grid => {
            let (t0, dt) = (number(&grid["t0"]), number(&grid["dt"]));
            (0..v_mv.len()).map(|sample_idx| t0 + sample_idx as f64 * dt).collect()
        }
    };
    Arrays { times_ms, v_mv }
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

/// The settings of one trace, and the names among them that we do not know.
pub(crate) fn settings(defaults: &Value, entry: &Value) -> (Settings, Vec<String>) {
    let mut settings = Settings::default();
    let mut unknown = Vec::new();
    for (name, value) in
        [defaults, &entry["settings"], &entry["extra"]].iter().flat_map(|map| map.as_object()).flatten()
    {
        let value = value.get(0).unwrap_or(value);
        if !apply(&mut settings, name, value) && !WITHOUT_EFFECT.contains(&name.as_str()) {
            unknown.push(name.clone());
        }
    }
    (settings, unknown)
}

fn apply(settings: &mut Settings, name: &str, value: &Value) -> bool {
    match name {
        "Threshold" => settings.threshold_mv = number(value),
        "DerivativeThreshold" => settings.derivative_threshold_mv_per_ms = number(value),
        "DerivativeWindow" => settings.n_derivative_window = number(value) as usize,
        "interp_step" => settings.interp_step_ms = number(value),
        "strict_stiminterval" => settings.drops_peaks_outside_stimulus = flag(value),
        "voltage_base_start_perc" => settings.voltage_base_start_fraction = number(value),
        "voltage_base_end_perc" => settings.voltage_base_end_fraction = number(value),
        "voltage_base_mode" => settings.voltage_base_mode = base_mode(value),
        "precision_threshold" => settings.voltage_base_tolerance_ms = number(value),
        "depol_block_min_duration" => settings.depol_block_min_duration_ms = number(value),
        "decay_start_after_stim" => settings.decay_start_after_stim_ms = number(value),
        "decay_end_after_stim" => settings.decay_end_after_stim_ms = number(value),
        _ => return false,
    }
    true
}

fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| panic!("{value} is neither true nor false"))
}

fn base_mode(value: &Value) -> BaseMode {
    match value.as_str() {
        Some("mean") => BaseMode::Mean,
        Some("median") => BaseMode::Median,
        _ => panic!("voltage_base_mode {value} is not known"),
    }
}
