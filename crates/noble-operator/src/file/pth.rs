//! PyTorch's zip container: one pickle that names tensors, one raw buffer per tensor.

use std::io::{Cursor, Read};

use zip::{CompressionMethod, ZipArchive};

use super::f32_from_bytes;
use super::pickle::{Node, NodeIdx, Pickle};
use super::stated::{self, Stated};
use crate::{Error, NamedTensor, Network};

const PICKLE_NAME: &str = "data.pkl";
const BYTE_ORDER_NAME: &str = "byteorder";
/// Storages may be read this many times the size of the file.
const SHARED_STORAGE: u64 = 8;

/// Most axes of a tensor; a network's have four.
const MOST_AXES: usize = 8;

/// Longest name of a tensor; the package's have some 40 bytes. A name may stand many times in few bytes of a file.
const LONGEST_NAME: usize = 256;
/// Most tensors; a network of the largest size has some 164,000.
const MOST_TENSORS: usize = 1 << 18;

/// The network of a state dict, checked against what the file states about it.
pub(super) fn read_network(bytes: &[u8]) -> Result<Network, Error> {
    let mut archive = Archive::open(bytes)?;
    let pickle = Pickle::parse(&archive.member(PICKLE_NAME)?)?;
    let Node::Dict(entries) = &pickle.nodes[pickle.root] else {
        return Err(wrong("the file holds no dictionary of tensors"));
    };
    let (mut tensors, mut stated) = (Vec::new(), None);
    for (key, value) in entries {
        match (&pickle.nodes[*key], &pickle.nodes[*value]) {
            (Node::Text(name), Node::Tensor(arguments)) => {
                if name.len() > LONGEST_NAME {
                    return Err(wrong(&format!("a tensor's name has {} bytes", name.len())));
                }
                if tensors.len() >= MOST_TENSORS {
                    return Err(wrong(&format!("the file holds more than {MOST_TENSORS} tensors")));
                }
                tensors.push(read_tensor(&mut archive, &pickle.nodes, name, *arguments)?);
            }
            (Node::Text(name), Node::Dict(entries)) if name == stated::KEY => {
                stated = Some(Stated { nodes: &pickle.nodes, entries });
            }
            _ => {}
        }
    }
    if tensors.is_empty() {
        return Err(wrong("the file holds no tensors"));
    }
    let network = Network::from_tensors(super::names::current(tensors))?;
    match stated {
        Some(stated) => {
            stated.check(network.architecture())?;
            Ok(network.with_n_modes(stated.n_modes()))
        }
        None => Ok(network),
    }
}

struct Archive<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    /// Folder of all members, with its slash.
    folder: String,
    n_bytes: u64,
    /// Bytes that may still be read, so that a small file cannot ask for the same storage without end.
    budget: u64,
}

impl<'b> Archive<'b> {
    fn open(bytes: &'b [u8]) -> Result<Self, Error> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| wrong(&error.to_string()))?;
        let folder = zip
            .file_names()
            .find_map(|name| name.strip_suffix(PICKLE_NAME).map(str::to_owned))
            .ok_or_else(|| wrong("the archive has no data.pkl"))?;
        let n_bytes = bytes.len() as u64;
        let mut archive = Self { zip, folder, n_bytes, budget: SHARED_STORAGE * n_bytes };
        let order = format!("{}{BYTE_ORDER_NAME}", archive.folder);
        if archive.zip.index_for_name(&order).is_some() && archive.member(BYTE_ORDER_NAME)? != b"little" {
            return Err(wrong("its numbers are not little-endian"));
        }
        Ok(archive)
    }

