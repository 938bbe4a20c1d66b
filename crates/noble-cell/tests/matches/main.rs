//! Comparison with NEURON, case by case: geometry, states, whole traces, single compartments, electrodes.

#![expect(clippy::unwrap_used, reason = "a reference that cannot be read is a failure")]

mod canonical;
mod cell;
mod clamps;
mod findings;
mod geometry;
mod places;
mod probe;
mod second_order;
mod traces;
mod units;
mod waveforms;

use std::sync::Arc;

use cell::Protocol;
use findings::Findings;
use noble_reference::{Case, Tally, case_folders};

#[test]
fn matches_neuron() {
    let mut tally = Tally::new();
    let mut jobs = Vec::new();
    let cases = case_folders("biophysics");
    for case in &cases {
        add_jobs(case, &cases, &mut jobs);
    }
    let results = findings::run_all(jobs);
    findings::note_figures(&results, &mut tally);
    for findings in results {
        findings.report(&mut tally);
    }
    tally.finish();
}

/// A piece of work that can run beside others.
type Job = Box<dyn FnOnce() -> Findings + Send>;

/// Adds the comparisons of a folder, or of the folders in it.
fn add_jobs(case: &Case, cells: &[Case], jobs: &mut Vec<Job>) {
    if !case.files("protocol", ".json").is_empty() || !case.files("traces", ".npz").is_empty() {
        cell::add_jobs(case.clone(), jobs);
    } else if case.find("canonical.json").is_some() {
        canonical::add_jobs(case.clone(), jobs);
    } else if case.find("case.json").is_some() {
        add_jobs_on_cell(case, cells, jobs);
    } else if !case.files("", ".npz").is_empty() {
        units::add_jobs(case.clone(), jobs);
    } else if case.inner().is_empty() {
        add_note(format!("{}: not run: no protocol*.json and no *.npz", case.folder.display()), jobs);
    } else {
        case.inner().iter().for_each(|inner| add_jobs(inner, cells, jobs));
    }
}

/// Adds the comparisons of a folder whose cell is another case.
fn add_jobs_on_cell(case: &Case, cells: &[Case], jobs: &mut Vec<Job>) {
    let json = case.json("case.json");
    let name = json["cell"].as_str().unwrap_or_else(|| panic!("{}: case.json names no cell", case.name));
    let known = cells.iter().rfind(|cell| cell.name == name);
    let known = known.unwrap_or_else(|| panic!("{}: its cell {name} is missing", case.name));
    let has = |key: &str| json.pointer(&format!("/sweeps/0/{key}")).is_some();
    let add = match (has("clamps"), has("errors")) {
        (true, _) => clamps::add_jobs,
        (false, true) => second_order::add_jobs,
        (false, false) => panic!("{}: case.json has sweeps of unknown layout", case.name),
    };
    match Protocol::new(Arc::new(cell::load(known.clone())), json) {
        Ok(protocol) => add(case, &Arc::new(protocol), jobs),
        Err(reason) => add_note(format!("{}: not run: {reason}", case.folder.display()), jobs),
    }
}

fn add_note(line: String, jobs: &mut Vec<Job>) {
    jobs.push(Box::new(move || Findings::note(line)));
}
