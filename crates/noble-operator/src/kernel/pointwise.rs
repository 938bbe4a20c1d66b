//! Elementwise sums and products, and sums along rows.

use super::{Lanes, Matrix, dot, fused};

/// `y += factor·x`.
#[inline(always)]
pub(super) fn add_scaled<S: Lanes>(y: &mut [f32], x: &[f32], factor: f32) {
    assert!(y.len() == x.len(), "{} and {} values", y.len(), x.len());
    for (y, x) in y.iter_mut().zip(x) {
        *y = fused::<S>(factor, *x, *y);
    }
}

/// `y *= x`.
#[inline(always)]
pub(super) fn multiply<S: Lanes>(y: &mut [f32], x: &[f32]) {
    assert!(y.len() == x.len(), "{} and {} values", y.len(), x.len());
    for (y, x) in y.iter_mut().zip(x) {
        *y *= x;
    }
}

/// `out[r] += Σ_t x[r, t]`, eight lanes added in a fixed order.
#[inline(always)]
pub(super) fn add_row_sums<S: Lanes>(out: &mut [f32], x: Matrix<'_>) {
    for (r, out) in out.iter_mut().enumerate() {
        let (chunks, rest) = x.values[r * x.stride..][..x.cols].as_chunks::<8>();
        let mut lanes = [0.0; 8];
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
        }
        *out += dot::lanes_total(&lanes) + rest.iter().sum::<f32>();
    }
}

/// `out[r] += Σ_t a[r, t] b[r, t]`, eight lanes added in a fixed order.
#[inline(always)]
pub(super) fn add_row_products<S: Lanes>(out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>) {
    for (r, out) in out.iter_mut().enumerate() {
        let (chunks_a, rest_a) = a.values[r * a.stride..][..a.cols].as_chunks::<8>();
        let (chunks_b, rest_b) = b.values[r * b.stride..][..b.cols].as_chunks::<8>();
        let mut lanes = [0.0; 8];
        for (a, b) in chunks_a.iter().zip(chunks_b) {
            for lane in 0..8 {
                lanes[lane] = fused::<S>(a[lane], b[lane], lanes[lane]);
            }
        }
        *out += dot::lanes_total(&lanes) + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>();
    }
}
