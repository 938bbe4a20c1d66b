//! Evenly spread points of the simplex, after Das and Dennis.

/// Points with coordinates `0, 1/p, .., 1` that sum to one, in lexical order, `p = divisions`.
///
/// # Source
/// Das & Dennis 1998, "Normal-boundary intersection", SIAM Journal on Optimization 8(3), section 4; as used by Deb &
/// Jain 2014, section IV.B.
pub(super) fn reference_points(n_objectives: usize, divisions: usize) -> Vec<Vec<f64>> {
    let mut points = Vec::new();
    extend(&mut points, &mut Vec::with_capacity(n_objectives), n_objectives, divisions, divisions);
    points
}

/// Appends all points that begin with `begun` and spend the `left` divisions on the other coordinates.
fn extend(
    points: &mut Vec<Vec<f64>>,
    begun: &mut Vec<f64>,
    n_objectives: usize,
    left: usize,
    divisions: usize,
) {
    let coordinate = |n: usize| n as f64 / divisions as f64;
    if begun.len() + 1 == n_objectives {
        let mut point = begun.clone();
        point.push(coordinate(left));
        points.push(point);
        return;
    }
    for n in 0..=left {
        begun.push(coordinate(n));
        extend(points, begun, n_objectives, left - n, divisions);
        begun.pop();
    }
}

/// How many points there are, `C(m + p - 1, p)` for `m` objectives; or any number above `most`, if more than that.
pub(crate) fn n_reference_points(n_objectives: usize, divisions: usize, most: usize) -> usize {
    let (m, p) = (n_objectives as u128, divisions as u128);
    let (steps, rest) = if p < m { (p, m - 1) } else { (m.saturating_sub(1), p) };
    let mut n_points = 1;
    for step in 1..=steps {
        n_points = n_points * (rest + step) / step;
        if n_points > most as u128 {
            return most.saturating_add(1);
        }
    }
    usize::try_from(n_points).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of Deb & Jain 2014, tables I and II, and binomials by hand.
    #[test]
    fn analytic_counts_are_binomials() {
        let check = |n_objectives: usize, divisions: usize, expected: usize| {
            assert_eq!(n_reference_points(n_objectives, divisions, 10_000), expected);
            let points = reference_points(n_objectives, divisions);
            assert_eq!(points.len(), expected, "{n_objectives} {divisions}");
            for point in &points {
                assert_eq!(point.len(), n_objectives);
                assert!((point.iter().sum::<f64>() - 1.0).abs() < 1e-15);
            }
            assert!(points.is_sorted());
        };
        check(3, 12, 91);
        check(5, 6, 210);
        check(8, 3, 120);
        check(10, 3, 220);
        check(2, 99, 100);
        check(1, 7, 1);
        check(15, 1, 15);
    }

    #[test]
    fn analytic_too_many_are_told() {
        for (n_objectives, divisions) in [(10, 100), (3, usize::MAX), (usize::MAX, 3)] {
            assert!(n_reference_points(n_objectives, divisions, 1000) > 1000);
        }
    }
}
