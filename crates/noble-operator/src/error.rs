//! Everything that can be wrong with a network, an operator file or a request to one.

/// What went wrong, with the values that show it and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A size of an architecture is not possible.
    #[error("architecture: {what} is {got}; give {remedy}")]
    Architecture {
        /// Field.
        what: &'static str,
        /// Its value.
        got: usize,
        /// What is possible.
        remedy: &'static str,
    },
    /// The file ends early or its header does not fit its length.
    #[error("safetensors file of {n_bytes} bytes is damaged or cut short: {detail}; copy it again")]
    SafeTensors {
        /// Bytes given.
        n_bytes: usize,
        /// What the reader found.
        detail: String,
    },
    /// A tensor the network needs is not in the file.
    #[error(
        "tensor {name} is missing (the file has {n_tensors} tensors); give the weights of a 1-D Fourier neural operator"
    )]
    MissingTensor {
        /// State-dict name.
        name: String,
        /// Tensors in the file.
        n_tensors: usize,
    },
    /// A tensor has no place in the network.
    #[error("tensor {name} is not part of the network; remove it or correct the architecture in the header")]
    UnexpectedTensor {
        /// Name in the file.
        name: String,
    },
    /// A tensor has another shape than the architecture gives it.
    #[error(
        "tensor {name} has shape {got:?}, expected {expected:?}; correct the weights or the architecture"
    )]
    TensorShape {
        /// State-dict name.
        name: String,
        /// Shape by the architecture.
        expected: Vec<usize>,
        /// Shape in the file.
        got: Vec<usize>,
    },
    /// A tensor is stored in a type that is not read.
    #[error("tensor {name} is stored as {got}; store it as float32 or complex64")]
    TensorType {
        /// State-dict name.
        name: String,
        /// Type in the file.
        got: String,
    },
    /// A weight is infinite or not a number.
    #[error("tensor {name} holds {got} at index {index}; the weights are damaged or training diverged")]
    NotFinite {
        /// State-dict name.
        name: String,
        /// Position.
        index: usize,
        /// Value.
        got: f32,
    },
    /// The file holds a bare network but no operator card.
    #[error("no metadata entry {key}: this is a bare network; convert it into an operator first")]
    MissingCard {
        /// Metadata key.
        key: &'static str,
    },
    /// The operator card is not readable.
    #[error("operator card: {detail}; write the operator again with this program")]
    Card {
        /// What the parser found.
        detail: String,
    },
    /// The card states no format version.
    #[error("operator card states no format_version, expected {expected}; write the operator again")]
    MissingFormatVersion {
        /// Version read here.
        expected: u32,
    },
    /// The card states a version this program does not know.
    #[error("operator file has format version {got}, this program reads {expected}; use a matching program")]
    FormatVersion {
        /// Version in the file.
        got: u64,
        /// Version read here.
        expected: u32,
    },
    /// The card contradicts itself or the network.
    #[error("operator card: {what} is {got}, expected {expected}; correct the card")]
    CardMismatch {
        /// Entry.
        what: String,
        /// Value that follows from the rest.
        expected: String,
        /// Value in the card.
        got: String,
    },
    /// A latent feature the operator does not have, or one it has and was not given.
    #[error("latent feature {name} is {problem}; this operator takes {known:?}")]
    Latent {
        /// Name.
        name: String,
        /// `unknown`, `missing` or `given twice`.
        problem: &'static str,
        /// Names in the operator's order.
        known: Vec<String>,
    },
    /// The operator was trained on another time grid.
    #[error(
        "the operator computes {expected} but {got} was asked; plan it for that time step, or resample what it gives"
    )]
    TimeGrid {
        /// Grid of the operator.
        expected: String,
        /// Grid asked for.
        got: String,
    },
    /// A time step that no prediction can have.
    #[error(
        "a time step of {step_ms} ms is not possible; give one from {finest_ms:.3e} to {coarsest_ms:.3e} ms"
    )]
    TimeStep {
        /// Step asked for.
        step_ms: f64,
        /// Step of 2^24 samples.
        finest_ms: f64,
        /// Step that just carries all modes.
        coarsest_ms: f64,
    },
    /// A time step at which modes of the network are lost.
    #[error(
        "a time step of {step_ms} ms makes {n_samples} samples, which carry {n_modes} of the network's {n_used} modes; give a step of at most {coarsest_ms:.4} ms"
    )]
    LostModes {
        /// Step asked for.
        step_ms: f64,
        /// Samples it makes.
        n_samples: usize,
        /// Modes below the Nyquist frequency.
        n_modes: usize,
        /// Modes the network uses.
        n_used: usize,
        /// Step that just carries all modes.
        coarsest_ms: f64,
    },
    /// A model the operator's card does not list.
    #[error("model {id} is not among the {n_models} models of this operator; list them from its card")]
    UnknownModel {
        /// Identity.
        id: u32,
        /// Models in the card.
        n_models: usize,
    },
    /// A number given by the caller is infinite or not a number.
    #[error("{what} is {got}; give a finite number")]
    Value {
        /// What it is.
        what: String,
        /// Its value.
        got: f64,
    },
    /// A latent feature cannot be scaled because all models share one value.
    #[error("latent feature {name} is {value} in every model; leave it out")]
    ConstantLatent {
        /// Name.
        name: String,
        /// The shared value.
        value: f64,
    },
    /// A PyTorch file that is damaged, or that needs more than plain tensors.
    #[error("pytorch file: {detail} (byte {position}); save it again with torch.save(model.state_dict())")]
    Pth {
        /// Position in the member read.
        position: usize,
        /// What was found.
        detail: String,
    },
    /// A PyTorch file states another network than its tensors make, or one that is computed in another way.
    #[error(
        "pytorch file: its _metadata states {what} {got}, the network here has {expected}; give the weights of a 1-D Fourier neural operator as NOBLE configures it"
    )]
    Stated {
        /// Argument of the network's constructor.
        what: &'static str,
        /// Its value in the file.
        got: String,
        /// Its value by the tensors, or of every network here.
        expected: String,
    },
    /// An ONNX model beyond what the format can hold.
    #[error(
        "an onnx file for {n_samples} samples would have {n_bytes} bytes, above the format's {most_bytes}; give fewer samples"
    )]
    OnnxSize {
        /// Samples asked for.
        n_samples: usize,
        /// Bytes the file would have.
        n_bytes: u64,
        /// Most bytes of the format.
        most_bytes: u64,
    },
    /// A saved training state does not fit the trainer.
    #[error(
        "training state: {what} is {got}, expected {expected}; resume with the settings it was saved with"
    )]
    TrainerState {
        /// Entry.
        what: String,
        /// Expected value.
        expected: String,
        /// Stored value.
        got: String,
    },
    /// A soft feature that does not exist.
    #[error("soft feature {name} is unknown; choose from {}", known.join(", "))]
    UnknownSoftFeature {
        /// Name given.
        name: String,
        /// Names there are.
        known: Vec<&'static str>,
    },
    /// A weight or scale of a feature term that is not possible.
    #[error("the {what} of feature {name} is {got}; give {remedy}")]
    FeatureTerm {
        /// `weight` or `scale`.
        what: &'static str,
        /// Name of the feature.
        name: &'static str,
        /// Value given.
        got: f64,
        /// What is possible.
        remedy: &'static str,
    },
    /// The stimulus of a feature lies outside the time grid.
    #[error(
        "a stimulus of {duration_ms} ms from {delay_ms} ms leaves no samples among {n_samples} to take features from; \
         correct the stimulus or the grid"
    )]
    FeatureWindow {
        /// Onset.
        delay_ms: f64,
        /// How long it lasts.
        duration_ms: f64,
        /// Samples of the grid.
        n_samples: usize,
    },
    /// A setting of the soft features that is not possible.
    #[error("{what} is {got}; {remedy}")]
    Setting {
        /// Setting.
        what: &'static str,
        /// Value given.
        got: f64,
        /// What is possible.
        remedy: &'static str,
    },
    /// A training state of another release.
    #[error(
        "training state has version {got}, this program reads {expected}; resume with the release that wrote it, or begin anew"
    )]
    TrainerStateVersion {
        /// Version in the file.
        got: u64,
        /// Version read here.
        expected: u32,
    },
    /// The loss or a gradient is infinite or not a number.
    #[error("training diverged at step {step}: loss {loss}; lower the learning rate")]
    Diverged {
        /// Optimizer steps made before.
        step: u64,
        /// Loss of the sample, or of the whole batch where all losses are finite and the gradient is not.
        loss: f64,
        /// Place of the sample within the batch.
        sample_idx: Option<usize>,
    },
}
