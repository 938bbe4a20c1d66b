//! The forward pass, tile by tile in time.
//!
//! Between two transforms everything is local in time, so a tile of all channels runs through skip, GELU, pointwise
//! layers and gate while it is in cache, and leaves its moments for the next block's transform. Group norm needs
//! the whole signal and splits a block into three sweeps over the tiles.

use crate::NetworkPlan;
use crate::kernel::{Matrix, Start};
use crate::norm::{Affine, Moments};
use crate::plan::Tile;
use crate::spectral::Side;
use crate::workspace::{NormInput, Purpose, Workspace};

impl NetworkPlan {
    /// Runs the network on the input channels of `workspace` and leaves `[n_samples]` in its output.
    ///
    /// Input `[in_channels × n_samples]`; with the grid channel appended, lifted to `C` channels,
    /// `h ← σ(V σ(U σ(Sh + Kh) + u) + v + γ⊙h)` in every block (no outer `σ` in the last), and projected. `σ` is the
    /// exact GELU and `K` the spectral convolution.
    ///
    /// # Panics
    /// When the workspace was made for a plan of other sizes.
    /// # Source
    /// `neuraloperator` 2.0.0 `FNO.forward`; sums run in another order.
    pub fn forward_in_place(&self, workspace: &mut Workspace) {
        assert!(workspace.output.len() == self.n_samples(), "workspace of {}", workspace.output.len());
        for tile_idx in 0..self.n_tiles() {
            let tile = self.tile(tile_idx);
            self.lift(workspace, &tile);
            self.analyze_hidden(workspace, 0, &tile);
        }
        for layer_idx in 0..self.architecture.n_layers {
            self.mix_spectrum(workspace, layer_idx);
            if self.architecture.group_norm {
                self.block_with_norms(workspace, layer_idx);
            } else {
                self.block(workspace, layer_idx);
            }
        }
    }

    /// Runs the network on `x [in_channels × n_samples]` into `y [n_samples]`.
    ///
    /// # Panics
    /// When `x` or `y` has another length, or the workspace was made for a plan of other sizes.
    pub fn forward(&self, workspace: &mut Workspace, x: &[f32], y: &mut [f32]) {
        workspace.input_mut().copy_from_slice(x);
        self.forward_in_place(workspace);
        y.copy_from_slice(&workspace.output);
    }

    fn block(&self, ws: &mut Workspace, layer_idx: usize) {
        for tile_idx in 0..self.n_tiles() {
            let tile = self.tile(tile_idx);
            self.synthesize(ws, layer_idx, &tile);
            self.add_skip(ws, layer_idx, &tile);
            self.mlp_and_gate(ws, layer_idx, &tile);
            self.finish_tile(ws, layer_idx, &tile);
        }
    }

    fn block_with_norms(&self, ws: &mut Workspace, layer_idx: usize) {
        let slot = ws.purpose.slot(layer_idx);
        let (c, n) = (self.architecture.hidden_channels, self.n_samples());
        let tiles: Vec<Tile> = (0..self.n_tiles()).map(|i| self.tile(i)).collect();
        let [spectral_norm, output_norm] = &self.layout.blocks[layer_idx].norms;
        for tile in &tiles {
            self.synthesize(ws, layer_idx, tile);
            copy_rows(&ws.tile.narrow[0], tile.len, &mut ws.norms[slot][0].values[tile.start..], n, c);
        }
        ws.norms[slot][0].moments = Moments::of(&ws.norms[slot][0].values);
        for tile in &tiles {
            let Workspace { norms, tile: buffers, .. } = ws;
            apply_norm(
                Affine::new(&self.values, spectral_norm),
                &norms[slot][0],
                tile,
                &mut buffers.narrow[0],
            );
            self.add_skip(ws, layer_idx, tile);
            self.mlp_and_gate(ws, layer_idx, tile);
            copy_rows(&ws.tile.narrow[2], tile.len, &mut ws.norms[slot][1].values[tile.start..], n, c);
        }
        ws.norms[slot][1].moments = Moments::of(&ws.norms[slot][1].values);
        for tile in &tiles {
            let Workspace { norms, tile: buffers, .. } = ws;
            apply_norm(Affine::new(&self.values, output_norm), &norms[slot][1], tile, &mut buffers.narrow[2]);
            self.finish_tile(ws, layer_idx, tile);
        }
    }

