//! Analysis and synthesis, both directions of both, over caller-owned scratch.

use super::SpectralPlan;
use super::plan::MARGIN;
use crate::kernel::{Columns, Kernels, Rows, Start, Target};

/// Columns side by side are padded to this, so that every stage works on whole registers.
const COLUMNS: usize = 8;

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
    channels: usize,
    /// Channels, padded.
    columns: usize,
    /// `[channels × (M + margins)]`.
    sums: Vec<f32>,
    /// `[M/2 × columns]`, real and imaginary part, twice.
    re: Vec<f32>,
    im: Vec<f32>,
    spare_re: Vec<f32>,
    spare_im: Vec<f32>,
    /// Spectrum by modes, `[n_modes × columns]` each.
    modes_re: Vec<f32>,
    modes_im: Vec<f32>,
}

impl SpectralScratch {
    pub(crate) fn new(plan: &SpectralPlan, channels: usize) -> Self {
        let columns = channels.next_multiple_of(COLUMNS);
        let half = || vec![0.0; plan.fft.n_points * columns];
        let modes = || vec![0.0; plan.n_modes * columns];
        Self {
            channels,
            columns,
            sums: vec![0.0; channels * plan.padded()],
            re: half(),
            im: half(),
            spare_re: half(),
            spare_im: half(),
            modes_re: modes(),
            modes_im: modes(),
        }
    }

    /// Values of all arrays.
    pub(crate) fn len(&self) -> usize {
        self.sums.len() + 4 * self.re.len() + 2 * self.modes_re.len()
    }
}

impl SpectralPlan {
    /// Grid points with what tiles reach beyond both ends of the period.
    fn padded(&self) -> usize {
        self.n_points + 2 * MARGIN + self.width
    }

    /// Values of a grid that [`Self::synthesize_tile`] reads, for a number of channels.
    pub(crate) fn grid_len(&self, channels: usize) -> usize {
        self.padded() * channels.next_multiple_of(COLUMNS)
    }

    /// Values of the moments of one tile.
    pub(crate) fn moments_len(&self, channels: usize) -> usize {
        channels * self.width
    }

    /// What a tile of `signal [channels × tile_len]` adds to the grid, `[channels × width]`.
    pub(crate) fn analyze_tile(
        &self,
        kernels: Kernels,
        tile_idx: usize,
        signal: &[f32],
        moments: &mut [f32],
    ) {
        let len = self.tile_len;
        let table = &self.spread[tile_idx * len * self.width..][..len * self.width];
        kernels.project(moments, Rows::dense(signal, len), self.tile(tile_idx).1, table, self.width);
    }

    /// Modes of the signal whose tiles were all analyzed into `moments [n_tiles × channels × width]`.
    ///
    /// `spectrum` is `[2 × channels × n_modes]`: real parts, then imaginary parts.
    pub(crate) fn finish_analysis(
        &self,
        kernels: Kernels,
        scratch: &mut SpectralScratch,
        (moments, side): (&[f32], Side),
        spectrum: &mut [f32],
    ) {
        self.sum_tiles(kernels, scratch, moments);
        let SpectralScratch { channels, columns, sums, re, im, spare_re, spare_im, .. } = scratch;
        for m in 0..self.fft.n_points {
            for c in 0..*channels {
                let at = c * self.padded() + MARGIN + 2 * m;
                (re[m * *columns + c], im[m * *columns + c]) = (sums[at], sums[at + 1]);
            }
        }
        self.fft.run(kernels, (re, im), (spare_re, spare_im));
        let (real, imaginary) = spectrum.split_at_mut(*channels * self.n_modes);
        let half = self.fft.n_points;
        for k in 0..self.n_modes {
            let (scale, turn) = (self.scale(side, k), self.fft.turns[k]);
            let (at, mirror) = ((k % half) * *columns, ((half - k) % half) * *columns);
            for c in 0..*channels {
                let (a, b) = ([re[at + c], im[at + c]], [re[mirror + c], -im[mirror + c]]);
                // ½(a + b) − (i/2)·turn·(a − b)
                let (sum, rest) = ([a[0] + b[0], a[1] + b[1]], [a[0] - b[0], a[1] - b[1]]);
                let odd = [turn[0] * rest[0] - turn[1] * rest[1], turn[0] * rest[1] + turn[1] * rest[0]];
                real[c * self.n_modes + k] = scale[0] * (0.5 * (sum[0] + odd[1]));
                imaginary[c * self.n_modes + k] = scale[1] * (0.5 * (sum[1] - odd[0]));
            }
        }
    }

