//! Arrays: what they are, and their elements.

use super::header::{DATASPACE, DATATYPE, EXTERNAL_FILES, FILL_VALUE, FILTERS, LAYOUT, Message};
use super::{Dataset, Datatype, File};
use crate::Error;

const MAX_RANK: usize = 32;

/// Where the elements lie.
#[derive(Debug)]
pub(super) enum Layout<'a> {
    /// In the object header.
    Compact(&'a [u8]),
    /// In one piece.
    Contiguous { address: u64 },
    /// In chunks.
    Chunked(Chunked),
}

/// How chunks are found.
#[derive(Debug, Clone)]
pub(super) struct Chunked {
    pub(super) address: u64,
    /// Elements of a chunk along every axis.
    pub(super) shape: Vec<u64>,
    pub(super) index: Index,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Index {
    /// A tree of the first kind.
    Tree,
    /// One chunk, and what it takes in the file where it is filtered.
    Single { stored: Option<(u64, u32)> },
    /// One after the other.
    Implicit,
    /// A list of fixed size.
    FixedArray,
    /// A list that grows.
    GrowingArray,
}

impl<'a> File<'a> {
    /// The dataset at an address.
    pub(in crate::recording) fn dataset(&self, address: u64) -> Result<Dataset<'_, 'a>, Error> {
        let messages = self.messages(address)?;
        let body = |kind: u16| -> Result<Option<(Message, &'a [u8])>, Error> {
            let message = messages.iter().find(|message| message.kind == kind).copied();
            message
                .map(|message| Ok((message, self.bytes.slice(message.offset, message.n_bytes)?)))
                .transpose()
        };
        let (Some(space), Some(datatype), Some(layout)) = (body(DATASPACE)?, body(DATATYPE)?, body(LAYOUT)?)
        else {
            return Err(self.damaged(&format!("object at {address}"), "is no dataset"));
        };
        let filters = body(FILTERS)?.map(|(_, body)| self.filters(body)).transpose()?;
        Ok(Dataset {
            file: self,
            datatype: if datatype.0.is_shared {
                self.committed(datatype.1)?
            } else {
                self.datatype(datatype.1)?
            },
            shape: self.shape(space.1)?,
            layout: self.layout(layout.1)?,
            filters: filters.unwrap_or_default(),
            fill: body(FILL_VALUE)?.and_then(|(_, body)| fill_value(body)),
            is_outside: body(EXTERNAL_FILES)?.is_some(),
        })
    }

    /// The type that another object keeps for several.
    pub(super) fn committed(&self, body: &[u8]) -> Result<Datatype, Error> {
        // Version 1 has six reserved bytes after its kind.
        let at = if body.first() == Some(&1) { 8 } else { 2 };
        let address = body.get(at..at + self.n_address);
        let address = address.ok_or_else(|| self.damaged("shared datatype", "ends too early"))?;
        let address = address.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        match self.message(address, DATATYPE)? {
            Some(message) if !message.is_shared => {
                self.datatype(self.bytes.slice(message.offset, message.n_bytes)?)
            }
            _ => Err(self.damaged("shared datatype", "leads nowhere")),
        }
    }

