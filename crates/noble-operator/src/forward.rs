//! The forward pass, tile by tile in time.
//!
//! Between two transforms everything is local in time, so a tile of all channels runs through synthesis, skip, GELU,
//! pointwise layers, gate, GELU and the analysis for the next block while it is in the fastest cache. Tiles are
//! independent: several threads may share them, without a change of a bit. Group norm needs the whole signal and
//! splits a block into three sweeps over the tiles.

use rayon::prelude::*;

use crate::kernel::{Columns, Rows, Start, Target};
use crate::layout::LinearSpans;
use crate::norm::{Affine, Moments};
use crate::spectral::Side;
use crate::workspace::{Purpose, TileBuffers, Workspace};
use crate::{Embedding, NetworkPlan, SampleInput};

/// One tile of what a pass writes.
struct TilePlace<'w> {
    tile_idx: usize,
    /// `[C × tile_len]`, the block's input, replaced by its output.
    hidden: &'w mut [f32],
    moments: &'w mut [f32],
    output: &'w mut [f32],
}

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
        let input = std::mem::take(&mut workspace.input);
        self.run(workspace, &|tile_idx, place, buffers| self.lift(&input, tile_idx, place, buffers));
        workspace.input = input;
    }

    /// Runs the network on `x [in_channels × n_samples]` into `y [n_samples]`.
    ///
    /// # Panics
    /// When `x` or `y` has another length, or the workspace was made for a plan of other sizes.
    pub fn forward(&self, workspace: &mut Workspace, x: &[f32], y: &mut [f32]) {
        workspace.input_mut().copy_from_slice(x);
        self.forward_in_place(workspace);
        y.copy_from_slice(workspace.output());
    }

    /// The pass after `lift` has filled every tile of the first hidden array.
    pub(crate) fn run(
        &self,
        ws: &mut Workspace,
        lift: &(dyn Fn(usize, &mut [f32], &mut TileBuffers) + Sync),
    ) {
        let n_padded = self.spectral.n_tiles * self.spectral.tile_len;
        assert!(ws.output.len() == n_padded, "workspace of {}, plan of {n_padded}", ws.output.len());
        self.for_tiles(ws, None, &|place, buffers| {
            lift(place.tile_idx, place.hidden, buffers);
            self.spectral.analyze_tile(self.kernels, place.tile_idx, place.hidden, place.moments);
        });
        for layer_idx in 0..self.architecture.n_layers {
            self.mix_spectrum(ws, layer_idx);
            if self.architecture.group_norm {
                self.block_with_norms(ws, layer_idx);
                continue;
            }
            let slot = ws.purpose.slot(layer_idx);
            let grid = std::mem::take(&mut ws.grids[slot]);
            self.for_tiles(ws, Some(layer_idx), &|place, buffers| {
                let sum = (&*place.hidden, buffers.narrow[0].as_mut_slice());
                self.add_convolutions(layer_idx, place.tile_idx, &grid, sum);
                self.block_tile(layer_idx, place, buffers);
            });
            ws.grids[slot] = grid;
        }
    }

    /// Calls `work` with every tile of the hidden array, shared over as many threads as the workspace has buffers for.
    ///
    /// Where a workspace remembers, the tile is first copied to what is kept of a block's input.
    fn for_tiles(
        &self,
        ws: &mut Workspace,
        block_idx: Option<usize>,
        work: &(dyn Fn(TilePlace<'_>, &mut TileBuffers) + Sync),
    ) {
        let Workspace { hidden, kept, moments, output, tiles, .. } = ws;
        let (size, len) = (self.tile_size(), self.spectral.tile_len);
        let moments_len = self.spectral.moments_len(self.architecture.hidden_channels);
        let n_each = self.spectral.n_tiles.div_ceil(tiles.len());
        let mut kept = block_idx.and_then(|idx| kept.get_mut(idx));
        let sweep = |first: usize, buffers: &mut TileBuffers, parts: [&mut [f32]; 3]| {
            let [hidden, moments, output] = parts;
            let parts = hidden.chunks_exact_mut(size).zip(moments.chunks_exact_mut(moments_len));
            for (i, ((hidden, moments), output)) in parts.zip(output.chunks_exact_mut(len)).enumerate() {
                work(TilePlace { tile_idx: first + i, hidden, moments, output }, buffers);
            }
        };
        if let [buffers] = tiles.as_mut_slice() {
            for tile_idx in 0..self.spectral.n_tiles {
                let hidden = &mut hidden[tile_idx * size..][..size];
                if let Some(kept) = &mut kept {
                    kept[tile_idx * size..][..size].copy_from_slice(hidden);
                }
                let moments = &mut moments[tile_idx * moments_len..][..moments_len];
                sweep(tile_idx, buffers, [hidden, moments, &mut output[tile_idx * len..][..len]]);
            }
            return;
        }
        if let Some(kept) = kept {
            kept.copy_from_slice(hidden);
        }
        let parts = hidden.par_chunks_mut(n_each * size).zip(moments.par_chunks_mut(n_each * moments_len));
        let parts = parts.zip(output.par_chunks_mut(n_each * len)).zip(tiles.par_iter_mut());
        parts.enumerate().for_each(|(i, (((hidden, moments), output), buffers))| {
            sweep(i * n_each, buffers, [hidden, moments, output]);
        });
    }

    /// `h₀ = W₂ σ(W₁ x + b₁) + b₂` on a tile.
    fn lift(&self, input: &[f32], tile_idx: usize, hidden: &mut [f32], buffers: &mut TileBuffers) {
        let [x, raw, _] = &mut buffers.wide;
        self.gather_input(input, tile_idx, x);
        let [first, second] = &self.pointwise.lifting;
        let raw = self.linear(first, Start::Bias(self.bias(first)), x, raw);
        self.kernels.gelu(raw, self.mixing_share(0, tile_idx));
        self.linear(second, Start::Bias(self.bias(second)), raw, hidden);
    }

    /// `W₁ x + b₁` of the channels that all models share at one current, on a tile, `[H × tile_len]`.
    ///
    /// # Panics
    /// When embedding or stimulus have another length than the plan.
    pub(crate) fn lift_shared(
        &self,
        (embedding, current): (&Embedding, (&[f32], f64)),
        tile_idx: usize,
        x: &mut [f32],
        raw: &mut [f32],
    ) {
        let n = (self.n_samples(), embedding.n_samples(), current.0.len());
        assert!(n.0 == n.1 && n.0 == n.2, "plan, embedding, stimulus of {n:?} samples");
        let first = &self.pointwise.lifting[0];
        let ((start, n_valid), len) = (self.spectral.tile(tile_idx), self.spectral.tile_len);
        let n_shared = embedding.n_shared();
        let rows = &mut x[..n_shared * len];
        if n_valid < len {
            rows.fill(0.0);
        }
        embedding.write_shared(current, start..start + n_valid, (rows, len));
        self.apply(self.weight(first), n_shared, (Start::Bias(self.bias(first)), rows), raw);
    }

    /// The lifting on a tile from the shared part in `raw`, as [`Self::lift_shared`] leaves it in the second wide buffer.
    fn lift_own(
        &self,
        (embedding, own): (&Embedding, (&[f64], &[f32])),
        tile_idx: usize,
        hidden: &mut [f32],
        buffers: &mut TileBuffers,
    ) {
        let [first, second] = &self.pointwise.lifting;
        let ((start, n_valid), len) = (self.spectral.tile(tile_idx), self.spectral.tile_len);
        let n_shared = embedding.n_shared();
        let n_own = self.architecture.in_channels - n_shared;
        let [x, raw, _] = &mut buffers.wide;
        let rows = &mut x[..(n_own + 1) * len];
        if n_valid < len {
            rows.fill(0.0);
        }
        let (own_rows, grid) = rows.split_at_mut(n_own * len);
        embedding.write_own(own, start..start + n_valid, (own_rows, len));
        grid[..n_valid].copy_from_slice(&self.grid[start..start + n_valid]);
        let raw = self.apply(self.weight_from(first, n_shared), n_own + 1, (Start::Add, rows), raw);
        self.kernels.gelu(raw, self.mixing_share(0, tile_idx));
        self.linear(second, Start::Bias(self.bias(second)), raw, hidden);
    }

    /// Runs the network on a sample and leaves `[n_samples]` in the workspace's output; `shared` holds what
    /// [`Self::lift_shared`] gives for every tile, where that is known.
    pub(crate) fn forward_sample(&self, ws: &mut Workspace, input: &SampleInput<'_>, shared: Option<&[f32]>) {
        match *input {
            SampleInput::Channels(values) => {
                assert!(values.len() == ws.input.len(), "{} values of input channels", values.len());
                self.run(ws, &|tile_idx, hidden, buffers| self.lift(values, tile_idx, hidden, buffers));
            }
            SampleInput::Embedded { embedding, stimulus_na, step_na, latents } => {
                let n_channels = embedding.encoding().n_channels();
                assert!(n_channels == self.architecture.in_channels, "an embedding of {n_channels} channels");
                let size = self.lifted_size();
                let counts = embedding.spike_counts(stimulus_na, latents);
                self.run(ws, &|tile_idx, hidden, buffers| {
                    let [x, raw, _] = &mut buffers.wide;
                    match shared {
                        Some(shared) => raw[..size].copy_from_slice(&shared[tile_idx * size..][..size]),
                        None => self.lift_shared((embedding, (stimulus_na, step_na)), tile_idx, x, raw),
                    }
                    self.lift_own((embedding, (latents, &counts)), tile_idx, hidden, buffers);
                });
            }
        }
    }

    /// Values of a tile of the lifting's hidden channels.
    pub(crate) fn lifted_size(&self) -> usize {
        self.architecture.lifting_channels * self.spectral.tile_len
    }

    /// Weight of a pointwise layer from one of its inputs on.
    fn weight_from(&self, spans: &LinearSpans, first_input: usize) -> Columns<'_> {
        let n_rows = spans.bias.len();
        Columns::dense(&self.transposed[spans.weight.clone()][first_input * n_rows..], n_rows)
    }

    /// Input channels and grid channel of a tile, `[(in_channels + 1) × tile_len]`; zero beyond the signal.
    pub(crate) fn gather_input(&self, input: &[f32], tile_idx: usize, x: &mut [f32]) {
        let (n, (start, len)) = (self.n_samples(), self.spectral.tile(tile_idx));
        let rows = input.chunks_exact(n).chain(std::iter::once(self.grid.as_slice()));
        for (row, x) in rows.zip(x.chunks_exact_mut(self.spectral.tile_len)) {
            x[..len].copy_from_slice(&row[start..start + len]);
            x[len..].fill(0.0);
        }
    }

    /// `W x` of a pointwise layer on a tile without gaps, added to `start`; returns the part of `out` that it filled.
    pub(crate) fn linear<'o>(
        &self,
        spans: &LinearSpans,
        start: Start<'_>,
        x: &[f32],
        out: &'o mut [f32],
    ) -> &'o mut [f32] {
        self.apply(self.weight(spans), spans.weight.len() / spans.bias.len(), (start, x), out)
    }

    /// `A x` on a tile without gaps, `A` with `n_inputs` columns.
    pub(crate) fn apply<'o>(
        &self,
        matrix: Columns<'_>,
        n_inputs: usize,
        (start, x): (Start<'_>, &[f32]),
        out: &'o mut [f32],
    ) -> &'o mut [f32] {
        let len = self.spectral.tile_len;
        let out = &mut out[..matrix.rows * len];
        let mut target = Target { values: out, stride: len, cols: len, start };
        self.kernels.product(&mut target, &matrix, &Rows::dense(x, len), n_inputs);
        out
    }

    /// Spectrum of the block's input, mixed, as the grid its convolution is synthesized from.
    fn mix_spectrum(&self, ws: &mut Workspace, layer_idx: usize) {
        let (len, slot) = (ws.mixed.len(), ws.purpose.slot(layer_idx));
        let spectrum = &mut ws.spectra[slot * len..][..len];
        self.spectral.finish_analysis(self.kernels, &mut ws.scratch, (&ws.moments, Side::Mean), spectrum);
        self.mix(layer_idx, spectrum, &mut ws.mixed, ws.tiles.len());
        let mixed = (ws.mixed.as_slice(), Side::Count);
        self.spectral.start_synthesis(self.kernels, &mut ws.scratch, mixed, &mut ws.grids[slot]);
    }

    /// `a = Sh + Kh`, with the convolution's bias, on a tile.
    pub(crate) fn add_convolutions(
        &self,
        layer_idx: usize,
        tile_idx: usize,
        grid: &[f32],
        (hidden, sum): (&[f32], &mut [f32]),
    ) {
        let spans = &self.pointwise.blocks[layer_idx];
        let channels = self.architecture.hidden_channels;
        let bias = Start::Bias(&self.values[spans.spectral_bias.clone()]);
        self.spectral.synthesize_tile(self.kernels, (grid, channels), tile_idx, bias, sum);
        self.apply(self.skip(layer_idx), channels, (Start::Add, hidden), sum);
    }

    /// Weight of a linear skip.
    fn skip(&self, layer_idx: usize) -> Columns<'_> {
        let spans = &self.pointwise.blocks[layer_idx];
        Columns::dense(&self.transposed[spans.skip.clone()], self.architecture.hidden_channels)
    }

    /// From the argument of a block's first GELU, in the first narrow buffer, to the next block's input and its
    /// moments, or to the output.
    fn block_tile(&self, layer_idx: usize, place: TilePlace<'_>, buffers: &mut TileBuffers) {
        let TilePlace { tile_idx, hidden, moments, output } = place;
        self.mlp_and_gate(layer_idx, hidden, buffers);
        self.finish_tile(layer_idx, TilePlace { tile_idx, hidden, moments, output }, buffers);
    }

    /// `h ← V σ(U σ(a) + u) + v + γ⊙h`, `a` in the first narrow buffer (without its GELU in the last block).
    fn mlp_and_gate(&self, layer_idx: usize, hidden: &mut [f32], buffers: &mut TileBuffers) {
        let a = &mut buffers.narrow[0];
        if !self.is_last(layer_idx) {
            self.kernels.gelu(a, &[]);
        }
        let spans = &self.pointwise.blocks[layer_idx];
        let [first, second] = &spans.mlp;
        let inner = self.linear(first, Start::Bias(self.bias(first)), a, &mut buffers.wide[0]);
        self.kernels.gelu(inner, &[]);
        self.kernels.scale_rows(hidden, &self.values[spans.gate.clone()], self.bias(second));
        self.linear(second, Start::Add, inner, hidden);
    }

    /// The last GELU of a block and the moments of its output, or the projection.
    fn finish_tile(&self, layer_idx: usize, place: TilePlace<'_>, buffers: &mut TileBuffers) {
        if !self.is_last(layer_idx) {
            self.kernels.gelu(place.hidden, self.mixing_share(layer_idx + 1, place.tile_idx));
            return self.spectral.analyze_tile(self.kernels, place.tile_idx, place.hidden, place.moments);
        }
        let [first, second] = &self.pointwise.projection;
        let raw = self.linear(first, Start::Bias(self.bias(first)), place.hidden, &mut buffers.wide[0]);
        self.kernels.gelu(raw, &[]);
        self.linear(second, Start::Bias(self.bias(second)), raw, place.output);
    }

    /// A block whose norms need the whole signal, in three sweeps.
    fn block_with_norms(&self, ws: &mut Workspace, layer_idx: usize) {
        let slot = ws.purpose.slot(layer_idx);
        let (size, c) = (self.tile_size(), self.architecture.hidden_channels);
        let [spectral_norm, output_norm] = &self.pointwise.blocks[layer_idx].norms;
        let bias = &self.values[self.pointwise.blocks[layer_idx].spectral_bias.clone()];
        let Workspace { grids, norms, hidden, kept, moments, tiles, output, .. } = ws;
        if let Some(kept) = kept.get_mut(layer_idx) {
            kept.copy_from_slice(hidden);
        }
        let [by_spectral, by_output] = &mut norms[slot];
        for (tile_idx, values) in by_spectral.values.chunks_exact_mut(size).enumerate() {
            self.spectral.synthesize_tile(
                self.kernels,
                (&grids[slot], c),
                tile_idx,
                Start::Bias(bias),
                values,
            );
        }
        by_spectral.moments = Moments::of(self.valid_rows(&by_spectral.values));
        let buffers = &mut tiles[0];
        for (tile_idx, values) in by_output.values.chunks_exact_mut(size).enumerate() {
            let normed = &by_spectral.values[tile_idx * size..][..size];
            Affine::new(&self.values, spectral_norm).apply(
                by_spectral.moments,
                normed,
                &mut buffers.narrow[0],
            );
            values.copy_from_slice(&hidden[tile_idx * size..][..size]);
            self.apply(self.skip(layer_idx), c, (Start::Add, values), &mut buffers.narrow[0]);
            self.mlp_and_gate(layer_idx, values, buffers);
        }
        by_output.moments = Moments::of(self.valid_rows(&by_output.values));
        let moments_len = self.spectral.moments_len(c);
        for (tile_idx, values) in by_output.values.chunks_exact(size).enumerate() {
            let hidden = &mut hidden[tile_idx * size..][..size];
            Affine::new(&self.values, output_norm).apply(by_output.moments, values, hidden);
            let moments = &mut moments[tile_idx * moments_len..][..moments_len];
            let output = &mut output[tile_idx * self.spectral.tile_len..][..self.spectral.tile_len];
            self.finish_tile(layer_idx, TilePlace { tile_idx, hidden, moments, output }, buffers);
        }
    }

    /// Rows of a hidden array without their padding: channel and values.
    pub(crate) fn valid_rows<'h>(
        &self,
        hidden: &'h [f32],
    ) -> impl Iterator<Item = (usize, &'h [f32])> + Clone {
        let (c, len, n) = (self.architecture.hidden_channels, self.spectral.tile_len, self.n_samples());
        let rows = hidden.chunks_exact(len).enumerate();
        rows.map(move |(i, row)| (i % c, &row[..len.min(n - i / c * len)]))
    }

    pub(crate) fn is_last(&self, layer_idx: usize) -> bool {
        layer_idx + 1 == self.architecture.n_layers
    }
}

impl Purpose {
    /// Place of a block's array: its own where all are remembered, else the only one.
    pub(crate) fn slot(self, layer_idx: usize) -> usize {
        match self {
            Self::Gradient => layer_idx,
            Self::Forward => 0,
        }
    }
}
