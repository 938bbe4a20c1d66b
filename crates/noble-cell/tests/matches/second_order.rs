//! Voltages that belong to no scheme, and by which order in the time step both integrators come to them.

use std::sync::Arc;

use noble_cell::{CablePlan, Integrator, RunSettings, simulate};
use noble_data::{Step, Stimulus, Trace};
use noble_reference::Case;
use serde_json::Value;

use crate::Job;
use crate::cell::{Protocol, number_at};
use crate::findings::Findings;

const FILE: &str = "arrays.npz";
/// Each half of the one before. From twice the first on, errors are too large to fall by their order: a spike is lost.
const STEPS_MS: [f64; 3] = [0.02, 0.01, 0.005];
/// Integrators and the orders of their errors.
const ORDERS: [(Integrator, f64); 2] = [(Integrator::Neuron, 1.0), (Integrator::SecondOrder, 2.0)];
/// At these steps the terms of higher order are still seen; a scheme of another order is off by one.
const ORDER_TOLERANCE: f64 = 0.2;
/// NEURON's own errors, relative: round-off of a run with spikes, grown by the difference from the reference.
const RELATIVE: f64 = 1e-6;

/// A run and the reference for it.
struct Sweep {
    case: Case,
    protocol: Arc<Protocol>,
    json: Value,
    /// Converged voltage of the soma, one sample per `grid_ms`.
    v_mv: Vec<f64>,
}

/// What a time step costs.
struct Errors {
    /// By how much the spikes that both have are late.
    late_ms: Vec<f64>,
    n_spikes: usize,
    /// Largest error of the voltage before the current.
    before_current_mv: f64,
    rms_mv: f64,
}

/// Adds one job per sweep.
pub(crate) fn add_jobs(case: &Case, protocol: &Arc<Protocol>, jobs: &mut Vec<Job>) {
    let array = case.array::<f64>(FILE, "v_mv").unwrap_or_else(|| panic!("{}: v_mv is missing", case.name));
    let sweeps = protocol.json["sweeps"].as_array().unwrap();
    assert_eq!(array.shape()[0], sweeps.len(), "{}: sweeps", case.name);
    for (json, row) in sweeps.iter().zip(array.outer_iter()) {
        let (case, protocol, json) = (case.clone(), protocol.clone(), json.clone());
        let sweep = Sweep { case, protocol, json, v_mv: row.iter().copied().collect() };
        jobs.push(Box::new(move || compare(&sweep)));
    }
}

fn compare(sweep: &Sweep) -> Findings {
    let plan = sweep.protocol.plan(sweep.protocol.main_id());
    let mut findings = Findings::of_case();
    for (integrator, order) in ORDERS {
        let errors = STEPS_MS.map(|dt_ms| sweep.errors(&plan, (dt_ms, integrator)));
        compare_orders(&mut findings, &format!("{} {integrator:?}", sweep.label()), &errors, order);
        for (dt_ms, errors) in STEPS_MS.iter().zip(&errors) {
            if integrator == Integrator::Neuron {
                compare_with_table(&mut findings, sweep, *dt_ms, errors);
            }
            let late = |which: &str| format!("{which} spikes of {integrator:?} at a step of {dt_ms} ms");
            findings.figure((&late("first"), "ms"), errors.late_ms[0].abs());
            findings.figure((&late("last"), "ms"), errors.late_ms.last().unwrap().abs());
        }
    }
    findings
}

/// The times of the first and of the last spike that all runs have come to the reference by the order.
fn compare_orders(findings: &mut Findings, label: &str, errors: &[Errors], expected: f64) {
    let n_common = errors.iter().map(|errors| errors.late_ms.len()).min().unwrap();
    findings.holds(&format!("{label}: no spike to compare"), n_common > 0);
    for spike_idx in [0, n_common - 1] {
        for (pair, dt_ms) in errors.windows(2).zip(STEPS_MS) {
            let order = (pair[0].late_ms[spike_idx] / pair[1].late_ms[spike_idx]).log2();
            let place = format!("{label} order {order:.3} of spike {spike_idx} from a step of {dt_ms} ms");
            findings.value(&place, (order - expected).abs(), ORDER_TOLERANCE);
        }
    }
}

