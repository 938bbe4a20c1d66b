use proptest::prelude::*;

use super::*;

const STEP_HZ: f64 = 2.5;

fn analysis(points: &[(f64, f64)]) -> FiAnalysis {
    with_block(points, f64::INFINITY)
}

/// Points of which those from a current on are blocked.
fn with_block(points: &[(f64, f64)], blocked_na: f64) -> FiAnalysis {
    let point = |&(current_na, rate_hz): &(f64, f64)| FiPoint {
        current_na,
        rate_hz,
        is_blocked: current_na >= blocked_na,
    };
    let points: Vec<FiPoint> = points.iter().map(point).collect();
    analyze(&FiCurve::new(&points).unwrap(), STEP_HZ).unwrap()
}

/// A curve over the currents 0, 0.02, …, 0.4 nA.
fn sampled(rate_hz: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    (0..=20).map(|k| f64::from(k) * 0.02).map(|current_na| (current_na, rate_hz(current_na))).collect()
}

fn check(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found}, not {expected}");
}

#[test]
fn analytic_a_line_above_threshold() {
    let line = sampled(|i| if i > 0.1 { 10.0 + 300.0 * (i - 0.12) } else { 0.0 });
    let found = analysis(&line);
    let threshold = found.threshold.unwrap();
    check(threshold.midpoint_na(), 0.11);
    check(threshold.half_width_na(), 0.01);
    check(found.slope.unwrap().slope_hz_per_na, 300.0);
    let initial = found.initial_slope.unwrap();
    check(initial.slope_hz_per_na, 300.0);
    check(initial.uncertainty_hz_per_na, STEP_HZ / 0.04);
    check(initial.to_na, 0.16);
    let gain = found.gain.unwrap();
    check(gain.slope_hz_per_na, 300.0);
    check(gain.uncertainty_hz_per_na, 0.5 * STEP_HZ * 2.0_f64.sqrt() / 0.28);
    let largest = found.largest_rate.unwrap();
    check(largest.rate_hz, 94.0);
    check(largest.uncertainty_hz, 1.25);
    assert!(largest.is_at_end && (largest.between.lower_na, largest.between.upper_na) == (0.38, 0.4));
    assert_eq!(found.saturation, Err(Undefined::NoPlateau { largest_na: 0.4 }));
    assert_eq!(found.block, Err(Undefined::NoBlock { largest_na: 0.4 }));
    assert!(found.is_monotone() && found.spontaneous_na.is_empty() && found.unblocked_above_na.is_empty());
}

#[test]
fn analytic_a_plateau_begins_where_the_rise_ends() {
    let found = analysis(&sampled(|i| if i > 0.1 { (1000.0 * (i - 0.1)).min(100.0) } else { 0.0 }));
    let saturation = found.saturation.unwrap();
    assert_eq!((saturation.lower_na, saturation.upper_na), (0.18, 0.2));
    let largest = found.largest_rate.unwrap();
    check(largest.rate_hz, 100.0);
    assert!(!largest.is_at_end);
    // The last two points of a line that rises by less than a spike between them are no plateau.
    let slow = sampled(|i| if i > 0.1 { 10.0 + 100.0 * (i - 0.12) } else { 0.0 });
    assert_eq!(analysis(&slow).saturation, Err(Undefined::NoPlateau { largest_na: 0.4 }));
}

#[test]
fn analytic_a_falling_curve_is_saturated_at_its_peak() {
    let found = analysis(&sampled(|i| (100.0 - 4000.0 * (i - 0.2).powi(2)).max(0.0)));
    let largest = found.largest_rate.unwrap();
    check(largest.current_na, 0.2);
    check(largest.between.half_width_na(), 0.02);
    // From one grid point before the peak on no rate is higher by more than a spike (1.6 Hz).
    check(found.saturation.unwrap().upper_na, 0.18);
}

#[test]
fn analytic_block_has_a_bracket_and_does_not_bend_the_slope() {
    let line = sampled(|i| if i > 0.3 { 2.5 } else { 500.0 * i });
    let found = with_block(&line, 0.31);
    let block = found.block.unwrap();
    check(block.midpoint_na(), 0.31);
    check(block.half_width_na(), 0.01);
    check(found.slope.unwrap().slope_hz_per_na, 500.0);
    assert_eq!(found.slope.unwrap().n_blocked, 5);
    check(found.largest_rate.unwrap().current_na, 0.3);
    assert!(found.largest_rate.unwrap().is_at_end && found.unblocked_above_na.is_empty());
    let silent_then_blocked = with_block(&[(0.1, 0.0), (0.3, 0.0)], 0.3);
    check(silent_then_blocked.threshold.unwrap().midpoint_na(), 0.2);
    let none = Undefined::TooFewFiring { n_firing: 0, n_needed: 1 };
    assert_eq!(silent_then_blocked.largest_rate, Err(none));
    let smallest_na = 0.1;
    let blocked = with_block(&[(0.1, 0.0), (0.3, 0.0)], 0.1);
    assert_eq!(blocked.block, Err(Undefined::BlockedAtSmallest { smallest_na }));
    assert_eq!(blocked.threshold, Err(Undefined::BlockedAtSmallest { smallest_na }));
}

