//! Traces as few points: the extremes of every pixel column, then no more corners than a fraction of a pixel needs.

use super::svg::PathData;

/// Pieces of a line in pixels, each in order of x.
pub(super) type Pieces = Vec<Vec<(f64, f64)>>;

/// Reduces a line in pixels to what can be seen of it.
///
/// A sample that is not finite breaks the line. In every column `column` wide the first, the least and the greatest
/// point are kept, in order, so that a spike of a single sample keeps its full height; points that then lie within
/// `tolerance` of a straight line are dropped.
pub(super) fn decimated(points: impl Iterator<Item = (f64, f64)>, column: f64, tolerance: f64) -> Pieces {
    let mut pieces: Pieces = vec![vec![]];
    for point in points {
        if point.0.is_finite() && point.1.is_finite() {
            if let Some(piece) = pieces.last_mut() {
                piece.push(point);
            }
        } else if pieces.last().is_some_and(|piece| !piece.is_empty()) {
            pieces.push(vec![]);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces.iter().map(|piece| straightened(&column_extremes(piece, column), tolerance)).collect()
}

/// One path through all pieces of a line.
pub(super) fn path_of(pieces: &Pieces) -> PathData {
    let mut path = PathData::default();
    for piece in pieces {
        for (i, &point) in piece.iter().enumerate() {
            if i == 0 { path.move_to(point) } else { path.line_to(point) }
        }
    }
    path
}

/// Number of points of all pieces.
pub(super) fn n_points(pieces: &Pieces) -> usize {
    pieces.iter().map(Vec::len).sum()
}

/// First, least and greatest point of every column, and the very last point.
fn column_extremes(points: &[(f64, f64)], column: f64) -> Vec<(f64, f64)> {
    let column_of = |point: &(f64, f64)| (point.0 / column).floor();
    let mut kept: Vec<(f64, f64)> = vec![];
    for group in points.chunk_by(|a, b| column_of(a).total_cmp(&column_of(b)).is_eq()) {
        let by_y = |&a: &usize, &b: &usize| group[a].1.total_cmp(&group[b].1);
        let least = (0..group.len()).min_by(by_y).unwrap_or(0);
        let greatest = (0..group.len()).max_by(by_y).unwrap_or(0);
        let mut idxs = [0, least.min(greatest), least.max(greatest)].to_vec();
        idxs.dedup();
        kept.extend(idxs.into_iter().map(|i| group[i]));
    }
    if let Some(&last) = points.last()
        && kept.last().is_some_and(|point| point.0 < last.0)
    {
        kept.push(last);
    }
    kept
}

/// Drops every point that stays within `tolerance`, in y, of the line drawn without it.
///
/// From each corner a cone of slopes is kept that passes all points since; the first point outside it makes the
/// point before a corner.
fn straightened(points: &[(f64, f64)], tolerance: f64) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = points.iter().take(1).copied().collect();
    let mut cone = (f64::NEG_INFINITY, f64::INFINITY);
    for pair in points.windows(2) {
        let corner = kept.last().copied().unwrap_or(pair[0]);
        let slope = slope_between(corner, pair[1]);
        if !(slope >= cone.0 && slope <= cone.1) {
            kept.push(pair[0]);
            cone = (f64::NEG_INFINITY, f64::INFINITY);
        }
        let corner = kept.last().copied().unwrap_or(pair[0]);
        let slope = slope_between(corner, pair[1]);
        let spread = tolerance / (pair[1].0 - corner.0).max(1e-9);
        cone = (cone.0.max(slope - spread), cone.1.min(slope + spread));
    }
    if points.len() > 1 {
        kept.extend(points.last());
    }
    kept
}

fn slope_between(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.1 - from.1) / (to.0 - from.0).max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_spike_of_one_sample_is_kept() {
        let n = 100_000;
        let line = (0..n).map(|i| (500.0 * i as f64 / n as f64, if i == 77_777 { -40.0 } else { 30.0 }));
        let pieces = decimated(line, 1.0, 0.2);
        assert_eq!(pieces.len(), 1);
        assert!(pieces[0].len() < 20, "{}", pieces[0].len());
        assert!(pieces[0].iter().any(|&(x, y)| y < -39.9 && (x - 388.885).abs() < 0.01));
    }

    #[test]
    fn invariant_line_stays_within_tolerance() {
        let wave: Vec<(f64, f64)> =
            (0..2000).map(|i| 0.25 * f64::from(i)).map(|x| (x, 40.0 * (x / 31.0).sin())).collect();
        let kept = straightened(&wave, 0.2);
        assert!(kept.len() < 250, "{}", kept.len());
        for &(x, y) in &wave {
            let i = kept.partition_point(|point| point.0 < x).clamp(1, kept.len() - 1);
            let (a, b) = (kept[i - 1], kept[i]);
            let on_line = a.1 + slope_between(a, b) * (x - a.0);
            assert!((on_line - y).abs() <= 0.2 + 1e-9);
        }
    }

    #[test]
    fn analytic_broken_samples_break_the_line() {
        let line = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 1.0), (3.0, f64::INFINITY)];
        assert_eq!(decimated(line.into_iter(), 1.0, 0.1), [vec![(0.0, 1.0)], vec![(2.0, 1.0)]]);
        assert!(decimated(std::iter::empty(), 1.0, 0.1).is_empty());
    }
}
