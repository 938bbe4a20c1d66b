//! Members of groups, and the way along links.

use super::header::{LINK, LINK_INFO, Message, SYMBOL_TABLE};
use super::tree::{self, Records};
use super::{File, OUTSIDE, UNSUPPORTED};
use crate::Error;
use crate::recording::bytes::clean_text;

/// Soft links may lead to soft links; more than this is a loop.
const MAX_JUMPS: usize = 16;
/// A link takes more bytes than this in the file.
const LEAST_LINK_BYTES: usize = 8;
/// Kind of a symbol table's entry that is a soft link.
const SOFT_ENTRY: u32 = 2;

/// Where a name in a group leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::recording) enum Link {
    /// To an object of this file.
    Hard(u64),
    /// To a path of this file.
    Soft(String),
    /// To another file, which is not read.
    External(String),
}

impl<'a> File<'a> {
    /// Names and links of a group, in the order of the file.
    pub(in crate::recording) fn members(&self, address: u64) -> Result<Vec<(String, Link)>, Error> {
        let mut members = Members::new(self);
        for message in self.messages(address)? {
            match message.kind {
                SYMBOL_TABLE => self.symbol_table(message, &mut members)?,
                LINK => members.push(self.link(self.bytes.slice(message.offset, message.n_bytes)?)?)?,
                LINK_INFO => self.dense_links(message, &mut members)?,
                _ => {}
            }
        }
        Ok(members.list)
    }

    /// The object that a path leads to from a group, along soft links; `None` where there is none.
    pub(in crate::recording) fn find(&self, from: u64, path: &str) -> Result<Option<u64>, Error> {
        self.walk(from, path, &mut 0)
    }

