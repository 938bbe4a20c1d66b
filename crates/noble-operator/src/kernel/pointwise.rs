//! Elementwise sums and products.

use std::ops::Range;

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

/// `y[r] = factors[r]·x[r] + shifts[r]` for rows without gaps; no shifts count as zeros.
#[inline(always)]
pub(super) fn scaled_rows<S: Lanes>(y: &mut [f32], x: &[f32], factors: &[f32], shifts: &[f32]) {
    assert!(y.len() == x.len(), "{} and {} values", y.len(), x.len());
    let len = y.len() / factors.len();
    for (row, (y, x)) in y.chunks_exact_mut(len).zip(x.chunks_exact(len)).enumerate() {
        let (factor, shift) = (factors[row], shifts.get(row).copied().unwrap_or(0.0));
        for (y, x) in y.iter_mut().zip(x) {
            *y = fused::<S>(factor, *x, shift);
        }
    }
}

/// Adds rows `[n_tiles × channels × width]` of the channels in a range to `sums [channels of the range × padded]`, each
/// tile from its own place on.
#[inline(always)]
pub(super) fn add_tiles<S: Lanes>(
    sums: &mut [f32],
    (tiles, channels, range): (&[f32], usize, Range<usize>),
    first: &[usize],
    (padded, width): (usize, usize),
) {
    for (tile_idx, first) in first.iter().enumerate() {
        for (sums, channel) in sums.chunks_exact_mut(padded).zip(range.clone()) {
            let from = &tiles[(tile_idx * channels + channel) * width..][..width];
            let sums = &mut sums[*first..][..width];
            for (sums, from) in sums.chunks_exact_mut(S::N).zip(from.chunks_exact(S::N)) {
                S::load(sums).add(S::load(from)).store(sums);
            }
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
