//! One compartment per mechanism at full rate, and tables of steady states.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use noble_cell::catalog::find_set;
use noble_cell::{CablePlan, CableState, Electrode, Integrator, LaneState, PlanSettings, RunSettings, run};
use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION, MechanismParameters};
use noble_data::morphology::{Point, Section};
use noble_data::{CellModel, Morphology, SectionKind, SectionParameters, Step, Stimulus};
use noble_reference::Case;
use serde_json::Value;

use crate::Job;
use crate::cell::number_at;
use crate::findings::Findings;

/// Round-off over 40 ms with spikes.
const TOLERANCE: f64 = 1e-9;
/// At a singular point some files raise the voltage by 1e-4 mV where a guarded rate is exact.
const SINGULAR_TOLERANCE: f64 = 5e-6;
/// Singular voltages of those files.
const SINGULAR_MV: [f64; 8] = [-154.9, -66.0, -64.4, -60.0, -38.0, -32.0, -27.0, -17.0];
/// The same of `NaTg`, whose rates the case shifts by 13 and 15 mV.
const SHIFTED_SINGULAR: (&str, [f64; 2]) = ("NaTg", [-51.0, -25.0]);
/// Length and diameter of the compartment.
const SIZE_UM: f64 = 20.0;

/// Adds one job per array file: a mechanism set, or a note where the crate does not know it.
pub(crate) fn add_jobs(case: Case, jobs: &mut Vec<Job>) {
    for path in case.files("", ".npz") {
        let set = path.file_stem().unwrap().to_string_lossy().into_owned();
        if find_set(&set).is_none() || case.find(&format!("{set}.json")).is_none() {
            let line = format!("{}: not run: mechanism set {set}", path.display());
            jobs.push(Box::new(move || Findings::note(line)));
            continue;
        }
        let specs = case.json(&format!("{set}.json"));
        for (spec, meta) in specs.as_object().unwrap() {
            let (case, set, spec, meta) = (case.clone(), set.clone(), spec.clone(), meta.clone());
            jobs.push(Box::new(move || compare(&Unit { case, set, spec, meta })));
        }
    }
}

/// One compartment with one or a few mechanisms.
struct Unit {
    case: Case,
    set: String,
    /// Names joined by `+`.
    spec: String,
    meta: Value,
}

impl Unit {
    fn number(&self, key: &str) -> f64 {
        number_at(&self.meta, key, &self.spec)
    }

    fn array(&self, name: &str) -> Vec<f64> {
        let array = self.case.array::<f64>(&format!("{}.npz", self.set), &format!("{}|{name}", self.spec));
        array.unwrap_or_else(|| panic!("{}|{name} is missing", self.spec)).iter().copied().collect()
    }

    fn model(&self, initial_voltage_mv: f64) -> CellModel {
        let leak =
            [("g_s_per_cm2".to_owned(), self.number("/g_pas")), ("e_mv".to_owned(), self.number("/e_pas"))];
        let mut mechanisms = BTreeMap::from([("pas".to_owned(), MechanismParameters::from(leak))]);
        let names: Vec<&str> = self.spec.split('+').collect();
        for name in &names {
            mechanisms.insert((*name).to_owned(), MechanismParameters::new());
        }
        for (key, value) in self.meta["params"].as_object().unwrap() {
            let (mechanism, parameter) = key.split_once('.').unwrap_or((names[0], key));
            let is_conductance = parameter == "gbar" || parameter == format!("g{mechanism}bar");
            let name = if is_conductance { "gbar_s_per_cm2".to_owned() } else { format!("{parameter}_mv") };
            mechanisms.get_mut(mechanism).unwrap().insert(name, value.as_f64().unwrap());
        }
        let parameters = SectionParameters {
            axial_resistivity_ohm_cm: 100.0,
            capacitance_uf_per_cm2: self.number("/cm"),
            sodium_reversal_mv: self.meta["ena"].as_f64().unwrap_or(50.0),
            potassium_reversal_mv: self.meta["ek"].as_f64().unwrap_or(-77.0),
            mechanisms,
            distributions: BTreeMap::new(),
        };
        CellModel {
            format_version: CELL_FORMAT_VERSION,
            name: self.spec.clone(),
            mechanism_set: self.set.clone(),
            axon_rule: AxonRule::Keep,
            temperature_celsius: self.number("/celsius"),
            initial_voltage_mv,
            sections: BTreeMap::from([(SectionKind::Soma, parameters)]),
        }
    }

