//! Features of a voltage trace that have a gradient, for losses that name what matters in a trace.
//!
//! A loss over samples hardly sees a sag of two millivolts or a spike that comes a millisecond late. The definitions
//! in use count, pick extrema and look for crossings, so they have no gradient; each feature here is the smooth twin
//! of one of them. A feature is one file and one line in the table of its registry.

mod ahp_depth;
mod ap_half_width;
mod ap_height;
mod context;
mod excursions;
mod first_spike;
mod kernel;
mod registry;
mod sag;
mod spike_count;
mod steady_state;
#[cfg(test)]
mod tests;

pub use context::{FeatureContext, SoftSettings};
pub use registry::SoftFeature;
