//! Operators and bare networks.

use ndarray::Array3;
use noble_data::dataset::sha256_hex;
use noble_operator::{CpuEngine, Engine, SampleInput};
use numpy::{PyArray1, PyArray3, PyReadonlyArray3};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use noble::{Error, embedded_operator};

use crate::errors::{exception, input_error};
use crate::watch::watched;

/// A trained operator with everything that it needs to answer.
#[pyclass(frozen, module = "noble._noble")]
pub(crate) struct Operator {
    pub(crate) inner: noble_operator::Operator,
}

fn failed(py: Python<'_>) -> impl Fn(noble_operator::Error) -> PyErr + '_ {
    move |error| exception(py, &error.into())
}

#[pymethods]
impl Operator {
    /// Operator(data=None)
    /// --
    ///
    /// The operator of the bytes of its file; without them the embedded one.
    #[new]
    #[pyo3(signature = (data=None))]
    fn new(py: Python<'_>, data: Option<&[u8]>) -> PyResult<Self> {
        let inner = match data {
            Some(data) => noble_operator::Operator::from_bytes(data).map_err(failed(py))?,
            None => embedded_operator().map_err(|error| exception(py, &error))?,
        };
        Ok(Self { inner })
    }

    /// The bytes of its file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.inner.to_bytes().map_err(failed(py))?))
    }

    /// Its header, as JSON.
    fn card_json(&self, py: Python<'_>) -> PyResult<String> {
        serde_json::to_string(self.inner.card()).map_err(|error| input_error(py, &error.to_string()))
    }

    /// Hash of its file.
    fn sha256(&self, py: Python<'_>) -> PyResult<String> {
        Ok(sha256_hex(&self.inner.to_bytes().map_err(failed(py))?))
    }

    /// Its network alone.
    fn network(&self) -> Network {
        Network { inner: self.inner.network().clone() }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        Ok((py.get_type::<Self>().into_any(), (self.to_bytes(py)?,)))
    }
}

/// A Fourier neural operator without what its numbers mean.
#[pyclass(frozen, module = "noble._noble")]
pub(crate) struct Network {
    inner: noble_operator::Network,
}

#[pymethods]
impl Network {
    /// Network(data)
    /// --
    ///
    /// The network of the bytes of a file: neuraloperator's state dict as `.pth` or `.safetensors`, or ONNX of ours.
    #[new]
    fn new(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        Ok(Self { inner: noble_operator::Network::from_file_bytes(data).map_err(failed(py))? })
    }

    /// The bytes of a safetensors file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.inner.to_safetensors().map_err(failed(py))?))
    }

    /// Sizes by name.
    fn architecture<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let architecture = self.inner.architecture();
        let sizes = PyDict::new(py);
        sizes.set_item("in_channels", architecture.in_channels)?;
        sizes.set_item("hidden_channels", architecture.hidden_channels)?;
        sizes.set_item("layers", architecture.n_layers)?;
        sizes.set_item("modes", architecture.n_modes)?;
        Ok(sizes)
    }

    /// All parameters, flat, in the order of the state dict; complex ones as pairs.
    fn values<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        PyArray1::from_slice(py, self.inner.values())
    }

    /// y [b, 1, t] of x [b, c, t].
    #[pyo3(signature = (x, threads=None))]
    fn forward<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray3<'py, f32>,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray3<f32>>> {
        let (n_batch, n_channels, n_samples) = x.as_array().dim();
        let expected = self.inner.architecture().in_channels;
        if n_channels != expected || n_batch == 0 || n_samples == 0 {
            let what = format!("x has shape [{n_batch}, {n_channels}, {n_samples}]");
            return Err(input_error(
                py,
                &format!("{what}; give [b, {expected}, t], without the grid channel"),
            ));
        }
        let values = x.as_slice()?;
        let heard = watched(py, None, |_| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
            let pool = pool.map_err(|error| Error::Internal { what: error.to_string() })?;
            pool.install(|| {
                let engine = CpuEngine::new(&self.inner, n_samples)?;
                let inputs: Vec<SampleInput<'_>> =
                    values.chunks(n_channels * n_samples).map(SampleInput::Channels).collect();
                let mut y = vec![0.0; n_batch * n_samples];
                engine.predict(&inputs, &mut y);
                Array3::from_shape_vec((n_batch, 1, n_samples), y)
                    .map_err(|error| Error::Internal { what: error.to_string() })
            })
        })?;
        Ok(PyArray3::from_owned_array(py, heard.value))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        Ok((py.get_type::<Self>().into_any(), (self.to_bytes(py)?,)))
    }
}
