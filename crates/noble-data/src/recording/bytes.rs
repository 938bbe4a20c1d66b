//! Numbers at byte offsets of a file, every access checked: a truncated or damaged file is an error, never a panic.

use crate::Error;

const TRUNCATED: &str = "the file is truncated or damaged; copy it again from its source";

/// The bytes of one file and the name of its format, for errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a> {
    data: &'a [u8],
    format: &'static str,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(data: &'a [u8], format: &'static str) -> Self {
        Self { data, format }
    }

    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// `n_bytes` from `offset` on.
    pub(super) fn slice(&self, offset: usize, n_bytes: usize) -> Result<&'a [u8], Error> {
        let end = offset.checked_add(n_bytes).filter(|end| *end <= self.data.len());
        end.map(|end| &self.data[offset..end]).ok_or_else(|| {
            let what = format!("{n_bytes} bytes are needed but the file has {}", self.data.len());
            self.wrong(&format!("byte {offset}"), what, TRUNCATED)
        })
    }

    fn array<const N: usize>(&self, offset: usize) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.slice(offset, N)?);
        Ok(array)
    }

    pub(super) fn u8(&self, offset: usize) -> Result<u8, Error> {
        self.array::<1>(offset).map(|bytes| bytes[0])
    }

    pub(super) fn u16(&self, offset: usize) -> Result<u16, Error> {
        self.array(offset).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&self, offset: usize) -> Result<u32, Error> {
        self.array(offset).map(u32::from_le_bytes)
    }

    pub(super) fn i16(&self, offset: usize) -> Result<i16, Error> {
        self.array(offset).map(i16::from_le_bytes)
    }

    pub(super) fn i32(&self, offset: usize) -> Result<i32, Error> {
        self.array(offset).map(i32::from_le_bytes)
    }

    pub(super) fn f32(&self, offset: usize) -> Result<f32, Error> {
        self.array(offset).map(f32::from_le_bytes)
    }

    /// An unsigned number of 1 to 8 bytes.
    pub(super) fn unsigned(&self, offset: usize, n_bytes: usize) -> Result<u64, Error> {
        let mut array = [0; 8];
        array[..n_bytes].copy_from_slice(self.slice(offset, n_bytes)?);
        Ok(u64::from_le_bytes(array))
    }

    /// Text of a fixed field: up to the first NUL, without blanks around it; µ of Windows code pages becomes u.
    pub(super) fn text(&self, offset: usize, n_bytes: usize) -> Result<String, Error> {
        self.slice(offset, n_bytes).map(clean_text)
    }

    pub(super) fn wrong(&self, place: &str, what: impl Into<String>, remedy: &'static str) -> Error {
        Error::Recording { format: self.format, place: place.to_owned(), what: what.into(), remedy }
    }
}

/// Text up to the first NUL, without blanks around it.
pub(super) fn clean_text(bytes: &[u8]) -> String {
    const MICRO_SIGN: u8 = 0xb5;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text: String = bytes[..end]
        .iter()
        .map(|byte| if *byte == MICRO_SIGN { 'u' } else { char::from(*byte) })
        .filter(char::is_ascii)
        .collect();
    text.trim().to_owned()
}
