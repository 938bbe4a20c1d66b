//! The network as a graph of matrix products.
//!
//! ONNX has no real Fourier transform that keeps a few modes, and runtimes differ in what they make of complex
//! numbers. With `T` fixed the transform is a matrix, so the whole network is real products, sums and `Gelu`:
//!
//! ```text
//! X = h F          F [T × 2M]: cos(2πkn/T)/T, then -sin(2πkn/T)/T       M modes
//! Y = X W_k        W [M × 2C × 2C]: (Re, Im; -Im, Re) for each mode
//! y = Y G + β      G [2M × T]: w_k cos(2πkn/T), then -w_k sin(2πkn/T)   w_k = 2, 1 at k = 0 and at Nyquist
//! ```

use super::graph::{Attribute, Axis, Graph};
use crate::Network;
use crate::layout::{BlockSpans, Layout, LinearSpans};

/// Added to the variance of a group norm.
const EPSILON: f32 = 1e-5;

/// Modes that a signal of `n_samples` has of those that are stored.
pub(super) fn n_modes(network: &Network, n_samples: usize) -> usize {
    network.architecture().n_stored_modes().min(n_samples / 2 + 1)
}

/// Adds the network on `x [batch × in_channels × n_samples]`; the output is `y [batch × 1 × n_samples]`.
pub(super) fn graph(network: &Network, n_samples: usize) -> Graph {
    let layout = Layout::new(network.architecture());
    let mut export =
        Export { network, n_samples, n_modes: n_modes(network, n_samples), graph: Graph::default() };
    export.shared();
    let mut hidden = export.lifting(&layout.lifting);
    let n_layers = layout.blocks.len();
    for (i, block) in layout.blocks.iter().enumerate() {
        hidden = export.block(block, (i, i + 1 == n_layers), &hidden);
    }
    let between = export.linear("projection.fcs.0", &layout.projection[0], &hidden);
    let between = export.gelu(&between);
    export.linear_into(("projection.fcs.1", "y"), &layout.projection[1], &between);
    export.graph
}

/// Axes of input and output.
pub(super) fn axes(network: &Network, n_samples: usize) -> [[Axis; 3]; 2] {
    [network.architecture().in_channels, 1]
        .map(|channels| [Axis::Free("batch"), Axis::Fixed(channels), Axis::Fixed(n_samples)])
}

struct Export<'a> {
    network: &'a Network,
    n_samples: usize,
    n_modes: usize,
    graph: Graph,
}

