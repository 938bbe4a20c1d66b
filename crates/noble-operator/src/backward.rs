//! The backward pass, derived by hand, tile by tile like the forward pass.
//!
//! Per block only its input `h` and the grid of its convolution are remembered; the pointwise layers are computed
//! again, which costs less than fetching them. The transform's transpose is the same transform with the two weights of
//! a mode exchanged. Gradients by pointwise weights are summed over time in as many parts as a register has numbers,
//! and joined at the end. The gradient by the spectral weights is left as two spectra per block, whose product
//! [`crate::batch`] sums over a batch: that keeps per-sample gradients small.

use std::ops::Range;

use crate::NetworkPlan;
use crate::kernel::{Columns, LANES, Rows, Start};
use crate::layout::LinearSpans;
use crate::norm::Affine;
use crate::spectral::Side;
use crate::workspace::{Purpose, TileBuffers, Workspace};

/// Rows of one tile and their number.
type Tile<'a> = (&'a [f32], usize);

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
        ws.sums.fill(0.0);
        let n = self.n_samples();
        ws.output[..n].copy_from_slice(output_gradient);
        ws.output[n..].fill(0.0);
        for tile_idx in 0..self.spectral.n_tiles {
            self.project_back(ws, tile_idx);
        }
        for layer_idx in (0..self.architecture.n_layers).rev() {
            if self.architecture.group_norm {
                self.block_with_norms_back(ws, gradient, layer_idx);
            } else {
                self.block_back(ws, layer_idx);
            }
            self.mix_spectrum_back(ws, layer_idx);
        }
        for tile_idx in 0..self.spectral.n_tiles {
            self.add_synthesis(ws, tile_idx);
            self.lift_back(ws, tile_idx, input_gradient.as_deref_mut());
        }
        self.kernels.add_totals(gradient, &ws.sums);
    }

    fn block_back(&self, ws: &mut Workspace, layer_idx: usize) {
        let mut tile_idx = 0;
        while tile_idx < self.spectral.n_tiles {
            let n = 2.min(self.spectral.n_tiles - tile_idx);
            for i in 0..n {
                self.block_tile_back(ws, layer_idx, (tile_idx + i, i));
            }
            self.add_block_weights(ws, layer_idx, tile_idx..tile_idx + n);
            tile_idx += n;
        }
    }

    /// One tile of a block, in the first or second set of buffers.
    fn block_tile_back(&self, ws: &mut Workspace, layer_idx: usize, (tile_idx, buffer_idx): (usize, usize)) {
        let (size, moments_len) =
            (self.tile_size(), self.spectral.moments_len(self.architecture.hidden_channels));
        if !self.is_last(layer_idx) {
            self.add_synthesis(ws, tile_idx);
        }
        let Workspace { kept, grids, hidden_gradient, moments, tiles, second_tile, sums, .. } = ws;
        let buffers = match second_tile {
            Some(second) if buffer_idx > 0 => second,
            _ => &mut tiles[0],
        };
        let h = &kept[layer_idx][tile_idx * size..][..size];
        let by_hidden = &mut hidden_gradient[tile_idx * size..][..size];
        self.add_convolutions(layer_idx, tile_idx, &grids[layer_idx], (h, &mut buffers.narrow[0]));
        self.recompute(layer_idx, tile_idx, buffers);
        self.through_last_gelu(layer_idx, h, by_hidden, buffers);
        self.through_pointwise(layer_idx, sums, (h, by_hidden), buffers);
        self.add_row_sums(sums, &self.pointwise.blocks[layer_idx].spectral_bias, &buffers.narrow[3]);
        let moments = &mut moments[tile_idx * moments_len..][..moments_len];
        self.spectral.analyze_tile(self.kernels, tile_idx, &buffers.narrow[3], moments);
    }

    /// Adds the gradients by the weights of a block's pointwise layers, of one or two tiles in the buffers.
    fn add_block_weights(&self, ws: &mut Workspace, layer_idx: usize, tiles: Range<usize>) {
        let spans = &self.pointwise.blocks[layer_idx];
        let (c, n_inner) = (self.architecture.hidden_channels, spans.mlp[0].bias.len());
        let (size, len) = (self.tile_size(), self.spectral.tile_len);
        let Workspace { kept, tiles: first, second_tile, sums, .. } = ws;
        let second = second_tile.as_ref().unwrap_or(&first[0]);
        let (both, n) = ([&first[0], second], tiles.len());
        let h = |i: usize| &kept[layer_idx][(tiles.start + i.min(n - 1)) * size..][..size];
        let pairs = [0, 1].map(|i| (both[i].narrow[2].as_slice(), both[i].wide[0].as_slice()));
        self.kernels.add_outer(&mut sums[parts(&spans.mlp[1].weight)], &pairs[..n], (c, n_inner), len);
        let pairs = [0, 1].map(|i| (both[i].wide[2].as_slice(), both[i].narrow[0].as_slice()));
        self.kernels.add_outer(&mut sums[parts(&spans.mlp[0].weight)], &pairs[..n], (n_inner, c), len);
        let pairs = [0, 1].map(|i| (both[i].narrow[3].as_slice(), h(i)));
        self.kernels.add_outer(&mut sums[parts(&spans.skip)], &pairs[..n], (c, c), len);
    }

    fn block_with_norms_back(&self, ws: &mut Workspace, gradient: &mut [f32], layer_idx: usize) {
        let (size, c, len) = (self.tile_size(), self.architecture.hidden_channels, self.spectral.tile_len);
        let [spectral_norm, output_norm] = &self.pointwise.blocks[layer_idx].norms;
        let moments_len = self.spectral.moments_len(c);
        for tile_idx in 0..self.spectral.n_tiles {
            if !self.is_last(layer_idx) {
                self.add_synthesis(ws, tile_idx);
            }
            let Workspace { norms, tiles, hidden_gradient, .. } = &mut *ws;
            let (input, slope) = (&norms[layer_idx][1], &mut tiles[0].narrow[0]);
            let values = &input.values[tile_idx * size..][..size];
            Affine::new(&self.values, output_norm).apply(input.moments, values, slope);
            if !self.is_last(layer_idx) {
                let by_hidden = &mut hidden_gradient[tile_idx * size..][..size];
                self.kernels.gelu_back(slope, by_hidden);
                by_hidden.copy_from_slice(slope);
            }
        }
        let input = &ws.norms[layer_idx][1];
        Affine::new(&self.values, output_norm).back(
            input.moments,
            self.valid_rows(&input.values),
            (&mut ws.hidden_gradient, len),
            norm_slots(gradient, output_norm),
        );
        for tile_idx in 0..self.spectral.n_tiles {
            let Workspace { kept, norms, hidden_gradient, tiles, sums, .. } = &mut *ws;
            let buffers = &mut tiles[0];
            let h = &kept[layer_idx][tile_idx * size..][..size];
            let by_hidden = &mut hidden_gradient[tile_idx * size..][..size];
            let [input, by_norm] = &mut norms[layer_idx];
            let values = &input.values[tile_idx * size..][..size];
            Affine::new(&self.values, spectral_norm).apply(input.moments, values, &mut buffers.narrow[0]);
            let skip = &self.pointwise.blocks[layer_idx].skip;
            let skip = Columns::dense(&self.transposed[skip.clone()], c);
            self.apply(skip, c, (Start::Add, h), &mut buffers.narrow[0]);
            self.recompute(layer_idx, tile_idx, buffers);
            buffers.narrow[2].copy_from_slice(by_hidden);
            self.through_pointwise(layer_idx, sums, (h, by_hidden), buffers);
            // The output norm's input is used up; its place takes the gradient by the normed spectral output.
            by_norm.values[tile_idx * size..][..size].copy_from_slice(&buffers.narrow[3]);
            self.add_block_weights(ws, layer_idx, tile_idx..tile_idx + 1);
        }
        let Workspace { norms, sums, moments, .. } = &mut *ws;
        let [input, by_norm] = &mut norms[layer_idx];
        Affine::new(&self.values, spectral_norm).back(
            input.moments,
            self.valid_rows(&input.values),
            (&mut by_norm.values, len),
            norm_slots(gradient, spectral_norm),
        );
        for (tile_idx, values) in by_norm.values.chunks_exact(size).enumerate() {
            self.add_row_sums(sums, &self.pointwise.blocks[layer_idx].spectral_bias, values);
            let moments = &mut moments[tile_idx * moments_len..][..moments_len];
            self.spectral.analyze_tile(self.kernels, tile_idx, values, moments);
        }
    }

    /// Gradients by the mixed spectrum and the spectrum of the input, as the grid of a synthesis.
    fn mix_spectrum_back(&self, ws: &mut Workspace, layer_idx: usize) {
        let len = ws.mixed.len();
        let by_mixed = &mut ws.spectra_gradient[layer_idx * len..][..len];
        self.spectral.finish_analysis(self.kernels, &mut ws.scratch, (&ws.moments, Side::Count), by_mixed);
        self.mix_back(layer_idx, by_mixed, &mut ws.mixed);
        let mixed = (ws.mixed.as_slice(), Side::Mean);
        self.spectral.start_synthesis(self.kernels, &mut ws.scratch, mixed, &mut ws.grid_gradient);
    }

    /// Adds what came through the spectral convolution of the block above.
    fn add_synthesis(&self, ws: &mut Workspace, tile_idx: usize) {
        let (c, size) = (self.architecture.hidden_channels, self.tile_size());
        let out = &mut ws.hidden_gradient[tile_idx * size..][..size];
        self.spectral.synthesize_tile(self.kernels, (&ws.grid_gradient, c), tile_idx, Start::Add, out);
    }

    /// From `a` in narrow 0: narrow 0, 1 become `z = σ(a)`, `σ'(a)`, and wide 0, 1 `σ(Uz+u)`, `σ'(Uz+u)`.
    fn recompute(&self, layer_idx: usize, tile_idx: usize, buffers: &mut TileBuffers) {
        let TileBuffers { wide: [inner, slope, _], narrow: [z, outer_slope, ..] } = buffers;
        if !self.is_last(layer_idx) {
            self.kernels.gelu_with_slope(z, outer_slope, self.mixing_share(layer_idx, tile_idx));
        }
        let first = &self.pointwise.blocks[layer_idx].mlp[0];
        let inner = self.linear(first, Start::Bias(self.bias(first)), z, inner);
        let n = inner.len();
        self.kernels.gelu_with_slope(inner, &mut slope[..n], &[]);
    }

    /// Narrow 2 = gradient by the argument of the last GELU, `w = Vσ(Uz+u) + v + γ⊙h`.
    fn through_last_gelu(&self, layer_idx: usize, h: &[f32], by_hidden: &[f32], buffers: &mut TileBuffers) {
        let TileBuffers { wide: [inner, ..], narrow: [_, _, by_w, _] } = buffers;
        if self.is_last(layer_idx) {
            by_w.copy_from_slice(by_hidden);
            return;
        }
        let spans = &self.pointwise.blocks[layer_idx];
        self.kernels.scaled_rows(by_w, h, &self.values[spans.gate.clone()], self.bias(&spans.mlp[1]));
        self.linear(&spans.mlp[1], Start::Add, inner, by_w);
        self.kernels.gelu_back(by_w, by_hidden);
    }

    /// From narrow 2, the gradient by `w`, to narrow 3, the gradient by `a = Sh + Kh`; replaces the gradient by `h` with
    /// the part that came through gate and skip.
    fn through_pointwise(
        &self,
        layer_idx: usize,
        sums: &mut [f32],
        (h, by_hidden): (&[f32], &mut [f32]),
        buffers: &mut TileBuffers,
    ) {
        let spans = &self.pointwise.blocks[layer_idx];
        let (c, [first, second]) = (self.architecture.hidden_channels, &spans.mlp);
        let n_inner = first.bias.len();
        let TileBuffers { wide: [_, slope, by_inner], narrow: [_, outer_slope, by_w, by_a] } = buffers;
        let len = self.spectral.tile_len;
        let gate = parts(&spans.gate);
        self.kernels.add_row_products(&mut sums[gate], Rows::dense(by_w, len), Rows::dense(h, len), len);
        self.add_row_sums(sums, &second.bias, by_w);
        let by_inner = self.apply(self.weight_back(second), c, (Start::Zero, by_w), by_inner);
        let n = by_inner.len();
        self.kernels.multiply(by_inner, &slope[..n]);
        self.add_row_sums(sums, &first.bias, by_inner);
        self.apply(self.weight_back(first), n_inner, (Start::Zero, by_inner), by_a);
        if !self.is_last(layer_idx) {
            self.kernels.multiply(by_a, outer_slope);
        }
        self.kernels.scaled_rows(by_hidden, by_w, &self.values[spans.gate.clone()], &[]);
        let skip_back = Columns::dense(&self.values[spans.skip.clone()], c);
        self.apply(skip_back, c, (Start::Add, by_a), by_hidden);
    }

    fn project_back(&self, ws: &mut Workspace, tile_idx: usize) {
        let spans = &self.pointwise.projection;
        let (c, size, len) = (self.architecture.hidden_channels, self.tile_size(), self.spectral.tile_len);
        let Workspace { hidden, hidden_gradient, output, tiles, sums, .. } = ws;
        let h = &hidden[tile_idx * size..][..size];
        let by_output = &output[tile_idx * len..][..len];
        let [active, slope, by_raw] = &mut tiles[0].wide;
        let wide = [active.as_mut_slice(), slope, by_raw];
        let by_raw = self.hidden_layer_back(spans, sums, (h, c), (by_output, 1), wide);
        let out = &mut hidden_gradient[tile_idx * size..][..size];
        self.apply(self.weight_back(&spans[0]), spans[0].bias.len(), (Start::Zero, by_raw), out);
    }

    fn lift_back(&self, ws: &mut Workspace, tile_idx: usize, input_gradient: Option<&mut [f32]>) {
        let spans = &self.pointwise.lifting;
        let (a, size, len) = (&self.architecture, self.tile_size(), self.spectral.tile_len);
        let n_inputs = a.in_channels + 1;
        let Workspace { input, hidden_gradient, tiles, sums, lift_input: x, .. } = ws;
        self.gather_input(input, tile_idx, x);
        let by_hidden = &hidden_gradient[tile_idx * size..][..size];
        let [active, slope, by_raw] = &mut tiles[0].wide;
        let wide = [active.as_mut_slice(), slope, by_raw];
        let by_raw = self.hidden_layer_back(spans, sums, (x, n_inputs), (by_hidden, a.hidden_channels), wide);
        let Some(out) = input_gradient else { return };
        self.apply(self.weight_back(&spans[0]), spans[0].bias.len(), (Start::Zero, by_raw), x);
        let (n, (start, n_valid)) = (self.n_samples(), self.spectral.tile(tile_idx));
        for (out, by_input) in out.chunks_exact_mut(n).zip(x.chunks_exact(len)) {
            out[start..start + n_valid].copy_from_slice(&by_input[..n_valid]);
        }
    }

    /// For `y = W₂ σ(W₁ x + b₁) + b₂`: adds the gradients by both layers and returns the gradient by the argument of `σ`,
    /// in the last of three buffers.
    fn hidden_layer_back<'w>(
        &self,
        [first, second]: &[LinearSpans; 2],
        sums: &mut [f32],
        x: Tile<'_>,
        by_output: Tile<'_>,
        [active, slope, by_raw]: [&'w mut [f32]; 3],
    ) -> &'w [f32] {
        let active = self.linear(first, Start::Bias(self.bias(first)), x.0, active);
        let slope = &mut slope[..active.len()];
        self.kernels.gelu_with_slope(active, slope, &[]);
        let (n_rows, n_outputs) = (first.bias.len(), second.bias.len());
        self.add_linear(sums, second, by_output, (active, n_rows));
        let by_raw = self.apply(self.weight_back(second), n_outputs, (Start::Zero, by_output.0), by_raw);
        self.kernels.multiply(by_raw, slope);
        self.add_linear(sums, first, (by_raw, n_rows), x);
        by_raw
    }

    /// Adds the gradients by weight, `dy·xᵀ`, and bias, `Σ_t dy`, of a pointwise layer.
    fn add_linear(&self, sums: &mut [f32], spans: &LinearSpans, by_output: Tile<'_>, x: Tile<'_>) {
        self.add_outer(sums, &spans.weight, by_output, x);
        self.add_row_sums(sums, &spans.bias, by_output.0);
    }

    fn add_outer(&self, sums: &mut [f32], span: &Range<usize>, by_output: Tile<'_>, x: Tile<'_>) {
        let rows = (by_output.1, x.1);
        self.kernels.add_outer(&mut sums[parts(span)], &[(by_output.0, x.0)], rows, self.spectral.tile_len);
    }

    fn add_row_sums(&self, sums: &mut [f32], span: &Range<usize>, x: &[f32]) {
        let len = self.spectral.tile_len;
        self.kernels.add_row_sums(&mut sums[parts(span)], Rows::dense(x, len), len);
    }
}

/// Where the parts of the sums of a parameter lie.
fn parts(span: &Range<usize>) -> Range<usize> {
    span.start * LANES..span.end * LANES
}

/// Places of a norm's weight and bias, which lie side by side.
fn norm_slots<'g>(gradient: &'g mut [f32], slots: &LinearSpans) -> [&'g mut [f32]; 2] {
    let both = &mut gradient[slots.weight.start..slots.bias.end];
    let (weight, bias) = both.split_at_mut(slots.weight.len());
    [weight, bias]
}
