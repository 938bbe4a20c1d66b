//! Tensors in safetensors files.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::{Error, NamedTensor, Network};

/// All tensors of a file, and its metadata.
pub(crate) fn read_tensors(bytes: &[u8]) -> Result<(Vec<NamedTensor>, HashMap<String, String>), Error> {
    let damaged = |error: safetensors::SafeTensorError| damaged(bytes.len(), &error);
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let tensors = file.iter().map(|(name, view)| read_tensor(name, &view)).collect::<Result<_, _>>()?;
    Ok((tensors, metadata.metadata().clone().unwrap_or_default()))
}

fn read_tensor(name: &str, view: &TensorView<'_>) -> Result<NamedTensor, Error> {
    let mut shape = view.shape().to_vec();
    match view.dtype() {
        Dtype::F32 => {}
        Dtype::C64 => shape.push(2),
        other => return Err(Error::TensorType { name: name.to_owned(), got: other.to_string() }),
    }
    Ok(NamedTensor { name: name.to_owned(), shape, values: f32_from_bytes(view.data()) })
}

/// A tensor ready to be written.
pub(crate) struct OutgoingTensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// The parameters of a network, complex ones as complex64.
pub(crate) fn network_tensors(network: &Network) -> Vec<OutgoingTensor> {
    let outgoing = |parameter: &crate::ParameterInfo| {
        let n_axes = parameter.shape.len() - usize::from(parameter.is_complex);
        OutgoingTensor {
            name: parameter.name.clone(),
            dtype: if parameter.is_complex { Dtype::C64 } else { Dtype::F32 },
            shape: parameter.shape[..n_axes].to_vec(),
            bytes: f32_to_bytes(&network.values()[parameter.span.clone()]),
        }
    };
    network.parameters().iter().map(outgoing).collect()
}

/// A safetensors file. The same tensors give the same bytes.
pub(crate) fn serialize(
    tensors: Vec<OutgoingTensor>,
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, Error> {
    let damaged = |error: safetensors::SafeTensorError| damaged(0, &error);
    let views = tensors
        .iter()
        .map(|t| Ok((t.name.as_str(), TensorView::new(t.dtype, t.shape.clone(), &t.bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(damaged)?;
    safetensors::serialize(views, metadata).map_err(damaged)
}

fn damaged(n_bytes: usize, error: &safetensors::SafeTensorError) -> Error {
    Error::SafeTensors { n_bytes, detail: error.to_string() }
}

/// Little-endian single precision.
pub(crate) fn f32_from_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()
}

/// Little-endian single precision.
pub(crate) fn f32_to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
