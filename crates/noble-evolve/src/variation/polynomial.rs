//! Polynomial mutation within bounds.
//!
//! A parameter moves by a share of its bounds whose density falls with a power of the distance, and which is cut at
//! the bounds, so that no repair is needed.

use rand::{Rng, RngExt};

use crate::{Bounds, Variation};

/// Changes each parameter with the probability and the index of `variation`.
///
/// # Source
/// Deb & Goyal 1996, "A combined genetic adaptive search (GeneAS) for engineering design", Computer Science and
/// Informatics 26(4); bounds as in Deb's NSGA-II program 1.1.6 `real_mutate_ind`, and DEAP 1.4
/// `mutPolynomialBounded`.
pub(super) fn mutate(parameters: &mut [f64], bounds: &Bounds, variation: &Variation, rng: &mut impl Rng) {
    for (value, (lower, upper)) in parameters.iter_mut().zip(bounds.pairs()) {
        if rng.random::<f64>() < variation.mutation_gene_probability {
            let width = upper - lower;
            let rooms = ((*value - lower) / width, (upper - *value) / width);
            let moved = *value + shift(rng.random(), rooms, variation.mutation_eta) * width;
            *value = moved.clamp(lower, upper);
        }
    }
}

/// Shift at the share `u` of its distribution, as a fraction of the bounds.
///
/// Half of the shifts go down and half up, each side with density `η'/2 (1 - |δ|)^η`, `η' = η + 1`, cut at the room
/// there is and scaled to an area of one half.
fn shift(u: f64, (below, above): (f64, f64), eta: f64) -> f64 {
    let side = |share: f64, room: f64| {
        let cut = (1.0 - room).max(0.0).powf(eta + 1.0);
        1.0 - (share + (1.0 - share) * cut).powf(1.0 / (eta + 1.0))
    };
    if u < 0.5 { -side(2.0 * u, below) } else { side(2.0 * (1.0 - u), above) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    fn variation(mutation_gene_probability: f64, mutation_eta: f64) -> Variation {
        Variation { mutation_gene_probability, mutation_eta, ..Variation::default() }
    }

    /// Share of shifts below `delta`, from integrating the density.
    fn cumulated(delta: f64, (below, above): (f64, f64), eta: f64) -> f64 {
        let area = |size: f64| 1.0 - (1.0 - size).powf(eta + 1.0);
        if delta < 0.0 {
            0.5 * (1.0 - area(-delta) / area(below))
        } else {
            0.5 * (1.0 + area(delta) / area(above))
        }
    }

    #[test]
    fn analytic_shift_inverts_its_distribution() {
        for eta in [0.0, 2.0, 10.0, 20.0] {
            for rooms in [(0.5, 0.5), (0.01, 0.99), (0.8, 0.2)] {
                for u in [0.01, 0.3, 0.49, 0.5, 0.7, 0.99] {
                    let delta = shift(u, rooms, eta);
                    assert!((cumulated(delta, rooms, eta) - u).abs() < 1e-9, "{eta} {rooms:?} {u} {delta}");
                    assert!(-rooms.0 - 1e-12 <= delta && delta <= rooms.1 + 1e-12);
                }
            }
        }
        let stays = shift(0.1, (0.0, 1.0), 10.0);
        assert!(stays.abs() < 1e-15, "no room below: {stays}");
    }

    #[test]
    fn analytic_probability_counts_the_changed() {
        const N: usize = 20_000;
        let bounds = Bounds::new(vec![0.0; N], vec![1.0; N]).unwrap();
        let mut parameters = vec![0.25; N];
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        mutate(&mut parameters, &bounds, &variation(0.2, 10.0), &mut rng);
        let n_changed = parameters.iter().filter(|value| value.to_bits() != 0.25_f64.to_bits()).count();
        let share = n_changed as f64 / N as f64;
        assert!((share - 0.2).abs() < 3.3 * 0.4 / (N as f64).sqrt(), "{share}");
    }

    /// Kolmogorov distance, as for the crossover.
    #[test]
    fn analytic_shifts_follow_the_density() {
        const N: usize = 20_000;
        let bounds = Bounds::new(vec![-2.0; N], vec![2.0; N]).unwrap();
        let mut parameters = vec![-1.0; N];
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        mutate(&mut parameters, &bounds, &variation(1.0, 8.0), &mut rng);
        parameters.sort_by(f64::total_cmp);
        let gap = |(idx, value): (usize, &f64)| {
            (cumulated((value + 1.0) / 4.0, (0.25, 0.75), 8.0) - idx as f64 / N as f64).abs()
        };
        let largest = parameters.iter().enumerate().map(gap).fold(0.0, f64::max);
        assert!(largest < 1.95 / (N as f64).sqrt(), "{largest}");
    }

    proptest! {
        #[test]
        fn invariant_mutants_stay_in_bounds(
            lower in -1e3..1e3_f64, log_width in -9.0..6.0_f64, at in 0.0..=1.0_f64, eta in 0.0..100.0_f64,
            seed: u64,
        ) {
            let bounds = Bounds::new(vec![lower], vec![lower + 10_f64.powf(log_width)]).unwrap();
            let mut parameters = bounds.at(&[at]);
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            mutate(&mut parameters, &bounds, &variation(1.0, eta), &mut rng);
            prop_assert!(bounds.check(&parameters, "mutant").is_ok());
        }
    }
}
