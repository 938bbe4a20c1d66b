//! Product of two wide matrices over their long axis: the weight gradients of pointwise layers.

use super::{Matrix, fused};

const LANES: usize = 8;
const TILE_A: usize = 4;
const TILE_B: usize = 3;

/// `out[m × n] += a[m × t] · b[n × t]ᵀ`, `out` without gaps; both operands must have `step` 1.
///
/// Each sum runs over eight interleaved lanes, which are then added in a fixed order.
#[inline(always)]
pub(super) fn product_transposed<const FMA: bool>(out: &mut [f32], a: Matrix<'_>, b: Matrix<'_>) {
    assert!(a.cols == b.cols && a.step == 1 && b.step == 1, "rows of {} and {} values", a.cols, b.cols);
    assert!(out.len() >= a.rows * b.rows, "output too short: {}", out.len());
    let mut row_a = 0;
    while row_a < a.rows {
        let is_full = row_a + TILE_A <= a.rows;
        let mut row_b = 0;
        while row_b < b.rows {
            let place = (row_a, row_b);
            match (is_full, row_b + TILE_B <= b.rows) {
                (true, true) => tile::<FMA, TILE_A, TILE_B>(out, place, a, b),
                (true, false) => tile::<FMA, TILE_A, 1>(out, place, a, b),
                (false, true) => tile::<FMA, 1, TILE_B>(out, place, a, b),
                (false, false) => tile::<FMA, 1, 1>(out, place, a, b),
            }
            row_b += if row_b + TILE_B <= b.rows { TILE_B } else { 1 };
        }
        row_a += if is_full { TILE_A } else { 1 };
    }
}

#[inline(always)]
fn tile<const FMA: bool, const M: usize, const N: usize>(
    out: &mut [f32],
    (row_a, row_b): (usize, usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    let mut sums = [[[0.0f32; LANES]; N]; M];
    let mut t = 0;
    while t + LANES <= a.cols {
        let mut lines_b = [[0.0f32; LANES]; N];
        for (n, line) in lines_b.iter_mut().enumerate() {
            let from = (row_b + n) * b.stride + t;
            line.copy_from_slice(&b.values[from..from + LANES]);
        }
        for (m, row) in sums.iter_mut().enumerate() {
            let from = (row_a + m) * a.stride + t;
            let line_a: &[f32; LANES] = a.values[from..from + LANES].try_into().expect("eight values");
            for (sum, line_b) in row.iter_mut().zip(&lines_b) {
                for lane in 0..LANES {
                    sum[lane] = fused::<FMA>(line_a[lane], line_b[lane], sum[lane]);
                }
            }
        }
        t += LANES;
    }
    for (m, row) in sums.iter().enumerate() {
        for (n, sum) in row.iter().enumerate() {
            let mut total = lanes_total(sum);
            for rest in t..a.cols {
                let left = a.values[(row_a + m) * a.stride + rest];
                total = fused::<FMA>(left, b.values[(row_b + n) * b.stride + rest], total);
            }
            out[(row_a + m) * b.rows + row_b + n] += total;
        }
    }
}

/// Sum of eight lanes as a fixed tree.
#[inline(always)]
pub(super) fn lanes_total(lanes: &[f32; LANES]) -> f32 {
    let pairs = [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
}
