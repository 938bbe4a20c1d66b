//! Simulated binary crossover within bounds.
//!
//! Children lie as far from the middle of their parents as those of a single-point crossover of binary numbers
//! would: near the parents most often, and the nearer, the larger `eta`. The spread is cut where the nearer child
//! would meet its bound, so a child within the bounds needs no repair.

use rand::{Rng, RngExt};

use crate::Bounds;

/// Share of the parameters that are crossed; the others stay with their parent.
const CROSSED_FRACTION: f64 = 0.5;
/// Parents nearer than this fraction of the bounds are left alone.
const SAME_FRACTION: f64 = 1e-14;

/// Crosses two parents in place.
///
/// Of a crossed parameter with parents `x1 < x2` the children are `(x1 + x2 ∓ β (x2 - x1)) / 2`, each with the
/// [`spread`] `β` that its own bound allows, and each goes to either child with equal chance.
///
/// # Source
/// Deb & Agrawal 1995, "Simulated binary crossover for continuous search space", Complex Systems 9, equations 8 to
/// 10; bounds as in Deb's NSGA-II program 1.1.6 `realcross`, and DEAP 1.4 `cxSimulatedBinaryBounded`. Differs: equal
/// parents are told by a fraction of the bounds, not by 1e-14 in the parameter's own unit.
pub(super) fn cross(first: &mut [f64], second: &mut [f64], bounds: &Bounds, eta: f64, rng: &mut impl Rng) {
    for ((a, b), (lower, upper)) in first.iter_mut().zip(second).zip(bounds.pairs()) {
        if rng.random::<f64>() > CROSSED_FRACTION {
            continue;
        }
        let (low, high) = (a.min(*b), a.max(*b));
        let apart = high - low;
        if apart <= SAME_FRACTION * (upper - lower) {
            continue;
        }
        let u = rng.random();
        let below = 0.5 * (low + high - spread(u, room(low - lower, apart), eta) * apart);
        let above = 0.5 * (low + high + spread(u, room(upper - high, apart), eta) * apart);
        let (below, above) = (below.clamp(lower, upper), above.clamp(lower, upper));
        (*a, *b) = if rng.random::<f64>() <= 0.5 { (above, below) } else { (below, above) };
    }
}

/// Largest spread: that of a child at the bound, `distance` beyond the outer parent.
fn room(distance: f64, apart: f64) -> f64 {
    1.0 + 2.0 * distance / apart
}

/// Spread at the share `u` of its distribution: density `η'/2 β^η` up to 1, `η'/2 β^-(η+2)` from 1 to `room`, scaled
/// to an area of one, with `η' = η + 1`.
fn spread(u: f64, room: f64, eta: f64) -> f64 {
    let alpha = 2.0 - room.powf(-(eta + 1.0));
    let scaled = u * alpha;
    let base = if scaled <= 1.0 { scaled } else { 1.0 / (2.0 - scaled) };
    base.powf(1.0 / (eta + 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// Share of spreads below `beta`, from integrating the density.
    fn cumulated(beta: f64, room: f64, eta: f64) -> f64 {
        let whole = 1.0 - 0.5 * room.powf(-(eta + 1.0));
        let below =
            if beta <= 1.0 { 0.5 * beta.powf(eta + 1.0) } else { 1.0 - 0.5 * beta.powf(-(eta + 1.0)) };
        below / whole
    }

    #[test]
    fn analytic_spread_inverts_its_distribution() {
        for eta in [0.0, 2.0, 10.0, 30.0] {
            for room in [1.0, 1.3, 3.0, 1e6] {
                for u in [0.0, 0.1, 0.4, 0.5, 0.6, 0.9, 0.999] {
                    let beta = spread(u, room, eta);
                    assert!((cumulated(beta, room, eta) - u).abs() < 1e-12, "{eta} {room} {u}");
                    assert!(beta <= room * (1.0 + 1e-12));
                }
            }
        }
    }

    #[test]
    fn analytic_middle_of_the_parents_is_kept_between_equal_rooms() {
        let bounds = Bounds::new(vec![-1.0; 4], vec![3.0; 4]).unwrap();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for _ in 0..1000 {
            let (mut a, mut b) = (vec![0.5, 0.0, 2.0, 3.0], vec![1.5, 2.0, 0.0, -1.0]);
            cross(&mut a, &mut b, &bounds, 2.0, &mut rng);
            for (a, b) in a.iter().zip(&b) {
                assert!((0.5 * (a + b) - 1.0).abs() < 1e-14, "{a} {b}");
            }
        }
    }

    /// Largest distance of the empirical distribution from the formula's; 1.95 / sqrt(n) is its 0.1% point
    /// (Kolmogorov).
    #[test]
    fn analytic_spread_of_children_follows_the_density() {
        let bounds = Bounds::new(vec![0.0], vec![1.0]).unwrap();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        let (low, high, eta) = (0.3, 0.4, 5.0);
        let mut spreads = Vec::new();
        let (mut n_crossed, mut n_exchanged) = (0.0, 0.0);
        const N_PAIRS: usize = 20_000;
        for _ in 0..N_PAIRS {
            let (mut a, mut b) = (vec![low], vec![high]);
            cross(&mut a, &mut b, &bounds, eta, &mut rng);
            let below = a[0].min(b[0]);
            if below.to_bits() != low.to_bits() {
                spreads.push((low + high - 2.0 * below) / (high - low));
                n_crossed += 1.0;
                n_exchanged += f64::from(u8::from(a[0] > b[0]));
            }
        }
        let share = n_crossed / N_PAIRS as f64;
        assert!((share - CROSSED_FRACTION).abs() < 3.3 * 0.5 / (N_PAIRS as f64).sqrt(), "{share}");
        let exchanged: f64 = n_exchanged / n_crossed;
        assert!((exchanged - 0.5).abs() < 3.3 * 0.5 / n_crossed.sqrt(), "{exchanged}");
        spreads.sort_by(f64::total_cmp);
        let room = room(low, high - low);
        let gap = |(idx, &beta): (usize, &f64)| (cumulated(beta, room, eta) - (idx as f64) / n_crossed).abs();
        let largest = spreads.iter().enumerate().map(gap).fold(0.0, f64::max);
        assert!(largest < 1.95 / n_crossed.sqrt(), "{largest}");
    }

    proptest! {
        #[test]
        fn invariant_children_stay_in_bounds(
            lower in -1e3..1e3_f64, log_width in -9.0..6.0_f64, a in 0.0..=1.0_f64, b in 0.0..=1.0_f64,
            eta in 0.0..100.0_f64, seed: u64,
        ) {
            let upper = lower + 10_f64.powf(log_width);
            let bounds = Bounds::new(vec![lower], vec![upper]).unwrap();
            let (mut a, mut b) = (bounds.at(&[a]), bounds.at(&[b]));
            cross(&mut a, &mut b, &bounds, eta, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
            prop_assert!(bounds.check(&a, "a").is_ok() && bounds.check(&b, "b").is_ok());
        }
    }
}
