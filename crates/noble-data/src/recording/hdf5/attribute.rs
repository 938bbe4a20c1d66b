//! Attributes of groups and datasets.

use super::header::{ATTRIBUTE, ATTRIBUTE_INFO};
use super::tree::{self, Records};
use super::{Datatype, File};
use crate::Error;

impl<'a> File<'a> {
    /// The text of an attribute; `None` where there is none or it is no text.
    pub(in crate::recording) fn text(&self, address: u64, name: &str) -> Result<Option<String>, Error> {
        let Some((datatype, data)) = self.attribute(address, name)? else { return Ok(None) };
        let bytes = match datatype {
            Datatype::Text { n_bytes } => data.get(..n_bytes).unwrap_or(data),
            Datatype::VariableText { .. } => self.variable(data)?,
            _ => return Ok(None),
        };
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        Ok(Some(String::from_utf8_lossy(&bytes[..end]).trim_end().to_owned()))
    }

    /// The first number of an attribute; `None` where there is none or it is no number.
    pub(in crate::recording) fn number(&self, address: u64, name: &str) -> Result<Option<f64>, Error> {
        let Some((datatype, data)) = self.attribute(address, name)? else { return Ok(None) };
        let element = data.get(..datatype.n_bytes());
        Ok(datatype.number().zip(element).map(|(decode, element)| decode(element)))
    }

    fn attribute(&self, address: u64, name: &str) -> Result<Option<(Datatype, &'a [u8])>, Error> {
        for message in self.messages(address)? {
            if message.kind == ATTRIBUTE {
                let body = self.bytes.slice(message.offset, message.n_bytes)?;
                let parts = self.parts(body)?;
                if parts.name == name.as_bytes() {
                    return self.value(parts).map(Some);
                }
            } else if message.kind == ATTRIBUTE_INFO
                && let Some(found) = self.dense_attribute(message.offset, name)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn parts(&self, body: &'a [u8]) -> Result<Parts<'a>, Error> {
        parts(body).ok_or_else(|| self.damaged("attribute", "ends too early"))
    }

    fn value(&self, parts: Parts<'a>) -> Result<(Datatype, &'a [u8]), Error> {
        let datatype =
            if parts.is_shared { self.committed(parts.datatype)? } else { self.datatype(parts.datatype)? };
        Ok((datatype, parts.data))
    }

    /// Attributes beyond the few that fit in the header: in a heap, listed by a tree.
    fn dense_attribute(&self, offset: usize, name: &str) -> Result<Option<(Datatype, &'a [u8])>, Error> {
        const HAS_ORDER: u8 = 0x01;
        const ID_BYTES: usize = 8;
        let at = offset + if self.bytes.u8(offset + 1)? & HAS_ORDER == 0 { 2 } else { 4 };
        let heap = self.address(at)?;
        if self.is_undefined(heap) {
            return Ok(None);
        }
        let heap = self.fractal_heap(heap)?;
        let Records { kind, records } = tree::records(self, self.address(at + self.n_address)?)?;
        if kind != 8 {
            return Err(self.damaged("attributes", format!("a tree of kind {kind} for names")));
        }
        for record in records {
            let parts = self.parts(heap.object(self, record.get(..ID_BYTES).unwrap_or_default())?)?;
            if parts.name == name.as_bytes() {
                return self.value(parts).map(Some);
            }
        }
        Ok(None)
    }
}

/// An attribute message cut into its parts.
struct Parts<'a> {
    name: &'a [u8],
    datatype: &'a [u8],
    is_shared: bool,
    data: &'a [u8],
}

fn parts(body: &[u8]) -> Option<Parts<'_>> {
    let version = *body.first()?;
    let size = |at: usize| Some(usize::from(u16::from_le_bytes([*body.get(at)?, *body.get(at + 1)?])));
    let sizes = [size(2)?, size(4)?, size(6)?];
    // Parts are padded to eight bytes in version 1; version 3 has one more byte, the character set.
    let pad = |n_bytes: usize| if version == 1 { n_bytes.next_multiple_of(8) } else { n_bytes };
    let mut at = if version == 3 { 9 } else { 8 };
    let mut take = |n_bytes: usize| {
        let part = body.get(at..at + n_bytes)?;
        at += pad(n_bytes);
        Some(part)
    };
    let (name, datatype, _space) = (take(sizes[0])?, take(sizes[1])?, take(sizes[2])?);
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let is_shared = version > 1 && *body.get(1)? & 1 != 0;
    Some(Parts { name: &name[..end], datatype, is_shared, data: body.get(at..)? })
}
