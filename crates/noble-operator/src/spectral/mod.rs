//! The truncated Fourier transform of real signals of any length, through moments of short blocks.
//!
//! Only the lowest `K` of `T/2 + 1` frequencies are wanted, and `T` may be prime, so a general FFT is the wrong
//! tool. Cut the signal into `J` blocks of `L` samples. Within a block `e^{−iωu}`, `|u| ≤ L/2`, is a combination of
//! sixteen discrete orthonormal polynomials `q_p(u)` to single precision, so
//! 1. sixteen moments `M[j, p] = Σ_u q_p(u) h[jL + u]` stand for a block,
//! 2. a `J`-point sum per moment gives `Σ_j e^{−iω_k c_j} M[j, p]` (half of it by symmetry about the center),
//! 3. a sum over `p` with the polynomials' own spectra gives the mode.
//!
//! Steps 1 and its transpose are local in time, so they fuse with the pointwise layers. The origin lies at the
//! center of the signal: mixing acts per mode, so the phase factor cancels between analysis and synthesis and is
//! never applied.

mod tables;
#[cfg(test)]
mod tests;
mod transform;

pub(crate) use tables::SpectralPlan;
pub(crate) use transform::{Side, SpectralScratch};

/// Moments kept per block: two registers of eight lanes, even ones first.
pub(crate) const N_MOMENTS: usize = 16;
/// Half of them are even, half odd.
pub(crate) const N_EVEN: usize = N_MOMENTS / 2;