    /// Sizes along every axis; none for a single value.
    fn shape(&self, body: &[u8]) -> Result<Vec<u64>, Error> {
        let early = || self.damaged("dataspace", "ends too early");
        let (version, rank) =
            (*body.first().ok_or_else(early)?, usize::from(*body.get(1).ok_or_else(early)?));
        if rank > MAX_RANK {
            return Err(self.damaged("dataspace", format!("{rank} axes")));
        }
        let start = if version == 1 { 8 } else { 4 };
        let axis = |idx: usize| {
            let bytes = body.get(start + idx * self.n_length..start + (idx + 1) * self.n_length);
            Ok(bytes.ok_or_else(early)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        };
        (0..rank).map(axis).collect()
    }

    fn layout(&self, body: &'a [u8]) -> Result<Layout<'a>, Error> {
        let mut fields = Fields { body, at: 2 };
        let early = || self.damaged("data layout", "ends too early");
        let (version, class) = (*body.first().ok_or_else(early)?, *body.get(1).ok_or_else(early)?);
        if !matches!(version, 3..=5) || class > 2 {
            return Err(self.unsupported("data layout", format!("version {version}, class {class}")));
        }
        let layout = match class {
            0 => fields
                .number(2)
                .and_then(|n_bytes| Some(Layout::Compact(body.get(4..)?.get(..File::offset(n_bytes))?))),
            1 => fields.number(self.n_address).map(|address| Layout::Contiguous { address }),
            _ if version == 3 => fields.old_chunks(self.n_address).map(Layout::Chunked),
            _ => return self.new_chunks(fields).map(Layout::Chunked),
        };
        layout.ok_or_else(early)
    }

    fn new_chunks(&self, mut fields: Fields<'_>) -> Result<Chunked, Error> {
        const IS_FILTERED_SINGLE: u64 = 0x02;
        let early = || self.damaged("data layout", "ends too early");
        let flags = fields.number(1).ok_or_else(early)?;
        let shape = fields.new_shape().ok_or_else(early)?;
        let index = match fields.number(1).ok_or_else(early)? {
            1 if flags & IS_FILTERED_SINGLE != 0 => {
                let n_bytes = fields.number(self.n_length).ok_or_else(early)?;
                let mask = fields.number(4).ok_or_else(early)?;
                Index::Single { stored: Some((n_bytes, u32::try_from(mask).unwrap_or(0))) }
            }
            1 => Index::Single { stored: None },
            2 => Index::Implicit,
            3 => {
                fields.number(1).ok_or_else(early)?;
                Index::FixedArray
            }
            4 => {
                // Five parameters, which the list states again.
                fields.number(5).ok_or_else(early)?;
                Index::GrowingArray
            }
            other => return Err(self.unsupported("data layout", format!("chunks indexed by method {other}"))),
        };
        let address = fields.number(self.n_address).ok_or_else(early)?;
        Ok(Chunked { address, shape, index })
    }
}

/// The value of a message that states one.
fn fill_value(body: &[u8]) -> Option<&[u8]> {
    const HAS_VALUE: u8 = 0x20;
    let start = match body {
        [1 | 2, _, _, is_defined, ..] if *is_defined != 0 => 4,
        [3, flags, ..] if flags & HAS_VALUE != 0 => 2,
        _ => return None,
    };
    let size = u32::from_le_bytes(body.get(start..start + 4)?.try_into().ok()?);
    body.get(start + 4..)?.get(..usize::try_from(size).ok()?)
}

/// Fields of a message, one after the other.
struct Fields<'a> {
    body: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn number(&mut self, n_bytes: usize) -> Option<u64> {
        let bytes = self.body.get(self.at..self.at.checked_add(n_bytes)?)?;
        self.at += n_bytes;
        (n_bytes <= 8).then(|| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    fn old_chunks(&mut self, n_address: usize) -> Option<Chunked> {
        let n_axes = usize::try_from(self.number(1)?).ok()?.checked_sub(1)?;
        let address = self.number(n_address)?;
        let shape = (0..n_axes.min(MAX_RANK)).map(|_| self.number(4)).collect::<Option<Vec<u64>>>()?;
        Some(Chunked { address, shape, index: Index::Tree })
    }

    fn new_shape(&mut self) -> Option<Vec<u64>> {
        let n_axes = usize::try_from(self.number(1)?).ok()?.checked_sub(1)?;
        let n_bytes = usize::try_from(self.number(1)?).ok()?;
        let shape = (0..n_axes.min(MAX_RANK)).map(|_| self.number(n_bytes)).collect::<Option<Vec<u64>>>()?;
        // The last axis is the size of an element.
        self.number(n_bytes)?;
        Some(shape)
    }
}

impl Dataset<'_, '_> {
    /// The only axis that is longer than one, the first of a single element, and the elements along it.
    fn axis(&self) -> Result<(usize, usize), Error> {
        let mut long = self.shape.iter().enumerate().filter(|(_, size)| **size != 1);
        match (long.next(), long.next()) {
            (None, _) => Ok((0, 1)),
            (Some((axis, size)), None) => Ok((axis, File::offset(*size))),
            _ => Err(self.file.unsupported("dataset", format!("axes {:?}; one axis is read", self.shape))),
        }
    }

    /// The elements as numbers; elements of chunks that were never written are the value that the file states for them,
    /// else NaN.
    pub(in crate::recording) fn numbers(&self) -> Result<Vec<f64>, Error> {
        let (_, n_elements) = self.axis()?;
        let n_element = self.datatype.n_bytes();
        let Some(decode) = self.datatype.number() else {
            return Err(self.file.unsupported("dataset", "its elements are no numbers"));
        };
        self.reserve(n_elements, size_of::<f64>().max(n_element))?;
        let fill = self.fill.filter(|fill| fill.len() == n_element).map_or(f64::NAN, decode);
        let mut numbers = vec![fill; n_elements];
        let mut n_read = 0;
        self.pieces(n_elements, &mut |start, piece| {
            n_read += piece.len() / n_element;
            let elements = piece.chunks_exact(n_element);
            numbers[start..].iter_mut().zip(elements).for_each(|(number, element)| *number = decode(element));
        })?;
        let is_growing = matches!(self.layout, Layout::Chunked(_)) && n_read > 0;
        if !is_growing {
            self.check_complete(n_read, n_elements)?;
        }
        Ok(numbers)
    }

    /// The bytes of all elements.
    pub(in crate::recording) fn raw(&self) -> Result<Vec<u8>, Error> {
        let (_, n_elements) = self.axis()?;
        let n_element = self.datatype.n_bytes();
        self.reserve(n_elements, n_element)?;
        let mut raw = vec![0; n_elements * n_element];
        let mut n_read = 0;
        self.pieces(n_elements, &mut |start, piece| {
            n_read += piece.len() / n_element;
            raw[start * n_element..][..piece.len()].copy_from_slice(piece);
        })?;
        self.check_complete(n_read, n_elements)?;
        Ok(raw)
    }

    fn reserve(&self, n_elements: usize, n_element: usize) -> Result<(), Error> {
        if self.datatype.n_bytes() == 0 {
            return Err(self.file.damaged("datatype", "elements of no size"));
        }
        self.file.spend((n_elements as u64).saturating_mul(n_element as u64))
    }

    fn check_complete(&self, n_read: usize, n_elements: usize) -> Result<(), Error> {
        if n_read == n_elements {
            return Ok(());
        }
        Err(self.file.damaged("dataset", format!("{n_read} of {n_elements} elements are stored")))
    }

    /// Hands over stretches of elements, each with the number of its first.
    fn pieces(&self, n_elements: usize, take: &mut dyn FnMut(usize, &[u8])) -> Result<(), Error> {
        let n_element = self.datatype.n_bytes();
        match &self.layout {
            Layout::Compact(data) => take(0, &data[..data.len().min(n_elements * n_element)]),
            Layout::Contiguous { .. } if n_elements == 0 => {}
            Layout::Contiguous { .. } if self.is_outside => {
                let what = "its elements lie in another file (external storage)";
                return Err(self.file.unsupported("dataset", what));
            }
            Layout::Contiguous { address } if self.file.is_undefined(*address) => {
                let what = format!("its {n_elements} elements were never written");
                return Err(self.file.bytes.wrong("dataset", what, "write the data, or leave the array out"));
            }
            Layout::Contiguous { address } => {
                take(0, self.file.bytes.slice(File::offset(*address), n_elements * n_element)?);
            }
            Layout::Chunked(chunked) => self.chunks(chunked, n_elements, take)?,
        }
        Ok(())
    }

    fn chunks(
        &self,
        chunked: &Chunked,
        n_elements: usize,
        take: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), Error> {
        let n_element = self.datatype.n_bytes();
        let (axis, _) = self.axis()?;
        // Along other axes a chunk might hold more than the array has.
        let is_plain = chunked.shape.iter().enumerate().all(|(idx, size)| idx == axis || *size == 1);
        let chunk_size = chunked.shape.get(axis).copied().map(File::offset);
        let chunk_size = chunk_size.filter(|size| *size > 0 && is_plain);
        let n_bytes = chunk_size.and_then(|size| size.checked_mul(n_element));
        let (Some(chunk_size), Some(n_bytes)) = (chunk_size, n_bytes) else {
            return Err(self.file.unsupported("dataset", format!("chunks of {:?} elements", chunked.shape)));
        };
        let mut seen = vec![false; n_elements.div_ceil(chunk_size)];
        for chunk in self.file.chunk_list((chunked, axis), (seen.len(), n_bytes), !self.filters.is_empty())? {
            let start = File::offset(chunk.start);
            let place =
                seen.get_mut(start / chunk_size).filter(|seen| !**seen && start.is_multiple_of(chunk_size));
            let Some(place) = place else {
                return Err(self.file.damaged("chunk", format!("at element {start} of {n_elements}")));
            };
            *place = true;
            let n_valid = (n_elements - start).min(chunk_size) * n_element;
            let stored = self.file.bytes.slice(File::offset(chunk.address), File::offset(chunk.n_bytes))?;
            if self.filters.is_empty() {
                take(start, &stored[..n_valid.min(stored.len())]);
            } else {
                self.file.spend((n_bytes - n_valid) as u64)?;
                let filters = (self.filters.as_slice(), chunk.mask);
                take(start, &self.file.unfilter(stored, filters, (n_bytes, n_element))?[..n_valid]);
            }
        }
        Ok(())
    }
}
