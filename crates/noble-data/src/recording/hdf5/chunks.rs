//! Where the chunks of an array lie.

use super::File;
use super::dataset::{Chunked, Index};
use crate::Error;

/// One stored chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Number of its first element along the first axis.
    pub(super) start: u64,
    pub(super) address: u64,
    /// Bytes in the file.
    pub(super) n_bytes: u64,
    /// Filters that were left out.
    pub(super) mask: u32,
}

impl File<'_> {
    /// The chunks of an array of `n_chunks` chunks of `n_bytes` each, all along the first axis.
    pub(super) fn chunk_list(
        &self,
        chunked: &Chunked,
        (n_chunks, n_bytes): (usize, usize),
        is_filtered: bool,
    ) -> Result<Vec<Chunk>, Error> {
        if self.is_undefined(chunked.address) {
            return Ok(Vec::new());
        }
        let (n_bytes, step) = (n_bytes as u64, chunked.shape.first().copied().unwrap_or(1));
        match chunked.index {
            Index::Tree => self.tree_chunks(chunked),
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
            Index::FixedArray => self.array_chunks(chunked, (n_bytes, step), is_filtered),
        }
    }

    /// Chunks in a tree of the first kind, whose keys are size, mask and the first element along every axis.
    fn tree_chunks(&self, chunked: &Chunked) -> Result<Vec<Chunk>, Error> {
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
                    start: self.bytes.unsigned(key + 8, 8)?,
                    address: child,
                    n_bytes: u64::from(self.bytes.u32(key)?),
                    mask: self.bytes.u32(key + 4)?,
                });
            }
        }
        Ok(chunks)
    }

    /// Chunks in a list of fixed size, which is cut into pages where it is long.
    fn array_chunks(
        &self,
        chunked: &Chunked,
        (n_bytes, step): (u64, u64),
        is_filtered: bool,
    ) -> Result<Vec<Chunk>, Error> {
        let header = Self::offset(chunked.address);
        self.expect(header, b"FAHD")?;
        let n_entry = usize::from(self.bytes.u8(header + 6)?);
        let page_bits = u32::from(self.bytes.u8(header + 7)?);
        let n_entries = Self::offset(self.length(header + 8)?);
        let block = Self::offset(self.address(header + 8 + self.n_length)?);
        self.expect(block, b"FADB")?;
        let n_least = self.n_address + if is_filtered { 5 } else { 0 };
        if n_entry < n_least || page_bits > 31 || n_entries > self.bytes.len() / n_entry {
            return Err(self.damaged("list of chunks", format!("{n_entries} entries of {n_entry} bytes")));
        }
        self.work(n_entries)?;
        let n_page = 1_usize << page_bits;
        let is_paged = n_entries > n_page;
        let n_pages = n_entries.div_ceil(n_page);
        // Prefix, then the map of pages and its checksum where there are pages, each with a checksum behind.
        let start = block + 6 + self.n_address + if is_paged { n_pages.div_ceil(8) + 4 } else { 0 };
        let mut chunks = Vec::new();
        for idx in 0..n_entries {
            let n_checksums = if is_paged { idx / n_page } else { 0 };
            let entry = start + idx * n_entry + 4 * n_checksums;
            let address = self.address(entry)?;
            if self.is_undefined(address) {
                continue;
            }
            let n_size = n_entry - self.n_address - if is_filtered { 4 } else { 0 };
            let (n_bytes, mask) = if is_filtered {
                let size_at = entry + self.n_address;
                (self.bytes.unsigned(size_at, n_size.min(8))?, self.bytes.u32(size_at + n_size)?)
            } else {
                (n_bytes, 0)
            };
            chunks.push(Chunk { start: (idx as u64).saturating_mul(step), address, n_bytes, mask });
        }
        Ok(chunks)
    }
}
