//! Product of two wide matrices over their long axis: the weight gradients of pointwise layers.

use super::lanes::N_LANES;
use super::{Lanes, Matrix, fused};

const TILE_A: usize = 4;
const TILE_B: usize = 3;

/// `out[m × n] += a[m × t] · b[n × t]ᵀ`, `out` without gaps; both operands must have `step` 1.
///
/// Each sum runs over eight interleaved lanes, which are then added in a fixed order.
#[inline(always)]
pub(super) fn product_transposed<S: Lanes>(out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>) {
    assert!(a.cols == b.cols && a.step == 1 && b.step == 1, "rows of {} and {} values", a.cols, b.cols);
    assert!(out.len() >= a.rows * b.rows, "output too short: {}", out.len());
    let mut row_a = 0;
    while row_a < a.rows {
        let is_full = row_a + TILE_A <= a.rows;
        let mut row_b = 0;
        while row_b < b.rows {
            let place = (row_a, row_b);
            match (is_full, row_b + TILE_B <= b.rows) {
                (true, true) => tile::<S, TILE_A, TILE_B>(out, place, a, b),
                (true, false) => tile::<S, TILE_A, 1>(out, place, a, b),
                (false, true) => tile::<S, 1, TILE_B>(out, place, a, b),
                (false, false) => tile::<S, 1, 1>(out, place, a, b),
            }
            row_b += if row_b + TILE_B <= b.rows { TILE_B } else { 1 };
        }
        row_a += if is_full { TILE_A } else { 1 };
    }
}

#[inline(always)]
fn tile<S: Lanes, const M: usize, const N: usize>(
    out: &mut [f32],
    (row_a, row_b): (usize, usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    let (mut rows_a, mut rows_b) = ([&a.values[..0]; M], [&b.values[..0]; N]);
    for (m, row) in rows_a.iter_mut().enumerate() {
        *row = &a.values[(row_a + m) * a.stride..][..a.cols];
    }
    for (n, row) in rows_b.iter_mut().enumerate() {
        *row = &b.values[(row_b + n) * b.stride..][..a.cols];
    }
    let mut sums = [[S::splat(0.0); N]; M];
    let n_whole = a.cols / N_LANES * N_LANES;
    let mut t = 0;
    while t < n_whole {
        let mut lines_b = [S::splat(0.0); N];
        for n in 0..N {
            lines_b[n] = S::load(&rows_b[n][t..]);
        }
        for m in 0..M {
            let line_a = S::load(&rows_a[m][t..]);
            for n in 0..N {
                sums[m][n] = line_a.mul_add(lines_b[n], sums[m][n]);
            }
        }
        t += N_LANES;
    }
    for m in 0..M {
        for n in 0..N {
            let mut lanes = [0.0; N_LANES];
            sums[m][n].store(&mut lanes);
            let mut total = lanes_total(&lanes);
            for rest in n_whole..a.cols {
                total = fused::<S>(rows_a[m][rest], rows_b[n][rest], total);
            }
            out[(row_a + m) * b.rows + row_b + n] += total;
        }
    }
}

/// Sum of eight lanes as a fixed tree.
#[inline(always)]
pub(super) fn lanes_total(lanes: &[f32; N_LANES]) -> f32 {
    let pairs = [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
}
