//! The arrays a run writes to, owned by the caller and reused from run to run.

use crate::NetworkPlan;
use crate::kernel::LANES;
use crate::norm::Moments;
use crate::spectral::SpectralScratch;

/// What a workspace must remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Forward passes only: one array of hidden channels, changed in place.
    Forward,
    /// Forward and backward: the input of every block and the grid of its spectral convolution.
    Gradient,
}

/// Arrays for one sample at a time. A plan and a workspace belong together by size.
///
/// Hidden arrays lie tile by tile, `[n_tiles × C × tile_len]`; the last tile is padded.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub(crate) purpose: Purpose,
    /// `[in_channels × n_samples]`.
    pub(crate) input: Vec<f32>,
    /// Input of the current block, then its output.
    pub(crate) hidden: Vec<f32>,
    /// Inputs of all blocks; empty for forward passes.
    pub(crate) kept: Vec<Vec<f32>>,
    /// What each block's spectral convolution is synthesized from; a single one for forward passes.
    pub(crate) grids: Vec<Vec<f32>>,
    /// Inputs of the two norms of each block; empty without group norm.
    pub(crate) norms: Vec<[NormInput; 2]>,
    /// What every tile adds to the grid of a transform, `[n_tiles × C × width]`.
    pub(crate) moments: Vec<f32>,
    /// Spectrum of each block's input, `[n_layers × 2 × C × n_modes]`; of the current block for forward passes.
    pub(crate) spectra: Vec<f32>,
    /// Gradient of the loss by each block's mixed spectrum, likewise; empty for forward passes.
    pub(crate) spectra_gradient: Vec<f32>,
    pub(crate) mixed: Vec<f32>,
    pub(crate) scratch: SpectralScratch,
    /// Gradient by the current block's input and by what its spectral convolution read; empty for forward passes.
    pub(crate) hidden_gradient: Vec<f32>,
    pub(crate) grid_gradient: Vec<f32>,
    /// A tile of the network's input; empty for forward passes.
    pub(crate) lift_input: Vec<f32>,
    /// Gradient by every parameter but spectral weights, in parts.
    pub(crate) sums: Vec<f32>,
    /// Arrays of the tiles in work, one set for each thread that may share a pass.
    pub(crate) tiles: Vec<TileBuffers>,
    /// Arrays of a second tile, for sums over two at once; none for forward passes.
    pub(crate) second_tile: Option<TileBuffers>,
    /// Output, padded.
    pub(crate) output: Vec<f32>,
    n_samples: usize,
    n_channels: usize,
}

/// What a norm was applied to.
#[derive(Debug, Clone)]
pub(crate) struct NormInput {
    pub(crate) values: Vec<f32>,
    pub(crate) moments: Moments,
}

/// Arrays of one tile: rows of a tile's length without gaps.
#[derive(Debug, Clone)]
pub(crate) struct TileBuffers {
    /// Rows of the widest pointwise layer.
    pub(crate) wide: [Vec<f32>; 3],
    /// Rows of the hidden channels.
    pub(crate) narrow: [Vec<f32>; 4],
}

impl Workspace {
    /// Arrays for `plan`.
    #[must_use]
    pub fn new(plan: &NetworkPlan, purpose: Purpose) -> Self {
        Self::with_threads(plan, purpose, 1)
    }

