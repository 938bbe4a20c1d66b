//! From a stimulus, its amplitude and a model's latent features to the input channels of a network.
//!
//! The order of roundings is part of what a trained network knows: phases reach 1e4 rad, where single precision
//! resolves 1e-3, so every rounding here follows the program the networks are trained with.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::kernel::Kernels;
use crate::{Error, Rhythm};

/// Latent features are scaled to this range over the fitted models.
const SCALED_MIN: f64 = 0.5;
const SCALED_WIDTH: f64 = 3.0;
/// Smallest range of a latent feature as a part of its values.
const NARROWEST_RANGE: f64 = 1e-9;

/// One latent feature of a model and how it enters the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatentFeature {
    /// Name, ending in its unit.
    pub name: String,
    /// Smallest value of the fitted models, in the feature's unit.
    pub min: f64,
    /// Largest value of the fitted models, in the feature's unit.
    pub max: f64,
    /// Frequencies of its embedding.
    pub n_frequencies: usize,
}

impl LatentFeature {
    /// A feature whose scaling maps the given models to `[0.5, 3.5]`.
    ///
    /// # Errors
    /// [`Error::Value`] where a value is not finite, [`Error::ConstantLatent`] where all are the same and the feature is
    /// embedded, or there are none.
    pub fn fit(name: &str, values: &[f64], n_frequencies: usize) -> Result<Self, Error> {
        if let Some(got) = values.iter().copied().find(|value| !value.is_finite()) {
            return Err(Error::Value { what: format!("latent feature {name}"), got });
        }
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let feature = Self { name: name.to_owned(), min, max, n_frequencies };
        if !feature.is_usable() {
            return Err(Error::ConstantLatent { name: name.to_owned(), value: min });
        }
        Ok(feature)
    }

    /// Whether its values can be embedded, or need not be.
    pub(crate) fn is_usable(&self) -> bool {
        let is_ordered = self.min.is_finite() && self.max.is_finite() && self.min <= self.max;
        is_ordered && (self.n_frequencies == 0 || self.has_range())
    }

    /// Whether values can be scaled: ends that are apart by more than their rounding and by a finite number.
    fn has_range(&self) -> bool {
        let width = self.max - self.min;
        width.is_finite() && width > NARROWEST_RANGE * self.min.abs().max(self.max.abs())
    }

    /// `x·3/(max−min) + (0.5 − min·3/(max−min))`, in double precision, then rounded to single; 0.5 where all models are alike.
    #[must_use]
    pub fn scaled(&self, value: f64) -> f32 {
        if !self.has_range() {
            return SCALED_MIN as f32;
        }
        let factor = SCALED_WIDTH / (self.max - self.min);
        (value * factor + (SCALED_MIN - self.min * factor)) as f32
    }
}

/// What the input channels mean, in their order: stimulus, embedding of its amplitude, embedding of each latent, rhythm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputEncoding {
    /// Current of one model unit.
    pub current_unit_na: f64,
    /// Frequencies of the amplitude's embedding.
    pub n_current_frequencies: usize,
    /// Latent features in the order of their channels; one without frequencies has none.
    pub latents: Vec<LatentFeature>,
    /// Count of spikes that the latent features promise; absent in the published network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhythm: Option<Rhythm>,
}

impl InputEncoding {
    /// `1 + 2 n_current_frequencies + Σ 2 n_frequencies`, the rhythm's among the latter.
    #[must_use]
    pub fn n_channels(&self) -> usize {
        let latents = self.latents.iter().map(|l| 2 * l.n_frequencies).sum::<usize>();
        1 + 2 * self.n_current_frequencies + latents + 2 * self.n_rhythm_frequencies()
    }

    /// Those of some latent features that the network takes; one that it lacks stays lacking.
    #[must_use]
    pub fn taken(&self, latents: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
        let is_taken = |name: &str| self.latents.iter().any(|latent| latent.name == name);
        let taken = latents.iter().filter(|(name, _)| is_taken(name));
        taken.map(|(name, value)| (name.clone(), *value)).collect()
    }

    fn n_rhythm_frequencies(&self) -> usize {
        self.rhythm.as_ref().map_or(0, |rhythm| rhythm.n_frequencies)
    }

