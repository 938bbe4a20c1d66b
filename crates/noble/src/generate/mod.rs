//! From cells to a dataset: which traces, then shard by shard.
//!
//! The plan of traces is a function of the settings alone, every trace is a function of its plan, and a shard is
//! renamed into place when it is whole. So any number of interruptions leads to the same bytes.

mod amplitudes;
mod folder;
mod latents;
mod plan;

pub use amplitudes::Amplitudes;
pub use folder::{DatasetFolder, Existing, generate, generate_shard};
pub(crate) use folder::{SHARD_KEY, check_begun, differing_keys, json, json_line, manifest_path};
pub(crate) use latents::{Latents, keep_latents, measure_latents};
pub use plan::{GenerateSettings, PlannedTrace, split_models};
