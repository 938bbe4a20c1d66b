//! The orthogonal factor of a matrix, `U Vᴴ` for `X = U S Vᴴ`, roughly.
//!
//! Five steps `X ← aX + (bA + cA²)X` with `A = X Xᴴ`, begun at `X/‖X‖`, bring every singular value that is not tiny to
//! between 0.7 and 1.2; that is enough for a direction and costs products alone. Singular values of zero stay there.

use crate::kernel::Kernels;

/// Coefficients `a`, `b`, `c`.
///
/// # Source
/// Jordan et al., *Muon*, 2024: the quintic with the steepest slope at zero that still ends between 0.7 and 1.2.
const COEFFICIENTS: [f32; 3] = [3.4445, -4.775, 2.0315];
const N_STEPS: usize = 5;
/// Keeps a matrix of zeros at zero.
const SMALLEST_NORM: f32 = 1e-30;
/// Most modes worked on at once, so that the matrices of them stay in cache.
const MOST_MODES_AT_ONCE: usize = 64;

/// Makes a real matrix `[rows × cols]` orthogonal.
pub(super) fn orthogonal_real(values: &mut [f32], (rows, cols): (usize, usize)) {
    if rows > cols {
        let mut turned = transposed(values, (rows, cols));
        orthogonal_wide(&mut turned, (cols, rows));
        values.copy_from_slice(&transposed(&turned, (cols, rows)));
    } else {
        orthogonal_wide(values, (rows, cols));
    }
}

fn transposed(values: &[f32], (rows, cols): (usize, usize)) -> Vec<f32> {
    (0..cols).flat_map(|col| (0..rows).map(move |row| values[row * cols + col])).collect()
}

fn orthogonal_wide(x: &mut [f32], (rows, cols): (usize, usize)) {
    let norm = x.iter().map(|x| x * x).sum::<f32>().sqrt().max(SMALLEST_NORM);
    x.iter_mut().for_each(|x| *x /= norm);
    let [a, b, c] = COEFFICIENTS;
    for _ in 0..N_STEPS {
        let turned = transposed(x, (rows, cols));
        let gram = product(x, &turned, (rows, cols, rows));
        let mut factor = product(&gram, &gram, (rows, rows, rows));
        factor.iter_mut().zip(&gram).for_each(|(f, g)| *f = c * *f + b * g);
        let moved = product(&factor, x, (rows, rows, cols));
        x.iter_mut().zip(&moved).for_each(|(x, m)| *x = a * *x + m);
    }
}

/// `[m × k] · [k × n]`, summed in the order of `k`.
fn product(left: &[f32], right: &[f32], (m, k, n): (usize, usize, usize)) -> Vec<f32> {
    let mut out = vec![0.0; m * n];
    for (row, out) in out.chunks_exact_mut(n).enumerate() {
        for inner in 0..k {
            let factor = left[row * k + inner];
            let row = &right[inner * n..][..n];
            out.iter_mut().zip(row).for_each(|(o, r)| *o += factor * r);
        }
    }
    out
}

/// Makes the complex matrix of every mode of a spectral weight `[size × size × n_modes]` orthogonal.
pub(super) fn orthogonal_spectral(kernels: Kernels, values: &mut [f32], size: usize) {
    let n_modes = values.len() / (2 * size * size);
    let n_at_once = n_modes.div_ceil(n_modes.div_ceil(MOST_MODES_AT_ONCE).max(1));
    let mut first = 0;
    while first < n_modes {
        let n = n_at_once.min(n_modes - first);
        let mut x = Modes::new(size, n);
        let pairs = |entry: usize| 2 * (entry * n_modes + first)..2 * (entry * n_modes + first + n);
        for entry in 0..size * size {
            x.read(entry, &values[pairs(entry)]);
        }
        x.orthogonalize(kernels);
        for entry in 0..size * size {
            x.write(entry, &mut values[pairs(entry)]);
        }
        first += n;
    }
}

/// Square complex matrices of several modes, mode after mode within an entry: `[size × size × n]`.
struct Modes {
    size: usize,
    n: usize,
    real: Vec<f32>,
    imaginary: Vec<f32>,
}

impl Modes {
    fn new(size: usize, n: usize) -> Self {
        let zeros = || vec![0.0; size * size * n];
        Self { size, n, real: zeros(), imaginary: zeros() }
    }

    fn read(&mut self, entry: usize, pairs: &[f32]) {
        let parts = self.real[entry * self.n..].iter_mut().zip(&mut self.imaginary[entry * self.n..]);
        for ((real, imaginary), pair) in parts.zip(pairs.as_chunks::<2>().0) {
            [*real, *imaginary] = *pair;
        }
    }

    fn write(&self, entry: usize, pairs: &mut [f32]) {
        let parts = self.real[entry * self.n..].iter().zip(&self.imaginary[entry * self.n..]);
        for (pair, (real, imaginary)) in pairs.as_chunks_mut::<2>().0.iter_mut().zip(parts) {
            *pair = [*real, *imaginary];
        }
    }

    fn row(&self, row: usize, col: usize) -> (&[f32], &[f32]) {
        let first = (row * self.size + col) * self.n;
        (&self.real[first..][..self.n], &self.imaginary[first..][..self.n])
    }

    fn row_mut(&mut self, row: usize, col: usize) -> (&mut [f32], &mut [f32]) {
        let first = (row * self.size + col) * self.n;
        (&mut self.real[first..][..self.n], &mut self.imaginary[first..][..self.n])
    }

    fn fill(&mut self, value: f32) {
        self.real.fill(value);
        self.imaginary.fill(value);
    }

