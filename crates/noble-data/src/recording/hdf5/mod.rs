//! The part of HDF5 that recordings are stored in, read straight from the bytes of the file.
//!
//! Own code for three reasons: every series of an NWB file holds a soft link, which the library used elsewhere cannot
//! list; references between series name addresses, which it does not tell; and a damaged file must end in a named
//! error within bounded memory. Every access is checked, every list and recursion is bounded, and all arrays together
//! may take [`File::budget`] bytes.
//!
//! Read are superblocks 0 to 3, both versions of object headers, groups of symbol tables, of link messages and of
//! dense storage, attributes, numbers, texts, compounds and references, contiguous, compact and chunked data with
//! the filters deflate, shuffle and Fletcher's checksum.

mod arrays;
mod attribute;
mod chunks;
mod dataset;
mod datatype;
mod dense;
mod filters;
mod group;
mod header;
mod heap;
mod tree;
mod write;

use std::cell::Cell;

use super::bytes::Bytes;
use crate::Error;

pub(super) use datatype::Datatype;
pub(super) use group::Link;
pub(super) use write::{Group, Value};

const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
const FORMAT: &str = "hdf5 file";
const DAMAGED: &str = "the file is damaged; copy it again from its source";
const UNSUPPORTED: &str = "rewrite the file with h5repack or pynwb";

/// The place of an error about a link into another file.
pub(super) const OUTSIDE: &str = "link";

/// Arrays of a file may take this many times its size, and this much beside: stimuli of a few steps compress a
/// thousandfold, voltages hardly at all.
const BUDGET_PER_BYTE: u64 = 64;
const BUDGET_BYTES: u64 = 64 << 20;

/// Where the superblock begins: at the start of the file, or at 512 bytes or twice, four times, ... as many.
pub(super) fn signature(data: &[u8]) -> Option<usize> {
    const FIRST_USER_BLOCK: usize = 512;
    let places = std::iter::successors(Some(0), |place| Some((place * 2).max(FIRST_USER_BLOCK)));
    places.take_while(|place| *place < data.len()).find(|place| data[*place..].starts_with(SIGNATURE))
}

/// Entries of headers, groups, trees and heaps that may be looked at: as many as this times the size of the file, and
/// this many beside. Files that refer to one place over and over would cost hours.
const WORK_PER_BYTE: u64 = 16;
const WORK: u64 = 1 << 20;

/// An open file.
#[derive(Debug)]
pub(super) struct File<'a> {
    bytes: Bytes<'a>,
    /// Bytes of an address and of a length.
    n_address: usize,
    n_length: usize,
    root: u64,
    /// What arrays may still take.
    budget: Cell<u64>,
    /// Entries that may still be looked at.
    work: Cell<u64>,
}

impl<'a> File<'a> {
    /// Reads the superblock, at the start or behind a user block.
    pub(super) fn open(data: &'a [u8]) -> Result<Self, Error> {
        let Some(start) = signature(data) else {
            return Err(Bytes::new(data, FORMAT).wrong("signature", "not found", "give an HDF5 file"));
        };
        Self::read_superblock(Bytes::new(&data[start..], FORMAT), data.len())
    }

