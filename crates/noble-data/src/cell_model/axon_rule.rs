//! What becomes of the reconstructed axon.

use serde::{Deserialize, Serialize};

/// Reconstructions rarely hold a whole axon, so published fits replace it by a short stub; which one is part of
/// the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AxonRule {
    /// The axon stays as it was traced.
    Keep,
    /// Two sections in series, 30 µm long and 1 µm wide, at the middle of the soma.
    Peri,
    /// The same two sections at the far end of the soma.
    Stub1,
}

impl AxonRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Keep, Self::Peri, Self::Stub1];

    /// Name as written in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Peri => "peri",
            Self::Stub1 => "stub1",
        }
    }

    /// The rule of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}
