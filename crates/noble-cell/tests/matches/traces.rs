//! Voltages of whole sweeps, of the first part at full rate, and away from the soma.

use std::ops::ControlFlow;
use std::sync::Arc;

use noble_cell::{CableState, Electrode, Integrator, RunSettings, run};
use noble_data::{ModelId, Step, Stimulus};
use noble_reference::Case;
use serde_json::Value;

use crate::Job;
use crate::cell::Protocol;
use crate::findings::Findings;
use crate::places;

/// References are kept in float32, whose rounding at 100 mV is 4e-6 mV; the rest is round-off grown by spikes.
const TRACE_TOLERANCE_MV: f64 = 1e-3;
/// Full-rate references are kept in float64.
const HEAD_TOLERANCE_MV: f64 = 1e-6;
/// References of spike times are rounded to 1e-5 ms.
const SPIKE_TOLERANCE_MS: f64 = 1e-3;

/// Amplitudes are written with few digits.
const KEY_TOLERANCE_NA: f64 = 1e-9;

/// Reference spike times of a sweep.
enum Spikes {
    /// The protocol has no spike times.
    Untold,
    /// The protocol has spike times, but not of this sweep: the reference is damaged.
    Missing,
    TimesMs(Vec<f64>),
}

/// What one run is compared with.
struct Sweep {
    protocol: Arc<Protocol>,
    id: ModelId,
    place: String,
    amplitude_na: f64,
    dt_ms: f64,
    /// Every how many steps `v_mv` and `extra_v_mv` hold a sample.
    every: usize,
    v_mv: Vec<f64>,
    spikes: Spikes,
    head_v_mv: Vec<f64>,
    extra_v_mv: Vec<Vec<f64>>,
}

pub(crate) fn add_jobs(protocol: &Arc<Protocol>, file: &str, jobs: &mut Vec<Job>) {
    let mut sweeps = plain_sweeps(protocol, file);
    sweeps.extend(fine_sweeps(protocol, file));
    attach_extras(protocol, file, &mut sweeps);
    for sweep in sweeps {
        jobs.push(Box::new(move || compare(&sweep)));
    }
}

fn numbers(case: &Case, file: &str, name: &str) -> Vec<f64> {
    case.array::<f64>(file, name).map_or_else(Vec::new, |array| array.iter().copied().collect())
}

/// Rows along the last axis.
fn rows(case: &Case, file: &str, name: &str) -> Vec<Vec<f64>> {
    let Some(array) = case.array::<f32>(file, name) else { return Vec::new() };
    let n_samples = *array.shape().last().unwrap();
    let flat: Vec<f64> = array.iter().map(|v| f64::from(*v)).collect();
    flat.chunks(n_samples).map(<[f64]>::to_vec).collect()
}

impl Sweep {
    fn new(protocol: &Arc<Protocol>, id: ModelId, amplitude_na: f64, dt_ms: f64) -> Self {
        let sample_dt_ms = protocol.number("/sample_dt_ms");
        Self {
            protocol: protocol.clone(),
            id,
            place: format!("{} set {id} {amplitude_na} nA dt {dt_ms} ms", protocol.cell.case.name),
            amplitude_na,
            dt_ms,
            every: (sample_dt_ms / dt_ms).round() as usize,
            v_mv: Vec::new(),
            spikes: Spikes::Untold,
            head_v_mv: Vec::new(),
            extra_v_mv: Vec::new(),
        }
    }
}

fn plain_sweeps(protocol: &Arc<Protocol>, file: &str) -> Vec<Sweep> {
    let case = &protocol.cell.case;
    let amplitudes_na = numbers(case, file, "amps_nA");
    let rows = rows(case, file, "v_mV");
    let sets = case.array::<i64>(file, "hof");
    let ids: Option<Vec<ModelId>> =
        sets.map(|sets| sets.iter().map(|id| ModelId::try_from(*id).unwrap()).collect());
    let n_sets = ids.as_ref().map_or(1, Vec::len);
    assert_eq!(rows.len(), if amplitudes_na.is_empty() { 0 } else { n_sets * amplitudes_na.len() }, "{file}");
    let mut sweeps = Vec::new();
    for (row_idx, v_mv) in rows.into_iter().enumerate() {
        let amplitude_na = amplitudes_na[row_idx % amplitudes_na.len()];
        let id = ids.as_ref().map_or(0, |ids| ids[row_idx / amplitudes_na.len()]);
        let mut sweep = Sweep::new(protocol, id, amplitude_na, protocol.number("/dt_ms"));
        sweep.v_mv = v_mv;
        sweep.spikes = spikes_of(&protocol.json, ids.is_some().then_some(id), amplitude_na);
        sweeps.push(sweep);
    }
    sweeps
}

