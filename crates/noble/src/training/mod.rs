//! From a dataset to an operator: batches, validation, checkpoints, resumption to the bit.
//!
//! Everything a step depends on is a function of the settings and the number of steps made, so a run that was
//! cut off and resumed ends with the same bits as one that was not.

mod data;
mod fine_tune;
mod log;
mod run;
mod settings;

pub use data::TrainingSet;
pub use fine_tune::{FineTune, FineTuneSettings};
pub use log::{LogEntry, SoftFeatureError, read_log};
pub use run::{TrainPaths, train};
pub use settings::TrainSettings;
