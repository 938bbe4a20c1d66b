//! From traced points to sections, point for point as NEURON's importer does it.

use super::swc::{Row, SwcReport};
use super::{Attachment, Morphology, Point, Section};
use crate::{Error, SectionKind};

/// Where a row went: its section, and whether it is the section's first own point.
#[derive(Clone, Copy)]
struct Place {
    section_idx: usize,
    is_first: bool,
}

struct Builder<'a> {
    rows: &'a [Row],
    children: Vec<Vec<usize>>,
    soma_root: usize,
    places: Vec<Option<Place>>,
    sections: Vec<Section>,
    /// Line of the first own row of each section.
    first_lines: Vec<usize>,
}

/// Builds the tree: the soma first, then sections in the order of their first rows.
pub(super) fn build(rows: &[Row], report: &mut SwcReport) -> Result<Morphology, Error> {
    let mut children = vec![Vec::new(); rows.len()];
    for (idx, row) in rows.iter().enumerate() {
        if let Some(parent_idx) = row.parent_idx {
            children[parent_idx].push(idx);
        }
    }
    let soma_root = find_soma_root(rows)?;
    let places = vec![None; rows.len()];
    let mut builder =
        Builder { rows, children, soma_root, places, sections: Vec::new(), first_lines: Vec::new() };
    builder.add_soma()?;
    for idx in 0..rows.len() {
        builder.add_row(idx, report)?;
    }
    let with_lines = builder.sections.iter().zip(&builder.first_lines);
    let without_length = with_lines.filter(|(section, _)| section.length_um() <= 0.0);
    report.zero_length_lines = without_length.map(|(_, line)| *line).collect();
    Ok(Morphology { sections: builder.sections })
}

fn find_soma_root(rows: &[Row]) -> Result<usize, Error> {
    if rows.is_empty() {
        return Err(Error::Morphology {
            what: "no points".to_owned(),
            remedy: "give lines of id, type, x, y, z, radius and parent",
        });
    }
    let is_soma_root = |row: &Row| row.kind == SectionKind::Soma && row.parent_idx.is_none();
    rows.iter().position(is_soma_root).ok_or_else(|| Error::Morphology {
        what: "no soma root".to_owned(),
        remedy: "let one point of type 1 have parent -1",
    })
}

