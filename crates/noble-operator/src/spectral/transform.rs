//! Analysis and synthesis, both directions of both, over caller-owned scratch.

use std::ops::Range;

use rayon::prelude::*;

use super::SpectralPlan;
use super::plan::MARGIN;
use crate::kernel::{Columns, Kernels, Rows, Start, Target};

/// A group of channels, their sums on the grid and their rows of the spectrum.
type Part<'a> = ((&'a mut Group, &'a mut [f32]), (&'a mut [f32], &'a mut [f32]));

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
    /// `[channels × (M + margins)]`.
    sums: Vec<f32>,
    groups: Vec<Group>,
    is_parallel: bool,
}

/// A few channels side by side, as many as keep a transform in the fastest cache.
#[derive(Debug, Clone)]
struct Group {
    /// `[M/2 × COLUMNS]`, real and imaginary part, twice.
    re: Vec<f32>,
    im: Vec<f32>,
    spare_re: Vec<f32>,
    spare_im: Vec<f32>,
    /// Spectrum by modes, `[n_modes × COLUMNS]` each.
    modes_re: Vec<f32>,
    modes_im: Vec<f32>,
}

impl SpectralScratch {
    /// Arrays for a number of channels, whose groups several threads may share.
    pub(crate) fn new(plan: &SpectralPlan, channels: usize, is_parallel: bool) -> Self {
        let half = || vec![0.0; plan.fft.n_points * COLUMNS];
        let modes = || vec![0.0; plan.n_modes * COLUMNS];
        let group = || Group {
            re: half(),
            im: half(),
            spare_re: half(),
            spare_im: half(),
            modes_re: modes(),
            modes_im: modes(),
        };
        Self {
            channels,
            sums: vec![0.0; channels * plan.padded()],
            groups: (0..channels.div_ceil(COLUMNS)).map(|_| group()).collect(),
            is_parallel,
        }
    }

    /// Values of all arrays.
    pub(crate) fn len(&self) -> usize {
        let group = |group: &Group| 4 * group.re.len() + 2 * group.modes_re.len();
        self.sums.len() + self.groups.iter().map(group).sum::<usize>()
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
        let (channels, rows) = (scratch.channels, COLUMNS * self.n_modes);
        let (real, imaginary) = spectrum.split_at_mut(channels * self.n_modes);
        let finish = |(i, ((group, sums), (real, imaginary))): (usize, Part<'_>)| {
            let n_rows = sums.len() / self.padded();
            let first = i * COLUMNS;
            self.sum_tiles(kernels, (moments, channels), first..first + n_rows, sums);
            self.pair_points(group, sums);
            let Group { re, im, spare_re, spare_im, .. } = group;
            self.fft.run(kernels, (re, im), (spare_re, spare_im));
            self.separate_modes(group, side, (real, imaginary));
        };
        let SpectralScratch { groups, sums, is_parallel, .. } = scratch;
        let sums_len = COLUMNS * self.padded();
        if *is_parallel {
            let parts = groups.par_iter_mut().zip(sums.par_chunks_mut(sums_len));
            let parts = parts.zip(real.par_chunks_mut(rows).zip(imaginary.par_chunks_mut(rows)));
            parts.enumerate().for_each(finish);
        } else {
            let parts = groups.iter_mut().zip(sums.chunks_mut(sums_len));
            parts.zip(real.chunks_mut(rows).zip(imaginary.chunks_mut(rows))).enumerate().for_each(finish);
        }
    }

    /// Sums the tiles of a few channels on the grid, in their order, and folds what lies beyond the period.
    fn sum_tiles(
        &self,
        kernels: Kernels,
        (moments, channels): (&[f32], usize),
        range: Range<usize>,
        sums: &mut [f32],
    ) {
        sums.fill(0.0);
        kernels.add_tiles(sums, (moments, channels, range), &self.first, (self.padded(), self.width));
        for sums in sums.chunks_exact_mut(self.padded()) {
            for i in (0..MARGIN).chain(self.n_points + MARGIN..self.padded()) {
                let target = MARGIN + (i + self.n_points - MARGIN) % self.n_points;
                sums[target] += sums[i];
            }
        }
    }

    /// Even grid points as real, odd ones as imaginary parts.
    fn pair_points(&self, group: &mut Group, sums: &[f32]) {
        for (c, sums) in sums.chunks_exact(self.padded()).enumerate() {
            let pairs = sums[MARGIN..MARGIN + self.n_points].as_chunks::<2>().0;
            let rows =
                group.re.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(group.im.as_chunks_mut::<COLUMNS>().0);
            for ((re, im), pair) in rows.zip(pairs) {
                (re[c], im[c]) = (pair[0], pair[1]);
            }
        }
    }

