//! Analysis and synthesis, both directions of both, over caller-owned scratch.

use super::{N_EVEN, N_MOMENTS, SpectralPlan};
use crate::kernel::{Kernels, Matrix, Start};

/// Which of the two weights a mode carries.
///
/// The forward pass analyzes with the mean and synthesizes with the count; the backward pass, being the
/// transpose, the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// `1/T` for every mode.
    Mean,
    /// How often the mode stands in the full spectrum: 1 for mean and Nyquist (real part only), else 2.
    Count,
}

/// Arrays of one transform in progress.
#[derive(Debug, Clone)]
pub(crate) struct SpectralScratch {
    /// `[n_blocks × channels × N_MOMENTS]`.
    moments: Vec<f32>,
    /// Even and odd part about the center, each `[n_half × channels × N_MOMENTS]`.
    even: Vec<f32>,
    odd: Vec<f32>,
    /// Cosine and sine sums, each `[n_modes × channels × N_MOMENTS]`.
    cosine_sums: Vec<f32>,
    sine_sums: Vec<f32>,
}

impl SpectralScratch {
    pub(crate) fn new(plan: &SpectralPlan, channels: usize) -> Self {
        let width = channels * N_MOMENTS;
        Self {
            moments: vec![0.0; plan.n_blocks * width],
            even: vec![0.0; plan.n_half() * width],
            odd: vec![0.0; plan.n_half() * width],
            cosine_sums: vec![0.0; plan.n_modes * width],
            sine_sums: vec![0.0; plan.n_modes * width],
        }
    }
}

impl SpectralPlan {
    /// Moments of one block of `signal [channels × block]`, whose rows lie `stride` apart.
    pub(crate) fn analyze_block(
        &self,
        kernels: Kernels,
        scratch: &mut SpectralScratch,
        block_idx: usize,
        (signal, channels, stride): (&[f32], usize, usize),
    ) {
        let width = channels * N_MOMENTS;
        let out = &mut scratch.moments[block_idx * width..][..width];
        let (_, len) = self.block(block_idx);
        if len == 0 {
            out.fill(0.0);
            return;
        }
        let signal = Matrix::new(signal, channels, len, stride);
        let polynomials = Matrix::dense(&self.polynomials[..len * N_MOMENTS], len, N_MOMENTS);
        kernels.product(out, N_MOMENTS, Start::Zero, signal, polynomials);
    }

    /// Modes of the signal whose blocks were all analyzed.
    ///
    /// `spectrum` is `[2 × channels × n_modes]`: real parts, then imaginary parts.
    pub(crate) fn finish_analysis(
        &self,
        kernels: Kernels,
        scratch: &mut SpectralScratch,
        side: Side,
        spectrum: &mut [f32],
    ) {
        let channels = spectrum.len() / (2 * self.n_modes);
        let width = channels * N_MOMENTS;
        self.fold(scratch, width);
        let (modes, half) = (self.n_modes, self.n_half());
        let cosines = Matrix::dense(&self.cosines_by_mode, modes, half);
        let sines = Matrix::dense(&self.sines_by_mode, modes, half);
        let even = Matrix::dense(&scratch.even, half, width);
        let odd = Matrix::dense(&scratch.odd, half, width);
        kernels.product(&mut scratch.cosine_sums, width, Start::Zero, cosines, even);
        kernels.product(&mut scratch.sine_sums, width, Start::Zero, sines, odd);
        let (real, imaginary) = spectrum.split_at_mut(channels * modes);
        for k in 0..modes {
            let scale = self.scale(side, k);
            let shape: &[f32] = &self.spectra[k * N_MOMENTS..][..N_MOMENTS];
            for c in 0..channels {
                let from = k * width + c * N_MOMENTS;
                let cosine = &scratch.cosine_sums[from..from + N_MOMENTS];
                let sine = &scratch.sine_sums[from..from + N_MOMENTS];
                let (re, im) = mode(shape, cosine, sine);
                real[c * modes + k] = scale[0] * re;
                imaginary[c * modes + k] = scale[1] * im;
            }
        }
    }

