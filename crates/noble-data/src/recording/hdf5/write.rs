//! Writes the part of HDF5 that recordings need: groups with hard and soft links, texts, numbers and arrays of them.
//!
//! The library used elsewhere writes no soft links, and an NWB series is not valid without one. Object headers of the
//! first version need no checksums; groups hold their links as messages. Any HDF5 library from 1.8 on reads the file.

use super::SIGNATURE;

/// A group while it is put together.
#[derive(Debug, Default)]
pub(in crate::recording) struct Group {
    attributes: Vec<(String, Value)>,
    members: Vec<(String, Member)>,
}

/// An array while it is put together.
#[derive(Debug)]
pub(in crate::recording) struct Array {
    pub(in crate::recording) value: Value,
    pub(in crate::recording) attributes: Vec<(String, Value)>,
}

#[derive(Debug)]
enum Member {
    Group(Group),
    Array(Array),
    Soft(String),
}

/// What attributes and arrays hold.
#[derive(Debug, Clone)]
pub(in crate::recording) enum Value {
    Text(String),
    /// Texts along one axis, in a heap; arrays only.
    Texts(Vec<String>),
    F64(f64),
    U32(u32),
    F32s(Vec<f32>),
    F64s(Vec<f64>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Group {
    pub(in crate::recording) fn attribute(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    pub(in crate::recording) fn group(&mut self, name: &str, group: Self) -> &mut Self {
        self.members.push((name.to_owned(), Member::Group(group)));
        self
    }

    pub(in crate::recording) fn array(&mut self, name: &str, value: impl Into<Value>) -> &mut Array {
        self.members
            .push((name.to_owned(), Member::Array(Array { value: value.into(), attributes: Vec::new() })));
        match self.members.last_mut() {
            Some((_, Member::Array(array))) => array,
            _ => unreachable!("an array was pushed"),
        }
    }

    pub(in crate::recording) fn soft_link(&mut self, name: &str, path: &str) -> &mut Self {
        self.members.push((name.to_owned(), Member::Soft(path.to_owned())));
        self
    }

    pub(in crate::recording) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(member, _)| member == name)
    }

    /// The bytes of a file with this group as its root.
    pub(in crate::recording) fn into_file(self) -> Vec<u8> {
        let mut file = Writer { bytes: vec![0; SUPERBLOCK_BYTES] };
        let root = file.group(self);
        let end = file.bytes.len() as u64;
        file.bytes[..SUPERBLOCK_BYTES].copy_from_slice(&superblock(root, end));
        file.bytes
    }
}

impl Array {
    pub(in crate::recording) fn attribute(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }
}

const SUPERBLOCK_BYTES: usize = 96;
const UNDEFINED: u64 = u64::MAX;

/// Version 0: sizes of addresses, then base, free space, end, driver, and the entry of the root group.
fn superblock(root: u64, end: u64) -> [u8; SUPERBLOCK_BYTES] {
    let mut block = [0; SUPERBLOCK_BYTES];
    block[..8].copy_from_slice(SIGNATURE);
    block[13..15].copy_from_slice(&[8, 8]);
    // Sizes of tree nodes, which this file has none of.
    block[16..20].copy_from_slice(&[4, 0, 16, 0]);
    for (idx, address) in [0, UNDEFINED, end, UNDEFINED, 0, root].into_iter().enumerate() {
        block[24 + 8 * idx..32 + 8 * idx].copy_from_slice(&address.to_le_bytes());
    }
    block
}

struct Writer {
    bytes: Vec<u8>,
}

/// A message: kind and body.
type Message = (u16, Vec<u8>);

impl Writer {
    /// Appends a group after its members; gives the address of its header.
    fn group(&mut self, group: Group) -> u64 {
        let mut messages: Vec<Message> = vec![
            (super::header::LINK_INFO, [&[0, 0][..], &[0xff; 16]].concat()),
            // Group info, nothing but defaults.
            (0x0a, vec![0, 0]),
        ];
        for (name, member) in group.members {
            let link = match member {
                Member::Group(group) => link(&name, None, &self.group(group).to_le_bytes()),
                Member::Array(array) => link(&name, None, &self.array(&array).to_le_bytes()),
                Member::Soft(path) => link(&name, Some(1), &counted(&path)),
            };
            messages.push((super::header::LINK, link));
        }
        messages.extend(group.attributes.iter().map(attribute));
        self.header(&messages)
    }

    fn array(&mut self, array: &Array) -> u64 {
        let data = match &array.value {
            Value::Texts(texts) => self.heap(texts),
            value => value.bytes(),
        };
        self.align();
        let address = if data.is_empty() { UNDEFINED } else { self.bytes.len() as u64 };
        self.bytes.extend_from_slice(&data);
        let layout = [&[3, 1][..], &address.to_le_bytes(), &(data.len() as u64).to_le_bytes()].concat();
        let mut messages: Vec<Message> = vec![
            (super::header::DATASPACE, array.value.space()),
            (super::header::DATATYPE, array.value.datatype()),
            // Fill value: room at once, written never, not defined.
            (0x05, vec![2, 2, 1, 0]),
            (super::header::LAYOUT, layout),
        ];
        messages.extend(array.attributes.iter().map(attribute));
        self.header(&messages)
    }

