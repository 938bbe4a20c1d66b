//! The optimizers as a user meets them: known fronts and minima, another program as judge, and the course of a run.

#![expect(clippy::unwrap_used, reason = "a failing test panics")]
#![expect(clippy::print_stdout, reason = "figures for those who run with --nocapture")]

mod course;
mod fronts;
mod judge;
mod minima;
mod problems;
