//! Electrodes of both kinds at any place, and all that can be read at a place.

use std::ops::ControlFlow;
use std::sync::Arc;

use noble_cell::{
    CablePlan, CableState, CompartmentId, Electrode, Integrator, ProbeReader, Quantity, RunSettings, run,
};
use noble_reference::Case;
use serde_json::Value;

use crate::Job;
use crate::cell::{Protocol, number_at};
use crate::findings::Findings;
use crate::units::delay;
use crate::waveforms::Played;

const FILE: &str = "arrays.npz";
/// Round-off over 30 ms is 1e-9 to 2e-9 where a spike rises, by the order of operations; the rest is room for others.
const VOLTAGE: Kind = Kind { what: ("voltages under electrodes", "mV"), tolerance: 1e-8, scale: |_| 1.0 };
/// That of the waveform, or of the voltage over a series resistance, which is not less than 0.5 megaohm.
const CURRENT: Kind = Kind { what: ("currents of electrodes", "nA"), tolerance: 1e-8, scale: |_| 1.0 };
/// Round-off as a share of the largest value of a run: currents cross zero and concentrations are small.
const RECORDED: Kind =
    Kind { what: ("recorded quantities", "of their largest value"), tolerance: 1e-9, scale: largest };

/// How closely curves of a kind must agree.
struct Kind {
    what: (&'static str, &'static str),
    /// Largest deviation, in the unit of `what`.
    tolerance: f64,
    /// What that unit is, of the expected values.
    scale: fn(&[f64]) -> f64,
}

impl Kind {
    fn compare(&self, findings: &mut Findings, place: &str, ours: &[f64], expected: &[f64]) {
        let scale = (self.scale)(expected);
        findings.array(place, ours, expected, |_| self.tolerance * scale);
        let deviations = ours.iter().zip(expected).map(|(x, y)| (x - y).abs());
        findings.figure(self.what, deviations.fold(0.0, f64::max) / scale);
    }

    fn compare_rows(&self, findings: &mut Findings, place: &str, ours: &[Vec<f64>], expected: &[Vec<f64>]) {
        let is_right = ours.len() == expected.len();
        findings.holds(&format!("{place}: {} rows of {}", ours.len(), expected.len()), is_right);
        for (row_idx, (ours, expected)) in ours.iter().zip(expected).enumerate() {
            self.compare(findings, &format!("{place} row {row_idx}"), ours, expected);
        }
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, value| value.abs().max(most))
}

/// One run of a case.
struct Sweep {
    case: Case,
    protocol: Arc<Protocol>,
    json: Value,
}

/// Adds one job per sweep.
pub(crate) fn add_jobs(case: &Case, protocol: &Arc<Protocol>, jobs: &mut Vec<Job>) {
    for json in protocol.json["sweeps"].as_array().unwrap() {
        let sweep = Sweep { case: case.clone(), protocol: protocol.clone(), json: json.clone() };
        jobs.push(Box::new(move || compare(&sweep)));
    }
}

impl Sweep {
    fn name(&self) -> &str {
        self.json["name"].as_str().unwrap()
    }

    fn settings(&self) -> RunSettings {
        RunSettings {
            settle_ms: 0.0,
            dt_ms: self.protocol.number("/dt_ms"),
            total_ms: number_at(&self.json, "/total_ms", &self.case.name),
            integrator: Integrator::Neuron,
        }
    }

    /// An array of the sweep, one row per curve.
    fn rows(&self, array: &str) -> Vec<Vec<f64>> {
        let name = format!("{}.{array}", self.name());
        let array = self.case.array::<f64>(FILE, &name);
        let array = array.unwrap_or_else(|| panic!("{}: {name} is missing", self.case.name));
        array.outer_iter().map(|row| row.iter().copied().collect()).collect()
    }

