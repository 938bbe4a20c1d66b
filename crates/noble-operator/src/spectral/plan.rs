//! Everything about a transform that depends on the length and the number of modes only.

use super::fft::FftPlan;
use super::window::{N_TAPS, Window};
use crate::kernel::LANES;

/// Longest tile: with twenty-four channels its arrays fit the fastest cache.
const LONGEST_TILE: usize = 96;
/// Fewest grid points, several times the window.
const FEWEST_POINTS: usize = 4 * N_TAPS;
/// Grid points of the window before the cell a sample lies in.
const N_BEFORE: usize = N_TAPS / 2 - 1;
/// Rows kept before the first grid point, for samples whose window begins at the end of the period.
pub(super) const MARGIN: usize = N_TAPS / 2;
/// Columns of a synthesis that share the grid points they read.
const GROUP: usize = 32;

/// Tables of one truncated transform.
#[derive(Debug, Clone)]
pub(crate) struct SpectralPlan {
    pub(crate) n_samples: usize,
    pub(crate) n_modes: usize,
    /// Samples worked on at a time, a multiple of [`LANES`].
    pub(crate) tile_len: usize,
    pub(crate) n_tiles: usize,
    /// Grid points `M`.
    pub(super) n_points: usize,
    /// Grid points a tile reaches, a multiple of [`LANES`].
    pub(super) width: usize,
    /// First grid point of every tile, counted with the margin.
    pub(super) first: Vec<usize>,
    /// `ψ` of every sample at the grid points of its tile, `[n_tiles × tile_len × width]`.
    pub(super) spread: Vec<f32>,
    /// The same, `[n_tiles × width × tile_len]`.
    pub(super) gather: Vec<f32>,
    /// Grid points that are not zero for each group of columns of each tile.
    pub(super) bands: Vec<Vec<Band>>,
    /// `1/ψ̂_k`.
    pub(super) unfold: Vec<f32>,
    /// How often a mode counts in the inverse: real and imaginary part.
    pub(crate) weights: Vec<[f32; 2]>,
    pub(super) fft: FftPlan,
}

/// Columns of a tile and the grid points, counted within the tile, that reach them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    pub(super) col: usize,
    pub(super) n_cols: usize,
    pub(super) from: usize,
    pub(super) until: usize,
}

impl SpectralPlan {
    /// Tables for `n_samples` samples and at most `n_modes` modes; fewer where the signal has fewer.
    pub(crate) fn new(n_samples: usize, n_modes: usize) -> Self {
        let n_modes = n_modes.min(n_samples / 2 + 1);
        let n_points = (4 * (n_modes - 1)).next_power_of_two().max(FEWEST_POINTS);
        let window = Window::new(n_points, n_modes);
        let tile_len = choose_tile_len(n_samples, n_points);
        let n_tiles = n_samples.div_ceil(tile_len);
        let span =
            |i: usize| tile_span(i * tile_len, tile_len.min(n_samples - i * tile_len), n_samples, n_points);
        let width = (0..n_tiles).map(span).max().unwrap_or(LANES).next_multiple_of(LANES);
        let mut plan = Self {
            n_samples,
            n_modes,
            tile_len,
            n_tiles,
            n_points,
            width,
            first: (0..n_tiles)
                .map(|i| place(i * tile_len, n_samples, n_points).0 + MARGIN - N_BEFORE)
                .collect(),
            spread: vec![0.0; n_tiles * tile_len * width],
            gather: vec![0.0; n_tiles * tile_len * width],
            bands: Vec::with_capacity(n_tiles),
            unfold: (0..n_modes).map(|k| (1.0 / window.spectrum(k, n_points)) as f32).collect(),
            weights: (0..n_modes).map(|k| weight(k, n_samples)).collect(),
            fft: FftPlan::new(n_points),
        };
        plan.tabulate(window);
        plan
    }

    fn tabulate(&mut self, window: Window) {
        for tile_idx in 0..self.n_tiles {
            let (start, len) = self.tile(tile_idx);
            let base = tile_idx * self.tile_len * self.width;
            let mut reached = Vec::with_capacity(len);
            for t in 0..len {
                let (cell, rest) = place(start + t, self.n_samples, self.n_points);
                let from = cell + MARGIN - N_BEFORE - self.first[tile_idx];
                for tap in 0..N_TAPS {
                    let value = window.value(rest + N_BEFORE as f64 - tap as f64) as f32;
                    self.spread[base + t * self.width + from + tap] = value;
                    self.gather[base + (from + tap) * self.tile_len + t] = value;
                }
                reached.push(from);
            }
            self.bands.push(bands(&reached, self.tile_len));
        }
    }

    /// First sample and number of samples of a tile.
    pub(crate) fn tile(&self, tile_idx: usize) -> (usize, usize) {
        let start = tile_idx * self.tile_len;
        (start, self.tile_len.min(self.n_samples - start))
    }

    /// Bytes of the tables.
    pub(crate) fn n_bytes(&self) -> usize {
        4 * (self.spread.len() + self.gather.len())
    }
}

/// Groups of columns and the grid points between the first of their first and the last of their last; none for columns
/// past the end of the signal, which are reset like the others.
fn bands(reached: &[usize], tile_len: usize) -> Vec<Band> {
    let group = |col: usize| {
        let from = &reached[col.min(reached.len())..(col + GROUP).min(reached.len())];
        let (first, last) = (from.first().copied(), from.last().copied());
        Band {
            col,
            n_cols: GROUP.min(tile_len - col),
            from: first.unwrap_or(0),
            until: last.map_or(0, |last| last + N_TAPS),
        }
    };
    (0..tile_len).step_by(GROUP).map(group).collect()
}

/// Grid cell of a sample and its place within it, from exact integers.
fn place(sample_idx: usize, n_samples: usize, n_points: usize) -> (usize, f64) {
    let scaled = sample_idx * n_points;
    (scaled / n_samples, (scaled % n_samples) as f64 / n_samples as f64)
}

/// Grid points a stretch of samples reaches.
fn tile_span(start: usize, len: usize, n_samples: usize, n_points: usize) -> usize {
    place(start + len - 1, n_samples, n_points).0 - place(start, n_samples, n_points).0 + N_TAPS
}

/// The longest tile that reaches as few grid points as one register holds.
fn choose_tile_len(n_samples: usize, n_points: usize) -> usize {
    let is_narrow = |len: usize| {
        let starts = (0..n_samples).step_by(len);
        starts
            .into_iter()
            .all(|start| tile_span(start, len.min(n_samples - start), n_samples, n_points) <= LANES)
    };
    let longest = LONGEST_TILE.min(n_samples.next_multiple_of(LANES));
    (1..=longest / LANES).rev().map(|n| n * LANES).find(|len| is_narrow(*len)).unwrap_or(LANES)
}

/// Mean and Nyquist mode count once and only by their real part, the others twice.
fn weight(mode_idx: usize, n_samples: usize) -> [f32; 2] {
    if mode_idx == 0 || 2 * mode_idx == n_samples { [1.0, 0.0] } else { [2.0, 2.0] }
}
