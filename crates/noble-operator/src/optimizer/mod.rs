//! Optimizers and learning-rate schedules.
//!
//! An optimizer is one file: its settings, which describe it, and its state, which implements [`Optimizer`]. Its line
//! in [`OptimizerSettings`] registers it. None of them sums over threads, so bits do not depend on their number.

mod adamw;
mod muon;
mod orthogonal;
mod schedule;

use serde::{Deserialize, Serialize};

use crate::ParameterInfo;

pub use adamw::{AdamW, AdamWSettings};
pub use muon::{Muon, MuonSettings};
pub use schedule::{OneCycleSettings, PlateauSettings, Schedule, ScheduleState};

/// An optimizer and its constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OptimizerSettings {
    /// The `neuraloperator` package's AdamW.
    Adamw(AdamWSettings),
    /// Orthogonalized momentum for matrices, AdamW for everything else.
    Muon(MuonSettings),
}

impl OptimizerSettings {
    /// Every optimizer with its default constants.
    #[must_use]
    pub fn all() -> [Self; 2] {
        [Self::Adamw(AdamWSettings::default()), Self::Muon(MuonSettings::default())]
    }

    /// Name as written in files and on command lines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Adamw(_) => "adamw",
            Self::Muon(_) => "muon",
        }
    }

    /// The same with another weight decay in all its parts.
    #[must_use]
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        match self {
            Self::Adamw(settings) => Self::Adamw(AdamWSettings { weight_decay, ..settings }),
            Self::Muon(settings) => {
                let others = AdamWSettings { weight_decay, ..settings.others };
                Self::Muon(MuonSettings { weight_decay, others, ..settings })
            }
        }
    }

    /// The optimizer before its first step.
    #[must_use]
    pub fn start(self, parameters: &[ParameterInfo]) -> Box<dyn Optimizer> {
        let n_values = parameters.iter().map(|parameter| parameter.span.len()).sum();
        match self {
            Self::Adamw(settings) => Box::new(AdamW::new(settings, n_values)),
            Self::Muon(settings) => Box::new(Muon::new(settings, n_values)),
        }
    }
}

/// A rule that moves parameters against their gradient, and what it remembers.
pub trait Optimizer: std::fmt::Debug + Send + Sync {
    /// One step of `values` against `gradient` (for complex parameters `∂L/∂Re + i ∂L/∂Im`).
    ///
    /// # Panics
    /// When the arrays differ in length.
    fn step(
        &mut self,
        values: &mut [f32],
        gradient: &[f32],
        parameters: &[ParameterInfo],
        learning_rate: f64,
    );

    /// What it remembers, by name; every array is as long as the parameters.
    fn memory(&self) -> Vec<(&'static str, &[f32])>;

    /// The same, to be filled when a run is resumed after `n_steps` steps.
    fn resume(&mut self, n_steps: u64) -> Vec<(&'static str, &mut [f32])>;
}