    /// `h₀ = W₂ σ(W₁ x + b₁) + b₂` on a tile.
    fn lift(&self, ws: &mut Workspace, tile: &Tile) {
        let [first, second] = &self.layout.lifting;
        let (n, rows) = (self.n_samples(), first.bias.len());
        let x = Matrix::new(&ws.input[tile.start..], self.architecture.in_channels + 1, tile.len, n);
        let [raw, active, ..] = &mut ws.tile.wide;
        let (raw, active) = (&mut raw[..rows * tile.len], &mut active[..rows * tile.len]);
        self.kernels.product(
            raw,
            tile.len,
            Start::Bias(&self.values[first.bias.clone()]),
            self.weight(first),
            x,
        );
        self.kernels.gelu(active, raw);
        let active = Matrix::dense(active, rows, tile.len);
        let bias = Start::Bias(&self.values[second.bias.clone()]);
        self.kernels.product(&mut ws.hidden[0][tile.start..], n, bias, self.weight(second), active);
    }

    /// Spectrum of the block's input, mixed, ready for synthesis.
    fn mix_spectrum(&self, ws: &mut Workspace, layer_idx: usize) {
        let len = ws.mixed.len();
        let spectrum = &mut ws.spectra[ws.purpose.slot(layer_idx) * len..][..len];
        self.spectral.finish_analysis(self.kernels, &mut ws.scratch, Side::Mean, spectrum);
        self.mix(layer_idx, spectrum, &mut ws.mixed);
        self.spectral.start_synthesis(self.kernels, &mut ws.scratch, Side::Count, &ws.mixed);
    }

    /// Spectral convolution with its bias on a tile, into the first narrow buffer.
    fn synthesize(&self, ws: &mut Workspace, layer_idx: usize, tile: &Tile) {
        let bias = &self.values[self.layout.blocks[layer_idx].spectral_bias.clone()];
        let out = &mut ws.tile.narrow[0];
        for block_idx in tile.blocks.clone() {
            let from = self.spectral.block(block_idx).0 - tile.start;
            let place = (&mut out[from..], tile.len);
            self.spectral.synthesize_block(self.kernels, &ws.scratch, block_idx, Start::Bias(bias), place);
        }
    }

    /// Adds `S h` to the first narrow buffer and remembers the sum.
    fn add_skip(&self, ws: &mut Workspace, layer_idx: usize, tile: &Tile) {
        let (c, n) = (self.architecture.hidden_channels, self.n_samples());
        let h = Matrix::new(&ws.hidden[ws.purpose.slot(layer_idx)][tile.start..], c, tile.len, n);
        let sum = &mut ws.tile.narrow[0][..c * tile.len];
        self.kernels.product(sum, tile.len, Start::Add, self.skip(layer_idx), h);
        if ws.purpose == Purpose::Gradient {
            copy_rows(sum, tile.len, &mut ws.inner[layer_idx][tile.start..], n, c);
        }
    }

    /// `V σ(U z + u) + v + γ⊙h` from the first narrow buffer into the third.
    fn mlp_and_gate(&self, ws: &mut Workspace, layer_idx: usize, tile: &Tile) {
        let (c, n) = (self.architecture.hidden_channels, self.n_samples());
        let len = c * tile.len;
        let [sum, active, out, _] = &mut ws.tile.narrow;
        let active = if self.is_last(layer_idx) {
            &sum[..len]
        } else {
            self.kernels.gelu(&mut active[..len], &sum[..len]);
            &active[..len]
        };
        let spans = &self.layout.blocks[layer_idx];
        let [first, second] = &spans.mlp;
        let between = first.bias.len() * tile.len;
        let [raw, inner, ..] = &mut ws.tile.wide;
        let (raw, inner) = (&mut raw[..between], &mut inner[..between]);
        let z = Matrix::dense(active, c, tile.len);
        let bias = Start::Bias(&self.values[first.bias.clone()]);
        self.kernels.product(raw, tile.len, bias, self.weight(first), z);
        self.kernels.gelu(inner, raw);
        let inner = Matrix::dense(inner, first.bias.len(), tile.len);
        let bias = Start::Bias(&self.values[second.bias.clone()]);
        self.kernels.product(&mut out[..len], tile.len, bias, self.weight(second), inner);
        let h = &ws.hidden[ws.purpose.slot(layer_idx)];
        for (row, gate) in self.values[spans.gate.clone()].iter().enumerate() {
            let h = &h[row * n + tile.start..][..tile.len];
            self.kernels.add_scaled(&mut out[row * tile.len..][..tile.len], h, *gate);
        }
    }

