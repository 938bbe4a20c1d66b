//! Deviations, choices and refusals.

use noble_data::TimeGrid;
use noble_features::Sweep;

use super::*;

fn prepared(v_mv: &[f64], end_ms: f64) -> PreparedSweep<'_> {
    let grid = TimeGrid::new(0.0, 0.1, v_mv.len()).unwrap();
    PreparedSweep::new(&Sweep::new(grid, v_mv, 10.0, end_ms).unwrap(), &Settings::default()).unwrap()
}

fn group<'a>(total_na: f64, holding_na: f64, sweeps: Vec<PreparedSweep<'a>>) -> Group<'a> {
    Group { total_na, holding_na, sweeps }
}

/// Mean 12, standard deviation 2 of 10, 12 and 14; 5 % of it, and 0.5 mV, are less. Of 10 and 10.02 the least counts.
#[test]
fn analytic_deviations_have_a_least_size() {
    let settings = RecordingSettings::default();
    let own = |values: &[f64]| target(feature(REST).unwrap(), values, &settings);
    let spread = own(&[10.0, 12.0, 14.0]);
    assert!((spread.mean - 12.0).abs() < 1e-12 && (spread.deviation - 2.0).abs() < 1e-12);
    assert!((own(&[10.0, 10.02]).deviation - 0.5005).abs() < 1e-12);
    assert!((own(&[2.0]).deviation - 0.5).abs() < 1e-12);
}

#[test]
fn analytic_sweeps_are_spread_evenly() {
    let all: Vec<usize> = (0..9).collect();
    assert_eq!(spread(&all, 3), [0, 4, 8]);
    assert_eq!(spread(&all, 1), [8]);
    assert_eq!(spread(&all[..2], 3), [0, 1]);
}

#[test]
fn invariant_steps_of_several_lengths_are_refused() {
    let v_mv = vec![-65.0; 1000];
    let same = [group(0.1, 0.0, vec![prepared(&v_mv, 50.0), prepared(&v_mv, 50.4)])];
    check_durations(&same).unwrap();
    let other = [group(0.1, 0.0, vec![prepared(&v_mv, 50.0)]), group(0.2, 0.0, vec![prepared(&v_mv, 13.0)])];
    let error = check_durations(&other).unwrap_err();
    assert!(error.to_string().contains("3, 40 ms long"), "{error}");
}

#[test]
fn invariant_a_current_from_two_holding_currents_is_refused() {
    let v_mv = vec![-65.0; 1000];
    let groups = [0.0, -0.1].map(|holding_na| group(0.2, holding_na, vec![prepared(&v_mv, 50.0)]));
    let asked = |asked_na: f64| chosen(&groups, Some(&[asked_na]), &RecordingSettings::default());
    let error = asked(0.2).err().unwrap();
    assert!(error.to_string().contains("holding currents of 0.0000, -0.1000 nA"), "{error}");
    assert!(asked(0.3).err().unwrap().to_string().contains("no sweep has a current of 0.3 nA"));
}

#[test]
fn analytic_the_target_step_is_on_top_of_the_holding_current() {
    let v_mv = vec![-65.0; 1000];
    let group = group(-0.05, 0.05, vec![prepared(&v_mv, 50.0)]);
    let target = target_of(&group, &[], &RecordingSettings::default(), false, &mut Vec::new()).unwrap();
    assert_eq!(target.name, "step_-50pa");
    assert!((target.step_na + 0.1).abs() < 1e-15 && (target.total_na() + 0.05).abs() < 1e-15);
}

#[test]
fn analytic_rounded_currents_get_names_of_their_own() {
    let named = |total_na: f64| {
        let v_mv = vec![-65.0; 1000];
        let group = group(total_na, 0.0, vec![prepared(&v_mv, 50.0)]);
        target_of(&group, &[], &RecordingSettings::default(), false, &mut Vec::new()).unwrap()
    };
    let mut targets = [0.0136, 0.0143, 0.0141, -0.0003].map(named);
    name_apart(&mut targets);
    assert_eq!(targets.map(|own| own.name), ["step_14pa", "step_14pa_2", "step_14pa_3", "step_0pa"]);
}

/// Spikes of 1 ms to +20 mV at given times, over a base.
fn spikes(base_mv: f64, at_ms: &[f64]) -> Vec<f64> {
    let is_spike = |time_ms: f64| at_ms.iter().any(|at_ms| (time_ms - at_ms).abs() < 0.5);
    (0..1000).map(|idx| if is_spike(0.1 * f64::from(idx)) { 20.0 } else { base_mv }).collect()
}

/// In a step from 10 to 90 ms.
#[test]
fn analytic_a_cell_stops_where_it_is_silent_for_two_of_its_longest_intervals() {
    let check = |at_ms: &[f64], expected: bool| {
        let v_mv = spikes(-65.0, at_ms);
        let group = group(0.1, 0.0, vec![prepared(&v_mv, 90.0)]);
        assert_eq!(group.stops(), expected, "{at_ms:?}");
        let target = target_of(&group, &[], &RecordingSettings::default(), false, &mut Vec::new()).unwrap();
        let count = target.features.iter().find(|target| target.feature == STOPPING_FEATURE);
        assert_eq!(count.map(|target| target.deviation), expected.then_some(1.0));
    };
    check(&[20.0, 40.0, 60.0, 80.0], false);
    check(&[20.0, 40.0, 55.0], false);
    check(&[20.0, 30.0, 40.0], true);
    check(&[20.0], true);
}

#[test]
fn invariant_a_blocked_current_is_no_target_unless_asked_for() {
    let (firing, mut blocked) = (spikes(-65.0, &[20.0, 40.0, 60.0, 80.0]), spikes(-65.0, &[20.0]));
    blocked[250..].fill(-10.0);
    let groups =
        [(0.1, &firing), (0.2, &blocked)].map(|(na, v_mv)| group(na, 0.0, vec![prepared(v_mv, 90.0)]));
    let currents = |asked_na: Option<&[f64]>| -> Vec<f64> {
        let chosen = chosen(&groups, asked_na, &RecordingSettings::default()).unwrap();
        chosen.iter().map(|group| group.total_na).collect()
    };
    assert_eq!(currents(None), [0.1]);
    assert_eq!(currents(Some(&[0.2])), [0.2]);
    let notes = notes_of(&groups, (None, false), &RecordingSettings::default());
    assert_eq!(notes, ["left out: 0.200 nA, which block the cell by depolarization"]);
}
