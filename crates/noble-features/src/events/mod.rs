//! Where in a trace something happens: peaks, minima, onsets, ends and bursts, from which features are made.

pub(crate) mod ahp;
pub(crate) mod bursts;
pub(crate) mod counting;
pub(crate) mod offset;
pub(crate) mod onset;
pub(crate) mod peaks;
pub(crate) mod whole;

pub(crate) use ahp::fast_minimum_idx;
pub(crate) use bursts::{Bursts, median};
pub(crate) use whole::{WholeSpike, of_whole_spikes};
