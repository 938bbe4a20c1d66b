//! Features of traces in memory.

use noble::Error;
use noble_features::{Feature, Mode, PreparedSweep, Settings, Sweep, feature, features};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rayon::prelude::*;

use crate::errors::{exception, input_error};
use crate::watch::watched;

/// One trace as Python hands it over: contiguous arrays of double precision.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct TraceInput<'py> {
    time_ms: PyReadonlyArray1<'py, f64>,
    v_mv: PyReadonlyArray1<'py, f64>,
    stim_start_ms: f64,
    stim_end_ms: f64,
    current_na: Option<PyReadonlyArray1<'py, f64>>,
    stimulus_current_na: Option<f64>,
    further_stimuli_ms: Vec<(f64, f64)>,
    /// eFEL's settings by name, as text.
    settings: Vec<(String, String)>,
    /// `efel` or `precise`.
    mode: String,
    called: String,
}

/// The same with views of the arrays, which may be used without Python's lock.
struct Trace<'a> {
    sweep: Result<Sweep<'a>, noble_features::Error>,
    settings: Result<Settings, noble_features::Error>,
    called: &'a str,
}

fn settings(input: &TraceInput<'_>) -> Result<Settings, noble_features::Error> {
    let mode = if input.mode == "precise" { Mode::Precise } else { Mode::Efel };
    let mut settings = Settings { mode, ..Settings::default() };
    for (name, value) in &input.settings {
        settings.set(name, value)?;
    }
    settings.check()?;
    Ok(settings)
}

fn trace<'a>(input: &'a TraceInput<'_>) -> PyResult<Trace<'a>> {
    let current_na = input.current_na.as_ref().map(|current_na| current_na.as_slice()).transpose()?;
    let (time_ms, v_mv) = (input.time_ms.as_slice()?, input.v_mv.as_slice()?);
    let sweep = || {
        let mut sweep = Sweep::new(time_ms, v_mv, input.stim_start_ms, input.stim_end_ms)?
            .with_further_stimuli_ms(&input.further_stimuli_ms)?;
        if let Some(current_na) = current_na {
            sweep = sweep.with_current_na(current_na)?;
        }
        match input.stimulus_current_na {
            Some(stimulus_current_na) => sweep.with_stimulus_current_na(stimulus_current_na),
            None => Ok(sweep),
        }
    };
    Ok(Trace { sweep: sweep(), settings: settings(input), called: &input.called })
}

type Row = Vec<Option<Vec<f64>>>;

fn row(trace: &Trace<'_>, asked: &[&'static Feature]) -> Result<Row, Error> {
    let prepared = || PreparedSweep::new(&trace.sweep.clone()?, &trace.settings.clone()?);
    let prepared = prepared().map_err(|error| {
        let message = error.to_string();
        let (what, remedy) = message.rsplit_once("; ").unwrap_or((&message, "mend or leave out the trace"));
        Error::usage(format!("{}: {what}", trace.called), remedy)
    })?;
    Ok(asked.iter().map(|feature| feature.efel_values(&prepared)).collect())
}

/// Values of features by name, one dictionary per trace; `None` where a feature is not defined.
#[pyfunction]
#[pyo3(signature = (traces, names, progress=None))]
pub(crate) fn feature_values<'py>(
    py: Python<'py>,
    traces: Vec<TraceInput<'py>>,
    names: Vec<String>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let asked: Vec<&'static Feature> = names
        .iter()
        .map(|name| feature(name).map_err(|error| exception(py, &error.into())))
        .collect::<PyResult<_>>()?;
    let views: Vec<Trace<'_>> = traces.iter().map(trace).collect::<PyResult<_>>()?;
    let heard = watched(py, progress, |console| {
        console.start("features", views.len());
        let one = |trace: &Trace<'_>| {
            if console.is_stopped() {
                return Err(Error::Stopped);
            }
            let row = row(trace, &asked);
            console.advance(1);
            row
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(views.len().min(rayon_threads())).build();
        let pool = pool.map_err(|error| Error::Internal { what: error.to_string() })?;
        pool.install(|| views.par_iter().map(one).collect::<Result<Vec<Row>, Error>>())
    })?;
    heard.value.into_iter().map(|row| dictionary(py, &asked, row)).collect()
}

/// As many threads as cores; a pool of its own for every call survives a fork of the process.
fn rayon_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

fn dictionary<'py>(py: Python<'py>, asked: &[&'static Feature], row: Row) -> PyResult<Bound<'py, PyDict>> {
    let result = PyDict::new(py);
    for (feature, values) in asked.iter().zip(row) {
        match values {
            // eFEL's counts and places of samples are integers too.
            Some(values) if feature.is_whole => {
                #[expect(clippy::cast_possible_truncation, reason = "whole numbers far below 2^53")]
                let values = values.into_iter().map(|value| value as i64).collect();
                result.set_item(feature.name, PyArray1::from_vec(py, values))?;
            }
            values => result.set_item(feature.name, values.map(|values| PyArray1::from_vec(py, values)))?,
        }
    }
    Ok(result)
}

/// Names of all features.
#[pyfunction]
pub(crate) fn feature_names() -> Vec<&'static str> {
    features().map(|feature| feature.name).collect()
}

/// Name, unit, sentence and formula of all features.
#[pyfunction]
pub(crate) fn feature_table() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    features().map(|one| (one.name, one.unit_suffix, one.sentence, one.formula)).collect()
}

/// Refuses a setting that eFEL has not, or a value that it cannot have.
#[pyfunction]
pub(crate) fn check_setting(py: Python<'_>, name: &str, value: &str) -> PyResult<()> {
    Settings::default().set(name, value).map_err(|error| input_error(py, &error.to_string()))
}
