//! Momentum whose matrices are made orthogonal before they are applied.
//!
//! A gradient of a matrix is dominated by few directions; a step that moves along all of them alike learns the rare
//! ones as fast as the common ones. Here a matrix is the weight of a pointwise layer, or the complex mixing of channels
//! in one mode of a spectral layer.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::orthogonal::{orthogonal_real, orthogonal_spectral};
use super::{AdamW, AdamWSettings, Optimizer};
use crate::ParameterInfo;
use crate::kernel::Kernels;

/// Constants of the optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MuonSettings {
    /// Decay of the momentum per step.
    pub momentum: f64,
    /// Weight decay of matrices, applied before the update.
    pub weight_decay: f64,
    /// Constants for parameters that are no matrices.
    pub others: AdamWSettings,
}

impl Default for MuonSettings {
    fn default() -> Self {
        Self { momentum: 0.95, weight_decay: 0.0, others: AdamWSettings::default() }
    }
}

/// Share of an entry's mean size by which a step is made as long as one of AdamW.
const STEP_SIZE: f64 = 0.2;

/// Momentum and moments of the gradient, and the number of steps made.
///
/// For a matrix of `r × c`: `m ← μ m + (1−μ) g`, `u = (1−μ) g + μ m`, `O = U Vᴴ` for `u = U S Vᴴ` by Newton and
/// Schulz, `p ← (1 − lr·decay) p − lr · 0.2 √max(r, c) · O`. Everything else goes by [`AdamW`].
/// # Source
/// Jordan, Jin, Boza, You, Cesista, Newhouse, Bernstein, *Muon*, 2024; the step's length from Liu et al., *Muon is
/// scalable for LLM training*, arXiv 2502.16982, section 2.2. Differs: matrices may be complex.
#[derive(Debug, Clone)]
pub struct Muon {
    settings: MuonSettings,
    kernels: Kernels,
    /// Momentum of matrices; moments of everything else.
    moments: AdamW,
}

impl Muon {
    /// An optimizer before its first step.
    #[must_use]
    pub fn new(settings: MuonSettings, n_values: usize) -> Self {
        Self { settings, kernels: Kernels::detect(), moments: AdamW::new(settings.others, n_values) }
    }

    fn step_matrix(&self, part: Part<'_>, learning_rate: f64) {
        let momentum = self.settings.momentum as f32;
        let mut update = vec![0.0; part.gradient.len()];
        for ((m, g), u) in part.momentum.iter_mut().zip(part.gradient).zip(&mut update) {
            *m = momentum * *m + (1.0 - momentum) * g;
            *u = momentum * *m + (1.0 - momentum) * g;
        }
        let (rows, cols) = (part.parameter.shape[0], part.parameter.shape[1]);
        if part.parameter.is_complex {
            orthogonal_spectral(self.kernels, &mut update, rows);
        } else {
            orthogonal_real(&mut update, (rows, cols));
        }
        let length = (learning_rate * STEP_SIZE * (rows.max(cols) as f64).sqrt()) as f32;
        let kept = (1.0 - learning_rate * self.settings.weight_decay) as f32;
        for (p, u) in part.values.iter_mut().zip(&update) {
            *p = kept * *p - length * u;
        }
    }
}

/// One matrix, or one matrix per mode.
struct Part<'a> {
    parameter: &'a ParameterInfo,
    values: &'a mut [f32],
    gradient: &'a [f32],
    momentum: &'a mut [f32],
}

/// Matrices have two axes beyond those of length one and of complex parts.
fn is_matrix(parameter: &ParameterInfo) -> bool {
    parameter.shape.len() >= 2 && parameter.shape[0] > 1 && parameter.shape[1] > 1
}