impl Export<'_> {
    fn values(&self, span: &std::ops::Range<usize>) -> &[f32] {
        &self.network.values()[span.clone()]
    }

    /// Constants that all blocks use.
    fn shared(&mut self) {
        let (c, m) = (self.network.architecture().hidden_channels as i64, self.n_modes);
        let (forward, inverse) = transforms(self.n_samples, m);
        self.graph.array("transform.forward", &[self.n_samples, 2 * m], &forward);
        self.graph.array("transform.inverse", &[2 * m, self.n_samples], &inverse);
        // Zero keeps the length of an axis.
        self.graph.numbers("shape.parts_of_modes", &[0, c, 2, m as i64]);
        self.graph.numbers("shape.modes", &[0, c, 2 * m as i64]);
        self.graph.numbers("shape.channels_of_parts", &[0, 0, 2, c]);
        self.graph.numbers("shape.channels", &[0, 0, 2 * c]);
        if self.network.architecture().group_norm {
            self.graph.numbers("norm.axes", &[1, 2]);
            self.graph.array("norm.epsilon", &[1], &[EPSILON]);
        }
    }

    /// The lifting; its first weight is split into the columns of the input and the column of the grid channel.
    fn lifting(&mut self, spans: &[LinearSpans; 2]) -> String {
        let (n_in, n_out) = (self.network.architecture().in_channels, spans[0].bias.len());
        let weight = self.values(&spans[0].weight);
        let rows = weight.chunks_exact(n_in + 1);
        let of_input: Vec<f32> = rows.clone().flat_map(|row| &row[..n_in]).copied().collect();
        let of_grid: Vec<f32> = rows.map(|row| row[n_in]).collect();
        let bias = self.values(&spans[0].bias).to_vec();
        let grid = crate::embedding::grid(self.n_samples);
        let g = &mut self.graph;
        let of_input = g.array("lifting.fcs.0.weight.input", &[n_out, n_in], &of_input);
        let of_grid = g.array("lifting.fcs.0.weight.grid", &[n_out, 1], &of_grid);
        let grid = g.array("grid", &[1, self.n_samples], &grid);
        let bias = g.array("lifting.fcs.0.bias", &[n_out, 1], &bias);
        let position = g.node("MatMul", &[&of_grid, &grid], "lifting.grid");
        let offset = g.node("Add", &[&position, &bias], "lifting.offset");
        let product = g.node("MatMul", &[&of_input, "x"], "lifting.input");
        let sum = g.node("Add", &[&product, &offset], "lifting.fcs.0");
        let between = self.gelu(&sum);
        self.linear_into(("lifting.fcs.1", "lifting"), &spans[1], &between)
    }

    fn block(&mut self, spans: &BlockSpans, (i, is_last): (usize, bool), hidden: &str) -> String {
        let c = self.network.architecture().hidden_channels;
        let mut z = self.spectral(spans, i, hidden);
        z = self.norm(2 * i, &spans.norms[0], z);
        let skip = self.weight(&format!("fno_blocks.fno_skips.{i}.conv"), &spans.skip, c);
        let skip = self.graph.node("MatMul", &[&skip, hidden], &format!("skip.{i}"));
        z = self.graph.node("Add", &[&z, &skip], &format!("block.{i}.before_mlp"));
        if !is_last {
            z = self.gelu(&z);
        }
        let name = format!("fno_blocks.channel_mlp.{i}.fcs.0");
        let between = self.linear(&name, &spans.mlp[0], &z);
        let between = self.gelu(&between);
        let name = format!("fno_blocks.channel_mlp.{i}.fcs.1");
        let mlp = self.linear_into((&name, &format!("mlp.{i}")), &spans.mlp[1], &between);
        let gate = self.column(&format!("fno_blocks.channel_mlp_skips.{i}.weight"), &spans.gate);
        let gate = self.graph.node("Mul", &[&gate, hidden], &format!("gate.{i}"));
        z = self.graph.node("Add", &[&mlp, &gate], &format!("block.{i}.sum"));
        z = self.norm(2 * i + 1, &spans.norms[1], z);
        if is_last { z } else { self.gelu(&z) }
    }

    /// Transform, mixing of channels in every mode, inverse transform, bias.
    fn spectral(&mut self, spans: &BlockSpans, i: usize, hidden: &str) -> String {
        let (c, m) = (self.network.architecture().hidden_channels, self.n_modes);
        let mixing = self.mixing(&spans.spectral_weight);
        let bias = self.column(&format!("fno_blocks.convs.{i}.bias"), &spans.spectral_bias);
        let g = &mut self.graph;
        let mixing = g.array(&format!("fno_blocks.convs.{i}.weight"), &[m, 2 * c, 2 * c], &mixing);
        let at = |step: &str| format!("spectral.{i}.{step}");
        let turn = |axes| [Attribute::Numbers("perm", axes)];
        let x = g.node("MatMul", &[hidden, "transform.forward"], &at("modes"));
        let x = g.node("Reshape", &[&x, "shape.parts_of_modes"], &at("parts"));
        let x = g.node_with("Transpose", &[&x], &at("by_mode"), &turn(&[3, 0, 2, 1]));
        let x = g.node("Reshape", &[&x, "shape.channels"], &at("channels"));
        let y = g.node("MatMul", &[&x, &mixing], &at("mixed"));
        let y = g.node("Reshape", &[&y, "shape.channels_of_parts"], &at("mixed_parts"));
        let y = g.node_with("Transpose", &[&y], &at("by_channel"), &turn(&[1, 3, 2, 0]));
        let y = g.node("Reshape", &[&y, "shape.modes"], &at("mixed_modes"));
        let y = g.node("MatMul", &[&y, "transform.inverse"], &at("samples"));
        g.node("Add", &[&y, &bias], &format!("spectral.{i}"))
    }

    /// `[n_modes × 2C × 2C]`: row `(part, in)`, column `(part, out)`, from weights `[in, out, mode, 2]`.
    fn mixing(&self, span: &std::ops::Range<usize>) -> Vec<f32> {
        let c = self.network.architecture().hidden_channels;
        let n_stored = self.network.architecture().n_stored_modes();
        let weights = self.values(span);
        let mut matrix = vec![0.0; self.n_modes * 4 * c * c];
        for (k, of_mode) in matrix.chunks_exact_mut(4 * c * c).enumerate() {
            for from in 0..c {
                for to in 0..c {
                    let place = 2 * ((from * c + to) * n_stored + k);
                    let (re, im) = (weights[place], weights[place + 1]);
                    of_mode[from * 2 * c + to] = re;
                    of_mode[from * 2 * c + c + to] = im;
                    of_mode[(c + from) * 2 * c + to] = -im;
                    of_mode[(c + from) * 2 * c + c + to] = re;
                }
            }
        }
        matrix
    }

    /// Group norm with one group; nothing where the network has none.
    fn norm(&mut self, norm_idx: usize, spans: &LinearSpans, x: String) -> String {
        if spans.weight.is_empty() {
            return x;
        }
        let weight = self.column(&format!("fno_blocks.norm.{norm_idx}.weight"), &spans.weight);
        let bias = self.column(&format!("fno_blocks.norm.{norm_idx}.bias"), &spans.bias);
        let g = &mut self.graph;
        let at = |step: &str| format!("norm.{norm_idx}.{step}");
        let mean = g.node("ReduceMean", &[&x, "norm.axes"], &at("mean"));
        let centered = g.node("Sub", &[&x, &mean], &at("centered"));
        let squares = g.node("Mul", &[&centered, &centered], &at("squares"));
        let variance = g.node("ReduceMean", &[&squares, "norm.axes"], &at("variance"));
        let variance = g.node("Add", &[&variance, "norm.epsilon"], &at("variance_up"));
        let deviation = g.node("Sqrt", &[&variance], &at("deviation"));
        let normal = g.node("Div", &[&centered, &deviation], &at("normal"));
        let scaled = g.node("Mul", &[&normal, &weight], &at("scaled"));
        g.node("Add", &[&scaled, &bias], &format!("norm.{norm_idx}"))
    }

    fn linear(&mut self, name: &str, spans: &LinearSpans, x: &str) -> String {
        self.linear_into((name, name), spans, x)
    }

    fn linear_into(&mut self, (name, output): (&str, &str), spans: &LinearSpans, x: &str) -> String {
        let weight = self.weight(name, &spans.weight, spans.bias.len());
        let bias = self.column(&format!("{name}.bias"), &spans.bias);
        let product = self.graph.node("MatMul", &[&weight, x], &format!("{name}.product"));
        self.graph.node("Add", &[&product, &bias], output)
    }

    /// A weight matrix `[n_out × n_in]`.
    fn weight(&mut self, name: &str, span: &std::ops::Range<usize>, n_out: usize) -> String {
        let values = self.values(span).to_vec();
        self.graph.array(&format!("{name}.weight"), &[n_out, span.len() / n_out], &values)
    }

    /// One value per channel, `[channels × 1]`.
    fn column(&mut self, name: &str, span: &std::ops::Range<usize>) -> String {
        let values = self.values(span).to_vec();
        self.graph.array(name, &[span.len(), 1], &values)
    }

    fn gelu(&mut self, x: &str) -> String {
        let exact = [Attribute::Text("approximate", "none")];
        self.graph.node_with("Gelu", &[x], &format!("{x}.gelu"), &exact)
    }
}

