//! A network made ready to run on signals of one length.

use std::ops::Range;

use crate::kernel::{Kernels, Matrix};
use crate::layout::{Layout, LinearSpans};
use crate::spectral::SpectralPlan;
use crate::{Architecture, Error, Network};

/// Samples worked on at a time, so that a tile of every channel stays in the fast caches.
const TILE_SAMPLES: usize = 256;

/// Smallest signal a network runs on.
const SHORTEST: usize = 1;
/// Longest signal, far above any recording, so that sizes cannot overflow.
const LONGEST: usize = 1 << 24;

/// A network, the tables of its transform and its weights in the order the kernels read them.
#[derive(Debug, Clone)]
pub struct NetworkPlan {
    pub(crate) architecture: Architecture,
    pub(crate) layout: Layout,
    /// Places in a gradient without spectral weights.
    pub(crate) pointwise: Layout,
    pub(crate) kernels: Kernels,
    pub(crate) spectral: SpectralPlan,
    /// Transform blocks per tile.
    pub(crate) tile_blocks: usize,
    pub(crate) values: Vec<f32>,
    /// Spectral weights as `[layer × in × out]` rows of all real parts, then all imaginary parts.
    pub(crate) mixing: Vec<f32>,
    /// The grid channel.
    pub(crate) grid: Vec<f32>,
}

/// A stretch of whole transform blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) blocks: Range<usize>,
    pub(crate) start: usize,
    pub(crate) len: usize,
}

impl NetworkPlan {
    /// Prepares `network` for signals of `n_samples` samples.
    ///
    /// # Errors
    /// [`Error::TimeGrid`] when `n_samples` is zero or above 2^24.
    pub fn new(network: &Network, n_samples: usize) -> Result<Self, Error> {
        if !(SHORTEST..=LONGEST).contains(&n_samples) {
            let expected = format!("{SHORTEST} to {LONGEST} samples");
            return Err(Error::TimeGrid { expected, got: format!("{n_samples} samples") });
        }
        let architecture = network.architecture().clone();
        let spectral = SpectralPlan::new(n_samples, architecture.n_stored_modes());
        let pairs = architecture.n_layers * architecture.hidden_channels.pow(2);
        let mut plan = Self {
            layout: Layout::new(&architecture),
            pointwise: Layout::pointwise(&architecture),
            kernels: Kernels::detect(),
            tile_blocks: (TILE_SAMPLES / spectral.block_len).max(1),
            values: Vec::new(),
            mixing: vec![0.0; 2 * pairs * spectral.n_modes],
            grid: crate::embedding::grid(n_samples),
            architecture,
            spectral,
        };
        plan.load(network);
        Ok(plan)
    }

    /// Takes over the weights of a network of the same architecture, as after an optimizer step.
    ///
    /// # Panics
    /// When the architecture differs.
    pub fn load(&mut self, network: &Network) {
        assert!(*network.architecture() == self.architecture, "plan of {:?}", self.architecture);
        self.values.clear();
        self.values.extend_from_slice(network.values());
        let (modes, stored) = (self.spectral.n_modes, self.architecture.n_stored_modes());
        let pairs = self.architecture.hidden_channels.pow(2);
        for (i, block) in self.layout.blocks.iter().enumerate() {
            let weights = &self.values[block.spectral_weight.clone()];
            for pair in 0..pairs {
                let row = &mut self.mixing[2 * modes * (i * pairs + pair)..][..2 * modes];
                let (real, imaginary) = row.split_at_mut(modes);
                let stored = &weights[2 * stored * pair..][..2 * modes];
                for (k, value) in stored.as_chunks::<2>().0.iter().enumerate() {
                    (real[k], imaginary[k]) = (value[0], value[1]);
                }
            }
        }
    }

    /// Sizes of the network.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Samples per signal.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.spectral.n_samples
    }

    pub(crate) fn n_tiles(&self) -> usize {
        self.spectral.n_blocks.div_ceil(self.tile_blocks)
    }

    pub(crate) fn tile(&self, tile_idx: usize) -> Tile {
        let first = tile_idx * self.tile_blocks;
        let blocks = first..(first + self.tile_blocks).min(self.spectral.n_blocks);
        let (start, _) = self.spectral.block(blocks.start);
        let (last, len) = self.spectral.block(blocks.end - 1);
        Tile { blocks, start, len: last + len - start }
    }

    /// Longest tile.
    pub(crate) fn tile_len(&self) -> usize {
        (self.tile_blocks * self.spectral.block_len).min(self.n_samples())
    }

    /// Weight matrix `[out × in]` of a pointwise layer.
    pub(crate) fn weight(&self, spans: &LinearSpans) -> Matrix<'_> {
        let outputs = spans.bias.len();
        Matrix::dense(&self.values[spans.weight.clone()], outputs, spans.weight.len() / outputs)
    }

    pub(crate) fn skip(&self, layer_idx: usize) -> Matrix<'_> {
        let c = self.architecture.hidden_channels;
        Matrix::dense(&self.values[self.layout.blocks[layer_idx].skip.clone()], c, c)
    }

    /// `Y[o, k] = Σ_c X[c, k] R[c, o, k]` of one block; spectra are `[2 × channels × n_modes]`.
    pub(crate) fn mix(&self, layer_idx: usize, input: &[f32], output: &mut [f32]) {
        output.fill(0.0);
        let (c, modes) = (self.architecture.hidden_channels, self.spectral.n_modes);
        let (in_re, in_im) = input.split_at(c * modes);
        let (out_re, out_im) = output.split_at_mut(c * modes);
        for from in 0..c {
            let x = (&in_re[from * modes..][..modes], &in_im[from * modes..][..modes]);
            for to in 0..c {
                let y = (&mut out_re[to * modes..][..modes], &mut out_im[to * modes..][..modes]);
                self.kernels.complex_add_product(y, x, self.mixing_row(layer_idx, from, to), 1.0);
            }
        }
    }

    /// The transpose of [`Self::mix`]: `dX[c, k] = Σ_o conj(R[c, o, k]) dY[o, k]`.
    pub(crate) fn mix_back(&self, layer_idx: usize, output: &[f32], input: &mut [f32]) {
        input.fill(0.0);
        let (c, modes) = (self.architecture.hidden_channels, self.spectral.n_modes);
        let (out_re, out_im) = output.split_at(c * modes);
        let (in_re, in_im) = input.split_at_mut(c * modes);
        for from in 0..c {
            for to in 0..c {
                let x = (&mut in_re[from * modes..][..modes], &mut in_im[from * modes..][..modes]);
                let y = (&out_re[to * modes..][..modes], &out_im[to * modes..][..modes]);
                self.kernels.complex_add_product(x, y, self.mixing_row(layer_idx, from, to), -1.0);
            }
        }
    }

    fn mixing_row(&self, layer_idx: usize, from: usize, to: usize) -> (&[f32], &[f32]) {
        let (c, modes) = (self.architecture.hidden_channels, self.spectral.n_modes);
        let row = (layer_idx * c + from) * c + to;
        self.mixing[2 * modes * row..][..2 * modes].split_at(modes)
    }
}
