//! Where a fit leaves its files.

use std::path::{Path, PathBuf};

/// Where a fit leaves its files: all beside the hall of fame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitPaths {
    /// The hall of fame.
    pub hall_of_fame: PathBuf,
    /// Every accepted model that was kept.
    pub archive: PathBuf,
    /// State to resume from.
    pub state: PathBuf,
    /// One line per generation.
    pub log: PathBuf,
    /// Scores and features of the hall of fame.
    pub scores: PathBuf,
    /// Traces of the hall of fame.
    pub figure: PathBuf,
}

const ENDING: &str = ".hall_of_fame.json";

impl FitPaths {
    /// Paths beside a hall of fame; `NAME.hall_of_fame.json` gives `NAME.archive.hall_of_fame.json` and so on.
    #[must_use]
    pub fn beside(hall_of_fame: &Path) -> Self {
        let name = hall_of_fame.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(ENDING).or_else(|| name.strip_suffix(".json")).unwrap_or(&name);
        let beside = |ending: &str| hall_of_fame.with_file_name(format!("{stem}{ending}"));
        Self {
            hall_of_fame: hall_of_fame.to_path_buf(),
            archive: beside(".archive.hall_of_fame.json"),
            state: beside(".fit.json"),
            log: beside(".fit.csv"),
            scores: beside(".scores.csv"),
            figure: beside(".fit.svg"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_files_lie_beside_the_hall_of_fame() {
        let paths = FitPaths::beside(Path::new("a/pv.hall_of_fame.json"));
        assert_eq!(paths.archive, Path::new("a/pv.archive.hall_of_fame.json"));
        assert_eq!(FitPaths::beside(Path::new("pv.json")).state, Path::new("pv.fit.json"));
    }
}
