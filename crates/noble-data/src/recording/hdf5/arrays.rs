//! Lists of chunks of the newest file format: of fixed size, and growing.

use super::File;
use crate::Error;

/// Signature, version, client: what every block begins with, before the address of its header.
const PREFIX: usize = 6;
const CHECKSUM: usize = 4;

/// Entries of a list in order; an empty slice stands for one that was never written.
pub(super) type Entries<'a> = Vec<&'a [u8]>;

impl<'a> File<'a> {
    /// Entries of a list of fixed size, which is cut into pages where it is long.
    pub(super) fn fixed_entries(&self, address: u64, n_chunks: usize) -> Result<Entries<'a>, Error> {
        let header = Self::offset(address);
        self.expect(header, b"FAHD")?;
        let n_entry = usize::from(self.bytes.u8(header + 6)?);
        let page_bits = u32::from(self.bytes.u8(header + 7)?);
        let n_entries = Self::offset(self.length(header + 8)?);
        self.check_list(n_entry, page_bits)?;
        if n_entries > self.bytes.len() / n_entry {
            return Err(self.damaged("list of chunks", format!("{n_entries} entries of {n_entry} bytes")));
        }
        let block = Self::offset(self.address(header + 8 + self.n_length)?);
        self.expect(block, b"FADB")?;
        let n_page = 1_usize << page_bits;
        let is_paged = n_entries > n_page;
        // A map of the pages that were written lies before them.
        let n_map = if is_paged { n_entries.div_ceil(n_page).div_ceil(8) } else { 0 };
        let start = block + PREFIX + self.n_address + n_map;
        let mut entries = Vec::new();
        let pages = Pages { start, n_entry, n_page: is_paged.then_some(n_page) };
        self.push_entries(&pages, n_entries.min(n_chunks), &mut entries)?;
        Ok(entries)
    }

    /// Entries of a list that grows: some in its index block, then levels of blocks of growing size. The index lists
    /// the blocks of the first levels, further blocks those of the others.
    pub(super) fn growing_entries(&self, address: u64, n_chunks: usize) -> Result<Entries<'a>, Error> {
        let list = self.growing(Self::offset(address))?;
        let mut entries = Vec::new();
        let in_index =
            Pages { start: list.index + PREFIX + self.n_address, n_entry: list.n_entry, n_page: None };
        self.push_entries(&in_index, list.n_index.min(n_chunks), &mut entries)?;
        let mut pointer = in_index.start + list.n_index * list.n_entry;
        let mut level = 0;
        while entries.len() < n_chunks {
            let is_direct = level < list.n_direct;
            let blocks = if is_direct { Some(pointer) } else { self.listing(pointer, (&list, level))? };
            pointer += self.n_address * if is_direct { Growing::n_blocks(level) } else { 1 };
            match blocks {
                Some(blocks) => self.level(blocks, (&list, level), n_chunks, &mut entries)?,
                None => {
                    let n_entries = Growing::n_blocks(level).saturating_mul(list.block_size(level));
                    self.pad(n_entries, n_chunks, &mut entries)?;
                }
            }
            level += 1;
        }
        Ok(entries)
    }

    /// The header of a list that grows.
    fn growing(&self, header: usize) -> Result<Growing, Error> {
        self.expect(header, b"EAHD")?;
        let field = |idx: usize| self.bytes.u8(header + PREFIX + idx).map(usize::from);
        let (n_entry, page_bits) = (field(0)?, field(5)?);
        let (least_block, least_pointers) = (field(3)?, field(4)?);
        self.check_list(n_entry, u32::try_from(page_bits).unwrap_or(u32::MAX))?;
        if !least_block.is_power_of_two() || !least_pointers.is_power_of_two() {
            return Err(self.damaged("list of chunks", "blocks of sizes that cannot be"));
        }
        // Six counts lie before the address of the index.
        let index = Self::offset(self.address(header + 12 + 6 * self.n_length)?);
        self.expect(index, b"EAIB")?;
        Ok(Growing {
            n_entry,
            n_offset: field(1)?.div_ceil(8),
            n_index: field(2)?,
            n_page: 1 << page_bits,
            least_block,
            n_direct: 2 * usize::try_from(least_pointers.ilog2()).unwrap_or(0),
            index,
        })
    }

    /// Where the addresses of a level's blocks lie; `None` where the level was never written.
    fn listing(&self, pointer: usize, (list, level): (&Growing, usize)) -> Result<Option<usize>, Error> {
        let address = self.address(pointer)?;
        if self.is_undefined(address) {
            return Ok(None);
        }
        self.expect(Self::offset(address), b"EASB")?;
        let maps = Self::offset(address) + PREFIX + self.n_address + list.n_offset;
        Ok(Some(maps.saturating_add(list.n_maps(level)).min(self.bytes.len())))
    }

    /// The entries of a level, whose addresses lie at `blocks`.
    fn level(
        &self,
        blocks: usize,
        (list, level): (&Growing, usize),
        n_chunks: usize,
        entries: &mut Entries<'a>,
    ) -> Result<(), Error> {
        for idx in 0..Growing::n_blocks(level) {
            if entries.len() >= n_chunks {
                break;
            }
            let address = self.address(blocks + idx * self.n_address)?;
            self.block(address, (list, level), n_chunks, entries)?;
        }
        Ok(())
    }

    fn check_list(&self, n_entry: usize, page_bits: u32) -> Result<(), Error> {
        if n_entry < self.n_address || page_bits > 31 {
            return Err(self.damaged("list of chunks", format!("entries of {n_entry} bytes")));
        }
        Ok(())
    }

    /// The entries of one block.
    fn block(
        &self,
        address: u64,
        (list, level): (&Growing, usize),
        n_chunks: usize,
        entries: &mut Entries<'a>,
    ) -> Result<(), Error> {
        let n_block = list.block_size(level);
        if self.is_undefined(address) {
            return self.pad(n_block, n_chunks, entries);
        }
        let block = Self::offset(address);
        self.expect(block, b"EADB")?;
        let start = block + PREFIX + self.n_address + list.n_offset;
        let pages =
            Pages { start, n_entry: list.n_entry, n_page: (n_block > list.n_page).then_some(list.n_page) };
        self.push_entries(&pages, n_block.min(n_chunks - entries.len()), entries)
    }

    /// Entries of a block that was never written.
    fn pad(&self, n_entries: usize, n_chunks: usize, entries: &mut Entries<'a>) -> Result<(), Error> {
        let n_entries = entries.len().saturating_add(n_entries).min(n_chunks);
        self.work(n_entries - entries.len())?;
        entries.resize(n_entries, &[]);
        Ok(())
    }

    fn push_entries(&self, pages: &Pages, n_entries: usize, entries: &mut Entries<'a>) -> Result<(), Error> {
        self.work(n_entries)?;
        for idx in 0..n_entries {
            // Where there are pages, a checksum lies before the first and behind each.
            let n_checksums = pages.n_page.map_or(0, |n_page| 1 + idx / n_page);
            let at = pages.start + idx * pages.n_entry + n_checksums * CHECKSUM;
            entries.push(self.bytes.slice(at, pages.n_entry)?);
        }
        Ok(())
    }
}

