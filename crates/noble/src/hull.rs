//! Convex hull of points in a plane.

/// Corners of the convex hull, counterclockwise from the leftmost, without points on its edges.
///
/// Fewer than three corners come back where the points span no area. Points that are not finite are left out.
/// # Source
/// A. M. Andrew, "Another efficient algorithm for convex hulls in two dimensions", Inf. Process. Lett. 9, 1979.
pub fn convex_hull(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<(f64, f64)> =
        points.iter().copied().filter(|p| p.0.is_finite() && p.1.is_finite()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    sorted.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq() && a.1.total_cmp(&b.1).is_eq());
    if sorted.len() < 3 {
        return sorted;
    }
    let mut hull = half_hull(sorted.iter().copied());
    let upper = half_hull(sorted.iter().rev().copied());
    hull.pop();
    hull.extend(&upper[..upper.len() - 1]);
    hull
}

/// Whether a point lies within the corners of a hull, its edges included; a hull without area holds nothing.
pub(crate) fn is_inside(hull: &[(f64, f64)], point: (f64, f64)) -> bool {
    let next = hull.iter().cycle().skip(1);
    hull.len() > 2 && hull.iter().zip(next).all(|(a, b)| turn(*a, *b, point) >= 0.0)
}

/// The lower chain of points sorted by x, or the upper one of points in reverse.
fn half_hull(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut chain: Vec<(f64, f64)> = vec![];
    for point in points {
        while let [.., a, b] = chain[..]
            && turn(a, b, point) <= 0.0
        {
            chain.pop();
        }
        chain.push(point);
    }
    chain
}

/// Twice the area of the triangle, positive where it turns left.
fn turn(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> f64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_hull_of_a_filled_square_is_its_corners() {
        let mut points = vec![(0.5, f64::NAN)];
        for i in 0..5 {
            points.extend((0..5).map(|j| (f64::from(i), f64::from(j))));
        }
        let hull = convex_hull(&points);
        assert_eq!(hull, [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]);
        assert!(is_inside(&hull, (1.0, 3.9)) && is_inside(&hull, (4.0, 2.0)));
        assert!(!is_inside(&hull, (4.1, 2.0)) && !is_inside(&hull[..2], (2.0, 0.0)));
    }

    #[test]
    fn analytic_hull_of_a_line_has_two_corners() {
        let line: Vec<(f64, f64)> = (0..9).map(|i| (f64::from(i), 2.0 * f64::from(i))).collect();
        assert_eq!(convex_hull(&line), [(0.0, 0.0), (8.0, 16.0)]);
        assert_eq!(convex_hull(&[(1.0, 1.0), (1.0, 1.0)]), [(1.0, 1.0)]);
        assert!(convex_hull(&[]).is_empty());
    }

    #[test]
    fn invariant_hull_holds_every_point() {
        let points: Vec<(f64, f64)> =
            (0..200).map(f64::from).map(|i| ((i * 1.7).sin() * i, (i * 2.9).cos() * (i + 3.0))).collect();
        let hull = convex_hull(&points);
        for (i, &corner) in hull.iter().enumerate() {
            let next = hull[(i + 1) % hull.len()];
            assert!(points.iter().all(|&point| turn(corner, next, point) >= -1e-9));
        }
    }
}
