//! Sines and cosines of a phase and of its doubles, in double precision.

use super::Lanes;

/// Values worked on at a time.
const BLOCK: usize = 8;
/// 1.5·2^52: adding it rounds to an integer held in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
const QUARTERS_PER_RADIAN: f64 = std::f64::consts::FRAC_2_PI;
/// A quarter turn, `π/2`, as a sum of two numbers.
const QUARTER: [f64; 2] = [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17];
/// Taylor coefficients of `sin r / r − 1` and of `cos r − 1` by `r²`, the highest degree first; on ±π/4 what they leave
/// is below 3e-14.
const SINE: [f64; 6] =
    [1.0 / 6_227_020_800.0, -1.0 / 39_916_800.0, 1.0 / 362_880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0];
const COSINE: [f64; 7] = [
    -1.0 / 87_178_291_200.0,
    1.0 / 479_001_600.0,
    -1.0 / 3_628_800.0,
    1.0 / 40_320.0,
    -1.0 / 720.0,
    1.0 / 24.0,
    -0.5,
];

/// Rows `sin 2^k φ`, `cos 2^k φ` for `k = 0, 1, …`, `stride` values apart, of `φ = fl(fl(t·s)·fl(π))`; as many pairs as
/// fit into `out`.
#[inline(always)]
pub(super) fn sinusoids<S: Lanes>(out: &mut [f32], stride: usize, scalar: f32, time: &[f32]) {
    let n_frequencies = out.len().div_ceil(stride) / 2;
    assert!(time.len() <= stride, "{} times in rows of {stride}", time.len());
    let mut start = 0;
    while start < time.len() {
        let n = BLOCK.min(time.len() - start);
        let mut phase = [0.0; BLOCK];
        for (phase, time) in phase.iter_mut().zip(&time[start..]) {
            *phase = f64::from(time * scalar * std::f32::consts::PI);
        }
        let (mut sine, mut cosine) = sine_and_cosine::<S>(&phase);
        for k in 0..n_frequencies {
            let rows = &mut out[2 * k * stride + start..];
            store(rows, &sine, n);
            store(&mut rows[stride..], &cosine, n);
            for i in 0..BLOCK {
                let (s, c) = (sine[i], cosine[i]);
                (sine[i], cosine[i]) = (2.0 * s * c, (c - s) * (c + s));
            }
        }
        start += n;
    }
}

#[inline(always)]
fn store(out: &mut [f32], values: &[f64; BLOCK], n: usize) {
    if let (BLOCK, Some(out)) = (n, out.first_chunk_mut::<BLOCK>()) {
        for i in 0..BLOCK {
            out[i] = values[i] as f32;
        }
    } else {
        out.iter_mut().zip(values).take(n).for_each(|(out, value)| *out = *value as f32);
    }
}

/// Sine and cosine of phases below 1e9.
#[inline(always)]
fn sine_and_cosine<S: Lanes>(phase: &[f64; BLOCK]) -> ([f64; BLOCK], [f64; BLOCK]) {
    let (mut sine, mut cosine) = ([0.0; BLOCK], [0.0; BLOCK]);
    for i in 0..BLOCK {
        let shifted = fused::<S>(phase[i], QUARTERS_PER_RADIAN, ROUND);
        let quarters = shifted - ROUND;
        let rest = fused::<S>(-quarters, QUARTER[1], fused::<S>(-quarters, QUARTER[0], phase[i]));
        let square = rest * rest;
        let (mut s, mut c) = (SINE[0], COSINE[0]);
        for coefficient in &SINE[1..] {
            s = fused::<S>(s, square, *coefficient);
        }
        for coefficient in &COSINE[1..] {
            c = fused::<S>(c, square, *coefficient);
        }
        s = fused::<S>(s * square, rest, rest);
        c = fused::<S>(c, square, 1.0);
        let quarter = shifted.to_bits();
        let (is_odd, sign_s, sign_c) =
            (quarter & 1 == 1, (quarter & 2) << 62, (quarter.wrapping_add(1) & 2) << 62);
        let (a, b) = if is_odd { (c, s) } else { (s, c) };
        sine[i] = f64::from_bits(a.to_bits() ^ sign_s);
        cosine[i] = f64::from_bits(b.to_bits() ^ sign_c);
    }
    (sine, cosine)
}

#[inline(always)]
fn fused<S: Lanes>(a: f64, b: f64, c: f64) -> f64 {
    if S::IS_FUSED { a.mul_add(b, c) } else { a * b + c }
}

#[cfg(test)]
mod tests {
    use crate::kernel::Kernels;

    /// Absolute error of sines of the highest doubled phase, beyond rounding to single precision.
    const ERROR: f64 = 1e-10;

    #[test]
    fn analytic_sinusoids_of_doubled_phases() {
        let time: Vec<f32> = (0..1003).map(|i| i as f32 * 0.006_26).collect();
        for kernels in Kernels::all() {
            for (scalar, n_frequencies) in [(0.0, 1), (2.7, 9), (-3.5, 9), (40.0, 2), (1e4, 1)] {
                let mut out = vec![9.0; 2 * n_frequencies * 1010];
                kernels.sinusoids(&mut out, 1010, scalar, &time);
                for (t, time) in time.iter().enumerate() {
                    let phase = f64::from(time * scalar * std::f32::consts::PI);
                    for k in 0..n_frequencies {
                        let (sin, cos) = (phase * f64::from(1u32 << k)).sin_cos();
                        for (row, exact) in [(2 * k, sin), (2 * k + 1, cos)] {
                            let error = (f64::from(out[row * 1010 + t]) - exact).abs();
                            assert!(error <= ERROR + 6e-8 * exact.abs(), "{scalar} {t} {k}: {error:e}");
                        }
                    }
                }
                assert!(out[1003..1010].iter().all(|value| (value - 9.0).abs() < 1e-6));
            }
        }
    }
}