    fn plan(&self, initial_voltage_mv: f64) -> CablePlan {
        let at = |x_um| Point { x_um, y_um: 0.0, z_um: 0.0, diameter_um: SIZE_UM };
        let soma = Section { kind: SectionKind::Soma, points: vec![at(0.0), at(SIZE_UM)], parent: None };
        let morphology = Morphology { sections: vec![soma] };
        CablePlan::new(&morphology, &self.model(initial_voltage_mv), &PlanSettings::default()).unwrap()
    }
}

fn compare(unit: &Unit) -> Findings {
    let mut findings = Findings::of_case();
    let names: Vec<&str> =
        unit.meta["states"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    compare_run(&mut findings, unit, &names);
    for (idx, v_mv) in unit.array("ss_v").into_iter().enumerate() {
        let plan = unit.plan(v_mv);
        let mut state = CableState::new(&plan);
        start(&plan, &mut state);
        let state = state.lane(0);
        let shifted = if unit.spec == SHIFTED_SINGULAR.0 { &SHIFTED_SINGULAR.1[..] } else { &[] };
        let mut singular_mv = SINGULAR_MV.iter().chain(shifted);
        let is_singular = singular_mv.any(|singular| (singular - v_mv).abs() < 1e-9);
        let tolerance = if is_singular { SINGULAR_TOLERANCE } else { TOLERANCE };
        for name in names.iter().filter(|name| !matches!(**name, "ica" | "eca")) {
            let expected = unit.array(&format!("ss_{name}"))[idx];
            let place = format!("{} steady {name} at {v_mv} mV", unit.spec);
            findings.value(&place, (read(&plan, state, name) - expected).abs(), tolerance);
        }
    }
    findings
}

/// Brings a state to its start.
fn start(plan: &CablePlan, state: &mut CableState) {
    let stimulus = Stimulus::steps(Vec::new()).unwrap();
    let electrode = Electrode::at_soma(&stimulus);
    run(
        plan,
        &[electrode],
        &RunSettings { settle_ms: 0.0, dt_ms: 1.0, total_ms: 1.0, integrator: Integrator::Neuron },
        state,
        |_| ControlFlow::Break(()),
    )
    .unwrap();
}

fn read(plan: &CablePlan, state: LaneState<'_>, name: &str) -> f64 {
    let soma = plan.soma();
    match name {
        "cai" => state.calcium_millimolar(soma),
        "eca" => state.calcium_reversal_mv(soma),
        "ica" => state.calcium_current_ma_per_cm2(soma),
        _ => {
            let (mechanism, state_name) = name.split_once('.').unwrap();
            state.mechanism_state(soma, mechanism, state_name).unwrap_or_else(|| panic!("no {name}"))
        }
    }
}

/// NEURON shows the currents that a step was made with, of the voltage and states before it.
pub(crate) fn delay(column: &mut Vec<f64>) {
    column.pop();
    column.insert(0, column[0]);
}

fn compare_run(findings: &mut Findings, unit: &Unit, names: &[&str]) {
    let plan = unit.plan(unit.number("/v_init"));
    let steps = unit.meta["stim"].as_array().unwrap().iter().map(|step| Step {
        delay_ms: number_at(step, "/delay", &unit.spec),
        duration_ms: number_at(step, "/dur", &unit.spec),
        amplitude_na: number_at(step, "/amp", &unit.spec),
    });
    let stimulus = Stimulus::steps(steps.collect()).unwrap();
    let dt_ms = unit.number("/dt");
    let settings = RunSettings {
        settle_ms: 0.0,
        dt_ms,
        total_ms: dt_ms * unit.number("/n_steps"),
        integrator: Integrator::Neuron,
    };
    let electrode = Electrode::at_soma(&stimulus);
    let (mut v_mv, mut states) = (Vec::new(), vec![Vec::new(); names.len()]);
    run(&plan, &[electrode], &settings, &mut CableState::new(&plan), |moment| {
        v_mv.push(moment.v_mv);
        for (column, name) in states.iter_mut().zip(names) {
            column.push(read(&plan, moment.state, name));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    findings.array(&format!("{} v", unit.spec), &v_mv, &unit.array("v"), |_| TOLERANCE);
    for (column, name) in states.iter_mut().zip(names) {
        if matches!(*name, "ica" | "eca") {
            delay(column);
        }
        findings.array(&format!("{} {name}", unit.spec), column, &unit.array(name), |_| TOLERANCE);
    }
}
