//! What a fit varies and what it aims at, as data.
//!
//! A [`ParameterSpace`] is a cell with some numbers left open between bounds, [`FitTargets`] are features of sweeps with
//! their spread. Neither knows a simulator or a feature's definition: those who fit check names against theirs. The
//! files of BluePyOpt are translated in [`bluepyopt`] and nowhere else.

pub mod bluepyopt;
mod space;
mod space_check;
mod target;
mod targets;
mod targets_check;

pub use space::{FIT_SPACE_FORMAT_VERSION, FreeParameter, ParameterSpace, Scale};
pub use target::ParameterTarget;
pub use targets::{FIT_TARGETS_FORMAT_VERSION, FeatureTarget, Firing, FitTargets, TargetSweep};

#[cfg(test)]
mod tests;
