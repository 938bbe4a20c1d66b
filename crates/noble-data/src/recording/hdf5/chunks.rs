//! Where the chunks of an array lie.

use super::File;
use super::dataset::{Chunked, Index};
use crate::Error;

/// One stored chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Number of its first element along the axis of the array.
    pub(super) start: u64,
    pub(super) address: u64,
    /// Bytes in the file.
    pub(super) n_bytes: u64,
    /// Filters that were left out.
    pub(super) mask: u32,
}

impl File<'_> {
    /// The chunks of an array of `n_chunks` chunks of `n_bytes` each, all along one axis.
    pub(super) fn chunk_list(
        &self,
        (chunked, axis): (&Chunked, usize),
        (n_chunks, n_bytes): (usize, usize),
        is_filtered: bool,
    ) -> Result<Vec<Chunk>, Error> {
        if self.is_undefined(chunked.address) {
            return Ok(Vec::new());
        }
        let (n_bytes, step) = (n_bytes as u64, chunked.shape.get(axis).copied().unwrap_or(1));
        match chunked.index {
            Index::Tree => self.tree_chunks(chunked, axis),
            Index::Single { stored } => {
                let (n_bytes, mask) = stored.unwrap_or((n_bytes, 0));
                Ok(vec![Chunk { start: 0, address: chunked.address, n_bytes, mask }])
            }
            Index::Implicit => {
                self.check_nodes(n_chunks)?;
                let chunk = |idx: u64| Chunk {
                    start: idx.saturating_mul(step),
                    address: chunked.address.saturating_add(idx.saturating_mul(n_bytes)),
                    n_bytes,
                    mask: 0,
                };
                Ok((0..n_chunks as u64).map(chunk).collect())
            }
            Index::FixedArray => self.listed_chunks(
                &self.fixed_entries(chunked.address, n_chunks)?,
                (n_bytes, step),
                is_filtered,
            ),
            Index::GrowingArray => self.listed_chunks(
                &self.growing_entries(chunked.address, n_chunks)?,
                (n_bytes, step),
                is_filtered,
            ),
        }
    }

    /// Chunks in a tree of the first kind, whose keys are size, mask and the first element along every axis.
    fn tree_chunks(&self, chunked: &Chunked, axis: usize) -> Result<Vec<Chunk>, Error> {
        const CHUNK_NODE: u8 = 1;
        let n_key = 8 + 8 * (chunked.shape.len() + 1);
        let mut chunks = Vec::new();
        let mut nodes = vec![(chunked.address, u8::MAX)];
        let mut n_nodes = 0;
        while let Some((address, above)) = nodes.pop() {
            let node = self.node(address, CHUNK_NODE, above)?;
            n_nodes += 1;
            self.check_nodes(n_nodes + chunks.len())?;
            for idx in 0..node.n_entries {
                let key = node.start + idx * (n_key + self.n_address);
                let child = self.address(key + n_key)?;
                if node.level > 0 {
                    nodes.push((child, node.level));
                    continue;
                }
                chunks.push(Chunk {
                    start: self.bytes.unsigned(key + 8 + 8 * axis, 8)?,
                    address: child,
                    n_bytes: u64::from(self.bytes.u32(key)?),
                    mask: self.bytes.u32(key + 4)?,
                });
            }
        }
        Ok(chunks)
    }

    /// Chunks of a list, whose entries are the address and, where chunks are filtered, size and mask.
    fn listed_chunks(
        &self,
        entries: &[&[u8]],
        (n_bytes, step): (u64, u64),
        is_filtered: bool,
    ) -> Result<Vec<Chunk>, Error> {
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        let mut chunks = Vec::new();
        for (idx, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.is_empty()) {
            let (address, rest) = entry.split_at(self.n_address);
            let address = number(address);
            if self.is_undefined(address) {
                continue;
            }
            let (n_bytes, mask) = match rest.split_last_chunk::<4>() {
                Some((size, mask)) if is_filtered => (number(size), u32::from_le_bytes(*mask)),
                None if is_filtered => return Err(self.damaged("list of chunks", "entries without sizes")),
                _ => (n_bytes, 0),
            };
            chunks.push(Chunk { start: (idx as u64).saturating_mul(step), address, n_bytes, mask });
        }
        Ok(chunks)
    }
}
