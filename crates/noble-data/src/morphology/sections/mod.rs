//! From traced points to sections, point for point as NEURON's importer does it.
//!
//! # Source
//! NEURON 9.0.2 `import3d/read_swc.hoc` and `import3d_gui.hoc`. Differs where that runs sections into one another: the
//! next row joins a section only as a child of its last point.

mod joints;

use super::swc::{Row, SwcReport};
use super::{Attachment, Morphology, Point, Section};
use crate::{Error, SectionKind};

/// How much the length of a soma of three points may differ from its diameter for the three to stand for a ball.
///
/// # Source
/// As above, `neuromorph_3point_soma`.
const BALL_TOLERANCE_FRACTION: f64 = 0.01;

struct Builder<'a> {
    rows: &'a [Row],
    children: Vec<Vec<usize>>,
    /// How many soma points hang on each row.
    n_soma_children: Vec<usize>,
    soma_root: usize,
    /// The soma is a single point, or three that stand for one.
    is_ball: bool,
    /// Section of each row, once it has one.
    section_of: Vec<Option<usize>>,
    sections: Vec<Section>,
    /// First and last own row of each section.
    own_rows: Vec<(usize, usize)>,
}

/// Builds the tree: the soma first, then sections in the order of their first rows.
pub(super) fn build(rows: &[Row], report: &mut SwcReport) -> Result<Morphology, Error> {
    let mut children = vec![Vec::new(); rows.len()];
    for (idx, row) in rows.iter().enumerate() {
        if let Some(parent_idx) = row.parent_idx {
            children[parent_idx].push(idx);
        }
    }
    let is_soma = |idx: &&usize| rows[**idx].kind == SectionKind::Soma;
    let n_soma_children =
        children.iter().map(|own: &Vec<usize>| own.iter().filter(is_soma).count()).collect();
    let soma_root = find_soma_root(rows)?;
    let mut builder = Builder {
        rows,
        children,
        n_soma_children,
        soma_root,
        is_ball: false,
        section_of: vec![None; rows.len()],
        sections: Vec::new(),
        own_rows: Vec::new(),
    };
    builder.add_soma();
    for idx in 0..rows.len() {
        builder.add_row(idx, report)?;
    }
    Ok(builder.finish(report))
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
    /// The soma's first section; a ball becomes a cylinder as long as it is wide, along x.
    fn add_soma(&mut self) {
        let (rows, root) = (self.rows, self.soma_root);
        let stand_in = self.stand_in_for_a_ball();
        self.is_ball = stand_in.is_some() || !self.has_length(root);
        let center = &rows[root];
        let points = if self.is_ball {
            let diameter_um = stored(2.0 * center.radius_um);
            let at =
                |x_um: f64| Point { x_um: stored(x_um), y_um: center.y_um, z_um: center.z_um, diameter_um };
            vec![at(center.x_um - center.radius_um), at(center.x_um), at(center.x_um + center.radius_um)]
        } else {
            vec![point(center)]
        };
        for idx in stand_in.into_iter().flatten() {
            self.section_of[idx] = Some(0);
        }
        self.push_section(root, points, None);
    }

    /// The two rows after the root that together with it stand for a ball: no other soma points, nothing on them, all
    /// as wide as the root and together as long.
    fn stand_in_for_a_ball(&self) -> Option<[usize; 2]> {
        let ends = [self.soma_root + 1, self.soma_root + 2];
        let n_soma = self.rows.iter().filter(|row| row.kind == SectionKind::Soma).count();
        let root = point(&self.rows[self.soma_root]);
        let is_end = |idx: &usize| {
            self.rows.get(*idx).is_some_and(|row| {
                let is_as_wide = (stored(2.0 * row.radius_um) - root.diameter_um).abs() <= 0.0;
                row.kind == SectionKind::Soma && row.parent_idx == Some(self.soma_root) && is_as_wide
            }) && self.children[*idx].is_empty()
        };
        if n_soma != 3 || !ends.iter().all(is_end) {
            return None;
        }
        let length_um: f64 = ends.iter().map(|idx| root.distance_um(&point(&self.rows[*idx]))).sum();
        ((length_um / root.diameter_um - 1.0).abs() < BALL_TOLERANCE_FRACTION).then_some(ends)
    }

    fn add_row(&mut self, idx: usize, report: &mut SwcReport) -> Result<(), Error> {
        if self.section_of[idx].is_some() {
            return Ok(());
        }
        let row = &self.rows[idx];
        let is_on_soma =
            row.parent_idx.is_some_and(|parent_idx| self.rows[parent_idx].kind == SectionKind::Soma);
        if row.kind == SectionKind::Soma && !is_on_soma {
            return Err(Error::Swc {
                line: row.line,
                what: "a soma point lies apart from the soma".to_owned(),
                remedy: "join all points of type 1, or give this one the type of its neighbors",
            });
        }
        match row.parent_idx {
            Some(parent_idx) if self.continues(idx, parent_idx) => {
                let section_idx = self.section_at(parent_idx);
                self.sections[section_idx].points.push(point(row));
                self.section_of[idx] = Some(section_idx);
                self.own_rows[section_idx].1 = idx;
            }
            parent_idx => {
                if parent_idx.is_none() {
                    report.fragment_lines.push(row.line);
                }
                self.start_section(idx);
            }
        }
        Ok(())
    }

    fn section_at(&self, idx: usize) -> usize {
        self.section_of[idx].expect("parents come before children, and the soma before all")
    }

    /// Whether a row lengthens its parent's section: the next row, of the same type, and the only child - or the
    /// child that follows the first point of a neurite on the soma, or a soma point without another soma point
    /// beside it.
    fn continues(&self, idx: usize, parent_idx: usize) -> bool {
        let kind = self.rows[idx].kind;
        if parent_idx + 1 != idx || self.rows[parent_idx].kind != kind {
            return false;
        }
        match kind {
            SectionKind::Soma => parent_idx == self.soma_root || self.n_soma_children[parent_idx] == 1,
            _ => {
                let is_only = self.children[parent_idx].len() == 1;
                is_only || (self.is_neurite_root(parent_idx) && !self.ends_at_side_branch(parent_idx))
            }
        }
    }

    /// Whether the last branch at a neurite's first point, beside the row that follows it, is of another type: NEURON
    /// then ends the section there.
    fn ends_at_side_branch(&self, idx: usize) -> bool {
        let last = self.children[idx].last().filter(|child| **child != idx + 1);
        last.is_some_and(|last| self.rows[*last].kind != self.rows[idx].kind)
    }

    /// First point of a neurite that leaves the soma, or of a fragment; NEURON does not see it in the second row.
    fn is_neurite_root(&self, idx: usize) -> bool {
        let is_on_soma = |parent_idx: usize| self.rows[parent_idx].kind == SectionKind::Soma;
        self.rows[idx].kind != SectionKind::Soma
            && idx != self.soma_root + 1
            && self.rows[idx].parent_idx.is_none_or(is_on_soma)
    }

    /// Whether the next row lengthens the section that this one begins; no other can.
    fn has_length(&self, idx: usize) -> bool {
        let next = self.rows.get(idx + 1);
        next.is_some_and(|next| next.parent_idx == Some(idx)) && self.continues(idx + 1, idx)
    }

    fn push_section(&mut self, idx: usize, points: Vec<Point>, parent: Option<Attachment>) {
        self.section_of[idx] = Some(self.sections.len());
        self.own_rows.push((idx, idx));
        self.sections.push(Section { kind: self.rows[idx].kind, points, parent });
    }

    /// Leaves out sections of no length whose two points coincide, and hangs what hung on them on their parents.
    fn finish(self, report: &mut SwcReport) -> Morphology {
        let mut sections: Vec<Section> = Vec::with_capacity(self.sections.len());
        let mut joint_of: Vec<Joint> = Vec::with_capacity(self.sections.len());
        for (mut section, (first_row, _)) in self.sections.into_iter().zip(self.own_rows) {
            let line = self.rows[first_row].line;
            section.parent = section.parent.map(|parent| match joint_of[parent.section_idx] {
                Joint::Kept { section_idx } => Attachment { section_idx, ..parent },
                Joint::LeftOut(instead) => instead,
            });
            match section.parent {
                Some(parent) if is_left_out(&section.points) => {
                    report.dropped_lines.push(line);
                    joint_of.push(Joint::LeftOut(parent));
                    continue;
                }
                _ => joint_of.push(Joint::Kept { section_idx: sections.len() }),
            }
            if section.length_um() <= 0.0 {
                report.zero_length_lines.push(line);
            }
            sections.push(section);
        }
        Morphology { sections }
    }
}

/// What became of a section, for those that hang on it.
#[derive(Clone, Copy)]
enum Joint {
    Kept { section_idx: usize },
    LeftOut(Attachment),
}

fn is_left_out(points: &[Point]) -> bool {
    match points {
        [] | [_] => true,
        [begin, end] => begin.distance_um(end) <= 0.0,
        _ => false,
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
