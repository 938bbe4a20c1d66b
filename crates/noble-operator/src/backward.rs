//! The backward pass, derived by hand, tile by tile like the forward pass.
//!
//! Per block only its input `h` and the argument `a` of its first GELU are remembered; the pointwise layers are
//! computed again, which costs less than fetching them. The transform's transpose is the same transform with the
//! two weights of a mode exchanged. The gradient by the spectral weights is left as two spectra per block, whose
//! product [`crate::train`] sums over a batch: that keeps per-sample gradients small.

use crate::NetworkPlan;
use crate::forward::{apply_norm, copy_rows};
use crate::kernel::{Matrix, Start};
use crate::layout::LinearSpans;
use crate::norm::Affine;
use crate::plan::Tile;
use crate::spectral::Side;
use crate::workspace::{Purpose, Workspace};

impl NetworkPlan {
    /// Gradients of a loss whose gradient by the output is `output_gradient [n_samples]`.
    ///
    /// Adds to `gradient` in the layout without spectral weights, fills the workspace's spectra, and writes the
    /// gradient by the input channels where asked for.
    ///
    /// # Panics
    /// When the workspace remembers no forward pass.
    pub(crate) fn backward(
        &self,
        ws: &mut Workspace,
        output_gradient: &[f32],
        gradient: &mut [f32],
        mut input_gradient: Option<&mut [f32]>,
    ) {
        assert!(ws.purpose == Purpose::Gradient, "this workspace is for forward passes only");
        let tiles: Vec<Tile> = (0..self.n_tiles()).map(|i| self.tile(i)).collect();
        for tile in &tiles {
            self.project_back(ws, output_gradient, gradient, tile);
        }
        for layer_idx in (0..self.architecture.n_layers).rev() {
            if self.architecture.group_norm {
                self.block_with_norms_back(ws, gradient, layer_idx, &tiles);
            } else {
                self.block_back(ws, gradient, layer_idx, &tiles);
            }
            self.mix_spectrum_back(ws, layer_idx);
        }
        for tile in &tiles {
            self.add_synthesis(ws, tile);
            self.lift_back(ws, gradient, tile, input_gradient.as_deref_mut());
        }
    }

    fn block_back(&self, ws: &mut Workspace, gradient: &mut [f32], layer_idx: usize, tiles: &[Tile]) {
        let c = self.architecture.hidden_channels;
        for tile in tiles {
            if !self.is_last(layer_idx) {
                self.add_synthesis(ws, tile);
            }
            self.recompute(ws, layer_idx, tile);
            self.through_last_gelu(ws, layer_idx, tile);
            self.through_pointwise(ws, gradient, layer_idx, tile);
            let by_spectral = Matrix::dense(&ws.tile.narrow[3], c, tile.len);
            let bias = &mut gradient[self.pointwise.blocks[layer_idx].spectral_bias.clone()];
            self.kernels.add_row_sums(bias, by_spectral);
            for block_idx in tile.blocks.clone() {
                let from = self.spectral.block(block_idx).0 - tile.start;
                let signal = (&ws.tile.narrow[3][from..], c, tile.len);
                self.spectral.analyze_block(self.kernels, &mut ws.scratch, block_idx, signal);
            }
        }
    }

