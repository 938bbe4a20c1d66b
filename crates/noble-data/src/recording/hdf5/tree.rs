//! Trees of both kinds that index groups, attributes and chunks.

use super::File;
use crate::Error;

/// Deeper trees than this are loops.
const MAX_DEPTH: usize = 32;

/// Records of a tree of the second kind.
pub(super) struct Records<'a> {
    pub(super) kind: u8,
    pub(super) records: Vec<&'a [u8]>,
}

impl File<'_> {
    /// Leaves of a tree over the entries of a group (first kind, node type 0).
    pub(super) fn leaves(&self, address: u64) -> Result<Vec<u64>, Error> {
        let mut leaves = Vec::new();
        let mut nodes = vec![(address, u8::MAX)];
        let mut n_nodes = 0;
        while let Some((address, above)) = nodes.pop() {
            let node = self.node(address, 0, above)?;
            n_nodes += 1;
            self.check_nodes(n_nodes + leaves.len())?;
            // Keys lie between the children and one before them.
            let step = self.n_length + self.n_address;
            let children =
                (0..node.n_entries).map(|idx| self.address(node.start + self.n_length + idx * step));
            let children = children.collect::<Result<Vec<u64>, Error>>()?;
            if node.level == 0 {
                leaves.extend(children);
            } else {
                nodes.extend(children.into_iter().rev().map(|child| (child, node.level)));
            }
        }
        Ok(leaves)
    }

    /// A node of the first kind below one of level `above`.
    pub(super) fn node(&self, address: u64, kind: u8, above: u8) -> Result<Node, Error> {
        let at = Self::offset(address);
        self.expect(at, b"TREE")?;
        let level = self.bytes.u8(at + 5)?;
        if self.bytes.u8(at + 4)? != kind || level >= above {
            return Err(self.damaged(&format!("tree at {address}"), "nodes of the wrong kind or level"));
        }
        let n_entries = usize::from(self.bytes.u16(at + 6)?);
        self.work(1 + n_entries)?;
        Ok(Node { level, n_entries, start: at + 8 + 2 * self.n_address })
    }

    /// A tree cannot have more nodes than fit in the file.
    pub(super) fn check_nodes(&self, n_nodes: usize) -> Result<(), Error> {
        const SMALLEST_NODE_BYTES: usize = 8;
        if n_nodes > self.bytes.len() / SMALLEST_NODE_BYTES {
            return Err(self.damaged("tree", "more nodes than the file can hold"));
        }
        Ok(())
    }
}

/// A node of a tree of the first kind; keys and children from `start` on.
pub(super) struct Node {
    pub(super) level: u8,
    pub(super) n_entries: usize,
    pub(super) start: usize,
}

/// All records of a tree of the second kind.
pub(super) fn records<'a>(file: &File<'a>, address: u64) -> Result<Records<'a>, Error> {
    let at = File::offset(address);
    file.expect(at, b"BTHD")?;
    let kind = file.bytes.u8(at + 5)?;
    let n_node = file.bytes.u32(at + 6)?;
    let n_record = usize::from(file.bytes.u16(at + 10)?);
    let depth = usize::from(file.bytes.u16(at + 12)?);
    if n_record == 0 || depth > MAX_DEPTH || u64::from(n_node) < 32 {
        return Err(file.damaged(&format!("tree at {address}"), "sizes that cannot be"));
    }
    let widths = Widths::new(u64::from(n_node), n_record as u64, depth, file.n_address as u64);
    let mut records = Vec::new();
    let root = file.address(at + 16)?;
    if !file.is_undefined(root) {
        let n_root = usize::from(file.bytes.u16(at + 16 + file.n_address)?);
        let walk = Walk { file, kind, n_record, widths };
        walk.visit((root, n_root, depth), &mut 0, &mut records)?;
    }
    Ok(Records { kind, records })
}

/// Bytes of the counts beside the pointers of a node: of records in the child, and below it.
struct Widths {
    n_count: usize,
    /// By depth of the node.
    n_total: Vec<usize>,
}

impl Widths {
    fn new(n_node: u64, n_record: u64, depth: usize, n_address: u64) -> Self {
        const OVERHEAD: u64 = 10;
        let room = n_node.saturating_sub(OVERHEAD);
        let n_leaf = room / n_record;
        let n_count = n_bytes(n_leaf);
        let mut n_total = vec![0, 0];
        let mut below = n_leaf;
        for _ in 1..=depth {
            let n_pointer = n_address + n_count as u64 + *n_total.last().unwrap_or(&0) as u64;
            let n_inner = room.saturating_sub(n_pointer) / (n_record + n_pointer);
            below = (n_inner + 1).saturating_mul(below).saturating_add(n_inner);
            n_total.push(n_bytes(below));
        }
        Self { n_count, n_total }
    }
}

/// Bytes that hold a number.
fn n_bytes(number: u64) -> usize {
    let n_bits = 64 - number.leading_zeros();
    usize::try_from(n_bits.div_ceil(8).max(1)).unwrap_or(8)
}

struct Walk<'f, 'a> {
    file: &'f File<'a>,
    kind: u8,
    n_record: usize,
    widths: Widths,
}

impl<'a> Walk<'_, 'a> {
    fn visit(
        &self,
        (address, n_records, depth): (u64, usize, usize),
        n_nodes: &mut usize,
        records: &mut Vec<&'a [u8]>,
    ) -> Result<(), Error> {
        let file = self.file;
        *n_nodes += 1;
        file.work(1)?;
        file.check_nodes((*n_nodes + records.len()).saturating_add(n_records))?;
        let at = File::offset(address);
        file.expect(at, if depth == 0 { b"BTLF" } else { b"BTIN" })?;
        if file.bytes.u8(at + 5)? != self.kind {
            return Err(file.damaged(&format!("tree at {address}"), "nodes of the wrong kind"));
        }
        let start = at + 6;
        let record = |idx: usize| file.bytes.slice(start + idx * self.n_record, self.n_record);
        if depth == 0 {
            file.work(n_records)?;
            for idx in 0..n_records {
                records.push(record(idx)?);
            }
            return Ok(());
        }
        let pointers = start + n_records * self.n_record;
        let n_pointer = file.n_address + self.widths.n_count + self.widths.n_total[depth];
        for idx in 0..=n_records {
            let pointer = pointers + idx * n_pointer;
            let n_child = file.bytes.unsigned(pointer + file.n_address, self.widths.n_count)?;
            self.visit((file.address(pointer)?, File::offset(n_child), depth - 1), n_nodes, records)?;
            if idx < n_records {
                records.push(record(idx)?);
            }
        }
        Ok(())
    }
}
