//! The linear system of one time step on a tree of nodes, solved in time linear in the number of nodes.
//!
//! A node's equation couples it to its parent and its children only. Eliminating from the leaves to the root never
//! fills an empty entry, so no general solver is needed. A dense Gaussian elimination stays beside it as judge.
//!
//! # Source
//! Hines 1984, "Efficient computation of branched nerve equations".

/// A tree, or several trees, of nodes joined by axial conductances; parents come before children.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Parent of each node; a root names node 0 and has no axial conductance.
    parent: Vec<usize>,
    /// Conductance to the parent.
    axial_usiemens: Vec<f64>,
    /// Sum of the axial conductances that meet at the node.
    axial_sum_usiemens: Vec<f64>,
}

impl Tree {
    /// A tree from each node's parent and the conductance to it; `None` marks a root.
    ///
    /// # Panics
    /// When a parent does not come before its child, or the first node is not a root.
    #[must_use]
    pub fn new(links: &[Option<(usize, f64)>]) -> Self {
        let mut tree = Self {
            parent: vec![0; links.len()],
            axial_usiemens: vec![0.0; links.len()],
            axial_sum_usiemens: vec![0.0; links.len()],
        };
        for (node, link) in links.iter().enumerate() {
            let Some((parent, axial_usiemens)) = *link else { continue };
            assert!(parent < node, "parent {parent} of node {node} must come before it");
            tree.parent[node] = parent;
            tree.axial_usiemens[node] = axial_usiemens;
            tree.axial_sum_usiemens[node] += axial_usiemens;
            tree.axial_sum_usiemens[parent] += axial_usiemens;
        }
        tree
    }

    /// Number of nodes.
    #[must_use]
    pub fn n_nodes(&self) -> usize {
        self.parent.len()
    }

    /// Parent of each node, `[n_nodes]`; a root names node 0.
    #[must_use]
    pub fn parents(&self) -> &[usize] {
        &self.parent
    }

    /// Sum of the axial conductances that meet at each node, `[n_nodes]`.
    #[must_use]
    pub fn axial_sum_usiemens(&self) -> &[f64] {
        &self.axial_sum_usiemens
    }

    /// Conductance to the parent, `[n_nodes]`, zero for a root.
    #[must_use]
    pub fn axial_usiemens(&self) -> &[f64] {
        &self.axial_usiemens
    }

    /// Adds the axial terms: conductances to `diagonal`, currents that flow in at voltages `v_mv` to `rhs`.
    ///
    /// All arrays are `[n_nodes]`; `diagonal` in µS, `rhs` in nA.
    ///
    /// # Panics
    /// When an array has another length.
    pub fn add_axial(&self, v_mv: &[f64], diagonal: &mut [f64], rhs: &mut [f64]) {
        let n_nodes = self.n_nodes();
        assert!(v_mv.len() == n_nodes && diagonal.len() == n_nodes && rhs.len() == n_nodes);
        for (entry, sum) in diagonal.iter_mut().zip(&self.axial_sum_usiemens) {
            *entry += sum;
        }
        for node in 1..n_nodes {
            let parent = self.parent[node];
            let inflow = self.axial_usiemens[node] * (v_mv[parent] - v_mv[node]); // [nA]
            rhs[node] += inflow;
            rhs[parent] -= inflow;
        }
    }

    /// Solves the system whose diagonal is given and whose other entries are minus the axial conductances.
    ///
    /// `rhs` holds the right-hand side at entry and the solution at return; `diagonal` is used up.
    ///
    /// # Panics
    /// When an array has another length.
    pub fn solve(&self, diagonal: &mut [f64], rhs: &mut [f64]) {
        let n_nodes = self.n_nodes();
        assert!(diagonal.len() == n_nodes && rhs.len() == n_nodes);
        for node in (1..n_nodes).rev() {
            let parent = self.parent[node];
            let axial = self.axial_usiemens[node];
            let factor = axial / diagonal[node];
            diagonal[parent] -= factor * axial;
            rhs[parent] += factor * rhs[node];
        }
        if n_nodes > 0 {
            rhs[0] /= diagonal[0];
        }
        for node in 1..n_nodes {
            rhs[node] = (rhs[node] + self.axial_usiemens[node] * rhs[self.parent[node]]) / diagonal[node];
        }
    }

