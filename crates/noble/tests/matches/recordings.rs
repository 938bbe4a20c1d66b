//! Features of recordings: file, stimulus window and eFEL's numbers in one chain.
//!
//! Every `sweeps.csv` below `recordings/` of every root is walked, as far as it has columns of features: the file is read
//! as `noble extract` reads it, the window is the one found there, and the features are eFEL's on pyABF's or h5py's
//! samples.

use std::collections::BTreeMap;

use noble::features::{ExtractSettings, SweepFeatures, extract_sweeps, features_named};
use noble::sweep_file::SweepFile;
use noble_features::{Feature, feature};
use noble_reference::{Case, Tally, case_folders};

const FILE: &str = "sweeps.csv";
/// pyABF scales samples in float32, a few millionths of a mV from ours.
const TOLERANCE: f64 = 1e-5;

pub(crate) fn compare_all() {
    let mut tally = Tally::new();
    for case in case_folders("recordings").into_iter().filter(|case| case.find(FILE).is_some()) {
        compare(&case, &mut tally);
    }
    tally.finish();
}

fn compare(case: &Case, tally: &mut Tally) {
    let text = String::from_utf8(case.bytes(FILE)).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let asked: Vec<&'static Feature> = header.iter().filter_map(|name| feature(name).ok()).collect();
    if asked.is_empty() {
        tally.note(format!("{} has no columns of features", case.name));
        return;
    }
    tally.case();
    let mut files: BTreeMap<&str, BTreeMap<String, SweepFeatures>> = BTreeMap::new();
    for line in lines {
        let cells: BTreeMap<&str, &str> = header.iter().copied().zip(line.split(',')).collect();
        let rows = files.entry(cells["file"]).or_insert_with(|| rows(case, cells["file"]));
        let place = format!("{} {} {}", case.name, cells["file"], cells["series"]);
        let Some(row) = rows.get(cells["series"]) else {
            tally.holds(&format!("{place}: no such sweep"), false);
            continue;
        };
        for feature in &asked {
            compare_value(
                &format!("{place} {}", feature.name),
                row.mean(feature.name),
                cells[feature.name],
                tally,
            );
        }
    }
}

fn rows(case: &Case, file: &str) -> BTreeMap<String, SweepFeatures> {
    let file = SweepFile::read(&case.find(file).unwrap()).unwrap();
    let asked = features_named(&["all".to_owned()]).unwrap();
    let rows = extract_sweeps(&file.sweeps, &asked, &ExtractSettings::default());
    let named = file.sweeps.into_iter().zip(rows);
    named.filter_map(|(sweep, row)| Some((sweep.name, row.ok()?))).collect()
}

fn compare_value(place: &str, value: Option<f64>, expected: &str, tally: &mut Tally) {
    match (value, expected.parse::<f64>()) {
        (Some(value), Ok(expected)) => {
            tally.value(place, (value - expected).abs(), TOLERANCE * expected.abs().max(1.0));
        }
        (None, Err(_)) => tally.holds(place, expected.is_empty()),
        _ => tally.holds(&format!("{place}: {value:?}, expected {expected:?}"), false),
    }
}
