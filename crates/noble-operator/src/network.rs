//! A network: its architecture and its parameters, without any plan for running it.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::layout::Layout;
use crate::{Architecture, Error, ParameterInfo};

/// How the pointwise layers of a fresh network are drawn.
///
/// Spectral weights and biases are normal with `E|z|² = 1/C`, gates and norm weights one, norm biases zero, in
/// both cases as the package draws them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initialization {
    /// Weights and biases uniform in `±1/√fan_in`, PyTorch's default. The output of such a network is almost
    /// constant.
    Package,
    /// Weights uniform in `±√(3/fan_in)`, which keeps the variance of a layer's input instead of a third of it, so
    /// that every input channel reaches the output from the first step; biases as the package draws them.
    #[default]
    UnitVariance,
}

/// An architecture and its parameters, one flat array in state-dict order.
///
/// Complex spectral weights are stored as real and imaginary part side by side, `[in, out, mode, 2]`.
#[derive(Debug, Clone)]
pub struct Network {
    architecture: Architecture,
    parameters: Vec<ParameterInfo>,
    values: Vec<f32>,
}

impl PartialEq for Network {
    fn eq(&self, other: &Self) -> bool {
        self.architecture == other.architecture && self.values == other.values
    }
}

/// A tensor of a file: shape with a last axis of 2 where complex, and values in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// State-dict name.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Values.
    pub values: Vec<f32>,
}

impl Network {
    /// A fresh network, drawn from `seed` alone.
    ///
    /// # Errors
    /// [`Error::Architecture`] where the sizes are impossible.
    pub fn new(
        architecture: &Architecture,
        initialization: Initialization,
        seed: u64,
    ) -> Result<Self, Error> {
        architecture.check()?;
        let mut network = Self::zeros(architecture);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let spectral = 1.0 / (architecture.hidden_channels as f32).sqrt();
        for parameter in &network.parameters {
            let values = &mut network.values[parameter.span.clone()];
            let is_weight = parameter.name.ends_with("weight");
            if parameter.is_complex {
                fill_normal(values, spectral / std::f32::consts::SQRT_2, &mut rng);
            } else if parameter.name.contains(".convs.") {
                fill_normal(values, spectral, &mut rng);
            } else if parameter.fan_in == 0 {
                values.fill(if is_weight { 1.0 } else { 0.0 });
            } else {
                let is_wide = is_weight && initialization == Initialization::UnitVariance;
                let bound = ((if is_wide { 3.0 } else { 1.0 }) / parameter.fan_in as f32).sqrt();
                values.iter_mut().for_each(|value| *value = bound * (2.0 * rng.random::<f32>() - 1.0));
            }
        }
        Ok(network)
    }

    /// A network whose parameters are all zero.
    pub(crate) fn zeros(architecture: &Architecture) -> Self {
        let layout = Layout::new(architecture);
        Self {
            architecture: architecture.clone(),
            values: vec![0.0; layout.len],
            parameters: layout.parameters,
        }
    }

    /// A network from tensors by name; the architecture is read from the names and shapes.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::TensorShape`], [`Error::UnexpectedTensor`] (also for a name that comes twice),
    /// [`Error::NotFinite`] or
    /// [`Error::Architecture`].
    pub fn from_tensors(tensors: Vec<NamedTensor>) -> Result<Self, Error> {
        let mut by_name: BTreeMap<String, NamedTensor> = BTreeMap::new();
        for tensor in tensors {
            if let Some(earlier) = by_name.insert(tensor.name.clone(), tensor) {
                return Err(Error::UnexpectedTensor { name: earlier.name });
            }
        }
        let architecture = infer_architecture(&by_name)?;
        architecture.check()?;
        Self::with_tensors(&architecture, by_name)
    }

