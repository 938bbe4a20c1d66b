//! What was found in an NMODL file: what cannot be taken over, and what a user should know.

use std::fmt::{self, Display, Formatter};

/// A statement of an NMODL file that cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: &'static str,
}

impl Problem {
    pub(super) fn new(line: usize, what: impl Into<String>, remedy: &'static str) -> Self {
        Self { line, what: what.into(), remedy }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.what, self.remedy)
    }
}

/// What became of an NMODL file that a user should know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NmodlReport {
    /// Names that changed, such as `gbar (S/cm2) is gbar_s_per_cm2`.
    pub renamed: Vec<String>,
    /// What was decided where the file leaves a choice.
    pub assumed: Vec<String>,
    /// What has no effect here.
    pub ignored: Vec<String>,
}