    /// Prepares the synthesis of a spectrum `[2 × channels × n_modes]`.
    pub(crate) fn start_synthesis(
        &self,
        kernels: Kernels,
        scratch: &mut SpectralScratch,
        side: Side,
        spectrum: &[f32],
    ) {
        let channels = spectrum.len() / (2 * self.n_modes);
        let width = channels * N_MOMENTS;
        let (modes, half) = (self.n_modes, self.n_half());
        let (real, imaginary) = spectrum.split_at(channels * modes);
        for k in 0..modes {
            let scale = self.scale(side, k);
            let shape = &self.spectra[k * N_MOMENTS..][..N_MOMENTS];
            for c in 0..channels {
                let from = k * width + c * N_MOMENTS;
                let (re, im) = (scale[0] * real[c * modes + k], scale[1] * imaginary[c * modes + k]);
                let cosine = &mut scratch.cosine_sums[from..from + N_MOMENTS];
                let sine = &mut scratch.sine_sums[from..from + N_MOMENTS];
                spread(shape, (re, im), cosine, sine);
            }
        }
        let cosines = Matrix::dense(&self.cosines, half, modes);
        let sines = Matrix::dense(&self.sines, half, modes);
        let cosine_sums = Matrix::dense(&scratch.cosine_sums, modes, width);
        let sine_sums = Matrix::dense(&scratch.sine_sums, modes, width);
        kernels.product(&mut scratch.even, width, Start::Zero, cosines, cosine_sums);
        kernels.product(&mut scratch.odd, width, Start::Zero, sines, sine_sums);
        self.unfold(scratch, width);
    }

    /// One block of the synthesized signal, into `out [channels × block]` with rows `stride` apart.
    pub(crate) fn synthesize_block(
        &self,
        kernels: Kernels,
        scratch: &SpectralScratch,
        block_idx: usize,
        start: Start<'_>,
        (out, stride): (&mut [f32], usize),
    ) {
        let (_, len) = self.block(block_idx);
        if len == 0 {
            return;
        }
        let width = scratch.moments.len() / self.n_blocks;
        let moments = &scratch.moments[block_idx * width..][..width];
        let moments = Matrix::dense(moments, width / N_MOMENTS, N_MOMENTS);
        let polynomials = Matrix::new(&self.polynomials_by_moment, N_MOMENTS, len, self.block_len);
        kernels.product(out, stride, start, moments, polynomials);
    }

    fn scale(&self, side: Side, mode_idx: usize) -> [f32; 2] {
        match side {
            Side::Mean => [1.0 / self.n_samples as f32; 2],
            Side::Count => self.weights[mode_idx],
        }
    }

    fn fold(&self, scratch: &mut SpectralScratch, width: usize) {
        let center = self.n_half() - 1;
        let SpectralScratch { moments, even, odd, .. } = scratch;
        for j in 0..self.n_half() {
            let right = &moments[(center + j) * width..][..width];
            let left = &moments[(center - j) * width..][..width];
            let (even, odd) = (&mut even[j * width..][..width], &mut odd[j * width..][..width]);
            for i in 0..width {
                even[i] = if j == 0 { right[i] } else { right[i] + left[i] };
                odd[i] = right[i] - left[i];
            }
        }
    }

    fn unfold(&self, scratch: &mut SpectralScratch, width: usize) {
        let center = self.n_half() - 1;
        let SpectralScratch { moments, even, odd, .. } = scratch;
        for j in 0..self.n_half() {
            let (even, odd) = (&even[j * width..][..width], &odd[j * width..][..width]);
            for i in 0..width {
                moments[(center - j) * width + i] = even[i] - odd[i];
                moments[(center + j) * width + i] = even[i] + odd[i];
            }
        }
    }
}

/// `X = Σ_even A_p (C_p − iS_p) − i Σ_odd B_p (C_p − iS_p)`.
fn mode(shape: &[f32], cosine: &[f32], sine: &[f32]) -> (f32, f32) {
    let (mut re, mut im) = ([0.0f32; N_EVEN], [0.0f32; N_EVEN]);
    for p in 0..N_EVEN {
        let (a, b) = (shape[p], shape[N_EVEN + p]);
        re[p] = a * cosine[p] - b * sine[N_EVEN + p];
        im[p] = -(a * sine[p]) - b * cosine[N_EVEN + p];
    }
    (total(&re), total(&im))
}

fn total(lanes: &[f32; N_EVEN]) -> f32 {
    let pairs = [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
}

/// Transpose of [`mode`].
fn spread(shape: &[f32], (re, im): (f32, f32), cosine: &mut [f32], sine: &mut [f32]) {
    for p in 0..N_EVEN {
        let (a, b) = (shape[p], shape[N_EVEN + p]);
        cosine[p] = a * re;
        sine[p] = -(a * im);
        cosine[N_EVEN + p] = -(b * im);
        sine[N_EVEN + p] = -(b * re);
    }
}