/// Spike times by amplitude, in tables by parameter set where there are several.
fn spikes_of(protocol: &Value, id: Option<ModelId>, amplitude_na: f64) -> Spikes {
    let Some(mut table) = protocol.get("spike_times_ms") else { return Spikes::Untold };
    if let Some(id) = id {
        let Some(of_set) = table.get(id.to_string()) else { return Spikes::Missing };
        table = of_set;
    }
    let times = entry_at(table, amplitude_na).and_then(Value::as_array);
    times.map_or(Spikes::Missing, |list| Spikes::TimesMs(list.iter().map(|t| t.as_f64().unwrap()).collect()))
}

/// Entry whose key is the amplitude as a number: Python writes `1.0` where Rust writes `1`.
fn entry_at(table: &Value, amplitude_na: f64) -> Option<&Value> {
    let is_it =
        |key: &str| key.parse::<f64>().is_ok_and(|key_na| (key_na - amplitude_na).abs() <= KEY_TOLERANCE_NA);
    table.as_object()?.iter().find(|(key, _)| is_it(key)).map(|(_, entry)| entry)
}

/// The sweeps at the fine step.
fn fine_sweeps(protocol: &Arc<Protocol>, file: &str) -> Vec<Sweep> {
    let case = &protocol.cell.case;
    let amplitudes_na = numbers(case, file, "fine_amps_nA");
    let rows = rows(case, file, "fine_v_mV");
    assert_eq!(rows.len(), amplitudes_na.len(), "{file}: fine sweeps");
    let sweep = |(amplitude_na, v_mv)| Sweep {
        v_mv,
        ..Sweep::new(protocol, protocol.main_id(), amplitude_na, protocol.number("/fine_dt_ms"))
    };
    amplitudes_na.into_iter().zip(rows).map(sweep).collect()
}

/// Hangs the full-rate beginning and the other places on the sweeps they belong to, or on sweeps of their own.
fn attach_extras(protocol: &Arc<Protocol>, file: &str, sweeps: &mut Vec<Sweep>) {
    let case = &protocol.cell.case;
    let (id, dt_ms) = (protocol.main_id(), protocol.number("/dt_ms"));
    let mut sweep_of = |amplitude_na: f64| {
        let is_it = |sweep: &Sweep| {
            sweep.id == id
                && (sweep.dt_ms - dt_ms).abs() < 1e-9
                && (sweep.amplitude_na - amplitude_na).abs() < 1e-12
        };
        sweeps.iter().position(is_it).unwrap_or_else(|| {
            sweeps.push(Sweep::new(protocol, id, amplitude_na, dt_ms));
            sweeps.len() - 1
        })
    };
    let head = numbers(case, file, "head_amp_nA").first().copied().map(&mut sweep_of);
    let extra = numbers(case, file, "extra_amp_nA").first().copied().map(&mut sweep_of);
    if let Some(sweep_idx) = head {
        sweeps[sweep_idx].head_v_mv = numbers(case, file, "head_v_mV");
    }
    if let Some(sweep_idx) = extra {
        sweeps[sweep_idx].extra_v_mv = rows(case, file, "extra_v_mV");
    }
}