    fn block_with_norms_back(
        &self,
        ws: &mut Workspace,
        gradient: &mut [f32],
        layer_idx: usize,
        tiles: &[Tile],
    ) {
        let (c, n) = (self.architecture.hidden_channels, self.n_samples());
        let [spectral_norm, output_norm] = &self.layout.blocks[layer_idx].norms;
        let [spectral_slot, output_slot] = &self.pointwise.blocks[layer_idx].norms;
        for tile in tiles {
            if !self.is_last(layer_idx) {
                self.add_synthesis(ws, tile);
            }
            let Workspace { norms, tile: buffers, .. } = &mut *ws;
            apply_norm(
                Affine::new(&self.values, output_norm),
                &norms[layer_idx][1],
                tile,
                &mut buffers.narrow[3],
            );
            self.through_last_gelu(ws, layer_idx, tile);
            copy_rows(&ws.tile.narrow[2], tile.len, &mut ws.hidden_gradient[tile.start..], n, c);
        }
        let input = &ws.norms[layer_idx][1];
        let slots = norm_slots(gradient, output_slot);
        Affine::new(&self.values, output_norm).back(
            input.moments,
            &input.values,
            &mut ws.hidden_gradient,
            slots,
        );
        for tile in tiles {
            self.recompute(ws, layer_idx, tile);
            for row in 0..c {
                let from = &ws.hidden_gradient[row * n + tile.start..][..tile.len];
                ws.tile.narrow[2][row * tile.len..][..tile.len].copy_from_slice(from);
            }
            self.through_pointwise(ws, gradient, layer_idx, tile);
            // The output norm's input is used up; its place takes the gradient by the normed spectral output.
            copy_rows(&ws.tile.narrow[3], tile.len, &mut ws.norms[layer_idx][1].values[tile.start..], n, c);
        }
        let [input, by_norm] = &mut ws.norms[layer_idx];
        let slots = norm_slots(gradient, spectral_slot);
        Affine::new(&self.values, spectral_norm).back(
            input.moments,
            &input.values,
            &mut by_norm.values,
            slots,
        );
        let bias = &mut gradient[self.pointwise.blocks[layer_idx].spectral_bias.clone()];
        self.kernels.add_row_sums(bias, Matrix::dense(&by_norm.values, c, n));
        for block_idx in 0..self.spectral.n_blocks {
            let signal = (&by_norm.values[self.spectral.block(block_idx).0..], c, n);
            self.spectral.analyze_block(self.kernels, &mut ws.scratch, block_idx, signal);
        }
    }

    /// Gradients by the mixed spectrum and the spectrum of the input, ready for synthesis.
    fn mix_spectrum_back(&self, ws: &mut Workspace, layer_idx: usize) {
        let len = ws.mixed.len();
        let by_mixed = &mut ws.spectra_gradient[layer_idx * len..][..len];
        self.spectral.finish_analysis(self.kernels, &mut ws.scratch, Side::Count, by_mixed);
        self.mix_back(layer_idx, by_mixed, &mut ws.mixed);
        self.spectral.start_synthesis(self.kernels, &mut ws.scratch, Side::Mean, &ws.mixed);
    }

    /// Adds what came through the spectral convolution of the block above.
    fn add_synthesis(&self, ws: &mut Workspace, tile: &Tile) {
        let n = self.n_samples();
        for block_idx in tile.blocks.clone() {
            let place = (&mut ws.hidden_gradient[self.spectral.block(block_idx).0..], n);
            self.spectral.synthesize_block(self.kernels, &ws.scratch, block_idx, Start::Add, place);
        }
    }

    /// Fills narrow 0, 1 with `z = σ(a)`, `σ'(a)`, wide 1, 2 with `σ(Uz+u)`, `σ'(Uz+u)`, and narrow 3 with the
    /// argument of the last GELU (without norms).
    fn recompute(&self, ws: &mut Workspace, layer_idx: usize, tile: &Tile) {
        let (c, n, len) = (self.architecture.hidden_channels, self.n_samples(), tile.len);
        let spans = &self.layout.blocks[layer_idx];
        let [first, second] = &spans.mlp;
        let [z, slope, _, out] = &mut ws.tile.narrow;
        for row in 0..c {
            let a = &ws.inner[layer_idx][row * n + tile.start..][..len];
            let (z, slope) = (&mut z[row * len..][..len], &mut slope[row * len..][..len]);
            if self.is_last(layer_idx) {
                z.copy_from_slice(a);
            } else {
                self.kernels.gelu_with_slope(z, slope, a);
            }
        }
        let rows = first.bias.len();
        let [raw, active, inner_slope, _] = &mut ws.tile.wide;
        let raw = &mut raw[..rows * len];
        let bias = Start::Bias(&self.values[first.bias.clone()]);
        self.kernels.product(raw, len, bias, self.weight(first), Matrix::dense(z, c, len));
        self.kernels.gelu_with_slope(&mut active[..rows * len], &mut inner_slope[..rows * len], raw);
        if self.is_last(layer_idx) || self.architecture.group_norm {
            return;
        }
        let bias = Start::Bias(&self.values[second.bias.clone()]);
        self.kernels.product(out, len, bias, self.weight(second), Matrix::dense(active, rows, len));
        for (row, gate) in self.values[spans.gate.clone()].iter().enumerate() {
            let h = &ws.hidden[layer_idx][row * n + tile.start..][..len];
            self.kernels.add_scaled(&mut out[row * len..][..len], h, *gate);
        }
    }

