//! Whole batches: predictions, losses and the gradient, in parallel over samples.
//!
//! Every sample has its own place for its results, and sums over samples run in their order, so the bits do not
//! depend on the number of threads.

use rayon::prelude::*;

use crate::ensemble::Predictor;
use crate::pool::Pool;
use crate::{
    Embedding, Network, NetworkPlan, Objective, ObjectiveScratch, ParameterInfo, Purpose, Workspace,
};

/// Where a sample's input channels come from.
#[derive(Debug, Clone, Copy)]
pub enum SampleInput<'a> {
    /// The channels themselves, `[in_channels × n_samples]`.
    Channels(&'a [f32]),
    /// A stimulus and a model, embedded when the sample is run.
    Embedded {
        /// Embedding for the network's length.
        embedding: &'a Embedding,
        /// Current at each sample.
        stimulus_na: &'a [f32],
        /// Amplitude that is embedded.
        step_na: f64,
        /// Latent features in the embedding's order and units.
        latents: &'a [f64],
    },
}

/// One input and the trace it should give.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Input.
    pub input: SampleInput<'a>,
    /// Reference output `[n_samples]`, in the network's output unit.
    pub target: &'a [f32],
}

impl SampleInput<'_> {
    fn write(&self, channels: &mut [f32]) {
        match *self {
            Self::Channels(values) => channels.copy_from_slice(values),
            Self::Embedded { embedding, stimulus_na, step_na, latents } => {
                embedding.write(stimulus_na, step_na, latents, channels);
            }
        }
    }
}

