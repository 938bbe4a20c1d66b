//! The list of features.

use serde_json::Value;

use crate::command::Folder;

#[test]
fn analytic_every_feature_is_listed_with_unit_and_sentence() {
    let folder = Folder::new("features-list");
    let table = folder.done("features");
    let listed: Value = serde_json::from_str(&folder.done("features --format json")).unwrap();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 176);
    for entry in listed {
        let text = |key: &str| entry[key].as_str().unwrap();
        let line = table.lines().find(|line| line.split_whitespace().next() == Some(text("name")));
        assert!(
            line.is_some_and(|line| line.ends_with(text("sentence")) && line.contains(text("unit"))),
            "{entry}"
        );
    }
}

#[test]
fn snapshot_a_named_feature_is_described_in_full() {
    let folder = Folder::new("features-entry");
    let expected = "\
AHP_depth  (mV, list)
  Fast AHP above the base voltage; negative where it dips below.
  formula       min_AHP_values - voltage_base
  made of       min_AHP_values, voltage_base
  precise mode  as min_AHP_values, voltage_base
  source        eFEL 5.7.34 AHP_depth
";
    assert_eq!(folder.done("features AHP_depth"), expected);
    let both: Value =
        serde_json::from_str(&folder.done("features AP1_peak AHP_depth --format json")).unwrap();
    assert_eq!(both.as_array().unwrap().len(), 2);
}

#[test]
fn invariant_an_unknown_feature_gets_the_nearest_name() {
    let stderr = Folder::new("features-unknown").refused("features AP1_widht");
    assert!(stderr.contains("AP1_widht") && stderr.contains("AP1_width"), "{stderr}");
}