    /// Narrow 2 = gradient by the argument of the last GELU, that argument being in narrow 3.
    fn through_last_gelu(&self, ws: &mut Workspace, layer_idx: usize, tile: &Tile) {
        let (n, len) = (self.n_samples(), tile.len);
        let [.., out, argument] = &mut ws.tile.narrow;
        for row in 0..self.architecture.hidden_channels {
            let (out, argument) = (&mut out[row * len..][..len], &argument[row * len..][..len]);
            let from = &ws.hidden_gradient[row * n + tile.start..][..len];
            if self.is_last(layer_idx) {
                out.copy_from_slice(from);
            } else {
                self.kernels.gelu_slope(out, argument);
                self.kernels.multiply(out, from);
            }
        }
    }

    /// From narrow 2, the gradient by `w = Vσ(Uz+u) + v + γ⊙h`, to narrow 3, the gradient by `a = Sh + Kh`; replaces
    /// the gradient by `h` on the tile with the part that came through gate and skip.
    fn through_pointwise(&self, ws: &mut Workspace, gradient: &mut [f32], layer_idx: usize, tile: &Tile) {
        let (c, n, len) = (self.architecture.hidden_channels, self.n_samples(), tile.len);
        let (spans, slots) = (&self.layout.blocks[layer_idx], &self.pointwise.blocks[layer_idx]);
        let [first, second] = &spans.mlp;
        let rows = first.bias.len();
        let h = Matrix::new(&ws.hidden[layer_idx][tile.start..], c, len, n);
        let [z, slope, by_w, by_a] = &mut ws.tile.narrow;
        let [_, active, inner_slope, by_raw] = &mut ws.tile.wide;
        let by_w = Matrix::dense(by_w, c, len);
        self.kernels.add_row_products(&mut gradient[slots.gate.clone()], by_w, h);
        self.add_linear(gradient, &slots.mlp[1], by_w, Matrix::dense(active, rows, len));
        let by_raw = &mut by_raw[..rows * len];
        self.kernels.product(by_raw, len, Start::Zero, self.weight(second).transposed(), by_w);
        self.kernels.multiply(by_raw, &inner_slope[..rows * len]);
        let by_raw = Matrix::dense(by_raw, rows, len);
        self.add_linear(gradient, &slots.mlp[0], by_raw, Matrix::dense(z, c, len));
        let by_a = &mut by_a[..c * len];
        self.kernels.product(by_a, len, Start::Zero, self.weight(first).transposed(), by_raw);
        if !self.is_last(layer_idx) {
            self.kernels.multiply(by_a, &slope[..c * len]);
        }
        let by_a = Matrix::dense(by_a, c, len);
        self.kernels.product_transposed(&mut gradient[slots.skip.clone()], by_a, h);
        for (row, gate) in self.values[spans.gate.clone()].iter().enumerate() {
            let out = &mut ws.hidden_gradient[row * n + tile.start..][..len];
            out.fill(0.0);
            self.kernels.add_scaled(out, &by_w.values[row * len..][..len], *gate);
        }
        let out = &mut ws.hidden_gradient[tile.start..];
        self.kernels.product(out, n, Start::Add, self.skip(layer_idx).transposed(), by_a);
    }

