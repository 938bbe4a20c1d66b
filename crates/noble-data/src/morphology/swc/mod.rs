//! SWC: one traced point per line, `id type x y z radius parent`.

use std::collections::HashMap;

use super::{Morphology, sections};
use crate::{Error, SectionKind};

/// Largest coordinate and radius, a meter: beyond, the file is in another unit.
const LARGEST_UM: f64 = 1e6;

/// What the reader found that a user should know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SwcReport {
    /// Points read.
    pub n_points: usize,
    /// Lines of roots beside the soma's: fragments, which are hung on the middle of the soma as NEURON does.
    pub fragment_lines: Vec<usize>,
    /// Lines where sections begin that are left out because their two points coincide.
    pub dropped_lines: Vec<usize>,
    /// Lines whose type is none of 1 to 4, read as dendrite.
    pub other_type_lines: Vec<usize>,
    /// Lines where sections begin whose points all coincide; such a section is kept, but cannot be simulated.
    pub zero_length_lines: Vec<usize>,
}

/// One line, with its parent as an index into the list of rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) kind: SectionKind,
    pub(super) x_um: f64,
    pub(super) y_um: f64,
    pub(super) z_um: f64,
    pub(super) radius_um: f64,
    pub(super) parent_idx: Option<usize>,
}

/// A row before its parent is looked up.
struct RawRow {
    id: i64,
    parent_id: i64,
    row: Row,
}

/// Reads a tracing and builds its section tree.
///
/// Any whole numbers serve as ids; CRLF, leading blanks, empty lines and `#` comments are accepted. Lengths are in
/// µm. Roots beside the soma's are hung on the middle of the soma and reported.
///
/// # Errors
/// [`Error::Swc`] with the line for a field that is missing or not a number, a length beyond a meter, a radius that
/// is not greater than zero, an id given twice, a parent that does not exist, comes later or closes a cycle; [`Error::Morphology`] for
/// a file without points or without a soma root.
///
/// # Source
/// NEURON 9.0.2 `Import3d_SWC_read`: numbers are rounded to float32; the section tree is the one it instantiates.
pub fn read_swc(bytes: &[u8]) -> Result<(Morphology, SwcReport), Error> {
    let text = String::from_utf8_lossy(bytes);
    let mut report = SwcReport::default();
    let mut raw_rows = Vec::new();
    for (line_idx, line) in text.lines().enumerate() {
        let content = line.split('#').next().unwrap_or_default().trim();
        if !content.is_empty() {
            raw_rows.push(parse_row(line_idx + 1, content, &mut report)?);
        }
    }
    let rows = linked(raw_rows)?;
    report.n_points = rows.len();
    let morphology = sections::build(&rows, &mut report)?;
    Ok((morphology, report))
}

fn parse_row(line: usize, content: &str, report: &mut SwcReport) -> Result<RawRow, Error> {
    let fields: Vec<&str> = content.split_whitespace().collect();
    if fields.len() < 7 {
        return Err(Error::Swc {
            line,
            what: format!("{} fields instead of 7", fields.len()),
            remedy: "write id, type, x, y, z, radius and parent",
        });
    }
    let whole = |idx: usize, name: &str| {
        fields[idx].parse::<i64>().map_err(|_| Error::Swc {
            line,
            what: format!("{name} {:?} is not a whole number", fields[idx]),
            remedy: "write a whole number",
        })
    };
    let [x_um, y_um, z_um] =
        [number(line, "x", fields[2])?, number(line, "y", fields[3])?, number(line, "z", fields[4])?];
    let radius_um = number(line, "radius", fields[5])?;
    if radius_um <= 0.0 {
        return Err(Error::Swc {
            line,
            what: format!("radius {} µm is not greater than zero", fields[5]),
            remedy: "give every point a radius",
        });
    }
    let kind = match whole(1, "type")? {
        1 => SectionKind::Soma,
        2 => SectionKind::Axon,
        3 => SectionKind::Dendrite,
        4 => SectionKind::ApicalDendrite,
        _ => {
            report.other_type_lines.push(line);
            SectionKind::Dendrite
        }
    };
    let row = Row { line, kind, x_um, y_um, z_um, radius_um, parent_idx: None };
    Ok(RawRow { id: whole(0, "id")?, parent_id: whole(6, "parent")?, row })
}

/// A number of the file, rounded to float32 as NEURON does.
fn number(line: usize, name: &str, field: &str) -> Result<f64, Error> {
    let value: f64 = field.parse().unwrap_or(f64::NAN);
    #[expect(clippy::cast_possible_truncation, reason = "the rounding is wanted")]
    let rounded = f64::from(value as f32);
    if !value.is_finite() {
        let what = format!("{name} {field:?} is not a number");
        return Err(Error::Swc { line, what, remedy: "write a finite number" });
    }
    if rounded.abs() > LARGEST_UM {
        let what = format!("{name} {field} µm is beyond a meter");
        return Err(Error::Swc { line, what, remedy: "check the unit (µm)" });
    }
    Ok(rounded)
}

/// Replaces parent ids by indices; a parent id below zero marks a root.
fn linked(raw_rows: Vec<RawRow>) -> Result<Vec<Row>, Error> {
    let mut index_of = HashMap::with_capacity(raw_rows.len());
    for (idx, raw) in raw_rows.iter().enumerate() {
        if index_of.insert(raw.id, idx).is_some() {
            return Err(Error::Swc {
                line: raw.row.line,
                what: format!("id {} was used before", raw.id),
                remedy: "give every point its own id",
            });
        }
    }
    let ids: Vec<(i64, i64)> = raw_rows.iter().map(|raw| (raw.id, raw.parent_id)).collect();
    let mut rows = Vec::with_capacity(raw_rows.len());
    for raw in raw_rows {
        let mut row = raw.row;
        if raw.parent_id >= 0 {
            let parent_idx = *index_of.get(&raw.parent_id).ok_or_else(|| Error::Swc {
                line: row.line,
                what: format!("parent {} of point {} does not exist", raw.parent_id, raw.id),
                remedy: "add the parent, or write -1 for a root",
            })?;
            row.parent_idx = Some(parent_idx);
        }
        rows.push(row);
    }
    check_order(&rows, &ids)?;
    Ok(rows)
}

/// Parents must come first: that excludes cycles, and the section tree depends on the order of the rows.
fn check_order(rows: &[Row], ids: &[(i64, i64)]) -> Result<(), Error> {
    for (idx, row) in rows.iter().enumerate() {
        let Some(parent_idx) = row.parent_idx.filter(|parent_idx| *parent_idx >= idx) else { continue };
        let (id, parent_id) = ids[idx];
        let mut ancestor = Some(parent_idx);
        for _ in 0..rows.len() {
            match ancestor {
                Some(found) if found == idx => {
                    return Err(Error::Swc {
                        line: row.line,
                        what: format!("point {id} is its own ancestor through parent {parent_id}"),
                        remedy: "break the cycle",
                    });
                }
                Some(found) => ancestor = rows[found].parent_idx,
                None => break,
            }
        }
        return Err(Error::Swc {
            line: row.line,
            what: format!("parent {parent_id} comes after child {id}"),
            remedy: "list parents first",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
