//! Group norm with one group: mean and variance over channels and time together.

use crate::layout::LinearSpans;

const EPSILON: f64 = 1e-5;

/// Mean and reciprocal root of the variance of one array.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    mean: f32,
    per_deviation: f32,
    n: f64,
}

impl Moments {
    /// Moments of all values of all rows, in double precision.
    pub(crate) fn of<'h>(rows: impl Iterator<Item = (usize, &'h [f32])> + Clone) -> Self {
        let values = || rows.clone().flat_map(|(_, row)| row).map(|value| f64::from(*value));
        let n = values().count() as f64;
        let mean = values().sum::<f64>() / n;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        Self { mean: mean as f32, per_deviation: (1.0 / (variance + EPSILON).sqrt()) as f32, n }
    }

    fn normal(self, x: f32) -> f32 {
        (x - self.mean) * self.per_deviation
    }
}

/// Scale and offset per channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Affine<'a> {
    weight: &'a [f32],
    bias: &'a [f32],
}

impl<'a> Affine<'a> {
    pub(crate) fn new(values: &'a [f32], spans: &LinearSpans) -> Self {
        Self { weight: &values[spans.weight.clone()], bias: &values[spans.bias.clone()] }
    }

    /// `out = γ (x − mean)/deviation + β` on a tile, `[channels × len]`.
    pub(crate) fn apply(&self, moments: Moments, x: &[f32], out: &mut [f32]) {
        let len = x.len() / self.weight.len();
        let rows = x.chunks_exact(len).zip(out.chunks_exact_mut(len));
        for ((x, out), (weight, bias)) in rows.zip(self.weight.iter().zip(self.bias)) {
            for (out, x) in out.iter_mut().zip(x) {
                *out = weight * moments.normal(*x) + bias;
            }
        }
    }

    /// Turns `gradient` by the output into the gradient by the input, and adds those by `γ` and `β` to `parameters`.
    ///
    /// `x` gives channel and values of every row, in the order of the rows of `gradient [… × len]`. With
    /// `x̂ = (x − mean)/deviation` and `g = γ·dy`: `dx = (g − ⟨g⟩ − x̂⟨g x̂⟩)/deviation`, means over channels and time.
    pub(crate) fn back<'h>(
        &self,
        moments: Moments,
        x: impl Iterator<Item = (usize, &'h [f32])> + Clone,
        (gradient, len): (&mut [f32], usize),
        parameters: [&mut [f32]; 2],
    ) {
        let n_channels = self.weight.len();
        let mut sums = vec![[0.0f64; 2]; n_channels];
        for ((c, x), gradient) in x.clone().zip(gradient.chunks_exact(len)) {
            for (x, g) in x.iter().zip(gradient) {
                sums[c][0] += f64::from(*g);
                sums[c][1] += f64::from(*g) * f64::from(moments.normal(*x));
            }
        }
        let [by_weight, by_bias] = parameters;
        let mut means = [0.0f64; 2];
        for (c, sums) in sums.iter().enumerate() {
            by_bias[c] += sums[0] as f32;
            by_weight[c] += sums[1] as f32;
            means[0] += sums[0] * f64::from(self.weight[c]) / moments.n;
            means[1] += sums[1] * f64::from(self.weight[c]) / moments.n;
        }
        let [mean, mean_x] = means.map(|mean| mean as f32);
        for ((c, x), gradient) in x.zip(gradient.chunks_exact_mut(len)) {
            for (x, g) in x.iter().zip(gradient) {
                *g = moments.per_deviation * (self.weight[c] * *g - mean - moments.normal(*x) * mean_x);
            }
        }
    }
}
