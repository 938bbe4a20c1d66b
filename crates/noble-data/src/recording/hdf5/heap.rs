//! The global heap: texts and lists whose length differs from element to element.

use super::File;
use crate::Error;

/// Objects of one collection are numbered in 16 bits.
const MAX_OBJECTS: usize = 1 << 16;

impl<'a> File<'a> {
    /// The bytes that an element of variable length at `element` (length, collection, number) refers to.
    pub(super) fn variable(&self, element: &[u8]) -> Result<&'a [u8], Error> {
        let address = element.get(4..4 + self.n_address);
        let number = element.get(4 + self.n_address..8 + self.n_address);
        let (Some(address), Some(number)) = (address, number) else {
            return Err(self.damaged("element of variable length", "ends too early"));
        };
        let n_bytes = u32::from_le_bytes([element[0], element[1], element[2], element[3]]);
        if n_bytes == 0 {
            return Ok(&[]);
        }
        let address = address.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let number = u32::from_le_bytes([number[0], number[1], number[2], number[3]]);
        let object = self.global_object(address, number)?;
        Ok(&object[..object.len().min(usize::try_from(n_bytes).unwrap_or(usize::MAX))])
    }

    fn global_object(&self, address: u64, number: u32) -> Result<&'a [u8], Error> {
        let start = Self::offset(address);
        self.expect(start, b"GCOL")?;
        let end = start.saturating_add(Self::offset(self.length(start + 8)?));
        let mut at = start + 8 + self.n_length;
        for _ in 0..MAX_OBJECTS {
            if at >= self.bytes.len() || at + 8 + self.n_length > end {
                break;
            }
            self.work(1)?;
            let n_bytes = Self::offset(self.length(at + 8)?);
            let index = self.bytes.u16(at)?;
            let data = at + 8 + self.n_length;
            if u32::from(index) == number {
                return self.bytes.slice(data, n_bytes);
            }
            if index == 0 {
                break;
            }
            at = data.saturating_add(n_bytes.checked_next_multiple_of(8).unwrap_or(usize::MAX));
        }
        Err(self.damaged(&format!("heap at {address}"), format!("has no object {number}")))
    }
}
