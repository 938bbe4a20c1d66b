//! The exact GELU, `x·Φ(x)` with `Φ(x) = ½(1 + erf(x/√2))`, and its slope `Φ(x) + x·φ(x)`.
//!
//! The lower tail is `Φ(−|x|) = t·P(t)·e^{−x²/2}` with `t = 1/(1 + 0.28|x|)`; `P` is a least-maximum fit of degree
//! five made for this crate, absolute error of `Φ` 9.3e-9 before rounding. The exponential serves the slope too,
//! and small tails keep their relative accuracy. Registers that can look up tables have a shorter way of their own.

use super::lanes::{LANES, Lanes};

/// 1.5·2^23: adding it rounds to an integer held in the low bits.
pub(super) const ROUND: f32 = 12_582_912.0;
/// `2^x` on ±½, the highest degree first: Taylor's series, relative error 1.2e-8.
pub(super) const POWER_OF_TWO: [f32; 8] = [
    1.525_273_4e-5,
    1.540_353e-4,
    1.333_355_8e-3,
    9.618_129e-3,
    5.550_411e-2,
    0.240_226_5,
    std::f32::consts::LN_2,
    1.0,
];

const TAIL_SCALE: f32 = 0.28;
const TAIL: [f32; 6] =
    [0.116_520_48, 0.067_498_72, 0.268_905_06, -0.236_986_92, 0.389_869_83, -0.105_807_185];
const DENSITY_AT_ZERO: f32 = 0.398_942_3;
/// `−½ log₂ e`.
const EXPONENT: f32 = -0.721_347_5;
/// Powers of two below this are taken as this one, which is below every rounding here.
const LOWEST_EXPONENT: f32 = -126.0;

/// `GELU(x)`, `e^{−x²/2}` and `Φ(x)`.
#[inline(always)]
pub(super) fn by_exponential<S: Lanes>(x: S) -> (S, S, S) {
    // The order of the two keeps what is not a number.
    let exponent = S::splat(LOWEST_EXPONENT).max(x.mul(S::splat(EXPONENT)).mul(x));
    let exponential = exponent.power_of_two();
    let t = S::splat(TAIL_SCALE).mul_add(x.abs(), S::splat(1.0)).reciprocal();
    let mut tail = S::splat(TAIL[5]);
    for coefficient in TAIL[..5].iter().rev() {
        tail = tail.mul_add(t, S::splat(*coefficient));
    }
    let tail = tail.mul(t.mul(exponential));
    let upper = tail.where_negative(x, S::splat(1.0).sub(tail));
    (x.mul(upper), exponential, upper)
}

/// `Φ(x) + x·φ(x)`.
#[inline(always)]
pub(super) fn slope<S: Lanes>(x: S, exponential: S, upper: S) -> S {
    x.mul(S::splat(DENSITY_AT_ZERO)).mul_add(exponential, upper)
}

/// Values of one line of a cache.
const LINE: usize = 16;

/// Lines of `ahead` to ask for at each of a number of turns, so that all are asked for and none at once.
#[inline(always)]
fn lines_per_turn(ahead: &[f32], n_turns: usize) -> usize {
    ahead.len().div_ceil(LINE).div_ceil(n_turns.max(1))
}

#[inline(always)]
fn ask_for_lines<S: Lanes>(ahead: &[f32], turn: usize, n_lines: usize) {
    for line in turn * n_lines..(turn + 1) * n_lines {
        if let Some(value) = ahead.get(line * LINE) {
            S::ask_for(value);
        }
    }
}

/// `x ← GELU(x)`, elementwise, while `ahead` is fetched from afar: this takes long and few reads of its own.
#[inline(always)]
pub(super) fn gelu<S: Lanes>(x: &mut [f32], ahead: &[f32]) {
    let n_lines = lines_per_turn(ahead, x.len() / S::N);
    let mut chunks = x.chunks_exact_mut(S::N);
    for (turn, x) in (&mut chunks).enumerate() {
        ask_for_lines::<S>(ahead, turn, n_lines);
        S::load(x).gelu().store(x);
    }
    let x = chunks.into_remainder();
    let mut padded = [0.0; LANES];
    padded[..x.len()].copy_from_slice(x);
    S::load(&padded).gelu().store(&mut padded);
    x.copy_from_slice(&padded[..x.len()]);
}

/// `x ← GELU'(x)·gradient`, elementwise; the length is a multiple of [`LANES`].
#[inline(always)]
pub(super) fn gelu_back<S: Lanes>(x: &mut [f32], gradient: &[f32]) {
    assert!(x.len() == gradient.len() && x.len().is_multiple_of(LANES), "{} values", x.len());
    for (x, gradient) in x.chunks_exact_mut(S::N).zip(gradient.chunks_exact(S::N)) {
        S::load(x).gelu_slope().mul(S::load(gradient)).store(x);
    }
}

/// `slope = GELU'(x)`, then `x ← GELU(x)`, elementwise, while `ahead` is fetched from afar.
#[inline(always)]
pub(super) fn gelu_with_slope<S: Lanes>(x: &mut [f32], slope: &mut [f32], ahead: &[f32]) {
    let n_lines = lines_per_turn(ahead, x.len() / S::N);
    assert!(slope.len() == x.len(), "gelu of {} and {} values", x.len(), slope.len());
    let mut chunks = x.chunks_exact_mut(S::N);
    let mut slopes = slope.chunks_exact_mut(S::N);
    for (turn, (x, slope)) in (&mut chunks).zip(&mut slopes).enumerate() {
        ask_for_lines::<S>(ahead, turn, n_lines);
        let both = S::load(x).gelu_with_slope();
        both.0.store(x);
        both.1.store(slope);
    }
    let (x, slope) = (chunks.into_remainder(), slopes.into_remainder());
    let mut padded = [0.0; LANES];
    padded[..x.len()].copy_from_slice(x);
    let (value, by) = S::load(&padded).gelu_with_slope();
    value.store(&mut padded);
    x.copy_from_slice(&padded[..x.len()]);
    by.store(&mut padded);
    slope.copy_from_slice(&padded[..slope.len()]);
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
        let (mut value, mut slope) = (x.clone(), vec![0.0; x.len()]);
        kernels.gelu_with_slope(&mut value, &mut slope, &x);
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
        }
        let mut alone = x.clone();
        kernels.gelu(&mut alone, &x);
        assert_eq!(alone, value);
        let n = x.len() / 16 * 16;
        alone.copy_from_slice(&x);
        kernels.gelu_back(&mut alone[..n], &vec![1.0; n]);
        assert_eq!(alone[..n], slope[..n]);
    }

    #[test]
    fn analytic_gelu_is_the_exact_one() {
        Kernels::all().for_each(check);
    }

    #[test]
    fn analytic_gelu_of_extreme_arguments() {
        for kernels in Kernels::all() {
            let x = [f32::MIN, -1e30, 1e30, f32::MAX, f32::INFINITY, 0.0, -0.0, 1e-30, f32::NAN];
            let mut value = x;
            kernels.gelu(&mut value, &[]);
            assert!(value[0].abs() < 1e3 && value[1].abs() < 1e-3);
            assert_eq!(&value[2..5], &x[2..5]);
            assert_eq!(value[5].to_bits() & 0x7fff_ffff, 0);
            assert!((value[7] - 0.5e-30).abs() < 1e-36);
            assert!(value[8].is_nan());
            let (mut value, mut slope) = ([f32::NAN; 1], [0.0; 1]);
            kernels.gelu_with_slope(&mut value, &mut slope, &[]);
            assert!(value[0].is_nan() && slope[0].is_nan());
        }
    }
}
