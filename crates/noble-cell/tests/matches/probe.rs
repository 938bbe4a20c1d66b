//! Every state variable at a few times and places.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use noble_cell::catalog::find_set;
use noble_cell::{CablePlan, CableState, Electrode, Integrator, LaneState, RunSettings, run};
use noble_data::{ModelId, Step, Stimulus};
use serde_json::{Map, Value};

use crate::cell::{Protocol, number_at};
use crate::findings::Findings;
use crate::places;

/// Round-off grown over 50 ms with spikes: relative, and for values near zero absolute.
const RELATIVE: f64 = 1e-9;
const ABSOLUTE: f64 = 1e-9;

pub(crate) fn compare(protocol: &Protocol) -> Findings {
    let case = &protocol.cell.case;
    if case.find("probe.json").is_none() {
        return Findings::note(format!("{}: no probe.json", case.folder.display()));
    }
    let json = case.json("probe.json");
    let id = json["hof"].as_u64().map_or_else(|| protocol.main_id(), |id| ModelId::try_from(id).unwrap());
    let plan = protocol.plan(id);
    let step = Step {
        delay_ms: protocol.number("/stimulus/delay_ms"),
        duration_ms: protocol.number("/stimulus/dur_ms"),
        amplitude_na: number_at(&json, "/amp_nA", &case.name),
    };
    let mut times: Vec<(f64, &Value)> =
        json["states"].as_object().unwrap().iter().map(|(t, states)| (t.parse().unwrap(), states)).collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let settings = RunSettings {
        settle_ms: 0.0,
        dt_ms: number_at(&json, "/dt_ms", &case.name),
        total_ms: times.last().unwrap().0,
        integrator: Integrator::Neuron,
    };
    let set = protocol.json["mechanism_set"].as_str().unwrap();
    let stimulus = Stimulus::step(step).unwrap();
    let mut findings = Findings::of_case();
    let electrode = Electrode::at_soma(&stimulus);
    let mut last = BTreeMap::new();
    run(&plan, &[electrode], &settings, &mut CableState::new(&plan), |moment| {
        if let Some((t_ms, states)) = times.iter().find(|(t_ms, _)| (t_ms - moment.t_ms).abs() < 1e-6) {
            for (place, expected) in states.as_object().unwrap() {
                let label = format!("{} {t_ms} ms {place}", case.name);
                let shown = last
                    .get(place.as_str())
                    .copied()
                    .unwrap_or_else(|| Calcium::at(&plan, moment.state, place));
                let at = (&plan, moment.state, shown, set);
                compare_place(&mut findings, &label, at, place, expected.as_object().unwrap());
            }
        }
        for place in times.iter().flat_map(|(_, states)| states.as_object().unwrap().keys()) {
            last.insert(place.as_str(), Calcium::at(&plan, moment.state, place));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    findings
}

/// Calcium current and reversal; NEURON shows those that the last step was made with.
#[derive(Clone, Copy)]
struct Calcium {
    current_ma_per_cm2: f64,
    reversal_mv: f64,
}

impl Calcium {
    fn at(plan: &CablePlan, state: LaneState<'_>, place: &str) -> Self {
        let compartment = places::parse(plan, place);
        Self {
            current_ma_per_cm2: state.calcium_current_ma_per_cm2(compartment),
            reversal_mv: state.calcium_reversal_mv(compartment),
        }
    }
}

fn compare_place(
    findings: &mut Findings,
    label: &str,
    (plan, state, shown, set): (&CablePlan, LaneState<'_>, Calcium, &str),
    place: &str,
    expected: &Map<String, Value>,
) {
    let compartment = places::parse(plan, place);
    for (key, value) in expected {
        let Some(value) = value.as_f64() else { continue };
        let ours = match key.split_once('.') {
            None => Some(state.v_mv(compartment)),
            Some(("ca_ion", "cai")) => Some(state.calcium_millimolar(compartment)),
            Some(("ca_ion", "eca")) => Some(shown.reversal_mv),
            Some(("ca_ion", "ica")) => Some(shown.current_ma_per_cm2),
            Some((mechanism_name, variable)) => {
                let state_name = variable.trim_end_matches(&format!("_{mechanism_name}"));
                let mechanism =
                    find_set(set).unwrap().iter().find(|mechanism| mechanism.name == mechanism_name);
                if !mechanism
                    .is_some_and(|mechanism| mechanism.model.state_names().any(|name| name == state_name))
                {
                    continue;
                }
                state.mechanism_state(compartment, mechanism_name, state_name)
            }
        };
        let Some(ours) = ours else {
            findings.holds(&format!("{label} {key} is missing"), false);
            continue;
        };
        findings.value(&format!("{label} {key}"), (ours - value).abs(), RELATIVE * value.abs() + ABSOLUTE);
    }
}