    /// A network of a known architecture from tensors by name.
    ///
    /// # Errors
    /// As [`Network::from_tensors`].
    pub(crate) fn with_tensors(
        architecture: &Architecture,
        mut by_name: BTreeMap<String, NamedTensor>,
    ) -> Result<Self, Error> {
        for parameter in Layout::new(architecture).parameters {
            check_tensor(&parameter, &by_name)?;
        }
        let mut network = Self::zeros(architecture);
        for parameter in &network.parameters {
            let name = &parameter.name;
            let tensor = by_name.remove(name).expect("every tensor was checked");
            if let Some(index) = tensor.values.iter().position(|value| !value.is_finite()) {
                return Err(Error::NotFinite { name: name.clone(), index, got: tensor.values[index] });
            }
            network.values[parameter.span.clone()].copy_from_slice(&tensor.values);
        }
        match by_name.into_keys().next() {
            Some(name) => Err(Error::UnexpectedTensor { name }),
            None => Ok(network),
        }
    }

    /// The network with another number of modes that are stored in the same way.
    pub(crate) fn with_n_modes(mut self, n_modes: Option<usize>) -> Self {
        let is_same = |n_modes: &usize| n_modes / 2 + 1 == self.architecture.n_stored_modes();
        if let Some(n_modes) = n_modes.filter(is_same) {
            self.architecture.n_modes = n_modes;
        }
        self
    }

    /// Sizes.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Names, shapes and places of the parameters, in state-dict order.
    #[must_use]
    pub fn parameters(&self) -> &[ParameterInfo] {
        &self.parameters
    }

    /// All parameters.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Names and places of the parameters beside their values, to be changed.
    pub(crate) fn parts_mut(&mut self) -> (&[ParameterInfo], &mut [f32]) {
        (&self.parameters, &mut self.values)
    }

    /// All parameters, to be changed.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}

fn fill_normal(values: &mut [f32], deviation: f32, rng: &mut Xoshiro256PlusPlus) {
    for value in values {
        let draw: f32 = StandardNormal.sample(rng);
        *value = deviation * draw;
    }
}

/// Checked for every parameter before memory is set aside for any.
fn check_tensor(parameter: &ParameterInfo, tensors: &BTreeMap<String, NamedTensor>) -> Result<(), Error> {
    let name = parameter.name.clone();
    let n_tensors = tensors.len();
    let tensor = tensors.get(&name).ok_or_else(|| Error::MissingTensor { name: name.clone(), n_tensors })?;
    if tensor.shape != parameter.shape || tensor.values.len() != parameter.span.len() {
        let expected = parameter.shape.clone();
        return Err(Error::TensorShape { name, expected, got: tensor.shape.clone() });
    }
    Ok(())
}

/// Sizes from shapes. The stored modes leave two possible `n_modes` arguments; the even one is taken, which
/// stores and computes the same.
fn infer_architecture(tensors: &BTreeMap<String, NamedTensor>) -> Result<Architecture, Error> {
    let shape = |name: &str, n_axes: usize| {
        let n_tensors = tensors.len();
        let tensor =
            tensors.get(name).ok_or_else(|| Error::MissingTensor { name: name.to_owned(), n_tensors })?;
        if tensor.shape.len() != n_axes || tensor.shape.contains(&0) {
            let expected = vec![1; n_axes];
            return Err(Error::TensorShape { name: name.to_owned(), expected, got: tensor.shape.clone() });
        }
        Ok(&tensor.shape)
    };
    let spectral = shape("fno_blocks.convs.0.weight.tensor", 4)?;
    let lifting = shape("lifting.fcs.0.weight", 3)?;
    let projection = shape("projection.fcs.0.weight", 3)?;
    let mlp = shape("fno_blocks.channel_mlp.0.fcs.0.weight", 3)?;
    let is_layer = |i: &usize| tensors.contains_key(&format!("fno_blocks.convs.{i}.weight.tensor"));
    Ok(Architecture {
        in_channels: lifting[1] - 1,
        hidden_channels: spectral[1],
        n_layers: (0..).take_while(is_layer).count(),
        n_modes: 2 * (spectral[2] - 1),
        lifting_channels: lifting[0],
        projection_channels: projection[0],
        mlp_channels: mlp[0],
        group_norm: tensors.contains_key("fno_blocks.norm.0.weight"),
    })
}
