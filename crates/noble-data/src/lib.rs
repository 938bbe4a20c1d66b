//! What is recorded, built and exchanged: traces, stimuli, morphologies, cell models, datasets, and their formats.
//!
//! Everything here is plain data that the other crates read and write; nothing here simulates, learns or opens a
//! file. Readers take bytes, writers give bytes, so that the same code serves the binary, a binding and a browser.

pub mod cell_model;
pub mod channel;
pub mod dataset;
mod error;
pub mod fitting;
mod latent_table;
pub mod morphology;
pub mod recording;
pub mod stimulus;
pub mod sweeps;
mod trace;

pub use cell_model::{CellModel, CellSet, ModelId, SectionKind, SectionParameters};
pub use channel::{ChannelModel, Expression};
pub use error::Error;
pub use fitting::{FitTargets, ParameterSpace};
pub use latent_table::LatentTable;
pub use morphology::Morphology;
pub use recording::Recording;
pub use stimulus::{Step, Stimulus, StimulusSpec, VoltageProtocol, read_stimulus, read_voltage_protocol};
pub use sweeps::Sweeps;
pub use trace::{Decimator, Sampling, TimeGrid, Trace};
