//! Features of hall-of-fame models as their authors published them, from NEURON with a variable step.
//!
//! Their numbers belong to no scheme, so they must come out of any that has converged.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use noble_cell::{
    CablePlan, CableState, Electrode, Instructions, Integrator, PlanSettings, RunSettings, run_lanes,
};
use noble_data::cell_model::{AxonRule, read_cells};
use noble_data::morphology::read_swc;
use noble_data::{ModelId, Step, Stimulus, TimeGrid, Trace};
use noble_features::{PreparedSweep, Settings, Sweep, feature, feature_values};
use noble_reference::{Case, Tally, case_folders};
use rayon::prelude::*;
use serde_json::Value;

const FILE: &str = "published_hof_features.json";
/// What NEURON 9 with a variable step gives for some of the models.
const VARIABLE_STEP_FILE: &str = "neuron_variable_step_vs_published.json";

/// Frequencies deviate from the published ones by at most 1.7 % at a step of 0.02 ms, 0.55 % at 0.01, 0.29 % at
/// 0.00625, 0.20 % at 0.005; of that 0.17 % are left by any step. With NEURON's fixed step it is 18 %, 16 %, 4.2 % at
/// 0.02, 0.01 and 0.005 ms. Bases and first spikes do not depend on these steps.
const DT_MS: f64 = 0.00625;
/// The step to which features resample: no sample is interpolated.
const SAMPLE_MS: f64 = 0.1;
const SAMPLE_STEPS: usize = 16;
/// To the end of the step and a little on. The published runs last 7270 ms.
const TOTAL_MS: f64 = 1300.0;
/// Runs side by side: a register of the widest instructions.
const N_LANES: usize = 8;

/// A published feature and how closely it must come out.
struct Judged {
    name: &'static str,
    /// In the unit of the feature, or a share of it.
    tolerance: f64,
    is_share: bool,
}

/// Tolerances for a converged solver, as the reference set names them.
const JUDGED: [Judged; 3] = [
    Judged { name: "mean_frequency", tolerance: 0.005, is_share: true },
    Judged { name: "voltage_base", tolerance: 0.05, is_share: false },
    Judged { name: "time_to_first_spike", tolerance: 0.2, is_share: false },
];

/// Entries of a published model that are no features.
const NO_FEATURES: [&str; 1] = ["hof_index"];

/// Runs every published model of every cell that has them.
pub(crate) fn compare_all() {
    let mut tally = Tally::new();
    let cases: Vec<Case> =
        case_folders("biophysics").into_iter().filter(|case| case.find(FILE).is_some()).collect();
    for case in &cases {
        compare(case, &mut tally);
    }
    if cases.is_empty() {
        tally.note(format!("not run: no case of biophysics has {FILE}"));
        return tally.finish_without_cases();
    }
    tally.finish();
}

fn compare(case: &Case, tally: &mut Tally) {
    let json = case.json(FILE);
    let published: Vec<Model> = json["hof"].as_array().unwrap().iter().map(Model::published).collect();
    let step = step(&json["stimulus"]);
    let traces = traces(case, step, &published);
    let sweeps: BTreeMap<ModelId, PreparedSweep<'_>> =
        traces.iter().map(|(id, trace)| (*id, prepared(trace, step))).collect();
    for model in &published {
        tally.case();
        judge(tally, &format!("{} set {}", case.name, model.id), &sweeps[&model.id], &model.features);
    }
    note_deviations(tally, &format!("{}: from published", case.name), &sweeps, &published);
    if case.find(VARIABLE_STEP_FILE).is_some() {
        let rows = case.json(VARIABLE_STEP_FILE);
        let models: Vec<Model> = rows.as_array().unwrap().iter().map(Model::of_variable_step).collect();
        for model in &models {
            let place = format!("{} set {} variable step", case.name, model.id);
            judge(tally, &place, &sweeps[&model.id], &model.features);
        }
        note_deviations(tally, &format!("{}: from variable-step", case.name), &sweeps, &models);
    }
}

/// Features of one parameter set by another program.
struct Model {
    id: ModelId,
    features: BTreeMap<String, f64>,
}

impl Model {
    fn published(entry: &Value) -> Self {
        Self::new(&entry["hof_index"], entry)
    }

    fn of_variable_step(entry: &Value) -> Self {
        Self::new(&entry["hof"], &entry["ours"])
    }

    /// A feature that the authors left empty is none.
    fn new(id: &Value, features: &Value) -> Self {
        let features = features.as_object().unwrap().iter();
        let features = features.filter(|(name, _)| !NO_FEATURES.contains(&name.as_str()));
        let features = features.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)));
        Self { id: ModelId::try_from(id.as_u64().unwrap()).unwrap(), features: features.collect() }
    }
}

impl Judged {
    fn deviation(&self, ours: f64, expected: f64) -> f64 {
        (ours - expected).abs() / if self.is_share { expected.abs() } else { 1.0 }
    }
}

fn judge(tally: &mut Tally, place: &str, sweep: &PreparedSweep<'_>, expected: &BTreeMap<String, f64>) {
    for judged in &JUDGED {
        let deviation = judged.deviation(value(sweep, judged.name), expected[judged.name]);
        tally.value(&format!("{place} {}", judged.name), deviation, judged.tolerance);
    }
}

