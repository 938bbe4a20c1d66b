//! Product of a small matrix with a wide one whose rows are read as they lie, without packing.

use super::lanes::N_LANES;
use super::{Lanes, fused};

/// A view of a matrix: `rows × cols`, rows `stride` values apart, elements of a row `step` apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) stride: usize,
    pub(crate) step: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `cols` values, each `stride` after the one before.
    pub(crate) fn new(values: &'a [f32], rows: usize, cols: usize, stride: usize) -> Self {
        let matrix = Self { values, rows, cols, stride, step: 1 };
        matrix.check();
        matrix
    }

    /// A matrix without gaps.
    pub(crate) fn dense(values: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::new(values, rows, cols, cols)
    }

    /// The same values with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self { rows: self.cols, cols: self.rows, stride: self.step, step: self.stride, ..self }
    }

    fn check(&self) {
        if self.rows > 0 && self.cols > 0 {
            let last = (self.rows - 1) * self.stride + (self.cols - 1) * self.step;
            assert!(last < self.values.len(), "matrix needs {} values, got {}", last + 1, self.values.len());
        }
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

/// Rows of one tile of two registers each: twelve accumulators.
const TILE_ROWS: usize = 6;

/// `out[m × n] (+)= a[m × k] · b[k × n]`; `a` must have `step` or `stride` 1, `b` `step` 1. Each sum runs over `k` in order.
#[inline(always)]
pub(super) fn product<S: Lanes>(
    out: &mut [f32],
    out_stride: usize,
    start: Start<'_>,
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    assert!(a.step == 1 || a.stride == 1, "rows {} and columns {} apart", a.stride, a.step);
    assert!(a.cols == b.rows && b.step == 1, "product of {}x{} and {}x{}", a.rows, a.cols, b.rows, b.cols);
    if b.cols == 0 || a.rows == 0 {
        return;
    }
    assert!(out.len() >= (a.rows - 1) * out_stride + b.cols, "output too short: {}", out.len());
    let mut target = Target { out, out_stride, start, col: 0 };
    while target.col < b.cols {
        let left = b.cols - target.col;
        if left >= 2 * N_LANES {
            all_rows::<S, 2>(&mut target, a, b);
            target.col += 2 * N_LANES;
        } else if left >= N_LANES {
            all_rows::<S, 1>(&mut target, a, b);
            target.col += N_LANES;
        } else {
            last_columns::<S>(&mut target, a, b);
            target.col = b.cols;
        }
    }
}

struct Target<'o, 's> {
    out: &'o mut [f32],
    out_stride: usize,
    start: Start<'s>,
    col: usize,
}

#[inline(always)]
fn all_rows<S: Lanes, const N: usize>(target: &mut Target<'_, '_>, a: Matrix<'_>, b: Matrix<'_>) {
    let mut row = 0;
    while row + TILE_ROWS <= a.rows {
        tile::<S, TILE_ROWS, N>(target, row, a, b);
        row += TILE_ROWS;
    }
    while row + 2 <= a.rows {
        tile::<S, 2, N>(target, row, a, b);
        row += 2;
    }
    if row < a.rows {
        tile::<S, 1, N>(target, row, a, b);
    }
}

/// `M` rows of `N` registers.
#[inline(always)]
fn tile<S: Lanes, const M: usize, const N: usize>(
    target: &mut Target<'_, '_>,
    row: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    let mut sums = [[S::splat(0.0); N]; M];
    for r in 0..M {
        let from = (row + r) * target.out_stride + target.col;
        for n in 0..N {
            match target.start {
                Start::Zero => {}
                Start::Bias(bias) => sums[r][n] = S::splat(bias[row + r]),
                Start::Add => sums[r][n] = S::load(&target.out[from + n * N_LANES..]),
            }
        }
    }
    // Either the rows or the columns of `a` lie without gaps; both ways need few bounds checks per step.
    if a.step == 1 {
        let mut rows = [&a.values[..0]; M];
        for (r, line) in rows.iter_mut().enumerate() {
            *line = &a.values[(row + r) * a.stride..][..a.cols];
        }
        for i in 0..a.cols {
            let mut factors = [0.0; M];
            for r in 0..M {
                factors[r] = rows[r][i];
            }
            add_outer(&mut sums, &factors, &b.values[target.col + i * b.stride..]);
        }
    } else {
        for i in 0..a.cols {
            let factors = a.values[row + i * a.step..].first_chunk::<M>().expect("the matrix was checked");
            add_outer(&mut sums, factors, &b.values[target.col + i * b.stride..]);
        }
    }
    for r in 0..M {
        let from = (row + r) * target.out_stride + target.col;
        for n in 0..N {
            sums[r][n].store(&mut target.out[from + n * N_LANES..]);
        }
    }
}

#[inline(always)]
fn add_outer<S: Lanes, const M: usize, const N: usize>(
    sums: &mut [[S; N]; M],
    factors: &[f32; M],
    line: &[f32],
) {
    let mut lines = [S::splat(0.0); N];
    let line = &line[..N * N_LANES];
    for n in 0..N {
        lines[n] = S::load(&line[n * N_LANES..]);
    }
    for r in 0..M {
        let factor = S::splat(factors[r]);
        for n in 0..N {
            sums[r][n] = factor.mul_add(lines[n], sums[r][n]);
        }
    }
}

/// Columns that do not fill a register, one by one.
#[inline(always)]
fn last_columns<S: Lanes>(target: &mut Target<'_, '_>, a: Matrix<'_>, b: Matrix<'_>) {
    for row in 0..a.rows {
        for col in target.col..b.cols {
            let place = row * target.out_stride + col;
            let mut sum = match target.start {
                Start::Zero => 0.0,
                Start::Bias(bias) => bias[row],
                Start::Add => target.out[place],
            };
            for i in 0..a.cols {
                let factor = a.values[row * a.stride + i * a.step];
                sum = fused::<S>(factor, b.values[i * b.stride + col], sum);
            }
            target.out[place] = sum;
        }
    }
}
