//! The arrays a run writes to, owned by the caller and reused from run to run.

use crate::NetworkPlan;
use crate::norm::Moments;
use crate::spectral::SpectralScratch;

/// What a workspace must remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Forward passes only: one array of hidden channels, changed in place.
    Forward,
    /// Forward and backward: the input and one intermediate array of every block.
    Gradient,
}

/// Arrays for one sample at a time. A plan and a workspace belong together by size.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub(crate) purpose: Purpose,
    /// `[(in_channels + 1) × n_samples]`, the last row the grid.
    pub(crate) input: Vec<f32>,
    /// Inputs of the blocks and the last output, `[C × n_samples]` each; a single one for forward passes.
    pub(crate) hidden: Vec<Vec<f32>>,
    /// Argument of each block's first GELU, `[C × n_samples]`; empty for forward passes.
    pub(crate) inner: Vec<Vec<f32>>,
    /// Inputs of the two norms of each block; empty without group norm.
    pub(crate) norms: Vec<[NormInput; 2]>,
    /// Spectrum of each block's input, `[n_layers × 2 × C × n_modes]`; of the current block for forward passes.
    pub(crate) spectra: Vec<f32>,
    /// Gradient of the loss by each block's mixed spectrum, likewise; empty for forward passes.
    pub(crate) spectra_gradient: Vec<f32>,
    pub(crate) mixed: Vec<f32>,
    pub(crate) scratch: SpectralScratch,
    /// Gradient by the current block's input, `[C × n_samples]`; empty for forward passes.
    pub(crate) hidden_gradient: Vec<f32>,
    pub(crate) tile: TileBuffers,
    /// `[n_samples]`
    pub(crate) output: Vec<f32>,
}

/// What a norm was applied to.
#[derive(Debug, Clone)]
pub(crate) struct NormInput {
    pub(crate) values: Vec<f32>,
    pub(crate) moments: Moments,
}

/// Arrays of one tile: `n` rows of a tile's length without gaps.
#[derive(Debug, Clone)]
pub(crate) struct TileBuffers {
    /// Rows of the widest pointwise layer.
    pub(crate) wide: [Vec<f32>; 4],
    /// Rows of the hidden channels.
    pub(crate) narrow: [Vec<f32>; 4],
}

impl Workspace {
    /// Arrays for `plan`.
    #[must_use]
    pub fn new(plan: &NetworkPlan, purpose: Purpose) -> Self {
        let a = &plan.architecture;
        let (c, n) = (a.hidden_channels, plan.n_samples());
        let is_gradient = purpose == Purpose::Gradient;
        let depth = if is_gradient { a.n_layers } else { 0 };
        let spectrum_len = 2 * c * plan.spectral.n_modes;
        let widest = a.lifting_channels.max(a.projection_channels).max(a.mlp_channels).max(a.in_channels + 1);
        let buffers =
            |rows: usize, is_needed: bool| vec![0.0; if is_needed { rows * plan.tile_len() } else { 0 }];
        let norm = || NormInput { values: vec![0.0; c * n], moments: Moments::default() };
        let n_norms = if a.group_norm { depth.max(1) } else { 0 };
        let mut input = vec![0.0; a.in_channels * n];
        input.extend_from_slice(&plan.grid);
        Self {
            purpose,
            input,
            hidden: vec![vec![0.0; c * n]; depth + 1],
            inner: vec![vec![0.0; c * n]; depth],
            norms: (0..n_norms).map(|_| [norm(), norm()]).collect(),
            spectra: vec![0.0; depth.max(1) * spectrum_len],
            spectra_gradient: vec![0.0; depth * spectrum_len],
            mixed: vec![0.0; spectrum_len],
            scratch: SpectralScratch::new(&plan.spectral, c),
            hidden_gradient: vec![0.0; if is_gradient { c * n } else { 0 }],
            tile: TileBuffers {
                wide: [(); 4].map(|()| buffers(widest, true)),
                narrow: [(); 4].map(|()| buffers(c, true)),
            },
            output: vec![0.0; n],
        }
    }

    /// Output of the lifting (0) or of block `idx - 1` in the last forward pass, `[C × n_samples]`; `None` where a
    /// workspace for forward passes has overwritten it.
    #[must_use]
    pub fn hidden(&self, idx: usize) -> Option<&[f32]> {
        match self.purpose {
            Purpose::Gradient => self.hidden.get(idx).map(Vec::as_slice),
            Purpose::Forward => None,
        }
    }

    /// Input channels of the next pass, `[in_channels × n_samples]`, to be filled in place.
    pub fn input_mut(&mut self) -> &mut [f32] {
        let n = self.output.len();
        let len = self.input.len() - n;
        &mut self.input[..len]
    }

    /// Output of the last forward pass, `[n_samples]`.
    #[must_use]
    pub fn output(&self) -> &[f32] {
        &self.output
    }
}