/// Mean of a feature's values, as the published tables have it; NaN where it is undefined.
fn value(sweep: &PreparedSweep<'_>, name: &str) -> f64 {
    let values = feature_values(sweep, &[name]).unwrap().remove(0);
    values.map_or(f64::NAN, |values| values.iter().sum::<f64>() / values.len() as f64)
}

/// Notes the largest and the median deviation of every feature, and the features that are not known here.
///
/// Not judged are those that a converged solver need not meet. The steady state is averaged after the step, to the end
/// of runs of another length. Hyperpolarizations are averaged over `n` spikes, and whether the one after the step is
/// among them, some 20 mV deeper, hangs on the last spike: `20 / n` mV.
fn note_deviations(
    tally: &mut Tally,
    label: &str,
    sweeps: &BTreeMap<ModelId, PreparedSweep<'_>>,
    models: &[Model],
) {
    let mut unknown = Vec::new();
    for name in models[0].features.keys() {
        let Ok(known) = feature(name) else {
            unknown.push(name.as_str());
            continue;
        };
        let judged = JUDGED.iter().find(|judged| judged.name == name);
        let plain = Judged { name: "", tolerance: f64::NAN, is_share: false };
        let deviation = |model: &Model| {
            judged.unwrap_or(&plain).deviation(value(&sweeps[&model.id], name), model.features[name])
        };
        let mut deviations: Vec<f64> = models.iter().map(deviation).collect();
        deviations.sort_by(f64::total_cmp);
        let (median, largest) = (deviations[deviations.len() / 2], deviations[deviations.len() - 1]);
        let unit = if judged.is_some_and(|judged| judged.is_share) { "of it" } else { known.unit_suffix };
        let bound =
            judged.map_or_else(|| "not judged".to_owned(), |judged| format!("allowed {}", judged.tolerance));
        tally.note(format!(
            "{label} {name} of {} sets: at most {largest:.1e} {unit}, median {median:.1e}, {bound}",
            models.len()
        ));
    }
    tally.note(format!("{label}: not known here: {}", unknown.join(", ")));
}

fn step(stimulus: &Value) -> Step {
    let number = |key: &str| stimulus[key].as_f64().unwrap_or_else(|| panic!("{FILE}: {key} is no number"));
    Step { delay_ms: number("delay_ms"), duration_ms: number("dur_ms"), amplitude_na: number("amp_nA") }
}

fn prepared(trace: &Trace, step: Step) -> PreparedSweep<'_> {
    let sweep = Sweep::from_trace(trace, step.delay_ms, step.delay_ms + step.duration_ms).unwrap();
    PreparedSweep::new(&sweep, &Settings::default()).unwrap()
}

/// One trace per model, run in lanes.
fn traces(case: &Case, step: Step, models: &[Model]) -> BTreeMap<ModelId, Trace> {
    let plans = plans(case, models);
    let stimulus = Stimulus::step(step).unwrap();
    let voltages: Vec<Vec<f64>> =
        plans.par_chunks(N_LANES).flat_map_iter(|plans| voltages(plans, &stimulus)).collect();
    let trace = |v_mv: Vec<f64>| {
        let grid = TimeGrid::new(0.0, SAMPLE_MS, v_mv.len()).unwrap();
        Trace::new(grid, v_mv).unwrap()
    };
    models.iter().map(|model| model.id).zip(voltages.into_iter().map(trace)).collect()
}

/// The cells with the axon and the mechanisms that the case's own protocol names.
fn plans(case: &Case, models: &[Model]) -> Vec<CablePlan> {
    let protocol = case.json("protocol.json");
    let (morphology, _) = read_swc(&case.bytes("morphology.swc")).unwrap();
    let mut cells = read_cells(&case.bytes("hof_params.json")).unwrap().models;
    let plan = |model: &Model| {
        let cell = cells.remove(&model.id);
        let mut cell = cell.unwrap_or_else(|| panic!("{}: no parameter set {}", case.name, model.id));
        cell.axon_rule = AxonRule::from_name(protocol["axon_rule"].as_str().unwrap()).unwrap();
        protocol["mechanism_set"].as_str().unwrap().clone_into(&mut cell.mechanism_set);
        CablePlan::new(&morphology, &cell, &PlanSettings::default()).unwrap()
    };
    models.iter().map(plan).collect()
}

/// Voltage in the middle of the soma, one list per plan.
fn voltages(plans: &[CablePlan], stimulus: &Stimulus) -> Vec<Vec<f64>> {
    let plans: Vec<&CablePlan> = plans.iter().collect();
    let electrode = [Electrode::at_soma(stimulus)];
    let electrodes = vec![&electrode[..]; plans.len()];
    let settings =
        RunSettings { settle_ms: 0.0, dt_ms: DT_MS, total_ms: TOTAL_MS, integrator: Integrator::SecondOrder };
    let mut state = CableState::of_lanes(&plans, Instructions::detect()).unwrap();
    let mut v_mv = vec![Vec::new(); plans.len()];
    let outcomes = run_lanes(&plans, &electrodes, &settings, &mut state, |moment| {
        if moment.step_idx % SAMPLE_STEPS == 0 {
            v_mv[moment.lane].push(moment.v_mv);
        }
        ControlFlow::Continue(())
    });
    for outcome in outcomes.unwrap() {
        outcome.unwrap();
    }
    v_mv
}
