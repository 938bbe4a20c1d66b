//! The table that says which stimulus belongs to which response.

use super::File;
use super::series::Rows;
use crate::Error;
use crate::recording::hdf5::Datatype;

const RESPONSES: &str = "general/intracellular_ephys/intracellular_recordings/responses/response";
const STIMULI: &str = "general/intracellular_ephys/intracellular_recordings/stimuli/stimulus";

/// A stretch of a series: its address and the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) address: u64,
    pub(super) rows: Rows,
}

/// Response and stimulus.
pub(super) type Row = (Option<Stretch>, Option<Stretch>);

/// Response and stimulus of every row of the table; none where the file has no table.
pub(super) fn read(file: &File<'_>) -> Result<Vec<Row>, Error> {
    let responses = column(file, RESPONSES)?;
    let stimuli = column(file, STIMULI)?;
    let stimuli = stimuli.into_iter().chain(std::iter::repeat(None));
    Ok(responses.into_iter().zip(stimuli).collect())
}

/// A column of (first sample, number of samples, reference); `None` in rows that name nothing.
fn column(file: &File<'_>, path: &str) -> Result<Vec<Option<Stretch>>, Error> {
    let Some(address) = file.find(file.root(), path)? else { return Ok(Vec::new()) };
    let dataset = file.dataset(address)?;
    let Datatype::Compound { n_bytes, members } = &dataset.datatype else { return Ok(Vec::new()) };
    let member = |name: &str| members.iter().find(|member| member.name == name);
    let (Some(first), Some(count)) = (member("idx_start"), member("count")) else { return Ok(Vec::new()) };
    let reference = members.iter().find(|member| matches!(member.datatype, Datatype::Reference { .. }));
    let Some(reference) = reference else { return Ok(Vec::new()) };
    let raw = dataset.raw()?;
    let stretch = |row: &[u8]| {
        let number = |offset: usize| {
            i32::from_le_bytes([row[offset], row[offset + 1], row[offset + 2], row[offset + 3]])
        };
        let bytes = row.get(reference.offset..reference.offset + reference.datatype.n_bytes().min(8))?;
        let address = bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        // Rows without a stimulus hold -1 and refer to the response.
        let first = usize::try_from(number(first.offset)).ok()?;
        let n_samples = usize::try_from(number(count.offset)).ok()?;
        Some(Stretch { address, rows: Some((first, n_samples)) })
    };
    let are_numbers = first.datatype.n_bytes() == 4 && count.datatype.n_bytes() == 4;
    Ok(if are_numbers { raw.chunks_exact(*n_bytes).map(stretch).collect() } else { Vec::new() })
}
