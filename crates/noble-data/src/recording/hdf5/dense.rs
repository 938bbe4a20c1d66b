//! Fractal heaps: where links and attributes lie when they are too many for an object header.

use super::File;
use crate::Error;

/// Blocks within blocks beyond this depth are a loop.
const MAX_DEPTH: usize = 32;

/// A heap of objects that are addressed by their offset in a space of blocks of growing size.
pub(super) struct FractalHeap {
    /// Bytes of an offset and of a length in an object's name.
    n_offset: usize,
    n_length: usize,
    width: u64,
    first_size: u64,
    n_direct_rows: u64,
    root: u64,
    n_root_rows: u64,
    /// Bytes of a block's header before addresses of further blocks.
    n_block_header: usize,
}

impl File<'_> {
    pub(super) fn fractal_heap(&self, address: u64) -> Result<FractalHeap, Error> {
        let at = Self::offset(address);
        self.expect(at, b"FRHP")?;
        let (n_address, n_length) = (self.n_address, self.n_length);
        if self.bytes.u16(at + 7)? != 0 {
            return Err(self.unsupported("heap", "filtered blocks"));
        }
        let max_object = u64::from(self.bytes.u32(at + 10)?);
        // Ten lengths and two addresses of statistics lie before the table of blocks.
        let table = at + 14 + 10 * n_length + 2 * n_address;
        let width = u64::from(self.bytes.u16(table)?);
        let first_size = self.length(table + 2)?;
        let max_direct = self.length(table + 2 + n_length)?;
        let n_bits = u64::from(self.bytes.u16(table + 2 + 2 * n_length)?);
        let root = table + 6 + 2 * n_length;
        if width == 0 || !first_size.is_power_of_two() || !max_direct.is_power_of_two() || n_bits > 64 {
            return Err(self.damaged(&format!("heap at {address}"), "sizes that cannot be"));
        }
        let n_offset = usize::try_from(n_bits.div_ceil(8)).unwrap_or(8);
        Ok(FractalHeap {
            n_offset,
            n_length: n_bytes(max_direct.min(max_object)),
            width,
            first_size,
            n_direct_rows: u64::from(max_direct.ilog2().saturating_sub(first_size.ilog2())) + 2,
            root: self.address(root)?,
            n_root_rows: u64::from(self.bytes.u16(root + n_address)?),
            n_block_header: 5 + n_address + n_offset,
        })
    }
}

fn n_bytes(number: u64) -> usize {
    let n_bits = 64 - number.leading_zeros();
    usize::try_from(n_bits.div_ceil(8).max(1)).unwrap_or(8)
}

impl FractalHeap {
    /// The object of a name: flags, offset, length.
    pub(super) fn object<'a>(&self, file: &File<'a>, id: &[u8]) -> Result<&'a [u8], Error> {
        const KIND: u8 = 0x30;
        let number = |range: std::ops::Range<usize>| {
            let bytes = id.get(range)?;
            Some(bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)))
        };
        let offset = number(1..1 + self.n_offset);
        let n_bytes = number(1 + self.n_offset..1 + self.n_offset + self.n_length);
        let (Some(flags), Some(offset), Some(n_bytes)) = (id.first(), offset, n_bytes) else {
            return Err(file.damaged("heap", "an object's name ends too early"));
        };
        if flags & KIND != 0 {
            return Err(file.unsupported("heap", "an object outside of the heap's blocks"));
        }
        let at = self.place(file, (self.root, self.n_root_rows), offset, 0)?;
        file.bytes.slice(at, File::offset(n_bytes))
    }

    /// Byte of the file that holds an offset of the heap's space, below a block of `n_rows` rows (0: itself direct).
    fn place(
        &self,
        file: &File<'_>,
        (block, n_rows): (u64, u64),
        offset: u64,
        depth: usize,
    ) -> Result<usize, Error> {
        let outside = || file.damaged("heap", "an object outside of the heap");
        if n_rows == 0 {
            file.expect(File::offset(block), b"FHDB")?;
            return File::offset(block).checked_add(File::offset(offset)).ok_or_else(outside);
        }
        file.expect(File::offset(block), b"FHIB")?;
        let (row, row_start, size) =
            self.row(offset).filter(|(row, ..)| *row < n_rows).ok_or_else(outside)?;
        let column = (offset - row_start) / size;
        let child_idx = row * self.width + column;
        let pointer = File::offset(block)
            + self.n_block_header
            + File::offset(child_idx).saturating_mul(file.n_address);
        let child = file.address(pointer)?;
        let inner = offset - row_start - column * size;
        if row < self.n_direct_rows {
            return self.place(file, (child, 0), inner, depth + 1);
        }
        if depth >= MAX_DEPTH {
            return Err(outside());
        }
        let n_inner_rows =
            u64::from(size.ilog2()).saturating_sub(u64::from((self.first_size * self.width).ilog2())) + 1;
        self.place(file, (child, n_inner_rows), inner, depth + 1)
    }

    /// Row of an offset, where the row starts, and the size of its blocks: the first two rows have blocks of the
    /// first size, each row after them blocks of twice the size.
    fn row(&self, offset: u64) -> Option<(u64, u64, u64)> {
        let mut start = 0_u64;
        for row in 0..64_u64 {
            let size = self.first_size.checked_shl(u32::try_from(row.saturating_sub(1)).ok()?)?;
            let end = start.checked_add(size.checked_mul(self.width)?)?;
            if size == 0 {
                return None;
            }
            if offset < end {
                return Some((row, start, size));
            }
            start = end;
        }
        None
    }
}
