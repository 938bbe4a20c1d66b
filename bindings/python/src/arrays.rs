//! Sweeps as a dictionary of NumPy arrays; what the library owns becomes the array's, without a copy.

use ndarray::Array2;
use noble_data::Sweeps;
use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Arrays by the names of the NPZ file: `time_ms [t]`, `step_na [n]` where there are steps, `model [n]`, `v_mv [n, t]`, one per latent feature `[n]`,
/// and further arrays `[n, t]`.
pub(crate) fn dictionary<'py>(
    py: Python<'py>,
    sweeps: Sweeps,
    arrays: Vec<(String, Array2<f64>)>,
    precision: Precision,
) -> PyResult<Bound<'py, PyDict>> {
    let result = PyDict::new(py);
    result.set_item("time_ms", PyArray1::from_vec(py, sweeps.times_ms))?;
    if sweeps.step_na.iter().any(Option::is_some) {
        let steps_na: Vec<f64> = sweeps.step_na.iter().map(|step_na| step_na.unwrap_or(f64::NAN)).collect();
        result.set_item("step_na", PyArray1::from_vec(py, steps_na))?;
    }
    if let Some(models) = sweeps.models {
        let models: Vec<i64> = models.into_iter().map(i64::from).collect();
        result.set_item("model", PyArray1::from_vec(py, models))?;
    }
    for (name, values) in sweeps.latents {
        result.set_item(name, PyArray1::from_vec(py, values))?;
    }
    match precision {
        Precision::Double => result.set_item("v_mv", PyArray2::from_owned_array(py, sweeps.v_mv))?,
        #[expect(clippy::cast_possible_truncation, reason = "these voltages came as single precision")]
        Precision::Single => {
            result.set_item("v_mv", PyArray2::from_owned_array(py, sweeps.v_mv.mapv(|v_mv| v_mv as f32)))?;
        }
    }
    for (name, values) in arrays {
        result.set_item(name, PyArray2::from_owned_array(py, values))?;
    }
    if let Some(window) = sweeps.window {
        result.set_item("stim_start_ms", window.start_ms)?;
        result.set_item("stim_end_ms", window.end_ms)?;
    }
    Ok(result)
}

/// Of the voltages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Precision {
    /// As simulated.
    Double,
    /// As the operator answers.
    Single,
}
