//! Commands by their words.

use std::ffi::OsString;

use noble::cli::{n_sweeps_for, predict_for, run_for, simulate_for};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Precision, dictionary};
use crate::operator::Operator;
use crate::watch::{Heard, watched};

/// Runs a command; gives what it said and what it would write to stdout.
#[pyfunction]
#[pyo3(signature = (words, progress=None))]
pub(crate) fn run(
    py: Python<'_>,
    words: Vec<OsString>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Vec<String>, String)> {
    let Heard { words, data, .. } = watched(py, progress, |console| run_for(console, &words))?;
    Ok((words, data))
}

/// Arrays of `noble simulate`, the places of their rows among all, and what it said.
#[pyfunction]
#[pyo3(signature = (words, progress=None))]
pub(crate) fn simulate<'py>(
    py: Python<'py>,
    words: Vec<OsString>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyDict>, Vec<usize>, Vec<String>)> {
    let heard = watched(py, progress, |console| simulate_for(console, &words))?;
    let recorded = heard.value;
    let arrays = dictionary(py, recorded.sweeps, recorded.arrays, Precision::Double)?;
    Ok((arrays, recorded.rows, heard.words))
}

/// Sweeps that `noble simulate` would run.
#[pyfunction]
pub(crate) fn n_sweeps(py: Python<'_>, words: Vec<OsString>) -> PyResult<usize> {
    Ok(watched(py, None, |console| n_sweeps_for(console, &words))?.value)
}

/// Arrays, warnings of each row, and words.
type Predicted<'py> = (Bound<'py, PyDict>, Vec<Vec<String>>, Vec<String>);

/// Arrays of `noble predict`, warnings of each row, and what it said.
#[pyfunction]
#[pyo3(signature = (words, operator=None, progress=None))]
pub(crate) fn predict<'py>(
    py: Python<'py>,
    words: Vec<OsString>,
    operator: Option<&Bound<'py, Operator>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Predicted<'py>> {
    let operator = operator.map(|operator| &operator.get().inner);
    let heard = watched(py, progress, |console| predict_for(console, &words, operator))?;
    let warnings = heard.value.warnings.iter();
    let warnings = warnings.map(|row| row.iter().map(ToString::to_string).collect()).collect();
    Ok((dictionary(py, heard.value.sweeps, Vec::new(), Precision::Single)?, warnings, heard.words))
}
