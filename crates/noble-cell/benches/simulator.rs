//! Time of 515 ms of each reference cell that the crate can simulate, one run and many side by side, on one core.
//!
//! `cargo bench -p noble-cell --bench simulator [-- --case NAME] [--lanes 1,16] [--repeats 5] [--format json]
//! [--instructions all]`; with all instructions that the processor has, each is compared with the widest.

#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use noble_cell::{
    CablePlan, CableState, ChannelWork, Electrode, Instructions, Integrator, PlanSettings, RunSettings,
    run_lanes,
};
use noble_data::cell_model::{AxonRule, read_cells};
use noble_data::morphology::read_swc;
use noble_data::{Step, Stimulus};
use noble_reference::{Case, case_folders};

const RUN: RunSettings =
    RunSettings { settle_ms: 0.0, dt_ms: 0.02, total_ms: 515.0, integrator: Integrator::Neuron };

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1)).cloned()
    };
    let lanes = option("--lanes").unwrap_or_else(|| "1,16".to_owned());
    let n_repeats: usize = option("--repeats").map_or(5, |n| n.parse().expect("--repeats is a number"));
    let is_json = option("--format").is_some_and(|format| format == "json");
    let mut instructions = Instructions::available();
    if option("--instructions").is_none() {
        instructions.truncate(1);
    }
    for case in case_folders("biophysics") {
        if option("--case").is_some_and(|name| name != case.name) {
            continue;
        }
        let Some(plan) = plan(&case) else { continue };
        for n_lanes in lanes.split(',').map(|n| n.parse().expect("--lanes is a list of numbers")) {
            let mut widest: Option<Vec<f64>> = None;
            for instructions in instructions.iter().copied() {
                let runs: Vec<Run> =
                    (0..n_repeats).map(|_| time_of_runs(&plan, n_lanes, instructions)).collect();
                let fastest = runs.iter().min_by_key(|run| run.wall).expect("there is a repeat");
                let first = widest.get_or_insert_with(|| fastest.v_mv.clone());
                report(&case.name, (plan.n_compartments(), n_lanes), (instructions, first, fastest), is_json);
            }
        }
    }
}

/// One measurement.
struct Run {
    wall: Duration,
    /// Of the soma of the first lane.
    v_mv: Vec<f64>,
    memory_bytes: usize,
    work: ChannelWork,
}

fn report(
    case: &str,
    (n_compartments, lanes): (usize, usize),
    (instructions, widest, run): (Instructions, &[f64], &Run),
    is_json: bool,
) {
    let n_steps = RUN.grid().expect("the settings are valid").n_samples() - 1;
    let per_trace = run.wall.as_secs_f64() / lanes as f64;
    let ns = 1e9 * per_trace / (n_compartments * n_steps) as f64;
    let ms = 1e3 * per_trace;
    let kibibytes = run.memory_bytes as f64 / 1024.0 / lanes as f64;
    let deviation_mv = widest.iter().zip(&run.v_mv).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let per_compartment = |n: usize| n as f64 / (n_compartments * lanes) as f64;
    let operations = format!(
        "\"simple\":{:.1},\"exponentials\":{:.1},\"logarithms\":{:.1},\"divisions\":{:.1}",
        per_compartment(run.work.n_simple),
        per_compartment(run.work.n_exponentials),
        per_compartment(run.work.n_logarithms),
        per_compartment(run.work.n_divisions)
    );
    let floor_ns = floor_ns(run.work, instructions) / (n_compartments * lanes) as f64;
    if is_json {
        println!(
            "{{\"case\":\"{case}\",\"n_compartments\":{n_compartments},\"lanes\":{lanes},\"n_steps\":{n_steps},\
             \"ns_per_compartment_step\":{ns:.3},\"floor_ns\":{floor_ns:.3},{operations},\"ms_per_trace\":{ms:.3},\"kibibytes_per_trace\":{kibibytes:.1},\
             \"instructions\":\"{instructions:?}\",\"deviation_mv\":{deviation_mv:e}}}"
        );
    } else {
        println!(
            "{case}: {n_compartments} compartments, {lanes} lanes, {instructions:?}: {ns:.2} ns per step (floor {floor_ns:.2}), \
             {ms:.2} ms and {kibibytes:.0} KiB per trace, {deviation_mv:.1e} mV from the widest"
        );
    }
}

