//! Types of elements: numbers, texts, references and compounds of them.

use super::File;
use crate::Error;

/// Compounds within compounds beyond this depth are damage.
const MAX_DEPTH: usize = 8;

/// The type of an element, as far as recordings need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::recording) enum Datatype {
    /// Whole number.
    Whole { n_bytes: usize, is_signed: bool, is_big_endian: bool },
    /// IEEE number of 4 or 8 bytes.
    Float { n_bytes: usize, is_big_endian: bool },
    /// Text of fixed size.
    Text { n_bytes: usize },
    /// Text in the global heap.
    VariableText { n_bytes: usize },
    /// Address of an object.
    Reference { n_bytes: usize },
    /// Named members at offsets.
    Compound { n_bytes: usize, members: Vec<Member> },
    /// Anything else.
    Other { n_bytes: usize, class: u8 },
}

/// One member of a compound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::recording) struct Member {
    pub(in crate::recording) name: String,
    pub(in crate::recording) offset: usize,
    pub(in crate::recording) datatype: Datatype,
}

impl Datatype {
    /// Bytes of one element.
    pub(in crate::recording) fn n_bytes(&self) -> usize {
        match self {
            Self::Whole { n_bytes, .. }
            | Self::Float { n_bytes, .. }
            | Self::Text { n_bytes }
            | Self::VariableText { n_bytes }
            | Self::Reference { n_bytes }
            | Self::Compound { n_bytes, .. }
            | Self::Other { n_bytes, .. } => *n_bytes,
        }
    }

    /// How the bytes of an element become a number; `None` where the type is no number.
    pub(super) fn number(&self) -> Option<fn(&[u8]) -> f64> {
        macro_rules! decode {
            ($kind:ty, $from:ident) => {
                |bytes| <$kind>::$from(bytes.try_into().unwrap_or_default()) as f64
            };
        }
        match *self {
            Self::Float { n_bytes: 4, is_big_endian: false } => Some(decode!(f32, from_le_bytes)),
            Self::Float { n_bytes: 8, is_big_endian: false } => Some(decode!(f64, from_le_bytes)),
            Self::Float { n_bytes: 4, is_big_endian: true } => Some(decode!(f32, from_be_bytes)),
            Self::Float { n_bytes: 8, is_big_endian: true } => Some(decode!(f64, from_be_bytes)),
            Self::Whole { n_bytes, is_signed, is_big_endian } => match (n_bytes, is_signed, is_big_endian) {
                (1, true, _) => Some(decode!(i8, from_le_bytes)),
                (1, false, _) => Some(decode!(u8, from_le_bytes)),
                (2, true, false) => Some(decode!(i16, from_le_bytes)),
                (2, false, false) => Some(decode!(u16, from_le_bytes)),
                (4, true, false) => Some(decode!(i32, from_le_bytes)),
                (4, false, false) => Some(decode!(u32, from_le_bytes)),
                (8, true, false) => Some(decode!(i64, from_le_bytes)),
                (8, false, false) => Some(decode!(u64, from_le_bytes)),
                (2, true, true) => Some(decode!(i16, from_be_bytes)),
                (2, false, true) => Some(decode!(u16, from_be_bytes)),
                (4, true, true) => Some(decode!(i32, from_be_bytes)),
                (4, false, true) => Some(decode!(u32, from_be_bytes)),
                (8, true, true) => Some(decode!(i64, from_be_bytes)),
                (8, false, true) => Some(decode!(u64, from_be_bytes)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl File<'_> {
    /// The type that a message describes.
    pub(super) fn datatype(&self, message: &[u8]) -> Result<Datatype, Error> {
        let parsed = parse(message, 0);
        parsed.map(|(datatype, _)| datatype).ok_or_else(|| self.damaged("datatype", "cannot be read"))
    }
}

/// The type and the bytes that describe it.
fn parse(message: &[u8], depth: usize) -> Option<(Datatype, usize)> {
    const PREFIX: usize = 8;
    let (class, version) = (*message.first()? & 0x0f, *message.first()? >> 4);
    let bits = *message.get(1)?;
    let n_bytes = usize::try_from(number(message.get(4..8)?)).ok()?;
    let is_big_endian = bits & 1 != 0;
    Some(match class {
        0 => (Datatype::Whole { n_bytes, is_signed: bits & 8 != 0, is_big_endian }, PREFIX + 4),
        1 => (Datatype::Float { n_bytes, is_big_endian }, PREFIX + 12),
        3 => (Datatype::Text { n_bytes }, PREFIX),
        6 => {
            let n_members = usize::from(u16::from_le_bytes([bits, *message.get(2)?]));
            let (members, end) = members(message, (version, n_bytes, n_members), depth)?;
            (Datatype::Compound { n_bytes, members }, end)
        }
        7 => (Datatype::Reference { n_bytes }, PREFIX),
        9 => {
            let (_, n_base) =
                parse(message.get(PREFIX..)?, depth.checked_add(1).filter(|depth| *depth < MAX_DEPTH)?)?;
            let is_text = bits & 0x0f == 1;
            let datatype =
                if is_text { Datatype::VariableText { n_bytes } } else { Datatype::Other { n_bytes, class } };
            (datatype, PREFIX + n_base)
        }
        other => (Datatype::Other { n_bytes, class: other }, message.len()),
    })
}

fn members(
    message: &[u8],
    (version, n_bytes, n_members): (u8, usize, usize),
    depth: usize,
) -> Option<(Vec<Member>, usize)> {
    if depth >= MAX_DEPTH {
        return None;
    }
    let mut at = 8;
    let mut members = Vec::new();
    for _ in 0..n_members {
        let rest = message.get(at..)?;
        let n_name = rest.iter().position(|byte| *byte == 0)?;
        let name = String::from_utf8_lossy(&rest[..n_name]).into_owned();
        // Names are padded to eight bytes up to version 2; offsets take four bytes, later as many as are needed.
        at += if version < 3 { (n_name + 1).next_multiple_of(8) } else { n_name + 1 };
        let n_offset = if version < 3 { 4 } else { offset_bytes(n_bytes) };
        let offset = usize::try_from(number(message.get(at..at + n_offset)?)).ok()?;
        at += n_offset;
        // Version 1 has room for dimensions that no one uses.
        at += if version == 1 { 28 } else { 0 };
        let (datatype, n_type) = parse(message.get(at..)?, depth + 1)?;
        at += n_type;
        let is_inside = offset.checked_add(datatype.n_bytes()).is_some_and(|end| end <= n_bytes);
        members.push(Member { name, offset, datatype: is_inside.then_some(datatype)? });
    }
    Some((members, at))
}

fn offset_bytes(n_bytes: usize) -> usize {
    match n_bytes {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
