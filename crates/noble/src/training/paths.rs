//! Where a run leaves its files.

use std::path::{Path, PathBuf};

/// Where a run leaves its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainPaths {
    /// The best operator so far.
    pub operator: PathBuf,
    /// The operator of the last validation.
    pub last: PathBuf,
    /// The best operator at a regular validation, while `operator` is of one at a time limit.
    pub regular: PathBuf,
    /// State to resume from.
    pub state: PathBuf,
    /// Log.
    pub log: PathBuf,
    /// Curves of the log.
    pub figure: PathBuf,
}

impl TrainPaths {
    /// Paths beside an operator file.
    #[must_use]
    pub fn beside(operator: &Path) -> Self {
        Self {
            operator: operator.to_path_buf(),
            last: operator.with_extension("last.safetensors"),
            regular: operator.with_extension("regular.safetensors"),
            state: operator.with_extension("training.safetensors"),
            log: operator.with_extension("log.jsonl"),
            figure: operator.with_extension("learning.svg"),
        }
    }
}
