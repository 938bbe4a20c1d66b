//! Straight lines through points.

/// A line fitted by least squares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit {
    pub(super) slope: f64,
    /// Sum of squared residuals divided by the square of the range of `y`.
    pub(super) relative_residual: f64,
}

/// Least-squares slope by the textbook sums `(n Sxy - Sx Sy) / (n Sxx - Sx^2)`, not centred, as eFEL has it: on times
/// far from zero the cancellation is part of the value.
pub(super) fn slope(x: &[f64], y: &[f64]) -> f64 {
    sums(x, y).0
}

/// Slope and misfit.
pub(super) fn fit(x: &[f64], y: &[f64]) -> Fit {
    let (slope, intercept) = sums(x, y);
    let residuals: f64 = x.iter().zip(y).map(|(x, y)| (y - intercept - slope * x).powi(2)).sum();
    let largest = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = y.iter().copied().fold(f64::INFINITY, f64::min);
    Fit { slope, relative_residual: residuals / (largest - smallest).powi(2) }
}

fn sums(x: &[f64], y: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let (mut sum_x, mut sum_y, mut sum_xx, mut sum_xy) = (0.0, 0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
    }
    let slope = (n * sum_xy - sum_x * sum_y) / (n * sum_xx - sum_x * sum_x);
    (slope, (sum_y - slope * sum_x) / n)
}

/// Least-squares slope on centred values, for lines that eFEL fits with NumPy, and those of precise mode.
pub(super) fn centred_slope(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let pairs = || x.iter().zip(y).map(|(x, y)| (x - mean_x, y - mean_y));
    pairs().map(|(x, y)| x * y).sum::<f64>() / pairs().map(|(x, _)| x * x).sum::<f64>()
}
