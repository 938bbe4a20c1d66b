//! Smooth versions of "extreme", "above" and "how long above".

use std::ops::Range;

/// Weights below `e^{-40}` are beyond the digits of a sum.
const MOST_EXPONENT: f64 = 40.0;
/// Below this difference the divided difference of the integral is its series.
const SMALL_DIFFERENCE: f64 = 1e-2;

/// Which end of a range of voltages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Lowest,
    Highest,
}

/// `Σ w v` with `w = softmax(±v/τ)` over a non-empty range; adds `scale ∂/∂v` to `gradient`.
///
/// `∂/∂v_i = w_i (1 ± (v_i − value)/τ)`.
pub(super) fn soft_extremum(
    v_mv: &[f64],
    range: Range<usize>,
    (end, temperature_mv): (End, f64),
    (gradient, scale): (&mut [f64], f64),
) -> f64 {
    let sign = if end == End::Highest { 1.0 / temperature_mv } else { -1.0 / temperature_mv };
    let extreme = v_mv[range.clone()].iter().fold(f64::NEG_INFINITY, |most, v| most.max(sign * v));
    let weight = |v: f64| {
        let exponent = sign * v - extreme;
        if exponent < -MOST_EXPONENT { 0.0 } else { exponent.exp() }
    };
    // Summed from the extreme value on, so that the digits of the difference are kept.
    let offset = extreme / sign;
    let (mut total, mut moment) = (0.0, 0.0);
    for v in &v_mv[range.clone()] {
        let w = weight(*v);
        total += w;
        moment += w * (v - offset);
    }
    let value = offset + moment / total;
    if scale != 0.0 {
        for (g, v) in gradient[range.clone()].iter_mut().zip(&v_mv[range]) {
            *g += scale * weight(*v) / total * (1.0 + sign * (v - value));
        }
    }
    value
}

/// Mean over a non-empty range; adds `scale ∂/∂v` to `gradient`.
pub(super) fn mean(v_mv: &[f64], range: Range<usize>, gradient: &mut [f64], scale: f64) -> f64 {
    let part = 1.0 / range.len() as f64;
    gradient[range.clone()].iter_mut().for_each(|g| *g += scale * part);
    part * v_mv[range].iter().sum::<f64>()
}

/// `1 / (1 + e^{−x})`.
pub(super) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// Part of a straight line from `a` to `b` that lies above zero, softly, and its derivatives by both ends.
///
/// `F = ∫_a^b σ(x) dx / (b − a)`: the mean of the sigmoid along the line. For steep lines this is the part that
/// linear interpolation between samples gives, with a gradient that does not vanish between samples.
pub(super) fn part_above(a: f64, b: f64) -> (f64, f64, f64) {
    let difference = b - a;
    if difference.abs() < SMALL_DIFFERENCE {
        let s = sigmoid(0.5 * (a + b));
        let first = s * (1.0 - s);
        let second = first * (1.0 - 2.0 * s);
        let third = first * (1.0 - 6.0 * first);
        let value = s + second * difference * difference / 24.0;
        // F = σ(m) + σ''(m) d²/24 with m = (a + b)/2, d = b − a.
        let by_middle = 0.5 * first + third * difference * difference / 48.0;
        return (value, by_middle - second * difference / 12.0, by_middle + second * difference / 12.0);
    }
    let value = (softplus(b) - softplus(a)) / difference;
    (value, (value - sigmoid(a)) / difference, (sigmoid(b) - value) / difference)
}

/// `ln(1 + e^x)`.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central difference with step 1e-5 against the formula: truncation and rounding are both below 1e-9.
    const SLOPE_ERROR: f64 = 2e-9;

    #[test]
    fn analytic_part_above_and_its_slopes() {
        let step = 1e-5;
        for (a, b) in
            [(-3.0, 5.0), (2.0, 2.0), (0.3, 0.304), (-0.1, -0.1099), (-0.1, -0.1101), (-90.0, 700.0)]
        {
            let (value, by_a, by_b) = part_above(a, b);
            let expected = (0..10_000).map(|i| sigmoid(a + (b - a) * (i as f64 + 0.5) * 1e-4)).sum::<f64>();
            assert!((value - expected * 1e-4).abs() < 1e-4 * (b - a).abs().max(1e-2), "{a} {b}: {value}");
            let slope_a = (part_above(a + step, b).0 - part_above(a - step, b).0) / (2.0 * step);
            let slope_b = (part_above(a, b + step).0 - part_above(a, b - step).0) / (2.0 * step);
            assert!((slope_a - by_a).abs() < SLOPE_ERROR, "{a} {b}: {slope_a} {by_a}");
            assert!((slope_b - by_b).abs() < SLOPE_ERROR, "{a} {b}: {slope_b} {by_b}");
        }
    }

    #[test]
    fn analytic_cold_extrema_are_the_extrema() {
        let v_mv = [-70.0, -71.0, -69.5, 3.0, 2.0];
        let mut gradient = [0.0; 5];
        let lowest = soft_extremum(&v_mv, 0..5, (End::Lowest, 1e-3), (&mut gradient, 1.0));
        assert!((lowest + 71.0).abs() < 1e-12 && (gradient[1] - 1.0).abs() < 1e-12);
        let highest = soft_extremum(&v_mv, 0..5, (End::Highest, 1e-3), (&mut gradient, 1.0));
        assert!((highest - 3.0).abs() < 1e-12 && (gradient[3] - 1.0).abs() < 1e-12);
    }
}
