//! Product of a small matrix with a wide one whose rows are read as they lie, without packing.

use super::fused;

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

/// Rows and columns of one register tile: twelve accumulators of eight lanes.
const TILE_ROWS: usize = 6;
const TILE_COLS: usize = 16;

/// `out[m × n] (+)= a[m × k] · b[k × n]`; `b` must have `step` 1. Each sum runs over `k` in order.
#[inline(always)]
pub(super) fn product<const FMA: bool>(
    out: &mut [f32],
    out_stride: usize,
    start: Start<'_>,
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    assert!(a.cols == b.rows && b.step == 1, "product of {}x{} and {}x{}", a.rows, a.cols, b.rows, b.cols);
    if b.cols == 0 || a.rows == 0 {
        return;
    }
    assert!(out.len() >= (a.rows - 1) * out_stride + b.cols, "output too short: {}", out.len());
    let mut col = 0;
    while col < b.cols {
        let left = b.cols - col;
        let mut target = Target { out, out_stride, start, col };
        if left >= TILE_COLS {
            all_rows::<FMA, TILE_COLS>(&mut target, a, b);
            col += TILE_COLS;
        } else if left >= 8 {
            all_rows::<FMA, 8>(&mut target, a, b);
            col += 8;
        } else {
            all_rows::<FMA, 1>(&mut target, a, b);
            col += 1;
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
fn all_rows<const FMA: bool, const N: usize>(target: &mut Target<'_, '_>, a: Matrix<'_>, b: Matrix<'_>) {
    let mut row = 0;
    while row + TILE_ROWS <= a.rows {
        tile::<FMA, TILE_ROWS, N>(target, row, a, b);
        row += TILE_ROWS;
    }
    while row + 2 <= a.rows {
        tile::<FMA, 2, N>(target, row, a, b);
        row += 2;
    }
    if row < a.rows {
        tile::<FMA, 1, N>(target, row, a, b);
    }
}

#[inline(always)]
fn tile<const FMA: bool, const M: usize, const N: usize>(
    target: &mut Target<'_, '_>,
    row: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
) {
    let mut sums = [[0.0f32; N]; M];
    for (r, sum) in sums.iter_mut().enumerate() {
        match target.start {
            Start::Zero => {}
            Start::Bias(bias) => *sum = [bias[row + r]; N],
            Start::Add => {
                let from = (row + r) * target.out_stride + target.col;
                sum.copy_from_slice(&target.out[from..from + N]);
            }
        }
    }
    let mut a_base = row * a.stride;
    let mut b_base = target.col;
    for _ in 0..a.cols {
        let line: &[f32; N] = b.values[b_base..b_base + N].try_into().expect("the range has N values");
        for (r, sum) in sums.iter_mut().enumerate() {
            let factor = a.values[a_base + r * a.stride];
            for (s, value) in sum.iter_mut().zip(line) {
                *s = fused::<FMA>(factor, *value, *s);
            }
        }
        a_base += a.step;
        b_base += b.stride;
    }
    for (r, sum) in sums.iter().enumerate() {
        let from = (row + r) * target.out_stride + target.col;
        target.out[from..from + N].copy_from_slice(sum);
    }
}