fn compare(sweep: &Sweep) -> Findings {
    let protocol = &sweep.protocol;
    let plan = protocol.plan(sweep.id);
    let total_ms = protocol.number("/tstop_ms");
    let step = Step {
        delay_ms: protocol.number("/stimulus/delay_ms"),
        duration_ms: protocol.number("/stimulus/dur_ms"),
        amplitude_na: sweep.amplitude_na,
    };
    let mut extra_places = vec![places::most_distal(&plan, &protocol.cell.morphology)];
    if let Ok(axon) = plan.compartment_at("axon[0]", 0.5) {
        extra_places.insert(0, axon);
    }
    let stimulus = Stimulus::step(step).unwrap();
    let electrode = Electrode::at_soma(&stimulus);
    let (mut v_mv, mut extra) = (Vec::new(), vec![Vec::new(); extra_places.len()]);
    let settings =
        RunSettings { settle_ms: 0.0, dt_ms: sweep.dt_ms, total_ms, integrator: Integrator::Neuron };
    run(&plan, &[electrode], &settings, &mut CableState::new(&plan), |moment| {
        v_mv.push(moment.v_mv);
        if moment.step_idx % sweep.every == 0 {
            for (row, place) in extra.iter_mut().zip(&extra_places) {
                row.push(moment.state.v_mv(*place));
            }
        }
        ControlFlow::Continue(())
    })
    .unwrap_or_else(|error| panic!("{}: {error}", sweep.place));
    compare_voltages(sweep, &v_mv, &extra)
}

fn compare_voltages(sweep: &Sweep, v_mv: &[f64], extra: &[Vec<f64>]) -> Findings {
    let mut findings = Findings::of_case();
    if !sweep.v_mv.is_empty() {
        let sampled: Vec<f64> = v_mv.iter().step_by(sweep.every).copied().collect();
        compare_rows(&mut findings, &sweep.place, &sampled, &sweep.v_mv);
    }
    match &sweep.spikes {
        Spikes::Untold => {}
        Spikes::Missing => findings.holds(&format!("{}: no reference spike times", sweep.place), false),
        Spikes::TimesMs(expected) => {
            let threshold_mv = sweep.protocol.number("/spike_threshold_mV");
            let times_ms = crossings_ms(v_mv, sweep.dt_ms, threshold_mv);
            findings.array(&format!("{} spikes", sweep.place), &times_ms, expected, |_| SPIKE_TOLERANCE_MS);
        }
    }
    if !sweep.head_v_mv.is_empty() {
        let n_head = sweep.head_v_mv.len();
        let place = format!("{} head", sweep.place);
        findings.array(&place, &v_mv[..n_head], &sweep.head_v_mv, |_| HEAD_TOLERANCE_MV);
    }
    if !sweep.extra_v_mv.is_empty() {
        findings.holds(&format!("{} places", sweep.place), sweep.extra_v_mv.len() == extra.len());
        for (row_idx, (ours, expected)) in extra.iter().zip(&sweep.extra_v_mv).enumerate() {
            compare_rows(&mut findings, &format!("{} place {row_idx}", sweep.place), ours, expected);
        }
    }
    findings
}

fn compare_rows(findings: &mut Findings, place: &str, ours: &[f64], expected: &[f64]) {
    let deviations = ours.iter().zip(expected).map(|(x, y)| (x - y).abs());
    findings.figure(("whole traces", "mV"), deviations.fold(0.0, f64::max));
    findings.array(place, ours, expected, |_| TRACE_TOLERANCE_MV);
}

/// Times of upward crossings, interpolated.
fn crossings_ms(v_mv: &[f64], dt_ms: f64, threshold_mv: f64) -> Vec<f64> {
    let pairs = v_mv.windows(2).enumerate();
    let crossings = pairs.filter(|(_, pair)| pair[0] < threshold_mv && pair[1] >= threshold_mv);
    crossings
        .map(|(idx, pair)| (idx as f64 + (threshold_mv - pair[0]) / (pair[1] - pair[0])) * dt_ms)
        .collect()
}

#[test]
fn analytic_spike_tables_are_read_by_number() {
    let protocol = serde_json::json!({"spike_times_ms": {"1.0": [2.5], "-0.05": [], "0": {"0.1": [3.5]}}});
    let is_times = |spikes: Spikes, expected: &[f64]| matches!(spikes, Spikes::TimesMs(t) if t == expected);
    assert!(is_times(spikes_of(&protocol, None, 1.0), &[2.5]));
    assert!(is_times(spikes_of(&protocol, None, -0.05), &[]));
    assert!(is_times(spikes_of(&protocol, Some(0), 0.1), &[3.5]));
    assert!(matches!(spikes_of(&protocol, None, 0.2), Spikes::Missing));
    assert!(matches!(spikes_of(&protocol, Some(1), 0.1), Spikes::Missing));
    assert!(matches!(spikes_of(&serde_json::json!({}), None, 0.1), Spikes::Untold));
}