    /// The same solution by [`solve_dense`]: slow and obvious, the judge of [`Tree::solve`].
    ///
    /// # Panics
    /// When an array has another length, or the system is singular.
    #[must_use]
    pub fn solve_naive(&self, diagonal: &[f64], rhs: &[f64]) -> Vec<f64> {
        let n_nodes = self.n_nodes();
        assert!(diagonal.len() == n_nodes && rhs.len() == n_nodes);
        let mut matrix = vec![vec![0.0; n_nodes]; n_nodes];
        for node in 0..n_nodes {
            matrix[node][node] += diagonal[node];
            if node > 0 {
                matrix[node][self.parent[node]] -= self.axial_usiemens[node];
                matrix[self.parent[node]][node] -= self.axial_usiemens[node];
            }
        }
        solve_dense(matrix, rhs.to_vec())
    }
}

/// Solves `matrix x = rhs` by Gaussian elimination with row exchange.
///
/// # Panics
/// When the matrix is singular to the last bit.
#[must_use]
pub fn solve_dense(matrix: Vec<Vec<f64>>, rhs: Vec<f64>) -> Vec<f64> {
    let n = rhs.len();
    solve_regular(matrix, rhs).unwrap_or_else(|| panic!("a column of {n} has no pivot"))
}

/// As [`solve_dense`]; `None` where the matrix is singular to the last bit or holds what is no number.
pub(crate) fn solve_regular(mut matrix: Vec<Vec<f64>>, mut rhs: Vec<f64>) -> Option<Vec<f64>> {
    let n = rhs.len();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))
            .expect("the range holds at least the column itself");
        let has_pivot = matrix[pivot][column].abs() > 0.0 && matrix[pivot][column].is_finite();
        if !has_pivot {
            return None;
        }
        matrix.swap(column, pivot);
        rhs.swap(column, pivot);
        let (above, below) = matrix.split_at_mut(column + 1);
        let pivot_row = &above[column];
        for (offset, row) in below.iter_mut().enumerate() {
            let factor = row[column] / pivot_row[column];
            for (entry, pivot_entry) in row.iter_mut().zip(pivot_row).skip(column) {
                *entry -= factor * pivot_entry;
            }
            rhs[column + 1 + offset] -= factor * rhs[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| matrix[row][column] * rhs[column]).sum();
        rhs[row] = (rhs[row] - known) / matrix[row][row];
    }
    Some(rhs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Links, membrane conductances and right-hand side.
    type System = (Vec<Option<(usize, f64)>>, Vec<f64>, Vec<f64>);

    /// Links of a random tree, a membrane conductance and a right-hand side per node.
    fn system() -> impl Strategy<Value = System> {
        let node = (any::<u16>(), 1e-3..10.0_f64, 0.0..1.0_f64, 1e-4..1.0_f64, -5.0..5.0_f64);
        prop::collection::vec(node, 1..40).prop_map(|nodes| {
            let links = nodes.iter().enumerate().map(|(idx, &(pick, axial, root, _, _))| {
                let is_root = idx == 0 || root < 0.05;
                (!is_root).then_some((usize::from(pick) % idx.max(1), axial))
            });
            (links.collect(), nodes.iter().map(|n| n.3).collect(), nodes.iter().map(|n| n.4).collect())
        })
    }

    proptest! {
        #[test]
        fn invariant_elimination_agrees_with_dense((links, membrane, rhs) in system()) {
            let tree = Tree::new(&links);
            let mut diagonal = membrane;
            tree.add_axial(&vec![0.0; links.len()], &mut diagonal, &mut vec![0.0; links.len()]);
            let expected = tree.solve_naive(&diagonal, &rhs);
            let mut solution = rhs;
            tree.solve(&mut diagonal, &mut solution);
            let scale = expected.iter().fold(1.0_f64, |scale, x| scale.max(x.abs()));
            for (x, y) in solution.iter().zip(&expected) {
                prop_assert!((x - y).abs() < 1e-9 * scale, "{x} {y}");
            }
        }

        #[test]
        fn invariant_axial_currents_conserve_charge((links, membrane, v_mv) in system()) {
            let tree = Tree::new(&links);
            let mut inflow = vec![0.0; links.len()];
            let mut diagonal = membrane;
            tree.add_axial(&v_mv, &mut diagonal, &mut inflow);
            prop_assert!(inflow.iter().sum::<f64>().abs() < 1e-9);
        }

        #[test]
        fn invariant_charge_in_is_charge_on_the_membrane((links, membrane, rhs) in system()) {
            let tree = Tree::new(&links);
            let mut diagonal = membrane.clone();
            tree.add_axial(&vec![0.0; links.len()], &mut diagonal, &mut vec![0.0; links.len()]);
            let mut solution = rhs.clone();
            tree.solve(&mut diagonal, &mut solution);
            let stored: f64 = solution.iter().zip(&membrane).map(|(x, g)| x * g).sum();
            prop_assert!((stored - rhs.iter().sum::<f64>()).abs() < 1e-8);
        }
    }
}