    /// Appends a heap of texts; gives what refers to each: length, heap, number.
    fn heap(&mut self, texts: &[String]) -> Vec<u8> {
        const LEAST_BYTES: usize = 4096;
        self.align();
        let address = self.bytes.len() as u64;
        let mut objects = Vec::new();
        let mut elements = Vec::new();
        for (number, text) in (1_u32..).zip(texts) {
            let n_bytes = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
            elements.extend([&n_bytes[..], &address.to_le_bytes(), &number.to_le_bytes()].concat());
            // One reference each.
            objects.extend(
                [
                    &size16(number as usize)[..],
                    &[1, 0, 0, 0, 0, 0],
                    &u64::from(u32::from_le_bytes(n_bytes)).to_le_bytes(),
                ]
                .concat(),
            );
            objects.extend_from_slice(text.as_bytes());
            objects.resize(objects.len().next_multiple_of(8), 0);
        }
        // What is left is object 0.
        let n_bytes = (objects.len() + 32).max(LEAST_BYTES);
        let n_free = n_bytes - 16 - objects.len();
        let head = [&b"GCOL"[..], &[1, 0, 0, 0], &(n_bytes as u64).to_le_bytes()].concat();
        let free = [&[0; 8][..], &(n_free as u64).to_le_bytes()].concat();
        self.bytes.extend([head, objects, free].concat());
        self.bytes.resize(self.bytes.len() + n_free - 16, 0);
        elements
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
    }

    /// Appends an object header of the first version; gives its address.
    fn header(&mut self, messages: &[Message]) -> u64 {
        self.align();
        let address = self.bytes.len() as u64;
        let mut body = Vec::new();
        for (kind, message) in messages {
            let n_padded = message.len().next_multiple_of(8);
            body.extend_from_slice(&kind.to_le_bytes());
            body.extend_from_slice(&size16(n_padded));
            body.extend_from_slice(&[0; 4]);
            body.extend_from_slice(message);
            body.resize(body.len() + n_padded - message.len(), 0);
        }
        self.bytes.extend_from_slice(&[1, 0]);
        self.bytes.extend_from_slice(&size16(messages.len()));
        self.bytes.extend_from_slice(&1_u32.to_le_bytes());
        self.bytes.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&body);
        address
    }
}

/// Sizes that callers keep within 16 bits: names and texts are cut before.
fn size16(n_bytes: usize) -> [u8; 2] {
    u16::try_from(n_bytes).unwrap_or(u16::MAX).to_le_bytes()
}

fn counted(text: &str) -> Vec<u8> {
    [&size16(text.len())[..], text.as_bytes()].concat()
}

/// Version 1, flags (kind stored, character set, length of the name in two bytes), UTF-8.
fn link(name: &str, kind: Option<u8>, target: &[u8]) -> Vec<u8> {
    const CHARSET: u8 = 0x10;
    const KIND: u8 = 0x08;
    const TWO_BYTES: u8 = 0x01;
    let mut link = vec![1, CHARSET | TWO_BYTES | if kind.is_some() { KIND } else { 0 }];
    link.extend(kind);
    link.push(1);
    link.extend_from_slice(&counted(name));
    link.extend_from_slice(target);
    link
}

/// Version 3: sizes, character set, name, type, space and data without padding.
fn attribute((name, value): &(String, Value)) -> Message {
    let name = [name.as_bytes(), &[0]].concat();
    let (datatype, space) = (value.datatype(), value.space());
    let sizes = [size16(name.len()), size16(datatype.len()), size16(space.len())].concat();
    let body = [&[3, 0][..], &sizes, &[1], &name, &datatype, &space, &value.bytes()].concat();
    (super::header::ATTRIBUTE, body)
}

impl Value {
    /// Version 1: one axis, or none for a single value.
    fn space(&self) -> Vec<u8> {
        let n_elements = match self {
            Self::Text(_) | Self::F64(_) | Self::U32(_) => return vec![1, 0, 0, 0, 0, 0, 0, 0],
            Self::Texts(texts) => texts.len(),
            Self::F32s(values) => values.len(),
            Self::F64s(values) => values.len(),
        };
        [&[1, 1, 0, 0, 0, 0, 0, 0][..], &(n_elements as u64).to_le_bytes()].concat()
    }

    fn datatype(&self) -> Vec<u8> {
        const VERSION: u8 = 0x10;
        match self {
            // Padded with NUL, UTF-8.
            Self::Text(text) => {
                let n_bytes = u32::try_from(text.len().max(1)).unwrap_or(u32::MAX);
                [&[VERSION | 3, 0x11, 0, 0][..], &n_bytes.to_le_bytes()].concat()
            }
            // Variable length, of characters in UTF-8.
            Self::Texts(_) => vec![VERSION | 9, 0x01, 1, 0, 16, 0, 0, 0, VERSION | 3, 0x10, 0, 0, 1, 0, 0, 0],
            Self::U32(_) => vec![VERSION, 0, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0],
            // Sign at the highest bit, then exponent and mantissa: place and size of each, bias.
            Self::F32s(_) => {
                vec![VERSION | 1, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]
            }
            Self::F64(_) | Self::F64s(_) => {
                vec![VERSION | 1, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0]
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) if text.is_empty() => vec![0],
            Self::Text(text) => text.as_bytes().to_vec(),
            // In a heap.
            Self::Texts(_) => Vec::new(),
            Self::F64(value) => value.to_le_bytes().to_vec(),
            Self::U32(value) => value.to_le_bytes().to_vec(),
            Self::F32s(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F64s(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }
}
