//! Products over the long axis: moments of a signal, and the weight gradients of pointwise layers.

use super::lanes::LANES;
use super::{Lanes, Rows};

/// `out[m × width] = a[m × n] · b[n × width]` for a signal `a` and a table `b` whose rows have no gaps; `width` is a
/// multiple of [`LANES`].
#[inline(always)]
pub(super) fn project<S: Lanes>(out: &mut [f32], a: Rows<'_>, n: usize, table: &[f32], width: usize) {
    let rows = out.len() / width;
    assert!(width.is_multiple_of(LANES) && table.len() >= n * width, "table of {}", table.len());
    assert!(rows == 0 || a.values.len() >= (rows - 1) * a.stride + n, "signal of {}", a.values.len());
    let mut row = 0;
    while row < rows {
        row += match rows - row {
            12.. => project_rows::<S, 12>(out, row, (a, n), table, width),
            6.. => project_rows::<S, 6>(out, row, (a, n), table, width),
            3.. => project_rows::<S, 3>(out, row, (a, n), table, width),
            _ => project_rows::<S, 1>(out, row, (a, n), table, width),
        };
    }
}

#[inline(always)]
fn project_rows<S: Lanes, const M: usize>(
    out: &mut [f32],
    row: usize,
    (a, n): (Rows<'_>, usize),
    table: &[f32],
    width: usize,
) -> usize {
    let mut lines = [&a.values[..0]; M];
    for (r, line) in lines.iter_mut().enumerate() {
        *line = &a.values[(row + r) * a.stride..][..n];
    }
    let mut col = 0;
    while col < width {
        let mut sums = [S::splat(0.0); M];
        for (t, entries) in table.chunks_exact(width).take(n).enumerate() {
            let entries = S::load(&entries[col..]);
            for r in 0..M {
                sums[r] = S::splat(lines[r][t]).mul_add(entries, sums[r]);
            }
        }
        for (r, sum) in sums.into_iter().enumerate() {
            sum.store(&mut out[(row + r) * width + col..]);
        }
        col += S::N;
    }
    M
}

/// `sums[m × n] += Σ a[m × t] · b[n × t]ᵀ` over one or more pairs, each sum as [`LANES`] parts that [`add_totals`] joins;
/// rows of `a` and `b` hold `len` values, a multiple of [`LANES`], without gaps.
///
/// The parts take more room than the fastest cache has, so several pairs at once are faster than one after the other.
#[inline(always)]
pub(super) fn add_outer<S: Lanes>(
    sums: &mut [f32],
    pairs: &[(&[f32], &[f32])],
    (rows_a, rows_b): (usize, usize),
    len: usize,
) {
    assert!(len.is_multiple_of(LANES) && sums.len() == rows_a * rows_b * LANES, "{len} columns");
    let is_short = |pair: &(&[f32], &[f32])| pair.0.len() < rows_a * len || pair.1.len() < rows_b * len;
    assert!(!pairs.iter().any(is_short), "rows of {len} values");
    let mut row_a = 0;
    while row_a < rows_a {
        row_a += if S::N == 16 && rows_a - row_a >= 6 {
            outer_rows::<S, 6>(sums, row_a, pairs, rows_b, len)
        } else if rows_a - row_a >= 3 {
            outer_rows::<S, 3>(sums, row_a, pairs, rows_b, len)
        } else {
            outer_rows::<S, 1>(sums, row_a, pairs, rows_b, len)
        };
    }
}

#[inline(always)]
fn outer_rows<S: Lanes, const M: usize>(
    sums: &mut [f32],
    row_a: usize,
    pairs: &[(&[f32], &[f32])],
    rows_b: usize,
    len: usize,
) -> usize {
    let mut row_b = 0;
    while row_b < rows_b {
        if rows_b - row_b >= 4 {
            outer_tile::<S, M, 4>(sums, (row_a, row_b), pairs, rows_b, len);
            row_b += 4;
        } else {
            outer_tile::<S, M, 1>(sums, (row_a, row_b), pairs, rows_b, len);
            row_b += 1;
        }
    }
    M
}

#[inline(always)]
fn outer_tile<S: Lanes, const M: usize, const N: usize>(
    sums: &mut [f32],
    (row_a, row_b): (usize, usize),
    pairs: &[(&[f32], &[f32])],
    rows_b: usize,
    len: usize,
) {
    let mut totals = [[S::splat(0.0); N]; M];
    for m in 0..M {
        for n in 0..N {
            totals[m][n] = S::load(&sums[((row_a + m) * rows_b + row_b + n) * LANES..]);
        }
    }
    for (a, b) in pairs {
        let a = &a[row_a * len..(row_a + M) * len];
        let b = &b[row_b * len..(row_b + N) * len];
        let mut t = 0;
        while t < len {
            let mut values = [S::splat(0.0); N];
            for n in 0..N {
                values[n] = S::load(&b[n * len + t..]);
            }
            for m in 0..M {
                let value = S::load(&a[m * len + t..]);
                for n in 0..N {
                    totals[m][n] = value.mul_add(values[n], totals[m][n]);
                }
            }
            t += S::N;
        }
    }
    for m in 0..M {
        for n in 0..N {
            totals[m][n].store(&mut sums[((row_a + m) * rows_b + row_b + n) * LANES..]);
        }
    }
}

/// `sums[r] += Σ_t x[r, t]` in [`LANES`] parts.
#[inline(always)]
pub(super) fn add_row_sums<S: Lanes>(sums: &mut [f32], x: Rows<'_>, len: usize) {
    for (r, sums) in sums.chunks_exact_mut(LANES).enumerate() {
        let mut total = S::load(sums);
        for values in x.values[r * x.stride..][..len].chunks_exact(S::N) {
            total = total.add(S::load(values));
        }
        total.store(sums);
    }
}

/// `sums[r] += Σ_t a[r, t] b[r, t]` in [`LANES`] parts.
#[inline(always)]
pub(super) fn add_row_products<S: Lanes>(sums: &mut [f32], a: Rows<'_>, b: Rows<'_>, len: usize) {
    for (r, sums) in sums.chunks_exact_mut(LANES).enumerate() {
        let mut total = S::load(sums);
        let a = a.values[r * a.stride..][..len].chunks_exact(S::N);
        let b = b.values[r * b.stride..][..len].chunks_exact(S::N);
        for (a, b) in a.zip(b) {
            total = S::load(a).mul_add(S::load(b), total);
        }
        total.store(sums);
    }
}

/// Adds to `out` what the parts of every sum come to.
#[inline(always)]
pub(super) fn add_totals<S: Lanes>(out: &mut [f32], sums: &[f32]) {
    for (out, parts) in out.iter_mut().zip(sums.chunks_exact(LANES)) {
        *out += S::load(parts).total();
    }
}
