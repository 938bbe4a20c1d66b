//! Everything about a transform that depends on the length and the number of modes only.

use std::f64::consts::PI;

use super::{N_EVEN, N_MOMENTS};

/// Largest deviation of `e^{−iωu}` from its sixteen polynomials that a block length may cause, below the rounding
/// of single precision summed over a block.
const LARGEST_TAIL: f64 = 1e-7;
/// Blocks need not grow beyond this, where moments are already cheaper than everything else.
const LONGEST_BLOCK: usize = 256;

/// Tables of one truncated transform.
#[derive(Debug, Clone)]
pub(crate) struct SpectralPlan {
    pub(crate) n_samples: usize,
    pub(crate) n_modes: usize,
    pub(crate) block_len: usize,
    /// Odd, so that one block lies at the center.
    pub(crate) n_blocks: usize,
    /// `q_p(u)`, `[block_len × N_MOMENTS]`.
    pub(crate) polynomials: Vec<f32>,
    /// The same, `[N_MOMENTS × block_len]`.
    pub(crate) polynomials_by_moment: Vec<f32>,
    /// `cos ω_k c_j` for blocks from the center on, `[n_half × n_modes]`, and its transpose.
    pub(crate) cosines: Vec<f32>,
    pub(crate) cosines_by_mode: Vec<f32>,
    /// `sin ω_k c_j`, likewise.
    pub(crate) sines: Vec<f32>,
    pub(crate) sines_by_mode: Vec<f32>,
    /// `Σ_u q_p(u) cos ω_k u` of the even and `Σ_u q_p(u) sin ω_k u` of the odd polynomials, `[n_modes × N_MOMENTS]`.
    pub(crate) spectra: Vec<f32>,
    /// How often a mode counts in the inverse: real and imaginary part.
    pub(crate) weights: Vec<[f32; 2]>,
}

impl SpectralPlan {
    /// Tables for `n_samples` samples and at most `n_modes` modes; fewer where the signal has fewer.
    pub(crate) fn new(n_samples: usize, n_modes: usize) -> Self {
        let n_modes = n_modes.min(n_samples / 2 + 1);
        let keeps_nyquist = n_samples.is_multiple_of(2) && n_modes == n_samples / 2 + 1;
        let block_len = choose_block_len(n_samples, n_modes, keeps_nyquist);
        let n_blocks = n_samples.div_ceil(block_len) | 1;
        let n_half = n_blocks.div_ceil(2);
        let polynomials = polynomials(block_len);
        let phase = |j: usize, k: usize| angle(n_samples, 2 * j * block_len, k);
        let cosines = table(n_half, n_modes, |j, k| phase(j, k).0);
        let sines = table(n_half, n_modes, |j, k| phase(j, k).1);
        Self {
            n_samples,
            n_modes,
            block_len,
            n_blocks,
            polynomials: table(block_len, N_MOMENTS, |u, p| polynomials[p][u]),
            polynomials_by_moment: table(N_MOMENTS, block_len, |p, u| polynomials[p][u]),
            cosines_by_mode: table(n_modes, n_half, |k, j| phase(j, k).0),
            sines_by_mode: table(n_modes, n_half, |k, j| phase(j, k).1),
            cosines,
            sines,
            spectra: spectra(n_samples, n_modes, &polynomials),
            weights: (0..n_modes).map(|k| weight(k, n_samples)).collect(),
        }
    }

    /// Blocks from the center to one end, the center included.
    pub(crate) fn n_half(&self) -> usize {
        self.n_blocks.div_ceil(2)
    }

    /// First sample and number of samples of a block; blocks past the end are empty.
    pub(crate) fn block(&self, block_idx: usize) -> (usize, usize) {
        let start = (block_idx * self.block_len).min(self.n_samples);
        (start, self.block_len.min(self.n_samples - start))
    }
}

fn table(rows: usize, cols: usize, value: impl Fn(usize, usize) -> f64) -> Vec<f32> {
    (0..rows * cols).map(|i| value(i / cols, i % cols) as f32).collect()
}

/// Mean and Nyquist mode count once and only by their real part, the others twice.
fn weight(mode_idx: usize, n_samples: usize) -> [f32; 2] {
    if mode_idx == 0 || 2 * mode_idx == n_samples { [1.0, 0.0] } else { [2.0, 2.0] }
}

