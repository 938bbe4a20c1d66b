//! What runs networks: the processor today, other devices by the same trait.

use std::fmt::Debug;
use std::sync::Mutex;

use crate::ensemble::Predictor;
use crate::{
    BatchGradient, Error, Network, NetworkPlan, Objective, ObjectiveScratch, ParameterInfo, Sample,
    SampleInput,
};

/// Runs one network on batches of samples of one length, and gives the gradients it is trained by.
///
/// An engine holds its own copy of the weights, in whatever order and memory suit it; inputs and results are plain
/// arrays of the host. Losses and gradients are sums over samples, added in the order of the samples, so that neither
/// threads nor the division of a batch into parts change a bit.
pub trait Engine: Debug + Send {
    /// Takes over the weights of a network of the same architecture, as after an optimizer step.
    ///
    /// # Panics
    /// When the architecture differs.
    fn load(&mut self, network: &Network);

    /// Samples per signal.
    fn n_samples(&self) -> usize;

    /// Output of the network for every input, `[n_inputs × n_samples]`.
    ///
    /// # Panics
    /// When an input or the output has another length.
    fn predict(&self, inputs: &[SampleInput<'_>], output: &mut [f32]);

    /// Objective of every sample, in their order.
    ///
    /// # Panics
    /// When an input or target has another length.
    fn evaluate(&self, samples: &[Sample<'_>], objective: &Objective) -> Vec<f64>;

    /// Sets the gradient to zero.
    fn clear_gradient(&mut self);

    /// Adds the gradient of further samples and returns their losses, in their order.
    ///
    /// # Panics
    /// When an input or target has another length.
    fn add_gradient(&mut self, samples: &[Sample<'_>], objective: &Objective) -> Vec<f64>;

    /// Multiplies the gradient.
    fn scale_gradient(&mut self, factor: f32);

    /// The gradient in state-dict order; complex parameters as `∂L/∂Re`, `∂L/∂Im`.
    fn gradient(&self) -> &[f32];

    /// Euclidean norm of the gradient, summed parameter by parameter.
    fn gradient_norm(&self, parameters: &[ParameterInfo]) -> f64;
}

/// The engine of the processor.
#[derive(Debug)]
pub struct CpuEngine {
    plan: NetworkPlan,
    predictor: Predictor,
    gradient: BatchGradient,
}

impl CpuEngine {
    /// Prepares `network` for signals of `n_samples` samples, on the threads of the pool it is called in.
    ///
    /// # Errors
    /// [`Error::TimeGrid`] when the number of samples is impossible.
    pub fn new(network: &Network, n_samples: usize) -> Result<Self, Error> {
        let plan = NetworkPlan::new(network, n_samples)?;
        Ok(Self { plan, predictor: Predictor::new(), gradient: BatchGradient::new(network) })
    }

    /// The plan of the network as it stands.
    #[must_use]
    pub fn plan(&self) -> &NetworkPlan {
        &self.plan
    }
}

impl Engine for CpuEngine {
    fn load(&mut self, network: &Network) {
        self.plan.load(network);
    }

    fn n_samples(&self) -> usize {
        self.plan.n_samples()
    }

    fn predict(&self, inputs: &[SampleInput<'_>], output: &mut [f32]) {
        let n = self.n_samples();
        assert!(output.len() == inputs.len() * n, "output of {} for {} inputs", output.len(), inputs.len());
        let places: Vec<Mutex<&mut [f32]>> = output.chunks_mut(n).map(Mutex::new).collect();
        self.predictor.map(&self.plan, inputs, &|idx, workspace| {
            let mut place = places[idx].lock().expect("every place is taken once");
            place.copy_from_slice(workspace.output());
        });
    }

    fn evaluate(&self, samples: &[Sample<'_>], objective: &Objective) -> Vec<f64> {
        let inputs: Vec<SampleInput<'_>> = samples.iter().map(|sample| sample.input).collect();
        self.predictor.map(&self.plan, &inputs, &|idx, workspace| {
            objective.value(workspace.output(), samples[idx].target, &mut ObjectiveScratch::default())
        })
    }

    fn clear_gradient(&mut self) {
        self.gradient.clear();
    }

    fn add_gradient(&mut self, samples: &[Sample<'_>], objective: &Objective) -> Vec<f64> {
        self.gradient.add(&self.plan, samples, objective);
        self.gradient.losses().collect()
    }

    fn scale_gradient(&mut self, factor: f32) {
        self.gradient.scale(factor);
    }

    fn gradient(&self) -> &[f32] {
        self.gradient.values()
    }

    fn gradient_norm(&self, parameters: &[ParameterInfo]) -> f64 {
        self.gradient.norm(parameters)
    }
}
