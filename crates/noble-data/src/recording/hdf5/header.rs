//! Object headers: the list of messages that describe a group or a dataset.

use super::File;
use crate::Error;

/// Kinds of messages that are read.
pub(super) const DATASPACE: u16 = 0x01;
pub(super) const LINK_INFO: u16 = 0x02;
pub(super) const DATATYPE: u16 = 0x03;
pub(super) const FILL_VALUE: u16 = 0x05;
pub(super) const LINK: u16 = 0x06;
pub(super) const EXTERNAL_FILES: u16 = 0x07;
pub(super) const LAYOUT: u16 = 0x08;
pub(super) const FILTERS: u16 = 0x0b;
pub(super) const ATTRIBUTE: u16 = 0x0c;
const CONTINUATION: u16 = 0x10;
pub(super) const SYMBOL_TABLE: u16 = 0x11;
pub(super) const ATTRIBUTE_INFO: u16 = 0x15;

/// A header beyond these sizes is damaged, or a loop.
const MAX_BLOCKS: usize = 1024;
const MAX_MESSAGES: usize = 1 << 16;

const IS_SHARED: u8 = 0x02;

/// One message: `n_bytes` from `offset` on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) kind: u16,
    pub(super) offset: usize,
    pub(super) n_bytes: usize,
    pub(super) is_shared: bool,
}

impl File<'_> {
    /// The messages of the object at an address.
    pub(super) fn messages(&self, address: u64) -> Result<Vec<Message>, Error> {
        let offset = Self::offset(address);
        let is_second = self.bytes.slice(offset, 4)? == b"OHDR";
        let (mut reader, first) = if is_second { self.second(offset)? } else { self.first(offset)? };
        let mut blocks = vec![first];
        let mut messages = Vec::new();
        let mut n_blocks = 0;
        while let Some((start, end)) = blocks.pop() {
            n_blocks += 1;
            if n_blocks > MAX_BLOCKS {
                return Err(self.damaged(&format!("object at {address}"), "too many blocks of messages"));
            }
            self.bytes.slice(start, end.saturating_sub(start))?;
            reader.block(self, (start, end), &mut messages, &mut blocks)?;
        }
        Ok(messages)
    }

    /// The first message of a kind.
    pub(super) fn message(&self, address: u64, kind: u16) -> Result<Option<Message>, Error> {
        Ok(self.messages(address)?.into_iter().find(|message| message.kind == kind))
    }

    fn first(&self, offset: usize) -> Result<(Reader, (usize, usize)), Error> {
        if self.bytes.u8(offset)? != 1 {
            return Err(self.damaged(&format!("byte {offset}"), "no object header"));
        }
        let start = offset.saturating_add(16);
        let n_bytes = usize::try_from(self.bytes.u32(offset + 8)?).unwrap_or(usize::MAX);
        let end = start.saturating_add(n_bytes);
        Ok((Reader { is_second: false, has_order: false }, (start, end)))
    }

    fn second(&self, offset: usize) -> Result<(Reader, (usize, usize)), Error> {
        const HAS_TIMES: u8 = 0x20;
        const HAS_LIMITS: u8 = 0x10;
        const HAS_ORDER: u8 = 0x04;
        let flags = self.bytes.u8(offset + 5)?;
        let mut at = offset + 6;
        at += if flags & HAS_TIMES == 0 { 0 } else { 16 };
        at += if flags & HAS_LIMITS == 0 { 0 } else { 4 };
        let n_size = 1 << (flags & 3);
        let n_bytes = usize::try_from(self.bytes.unsigned(at, n_size)?).unwrap_or(usize::MAX);
        let start = at + n_size;
        let end = start.saturating_add(n_bytes);
        Ok((Reader { is_second: true, has_order: flags & HAS_ORDER != 0 }, (start, end)))
    }
}

/// How messages are laid out.
struct Reader {
    is_second: bool,
    has_order: bool,
}

impl Reader {
    fn n_prefix(&self) -> usize {
        match (self.is_second, self.has_order) {
            (false, _) => 8,
            (true, false) => 4,
            (true, true) => 6,
        }
    }

    fn block(
        &mut self,
        file: &File<'_>,
        (start, end): (usize, usize),
        messages: &mut Vec<Message>,
        blocks: &mut Vec<(usize, usize)>,
    ) -> Result<(), Error> {
        let mut at = start;
        while at.saturating_add(self.n_prefix()) <= end {
            let (kind, size_at) = if self.is_second {
                (u16::from(file.bytes.u8(at)?), at + 1)
            } else {
                (file.bytes.u16(at)?, at + 2)
            };
            let n_bytes = usize::from(file.bytes.u16(size_at)?);
            let is_shared = file.bytes.u8(size_at + 2)? & IS_SHARED != 0;
            let offset = at + self.n_prefix();
            if offset + n_bytes > end || messages.len() >= MAX_MESSAGES {
                return Err(file.damaged(&format!("byte {at}"), "a message beyond its object header"));
            }
            file.work(1)?;
            if kind == CONTINUATION {
                blocks.push(self.continuation(file, offset)?);
            }
            messages.push(Message { kind, offset, n_bytes, is_shared });
            at = offset + n_bytes;
        }
        Ok(())
    }

    fn continuation(&self, file: &File<'_>, offset: usize) -> Result<(usize, usize), Error> {
        let start = File::offset(file.address(offset)?);
        let n_bytes = usize::try_from(file.length(offset + file.n_address)?).unwrap_or(usize::MAX);
        let end = start.saturating_add(n_bytes);
        if self.is_second {
            // Signature before, checksum behind.
            file.expect(start, b"OCHK")?;
            return Ok((start + 4, end.saturating_sub(4)));
        }
        Ok((start, end))
    }
}
