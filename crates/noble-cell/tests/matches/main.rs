//! Comparison with NEURON, case by case: geometry, states, whole traces, single compartments.

#![expect(clippy::unwrap_used, reason = "a reference that cannot be read is a failure")]

mod canonical;
mod cell;
mod findings;
mod geometry;
mod places;
mod probe;
mod traces;
mod units;

use findings::Findings;
use noble_reference::{Tally, case_folders};

#[test]
fn matches_neuron() {
    let mut tally = Tally::new();
    let mut jobs = Vec::new();
    for case in case_folders("biophysics") {
        if !case.files("protocol", ".json").is_empty() || !case.files("traces", ".npz").is_empty() {
            cell::add_jobs(case, &mut jobs);
        } else if case.find("canonical.json").is_some() {
            canonical::add_jobs(case, &mut jobs);
        } else if !case.files("", ".npz").is_empty() {
            units::add_jobs(case, &mut jobs);
        } else {
            tally.note(format!("{}: not run: no protocol*.json and no *.npz", case.folder.display()));
        }
    }
    let results = findings::run_all(jobs);
    let worst_mv = results.iter().map(Findings::trace_deviation_mv).fold(0.0, f64::max);
    tally.note(format!("whole traces deviate by at most {worst_mv:.2e} mV"));
    for findings in results {
        findings.report(&mut tally);
    }
    tally.finish();
}

/// A piece of work that can run beside others.
type Job = Box<dyn FnOnce() -> Findings + Send>;
