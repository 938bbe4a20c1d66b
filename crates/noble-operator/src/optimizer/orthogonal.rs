//! The orthogonal factor of a matrix, `U Vᴴ` for `X = U S Vᴴ`, roughly.
//!
//! Five steps `X ← aX + (bA + cA²)X` with `A = X Xᴴ`, begun at `X/‖X‖`, bring every singular value that is not tiny to
//! between 0.7 and 1.2; that is enough for a direction and costs products alone. Singular values of zero stay there.

use crate::kernel::{Kernels, N_MATRICES, Product};

/// Coefficients `a`, `b`, `c`.
///
/// # Source
/// Jordan et al., *Muon*, 2024: the quintic with the steepest slope at zero that still ends between 0.7 and 1.2.
const COEFFICIENTS: [f32; 3] = [3.4445, -4.775, 2.0315];
const N_STEPS: usize = 5;
/// Keeps a matrix of zeros at zero.
const SMALLEST_NORM: f32 = 1e-30;

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
    let mut modes = Modes::new(size);
    let mut work = [Modes::new(size), Modes::new(size)];
    for first in (0..n_modes).step_by(N_MATRICES) {
        let n = N_MATRICES.min(n_modes - first);
        let pairs = |entry: usize| 2 * (entry * n_modes + first)..2 * (entry * n_modes + first + n);
        for entry in 0..size * size {
            modes.read(entry, &values[pairs(entry)]);
        }
        modes.orthogonalize(kernels, &mut work);
        for entry in 0..size * size {
            modes.write(entry, &mut values[pairs(entry)]);
        }
    }
}

/// Square complex matrices of several modes, mode after mode within an entry: `[size × size × N_MATRICES]`.
struct Modes {
    size: usize,
    real: Vec<f32>,
    imaginary: Vec<f32>,
}

impl Modes {
    fn new(size: usize) -> Self {
        let zeros = || vec![0.0; size * size * N_MATRICES];
        Self { size, real: zeros(), imaginary: zeros() }
    }

    /// Takes an entry of each mode; modes that are not there become zero.
    fn read(&mut self, entry: usize, pairs: &[f32]) {
        let first = entry * N_MATRICES;
        let (real, imaginary) =
            (&mut self.real[first..][..N_MATRICES], &mut self.imaginary[first..][..N_MATRICES]);
        real.fill(0.0);
        imaginary.fill(0.0);
        for ((real, imaginary), pair) in real.iter_mut().zip(imaginary).zip(pairs.as_chunks::<2>().0) {
            [*real, *imaginary] = *pair;
        }
    }

    fn write(&self, entry: usize, pairs: &mut [f32]) {
        let first = entry * N_MATRICES;
        let parts = self.real[first..].iter().zip(&self.imaginary[first..]);
        for (pair, (real, imaginary)) in pairs.as_chunks_mut::<2>().0.iter_mut().zip(parts) {
            *pair = [*real, *imaginary];
        }
    }

    fn orthogonalize(&mut self, kernels: Kernels, [gram, other]: &mut [Self; 2]) {
        self.normalize();
        let [a, b, c] = COEFFICIENTS;
        for _ in 0..N_STEPS {
            gram.set_gram(kernels, self);
            other.set_gram(kernels, gram);
            gram.combine(b, other, c);
            other.set_product(kernels, gram, self);
            self.combine(a, other, 1.0);
        }
    }

    /// Divides the matrix of each mode by its Frobenius norm.
    fn normalize(&mut self) {
        let mut norms = [0.0f32; N_MATRICES];
        for (real, imaginary) in self.entries() {
            for (norm, (re, im)) in norms.iter_mut().zip(real.iter().zip(imaginary)) {
                *norm += re * re + im * im;
            }
        }
        let factors = norms.map(|norm| 1.0 / norm.sqrt().max(SMALLEST_NORM));
        for part in [&mut self.real, &mut self.imaginary] {
            for entry in part.as_chunks_mut::<N_MATRICES>().0 {
                entry.iter_mut().zip(&factors).for_each(|(value, factor)| *value *= factor);
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = (&[f32; N_MATRICES], &[f32; N_MATRICES])> {
        self.real.as_chunks().0.iter().zip(self.imaginary.as_chunks().0)
    }

    fn set_product(&mut self, kernels: Kernels, left: &Self, right: &Self) {
        let out = (&mut self.real[..], &mut self.imaginary[..]);
        let (left, right) = ((&left.real[..], &left.imaginary[..]), (&right.real[..], &right.imaginary[..]));
        kernels.mode_product(out, left, right, self.size, Product::Plain);
    }

    /// `self = x xᴴ`; half of it follows from the other.
    fn set_gram(&mut self, kernels: Kernels, x: &Self) {
        let x = (&x.real[..], &x.imaginary[..]);
        kernels.mode_product((&mut self.real, &mut self.imaginary), x, x, self.size, Product::Gram);
        for row in 1..self.size {
            for col in 0..row {
                let (from, to) = ((col * self.size + row) * N_MATRICES, (row * self.size + col) * N_MATRICES);
                self.real.copy_within(from..from + N_MATRICES, to);
                for mode in 0..N_MATRICES {
                    self.imaginary[to + mode] = -self.imaginary[from + mode];
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
