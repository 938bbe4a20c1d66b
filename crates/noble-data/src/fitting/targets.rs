//! What a fit aims at.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;
use crate::cell_model::check_version;

pub(super) const FORMAT: &str = "fit targets";

/// Version of the fit-targets file written by this release.
pub const FIT_TARGETS_FORMAT_VERSION: u32 = 1;

/// One feature with its spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureTarget {
    /// eFEL's name, which has its unit by definition.
    pub feature: String,
    /// Mean over repeats.
    pub mean: f64,
    /// Standard deviation over repeats, greater than zero: the yardstick of a distance to the mean.
    pub deviation: f64,
}

/// Whether a cell fires during a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firing {
    /// At least one spike.
    Fires,
    /// No spike.
    Silent,
}

/// One current step and the features of the voltage of the soma under it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSweep {
    /// Unique name.
    pub name: String,
    /// Amplitude of the step, on top of the holding current.
    pub step_na: f64,
    /// Onset of the step.
    pub delay_ms: f64,
    /// Length of the step.
    pub duration_ms: f64,
    /// Length of the sweep.
    pub total_ms: f64,
    /// Current throughout the sweep.
    #[serde(default)]
    pub holding_na: f64,
    /// Features of the sweep.
    #[serde(default)]
    pub features: Vec<FeatureTarget>,
    /// Whether it fires, where that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firing: Option<Firing>,
}

impl TargetSweep {
    /// Current during the step, the holding current included.
    #[must_use]
    pub fn total_na(&self) -> f64 {
        self.holding_na + self.step_na
    }
}

/// Everything a fit aims at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitTargets {
    /// Version of this layout, [`FIT_TARGETS_FORMAT_VERSION`].
    pub format_version: u32,
    /// Where they come from, in words.
    pub source: String,
    /// The sweeps.
    pub sweeps: Vec<TargetSweep>,
}

impl FitTargets {
    /// Reads a fit-targets file; [`FitTargets::check`] gives the notes on it.
    ///
    /// # Errors
    /// [`Error::Json`] when the bytes are not JSON of this layout and version, or fail [`FitTargets::check`].
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| wrong_layout(&error))?;
        check_version(&value, FORMAT, "", FIT_TARGETS_FORMAT_VERSION)?;
        let targets: Self = serde_json::from_value(value).map_err(|error| wrong_layout(&error))?;
        targets.check()?;
        Ok(targets)
    }

    /// Checks what the layout cannot, and gives notes on what is odd but possible.
    ///
    /// Names of features are not checked: who computes them knows them.
    ///
    /// # Errors
    /// [`Error::Json`] with place and remedy for currents, times and deviations that cannot be, and for targets that
    /// contradict each other.
    pub fn check(&self) -> Result<Vec<String>, Error> {
        super::targets_check::check(&self.sweeps)
    }
}

fn wrong_layout(error: &serde_json::Error) -> Error {
    Error::Json {
        format: FORMAT,
        place: "file".to_owned(),
        what: error.to_string(),
        remedy: "compare with a file written by this program".to_owned(),
    }
}
