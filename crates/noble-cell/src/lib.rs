//! Compartmental simulator that steps as NEURON does.
//!
//! A published fit is a fit of one discretization and one integration scheme, so both are reproduced exactly:
//! the same sections, segments, order of operations within a step, and initial state as NEURON with a fixed step.
//! Describe ([`noble_data::CellModel`], [`noble_data::Morphology`]) → plan ([`CablePlan`]) → run ([`simulate`],
//! or [`run`] with a state that the caller owns).
//!
//! # Source
//! NEURON 9.0.2, fixed step, `secondorder = 0`.

pub mod cable;
pub mod catalog;
mod clamp;
mod constants;
pub mod discretize;
mod error;
mod ion;
mod kinetics;
mod lanes;
mod page;
mod plan;
mod probe;
mod program;
mod simulate;
mod solve;
mod state;

pub use clamp::{CurrentClamp, Electrode, VoltageClamp};
pub use discretize::{CompartmentId, CompartmentSection};
pub use error::Error;
pub use kinetics::{Kinetics, MembraneConditions, kinetics_at};
pub use lanes::Instructions;
pub use page::catalog_page;
pub use plan::{CablePlan, PlanSettings};
pub use probe::{Probe, ProbeReader, Quantity};
pub use program::StartOfScheme;
pub use simulate::{Integrator, Moment, RunOutcome, RunSettings, run, run_lanes, simulate};
pub use state::{CableState, ChannelWork, LaneState};
