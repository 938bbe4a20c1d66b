//! The exact GELU, `x·Φ(x)` with `Φ(x) = ½(1 + erf(x/√2))`, and its slope `Φ(x) + x·φ(x)`.
//!
//! The lower tail is `Φ(−|x|) = t·P(t)·e^{−x²/2}` with `t = 1/(1 + 0.28|x|)`; `P` is a least-maximum fit of degree
//! five made for this crate, absolute error of `Φ` 9.3e-9 before rounding. The exponential serves the slope too,
//! and small tails keep their relative accuracy.

use super::{Lanes, fused};

const TAIL_SCALE: f32 = 0.28;
const TAIL: [f32; 6] =
    [0.116_520_48, 0.067_498_72, 0.268_905_06, -0.236_986_92, 0.389_869_83, -0.105_807_185];
const DENSITY_AT_ZERO: f32 = 0.398_942_3;

/// `out = GELU(x)`, elementwise.
#[inline(always)]
pub(super) fn gelu<S: Lanes>(out: &mut [f32], x: &[f32]) {
    assert!(out.len() == x.len(), "gelu of {} into {} values", x.len(), out.len());
    for (value, &x) in out.iter_mut().zip(x) {
        let (upper, _) = normal::<S>(x);
        *value = x * upper;
    }
}

/// `value = GELU(x)` and `slope = GELU'(x)`, elementwise.
#[inline(always)]
pub(super) fn gelu_with_slope<S: Lanes>(value: &mut [f32], slope: &mut [f32], x: &[f32]) {
    assert!(value.len() == x.len() && slope.len() == x.len(), "gelu of {} values", x.len());
    for ((value, slope), &x) in value.iter_mut().zip(slope.iter_mut()).zip(x) {
        let (upper, exponential) = normal::<S>(x);
        *value = x * upper;
        *slope = fused::<S>(x * DENSITY_AT_ZERO, exponential, upper);
    }
}

/// `out = GELU'(x)`, elementwise.
#[inline(always)]
pub(super) fn gelu_slope<S: Lanes>(out: &mut [f32], x: &[f32]) {
    assert!(out.len() == x.len(), "gelu of {} into {} values", x.len(), out.len());
    for (slope, &x) in out.iter_mut().zip(x) {
        let (upper, exponential) = normal::<S>(x);
        *slope = fused::<S>(x * DENSITY_AT_ZERO, exponential, upper);
    }
}

/// `Φ(x)` and `e^{−x²/2}`.
#[inline(always)]
fn normal<S: Lanes>(x: f32) -> (f32, f32) {
    let exponential = exp_of_negative::<S>(-0.5 * x * x);
    let t = 1.0 / fused::<S>(TAIL_SCALE, x.abs(), 1.0);
    let mut tail = TAIL[5];
    for coefficient in TAIL[..5].iter().rev() {
        tail = fused::<S>(tail, t, *coefficient);
    }
    tail *= t * exponential;
    (if x < 0.0 { tail } else { 1.0 - tail }, exponential)
}

/// `e^y` for `y ≤ 0`; results below 2^-126 become that value, which is below every rounding here.
#[inline(always)]
fn exp_of_negative<S: Lanes>(y: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5·2^23: adding it rounds to an integer held in the low bits
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let y = if y < -87.0 { -87.0 } else { y };
    let shifted = fused::<S>(y, LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fused::<S>(n, -LN2_LOW, fused::<S>(n, -LN2_HIGH, y));
    let mut series = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = fused::<S>(series, r, coefficient);
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    series * f32::from_bits(exponent)
}

#[cfg(test)]
mod tests {
    use crate::kernel::Kernels;

    /// Absolute error of a value per unit of `1 + |x|`: two roundings of single precision.
    const VALUE_ERROR: f64 = 1.2e-7;
    /// Absolute error of a slope, likewise: a sum of alternating terms of order one, each rounded.
    const SLOPE_ERROR: f64 = 3e-7;

    fn check(kernels: Kernels) {
        let x: Vec<f32> = (-16_000..=16_000).map(|i| i as f32 * 1e-3).collect();
        let (mut value, mut slope, mut alone) = (vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]);
        kernels.gelu_with_slope(&mut value, &mut slope, &x);
        kernels.gelu(&mut alone, &x);
        for i in 0..x.len() {
            let exact = f64::from(x[i]);
            let upper = 0.5 * libm::erfc(-exact / std::f64::consts::SQRT_2);
            let density = (-0.5 * exact * exact).exp() / std::f64::consts::TAU.sqrt();
            let size = 1.0 + exact.abs();
            assert!((f64::from(value[i]) - exact * upper).abs() <= VALUE_ERROR * size, "GELU({exact})");
            assert!(
                (f64::from(slope[i]) - upper - exact * density).abs() <= SLOPE_ERROR * size,
                "GELU'({exact})"
            );
            assert_eq!(alone[i].to_bits(), value[i].to_bits());
        }
        kernels.gelu_slope(&mut alone, &x);
        assert_eq!(alone, slope);
    }

    #[test]
    fn analytic_gelu_is_the_exact_one() {
        check(Kernels::detect());
        check(Kernels::portable());
    }

    #[test]
    fn analytic_gelu_of_extreme_arguments() {
        let x = [f32::MIN, -1e30, 1e30, f32::MAX, f32::INFINITY, 0.0, -0.0, 1e-30];
        let mut value = [0.0; 8];
        Kernels::detect().gelu(&mut value, &x);
        assert!(value[0].abs() < 1e3 && value[1].abs() < 1e-3);
        assert_eq!(&value[2..5], &x[2..5]);
        assert_eq!(value[5].to_bits() & 0x7fff_ffff, 0);
        assert!((value[7] - 0.5e-30).abs() < 1e-36);
    }
}