#[test]
fn analytic_a_rate_that_collapses_without_block_is_told() {
    let line = sampled(|i| if i > 0.3 { 2.5 } else { 500.0 * i });
    let found = analysis(&line);
    let collapse = found.collapse.unwrap();
    check(collapse.midpoint_na(), 0.31);
    check(collapse.half_width_na(), 0.01);
    assert_eq!(found.unexplained_collapse(), Some(collapse));
    let blocked = with_block(&line, 0.31);
    assert_eq!((blocked.collapse, blocked.unexplained_collapse()), (Ok(collapse), None));
    let halved = analysis(&[(0.1, 100.0), (0.2, 50.0), (0.3, 60.0)]);
    assert_eq!(halved.collapse, Err(Undefined::NoCollapse { largest_na: 0.3 }));
    assert!(analysis(&[(0.1, 100.0), (0.2, 0.0)]).collapse.is_ok());
}

#[test]
fn analytic_gaps_and_spontaneous_firing_are_reported() {
    let found = analysis(&[(-0.1, 0.0), (0.0, 2.5), (0.1, 0.0), (0.2, 10.0)]);
    assert_eq!((found.silent_above_na.as_slice(), found.spontaneous_na.as_slice()), (&[0.1][..], &[0.0][..]));
    assert!(!found.is_monotone());
    let threshold = found.threshold.unwrap();
    assert_eq!((threshold.lower_na, threshold.upper_na), (-0.1, 0.0));
}

#[test]
fn analytic_repeats_give_the_standard_error() {
    let found = analysis(&[(0.1, 0.0), (0.2, 10.0), (0.2, 30.0), (0.3, 40.0), (0.3, 40.0)]);
    let gain = found.gain.unwrap();
    // Mean 20 ± 10 at 0.2 nA, 40 ± half a spike at 0.3 nA.
    check(gain.slope_hz_per_na, 200.0);
    check(gain.uncertainty_hz_per_na, 10.0_f64.hypot(1.25) / 0.1);
    let n_firing = 2;
    assert_eq!(found.initial_slope, Err(Undefined::TooFewFiring { n_firing, n_needed: 3 }));
}

#[test]
fn analytic_what_is_not_there_says_why() {
    let silent = analysis(&[(0.0, 0.0), (0.1, 0.0)]);
    assert_eq!(silent.threshold, Err(Undefined::AllSilent { largest_na: 0.1 }));
    assert_eq!(silent.slope, Err(Undefined::TooFewFiring { n_firing: 0, n_needed: 2 }));
    assert!(silent.gain.is_err() && silent.saturation.is_err() && silent.initial_slope.is_err());
    let firing = analysis(&[(0.1, 5.0), (0.2, 10.0)]);
    assert_eq!(firing.threshold, Err(Undefined::FiresAtSmallest { smallest_na: 0.1 }));
    check(firing.slope.unwrap().slope_hz_per_na, 50.0);
    let one = analysis(&[(0.1, 5.0)]);
    assert!(one.threshold.is_err() && one.slope.is_err() && one.gain.is_err() && one.largest_rate.is_ok());
    let curve = FiCurve::new(&[FiPoint { current_na: 0.0, rate_hz: 0.0, is_blocked: false }]).unwrap();
    assert!(matches!(analyze(&curve, 0.0), Err(Error::Setting { name: "rate_step_hz", .. })));
}

/// A sweep at one of few currents, so that there are repeats.
fn sweep() -> impl Strategy<Value = FiPoint> {
    (-4..12_i32, 0..40_u32, prop::bool::weighted(0.15)).prop_map(|(current, n_spikes, is_blocked)| FiPoint {
        current_na: f64::from(current) * 0.0625,
        rate_hz: f64::from(n_spikes.saturating_sub(10)) * STEP_HZ,
        is_blocked,
    })
}

proptest! {
    #[test]
    fn invariant_the_order_of_sweeps_does_not_matter(points in prop::collection::vec(sweep(), 1..40)) {
        let reversed: Vec<FiPoint> = points.iter().rev().copied().collect();
        let [one, other] = [points, reversed].map(|points| FiCurve::new(&points).unwrap());
        prop_assert_eq!(one.levels().len(), other.levels().len());
        let [one, other] = [one, other].map(|curve| analyze(&curve, STEP_HZ).unwrap());
        prop_assert_eq!(one.threshold, other.threshold);
        prop_assert_eq!(one.block, other.block);
        prop_assert_eq!(one.silent_above_na, other.silent_above_na);
        prop_assert_eq!(one.spontaneous_na, other.spontaneous_na);
        prop_assert_eq!(one.slope.is_ok(), other.slope.is_ok());
    }

    #[test]
    fn invariant_what_is_found_lies_on_the_curve(points in prop::collection::vec(sweep(), 1..40)) {
        let curve = FiCurve::new(&points).unwrap();
        let found = analyze(&curve, STEP_HZ).unwrap();
        let currents_na: Vec<f64> = curve.levels().iter().map(|level| level.current_na).collect();
        prop_assert_eq!(curve.levels().iter().map(|level| level.n_sweeps).sum::<usize>(), points.len());
        for bracket in [found.threshold, found.saturation, found.collapse, found.block].into_iter().flatten() {
            prop_assert!(bracket.lower_na < bracket.upper_na);
            prop_assert!(currents_na.contains(&bracket.lower_na) && currents_na.contains(&bracket.upper_na));
        }
        if let Ok(largest) = found.largest_rate {
            let firing = curve.levels().iter().filter(|level| level.state == FiState::Firing);
            prop_assert!(firing.clone().all(|level| level.rate_hz <= largest.rate_hz));
            prop_assert!(largest.between.lower_na <= largest.current_na);
            prop_assert!(largest.current_na <= largest.between.upper_na);
        }
        for line in [found.initial_slope, found.gain].into_iter().flatten() {
            prop_assert!(line.slope_hz_per_na.is_finite() && line.uncertainty_hz_per_na > 0.0);
            prop_assert!(line.from_na < line.to_na);
        }
    }
}
