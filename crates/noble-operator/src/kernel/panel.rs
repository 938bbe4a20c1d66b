//! Product of a small matrix with a wide one: pointwise layers, and both halves of the transform that are local in
//! time.

use super::Lanes;
use super::lanes::LANES;

/// The small factor `a[m × k]`, its columns without gaps: `a[r, i] = values[i·step + r]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) step: usize,
}

/// Rows of equal length, `stride` values apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
}

impl<'a> Columns<'a> {
    /// Columns of `rows` values without gaps between them.
    pub(crate) fn dense(values: &'a [f32], rows: usize) -> Self {
        Self { values, rows, step: rows }
    }
}

impl<'a> Rows<'a> {
    /// Rows of `stride` values without gaps between them.
    pub(crate) fn dense(values: &'a [f32], stride: usize) -> Self {
        Self { values, stride }
    }
}

/// What a product is added to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Zero: the output is overwritten.
    Zero,
    /// One value per output row: the output is overwritten.
    Bias(&'a [f32]),
    /// The values already there.
    Add,
}

/// Where a product goes: `cols` columns, a multiple of [`LANES`], of rows `stride` apart.
#[derive(Debug)]
pub(crate) struct Target<'o, 's> {
    pub(crate) values: &'o mut [f32],
    pub(crate) stride: usize,
    pub(crate) cols: usize,
    pub(crate) start: Start<'s>,
}

/// `out[m × n] (+)= a[m × k] · b[k × n]`, each sum over `k` in order.
#[inline(always)]
pub(super) fn product<S: Lanes>(target: &mut Target<'_, '_>, a: &Columns<'_>, b: &Rows<'_>, k: usize) {
    let (a, b) = (*a, *b);
    assert!(target.cols.is_multiple_of(LANES), "{} columns", target.cols);
    if a.rows == 0 || target.cols == 0 {
        return;
    }
    let last = (a.rows - 1) * target.stride + target.cols;
    assert!(target.values.len() >= last, "output of {}, needed {last}", target.values.len());
    if k == 0 {
        return start_only(target, a.rows);
    }
    assert!(a.values.len() >= (k - 1) * a.step + a.rows, "{} values, {k} columns", a.values.len());
    assert!(b.values.len() >= (k - 1) * b.stride + target.cols, "{} values, {k} rows", b.values.len());
    let mut row = 0;
    while row < a.rows {
        row += match a.rows - row {
            // Twenty-four of thirty-two registers hold sums, or twelve of sixteen.
            12.. if S::N == 16 => all_columns::<S, 12, 2>(target, row, a, b, k),
            6.. => all_columns::<S, 6, 2>(target, row, a, b, k),
            3.. => all_columns::<S, 3, 2>(target, row, a, b, k),
            2 => all_columns::<S, 2, 2>(target, row, a, b, k),
            _ => all_columns::<S, 1, 4>(target, row, a, b, k),
        };
    }
}

fn start_only(target: &mut Target<'_, '_>, rows: usize) {
    for row in 0..rows {
        let out = &mut target.values[row * target.stride..][..target.cols];
        match target.start {
            Start::Zero => out.fill(0.0),
            Start::Bias(bias) => out.fill(bias[row]),
            Start::Add => {}
        }
    }
}

/// `M` output rows from `row` on, `N` registers at a time; returns `M`.
#[inline(always)]
fn all_columns<S: Lanes, const M: usize, const N: usize>(
    target: &mut Target<'_, '_>,
    row: usize,
    a: Columns<'_>,
    b: Rows<'_>,
    k: usize,
) -> usize {
    let mut col = 0;
    while col + N * S::N <= target.cols {
        tile::<S, M, N>(target, (row, col), a, b, k);
        col += N * S::N;
    }
    while col + S::N <= target.cols {
        tile::<S, M, 1>(target, (row, col), a, b, k);
        col += S::N;
    }
    M
}

/// `M` rows of `N` registers.
#[expect(clippy::needless_range_loop, reason = "constant bounds, unrolled into registers")]
#[inline(always)]
fn tile<S: Lanes, const M: usize, const N: usize>(
    target: &mut Target<'_, '_>,
    (row, col): (usize, usize),
    a: Columns<'_>,
    b: Rows<'_>,
    k: usize,
) {
    let mut sums = [[S::splat(0.0); N]; M];
    for r in 0..M {
        let from = (row + r) * target.stride + col;
        for n in 0..N {
            match target.start {
                Start::Zero => {}
                Start::Bias(bias) => sums[r][n] = S::splat(bias[row + r]),
                Start::Add => sums[r][n] = S::load(&target.values[from + n * S::N..]),
            }
        }
    }
    let (mut at_a, mut at_b) = (row, col);
    for _ in 0..k {
        let factors: &[f32; M] = a.values[at_a..].first_chunk().expect("checked before");
        let line = &b.values[at_b..][..N * S::N];
        let mut lines = [S::splat(0.0); N];
        for n in 0..N {
            lines[n] = S::load(&line[n * S::N..]);
        }
        for r in 0..M {
            let factor = S::splat(factors[r]);
            for n in 0..N {
                sums[r][n] = factor.mul_add(lines[n], sums[r][n]);
            }
        }
        at_a += a.step;
        at_b += b.stride;
    }
    for r in 0..M {
        let from = (row + r) * target.stride + col;
        for n in 0..N {
            sums[r][n].store(&mut target.values[from + n * S::N..]);
        }
    }
}
