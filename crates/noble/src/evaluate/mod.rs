//! The operator against the simulator, trace by trace, with failures counted.
//!
//! Published comparisons of features leave out pairs of traces of which one fires and the other does not. Here they
//! are the first table: every trace is in it, and the feature errors say over how many pairs they were taken.

mod baselines;
mod compare;
mod intervals;
mod pages;
mod report;

pub use baselines::Baselines;
pub(crate) use compare::{Asked, ReferenceTrace, compare_traces};
pub use compare::{ComparedTrace, compare};
pub use pages::{REPORT, evaluation_pages, evaluation_text};
pub(crate) use report::group_report;
pub use report::{Evaluation, FeatureError, FiringTable, GroupReport, group_reports};
