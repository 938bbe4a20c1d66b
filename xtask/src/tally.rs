//! What passed and what failed.

use std::fmt;

/// Counts of gates and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) n_passed: usize,
    pub(crate) n_failed: usize,
}

impl Tally {
    /// Counts one gate.
    pub(crate) fn gate(&mut self, has_passed: bool) {
        if has_passed {
            self.n_passed += 1;
        } else {
            self.n_failed += 1;
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.n_passed += other.n_passed;
        self.n_failed += other.n_failed;
    }

    pub(crate) fn is_clean(self) -> bool {
        self.n_failed == 0
    }

    /// Counts of a line such as `test result: ok. 3 passed; 0 failed; 0 ignored; …`, `None` for any other line.
    pub(crate) fn of_test_line(line: &str) -> Option<Self> {
        let (_, result) = line.split_once("test result: ")?;
        let (_, counts) = result.split_once(". ")?;
        let mut tally = Self::default();
        for part in counts.split("; ") {
            match part.trim().split_once(' ') {
                Some((count, "passed")) => tally.n_passed = count.parse().ok()?,
                Some((count, "failed")) => tally.n_failed = count.parse().ok()?,
                _ => {}
            }
        }
        Some(tally)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.n_passed, self.n_failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_test_lines_are_counted() {
        let check = |line: &str, expected: Option<(usize, usize)>| {
            let found = Tally::of_test_line(line).map(|tally| (tally.n_passed, tally.n_failed));
            assert_eq!(found, expected, "{line}");
        };
        let tail = "0 ignored; 0 measured; 2 filtered out; finished in 0.02s";
        check(&format!("test result: ok. 12 passed; 0 failed; {tail}"), Some((12, 0)));
        check(&format!("test result: FAILED. 3 passed; 1 failed; {tail}"), Some((3, 1)));
        check("test tally::tests::x ... ok", None);
        check("", None);
    }

    #[test]
    fn analytic_last_line() {
        let mut tally = Tally::default();
        tally.gate(true);
        tally.gate(false);
        tally.add(Tally { n_passed: 40, n_failed: 2 });
        assert_eq!(tally.to_string(), "41 passed, 3 failed");
        assert!(!tally.is_clean());
    }
}
