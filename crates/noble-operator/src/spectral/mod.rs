//! The truncated Fourier transform of real signals of any length, over a coarse periodic grid.
//!
//! Only the lowest `K` of `T/2 + 1` frequencies are wanted, and `T` may be prime, so a general FFT is the wrong
//! tool. `M ≥ 4(K − 1)` grid points carry all `K` modes. With a Kaiser-Bessel window `ψ` of eight points,
//! 1. a sample at `x_n = nM/T` is spread over its eight neighbors, `g_m = Σ_n h_n ψ(x_n − m)`,
//! 2. a fast transform of `M` points gives `G_k`,
//! 3. `X_k = G_k/(T ψ̂_k)` undoes the window.
//!
//! Synthesis is the transpose: the same steps backwards. Both are exact to single precision for any `T` (window and
//! grid leave 5e-8), the work on samples is eight multiplications each, and it is local in time, so it fuses with the
//! pointwise layers.
//! # Source
//! The non-uniform FFT of types 1 and 2; the window's shape parameter is that of Beatty, Nishimura and Pauly, IEEE
//! Trans. Med. Imaging 24 (2005), equation 5.

mod fft;
mod plan;
#[cfg(test)]
mod tests;
mod transform;
mod window;

pub(crate) use plan::SpectralPlan;
pub(crate) use transform::{Side, SpectralScratch};