    fn orthogonalize(&mut self, kernels: Kernels) {
        self.normalize();
        let [a, b, c] = COEFFICIENTS;
        let (mut gram, mut factor) = (Self::new(self.size, self.n), Self::new(self.size, self.n));
        let mut moved = Self::new(self.size, self.n);
        for _ in 0..N_STEPS {
            gram.set_gram(kernels, self);
            factor.set_gram(kernels, &gram);
            factor.combine(c, &gram, b);
            moved.fill(0.0);
            moved.add_product(kernels, &factor, self);
            self.combine(a, &moved, 1.0);
        }
    }

    /// Divides the matrix of each mode by its Frobenius norm.
    fn normalize(&mut self) {
        let mut norms = vec![0.0f32; self.n];
        for (real, imaginary) in self.real.chunks_exact(self.n).zip(self.imaginary.chunks_exact(self.n)) {
            for (norm, (re, im)) in norms.iter_mut().zip(real.iter().zip(imaginary)) {
                *norm += re * re + im * im;
            }
        }
        norms.iter_mut().for_each(|norm| *norm = 1.0 / norm.sqrt().max(SMALLEST_NORM));
        for part in [&mut self.real, &mut self.imaginary] {
            for row in part.chunks_exact_mut(self.n) {
                row.iter_mut().zip(&norms).for_each(|(value, norm)| *value *= norm);
            }
        }
    }

    /// `self = x xᴴ`; half of it follows from the other.
    fn set_gram(&mut self, kernels: Kernels, x: &Self) {
        self.fill(0.0);
        for row in 0..self.size {
            for col in 0..=row {
                for inner in 0..self.size {
                    let out = self.row_mut(row, col);
                    kernels.complex_add_product(out, x.row(row, inner), x.row(col, inner), -1.0);
                }
                let (from, to) = ((row * self.size + col) * self.n, (col * self.size + row) * self.n);
                self.real.copy_within(from..from + self.n, to);
                for mode in 0..self.n {
                    let imaginary = self.imaginary[from + mode];
                    self.imaginary[to + mode] = -imaginary;
                }
            }
        }
    }

    fn add_product(&mut self, kernels: Kernels, left: &Self, right: &Self) {
        for row in 0..self.size {
            for inner in 0..self.size {
                for col in 0..self.size {
                    let out = self.row_mut(row, col);
                    kernels.complex_add_product(out, left.row(row, inner), right.row(inner, col), 1.0);
                }
            }
        }
    }

    /// `self = own·self + other·values`.
    fn combine(&mut self, own: f32, values: &Self, other: f32) {
        let parts = self.real.iter_mut().zip(&values.real);
        for (to, from) in parts.chain(self.imaginary.iter_mut().zip(&values.imaginary)) {
            *to = own * *to + other * from;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// Singular values end between 0.7 and 1.2, so squares of them are this far from one at most.
    const SQUARE_ERROR: f32 = 0.55;

    fn drawn(n: usize) -> Vec<f32> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        (0..n).map(|_| rng.random::<f32>() - 0.5).collect()
    }

    /// `‖M x‖²/‖x‖²` of a drawn vector lies between the squares of the smallest and the largest singular value.
    #[test]
    fn analytic_real_matrices_become_nearly_orthogonal() {
        for (rows, cols) in [(4, 4), (3, 9), (9, 3), (12, 24)] {
            let mut values = drawn(rows * cols);
            orthogonal_real(&mut values, (rows, cols));
            let wide = if rows > cols { transposed(&values, (rows, cols)) } else { values };
            let (rows, cols) = (rows.min(cols), rows.max(cols));
            let gram = product(&wide, &transposed(&wide, (rows, cols)), (rows, cols, rows));
            let x = drawn(rows);
            let image = product(&gram, &x, (rows, rows, 1));
            let ratio =
                x.iter().zip(&image).map(|(x, y)| x * y).sum::<f32>() / x.iter().map(|x| x * x).sum::<f32>();
            assert!((ratio - 1.0).abs() < SQUARE_ERROR, "{rows} × {cols}: {ratio}");
        }
    }

    /// A spectral weight that is real in a mode is treated as the real matrix it is, whatever its scale.
    #[test]
    fn analytic_complex_matrices_agree_with_real_ones() {
        let (size, n_modes) = (5, 37);
        let matrix = drawn(size * size);
        let mut expected = matrix.clone();
        orthogonal_real(&mut expected, (size, size));
        let mut weight = vec![0.0; 2 * size * size * n_modes];
        for (entry, value) in matrix.iter().enumerate() {
            for mode in 0..n_modes {
                // A phase per mode turns the whole matrix and so its orthogonal factor.
                let (sin, cos) = (0.1 * mode as f32).sin_cos();
                let scale = 10.0f32.powi(mode as i32 % 7 - 3);
                weight[2 * (entry * n_modes + mode)] = scale * value * cos;
                weight[2 * (entry * n_modes + mode) + 1] = scale * value * sin;
            }
        }
        orthogonal_spectral(Kernels::detect(), &mut weight, size);
        for (entry, value) in expected.iter().enumerate() {
            for mode in 0..n_modes {
                let (sin, cos) = (0.1 * mode as f32).sin_cos();
                let pair = &weight[2 * (entry * n_modes + mode)..][..2];
                let deviation = (pair[0] - value * cos).abs().max((pair[1] - value * sin).abs());
                assert!(deviation < 2e-3, "entry {entry} mode {mode}: {pair:?} for {value}");
            }
        }
    }

    #[test]
    fn invariant_zero_stays_zero() {
        let mut values = vec![0.0; 2 * 9 * 2];
        orthogonal_spectral(Kernels::detect(), &mut values, 3);
        orthogonal_real(&mut values[..9], (3, 3));
        assert!(values.iter().all(|value| *value == 0.0));
    }
}
