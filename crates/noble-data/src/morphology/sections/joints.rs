//! Where a section joins its parent, and whether the way from the parent's point to its own first point belongs to it.

use super::{Builder, point};
use crate::SectionKind;
use crate::morphology::{Attachment, Point};

/// Place along the parent, and whether the section begins at its own first point rather than at its parent's.
struct Joining {
    at_fraction: f64,
    begins_apart: bool,
}

impl Builder<'_> {
    /// Begins a section with a row that lengthens none.
    ///
    /// A row without parent is taken as a child of the soma's root: so does NEURON, whose index -1 means the first.
    pub(super) fn start_section(&mut self, idx: usize) {
        let row = &self.rows[idx];
        let parent_row = row.parent_idx.unwrap_or(self.soma_root);
        let section_idx = self.section_at(parent_row);
        let is_on_soma = self.sections[section_idx].kind == SectionKind::Soma;
        let joint = if is_on_soma { self.joint_on_soma(idx) } else { self.joint_on_neurite(idx, parent_row) };
        let own = point(row);
        let mut points = vec![own];
        if !joint.begins_apart {
            let parent = point(&self.rows[parent_row]);
            let leaves_soma = is_on_soma && row.kind != SectionKind::Soma;
            let diameter_um = if leaves_soma { own.diameter_um } else { parent.diameter_um };
            points.insert(0, Point { diameter_um, ..parent });
        }
        let at_fraction = joint.at_fraction;
        self.push_section(idx, points, Some(Attachment { section_idx, at_fraction }));
    }

    /// On the far end of the parent, or on the near end as a side branch at a neurite's first point on the soma.
    fn joint_on_neurite(&self, idx: usize, parent_row: usize) -> Joining {
        let is_side_branch = self.is_neurite_root(parent_row) && idx != parent_row + 1;
        let is_near_end =
            is_side_branch && (self.has_length(parent_row) || self.ends_at_side_branch(parent_row));
        Joining { at_fraction: if is_near_end { 0.0 } else { 1.0 }, begins_apart: false }
    }

    /// On the middle of a ball and of a soma between its first and last point, else on the end where the point lies.
    fn joint_on_soma(&self, idx: usize) -> Joining {
        let parent_idx = self.rows[idx].parent_idx;
        let section_idx = self.section_at(parent_idx.unwrap_or(self.soma_root));
        let (first_row, last_row) = self.own_rows[section_idx];
        let is_neurite = self.rows[idx].kind != SectionKind::Soma;
        let has_length = self.has_length(idx);
        let soma_branches = parent_idx.is_some_and(|parent_idx| self.n_soma_children[parent_idx] > 1);
        if section_idx == 0 && is_neurite && self.is_ball {
            return Joining { at_fraction: 0.5, begins_apart: has_length };
        }
        if section_idx == 0 && parent_idx == Some(first_row) {
            return Joining { at_fraction: 0.0, begins_apart: is_neurite && soma_branches };
        }
        if parent_idx.is_none_or(|parent_idx| parent_idx < last_row) {
            return Joining { at_fraction: 0.5, begins_apart: is_neurite && has_length };
        }
        Joining { at_fraction: 1.0, begins_apart: is_neurite && has_length && soma_branches }
    }
}
