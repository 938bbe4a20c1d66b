//! Squid patch and ball and stick: cells of one or two sections that are described, not traced.

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::ops::ControlFlow;
use std::sync::Arc;

use noble_cell::{CablePlan, CableState, Electrode, Integrator, PlanSettings, RunSettings, run};
use noble_data::cell_model::{AxonRule, CELL_FORMAT_VERSION, MechanismParameters};
use noble_data::morphology::{Attachment, Point, Section};
use noble_data::{CellModel, Morphology, SectionKind, SectionParameters, Step, Stimulus};
use noble_reference::Case;
use serde_json::Value;

use crate::Job;
use crate::cell::number_at;
use crate::findings::Findings;

const FILE: &str = "canonical.npz";
/// Round-off over 100 ms with spikes.
const TOLERANCE_MV: f64 = 1e-6;
/// Distance of stored samples.
const SAMPLE_MS: f64 = 0.1;

/// Length of the squid patch.
const PATCH_LENGTH_UM: f64 = 20.0;

/// Adds one job per row.
pub(crate) fn add_jobs(case: Case, jobs: &mut Vec<Job>) {
    let json = case.json("canonical.json");
    let case = Arc::new(case);
    for row in rows(&json, "hh_single_compartment") {
        let (case, json) = (case.clone(), json["hh_single_compartment"].clone());
        jobs.push(Box::new(move || compare_patch(&case, &json, &row)));
    }
    for row in rows(&json, "ball_and_stick_hh") {
        let (case, json) = (case.clone(), json["ball_and_stick_hh"].clone());
        jobs.push(Box::new(move || compare_ball_and_stick(&case, &json, &row)));
    }
}

fn rows(json: &Value, key: &str) -> Vec<Value> {
    json[key]["rows"].as_array().cloned().unwrap_or_default()
}

fn cylinder(kind: SectionKind, length_um: f64, diameter_um: f64, parent: Option<Attachment>) -> Section {
    let at = |x_um| Point { x_um, y_um: 0.0, z_um: 0.0, diameter_um };
    Section { kind, points: vec![at(0.0), at(length_um)], parent }
}

fn parameters(mechanism: &str, values: &[(&str, f64)]) -> SectionParameters {
    let values: MechanismParameters =
        values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    SectionParameters {
        axial_resistivity_ohm_cm: 100.0,
        mechanisms: BTreeMap::from([(mechanism.to_owned(), values)]),
        ..SectionParameters::default()
    }
}

fn plan(sections: Vec<Section>, json: &Value, leak: &[(&str, f64)], max_segment_um: f64) -> CablePlan {
    let cell = CellModel {
        format_version: CELL_FORMAT_VERSION,
        name: "canonical".to_owned(),
        mechanism_set: "allen".to_owned(),
        axon_rule: AxonRule::Keep,
        temperature_celsius: number_at(json, "/celsius", FILE),
        initial_voltage_mv: -65.0,
        sections: BTreeMap::from([
            (SectionKind::Soma, parameters("hh", &[])),
            (SectionKind::Dendrite, parameters("pas", leak)),
        ]),
    };
    let max_segment_of_kinds_um = BTreeMap::from([(SectionKind::Dendrite, max_segment_um)]);
    let settings = PlanSettings { max_segment_of_kinds_um, ..PlanSettings::default() };
    CablePlan::new(&Morphology { sections }, &cell, &settings).unwrap()
}

/// Voltages of the soma and of the end of the last section, one sample per [`SAMPLE_MS`].
fn voltages(plan: &CablePlan, json: &Value, amplitude_na: f64, dt_ms: f64) -> (Vec<f64>, Vec<f64>) {
    let step = Step {
        delay_ms: number_at(json, "/stim/delay", FILE),
        duration_ms: number_at(json, "/stim/dur", FILE),
        amplitude_na,
    };
    let stimulus = Stimulus::step(step).unwrap();
    let electrode = Electrode::at_soma(&stimulus);
    let settings = RunSettings {
        settle_ms: 0.0,
        dt_ms,
        total_ms: number_at(json, "/tstop", FILE),
        integrator: Integrator::Neuron,
    };
    let every = (SAMPLE_MS / dt_ms).round() as usize;
    let end = plan.sections().last().unwrap().compartment_at(1.0);
    let (mut soma_mv, mut end_mv) = (Vec::new(), Vec::new());
    run(plan, &[electrode], &settings, &mut CableState::new(plan), |moment| {
        if moment.step_idx % every == 0 {
            soma_mv.push(moment.v_mv);
            end_mv.push(moment.state.v_mv(end));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    (soma_mv, end_mv)
}

fn expected(case: &Case, name: &str) -> Vec<f64> {
    let array = case.array::<f64>(FILE, name).unwrap_or_else(|| panic!("{FILE}: {name} is missing"));
    array.iter().copied().collect()
}

fn compare_patch(case: &Case, json: &Value, row: &Value) -> Findings {
    let (amplitude_na, dt_ms) = (number_at(row, "/amp_nA", FILE), number_at(row, "/dt", FILE));
    // Only the area matters; a length that float32 holds keeps it exact.
    let diameter_um = number_at(json, "/area_um2", FILE) / (PI * PATCH_LENGTH_UM);
    let plan = plan(vec![cylinder(SectionKind::Soma, PATCH_LENGTH_UM, diameter_um, None)], json, &[], 40.0);
    let name = format!("hh_a{amplitude_na}_dt{dt_ms}");
    let mut findings = Findings::of_case();
    let (soma_mv, _) = voltages(&plan, json, amplitude_na, dt_ms);
    findings.array(&name, &soma_mv, &expected(case, &name), |_| TOLERANCE_MV);
    findings
}

fn compare_ball_and_stick(case: &Case, json: &Value, row: &Value) -> Findings {
    let n_segments = row["nseg"].as_u64().unwrap();
    let dt_ms = number_at(row, "/dt", FILE);
    let name = format!("bas_n{n_segments}_dt{dt_ms}");
    let number = |key: &str| number_at(json, key, FILE);
    let length_um = number("/dend/L");
    // A hair below the longest segment that gives the number.
    let max_segment_um = 2.0 * length_um / (n_segments as f64 - 0.5);
    let parent = Attachment { section_idx: 0, at_fraction: 1.0 };
    let sections = vec![
        cylinder(SectionKind::Soma, number("/soma/L"), number("/soma/diam"), None),
        cylinder(SectionKind::Dendrite, length_um, number("/dend/diam"), Some(parent)),
    ];
    let leak = [("g_s_per_cm2", number("/dend/g_pas")), ("e_mv", number("/dend/e_pas"))];
    let plan = plan(sections, json, &leak, max_segment_um);
    assert_eq!(plan.n_compartments() as u64, n_segments + 1, "{name}");
    let mut findings = Findings::of_case();
    let (soma_mv, end_mv) = voltages(&plan, json, number("/stim/amp"), dt_ms);
    findings.array(&name, &soma_mv, &expected(case, &format!("{name}_soma")), |_| TOLERANCE_MV);
    findings
        .array(&format!("{name} end"), &end_mv, &expected(case, &format!("{name}_dend")), |_| TOLERANCE_MV);
    findings
}