/// Cosine and sine of `2π·k·(doubled/2)/T`, the multiple of a whole turn removed in integers.
fn angle(n_samples: usize, doubled: usize, mode_idx: usize) -> (f64, f64) {
    let turn = 2 * n_samples;
    let rest = (doubled % turn) * mode_idx % turn;
    if rest == n_samples {
        return (-1.0, 0.0);
    }
    let phase = PI * rest as f64 / n_samples as f64;
    (phase.cos(), phase.sin())
}

/// The longest block whose polynomials still carry the highest mode; odd where the Nyquist mode is kept, because
/// its phase about the center must then be a whole number of half turns.
fn choose_block_len(n_samples: usize, n_modes: usize, keeps_nyquist: bool) -> usize {
    if keeps_nyquist {
        return N_MOMENTS - 1;
    }
    let mut best = N_MOMENTS;
    let mut len = best + 8;
    while len <= LONGEST_BLOCK && largest_tail(len, n_samples, n_modes - 1) <= LARGEST_TAIL {
        best = len;
        len += 8;
    }
    best
}

/// Largest deviation over a block of the highest mode from its projection on the polynomials.
fn largest_tail(block_len: usize, n_samples: usize, mode_idx: usize) -> f64 {
    let polynomials = polynomials(block_len);
    let wave = waves(n_samples, block_len, mode_idx);
    let mut rest = wave.clone();
    for (p, q) in polynomials.iter().enumerate() {
        let part = usize::from(p >= N_EVEN);
        let share: f64 = q.iter().zip(&wave[part]).map(|(q, w)| q * w).sum();
        rest[part].iter_mut().zip(q).for_each(|(rest, q)| *rest -= share * q);
    }
    rest.iter().flatten().fold(0.0, |largest: f64, rest| largest.max(rest.abs()))
}

/// Cosine and sine of one mode over a block, counted from its center.
fn waves(n_samples: usize, block_len: usize, mode_idx: usize) -> [Vec<f64>; 2] {
    let pairs: Vec<(f64, f64)> = (0..block_len)
        .map(|u| {
            let doubled = 2 * u as isize - (block_len as isize - 1);
            let (cos, sin) = angle(n_samples, doubled.unsigned_abs(), mode_idx);
            (cos, if doubled < 0 { -sin } else { sin })
        })
        .collect();
    [pairs.iter().map(|pair| pair.0).collect(), pairs.iter().map(|pair| pair.1).collect()]
}

fn spectra(n_samples: usize, n_modes: usize, polynomials: &[Vec<f64>]) -> Vec<f32> {
    let mut values = Vec::with_capacity(n_modes * N_MOMENTS);
    for k in 0..n_modes {
        let wave = waves(n_samples, polynomials[0].len(), k);
        for (p, q) in polynomials.iter().enumerate() {
            let share: f64 = q.iter().zip(&wave[usize::from(p >= N_EVEN)]).map(|(q, w)| q * w).sum();
            values.push(share as f32);
        }
    }
    values
}

/// Discrete orthonormal (Gram) polynomials on `block_len` points about their center: degrees 0, 2, 4, … then
/// 1, 3, 5, …; those of a degree the points cannot carry are zero.
fn polynomials(block_len: usize) -> Vec<Vec<f64>> {
    let half = (block_len as f64 - 1.0) / 2.0;
    let points: Vec<f64> = (0..block_len).map(|u| (u as f64 - half) / half.max(1.0)).collect();
    let mut by_degree: Vec<Vec<f64>> = Vec::with_capacity(N_MOMENTS);
    for degree in 0..N_MOMENTS {
        if degree >= block_len {
            by_degree.push(vec![0.0; block_len]);
            continue;
        }
        let mut next: Vec<f64> = match degree {
            0 => vec![1.0; block_len],
            _ => by_degree[degree - 1].iter().zip(&points).map(|(q, u)| q * u).collect(),
        };
        for _ in 0..2 {
            // Only the same parity can overlap; skipping the other keeps it exact.
            for earlier in by_degree[..degree].iter().skip(degree % 2).step_by(2) {
                let share: f64 = earlier.iter().zip(&next).map(|(a, b)| a * b).sum();
                next.iter_mut().zip(earlier).for_each(|(value, earlier)| *value -= share * earlier);
            }
        }
        let norm = next.iter().map(|value| value * value).sum::<f64>().sqrt();
        next.iter_mut().for_each(|value| *value /= norm);
        by_degree.push(next);
    }
    let (even, odd): (Vec<_>, Vec<_>) = by_degree.into_iter().enumerate().partition(|(d, _)| d % 2 == 0);
    even.into_iter().chain(odd).map(|(_, q)| q).collect()
}
