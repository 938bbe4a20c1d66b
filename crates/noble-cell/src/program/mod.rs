//! Arithmetic of a channel compiled for many compartments and many runs at once.
//!
//! Formulas become a [`Graph`] in which equal parts exist once, so gates share their rates. A [`Program`] is the
//! graph in an order of execution: a list of operations on blocks of numbers, short enough to stay in the fastest
//! cache, so that fetching an operation costs little beside doing it. What depends on parameters alone is computed
//! once before a run.

mod execute;
mod graph;
mod linear;
mod share;

pub(crate) use execute::{Elements, NodeArrays, Prepared};
pub(crate) use graph::{Choice, Graph, Id, Input, Node};
pub(crate) use linear::{NodeArray, Output, Program, Programs};
