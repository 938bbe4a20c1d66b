//! From targets and a morphology to a hall of fame.
//!
//! A [`FitCase`] says what may vary and what should come out; its plan is checked before anything is simulated.
//! [`search`] evolves candidates, one search per seed: first membranes on hyperpolarized sweeps, then everything on
//! everything; [`conclude`] chooses accepted models that lie far from each other and measures them. Who evaluates is an
//! argument, so that the same search runs on threads and on other processes, to the same bits.

mod case;
mod default_space;
mod drawing;
mod evaluate;
mod log;
mod objective;
mod paths;
mod recording;
mod report;
mod result;
mod run;
mod search;
mod settings;
mod stage;
mod together;

pub use case::{FitCase, FitPlan};
pub(crate) use default_space::by_factors;
pub use default_space::default_space;
pub use drawing::fit_figure;
pub use evaluate::{Evaluate, Evaluation, Here};
pub use log::Generation;
pub use objective::{LARGEST_Z, Objective};
pub use paths::FitPaths;
pub(crate) use recording::LEAST_RELATIVE_DEVIATION;
pub use recording::{RecordedTargets, RecordingSettings, least_deviation, recording_targets};
pub use report::{ObjectiveSummary, log_csv, scores_csv, summarize};
pub use result::{FitResult, conclude};
pub use run::{FitLimits, FitPlace, FitState, search};
pub use settings::FitSettings;
pub use stage::{Stage, StageKind};
pub use together::{Together, answer, evaluations_of, jobs_of, serve};
