//! From a dataset to an operator: batches, validation, checkpoints, resumption to the bit.
//!
//! Everything a step depends on is a function of the settings and the number of steps made, so a run that was
//! cut off and resumed ends with the same bits as one that was not.

mod curves;
mod data;
mod fine_tune;
mod log;
mod paths;
mod run;
mod settings;
mod validation;
mod window;

pub use curves::learning_figure;
pub use data::TrainingSet;
pub use fine_tune::{FineTune, FineTuneSettings};
pub use log::{FeatureErrors, LogEntry, SoftFeatureError, read_log};
pub use paths::TrainPaths;
pub use run::train;
pub use settings::{RateShape, TrainSettings};
pub use window::Window;