impl Optimizer for Muon {
    fn step(
        &mut self,
        values: &mut [f32],
        gradient: &[f32],
        parameters: &[ParameterInfo],
        learning_rate: f64,
    ) {
        let mut momentum = std::mem::take(&mut self.moments.first);
        let (mut values_rest, mut momentum_rest) = (&mut values[..], &mut momentum[..]);
        let mut parts = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let len = parameter.span.len();
            let (values, after) = values_rest.split_at_mut(len);
            values_rest = after;
            let (momentum, after) = momentum_rest.split_at_mut(len);
            momentum_rest = after;
            let gradient = &gradient[parameter.span.clone()];
            if is_matrix(parameter) {
                parts.push(Part { parameter, values, gradient, momentum });
            }
        }
        // The weights of modes lie side by side and are most of the work: undivided they would fall to one thread.
        parts.into_par_iter().with_max_len(1).for_each(|part| self.step_matrix(part, learning_rate));
        self.moments.first = momentum;
        self.moments.step_some((values, gradient), parameters, |one| !is_matrix(one), learning_rate);
    }

    fn memory(&self) -> Vec<(&'static str, &[f32])> {
        self.moments.memory()
    }

    fn resume(&mut self, n_steps: u64) -> Vec<(&'static str, &mut [f32])> {
        self.moments.resume(n_steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, Initialization, Network};

    const LEARNING_RATE: f64 = 0.01;
    /// Singular values of a step, as parts of its length.
    const SINGULAR_VALUES: std::ops::RangeInclusive<f64> = 0.65..=1.25;

    fn network() -> Network {
        Network::new(&Architecture::new(3, 6, 2, 8), Initialization::UnitVariance, 1).expect("valid sizes")
    }

    /// How far one step moves each value against a gradient.
    fn moved(gradient: &[f32], optimizer: &mut dyn Optimizer) -> Vec<f32> {
        let network = network();
        let mut values = vec![0.0; gradient.len()];
        optimizer.step(&mut values, gradient, network.parameters(), LEARNING_RATE);
        values
    }

    /// A gradient `a bᵀ` has one singular direction, and the step goes along it whatever the gradient's size.
    #[test]
    fn analytic_steps_along_a_single_direction() {
        let network = network();
        let n_values = network.values().len();
        let part = network.parameters().iter().find(|part| part.name == "lifting.fcs.0.weight");
        let part = part.expect("the lifting");
        let (rows, cols) = (part.shape[0], part.shape[1]);
        for size in [1e-6f32, 1.0, 1e6] {
            let mut gradient = vec![0.0; n_values];
            for (i, g) in gradient[part.span.clone()].iter_mut().enumerate() {
                *g = size * (1.0 + (i / cols) as f32) * ((i % cols) as f32 - 0.7);
            }
            let step = moved(&gradient, &mut Muon::new(MuonSettings::default(), n_values));
            let pairs = || step[part.span.clone()].iter().zip(&gradient[part.span.clone()]);
            let dot = |a: f32, b: f32| f64::from(a) * f64::from(b);
            let along: f64 = pairs().map(|(s, g)| -dot(*s, *g)).sum();
            let norms: [f64; 2] =
                [pairs().map(|(s, _)| dot(*s, *s)).sum(), pairs().map(|(_, g)| dot(*g, *g)).sum()];
            assert!((along / (norms[0] * norms[1]).sqrt() - 1.0).abs() < 1e-5, "gradients of {size}");
            let length = norms[0].sqrt() / (LEARNING_RATE * STEP_SIZE * (rows.max(cols) as f64).sqrt());
            assert!(SINGULAR_VALUES.contains(&length), "gradients of {size}: {length}");
        }
    }

    #[test]
    fn invariant_what_is_no_matrix_goes_by_adamw() {
        let network = network();
        let n_values = network.values().len();
        let gradient: Vec<f32> = (0..n_values).map(|i| (i as f32 * 0.37).sin()).collect();
        let ours = moved(&gradient, &mut Muon::new(MuonSettings::default(), n_values));
        let adamw = moved(&gradient, &mut AdamW::new(AdamWSettings::default(), n_values));
        for part in network.parameters() {
            let is_same = ours[part.span.clone()] == adamw[part.span.clone()];
            assert_eq!(is_same, !is_matrix(part), "{}", part.name);
        }
    }
}