    /// A member's bytes. Members lie in the file as they are, so none can be larger than it.
    fn member(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        let path = format!("{}{name}", self.folder);
        let file = self.zip.by_name(&path).map_err(|error| wrong(&format!("{path}: {error}")))?;
        let is_plain = file.compression() == CompressionMethod::Stored;
        if !is_plain || file.size() > self.n_bytes {
            return Err(wrong(&format!("{path} is compressed or longer than the file")));
        }
        let size = file.size();
        self.budget = self.budget.checked_sub(size).ok_or_else(|| {
            wrong(&format!("{path}: tensors share storages more than {SHARED_STORAGE} times over"))
        })?;
        let mut content = Vec::with_capacity(size as usize);
        file.take(size).read_to_end(&mut content).map_err(|error| wrong(&format!("{path}: {error}")))?;
        Ok(content)
    }
}

/// `_rebuild_tensor_v2(storage, offset, size, stride, …)`.
fn read_tensor(
    archive: &mut Archive<'_>,
    nodes: &[Node],
    name: &str,
    arguments: NodeIdx,
) -> Result<NamedTensor, Error> {
    let malformed = || wrong(&format!("tensor {name} is described in an unknown way"));
    let Node::Tuple(arguments) = &nodes[arguments] else { return Err(malformed()) };
    let [storage, offset, size, stride, ..] = arguments[..] else { return Err(malformed()) };
    let (offset, size, stride) = (integer(nodes, offset), integers(nodes, size), integers(nodes, stride));
    let (Some(offset), Some(size), Some(stride)) = (offset, size, stride) else { return Err(malformed()) };
    let (storage_type, key) = storage_identity(nodes, storage).ok_or_else(malformed)?;
    let width = match storage_type {
        "torch FloatStorage" => 1,
        "torch ComplexFloatStorage" => 2,
        other => return Err(Error::TensorType { name: name.to_owned(), got: other.to_owned() }),
    };
    let stored = f32_from_bytes(&archive.member(&format!("data/{key}"))?);
    let values = gather(&stored, width, offset, (&size, &stride)).ok_or_else(|| {
        wrong(&format!("tensor {name} reaches beyond its storage of {} values", stored.len()))
    })?;
    let shape = size.into_iter().chain((width == 2).then_some(2)).collect();
    Ok(NamedTensor { name: name.to_owned(), shape, values })
}

/// Storage type and key of `('storage', type, key, device, n)`.
fn storage_identity(nodes: &[Node], storage: NodeIdx) -> Option<(&str, &str)> {
    let Node::Persistent(identity) = nodes[storage] else { return None };
    let Node::Tuple(parts) = &nodes[identity] else { return None };
    let [_, storage_type, key, ..] = parts[..] else { return None };
    match (&nodes[storage_type], &nodes[key]) {
        (Node::Global(storage_type), Node::Text(key)) => Some((storage_type, key)),
        _ => None,
    }
}

fn integer(nodes: &[Node], node: NodeIdx) -> Option<usize> {
    match nodes[node] {
        Node::Int(value) => usize::try_from(value).ok(),
        _ => None,
    }
}

fn integers(nodes: &[Node], node: NodeIdx) -> Option<Vec<usize>> {
    match &nodes[node] {
        Node::Tuple(items) if items.len() <= MOST_AXES => {
            items.iter().map(|item| integer(nodes, *item)).collect()
        }
        _ => None,
    }
}

/// Elements of `width` values by strides, in row-major order; `None` where they leave the storage or outnumber it.
fn gather(
    stored: &[f32],
    width: usize,
    offset: usize,
    (size, stride): (&[usize], &[usize]),
) -> Option<Vec<f32>> {
    let n_stored = stored.len() / width;
    let n = size.iter().try_fold(1usize, |n, size| n.checked_mul(*size))?;
    if size.len() != stride.len() || n > n_stored {
        return None;
    }
    let mut values = Vec::with_capacity(n * width);
    for i in 0..n {
        let (mut rest, mut place) = (i, offset);
        for (size, stride) in size.iter().zip(stride).rev() {
            place = place.checked_add((rest % size).checked_mul(*stride)?)?;
            rest /= size;
        }
        let from = place.checked_mul(width)?;
        values.extend_from_slice(stored.get(from..from.checked_add(width)?)?);
    }
    Some(values)
}

fn wrong(detail: &str) -> Error {
    Error::Pth { position: 0, detail: detail.to_owned() }
}
