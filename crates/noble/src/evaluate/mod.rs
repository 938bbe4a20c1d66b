//! The operator against the simulator, trace by trace, with failures counted.
//!
//! Published comparisons of features leave out pairs of traces of which one fires and the other does not. Here they
//! are the first table: every trace is in it, and the feature errors say over how many pairs they were taken.

mod baselines;
mod compare;
mod conditions;
mod distributions;
mod intervals;
mod pages;
mod recorded;
mod report;

pub use baselines::Baselines;
pub(crate) use compare::{Asked, ReferenceTrace, compare_traces};
pub use compare::{ComparedTrace, compare};
pub use conditions::{ConditionError, CurrentError, OnsetError, by_onset};
pub use distributions::{Distributions, JOINT_FEATURES};
pub use pages::{REPORT, evaluation_pages, evaluation_text};
pub use recorded::{
    RecordedComparison, RecordedFeature, compare_recording, recorded_figure, recorded_warnings,
};
pub(crate) use report::group_report;
pub use report::{Evaluation, FeatureError, FiringTable, GroupReport, group_reports};