    fn read_superblock(bytes: Bytes<'a>, n_file: usize) -> Result<Self, Error> {
        let version = bytes.u8(8)?;
        let sizes = if version < 2 { 13 } else { 9 };
        let (n_address, n_length) = (usize::from(bytes.u8(sizes)?), usize::from(bytes.u8(sizes + 1)?));
        let is_size = |n_bytes: usize| matches!(n_bytes, 2 | 4 | 8);
        if !is_size(n_address) || !is_size(n_length) {
            let what = format!("addresses of {n_address} and lengths of {n_length} bytes");
            return Err(bytes.wrong("superblock", what, DAMAGED));
        }
        // Base, free space, end and driver, then the name of the root's entry; or base, extension and end.
        let (end, root) = match version {
            0 => (24 + 2 * n_address, 24 + 5 * n_address),
            1 => (28 + 2 * n_address, 28 + 5 * n_address),
            2 | 3 => (12 + 2 * n_address, 12 + 3 * n_address),
            other => return Err(bytes.wrong("superblock", format!("version {other}"), UNSUPPORTED)),
        };
        let end = bytes.unsigned(end, n_address)?;
        if end > n_file as u64 && end != u64::MAX >> (64 - 8 * n_address) {
            let what = format!("{n_file} of {end} bytes");
            return Err(bytes.wrong(
                "superblock",
                what,
                "the file is truncated; copy it again from its source",
            ));
        }
        let work = (bytes.len() as u64).saturating_mul(WORK_PER_BYTE).saturating_add(WORK);
        let budget = (bytes.len() as u64).saturating_mul(BUDGET_PER_BYTE).saturating_add(BUDGET_BYTES);
        Ok(Self {
            bytes,
            n_address,
            n_length,
            root: bytes.unsigned(root, n_address)?,
            budget: Cell::new(budget),
            work: Cell::new(work),
        })
    }

    /// Address of the root group.
    pub(super) fn root(&self) -> u64 {
        self.root
    }

    /// Takes bytes for an array out of the budget.
    pub(super) fn spend(&self, n_bytes: u64) -> Result<(), Error> {
        match self.budget.get().checked_sub(n_bytes) {
            Some(rest) => {
                self.budget.set(rest);
                Ok(())
            }
            None => {
                let what = format!(
                    "the arrays declare {n_bytes} bytes beyond what a file of {} bytes may hold",
                    self.bytes.len()
                );
                Err(self.bytes.wrong("dataset", what, DAMAGED))
            }
        }
    }

    /// Counts entries that are looked at.
    fn work(&self, n_entries: usize) -> Result<(), Error> {
        match self.work.get().checked_sub(n_entries as u64) {
            Some(rest) => {
                self.work.set(rest);
                Ok(())
            }
            None => {
                Err(self.damaged("file", "its parts refer to each other more often than a whole file needs"))
            }
        }
    }

    /// An address as an offset; the undefined address and all beyond the file fail at the first access.
    fn offset(address: u64) -> usize {
        usize::try_from(address).unwrap_or(usize::MAX)
    }

    fn address(&self, offset: usize) -> Result<u64, Error> {
        self.bytes.unsigned(offset, self.n_address)
    }

    fn length(&self, offset: usize) -> Result<u64, Error> {
        self.bytes.unsigned(offset, self.n_length)
    }

    /// Whether an address is the one that means "nowhere".
    fn is_undefined(&self, address: u64) -> bool {
        address == u64::MAX >> (64 - 8 * self.n_address)
    }

    fn expect(&self, offset: usize, signature: &[u8; 4]) -> Result<(), Error> {
        if self.bytes.slice(offset, 4)? == signature {
            return Ok(());
        }
        let name = String::from_utf8_lossy(signature);
        Err(self.bytes.wrong(&format!("byte {offset}"), format!("no {name} block"), DAMAGED))
    }

    fn damaged(&self, place: &str, what: impl Into<String>) -> Error {
        self.bytes.wrong(place, what, DAMAGED)
    }

    fn unsupported(&self, place: &str, what: impl Into<String>) -> Error {
        self.bytes.wrong(place, what, UNSUPPORTED)
    }
}

/// An array of a file, described; nothing is read yet.
#[derive(Debug)]
pub(super) struct Dataset<'f, 'a> {
    file: &'f File<'a>,
    pub(super) datatype: Datatype,
    pub(super) shape: Vec<u64>,
    layout: dataset::Layout<'a>,
    filters: Vec<filters::Filter>,
    /// What stands for elements that were never written, where the file states it.
    fill: Option<&'a [u8]>,
    /// The elements lie in other files.
    is_outside: bool,
}