    fn project_back(&self, ws: &mut Workspace, output_gradient: &[f32], gradient: &mut [f32], tile: &Tile) {
        let [first, second] = &self.layout.projection;
        let (c, n, len) = (self.architecture.hidden_channels, self.n_samples(), tile.len);
        let rows = first.bias.len();
        let h = Matrix::new(&ws.hidden[self.architecture.n_layers][tile.start..], c, len, n);
        let by_output = Matrix::dense(&output_gradient[tile.start..], 1, len);
        self.hidden_layer_back(&mut ws.tile.wide, (first, second), h, by_output);
        let [_, active, _, by_raw] = &ws.tile.wide;
        let by_raw = Matrix::dense(by_raw, rows, len);
        self.add_linear(gradient, &self.pointwise.projection[1], by_output, Matrix::dense(active, rows, len));
        self.add_linear(gradient, &self.pointwise.projection[0], by_raw, h);
        let out = &mut ws.hidden_gradient[tile.start..];
        self.kernels.product(out, n, Start::Zero, self.weight(first).transposed(), by_raw);
    }

    fn lift_back(
        &self,
        ws: &mut Workspace,
        gradient: &mut [f32],
        tile: &Tile,
        input_gradient: Option<&mut [f32]>,
    ) {
        let [first, second] = &self.layout.lifting;
        let (c, n, len) = (self.architecture.hidden_channels, self.n_samples(), tile.len);
        let (inputs, rows) = (self.architecture.in_channels, first.bias.len());
        let x = Matrix::new(&ws.input[tile.start..], inputs + 1, len, n);
        let by_hidden = Matrix::new(&ws.hidden_gradient[tile.start..], c, len, n);
        self.hidden_layer_back(&mut ws.tile.wide, (first, second), x, by_hidden);
        let [_, active, _, by_raw] = &ws.tile.wide;
        let by_raw = Matrix::dense(by_raw, rows, len);
        self.add_linear(gradient, &self.pointwise.lifting[1], by_hidden, Matrix::dense(active, rows, len));
        self.add_linear(gradient, &self.pointwise.lifting[0], by_raw, x);
        if let Some(out) = input_gradient {
            let to_input = self.weight(first).transposed();
            let to_input = Matrix { rows: inputs, ..to_input };
            self.kernels.product(&mut out[tile.start..], n, Start::Zero, to_input, by_raw);
        }
    }

    /// For `y = W₂ σ(W₁ x + b₁) + b₂`: wide 1 = `σ(W₁ x + b₁)`, wide 3 = gradient by its argument.
    fn hidden_layer_back(
        &self,
        wide: &mut [Vec<f32>; 4],
        (first, second): (&LinearSpans, &LinearSpans),
        x: Matrix<'_>,
        by_output: Matrix<'_>,
    ) {
        let (rows, len) = (first.bias.len(), x.cols);
        let [raw, active, slope, by_raw] = wide.each_mut().map(|buffer| &mut buffer[..rows * len]);
        let bias = Start::Bias(&self.values[first.bias.clone()]);
        self.kernels.product(raw, len, bias, self.weight(first), x);
        self.kernels.gelu_with_slope(active, slope, raw);
        self.kernels.product(by_raw, len, Start::Zero, self.weight(second).transposed(), by_output);
        self.kernels.multiply(by_raw, slope);
    }

    /// Adds the gradients by weight, `dy·xᵀ`, and bias, `Σ_t dy`, of a pointwise layer.
    fn add_linear(&self, gradient: &mut [f32], slots: &LinearSpans, by_output: Matrix<'_>, x: Matrix<'_>) {
        self.kernels.product_transposed(&mut gradient[slots.weight.clone()], by_output, x);
        self.kernels.add_row_sums(&mut gradient[slots.bias.clone()], by_output);
    }
}

/// Places of a norm's weight and bias, which lie side by side.
fn norm_slots<'g>(gradient: &'g mut [f32], slots: &LinearSpans) -> [&'g mut [f32]; 2] {
    let both = &mut gradient[slots.weight.start..slots.bias.end];
    let (weight, bias) = both.split_at_mut(slots.weight.len());
    [weight, bias]
}