/// Where entries lie: from `start` on, in pages of so many where there are pages.
struct Pages {
    start: usize,
    n_entry: usize,
    n_page: Option<usize>,
}

/// Sizes of a list that grows, and where its index lies.
struct Growing {
    n_entry: usize,
    /// Bytes of an offset in the list.
    n_offset: usize,
    /// Entries in the index itself.
    n_index: usize,
    n_page: usize,
    least_block: usize,
    /// Levels whose blocks the index lists.
    n_direct: usize,
    index: usize,
}

impl Growing {
    /// Blocks of a level: twice as many every second level.
    fn n_blocks(level: usize) -> usize {
        1 << (level / 2).min(40)
    }

    /// Entries of a block: every second level has blocks of twice the size.
    fn block_size(&self, level: usize) -> usize {
        let shift = u32::try_from(level.div_ceil(2)).unwrap_or(u32::MAX);
        self.least_block.saturating_mul(1_usize.checked_shl(shift).unwrap_or(usize::MAX))
    }

    /// Bytes of the maps of pages that were written.
    fn n_maps(&self, level: usize) -> usize {
        let n_block = self.block_size(level);
        let n_map = if n_block > self.n_page { (n_block / self.n_page).div_ceil(8) } else { 0 };
        n_map.saturating_mul(Self::n_blocks(level))
    }
}