    /// Names of the channels in order, such as `stimulus`, `step.sin0`, `step.cos0`, `i_thr_na.sin0`, `rhythm.sin0`.
    #[must_use]
    pub fn channel_names(&self) -> Vec<String> {
        let pairs = |name: &str, n: usize| -> Vec<String> {
            (0..n).flat_map(|k| [format!("{name}.sin{k}"), format!("{name}.cos{k}")]).collect()
        };
        let latents = self.latents.iter().flat_map(|latent| pairs(&latent.name, latent.n_frequencies));
        let mut names = vec!["stimulus".to_owned()];
        names.extend(pairs("step", self.n_current_frequencies));
        names.extend(latents);
        names.extend(pairs("rhythm", self.n_rhythm_frequencies()));
        names
    }
}

/// An encoding made ready for traces of one length.
#[derive(Debug, Clone)]
pub struct Embedding {
    encoding: InputEncoding,
    time: Vec<f32>,
    kernels: Kernels,
}

impl Embedding {
    /// Prepares an encoding for `n_samples` samples.
    #[must_use]
    pub fn new(encoding: &InputEncoding, n_samples: usize) -> Self {
        Self { encoding: encoding.clone(), time: time(n_samples), kernels: Kernels::detect() }
    }

    /// Prepares an encoding of `n_trained` samples for `n_samples` samples over the same span.
    ///
    /// `t_n = 2π (n n_trained/n_samples)/(n_trained - 1)`: the trained axis at the new times, in double precision, then
    /// rounded. With as many samples as in training it is [`Embedding::new`], bit by bit.
    #[must_use]
    pub fn resampled(encoding: &InputEncoding, n_trained: usize, n_samples: usize) -> Self {
        if n_trained == n_samples || n_trained < 2 {
            return Self::new(encoding, n_samples);
        }
        let step =
            f64::from(std::f32::consts::TAU) * n_trained as f64 / (n_samples as f64 * (n_trained - 1) as f64);
        let time = (0..n_samples).map(|n| (n as f64 * step) as f32).collect();
        Self { encoding: encoding.clone(), time, kernels: Kernels::detect() }
    }

    /// What the channels mean.
    #[must_use]
    pub fn encoding(&self) -> &InputEncoding {
        &self.encoding
    }

    /// Writes the input channels `[n_channels × n_samples]` into `out`.
    ///
    /// `stimulus_na` is the current at each sample, `step_na` the amplitude that is embedded (zero is allowed), and
    /// `latents` holds the features in the encoding's order, each in its own unit.
    ///
    /// # Panics
    /// When a length differs from the encoding's.
    pub fn write(&self, stimulus_na: &[f32], step_na: f64, latents: &[f64], out: &mut [f32]) {
        let n = self.time.len();
        assert!(out.len() == self.encoding.n_channels() * n, "{} values of input channels", out.len());
        let (shared, own) = out.split_at_mut(self.n_shared() * n);
        self.write_shared((stimulus_na, step_na), 0..n, (shared, n));
        self.write_own((latents, &self.spike_counts(stimulus_na, latents)), 0..n, (own, n));
    }

    /// Spikes that the rhythm promises up to each sample, `[n_samples]`; empty for an encoding without rhythm.
    pub(crate) fn spike_counts(&self, stimulus_na: &[f32], latents: &[f64]) -> Vec<f32> {
        let counts = |rhythm: &Rhythm| rhythm.counts(&self.encoding, stimulus_na, latents);
        self.encoding.rhythm.as_ref().map(counts).unwrap_or_default()
    }

    /// Samples per channel.
    pub(crate) fn n_samples(&self) -> usize {
        self.time.len()
    }

    /// Channels that all models share at one current: the stimulus and the embedding of its amplitude.
    pub(crate) fn n_shared(&self) -> usize {
        1 + 2 * self.encoding.n_current_frequencies
    }

    /// Writes a stretch of the shared channels into rows `stride` apart.
    pub(crate) fn write_shared(
        &self,
        (stimulus_na, step_na): (&[f32], f64),
        samples: Range<usize>,
        (out, stride): (&mut [f32], usize),
    ) {
        let n = self.time.len();
        assert!(stimulus_na.len() == n, "{} stimulus samples for {n}", stimulus_na.len());
        let unit_na = self.encoding.current_unit_na;
        let (stimulus, rows) = out.split_at_mut(stride);
        for (out, current_na) in stimulus.iter_mut().zip(&stimulus_na[samples.clone()]) {
            *out = (f64::from(*current_na) / unit_na) as f32;
        }
        self.kernels.sinusoids(rows, stride, (step_na / unit_na) as f32, &self.time[samples]);
    }