    /// Turns the third narrow buffer into the next block's input and its moments, or into the output.
    fn finish_tile(&self, ws: &mut Workspace, layer_idx: usize, tile: &Tile) {
        let n = self.n_samples();
        let next = ws.purpose.slot(layer_idx + 1);
        for row in 0..self.architecture.hidden_channels {
            let from = &ws.tile.narrow[2][row * tile.len..][..tile.len];
            let to = &mut ws.hidden[next][row * n + tile.start..][..tile.len];
            if self.is_last(layer_idx) {
                to.copy_from_slice(from);
            } else {
                self.kernels.gelu(to, from);
            }
        }
        if self.is_last(layer_idx) {
            self.project(ws, tile);
        } else {
            self.analyze_hidden(ws, next, tile);
        }
    }

    /// `y = Q₂ σ(Q₁ h + q₁) + q₂` on a tile, `h` in the third narrow buffer.
    fn project(&self, ws: &mut Workspace, tile: &Tile) {
        let [first, second] = &self.layout.projection;
        let rows = first.bias.len();
        let h = Matrix::dense(&ws.tile.narrow[2], self.architecture.hidden_channels, tile.len);
        let [raw, active, ..] = &mut ws.tile.wide;
        let (raw, active) = (&mut raw[..rows * tile.len], &mut active[..rows * tile.len]);
        let bias = Start::Bias(&self.values[first.bias.clone()]);
        self.kernels.product(raw, tile.len, bias, self.weight(first), h);
        self.kernels.gelu(active, raw);
        let active = Matrix::dense(active, rows, tile.len);
        let out = &mut ws.output[tile.start..][..tile.len];
        let bias = Start::Bias(&self.values[second.bias.clone()]);
        self.kernels.product(out, tile.len, bias, self.weight(second), active);
    }

    /// Moments of an input of a block on a tile.
    fn analyze_hidden(&self, ws: &mut Workspace, slot: usize, tile: &Tile) {
        let (c, n) = (self.architecture.hidden_channels, self.n_samples());
        for block_idx in tile.blocks.clone() {
            let signal = &ws.hidden[slot][self.spectral.block(block_idx).0..];
            self.spectral.analyze_block(self.kernels, &mut ws.scratch, block_idx, (signal, c, n));
        }
    }

    pub(crate) fn is_last(&self, layer_idx: usize) -> bool {
        layer_idx + 1 == self.architecture.n_layers
    }
}

impl Purpose {
    /// Place of a block's array: its own where all are remembered, else the only one.
    fn slot(self, layer_idx: usize) -> usize {
        match self {
            Self::Gradient => layer_idx,
            Self::Forward => 0,
        }
    }
}

/// Copies the first `rows` rows of a tile without gaps to rows `stride` apart.
pub(crate) fn copy_rows(from: &[f32], len: usize, to: &mut [f32], stride: usize, rows: usize) {
    for row in 0..rows {
        to[row * stride..][..len].copy_from_slice(&from[row * len..][..len]);
    }
}

/// The norm of a tile, from its remembered input into a buffer without gaps.
pub(crate) fn apply_norm(affine: Affine<'_>, input: &NormInput, tile: &Tile, out: &mut [f32]) {
    let n = input.values.len() / affine.n_channels();
    for row in 0..affine.n_channels() {
        let x = &input.values[row * n + tile.start..][..tile.len];
        affine.apply(row, input.moments, x, &mut out[row * tile.len..][..tile.len]);
    }
}
