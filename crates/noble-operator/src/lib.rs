//! Neural operator for neurons: embedding, Fourier network, training and operator files.
//!
//! The network is one fixed architecture with a hand-derived backward pass, so it needs no tensor framework. A
//! [`Network`] describes, a [`NetworkPlan`] prepares it for signals of one length, a [`Workspace`] runs it.
//! An [`Operator`] is a network together with everything needed to use it: units, scaling, names and time grid.
//!
//! # Example
//! ```
//! use noble_operator::{Architecture, Initialization, Network, NetworkPlan, Purpose, Workspace};
//! let network = Network::new(&Architecture::new(2, 8, 3, 16), Initialization::default(), 1)?;
//! let plan = NetworkPlan::new(&network, 100)?;
//! let mut workspace = Workspace::new(&plan, Purpose::Forward);
//! let (x, mut y) = (vec![0.5; 2 * 100], vec![0.0; 100]);
//! plan.forward(&mut workspace, &x, &mut y);
//! assert!(y.iter().all(|value| value.is_finite()));
//! # Ok::<(), noble_operator::Error>(())
//! ```

mod architecture;
mod backward;
mod batch;
mod card;
pub mod embedding;
mod engine;
mod ensemble;
mod error;
mod file;
mod forward;
mod kernel;
mod layout;
mod loss;
#[cfg(test)]
mod naive;
mod network;
mod norm;
mod objective;
mod operator;
mod optimizer;
mod plan;
mod pool;
mod resolution;
mod rhythm;
mod soft_features;
mod spectral;
mod train;
mod warning;
mod workspace;

pub use architecture::Architecture;
pub use batch::{BatchGradient, Sample, SampleInput, evaluate_batch, input_gradient, predict_batch};
pub use card::{
    FORMAT_VERSION, ModelLatents, OperatorCard, StepRange, StepTiming, TraceSampling, VoltageOutput,
    VoltageUnit,
};
pub use embedding::{Embedding, InputEncoding, LatentFeature};
pub use engine::{CpuEngine, Engine};
pub use error::Error;
pub use kernel::instructions_name;
pub use layout::ParameterInfo;
pub use loss::Loss;
pub use network::{Initialization, NamedTensor, Network};
pub use objective::{Departure, FeatureTerm, FeatureTerms, Objective, ObjectiveScratch};
pub use operator::{CARD_KEY, Operator, OperatorPlan, Query, QueryStimulus};
pub use optimizer::{
    AdamW, AdamWSettings, Muon, MuonSettings, OneCycleSettings, Optimizer, OptimizerSettings,
    PlateauSettings, Schedule, ScheduleState,
};
pub use plan::NetworkPlan;
pub use rhythm::{Rhythm, RhythmKnot, TrainShape};
pub use soft_features::{FeatureContext, SoftFeature, SoftSettings};
pub use train::{BatchReport, Trainer, TrainerSettings};
pub use warning::Warning;
pub use workspace::{Purpose, Workspace};
