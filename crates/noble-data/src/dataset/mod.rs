//! A dataset: traces × models × stimuli in shards, and the manifest that ties them together.
//!
//! A shard is written once and never touched again, so a run that was cut off loses at most the shard it was
//! writing. The manifest holds the whole plan from the start; the hashes of the shards complete it at the end.

mod manifest;
mod shard;

use serde::{Deserialize, Serialize};

pub use manifest::{DatasetModel, Manifest, ShardEntry, sha256_hex};
pub use shard::Shard;

/// What a trace, or a model, is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Weights are fitted to it.
    Train,
    /// Choices are made by it.
    Validation,
    /// Looked at once, at the end.
    Test,
}

impl Split {
    /// Every split, in the order of its code in a shard.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// Name as written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Train => 0,
            Self::Validation => 1,
            Self::Test => 2,
        }
    }
}

#[cfg(test)]
mod tests;
