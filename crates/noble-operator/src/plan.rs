//! A network made ready to run on signals of one length.

use rayon::prelude::*;

use crate::kernel::{Columns, Kernels, Spectrum};
use crate::layout::{Layout, LinearSpans};
use crate::spectral::SpectralPlan;
use crate::{Architecture, Error, Network};

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
    /// All parameters but the spectral weights, at the places of `pointwise`.
    pub(crate) values: Vec<f32>,
    /// The same with every weight matrix transposed, `[in × out]`.
    pub(crate) transposed: Vec<f32>,
    /// Spectral weights as `[layer × in × out]` rows of all real parts, then all imaginary parts.
    pub(crate) mixing: Vec<f32>,
    /// The grid channel.
    pub(crate) grid: Vec<f32>,
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
            values: Vec::new(),
            transposed: Vec::new(),
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
        self.load_pointwise(network);
        let (modes, stored) = (self.spectral.n_modes, self.architecture.n_stored_modes());
        let pairs = self.architecture.hidden_channels.pow(2);
        for (i, block) in self.layout.blocks.iter().enumerate() {
            let weights = &network.values()[block.spectral_weight.clone()];
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

    fn load_pointwise(&mut self, network: &Network) {
        self.values.resize(self.pointwise.len, 0.0);
        for (from, to) in self.layout.parameters.iter().zip(&self.pointwise.parameters) {
            if !from.is_complex {
                self.values[to.span.clone()].copy_from_slice(&network.values()[from.span.clone()]);
            }
        }
        self.transposed.clone_from(&self.values);
        for spans in self.pointwise.matrices() {
            let n_out = spans.1;
            let from = &self.values[spans.0.clone()];
            let n_in = from.len() / n_out;
            for (i, value) in self.transposed[spans.0].iter_mut().enumerate() {
                *value = from[i % n_out * n_in + i / n_out];
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

    /// Name of the instructions the kernels use: `AVX-512`, `AVX2` or `portable`.
    #[must_use]
    pub fn instructions(&self) -> &'static str {
        self.kernels.name()
    }

    /// Bytes of the plan's large arrays, shared by all workspaces: weights and window tables of the transform.
    #[must_use]
    pub fn n_bytes(&self) -> usize {
        4 * (self.values.len() + self.transposed.len() + self.mixing.len() + self.grid.len())
            + self.spectral.n_bytes()
    }

    /// Values of one hidden array, `[n_tiles × C × tile_len]`.
    pub(crate) fn hidden_len(&self) -> usize {
        self.spectral.n_tiles * self.tile_size()
    }

    /// Values of a tile of the hidden channels.
    pub(crate) fn tile_size(&self) -> usize {
        self.architecture.hidden_channels * self.spectral.tile_len
    }

    /// Weight of a pointwise layer, to be applied.
    pub(crate) fn weight(&self, spans: &LinearSpans) -> Columns<'_> {
        Columns::dense(&self.transposed[spans.weight.clone()], spans.bias.len())
    }

    /// The transpose of a pointwise layer's weight.
    pub(crate) fn weight_back(&self, spans: &LinearSpans) -> Columns<'_> {
        let n_inputs = spans.weight.len() / spans.bias.len();
        Columns::dense(&self.values[spans.weight.clone()], n_inputs)
    }

    pub(crate) fn bias(&self, spans: &LinearSpans) -> &[f32] {
        &self.values[spans.bias.clone()]
    }

    /// `Y[o, k] = Σ_c X[c, k] R[c, o, k]` of one block; spectra are `[2 × channels × n_modes]`. Threads may share it.
    pub(crate) fn mix(&self, layer_idx: usize, input: &[f32], output: &mut [f32], n_threads: usize) {
        let (c, modes) = (self.architecture.hidden_channels, self.spectral.n_modes);
        let (re, im) = input.split_at(c * modes);
        let (out_re, out_im) = output.split_at_mut(c * modes);
        let (mixing, rows) = (self.mixing(layer_idx), c.div_ceil(n_threads));
        let mix = |(i, (out_re, out_im)): (usize, (&mut [f32], &mut [f32]))| {
            self.kernels.mix((out_re, out_im), i * rows, Spectrum { re, im }, mixing, (c, modes, false));
        };
        if n_threads > 1 {
            let parts = out_re.par_chunks_mut(rows * modes).zip(out_im.par_chunks_mut(rows * modes));
            parts.enumerate().for_each(mix);
        } else {
            mix((0, (out_re, out_im)));
        }
    }

    /// The transpose of [`Self::mix`]: `dX[c, k] = Σ_o conj(R[c, o, k]) dY[o, k]`.
    pub(crate) fn mix_back(&self, layer_idx: usize, output: &[f32], input: &mut [f32]) {
        let (c, modes) = (self.architecture.hidden_channels, self.spectral.n_modes);
        let (re, im) = output.split_at(c * modes);
        let input = input.split_at_mut(c * modes);
        self.kernels.mix(input, 0, Spectrum { re, im }, self.mixing(layer_idx), (c, modes, true));
    }

    /// Spectral weights of one block.
    fn mixing(&self, layer_idx: usize) -> &[f32] {
        let len = 2 * self.spectral.n_modes * self.architecture.hidden_channels.pow(2);
        &self.mixing[layer_idx * len..][..len]
    }

    /// A tile's share of the spectral weights of a block, to be near when all tiles are done; nothing past the last block.
    pub(crate) fn mixing_share(&self, layer_idx: usize, tile_idx: usize) -> &[f32] {
        if layer_idx >= self.architecture.n_layers {
            return &[];
        }
        let mixing = self.mixing(layer_idx);
        let share = mixing.len().div_ceil(self.spectral.n_tiles);
        let start = (tile_idx * share).min(mixing.len());
        &mixing[start..(start + share).min(mixing.len())]
    }
}
