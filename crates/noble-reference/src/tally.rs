//! Counts what was compared and remembers the worst deviation, so that a passing run states its figures.

use crate::case::say;

/// Collects comparisons of one test binary and prints one summary line at the end.
#[derive(Debug, Default)]
pub struct Tally {
    n_cases: usize,
    n_values: usize,
    worst: Option<(f64, String)>,
    failures: Vec<String>,
    notes: Vec<String>,
}

impl Tally {
    /// An empty tally.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one case as compared.
    pub fn case(&mut self) {
        self.n_cases += 1;
    }

    /// Compares one number: `deviation` passes when it is at most `tolerance` (NaN fails).
    ///
    /// The figure remembered as worst is `deviation / tolerance`.
    pub fn value(&mut self, place: &str, deviation: f64, tolerance: f64) {
        self.n_values += 1;
        // Equal numbers pass any tolerance, zero included.
        let figure = if deviation == 0.0 { 0.0 } else { deviation / tolerance };
        if self.worst.as_ref().is_none_or(|(worst, _)| figure > *worst || figure.is_nan()) {
            self.worst = Some((figure, format!("{place}: {deviation:.3e} of {tolerance:.1e}")));
        }
        if deviation.is_nan() || deviation > tolerance {
            self.failures.push(format!("{place}: deviation {deviation:.6e} exceeds {tolerance:.1e}"));
        }
    }

    /// Compares an outcome that is right or wrong.
    pub fn holds(&mut self, place: &str, is_right: bool) {
        self.n_values += 1;
        if !is_right {
            self.failures.push(place.to_owned());
        }
    }

    /// Records a line to print beside the summary, such as a case that is not run and why.
    pub fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    /// Prints the notes of a test whose cases are not part of the repository and absent.
    ///
    /// # Panics
    /// When there was a case after all.
    pub fn finish_without_cases(self) {
        assert_eq!(self.n_cases, 0, "cases were compared");
        self.notes.iter().for_each(|line| say(line));
    }

    /// Prints the notes and `compared N cases, M values, worst <figure>`.
    ///
    /// # Panics
    /// When a comparison failed, or when there was no case at all.
    pub fn finish(self) {
        for line in &self.notes {
            say(line);
        }
        let worst = self.worst.map_or_else(|| "none".to_owned(), |(_, text)| text);
        say(&format!("compared {} cases, {} values, worst {worst}", self.n_cases, self.n_values));
        assert!(self.n_cases > 0, "no reference case was found");
        let shown: Vec<&str> = self.failures.iter().take(40).map(String::as_str).collect();
        assert!(
            self.failures.is_empty(),
            "{} of {} values differ:\n{}",
            self.failures.len(),
            self.n_values,
            shown.join("\n")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_equal_numbers_of_no_tolerance_are_not_the_worst() {
        let mut tally = Tally::new();
        tally.value("equal", 0.0, 0.0);
        tally.value("near", 1.0, 2.0);
        assert!(tally.failures.is_empty());
        let (figure, place) = tally.worst.unwrap();
        assert!((figure - 0.5).abs() < 1e-15 && place.starts_with("near"), "{figure} {place}");
    }
}