    /// Writes a stretch of the channels of the latent features and the rhythm into rows `stride` apart.
    pub(crate) fn write_own(
        &self,
        (latents, spike_counts): (&[f64], &[f32]),
        samples: Range<usize>,
        (out, stride): (&mut [f32], usize),
    ) {
        assert!(latents.len() == self.encoding.latents.len(), "{} latent features", latents.len());
        let mut rest = out;
        for (feature, value) in self.encoding.latents.iter().zip(latents) {
            let (rows, after) = rest.split_at_mut(2 * feature.n_frequencies * stride);
            if !rows.is_empty() {
                self.kernels.sinusoids(rows, stride, feature.scaled(*value), &self.time[samples.clone()]);
            }
            rest = after;
        }
        if !rest.is_empty() {
            self.kernels.sinusoids(rest, stride, 2.0, &spike_counts[samples]);
        }
    }
}

/// Embedding of a scalar `s` over a time axis: rows `sin(π 2^k s t)`, `cos(π 2^k s t)` for `k = 0, 1, …`, as many as
/// fit into `out [2K × n_samples]`.
///
/// The phase is rounded as `fl(fl(t·s)·fl(π))`; higher frequencies follow by doubling it in double precision.
/// # Source
/// `neuraloperator` 2.0.0 `SinusoidalEmbedding` (type `nerf`) of `s·t`, the scaling NOBLE calls `freq`.
pub fn sinusoids(scalar: f32, time: &[f32], out: &mut [f32]) {
    if !out.is_empty() {
        Kernels::detect().sinusoids(out, time.len(), scalar, time);
    }
}

/// The embedding's time axis, `[0, 2π]` with both ends, rounded as PyTorch's `linspace` on a CPU.
#[must_use]
pub fn time(n_samples: usize) -> Vec<f32> {
    linspace(std::f32::consts::TAU, n_samples)
}

/// The grid channel `n/T`, rounded as PyTorch's `linspace(0, 1, T + 1)` without its end.
#[must_use]
pub fn grid(n_samples: usize) -> Vec<f32> {
    let mut values = linspace(1.0, n_samples + 1);
    values.truncate(n_samples);
    values
}

/// `n_points` from zero to `end`, counted from the nearer end.
fn linspace(end: f32, n_points: usize) -> Vec<f32> {
    if n_points < 2 {
        return vec![0.0; n_points];
    }
    let step = end / (n_points - 1) as f32;
    (0..n_points)
        .map(|i| match i < n_points / 2 {
            true => step * i as f32,
            false => (-step).mul_add((n_points - 1 - i) as f32, end),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_scaling_meets_its_ends() {
        let feature = LatentFeature::fit("i_thr_na", &[0.3, 0.1, 0.5], 1).unwrap();
        let ends: Vec<f32> = [0.1, 0.3, 0.5].map(|x| feature.scaled(x)).to_vec();
        assert!(ends.iter().zip([0.5, 2.0, 3.5]).all(|(a, b)| (a - b).abs() < 1e-6), "{ends:?}");
        assert!(LatentFeature::fit("i_thr_na", &[0.2, 0.2], 1).is_err());
        assert!(LatentFeature::fit("i_thr_na", &[], 1).is_err());
        assert!(LatentFeature::fit("lead_12", &[], 0).is_err());
        let alike = LatentFeature::fit("lead_12", &[0.0, 0.0], 0).unwrap();
        assert!((alike.scaled(0.3) - 0.5).abs() < f32::EPSILON);
    }

    #[test]
    fn analytic_zero_current_has_a_constant_embedding() {
        let encoding =
            InputEncoding { current_unit_na: 0.1, n_current_frequencies: 2, latents: vec![], rhythm: None };
        let mut out = vec![1.0; 5 * 3];
        Embedding::new(&encoding, 3).write(&[0.0; 3], 0.0, &[], &mut out);
        assert_eq!(out, [0., 0., 0., 0., 0., 0., 1., 1., 1., 0., 0., 0., 1., 1., 1.]);
        assert_eq!(
            encoding.channel_names(),
            ["stimulus", "step.sin0", "step.cos0", "step.sin1", "step.cos1"]
        );
    }
}
