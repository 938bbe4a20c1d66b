//! New parameters from old ones: crossover of pairs, then mutation of each child.

mod polynomial;
mod sbx;

use rand::{Rng, RngExt};

use crate::{Bounds, Variation};

/// Children of parents taken in pairs, `n_children` in all.
///
/// `parent` picks one parent. Of an odd number the last child's twin is dropped.
///
/// # Source
/// DEAP 1.4 `deap.algorithms.varAnd`, whose parents are the whole list in its order; here every pair is drawn.
pub(crate) fn children<'a, R: Rng>(
    n_children: usize,
    mut parent: impl FnMut(&mut R) -> &'a [f64],
    bounds: &Bounds,
    variation: &Variation,
    rng: &mut R,
) -> Vec<Vec<f64>> {
    let mut children = Vec::with_capacity(n_children + 1);
    while children.len() < n_children {
        let mut pair = [parent(rng).to_vec(), parent(rng).to_vec()];
        if rng.random::<f64>() < variation.crossover_probability {
            let [first, second] = &mut pair;
            sbx::cross(first, second, bounds, variation.crossover_eta, rng);
        }
        for mut child in pair {
            if rng.random::<f64>() < variation.mutation_probability {
                polynomial::mutate(&mut child, bounds, variation, rng);
            }
            children.push(child);
        }
    }
    children.truncate(n_children);
    children
}