impl Builder<'_> {
    /// The soma's points: a point alone stands for a cylinder as long as it is wide, along x.
    fn add_soma(&mut self) -> Result<(), Error> {
        let chain = self.soma_chain()?;
        let root = &self.rows[self.soma_root];
        let points = if let [_] = chain[..] {
            let diameter_um = stored(2.0 * root.radius_um);
            let at = |x_um: f64| Point { x_um: stored(x_um), y_um: root.y_um, z_um: root.z_um, diameter_um };
            vec![at(root.x_um - root.radius_um), at(root.x_um), at(root.x_um + root.radius_um)]
        } else {
            chain.iter().map(|idx| point(&self.rows[*idx])).collect()
        };
        for idx in chain {
            self.places[idx] = Some(Place { section_idx: 0, is_first: false });
        }
        self.first_lines.push(root.line);
        self.sections.push(Section { kind: SectionKind::Soma, points, parent: None });
        Ok(())
    }

    /// Rows of the soma from end to end: a chain from the root, or a root with one point on either side.
    fn soma_chain(&self) -> Result<Vec<usize>, Error> {
        let soma_children = |idx: usize| {
            let is_soma = |child: &&usize| self.rows[**child].kind == SectionKind::Soma;
            self.children[idx].iter().filter(is_soma).copied().collect::<Vec<usize>>()
        };
        let mut chain = match soma_children(self.soma_root)[..] {
            [left, right] if soma_children(left).is_empty() && soma_children(right).is_empty() => {
                return Ok(vec![left, self.soma_root, right]);
            }
            _ => vec![self.soma_root],
        };
        let mut last = self.soma_root;
        loop {
            match soma_children(last)[..] {
                [] => return Ok(chain),
                [next] => {
                    chain.push(next);
                    last = next;
                }
                _ => {
                    return Err(Error::Swc {
                        line: self.rows[last].line,
                        what: "the soma branches here".to_owned(),
                        remedy: "give the soma as one point, as a chain, or as a center with one point on either side",
                    });
                }
            }
        }
    }

    fn add_row(&mut self, idx: usize, report: &mut SwcReport) -> Result<(), Error> {
        if self.places[idx].is_some() {
            return Ok(());
        }
        let row = &self.rows[idx];
        if row.kind == SectionKind::Soma {
            return Err(Error::Swc {
                line: row.line,
                what: "a soma point lies apart from the soma".to_owned(),
                remedy: "join all points of type 1, or give this one the type of its neighbors",
            });
        }
        match row.parent_idx {
            None => self.start_fragment(idx, report),
            Some(parent_idx) if self.continues(idx, parent_idx) => {
                let section_idx = self.place(parent_idx).map(|place| place.section_idx);
                if let Some(section_idx) = section_idx {
                    self.sections[section_idx].points.push(point(row));
                    self.places[idx] = Some(Place { section_idx, is_first: false });
                }
            }
            Some(parent_idx) => self.start_branch(idx, parent_idx, report),
        }
        Ok(())
    }

    fn place(&self, idx: usize) -> Option<Place> {
        self.places[idx]
    }

    /// Whether a row lengthens its parent's section: the next row, of the same type, and the only child - or the
    /// child that follows the first point of a neurite on the soma.
    fn continues(&self, idx: usize, parent_idx: usize) -> bool {
        let is_next = parent_idx + 1 == idx;
        let is_same_kind = self.rows[parent_idx].kind == self.rows[idx].kind;
        is_next && is_same_kind && (self.children[parent_idx].len() == 1 || self.is_neurite_root(parent_idx))
    }

    /// First point of a neurite that leaves the soma.
    fn is_neurite_root(&self, idx: usize) -> bool {
        self.rows[idx].kind != SectionKind::Soma
            && self.rows[idx]
                .parent_idx
                .is_some_and(|parent_idx| self.rows[parent_idx].kind == SectionKind::Soma)
    }

    fn start_fragment(&mut self, idx: usize, report: &mut SwcReport) {
        let row = &self.rows[idx];
        report.fragment_lines.push(row.line);
        if self.is_lone(idx) {
            report.dropped_lines.push(row.line);
        } else {
            self.push_section(idx, vec![point(row)], None);
        }
    }

    fn start_branch(&mut self, idx: usize, parent_idx: usize, report: &mut SwcReport) {
        let row = &self.rows[idx];
        if self.rows[parent_idx].kind == SectionKind::Soma {
            let mut points = vec![point(row)];
            if self.is_lone(idx) {
                let center = self.soma_center();
                points.insert(0, Point { diameter_um: points[0].diameter_um, ..center });
            }
            self.push_section(idx, points, Some(Attachment { section_idx: 0, at_fraction: 0.5 }));
            return;
        }
        let points = vec![point(&self.rows[parent_idx]), point(row)];
        let Some(place) = self.place(parent_idx) else {
            // The parent was a fragment of one point, which has no section.
            report.fragment_lines.push(row.line);
            self.push_section(idx, points, None);
            return;
        };
        let at_fraction = if place.is_first && self.is_neurite_root(parent_idx) && self.has_length(parent_idx)
        {
            0.0
        } else {
            1.0
        };
        self.push_section(idx, points, Some(Attachment { section_idx: place.section_idx, at_fraction }));
    }

    /// A section that begins and ends with this row.
    fn is_lone(&self, idx: usize) -> bool {
        !self.has_length(idx)
    }

    /// Whether the next row lengthens the section that this one begins; no other can.
    fn has_length(&self, idx: usize) -> bool {
        let next = self.rows.get(idx + 1);
        next.is_some_and(|next| next.parent_idx == Some(idx)) && self.continues(idx + 1, idx)
    }

    fn soma_center(&self) -> Point {
        let points = &self.sections[0].points;
        points[points.len() / 2]
    }

    fn push_section(&mut self, idx: usize, points: Vec<Point>, parent: Option<Attachment>) {
        self.places[idx] = Some(Place { section_idx: self.sections.len(), is_first: true });
        self.first_lines.push(self.rows[idx].line);
        self.sections.push(Section { kind: self.rows[idx].kind, points, parent });
    }
}

fn point(row: &Row) -> Point {
    Point { x_um: row.x_um, y_um: row.y_um, z_um: row.z_um, diameter_um: stored(2.0 * row.radius_um) }
}

/// NEURON keeps outline points as float32.
fn stored(value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "the rounding is wanted")]
    let rounded = value as f32;
    f64::from(rounded)
}
