//! Pareto dominance, and the fronts it makes.

/// Whether `a` is nowhere worse than `b` and somewhere better.
pub(super) fn dominates(a: &[f64], b: &[f64]) -> bool {
    let mut is_better = false;
    for (a, b) in a.iter().zip(b) {
        if a > b {
            return false;
        }
        is_better |= a < b;
    }
    is_better
}

/// Points that no other dominates, in their order; of equal points the first.
pub(crate) fn nondominated(points: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let is_kept = |idx: usize| {
        let is_beaten = |(other_idx, other): (usize, &Vec<f64>)| {
            dominates(other, &points[idx]) || (other_idx < idx && *other == points[idx])
        };
        !points.iter().enumerate().any(is_beaten)
    };
    (0..points.len()).filter(|&idx| is_kept(idx)).map(|idx| points[idx].clone()).collect()
}

/// Indices of the nondominated points, then of those nondominated without them, and so on; each front ascending.
///
/// # Source
/// Deb, Pratap, Agarwal & Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE
/// Transactions on Evolutionary Computation 6(2), section III.A, `fast-non-dominated-sort`.
pub(super) fn fronts(scores: &[&[f64]]) -> Vec<Vec<usize>> {
    let n = scores.len();
    let mut dominated = vec![Vec::new(); n];
    let mut n_above = vec![0_usize; n];
    for a in 0..n {
        for b in a + 1..n {
            if dominates(scores[a], scores[b]) {
                dominated[a].push(b);
                n_above[b] += 1;
            } else if dominates(scores[b], scores[a]) {
                dominated[b].push(a);
                n_above[a] += 1;
            }
        }
    }
    let mut fronts = Vec::new();
    let mut front: Vec<usize> = (0..n).filter(|&idx| n_above[idx] == 0).collect();
    while !front.is_empty() {
        let mut next = Vec::new();
        for &above in &front {
            for &below in &dominated[above] {
                n_above[below] -= 1;
                if n_above[below] == 0 {
                    next.push(below);
                }
            }
        }
        next.sort_unstable();
        fronts.push(std::mem::replace(&mut front, next));
    }
    fronts
}

/// Whole fronts that fit among `n`, and the first that does not, if there is room left.
pub(super) fn split(fronts: Vec<Vec<usize>>, n: usize) -> (Vec<usize>, Vec<usize>) {
    let mut whole = Vec::new();
    for front in fronts {
        if whole.len() + front.len() > n {
            return (whole, front);
        }
        whole.extend(front);
    }
    (whole, Vec::new())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Peels one front after the other.
    fn naive_fronts(scores: &[&[f64]]) -> Vec<Vec<usize>> {
        let mut left: Vec<usize> = (0..scores.len()).collect();
        let mut fronts = Vec::new();
        while !left.is_empty() {
            let is_first = |&a: &usize| !left.iter().any(|&b| dominates(scores[b], scores[a]));
            let (front, rest): (Vec<usize>, Vec<usize>) = left.iter().copied().partition(is_first);
            fronts.push(front);
            left = rest;
        }
        fronts
    }

    #[test]
    fn analytic_dominance_needs_one_better_and_none_worse() {
        assert!(dominates(&[1.0, 2.0], &[1.0, 3.0]));
        assert!(!dominates(&[1.0, 2.0], &[1.0, 2.0]));
        assert!(!dominates(&[0.0, 4.0], &[1.0, 3.0]));
    }

    #[test]
    fn analytic_fronts_of_a_small_set() {
        let scores: [&[f64]; 6] =
            [&[2.0, 2.0], &[1.0, 3.0], &[3.0, 1.0], &[3.0, 3.0], &[2.0, 2.0], &[4.0, 4.0]];
        assert_eq!(fronts(&scores), [vec![0, 1, 2, 4], vec![3], vec![5]]);
        assert_eq!(split(fronts(&scores), 5), (vec![0, 1, 2, 4, 3], vec![5]));
        assert_eq!(split(fronts(&scores), 2), (vec![], vec![0, 1, 2, 4]));
        let points: Vec<Vec<f64>> = scores.iter().map(|scores| scores.to_vec()).collect();
        assert_eq!(nondominated(&points).len(), 3);
    }

    proptest! {
        /// Small integers, so that ties and equal points are common.
        #[test]
        fn invariant_fast_fronts_are_those_peeled_one_by_one(
            scores in prop::collection::vec(prop::collection::vec((0..6_u8).prop_map(f64::from), 3), 0..40),
        ) {
            let scores: Vec<&[f64]> = scores.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(fronts(&scores), naive_fronts(&scores));
        }
    }
}