    /// Sums the tiles on the grid, in their order, and folds what lies beyond the period.
    fn sum_tiles(&self, kernels: Kernels, scratch: &mut SpectralScratch, moments: &[f32]) {
        let (padded, width) = (self.padded(), self.width);
        scratch.sums.fill(0.0);
        let per_tile = scratch.channels * width;
        for (first, moments) in self.first.iter().zip(moments.chunks_exact(per_tile)) {
            for (sums, moments) in scratch.sums.chunks_exact_mut(padded).zip(moments.chunks_exact(width)) {
                kernels.add_scaled(&mut sums[*first..][..width], moments, 1.0);
            }
        }
        for sums in scratch.sums.chunks_exact_mut(padded) {
            for i in (0..MARGIN).chain(self.n_points + MARGIN..padded) {
                let target = MARGIN + (i + self.n_points - MARGIN) % self.n_points;
                sums[target] += sums[i];
            }
        }
    }

    /// The grid from which [`Self::synthesize_tile`] reads the signal of a spectrum `[2 × channels × n_modes]`.
    pub(crate) fn start_synthesis(
        &self,
        kernels: Kernels,
        scratch: &mut SpectralScratch,
        (spectrum, side): (&[f32], Side),
        grid: &mut [f32],
    ) {
        self.spread_modes(scratch, spectrum, side);
        let SpectralScratch { columns, re, im, spare_re, spare_im, .. } = scratch;
        // Exchanging the parts before and after makes the transform the inverse one.
        self.fft.run(kernels, (im, re), (spare_im, spare_re));
        for (row, out) in grid.chunks_exact_mut(*columns).enumerate() {
            let point = (row + self.n_points - MARGIN) % self.n_points;
            let from = if point.is_multiple_of(2) { &*re } else { &*im };
            out.copy_from_slice(&from[point / 2 * *columns..][..*columns]);
        }
    }

    /// Half-length spectrum of even and odd grid points: `Z_k = F_k + F̄_{h−k} + i e^{2πik/M}(F_k − F̄_{h−k})`.
    fn spread_modes(&self, scratch: &mut SpectralScratch, spectrum: &[f32], side: Side) {
        let SpectralScratch { channels, columns, re, im, modes_re, modes_im, .. } = scratch;
        let (real, imaginary) = spectrum.split_at(*channels * self.n_modes);
        for k in 0..self.n_modes {
            // A mode stands for itself and its mirror image, but the mean stands alone.
            let share = if k == 0 { 1.0 } else { 0.5 };
            let scale = self.scale(side, k).map(|scale| share * scale);
            for c in 0..*channels {
                modes_re[k * *columns + c] = scale[0] * real[c * self.n_modes + k];
                modes_im[k * *columns + c] =
                    if k == 0 { 0.0 } else { scale[1] * imaginary[c * self.n_modes + k] };
            }
        }
        let half = self.fft.n_points;
        for k in 0..half {
            let row = k * *columns..(k + 1) * *columns;
            let (out_re, out_im) = (&mut re[row.clone()], &mut im[row]);
            out_re.fill(0.0);
            out_im.fill(0.0);
            let turn = self.fft.turns[k];
            if k < self.n_modes {
                // F(1 + i e^{iφ}), with e^{iφ} the conjugate of the turn
                let factor = [1.0 + turn[1], turn[0]];
                let mode = k * *columns;
                for c in 0..*columns {
                    let (a, b) = (modes_re[mode + c], modes_im[mode + c]);
                    out_re[c] += factor[0] * a - factor[1] * b;
                    out_im[c] += factor[0] * b + factor[1] * a;
                }
            }
            if half - k < self.n_modes {
                let factor = [1.0 - turn[1], -turn[0]];
                let mode = (half - k) * *columns;
                for c in 0..*columns {
                    let (a, b) = (modes_re[mode + c], -modes_im[mode + c]);
                    out_re[c] += factor[0] * a - factor[1] * b;
                    out_im[c] += factor[0] * b + factor[1] * a;
                }
            }
        }
    }

    /// One tile of the synthesized signal, into `out [channels × tile_len]`.
    pub(crate) fn synthesize_tile(
        &self,
        kernels: Kernels,
        (grid, channels): (&[f32], usize),
        tile_idx: usize,
        start: Start<'_>,
        out: &mut [f32],
    ) {
        let (len, columns) = (self.tile_len, channels.next_multiple_of(COLUMNS));
        let table = &self.gather[tile_idx * len * self.width..][..len * self.width];
        for band in &self.bands[tile_idx] {
            let values = &grid[(self.first[tile_idx] + band.from) * columns..];
            let points = Columns { values, rows: channels, step: columns };
            let entries = Rows::dense(&table[band.from * len + band.col..], len);
            let target = Target { values: &mut out[band.col..], stride: len, cols: band.n_cols, start };
            kernels.product(target, points, entries, band.until - band.from);
        }
    }

    fn scale(&self, side: Side, mode_idx: usize) -> [f32; 2] {
        let count = self.weights[mode_idx];
        let weight = match side {
            // The imaginary parts of mean and Nyquist mode are zero for every real signal.
            Side::Mean => count.map(|count| if count > 0.0 { 1.0 / self.n_samples as f32 } else { 0.0 }),
            Side::Count => count,
        };
        weight.map(|weight| weight * self.unfold[mode_idx])
    }
}
