//! Group norm with one group: mean and variance over channels and time together.

use crate::layout::LinearSpans;

const EPSILON: f64 = 1e-5;

/// Mean and reciprocal root of the variance of one array.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    mean: f32,
    per_deviation: f32,
}

impl Moments {
    /// Moments of all values, in double precision.
    pub(crate) fn of(values: &[f32]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let variance = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
        Self { mean: mean as f32, per_deviation: (1.0 / (variance + EPSILON).sqrt()) as f32 }
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

    pub(crate) fn n_channels(&self) -> usize {
        self.weight.len()
    }

    /// `out = γ (x − mean)/deviation + β` for a stretch of one channel.
    pub(crate) fn apply(&self, channel_idx: usize, moments: Moments, x: &[f32], out: &mut [f32]) {
        let (weight, bias) = (self.weight[channel_idx], self.bias[channel_idx]);
        for (out, x) in out.iter_mut().zip(x) {
            *out = weight * ((x - moments.mean) * moments.per_deviation) + bias;
        }
    }

    /// Turns `gradient` by the output into the gradient by the input, and adds those by `γ` and `β`.
    ///
    /// Arrays are `[channels × n]`. With `x̂ = (x − mean)/deviation` and `g = γ·dy`:
    /// `dx = (g − ⟨g⟩ − x̂⟨g x̂⟩)/deviation`, means over channels and time.
    pub(crate) fn back(
        &self,
        moments: Moments,
        x: &[f32],
        gradient: &mut [f32],
        parameters: [&mut [f32]; 2],
    ) {
        let n = x.len() / self.weight.len();
        let [by_weight, by_bias] = parameters;
        let (mut sum, mut sum_x) = (0.0f64, 0.0f64);
        let normal = |x: f32| (x - moments.mean) * moments.per_deviation;
        for c in 0..self.weight.len() {
            let rows = gradient[c * n..][..n].iter().zip(&x[c * n..][..n]);
            let (dy, dy_x) = rows.fold((0.0f64, 0.0f64), |(dy, dy_x), (g, x)| {
                (dy + f64::from(*g), dy_x + f64::from(*g) * f64::from(normal(*x)))
            });
            by_bias[c] += dy as f32;
            by_weight[c] += dy_x as f32;
            sum += dy * f64::from(self.weight[c]);
            sum_x += dy_x * f64::from(self.weight[c]);
        }
        let (mean, mean_x) = ((sum / x.len() as f64) as f32, (sum_x / x.len() as f64) as f32);
        for c in 0..self.weight.len() {
            for (g, x) in gradient[c * n..][..n].iter_mut().zip(&x[c * n..][..n]) {
                *g = moments.per_deviation * (self.weight[c] * *g - mean - normal(*x) * mean_x);
            }
        }
    }
}