/// Output of the network for every input, `[n_inputs × n_samples]`.
///
/// # Panics
/// When an input has another length than the plan.
#[must_use]
pub fn predict_batch(plan: &NetworkPlan, inputs: &[SampleInput<'_>]) -> Vec<f32> {
    Predictor::new().map(plan, inputs, &|_, workspace| workspace.output().to_vec()).concat()
}

/// Objective of every sample, a [`Loss`](crate::Loss) alone or with feature terms.
///
/// # Panics
/// When an input or target has another length than the plan.
#[must_use]
pub fn evaluate_batch(
    plan: &NetworkPlan,
    samples: &[Sample<'_>],
    objective: impl Into<Objective>,
) -> Vec<f64> {
    let objective = objective.into();
    let inputs: Vec<SampleInput<'_>> = samples.iter().map(|sample| sample.input).collect();
    Predictor::new().map(plan, &inputs, &|idx, workspace| {
        objective.value(workspace.output(), samples[idx].target, &mut ObjectiveScratch::default())
    })
}

/// The gradient of a summed loss by all parameters, with the arrays it takes to compute it.
#[derive(Debug)]
pub struct BatchGradient {
    pool: Pool,
    slots: Vec<Slot>,
    values: Vec<f32>,
}

/// Results of one sample.
#[derive(Debug, Default)]
struct Slot {
    loss: f64,
    /// Gradient without spectral weights.
    pointwise: Vec<f32>,
    spectra: Vec<f32>,
    spectra_gradient: Vec<f32>,
    output_gradient: Vec<f32>,
    scratch: ObjectiveScratch,
}

impl BatchGradient {
    /// Arrays for networks like `network`; those of samples are made on first use.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        let values = vec![0.0; network.values().len()];
        Self { pool: Pool::new(Purpose::Gradient), slots: Vec::new(), values }
    }

    /// The gradient last computed, in state-dict order; complex parameters as `∂L/∂Re`, `∂L/∂Im`.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Losses of the samples last computed or added, in their order.
    pub fn losses(&self) -> impl Iterator<Item = f64> {
        self.slots.iter().map(|slot| slot.loss)
    }

    /// Computes losses and gradient of a batch; returns the summed loss.
    ///
    /// # Panics
    /// When an input or target has another length than the plan.
    pub fn compute(
        &mut self,
        plan: &NetworkPlan,
        samples: &[Sample<'_>],
        objective: impl Into<Objective>,
    ) -> f64 {
        self.clear();
        self.add(plan, samples, &objective.into());
        self.losses().sum()
    }

    /// Sets the gradient to zero.
    pub fn clear(&mut self) {
        self.values.fill(0.0);
    }

    /// Multiplies the gradient.
    pub(crate) fn scale(&mut self, factor: f32) {
        self.values.iter_mut().for_each(|value| *value *= factor);
    }

    /// Euclidean norm over all parameters, summed parameter by parameter.
    pub(crate) fn norm(&self, parameters: &[ParameterInfo]) -> f64 {
        let square = |parameter: &ParameterInfo| -> f64 {
            self.values[parameter.span.clone()].iter().map(|g| f64::from(*g) * f64::from(*g)).sum()
        };
        let squares: Vec<f64> = parameters.par_iter().map(square).collect();
        squares.iter().sum::<f64>().sqrt()
    }

    /// Adds the gradient of further samples.
    ///
    /// Sums run over samples one after the other, so a batch added in parts gives the bits of the whole one.
    ///
    /// # Panics
    /// When an input or target has another length than the plan.
    pub fn add(&mut self, plan: &NetworkPlan, samples: &[Sample<'_>], objective: &Objective) {
        self.slots.resize_with(samples.len(), Slot::default);
        let pool = &self.pool;
        self.slots.par_iter_mut().zip(samples).for_each(|(slot, sample)| {
            pool.run(plan, 1, |workspace| slot.compute(plan, workspace, sample, objective));
        });
        self.sum_pointwise(plan);
        self.sum_spectral(plan);
    }

    fn sum_pointwise(&mut self, plan: &NetworkPlan) {
        let places = plan.layout.parameters.iter().zip(&plan.pointwise.parameters);
        for (to, from) in places.filter(|(to, _)| !to.is_complex) {
            let sum = &mut self.values[to.span.clone()];
            for slot in &self.slots {
                plan.kernels.add_scaled(sum, &slot.pointwise[from.span.clone()], 1.0);
            }
        }
    }

    /// `dR[c, o, k] = Σ_b conj(X_b[c, k]) dY_b[o, k]`.
    fn sum_spectral(&mut self, plan: &NetworkPlan) {
        let (c, modes) = (plan.architecture.hidden_channels, plan.spectral.n_modes);
        let row_len = 2 * plan.architecture.n_stored_modes();
        let slots = &self.slots;
        let mut rest = &mut self.values[..];
        let mut n_taken = 0;
        let mut parts = Vec::with_capacity(c * plan.layout.blocks.len());
        for (layer_idx, block) in plan.layout.blocks.iter().enumerate() {
            let (_, after) = rest.split_at_mut(block.spectral_weight.start - n_taken);
            let (weights, after) = after.split_at_mut(block.spectral_weight.len());
            (rest, n_taken) = (after, block.spectral_weight.end);
            parts.extend(
                weights.chunks_exact_mut(c * row_len).enumerate().map(|(c, part)| (layer_idx, c, part)),
            );
        }
        parts.into_par_iter().for_each(|(layer_idx, from, part)| {
            for slot in slots {
                let x = planes(&slot.spectra, (layer_idx, from), (c, modes));
                for (to, row) in part.chunks_exact_mut(row_len).enumerate() {
                    let g = planes(&slot.spectra_gradient, (layer_idx, to), (c, modes));
                    plan.kernels.complex_add_correlation(&mut row[..2 * modes], x, g);
                }
            }
        });
    }
}

/// Real and imaginary part of one channel of one layer's spectrum.
fn planes(
    spectra: &[f32],
    (layer_idx, channel_idx): (usize, usize),
    (channels, modes): (usize, usize),
) -> (&[f32], &[f32]) {
    let (real, imaginary) = spectra[layer_idx * 2 * channels * modes..].split_at(channels * modes);
    (&real[channel_idx * modes..][..modes], &imaginary[channel_idx * modes..][..modes])
}

impl Slot {
    fn compute(
        &mut self,
        plan: &NetworkPlan,
        ws: &mut Workspace,
        sample: &Sample<'_>,
        objective: &Objective,
    ) {
        sample.input.write(ws.input_mut());
        plan.forward_in_place(ws);
        self.output_gradient.resize(plan.n_samples(), 0.0);
        let gradient = &mut self.output_gradient;
        self.loss = objective.value_and_gradient(ws.output(), sample.target, gradient, &mut self.scratch);
        self.pointwise.resize(plan.pointwise.len, 0.0);
        self.pointwise.fill(0.0);
        plan.backward(ws, &self.output_gradient, &mut self.pointwise, None);
        if !self.pointwise.iter().all(|value| value.is_finite()) {
            // A trace whose gradient overflows is told from the others by its loss.
            self.loss = f64::NAN;
        }
        self.spectra.resize(ws.spectra.len(), 0.0);
        self.spectra_gradient.resize(ws.spectra_gradient.len(), 0.0);
        std::mem::swap(&mut self.spectra, &mut ws.spectra);
        std::mem::swap(&mut self.spectra_gradient, &mut ws.spectra_gradient);
    }
}

/// Gradient of a loss by the input channels of one sample, `[in_channels × n_samples]`, and the loss.
///
/// # Panics
/// When the input or target has another length than the plan.
#[must_use]
pub fn input_gradient(
    plan: &NetworkPlan,
    sample: &Sample<'_>,
    objective: impl Into<Objective>,
) -> (f64, Vec<f32>) {
    let (objective, mut scratch) = (objective.into(), ObjectiveScratch::default());
    let mut ws = Workspace::new(plan, Purpose::Gradient);
    sample.input.write(ws.input_mut());
    plan.forward_in_place(&mut ws);
    let mut by_output = vec![0.0; plan.n_samples()];
    let value = objective.value_and_gradient(ws.output(), sample.target, &mut by_output, &mut scratch);
    let mut by_parameters = vec![0.0; plan.pointwise.len];
    let mut by_input = vec![0.0; plan.architecture.in_channels * plan.n_samples()];
    plan.backward(&mut ws, &by_output, &mut by_parameters, Some(&mut by_input));
    (value, by_input)
}