    /// `X_k = ½(Z_k + Z̄_{h−k}) − (i/2) e^{−2πik/M}(Z_k − Z̄_{h−k})`, with the scale of its side.
    fn separate_modes(&self, group: &Group, side: Side, (real, imaginary): (&mut [f32], &mut [f32])) {
        let half = self.fft.n_points;
        let (re, im) = (group.re.as_chunks::<COLUMNS>().0, group.im.as_chunks::<COLUMNS>().0);
        for k in 0..self.n_modes {
            let (scale, turn) = (self.scale(side, k), self.fft.turns[k]);
            let (at, mirror) = (k % half, (half - k) % half);
            let (mut x_re, mut x_im) = ([0.0; COLUMNS], [0.0; COLUMNS]);
            for c in 0..COLUMNS {
                let (a, b) = ([re[at][c], im[at][c]], [re[mirror][c], -im[mirror][c]]);
                let (sum, rest) = ([a[0] + b[0], a[1] + b[1]], [a[0] - b[0], a[1] - b[1]]);
                let odd = [turn[0] * rest[0] - turn[1] * rest[1], turn[0] * rest[1] + turn[1] * rest[0]];
                x_re[c] = scale[0] * (0.5 * (sum[0] + odd[1]));
                x_im[c] = scale[1] * (0.5 * (sum[1] - odd[0]));
            }
            for (c, row) in real.chunks_exact_mut(self.n_modes).enumerate() {
                row[k] = x_re[c];
            }
            for (c, row) in imaginary.chunks_exact_mut(self.n_modes).enumerate() {
                row[k] = x_im[c];
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
        let (real, imaginary) = spectrum.split_at(scratch.channels * self.n_modes);
        let rows = COLUMNS * self.n_modes;
        let start = |(group, (real, imaginary)): (&mut Group, (&[f32], &[f32]))| {
            self.scale_modes(group, side, (real, imaginary));
            self.join_modes(group);
            let Group { re, im, spare_re, spare_im, .. } = group;
            // Exchanging the parts before and after makes the transform the inverse one.
            self.fft.run(kernels, (im, re), (spare_im, spare_re));
        };
        if scratch.is_parallel {
            let parts = real.par_chunks(rows).zip(imaginary.par_chunks(rows));
            scratch.groups.par_iter_mut().zip(parts).for_each(start);
        } else {
            let parts = real.chunks(rows).zip(imaginary.chunks(rows));
            scratch.groups.iter_mut().zip(parts).for_each(start);
        }
        let n_groups = scratch.groups.len();
        for (row, out) in grid.chunks_exact_mut(COLUMNS * n_groups).enumerate() {
            let point = (row + self.n_points - MARGIN) % self.n_points;
            for (group, out) in scratch.groups.iter().zip(out.as_chunks_mut::<COLUMNS>().0) {
                let from = if point.is_multiple_of(2) { &group.re } else { &group.im };
                *out = from.as_chunks::<COLUMNS>().0[point / 2];
            }
        }
    }

    /// The spectrum with the scale of its side and half of every mode but the mean, mode by mode.
    fn scale_modes(&self, group: &mut Group, side: Side, (real, imaginary): (&[f32], &[f32])) {
        let out = group
            .modes_re
            .as_chunks_mut::<COLUMNS>()
            .0
            .iter_mut()
            .zip(group.modes_im.as_chunks_mut::<COLUMNS>().0);
        for (k, (re, im)) in out.enumerate() {
            // A mode stands for itself and its mirror image, but the mean stands alone.
            let scale = self.scale(side, k).map(|scale| if k == 0 { scale } else { 0.5 * scale });
            for (c, row) in real.chunks_exact(self.n_modes).enumerate() {
                re[c] = scale[0] * row[k];
            }
            for (c, row) in imaginary.chunks_exact(self.n_modes).enumerate() {
                im[c] = if k == 0 { 0.0 } else { scale[1] * row[k] };
            }
        }
    }

    /// Half-length spectrum of even and odd grid points: `Z_k = F_k + F̄_{h−k} + i e^{2πik/M}(F_k − F̄_{h−k})`.
    fn join_modes(&self, group: &mut Group) {
        let half = self.fft.n_points;
        let modes = (group.modes_re.as_chunks::<COLUMNS>().0, group.modes_im.as_chunks::<COLUMNS>().0);
        let out = group.re.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(group.im.as_chunks_mut::<COLUMNS>().0);
        for (k, (out_re, out_im)) in out.enumerate() {
            (*out_re, *out_im) = ([0.0; COLUMNS], [0.0; COLUMNS]);
            let turn = self.fft.turns[k];
            if k < self.n_modes {
                // F(1 + i e^{iφ}), with e^{iφ} the conjugate of the turn
                add_rotated((out_re, out_im), (&modes.0[k], &modes.1[k]), [1.0 + turn[1], turn[0]], 1.0);
            }
            if half - k < self.n_modes {
                let mode = (&modes.0[half - k], &modes.1[half - k]);
                add_rotated((out_re, out_im), mode, [1.0 - turn[1], -turn[0]], -1.0);
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
            let mut target = Target { values: &mut out[band.col..], stride: len, cols: band.n_cols, start };
            kernels.product(&mut target, &points, &entries, band.until - band.from);
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

type Columned = [f32; COLUMNS];

/// `out += factor·(re + i·sign·im)`.
#[inline]
fn add_rotated(
    out: (&mut Columned, &mut Columned),
    (re, im): (&Columned, &Columned),
    factor: [f32; 2],
    sign: f32,
) {
    for c in 0..COLUMNS {
        let (a, b) = (re[c], sign * im[c]);
        out.0[c] += factor[0] * a - factor[1] * b;
        out.1[c] += factor[0] * b + factor[1] * a;
    }
}