    /// Names of what is recorded at each place beside the voltage.
    fn recorded(&self) -> Vec<(&str, Vec<&str>)> {
        let places = self.json["every"].as_object();
        places.into_iter().flatten().map(|(place, names)| (place.as_str(), texts(names))).collect()
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Curves of a run, in the order of what the sweep asks for.
struct Curves {
    v_mv: Vec<Vec<f64>>,
    clamp_na: Vec<Vec<f64>>,
    every: Vec<Vec<f64>>,
}

fn compare(sweep: &Sweep) -> Findings {
    let label = format!("{} {}", sweep.case.name, sweep.name());
    let plan = sweep.protocol.plan(sweep.protocol.main_id());
    let curves = curves(sweep, &plan);
    let mut findings = Findings::of_case();
    VOLTAGE.compare_rows(&mut findings, &format!("{label} v"), &curves.v_mv, &sweep.rows("v_mv"));
    CURRENT.compare_rows(&mut findings, &format!("{label} clamp"), &curves.clamp_na, &sweep.rows("clamp_na"));
    let mut every = curves.every.iter();
    for (place, names) in sweep.recorded() {
        let expected = sweep.rows(&format!("every.{place}"));
        findings.holds(&format!("{label} {place}: rows"), expected.len() == names.len());
        for ((name, expected), ours) in names.iter().zip(&expected).zip(&mut every) {
            RECORDED.compare(&mut findings, &format!("{label} {place} {name}"), ours, expected);
        }
    }
    findings
}

fn curves(sweep: &Sweep, plan: &CablePlan) -> Curves {
    let settings = sweep.settings();
    let place = |name: &str| plan.place(name).unwrap();
    let places: Vec<CompartmentId> = texts(&sweep.json["places"]).into_iter().map(place).collect();
    let clamps = sweep.json["clamps"].as_array().unwrap().iter();
    let played: Vec<Played> =
        clamps.map(|clamp| Played::new(&sweep.case, plan, clamp, settings.total_ms)).collect();
    let electrodes: Vec<Electrode<'_>> = played.iter().map(Played::electrode).collect();
    let named =
        sweep.recorded().into_iter().flat_map(|(at, names)| names.into_iter().map(move |name| (at, name)));
    let quantities: Vec<(CompartmentId, Quantity)> =
        named.map(|(at, name)| (place(at), quantity(name))).collect();
    let probes = quantities.iter().map(|(at, quantity)| plan.probe(*at, quantity.clone()).unwrap());
    let mut reader = ProbeReader::new(probes.collect(), settings.integrator);
    let mut curves = Curves {
        v_mv: vec![Vec::new(); places.len()],
        clamp_na: vec![Vec::new(); electrodes.len()],
        every: vec![Vec::new(); quantities.len()],
    };
    run(plan, &electrodes, &settings, &mut CableState::new(plan), |moment| {
        for (curve, at) in curves.v_mv.iter_mut().zip(&places) {
            curve.push(moment.state.v_mv(*at));
        }
        for (curve, current_na) in curves.clamp_na.iter_mut().zip(moment.electrode_na) {
            curve.push(*current_na);
        }
        for (curve, value) in curves.every.iter_mut().zip(reader.read(moment.state)) {
            curve.push(value);
        }
        ControlFlow::Continue(())
    })
    .unwrap_or_else(|error| panic!("{} {}: {error}", sweep.case.name, sweep.name()));
    let lagging =
        curves.every.iter_mut().zip(&quantities).filter(|(_, (_, quantity))| is_shown_late(quantity));
    lagging.for_each(|(curve, _)| delay(curve));
    curves
}

/// What a NEURON name such as `Ca_HVA.ica_Ca_HVA` means.
fn quantity(name: &str) -> Quantity {
    let ours = match name.split_once('.').unwrap() {
        ("ca_ion", "cai") => "calcium_millimolar".to_owned(),
        ("ca_ion", "eca") => "calcium_reversal_mv".to_owned(),
        ("ca_ion", "ica") => "calcium_current_ma_per_cm2".to_owned(),
        ("k_ion", "ik") => "potassium_current_ma_per_cm2".to_owned(),
        ("na_ion", "ina") => "sodium_current_ma_per_cm2".to_owned(),
        (mechanism, variable) => match variable.strip_suffix(&format!("_{mechanism}")).unwrap() {
            "i" | "ica" | "ik" | "ina" | "ihcn" => format!("{mechanism}.current_ma_per_cm2"),
            state => format!("{mechanism}.{state}"),
        },
    };
    ours.parse().unwrap()
}

/// Currents and reversals are shown as the last step was made with, states and concentrations as they are.
fn is_shown_late(quantity: &Quantity) -> bool {
    !matches!(quantity, Quantity::Voltage | Quantity::Calcium | Quantity::State { .. })
}