/// NEURON's fixed step has the same errors.
fn compare_with_table(findings: &mut Findings, sweep: &Sweep, dt_ms: f64, errors: &Errors) {
    let rows = sweep.json["errors"]["secondorder_0"].as_array().unwrap();
    let place = format!("{} dt {dt_ms} ms", sweep.label());
    let row = rows.iter().find(|row| (number_at(row, "/dt_ms", &place) - dt_ms).abs() < 1e-9);
    let row = row.unwrap_or_else(|| panic!("{place}: no errors of NEURON"));
    findings.holds(&format!("{place}: spikes"), row["n_spikes"].as_u64() == Some(errors.n_spikes as u64));
    let ours = [
        ("first_spike_late_ms", errors.late_ms[0]),
        ("last_common_spike_late_ms", *errors.late_ms.last().unwrap()),
        ("before_current_max_mv", errors.before_current_mv),
        ("rms_mv", errors.rms_mv),
    ];
    for (key, ours) in ours {
        let expected = number_at(row, &format!("/{key}"), &place);
        findings.value(&format!("{place} {key}"), (ours - expected).abs(), RELATIVE * expected.abs());
    }
}

impl Sweep {
    fn label(&self) -> String {
        format!("{} {} nA", self.case.name, self.json["amp_na"])
    }

    fn run(&self, plan: &CablePlan, (dt_ms, integrator): (f64, Integrator)) -> Trace {
        let step = Step {
            delay_ms: self.protocol.number("/delay_ms"),
            duration_ms: self.protocol.number("/duration_ms"),
            amplitude_na: number_at(&self.json, "/amp_na", &self.case.name),
        };
        let settings =
            RunSettings { settle_ms: 0.0, dt_ms, total_ms: self.protocol.number("/total_ms"), integrator };
        simulate(plan, &Stimulus::step(step).unwrap(), &settings).unwrap()
    }

    fn errors(&self, plan: &CablePlan, (dt_ms, integrator): (f64, Integrator)) -> Errors {
        let grid_ms = self.protocol.number("/grid_ms");
        let trace = self.run(plan, (dt_ms, integrator));
        let threshold_mv = self.protocol.number("/spike_threshold_mv");
        let spikes_ms = crossings_ms(trace.v_mv(), dt_ms, threshold_mv);
        let expected_ms = self.json["spike_times_ms"].as_array().unwrap().iter().map(|t| t.as_f64().unwrap());
        let sampled_mv = trace.v_mv().iter().step_by((grid_ms / dt_ms).round() as usize);
        let errors_mv: Vec<f64> = sampled_mv.zip(&self.v_mv).map(|(x, y)| (x - y).abs()).collect();
        assert_eq!(errors_mv.len(), self.v_mv.len(), "{}: samples", self.label());
        let n_before = (self.protocol.number("/delay_ms") / grid_ms).round() as usize + 1;
        let squares: f64 = errors_mv.iter().map(|error_mv| error_mv * error_mv).sum();
        Errors {
            late_ms: spikes_ms.iter().zip(expected_ms).map(|(ours, expected)| ours - expected).collect(),
            n_spikes: spikes_ms.len(),
            before_current_mv: errors_mv[..n_before].iter().copied().fold(0.0, f64::max),
            rms_mv: (squares / errors_mv.len() as f64).sqrt(),
        }
    }
}

/// Times of upward crossings, by the cubic through the four samples around each: a line errs by the second order too.
fn crossings_ms(v_mv: &[f64], dt_ms: f64, threshold_mv: f64) -> Vec<f64> {
    let around = v_mv.windows(4).enumerate();
    let crossings = around.filter(|(_, around)| around[1] < threshold_mv && around[2] >= threshold_mv);
    let time_ms = |(idx, around): (usize, &[f64])| {
        let above = [0, 1, 2, 3].map(|k| around[k] - threshold_mv);
        ((idx + 1) as f64 + root_of_cubic(above)) * dt_ms
    };
    crossings.map(time_ms).collect()
}

/// Where the cubic through values at -1, 0, 1 and 2 is zero between 0 and 1, by bisection.
fn root_of_cubic([a, b, c, d]: [f64; 4]) -> f64 {
    let cubic = |x: f64| {
        let ends = d * (x + 1.0) - a * (x - 2.0);
        let middles = b * (x - 1.0) - c * x;
        ends * x * (x - 1.0) / 6.0 + middles * (x + 1.0) * (x - 2.0) / 2.0
    };
    let (mut low, mut high) = (0.0, 1.0);
    // Halved until nothing lies between.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cubic(middle) < 0.0 { low = middle } else { high = middle }
    }
    low
}

#[test]
fn analytic_cubic_crosses_where_it_does() {
    let cubic = |x: f64| (x - 0.3) * (x * x + 2.0);
    assert!((root_of_cubic([-1.0, 0.0, 1.0, 2.0].map(cubic)) - 0.3).abs() < 1e-14);
}
