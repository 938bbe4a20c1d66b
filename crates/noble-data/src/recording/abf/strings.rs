//! Names and units of ABF 2: one list of texts, to which entries refer by number.

use super::header_v2::Section;
use crate::Error;
use crate::recording::bytes::{Bytes, clean_text};

const SIGNATURE: &[u8] = b"SSCH";
/// Signature, version, number of texts, largest size, total size and six unused fields.
const HEADER_BYTES: usize = 44;
const MAX_TEXTS: usize = 4096;

/// The texts, numbered from 1; number 0 is no text.
pub(super) struct Strings(Vec<String>);

impl Strings {
    /// # Source
    /// The list follows a header of 44 bytes. pyABF 2.3.8 finds it behind the last two zeros in a row, which is the
    /// same place unless a text is empty.
    pub(super) fn read(file: Bytes<'_>, section: Section) -> Result<Self, Error> {
        if section.n_entries == 0 {
            return Ok(Self(Vec::new()));
        }
        let list = file.slice(section.start, section.n_bytes)?;
        let begin = if list.starts_with(SIGNATURE) {
            HEADER_BYTES.min(list.len())
        } else {
            list.windows(2).rposition(|pair| pair == [0, 0]).map_or(0, |zeros| zeros + 2)
        };
        let texts = list[begin..].split(|byte| *byte == 0).take(MAX_TEXTS).map(clean_text);
        Ok(Self(texts.collect()))
    }

    pub(super) fn get(&self, number: i32) -> String {
        let idx = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        idx.and_then(|idx| self.0.get(idx)).cloned().unwrap_or_default()
    }
}
