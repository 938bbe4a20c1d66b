//! The van Rossum distance.

use super::check_train;
use crate::Error;

/// Distance of two spike trains as that of the traces they leave behind an exponential filter.
///
/// `D² = (1/τ) ∫ (f - g)² dt`, where `f(t) = Σ exp(-(t - t_i)/τ)` over the spikes before t, and g likewise; the integral
/// goes to infinity. So one spike without a partner gives `D² = ½`, two spikes a time δ apart `D² = 1 - exp(-δ/τ)`, and
/// trains of m and n spikes `D² -> (m - n)²/2` as τ grows and `D² -> (m + n)/2` as it vanishes (where none coincide).
/// Two empty trains have distance 0.
///
/// The difference `f - g` is carried from spike to spike, so the cost is that of merging the trains: between two spikes
/// a time L apart it decays, and `h² (1 - exp(-2L/τ)) / 2` is the part of D² between them. No part is negative and equal
/// trains have exactly 0.
/// # Errors
/// [`Error::SpikeTrain`] for times that are not finite or not in order; [`Error::Setting`] for a time constant that is
/// not greater than zero.
/// # Source
/// van Rossum, Neural Computation 13:751, 2001. The value carried along is the difference of the trains'
/// markages in Houghton and Kreuz, Network 23:48, 2012. elephant's `van_rossum_distance` is √2 times this one.
pub fn van_rossum_distance(a_ms: &[f64], b_ms: &[f64], tau_ms: f64) -> Result<f64, Error> {
    check_train("first", a_ms)?;
    check_train("second", b_ms)?;
    if !(tau_ms.is_finite() && tau_ms > 0.0) {
        let requirement = "give a time greater than zero";
        return Err(Error::Setting { name: "tau_ms", value: tau_ms, requirement });
    }
    let (mut rest_a, mut rest_b) = (a_ms, b_ms);
    let (mut difference, mut squared) = (0.0_f64, 0.0);
    while let Some(now_ms) = earliest(rest_a, rest_b) {
        difference += (take(&mut rest_a, now_ms) - take(&mut rest_b, now_ms)) as f64;
        let passed = earliest(rest_a, rest_b).map_or(f64::INFINITY, |next_ms| (next_ms - now_ms) / tau_ms);
        // 1 - exp(-2x) without the loss of digits at small x.
        squared += -0.5 * difference * difference * (-2.0 * passed).exp_m1();
        difference *= (-passed).exp();
    }
    Ok(squared.sqrt())
}

fn earliest(a_ms: &[f64], b_ms: &[f64]) -> Option<f64> {
    match (a_ms.first(), b_ms.first()) {
        (Some(a), Some(b)) => Some(a.min(*b)),
        (a, b) => a.or(b).copied(),
    }
}

/// Takes the spikes up to a time off the front of a train and counts them.
fn take(rest_ms: &mut &[f64], now_ms: f64) -> i32 {
    let mut n_taken = 0;
    while let Some((_, later)) = rest_ms.split_first().filter(|(first_ms, _)| **first_ms <= now_ms) {
        *rest_ms = later;
        n_taken += 1;
    }
    n_taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::trains::train;
    use super::*;

    /// `D² = ½ Σ_aa + ½ Σ_bb - Σ_ab` with `Σ_ab = Σ_i Σ_j exp(-|a_i - b_j|/τ)`: every pair, no order.
    fn distance_of_pairs(a_ms: &[f64], b_ms: &[f64], tau_ms: f64) -> f64 {
        let sum = |x: &[f64], y: &[f64]| -> f64 {
            x.iter().flat_map(|s| y.iter().map(move |t| (-(s - t).abs() / tau_ms).exp())).sum()
        };
        (0.5 * sum(a_ms, a_ms) + 0.5 * sum(b_ms, b_ms) - sum(a_ms, b_ms)).max(0.0).sqrt()
    }

    fn check_squared(a_ms: &[f64], b_ms: &[f64], tau_ms: f64, expected: f64) {
        let found = van_rossum_distance(a_ms, b_ms, tau_ms).unwrap().powi(2);
        assert!((found - expected).abs() < 1e-13 * expected.max(1.0), "{a_ms:?} {b_ms:?}: {found}");
    }

    #[test]
    fn analytic_one_spike_a_shift_and_the_limits() {
        check_squared(&[], &[], 10.0, 0.0);
        check_squared(&[30.0], &[], 10.0, 0.5);
        for delta_ms in [1e-9, 0.3, 10.0, 500.0] {
            check_squared(&[100.0], &[100.0 + delta_ms], 10.0, -(-(delta_ms / 10.0)).exp_m1());
        }
        let (two_ms, three_ms) = ([10.0, 50.0], [20.0, 30.0, 70.0]);
        check_squared(&two_ms, &three_ms, 1e-3, 2.5);
        check_squared(&two_ms, &three_ms, 1e15, 0.5);
    }

    #[test]
    fn analytic_equal_trains_have_exactly_no_distance() {
        let spikes_ms: Vec<f64> = (0..500).map(|idx| f64::from(idx) * 7.3).collect();
        assert_eq!(van_rossum_distance(&spikes_ms, &spikes_ms, 12.0).unwrap().to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn invariant_wrong_input_is_named() {
        let message =
            |a_ms: &[f64], tau_ms| van_rossum_distance(a_ms, &[1.0], tau_ms).unwrap_err().to_string();
        assert!(message(&[2.0, 1.0], 10.0).contains("first spike 1 at 1 ms"));
        assert!(message(&[f64::INFINITY], 10.0).contains("give finite times"));
        for tau_ms in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(message(&[1.0], tau_ms).contains("tau_ms is"));
        }
    }

    proptest! {
        #[test]
        fn analytic_merged_trains_give_the_sum_over_pairs(a in train(), b in train(), tau_ms in 0.5..300.0) {
            let (merged, pairs) = (van_rossum_distance(&a, &b, tau_ms).unwrap(), distance_of_pairs(&a, &b, tau_ms));
            // The pairs cancel: their squared distance is good to 1e-13 of the sums, some 600 at most.
            prop_assert!((merged * merged - pairs * pairs).abs() < 1e-10, "{} {}", merged, pairs);
        }

        #[test]
        fn invariant_it_is_a_metric(a in train(), b in train(), c in train(), tau_ms in 0.5..300.0) {
            let distance = |x: &[f64], y: &[f64]| van_rossum_distance(x, y, tau_ms).unwrap();
            prop_assert_eq!(distance(&a, &b).to_bits(), distance(&b, &a).to_bits());
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c) + 1e-12);
            prop_assert!(a == b || distance(&a, &b) > 0.0);
        }
    }
}
