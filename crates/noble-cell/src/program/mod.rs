//! Arithmetic of a channel compiled for many compartments and many runs at once.
//!
//! Formulas become a [`Graph`] in which equal parts exist once, so gates share their rates. A [`Program`] is the
//! graph in an order of execution: a list of operations on blocks of numbers, short enough to stay in the fastest
//! cache, so that fetching an operation costs little beside doing it. What depends on parameters alone is computed
//! once before a run.

mod channel;
mod execute;
mod graph;
mod linear;
#[cfg(target_arch = "x86_64")]
mod native;
mod region;
mod schedule;
mod scheme;
mod share;

pub use channel::StartOfScheme;
pub(crate) use channel::{Conditions, constant};
pub(crate) use execute::{Bound, Executable, Workspace};
pub(crate) use graph::Input;
pub(crate) use linear::Work;
pub(crate) use region::{Phase, program_of};
pub(crate) use scheme::{ALEXANDER_STAGE, flows as scheme_flows, start as scheme_start};

#[cfg(test)]
mod tests;
