//! What chunks went through before they were stored, undone.

use std::borrow::Cow;

use super::File;
use crate::Error;

const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER: u16 = 3;
const MAX_FILTERS: usize = 32;

/// One filter of a pipeline, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Filter(u16);

impl File<'_> {
    /// The filters of a pipeline message, in the order in which they were applied.
    pub(super) fn filters(&self, message: &[u8]) -> Result<Vec<Filter>, Error> {
        let filters = parse(message).ok_or_else(|| self.damaged("filters", "cannot be read"))?;
        match filters.iter().find(|filter| ![DEFLATE, SHUFFLE, FLETCHER].contains(&filter.0)) {
            Some(Filter(number)) => Err(self.unsupported("filters", format!("filter {number} is not known"))),
            None => Ok(filters),
        }
    }

    /// The bytes of a chunk before it was filtered; `mask` names filters that were left out.
    pub(super) fn unfilter<'s>(
        &self,
        stored: &'s [u8],
        (filters, mask): (&[Filter], u32),
        (n_bytes, n_element): (usize, usize),
    ) -> Result<Cow<'s, [u8]>, Error> {
        let mut chunk = Cow::Borrowed(stored);
        for (idx, filter) in filters.iter().enumerate().rev() {
            if idx < 32 && mask >> idx & 1 != 0 {
                continue;
            }
            chunk = match filter.0 {
                // A checksum of an earlier filter may follow the data.
                DEFLATE => inflate(&chunk, n_bytes.saturating_add(4))
                    .map(Cow::Owned)
                    .ok_or_else(|| self.damaged("chunk", "deflated bytes that cannot be inflated"))?,
                SHUFFLE => Cow::Owned(unshuffle(&chunk, n_element)),
                _ => match chunk {
                    Cow::Borrowed(stored) => Cow::Borrowed(&stored[..stored.len().saturating_sub(4)]),
                    Cow::Owned(mut bytes) => {
                        bytes.truncate(bytes.len().saturating_sub(4));
                        Cow::Owned(bytes)
                    }
                },
            };
        }
        if chunk.len() < n_bytes {
            let what = format!("{} bytes where {n_bytes} are declared", chunk.len());
            return Err(self.damaged("chunk", what));
        }
        Ok(chunk)
    }
}

fn inflate(stored: &[u8], n_most: usize) -> Option<Vec<u8>> {
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(stored, n_most).ok()
}

/// Bytes that lay together by their place in the element, brought back into elements.
fn unshuffle(shuffled: &[u8], n_element: usize) -> Vec<u8> {
    let n_elements = shuffled.len() / n_element.max(1);
    if n_element < 2 || n_elements < 2 {
        return shuffled.to_vec();
    }
    let mut bytes = shuffled.to_vec();
    for (place, run) in shuffled.chunks_exact(n_elements).take(n_element).enumerate() {
        for (element, byte) in bytes.chunks_exact_mut(n_element).zip(run) {
            element[place] = *byte;
        }
    }
    bytes
}

fn parse(message: &[u8]) -> Option<Vec<Filter>> {
    let (version, n_filters) = (*message.first()?, usize::from(*message.get(1)?));
    let number = |at: usize| Some(u16::from_le_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let mut at = if version == 1 { 8 } else { 2 };
    let mut filters = Vec::new();
    for _ in 0..n_filters.min(MAX_FILTERS) {
        let id = number(at)?;
        // The second version leaves the name of the known filters out.
        let has_name = version == 1 || id >= 256;
        let n_name = if has_name { usize::from(number(at + 2)?) } else { 0 };
        at += if has_name { 4 } else { 2 };
        let n_values = usize::from(number(at + 2)?);
        at += 4 + if version == 1 { n_name.next_multiple_of(8) } else { n_name };
        let n_padded = if version == 1 { n_values.next_multiple_of(2) } else { n_values };
        at += 4 * n_padded;
        filters.push(Filter(id));
    }
    Some(filters)
}
