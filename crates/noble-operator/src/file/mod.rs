//! Bare networks in files of other programs.

mod names;
mod onnx;
mod pickle;
mod pth;
#[cfg(test)]
mod pth_tests;
mod stated;
mod tensors;

pub(crate) use tensors::{f32_from_bytes, f32_to_bytes, network_tensors, read_tensors, serialize};

use crate::{Error, Network};

const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// A pickled magic number: PyTorch's files before 1.6, without a container.
const LEGACY_MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

impl Network {
    /// A network from a safetensors or PyTorch file, told apart by their first bytes.
    ///
    /// # Errors
    /// As [`Network::from_safetensors`] and [`Network::from_pth`].
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.starts_with(ZIP_MAGIC) || bytes.starts_with(LEGACY_MAGIC) {
            Self::from_pth(bytes)
        } else {
            Self::from_safetensors(bytes)
        }
    }

    /// A network from a safetensors file under state-dict names; spectral weights complex64 or float32
    /// `[in, out, mode, 2]`. The architecture is read from names and shapes.
    ///
    /// # Errors
    /// [`Error::SafeTensors`] for a damaged file, [`Error::TensorType`] for another number type, and as
    /// [`Network::from_tensors`].
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_tensors(names::current(read_tensors(bytes)?.0))
    }

    /// A network from a PyTorch file: `torch.save(model.state_dict())`.
    ///
    /// The pickle inside is read by a machine that knows tensors, numbers, strings and containers. It runs nothing: classes
    /// and functions that are named become opaque, a call of anything but PyTorch's and the package's is an error. The
    /// architecture is read from names and shapes, the number of modes from the entry `_metadata` where there is one; whatever
    /// else stands there must agree. The device a tensor lay on does not matter.
    ///
    /// # Errors
    /// [`Error::Pth`] for a damaged file or one that needs more, [`Error::Stated`] where `_metadata` states another network,
    /// and as [`Network::from_tensors`].
    /// # Source
    /// PyTorch 2.15 `torch.save`, `neuralop` 2.0.0 `BaseModel.state_dict`.
    pub fn from_pth(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.starts_with(LEGACY_MAGIC) {
            let detail =
                "it has the form of PyTorch before 1.6; load and save it with a newer one".to_owned();
            return Err(Error::Pth { position: 0, detail });
        }
        pth::read_network(bytes)
    }

    /// The network as a safetensors file under state-dict names, spectral weights complex64.
    ///
    /// # Errors
    /// [`Error::SafeTensors`] when the file cannot be laid out.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, Error> {
        serialize(network_tensors(self), None)
    }
}
