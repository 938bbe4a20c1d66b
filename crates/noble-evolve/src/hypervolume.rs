//! Size of the region that a set of points dominates.

use crate::selection::nondominated;

/// Volume between `reference` and the points that are better than it in every objective; smaller is better.
///
/// Exact, by slicing along the last objective: the volume is a sum over the slabs between neighboring scores, of
/// width times the volume, one objective less, of the points that reach into the slab. The work grows as
/// `n^(m - 1)`: fit for hundreds of points of two or three objectives, or dozens of five.
///
/// # Panics
/// When a point has another length than `reference`, or either holds NaN.
///
/// # Source
/// While, Hingston, Barone & Huband 2006, "A faster algorithm for calculating hypervolume", IEEE Transactions on
/// Evolutionary Computation 10(1), hypervolume by slicing objectives.
///
/// # Example
/// ```
/// use noble_evolve::hypervolume;
/// let volume = hypervolume(&[vec![1.0, 2.0], vec![2.0, 1.0], vec![2.0, 2.0]], &[3.0, 3.0]);
/// assert_eq!(volume, 3.0);
/// ```
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    for point in points {
        assert!(
            point.len() == reference.len(),
            "a point of {} objectives, a reference of {}",
            point.len(),
            reference.len()
        );
        assert!(!point.iter().chain(reference).any(|value| value.is_nan()), "an objective is not a number");
    }
    let is_better = |point: &&Vec<f64>| point.iter().zip(reference).all(|(p, r)| p < r);
    sliced(points.iter().filter(is_better).cloned().collect(), reference)
}

fn sliced(points: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    let Some((&last_reference, rest)) = reference.split_last() else { return 0.0 };
    if points.is_empty() {
        return 0.0;
    }
    if rest.is_empty() {
        let least = points.iter().map(|point| point[0]).fold(last_reference, f64::min);
        return last_reference - least;
    }
    let mut points = nondominated(&points);
    let last = |point: &[f64]| point[rest.len()];
    points.sort_by(|a, b| last(a).total_cmp(&last(b)));
    if rest.len() == 1 {
        return staircase(&points, reference);
    }
    let mut volume = 0.0;
    for n_reaching in 1..=points.len() {
        let top = points.get(n_reaching).map_or(last_reference, |next| last(next));
        let width = top - last(&points[n_reaching - 1]);
        if width > 0.0 {
            let slice = points[..n_reaching].iter().map(|point| point[..rest.len()].to_vec()).collect();
            volume += width * sliced(slice, rest);
        }
    }
    volume
}

/// Area of nondominated points of two objectives in order of the second, so that the first falls.
fn staircase(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let mut area = 0.0;
    let mut edge = reference[0];
    for point in points {
        area += (edge - point[0]) * (reference[1] - point[1]);
        edge = point[0];
    }
    area
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Inclusion and exclusion over all subsets.
    fn naive(points: &[Vec<f64>], reference: &[f64]) -> f64 {
        let mut volume = 0.0;
        for subset in 1..1_u32 << points.len() {
            let members = || points.iter().enumerate().filter(|(idx, _)| subset >> idx & 1 == 1);
            let edge = |(k, r): (usize, &f64)| {
                let worst = members().map(|(_, point)| point[k]).fold(f64::NEG_INFINITY, f64::max);
                (r - worst).max(0.0)
            };
            let shared: f64 = reference.iter().enumerate().map(edge).product();
            volume += if subset.count_ones() % 2 == 1 { shared } else { -shared };
        }
        volume
    }

    #[test]
    fn analytic_known_volumes() {
        let check = |points: &[&[f64]], reference: &[f64], expected: f64| {
            let points: Vec<Vec<f64>> = points.iter().map(|point| point.to_vec()).collect();
            let volume = hypervolume(&points, reference);
            assert!((volume - expected).abs() < 1e-14, "{volume} {expected}");
        };
        check(&[], &[1.0, 1.0], 0.0);
        check(&[&[2.0, 0.0]], &[1.0, 1.0], 0.0);
        check(&[&[0.25]], &[1.0], 0.75);
        check(&[&[1.0, 3.0], &[2.0, 2.0], &[3.0, 1.0]], &[4.0, 4.0], 6.0);
        check(&[&[0.0, 0.0, 0.0]], &[2.0, 3.0, 4.0], 24.0);
        // Three unit cubes' thickness along each axis of a cube of side two, which share the corner.
        check(&[&[0.0, 1.0, 1.0], &[1.0, 0.0, 1.0], &[1.0, 1.0, 0.0]], &[2.0, 2.0, 2.0], 4.0);
        check(&[&[0.0; 5], &[0.5; 5]], &[1.0; 5], 1.0);
    }

    proptest! {
        #[test]
        fn invariant_slices_are_inclusion_and_exclusion(
            points in (1..5_usize).prop_flat_map(|m| {
                prop::collection::vec(prop::collection::vec((0..8_u8).prop_map(|x| f64::from(x) / 7.0), m), 1..9)
            }),
        ) {
            let reference = vec![0.9; points[0].len()];
            prop_assert!((hypervolume(&points, &reference) - naive(&points, &reference)).abs() < 1e-12);
        }
    }
}
