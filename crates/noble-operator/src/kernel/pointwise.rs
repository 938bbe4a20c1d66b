//! Elementwise sums and products.

use super::{Lanes, fused};

/// `y += factor·x`.
#[inline(always)]
pub(super) fn add_scaled<S: Lanes>(y: &mut [f32], x: &[f32], factor: f32) {
    assert!(y.len() == x.len(), "{} and {} values", y.len(), x.len());
    for (y, x) in y.iter_mut().zip(x) {
        *y = fused::<S>(factor, *x, *y);
    }
}

/// `y[r] ← factors[r]·y[r] + shifts[r]` for rows without gaps; no shifts count as zeros.
#[inline(always)]
pub(super) fn scale_rows<S: Lanes>(y: &mut [f32], factors: &[f32], shifts: &[f32]) {
    let len = y.len() / factors.len();
    for (row, y) in y.chunks_exact_mut(len).enumerate() {
        let (factor, shift) = (factors[row], shifts.get(row).copied().unwrap_or(0.0));
        for y in y {
            *y = fused::<S>(factor, *y, shift);
        }
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