/// Instructions on registers that an exponential and a logarithm take beside their division.
const EXPONENTIAL_INSTRUCTIONS: usize = 19;
const LOGARITHM_INSTRUCTIONS: usize = 24;
/// Cycles in which the divider takes no other register of 512 bits; half at 256 bits.
const DIVISION_CYCLES: f64 = 16.0;
/// Registers of arithmetic that a core of the kind begins in a cycle.
const PORTS: f64 = 2.0;
/// Clock of the core [GHz], for the floor.
const CLOCK_GHZ: f64 = 3.4;

/// Instructions by which a reciprocal refined by multiplications exceeds a division.
const REFINEMENT_INSTRUCTIONS: f64 = 7.0;

/// Least time of a step [ns]: both ports and the divider at work all the time, with as many reciprocals refined by
/// multiplications as level the two.
fn floor_ns(work: ChannelWork, instructions: Instructions) -> f64 {
    let width = match instructions {
        Instructions::Avx512 => 8.0,
        Instructions::Avx2 => 4.0,
        _ => 1.0,
    };
    let simple = work.n_simple
        + EXPONENTIAL_INSTRUCTIONS * work.n_exponentials
        + LOGARITHM_INSTRUCTIONS * work.n_logarithms
        + work.n_divisions;
    let arithmetic = simple as f64 / width / PORTS;
    let division = (work.n_divisions + work.n_logarithms) as f64 * DIVISION_CYCLES / 8.0;
    let refinement = REFINEMENT_INSTRUCTIONS * work.n_divisions as f64 / width / PORTS;
    let share = ((division - arithmetic) / (division + refinement)).max(0.0);
    (arithmetic + share * refinement) / CLOCK_GHZ
}

/// The first parameter set of a case with the axon of its protocol; `None` where the crate lacks what it needs.
fn plan(case: &Case) -> Option<CablePlan> {
    case.find("protocol.json")?;
    let protocol = case.json("protocol.json");
    let (morphology, _) = read_swc(&case.bytes("morphology.swc")).ok()?;
    let file = ["fit.json", "hof_params.json"].into_iter().find(|file| case.find(file).is_some())?;
    let (_, mut cell) = read_cells(&case.bytes(file)).ok()?.models.pop_first()?;
    let diameter_um = |idx: usize| protocol["stub_diam_um"].get(idx).and_then(|value| value.as_f64());
    let named = AxonRule::from_name(protocol["axon_rule"].as_str()?).ok();
    let in_words = || Some(AxonRule::Stub { diameters_um: [diameter_um(0)?, diameter_um(1)?] });
    cell.axon_rule = named.or_else(in_words)?;
    cell.mechanism_set = protocol["mechanism_set"].as_str()?.to_owned();
    CablePlan::new(&morphology, &cell, &PlanSettings::default()).ok()
}

fn time_of_runs(plan: &CablePlan, n_lanes: usize, instructions: Instructions) -> Run {
    let stimuli: Vec<Stimulus> = (0..n_lanes)
        .map(|lane| {
            let amplitude_na = 0.2 + 0.01 * lane as f64;
            Stimulus::step(Step { delay_ms: 15.0, duration_ms: 400.0, amplitude_na })
                .expect("the step is finite")
        })
        .collect();
    let clamps: Vec<[Electrode<'_>; 1]> =
        stimuli.iter().map(|stimulus| [Electrode::at_soma(stimulus)]).collect();
    let clamps: Vec<&[Electrode<'_>]> = clamps.iter().map(|clamps| clamps.as_slice()).collect();
    let plans = vec![plan; n_lanes];
    let mut state = CableState::of_lanes(&plans, instructions).expect("equal plans fit each other");
    let mut v_mv = Vec::with_capacity(RUN.grid().expect("the settings are valid").n_samples());
    let start = Instant::now();
    let outcomes = run_lanes(&plans, &clamps, &RUN, &mut state, |moment| {
        if moment.lane == 0 {
            v_mv.push(moment.v_mv);
        }
        ControlFlow::Continue(())
    })
    .expect("the settings are valid");
    let wall = start.elapsed();
    assert!(outcomes.iter().all(Result::is_ok), "the reference cells converge");
    Run { wall, v_mv, memory_bytes: state.memory_bytes(), work: state.channel_work() }
}