    /// Arrays for `plan` whose forward passes may be shared by up to `n_threads` threads.
    #[must_use]
    pub fn with_threads(plan: &NetworkPlan, purpose: Purpose, n_threads: usize) -> Self {
        let a = &plan.architecture;
        let (c, spectral) = (a.hidden_channels, &plan.spectral);
        let is_gradient = purpose == Purpose::Gradient;
        let depth = if is_gradient { a.n_layers } else { 0 };
        let spectrum_len = 2 * c * spectral.n_modes;
        let hidden = || vec![0.0; plan.hidden_len()];
        let if_gradient = |len: usize| vec![0.0; if is_gradient { len } else { 0 }];
        let norm = || NormInput { values: hidden(), moments: Moments::default() };
        let n_norms = if a.group_norm { depth.max(1) } else { 0 };
        Self {
            purpose,
            input: vec![0.0; a.in_channels * plan.n_samples()],
            hidden: hidden(),
            kept: (0..depth).map(|_| hidden()).collect(),
            grids: vec![vec![0.0; spectral.grid_len(c)]; depth.max(1)],
            norms: (0..n_norms).map(|_| [norm(), norm()]).collect(),
            moments: vec![0.0; spectral.n_tiles * spectral.moments_len(c)],
            spectra: vec![0.0; depth.max(1) * spectrum_len],
            spectra_gradient: vec![0.0; depth * spectrum_len],
            mixed: vec![0.0; spectrum_len],
            scratch: SpectralScratch::new(spectral, c, n_threads > 1),
            hidden_gradient: if_gradient(plan.hidden_len()),
            grid_gradient: if_gradient(spectral.grid_len(c)),
            lift_input: if_gradient((a.in_channels + 1) * spectral.tile_len),
            sums: if_gradient(plan.pointwise.len * LANES),
            tiles: vec![TileBuffers::new(plan, is_gradient); n_threads.clamp(1, spectral.n_tiles)],
            second_tile: is_gradient.then(|| TileBuffers::new(plan, is_gradient)),
            output: vec![0.0; spectral.n_tiles * spectral.tile_len],
            n_samples: plan.n_samples(),
            n_channels: c,
        }
    }

    /// Whether the arrays have the sizes of a plan and may be shared by so many threads.
    pub(crate) fn is_for(&self, plan: &NetworkPlan, n_threads: usize) -> bool {
        let n_tiles = plan.spectral.n_tiles;
        self.n_samples == plan.n_samples() && self.tiles.len() == n_threads.clamp(1, n_tiles)
    }

    /// Bytes of the arrays that grow with samples, channels and modes.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        let lists = self.kept.iter().chain(&self.grids).map(Vec::len).sum::<usize>();
        let norms = self.norms.iter().flatten().map(|norm| norm.values.len()).sum::<usize>();
        let tiles = self.tiles.iter().chain(&self.second_tile).map(TileBuffers::len).sum::<usize>();
        let single = [
            &self.input,
            &self.hidden,
            &self.moments,
            &self.spectra,
            &self.spectra_gradient,
            &self.mixed,
            &self.hidden_gradient,
            &self.grid_gradient,
            &self.sums,
            &self.output,
        ];
        let single = single.iter().map(|array| array.len()).sum::<usize>();
        4 * (lists + norms + tiles + single + self.scratch.len())
    }

    /// Output of the lifting (0) or of block `idx - 1` in the last forward pass, `[C × n_samples]`; `None` where a
    /// workspace for forward passes has overwritten it.
    #[must_use]
    pub fn hidden(&self, idx: usize) -> Option<Vec<f32>> {
        if self.purpose == Purpose::Forward {
            return None;
        }
        let hidden = if idx == self.kept.len() { &self.hidden } else { self.kept.get(idx)? };
        let tile_len = self.tile_len();
        let value = |channel: usize, t: usize| {
            hidden[(t / tile_len * self.n_channels + channel) * tile_len + t % tile_len]
        };
        let rows = (0..self.n_channels).flat_map(|c| (0..self.n_samples).map(move |t| (c, t)));
        Some(rows.map(|(c, t)| value(c, t)).collect())
    }

    fn tile_len(&self) -> usize {
        self.tiles[0].narrow[0].len() / self.n_channels
    }

    /// Input channels of the next pass, `[in_channels × n_samples]`, to be filled in place.
    pub fn input_mut(&mut self) -> &mut [f32] {
        &mut self.input
    }

    /// Output of the last forward pass, `[n_samples]`.
    #[must_use]
    pub fn output(&self) -> &[f32] {
        &self.output[..self.n_samples]
    }
}

impl TileBuffers {
    fn new(plan: &NetworkPlan, is_gradient: bool) -> Self {
        let a = &plan.architecture;
        let widest = a.lifting_channels.max(a.projection_channels).max(a.mlp_channels).max(a.in_channels + 1);
        let rows = |rows: usize, is_needed: bool| {
            vec![0.0; if is_needed { rows * plan.spectral.tile_len } else { 0 }]
        };
        let c = a.hidden_channels;
        Self {
            wide: [rows(widest, true), rows(widest, true), rows(widest, is_gradient)],
            narrow: [rows(c, true), rows(c, is_gradient), rows(c, is_gradient), rows(c, is_gradient)],
        }
    }

    fn len(&self) -> usize {
        self.wide.iter().chain(&self.narrow).map(Vec::len).sum()
    }
}
