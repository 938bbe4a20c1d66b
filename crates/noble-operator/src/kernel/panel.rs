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

    /// The rows from `row` on.
    fn below(self, row: usize) -> Self {
        Self { values: &self.values[row * self.stride..], rows: self.rows - row, ..self }
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
/// Longest sums for which rows of `a` are rearranged on the stack.
const LONGEST_PACKED: usize = 160;
/// Fewest columns of `b` that repay the rearrangement.
const FEWEST_COLS_PACKED: usize = 48;

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
    let mut target = Target { out, out_stride, start };
    let mut packed = [0.0; TILE_ROWS * LONGEST_PACKED];
    let mut row = 0;
    while row < a.rows {
        let left = a.rows - row;
        if left >= TILE_ROWS {
            let is_packed = a.cols <= LONGEST_PACKED && b.cols >= FEWEST_COLS_PACKED && a.step == 1;
            if is_packed {
                all_columns::<S, TILE_ROWS>(&mut target, row, pack(&mut packed, row, a), b);
            } else {
                all_columns::<S, TILE_ROWS>(&mut target, row, a.below(row), b);
            }
            row += TILE_ROWS;
        } else if left >= 2 {
            all_columns::<S, 2>(&mut target, row, a.below(row), b);
            row += 2;
        } else {
            all_columns::<S, 1>(&mut target, row, a.below(row), b);
            row += 1;
        }
    }
}

/// The next rows of `a` column by column, so that one step of a product reads its factors from one place.
#[inline(always)]
fn pack<'p>(packed: &'p mut [f32; TILE_ROWS * LONGEST_PACKED], row: usize, a: Matrix<'_>) -> Matrix<'p> {
    for r in 0..TILE_ROWS {
        let line = &a.values[(row + r) * a.stride..][..a.cols];
        for (group, value) in packed.as_chunks_mut::<TILE_ROWS>().0.iter_mut().zip(line) {
            group[r] = *value;
        }
    }
    Matrix { values: packed, rows: TILE_ROWS, cols: a.cols, stride: 1, step: TILE_ROWS }
}

struct Target<'o, 's> {
    out: &'o mut [f32],
    out_stride: usize,
    start: Start<'s>,
}

/// `M` output rows from `row` on; `a` begins with the first of them.
#[inline(always)]
fn all_columns<S: Lanes, const M: usize>(
    target: &mut Target<'_, '_>,
    row: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    let mut col = 0;
    while col + 2 * N_LANES <= b.cols {
        tile::<S, M, 2>(target, (row, col), a, b);
        col += 2 * N_LANES;
    }
    if col + N_LANES <= b.cols {
        tile::<S, M, 1>(target, (row, col), a, b);
        col += N_LANES;
    }
    last_columns::<S, M>(target, (row, col), a, b);
}

/// `M` rows of `N` registers.
#[expect(clippy::needless_range_loop, reason = "constant bounds, unrolled into registers")]
#[inline(always)]
fn tile<S: Lanes, const M: usize, const N: usize>(
    target: &mut Target<'_, '_>,
    (row, col): (usize, usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    let mut sums = [[S::splat(0.0); N]; M];
    for r in 0..M {
        let from = (row + r) * target.out_stride + col;
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
            *line = &a.values[r * a.stride..][..a.cols];
        }
        for i in 0..a.cols {
            let mut factors = [0.0; M];
            for r in 0..M {
                factors[r] = rows[r][i];
            }
            add_outer(&mut sums, &factors, &b.values[col + i * b.stride..]);
        }
    } else {
        for i in 0..a.cols {
            let factors = a.values[i * a.step..].first_chunk::<M>().expect("the matrix was checked");
            add_outer(&mut sums, factors, &b.values[col + i * b.stride..]);
        }
    }
    for r in 0..M {
        let from = (row + r) * target.out_stride + col;
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
fn last_columns<S: Lanes, const M: usize>(
    target: &mut Target<'_, '_>,
    (row, first): (usize, usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    for r in 0..M {
        for col in first..b.cols {
            let place = (row + r) * target.out_stride + col;
            let mut sum = match target.start {
                Start::Zero => 0.0,
                Start::Bias(bias) => bias[row + r],
                Start::Add => target.out[place],
            };
            for i in 0..a.cols {
                let factor = a.values[r * a.stride + i * a.step];
                sum = fused::<S>(factor, b.values[i * b.stride + col], sum);
            }
            target.out[place] = sum;
        }
    }
}