/// Forward `[T × 2M]` and inverse `[2M × T]`, computed in double precision and rounded once.
fn transforms(n_samples: usize, n_modes: usize) -> (Vec<f32>, Vec<f32>) {
    let mut forward = vec![0.0; n_samples * 2 * n_modes];
    let mut inverse = vec![0.0; n_samples * 2 * n_modes];
    let wave: Vec<(f64, f64)> = (0..n_samples)
        .map(|turn| (std::f64::consts::TAU * turn as f64 / n_samples as f64).sin_cos())
        .collect();
    for k in 0..n_modes {
        // Imaginary parts of the mean and of Nyquist's mode do not reach a real signal.
        let (times, times_imaginary) = if k == 0 || 2 * k == n_samples { (1.0, 0.0) } else { (2.0, 2.0) };
        for n in 0..n_samples {
            let (sin, cos) = wave[k * n % n_samples];
            forward[n * 2 * n_modes + k] = (cos / n_samples as f64) as f32;
            forward[n * 2 * n_modes + n_modes + k] = (-sin / n_samples as f64) as f32;
            inverse[k * n_samples + n] = (times * cos) as f32;
            inverse[(n_modes + k) * n_samples + n] = (-times_imaginary * sin) as f32;
        }
    }
    (forward, inverse)
}
