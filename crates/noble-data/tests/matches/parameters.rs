//! Parameter files against the values that NEURON had after they were applied.

use noble_data::cell_model::{CellModel, SectionKind, SectionParameters, read_cells};
use noble_reference::{Case, Tally, case_folders};
use serde_json::{Map, Value};

/// Both programs read the same text.
const RELATIVE: f64 = 1e-15;

#[test]
fn matches_neuron_parameters() {
    let mut tally = Tally::new();
    for case in case_folders("biophysics") {
        let file = ["fit.json", "hof_params.json"].into_iter().find(|file| case.find(file).is_some());
        let Some(file) = file.filter(|_| case.find("geometry.json").is_some()) else { continue };
        match read_cells(&case.bytes(file)) {
            Ok(set) => {
                let cell = set.models.values().next().expect("a file has a cell");
                compare_cables(&case, cell, &mut tally);
                compare_conductances(&case, cell, &mut tally);
            }
            Err(error) => tally.holds(&format!("{}: {error}", case.name), false),
        }
        tally.case();
    }
    tally.finish();
}

fn kind_of(name: &str) -> SectionKind {
    let kind = name.split('[').next().unwrap_or_default();
    SectionKind::from_name(kind).expect("a section is named by its kind")
}

fn compare_cables(case: &Case, cell: &CellModel, tally: &mut Tally) {
    let defaults = SectionParameters::default();
    for entry in case.json("geometry.json")["sections"].as_array().into_iter().flatten() {
        let name = entry["name"].as_str().expect("a section has a name");
        let own = cell.sections.get(&kind_of(name)).unwrap_or(&defaults);
        for (key, ours) in [("Ra", own.axial_resistivity_ohm_cm), ("cm", own.capacitance_uf_per_cm2)] {
            let expected = entry[key].as_f64().expect("a section has Ra and cm");
            let deviation = (ours - expected).abs();
            tally.value(&format!("{} {name} {key}", case.name), deviation, RELATIVE * expected.abs());
        }
    }
}

/// Conductances of the places that the probe names, in the first set of the file.
fn compare_conductances(case: &Case, cell: &CellModel, tally: &mut Tally) {
    if case.find("probe.json").is_none() {
        return;
    }
    let json = case.json("probe.json");
    let first_hof = json["hof"].as_u64().unwrap_or(0);
    let start = json.pointer("/states/0").and_then(Value::as_object);
    for (place, states) in start.into_iter().flatten().filter(|_| first_hof == 0) {
        let own = &cell.sections[&kind_of(place)];
        let states = states.as_object().expect("a place has states");
        for (mechanism, expected) in open_conductances(states) {
            let ours = own.parameter_at(mechanism, "gbar_s_per_cm2", 0.0);
            let place = format!("{} {place} {mechanism}", case.name);
            match ours {
                Some(ours) => tally.value(&place, (ours - expected).abs(), RELATIVE * expected),
                None => tally.holds(&format!("{place} is missing"), false),
            }
        }
    }
}

/// Entries `<mechanism>.gbar_<mechanism>` and `<mechanism>.g<mechanism>bar_<mechanism>`.
fn open_conductances(states: &Map<String, Value>) -> impl Iterator<Item = (&str, f64)> {
    states.iter().filter_map(|(key, value)| {
        let (mechanism, variable) = key.split_once('.')?;
        let names = [format!("gbar_{mechanism}"), format!("g{mechanism}bar_{mechanism}")];
        names.iter().any(|name| name == variable).then_some((mechanism, value.as_f64()?))
    })
}
