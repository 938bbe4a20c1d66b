//! Time of one 515 ms run of each reference cell that the crate can simulate: minimum of five on one core.
//!
//! `cargo bench -p noble-cell`

#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use noble_cell::{CablePlan, CableState, CurrentClamp, PlanSettings, RunSettings, run};
use noble_data::cell_model::{AxonRule, read_cells};
use noble_data::morphology::read_swc;
use noble_data::{Step, Stimulus};
use noble_reference::{Case, case_folders};

const N_REPEATS: usize = 5;

fn main() {
    for case in case_folders("biophysics") {
        if let Some(plan) = plan(&case) {
            let fastest = (0..N_REPEATS).map(|_| time_of_run(&plan)).min().unwrap_or_default();
            let n_compartments = plan.n_compartments();
            println!("{}: {n_compartments} compartments, minimum {:.3} s", case.name, fastest.as_secs_f64());
        }
    }
}

/// The first parameter set of a case with the axon of its protocol; `None` where the crate lacks what it needs.
fn plan(case: &Case) -> Option<CablePlan> {
    case.find("protocol.json")?;
    let protocol = case.json("protocol.json");
    let (morphology, _) = read_swc(&case.bytes("morphology.swc")).ok()?;
    let file = ["fit.json", "hof_params.json"].into_iter().find(|file| case.find(file).is_some())?;
    let (_, mut cell) = read_cells(&case.bytes(file)).ok()?.models.pop_first()?;
    cell.axon_rule = AxonRule::from_name(protocol["axon_rule"].as_str()?).ok()?;
    cell.mechanism_set = protocol["mechanism_set"].as_str()?.to_owned();
    CablePlan::new(&morphology, &cell, &PlanSettings::default()).ok()
}

fn time_of_run(plan: &CablePlan) -> Duration {
    let step = Step { delay_ms: 15.0, duration_ms: 400.0, amplitude_na: 0.3 };
    let stimulus = Stimulus::step(step).expect("the step is finite");
    let clamp = CurrentClamp { compartment: None, stimulus: &stimulus };
    let settings = RunSettings { dt_ms: 0.02, total_ms: 515.0 };
    let mut state = CableState::new(plan);
    let start = Instant::now();
    run(plan, &clamp, &settings, &mut state, |_| ControlFlow::Continue(()))
        .expect("the reference cells converge");
    start.elapsed()
}
