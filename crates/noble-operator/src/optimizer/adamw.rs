//! AdamW as the `neuraloperator` package has it, which is not PyTorch's.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Optimizer;
use crate::ParameterInfo;

/// Constants of the optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AdamWSettings {
    /// Decay of the first moment per step.
    pub beta_1: f64,
    /// Decay of the second moment per step.
    pub beta_2: f64,
    /// Added to the root of the uncorrected second moment.
    pub epsilon: f64,
    /// Weight decay, applied after the update with the plain learning rate.
    pub weight_decay: f64,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-6, weight_decay: 0.0 }
    }
}

/// Moments of the gradient and the number of steps made.
///
/// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)|g|²`, `η = lr √(1−β₂^t)/(1−β₁^t)`, `p ← p − η m/(√v + ε)`, then
/// `p ← p − lr·decay·p`. A complex parameter has one real `v`, kept in the place of its real part.
/// # Source
/// `neuraloperator` 2.0.0 `training.AdamW`.
#[derive(Debug, Clone, PartialEq)]
pub struct AdamW {
    /// Constants.
    pub settings: AdamWSettings,
    /// Steps made.
    pub n_steps: u64,
    /// First moments, in the order of the parameters.
    pub first: Vec<f32>,
    /// Second moments, likewise.
    pub second: Vec<f32>,
}

/// Factors of one step, in the precision of the parameters.
#[derive(Clone, Copy)]
struct Factors {
    beta_1: f32,
    new_1: f32,
    beta_2: f32,
    new_2: f32,
    epsilon: f32,
    rate: f32,
    decay: f32,
}

impl AdamW {
    /// An optimizer before its first step.
    #[must_use]
    pub fn new(settings: AdamWSettings, n_values: usize) -> Self {
        Self { settings, n_steps: 0, first: vec![0.0; n_values], second: vec![0.0; n_values] }
    }

    /// One step of `values` against `gradient` (for complex parameters `∂L/∂Re + i ∂L/∂Im`).
    ///
    /// # Panics
    /// When the arrays differ in length.
    pub fn step(
        &mut self,
        values: &mut [f32],
        gradient: &[f32],
        parameters: &[ParameterInfo],
        learning_rate: f64,
    ) {
        self.step_some((values, gradient), parameters, |_| true, learning_rate);
    }

    /// One step of the chosen parameters.
    pub(super) fn step_some(
        &mut self,
        (values, gradient): (&mut [f32], &[f32]),
        parameters: &[ParameterInfo],
        is_chosen: impl Fn(&ParameterInfo) -> bool,
        learning_rate: f64,
    ) {
        let n = self.first.len();
        assert!(
            values.len() == n && gradient.len() == n,
            "{} values, {} gradients",
            values.len(),
            gradient.len()
        );
        self.n_steps += 1;
        let factors = self.factors(learning_rate);
        let mut rest = (values, gradient, &mut self.first[..], &mut self.second[..]);
        let mut parts = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let len = parameter.span.len();
            let (values, values_rest) = rest.0.split_at_mut(len);
            let (gradient, gradient_rest) = rest.1.split_at(len);
            let (first, first_rest) = rest.2.split_at_mut(len);
            let (second, second_rest) = rest.3.split_at_mut(len);
            rest = (values_rest, gradient_rest, first_rest, second_rest);
            if is_chosen(parameter) {
                parts.push((parameter.is_complex, values, gradient, first, second));
            }
        }
        parts.into_par_iter().for_each(|(is_complex, values, gradient, first, second)| {
            if is_complex {
                step_complex(factors, values, gradient, (first, second));
            } else {
                step_real(factors, values, gradient, (first, second));
            }
        });
    }

    fn factors(&self, learning_rate: f64) -> Factors {
        let s = &self.settings;
        let t = self.n_steps as f64;
        let rate = learning_rate * (1.0 - s.beta_2.powf(t)).sqrt() / (1.0 - s.beta_1.powf(t));
        Factors {
            beta_1: s.beta_1 as f32,
            new_1: (1.0 - s.beta_1) as f32,
            beta_2: s.beta_2 as f32,
            new_2: (1.0 - s.beta_2) as f32,
            epsilon: s.epsilon as f32,
            rate: rate as f32,
            decay: (learning_rate * s.weight_decay) as f32,
        }
    }
}

impl Optimizer for AdamW {
    fn step(
        &mut self,
        values: &mut [f32],
        gradient: &[f32],
        parameters: &[ParameterInfo],
        learning_rate: f64,
    ) {
        Self::step(self, values, gradient, parameters, learning_rate);
    }

    fn memory(&self) -> Vec<(&'static str, &[f32])> {
        vec![("first", &self.first), ("second", &self.second)]
    }

    fn resume(&mut self, n_steps: u64) -> Vec<(&'static str, &mut [f32])> {
        self.n_steps = n_steps;
        vec![("first", &mut self.first), ("second", &mut self.second)]
    }
}

fn step_real(f: Factors, values: &mut [f32], gradient: &[f32], (first, second): (&mut [f32], &mut [f32])) {
    for (((p, g), m), v) in values.iter_mut().zip(gradient).zip(first).zip(second) {
        *m = f.beta_1 * *m + f.new_1 * g;
        *v = f.beta_2 * *v + f.new_2 * (g * g);
        *p -= f.rate * (*m / (v.sqrt() + f.epsilon));
        *p -= f.decay * *p;
    }
}

fn step_complex(f: Factors, values: &mut [f32], gradient: &[f32], (first, second): (&mut [f32], &mut [f32])) {
    let values = values.as_chunks_mut::<2>().0.iter_mut().zip(gradient.as_chunks::<2>().0);
    let moments = first.as_chunks_mut::<2>().0.iter_mut().zip(second.as_chunks_mut::<2>().0);
    for ((p, g), (m, v)) in values.zip(moments) {
        v[0] = f.beta_2 * v[0] + f.new_2 * (g[0] * g[0] + g[1] * g[1]);
        let divisor = v[0].sqrt() + f.epsilon;
        for part in 0..2 {
            m[part] = f.beta_1 * m[part] + f.new_1 * g[part];
            p[part] -= f.rate * (m[part] / divisor);
            p[part] -= f.decay * p[part];
        }
    }
}
