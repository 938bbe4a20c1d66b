//! Results of one job, and the threads that run the jobs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use noble_reference::Tally;

use crate::Job;

/// Deviations and notes of one job, kept until all are reported in order.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    is_case: bool,
    values: Vec<(Arc<str>, f64, f64)>,
    facts: Vec<(String, bool)>,
    notes: Vec<String>,
    figures: Figures,
}

/// Largest deviations by what deviates, such as `whole traces`, and its unit.
type Figures = BTreeMap<(String, &'static str), f64>;

impl Findings {
    /// Findings that count as one case.
    pub(crate) fn of_case() -> Self {
        Self { is_case: true, ..Self::default() }
    }

    pub(crate) fn note(line: String) -> Self {
        Self { notes: vec![line], ..Self::default() }
    }

    pub(crate) fn value(&mut self, place: &str, deviation: f64, tolerance: f64) {
        self.values.push((place.into(), deviation, tolerance));
    }

    pub(crate) fn holds(&mut self, place: &str, is_right: bool) {
        self.facts.push((place.to_owned(), is_right));
    }

    /// Compares two arrays; the value that comes closest to its tolerance is named in full.
    pub(crate) fn array(
        &mut self,
        place: &str,
        ours: &[f64],
        expected: &[f64],
        tolerance: impl Fn(f64) -> f64,
    ) {
        let (n_ours, n_expected) = (ours.len(), expected.len());
        self.holds(&format!("{place}: {n_ours} values, expected {n_expected}"), n_ours == n_expected);
        let shared: Arc<str> = place.into();
        let first = self.values.len();
        let pairs = ours.iter().zip(expected);
        self.values.extend(pairs.map(|(x, y)| (shared.clone(), (x - y).abs(), tolerance(*y))));
        let figures =
            self.values[first..].iter().map(|(_, deviation, tolerance)| deviation / tolerance).enumerate();
        if let Some((idx, _)) = figures.max_by(|a, b| a.1.total_cmp(&b.1)) {
            self.values[first + idx].0 =
                format!("{place}[{idx}] {} expected {}", ours[idx], expected[idx]).into();
        }
    }

    /// Remembers the largest deviation of `what`, in its unit.
    pub(crate) fn figure(&mut self, (what, unit): (&str, &'static str), deviation: f64) {
        let worst = self.figures.entry((what.to_owned(), unit)).or_default();
        *worst = worst.max(deviation);
    }

    pub(crate) fn report(self, tally: &mut Tally) {
        if self.is_case {
            tally.case();
        }
        for (place, deviation, tolerance) in self.values {
            tally.value(&place, deviation, tolerance);
        }
        for (place, is_right) in self.facts {
            tally.holds(&place, is_right);
        }
        for line in self.notes {
            tally.note(line);
        }
    }
}

/// Notes the largest deviation of each kind.
pub(crate) fn note_figures(all: &[Findings], tally: &mut Tally) {
    let mut worst = Findings::default();
    for ((what, unit), deviation) in all.iter().flat_map(|findings| &findings.figures) {
        worst.figure((what, unit), *deviation);
    }
    for ((what, unit), deviation) in worst.figures {
        tally.note(format!("{what} deviate by at most {deviation:.2e} {unit}"));
    }
}

/// Runs the jobs on all cores; results are in the order of the jobs.
pub(crate) fn run_all(jobs: Vec<Job>) -> Vec<Findings> {
    let n_jobs = jobs.len();
    let queue = Mutex::new(jobs.into_iter().enumerate());
    let results = Mutex::new(Vec::with_capacity(n_jobs));
    let n_threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some((idx, job)) = next else { break };
                    let findings = job();
                    results.lock().unwrap().push((idx, findings));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    assert_eq!(results.len(), n_jobs, "a job did not finish");
    results.sort_by_key(|(idx, _)| *idx);
    results.into_iter().map(|(_, findings)| findings).collect()
}
