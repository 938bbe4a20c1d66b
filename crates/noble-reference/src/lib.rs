//! Reference cases of other programs, and a tally of how closely ours agree.
//!
//! Test support only: no shipped crate depends on it. The crates under test read no environment and open no
//! file, so the one place that does both for every test binary is here.

mod case;
mod tally;

pub use case::{Case, Root, case_folders, roots};
pub use tally::Tally;
