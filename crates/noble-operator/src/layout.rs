//! Where each parameter of a network lies in one flat array, in state-dict order.

use std::ops::Range;

use crate::Architecture;

/// One named parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    /// State-dict name.
    pub name: String,
    /// Shape; a complex parameter has a last axis of 2 (real, imaginary).
    pub shape: Vec<usize>,
    /// Whether pairs of values are complex numbers.
    pub is_complex: bool,
    /// Place in the flat array.
    pub span: Range<usize>,
    /// Inputs of the linear map this belongs to; zero where there is none.
    pub(crate) fan_in: usize,
}

/// A pointwise layer: weight `[out × in]` and bias `[out]`.
#[derive(Debug, Clone)]
pub(crate) struct LinearSpans {
    pub(crate) weight: Range<usize>,
    pub(crate) bias: Range<usize>,
}

/// The parameters of one block.
#[derive(Debug, Clone)]
pub(crate) struct BlockSpans {
    pub(crate) spectral_bias: Range<usize>,
    pub(crate) spectral_weight: Range<usize>,
    pub(crate) skip: Range<usize>,
    pub(crate) mlp: [LinearSpans; 2],
    pub(crate) gate: Range<usize>,
    /// Of the spectral output and of the block output; empty ranges without group norm.
    pub(crate) norms: [LinearSpans; 2],
}

/// All parameters, by name and by place.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) parameters: Vec<ParameterInfo>,
    pub(crate) blocks: Vec<BlockSpans>,
    pub(crate) lifting: [LinearSpans; 2],
    pub(crate) projection: [LinearSpans; 2],
    pub(crate) len: usize,
}

impl Layout {
    /// Layout of a whole network.
    pub(crate) fn new(architecture: &Architecture) -> Self {
        Self::with_modes(architecture, architecture.n_stored_modes())
    }

    /// Layout of everything but the spectral weights, whose spans are empty: the part of a gradient that is summed
    /// per sample.
    pub(crate) fn pointwise(architecture: &Architecture) -> Self {
        Self::with_modes(architecture, 0)
    }

    /// Every weight matrix `[out × in]` of the pointwise layers and its number of outputs.
    pub(crate) fn matrices(&self) -> Vec<(Range<usize>, usize)> {
        let linear = |spans: &LinearSpans| (spans.weight.clone(), spans.bias.len());
        let blocks = self.blocks.iter().flat_map(|block| {
            let skip = (block.skip.clone(), block.gate.len());
            [skip, linear(&block.mlp[0]), linear(&block.mlp[1])]
        });
        blocks.chain(self.lifting.iter().map(linear)).chain(self.projection.iter().map(linear)).collect()
    }

    fn with_modes(a: &Architecture, n_modes: usize) -> Self {
        let mut list = List::default();
        let (c, e) = (a.hidden_channels, a.mlp_channels);
        let range = || 0..a.n_layers;
        let spectral: Vec<_> = range()
            .map(|i| {
                let bias = list.add(format!("fno_blocks.convs.{i}.bias"), &[c, 1], 0);
                let name = format!("fno_blocks.convs.{i}.weight.tensor");
                (bias, list.add_complex(name, &[c, c, n_modes]))
            })
            .collect();
        let skips: Vec<_> = range()
            .map(|i| list.add(format!("fno_blocks.fno_skips.{i}.conv.weight"), &[c, c, 1], c))
            .collect();
        let mlps: Vec<_> =
            range().map(|i| list.add_mlp(&format!("fno_blocks.channel_mlp.{i}"), [c, e, c])).collect();
        let gates: Vec<_> = range()
            .map(|i| list.add(format!("fno_blocks.channel_mlp_skips.{i}.weight"), &[1, c, 1], 0))
            .collect();
        let norms: Vec<_> = range()
            .map(|i| [2 * i, 2 * i + 1].map(|j| list.add_norm(j, if a.group_norm { c } else { 0 })))
            .collect();
        let lifting = list.add_mlp("lifting", [a.in_channels + 1, a.lifting_channels, c]);
        let projection = list.add_mlp("projection", [c, a.projection_channels, 1]);
        let blocks = spectral
            .into_iter()
            .zip(skips)
            .zip(mlps.into_iter().zip(gates.into_iter().zip(norms)))
            .map(|(((spectral_bias, spectral_weight), skip), (mlp, (gate, norms)))| BlockSpans {
                spectral_bias,
                spectral_weight,
                skip,
                mlp,
                gate,
                norms,
            })
            .collect();
        Self { parameters: list.parameters, blocks, lifting, projection, len: list.len }
    }
}

#[derive(Default)]
struct List {
    parameters: Vec<ParameterInfo>,
    len: usize,
}

impl List {
    fn add(&mut self, name: String, shape: &[usize], fan_in: usize) -> Range<usize> {
        self.push(name, shape.to_vec(), false, fan_in)
    }

    fn add_complex(&mut self, name: String, shape: &[usize]) -> Range<usize> {
        let shape = shape.iter().copied().chain([2]).collect();
        self.push(name, shape, true, 0)
    }

    fn add_mlp(&mut self, name: &str, [from, between, to]: [usize; 3]) -> [LinearSpans; 2] {
        [(0, from, between), (1, between, to)].map(|(i, inputs, outputs)| LinearSpans {
            weight: self.add(format!("{name}.fcs.{i}.weight"), &[outputs, inputs, 1], inputs),
            bias: self.add(format!("{name}.fcs.{i}.bias"), &[outputs], inputs),
        })
    }

    fn add_norm(&mut self, norm_idx: usize, channels: usize) -> LinearSpans {
        if channels == 0 {
            return LinearSpans { weight: 0..0, bias: 0..0 };
        }
        LinearSpans {
            weight: self.add(format!("fno_blocks.norm.{norm_idx}.weight"), &[channels], 0),
            bias: self.add(format!("fno_blocks.norm.{norm_idx}.bias"), &[channels], 0),
        }
    }

    fn push(&mut self, name: String, shape: Vec<usize>, is_complex: bool, fan_in: usize) -> Range<usize> {
        let start = self.len;
        self.len += shape.iter().product::<usize>();
        let span = start..self.len;
        self.parameters.push(ParameterInfo { name, shape, is_complex, span: span.clone(), fan_in });
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_published_size() {
        let layout = Layout::new(&Architecture::new(23, 24, 12, 256));
        assert_eq!((layout.parameters.len(), layout.len), (104, 1_803_001));
    }
}