    fn walk(&self, from: u64, path: &str, n_jumps: &mut usize) -> Result<Option<u64>, Error> {
        let mut at = if path.starts_with('/') { self.root() } else { from };
        for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
            let members = self.members(at)?;
            let Some((_, link)) = members.into_iter().find(|(member, _)| member == name) else {
                return Ok(None);
            };
            match self.follow(at, &link, n_jumps)? {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// The object that a link of a group leads to; a link into another file is an error.
    pub(in crate::recording) fn target(&self, group: u64, link: &Link) -> Result<Option<u64>, Error> {
        self.follow(group, link, &mut 0)
    }

    fn follow(&self, group: u64, link: &Link, n_jumps: &mut usize) -> Result<Option<u64>, Error> {
        match link {
            Link::Hard(address) => Ok(Some(*address)),
            Link::Soft(path) => {
                *n_jumps += 1;
                if *n_jumps > MAX_JUMPS {
                    return Err(self.damaged(path, "soft links lead in a circle"));
                }
                self.walk(group, path, n_jumps)
            }
            Link::External(file) => {
                let what = format!("a link into another file, {file}");
                Err(self.bytes.wrong(
                    OUTSIDE,
                    what,
                    "export the recording as one file, with its links resolved",
                ))
            }
        }
    }

    /// A group of the first kind: names in a local heap, entries in the leaves of a tree.
    fn symbol_table(&self, message: Message, members: &mut Members<'_, 'a>) -> Result<(), Error> {
        let tree = self.address(message.offset)?;
        let heap = Self::offset(self.address(message.offset + self.n_address)?);
        self.expect(heap, b"HEAP")?;
        let n_names = usize::try_from(self.length(heap + 8)?).unwrap_or(usize::MAX);
        let names = self.bytes.slice(Self::offset(self.address(heap + 8 + 2 * self.n_length)?), n_names)?;
        let name = |offset: u64| {
            let rest = names.get(Self::offset(offset)..).filter(|rest| rest.contains(&0));
            rest.map(text).ok_or_else(|| self.damaged("group", "a name outside of its heap"))
        };
        for leaf in self.leaves(tree)? {
            let leaf = Self::offset(leaf);
            self.expect(leaf, b"SNOD")?;
            let n_entries = usize::from(self.bytes.u16(leaf + 6)?);
            self.work(n_entries)?;
            let n_entry = 2 * self.n_address + 24;
            for entry in (0..n_entries).map(|idx| leaf + 8 + idx * n_entry) {
                let target = self.address(entry + self.n_address)?;
                let kind = self.bytes.u32(entry + 2 * self.n_address)?;
                let link = if kind == SOFT_ENTRY {
                    Link::Soft(name(u64::from(self.bytes.u32(entry + 2 * self.n_address + 8)?))?)
                } else {
                    Link::Hard(target)
                };
                members.push((name(self.address(entry)?)?, link))?;
            }
        }
        Ok(())
    }

    fn link(&self, message: &[u8]) -> Result<(String, Link), Error> {
        parse_link(message, self.n_address).ok_or_else(|| self.damaged("link message", "ends too early"))
    }

    /// Links beyond the few that fit in the header: in a heap, listed by a tree.
    fn dense_links(&self, message: Message, members: &mut Members<'_, 'a>) -> Result<(), Error> {
        const HAS_ORDER: u8 = 0x01;
        const RECORD_HASH: usize = 4;
        let at = message.offset + if self.bytes.u8(message.offset + 1)? & HAS_ORDER == 0 { 2 } else { 10 };
        let heap = self.address(at)?;
        if self.is_undefined(heap) {
            return Ok(());
        }
        let heap = self.fractal_heap(heap)?;
        let Records { kind, records } = tree::records(self, self.address(at + self.n_address)?)?;
        if kind != 5 {
            return Err(self.damaged("group", format!("a tree of kind {kind} for names")));
        }
        for record in records {
            let id = record.get(RECORD_HASH..).unwrap_or_default();
            members.push(self.link(heap.object(self, id)?)?)?;
        }
        Ok(())
    }
}

/// Names and links while a group is read, no more than its file can hold.
struct Members<'f, 'a> {
    file: &'f File<'a>,
    list: Vec<(String, Link)>,
    /// Of all names and paths.
    n_bytes: usize,
}

impl<'f, 'a> Members<'f, 'a> {
    fn new(file: &'f File<'a>) -> Self {
        Self { file, list: Vec::new(), n_bytes: 0 }
    }

    fn push(&mut self, member: (String, Link)) -> Result<(), Error> {
        let n_path = match &member.1 {
            Link::Soft(path) | Link::External(path) => path.len(),
            Link::Hard(_) => 0,
        };
        self.n_bytes += member.0.len() + n_path;
        // Damaged entries may share one name.
        let n_file = self.file.bytes.len();
        if self.list.len() >= n_file / LEAST_LINK_BYTES || self.n_bytes > n_file.saturating_mul(2) {
            return Err(self.file.damaged("group", "more names than the file can hold"));
        }
        self.list.push(member);
        Ok(())
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A link message: version, flags, kind, order, character set, name, target.
fn parse_link(message: &[u8], n_address: usize) -> Option<(String, Link)> {
    const HAS_KIND: u8 = 0x08;
    const HAS_ORDER: u8 = 0x04;
    const HAS_CHARSET: u8 = 0x10;
    let flags = *message.get(1)?;
    let mut at = 2;
    let kind = if flags & HAS_KIND == 0 {
        0
    } else {
        at += 1;
        *message.get(at - 1)?
    };
    at += if flags & HAS_ORDER == 0 { 0 } else { 8 };
    at += if flags & HAS_CHARSET == 0 { 0 } else { 1 };
    let n_size = 1 << (flags & 3);
    let n_name = File::offset(unsigned(message.get(at..at + n_size)?));
    at += n_size;
    let name = text(message.get(at..at.checked_add(n_name)?)?);
    at += n_name;
    let counted = || {
        let n_bytes = usize::from(u16::from_le_bytes([*message.get(at)?, *message.get(at + 1)?]));
        message.get(at + 2..at + 2 + n_bytes)
    };
    let link = match kind {
        0 => Link::Hard(unsigned(message.get(at..at + n_address)?)),
        1 => Link::Soft(text(counted()?)),
        // A byte of flags, the file, then the path in it.
        64 => Link::External(clean_text(counted()?.get(1..)?)),
        other => Link::External(format!("by a link of kind {other}; {UNSUPPORTED}")),
    };
    Some((name, link))
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
