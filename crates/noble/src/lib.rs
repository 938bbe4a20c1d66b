//! Simulate a neuron, generate its dataset, train a neural operator on it, ask it for ensembles.
//!
//! This is where the siblings meet: cells are simulated, traces become features and datasets, datasets train an
//! operator, operators answer. The binary `noble` spells these stages as commands; everything it does is here.

pub mod accuracy;
mod cells;
#[cfg(feature = "cli")]
pub mod cli;
pub mod cluster;
pub mod convert;
mod embedded;
mod ensemble_members;
mod ensemble_report;
mod error;
pub mod evaluate;
pub mod exchange;
mod excitability;
#[cfg(feature = "serve")]
pub mod explore;
pub mod export;
pub mod features;
pub mod fi_curve;
pub mod figure;
pub mod files;
pub mod fit;
pub mod generate;
mod hull;
pub mod interpolation;
mod latent_density;
mod latent_features;
pub mod merge;
mod predict;
mod progress;
mod protocol;
pub mod reference_cell;
pub mod reproduce;
mod self_test;
mod shard;
mod simulate;
pub mod sweep_file;
mod table;
pub mod training;

pub use cells::Cells;
pub use embedded::embedded_operator;
pub use ensemble_members::{Placement, grid_cell, place_members};
pub use ensemble_report::EnsembleReport;
pub use error::Error;
pub use excitability::{Excitability, ExcitabilitySettings, I_THR, S_THR, measure_excitability};
pub use latent_density::LatentDensity;
pub use latent_features::{LatentSet, rate_knots, train_shape};
pub use predict::{Member, Prediction, completed_latents, member_at, members_of, predict};
pub use progress::{Progress, Silent};
pub use protocol::Protocol;
pub use self_test::{Finding, self_test};
pub use shard::Shard;
pub use simulate::{
    Drive, Experiment, Recorded, RecordingSpec, SweepTask, record_shard, record_sweeps, simulate_sweep,
    simulate_sweeps,
};
