//! The first generation.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use super::first_distribution;
use crate::cma::Distribution;
use crate::{Bounds, EvolveSettings, Method};

/// The starts, then as many other points as there are places; and the distribution of CMA-ES.
pub(super) fn generation(
    bounds: &Bounds,
    settings: &EvolveSettings,
    starts: &[Vec<f64>],
    rng: &mut impl Rng,
) -> (Vec<Vec<f64>>, Option<Distribution>) {
    let n_places = settings.first_size();
    let (others, distribution) = if let Method::CmaEs { initial_step } = settings.method {
        let mut distribution = first_distribution(initial_step, bounds, starts);
        let injected: Vec<Vec<f64>> = starts.iter().map(|start| bounds.fractions(start)).collect();
        distribution.inject(&injected);
        (distribution.draw(n_places, rng), Some(distribution))
    } else {
        (latin_hypercube(n_places - starts.len(), bounds.n_parameters(), rng), None)
    };
    let others = others.iter().map(|fractions| bounds.at(fractions));
    (starts.iter().cloned().chain(others).collect(), distribution)
}

/// `n` points, of which each parameter has one in every `n`-th part of its bounds, anywhere within it.
///
/// # Source
/// McKay, Beckman & Conover 1979, "A comparison of three methods for selecting values of input variables",
/// Technometrics 21(2), section 2.1. BluePyOpt draws each point apart, `random.uniform`.
fn latin_hypercube(n: usize, n_parameters: usize, rng: &mut impl Rng) -> Vec<Vec<f64>> {
    let mut points = vec![Vec::with_capacity(n_parameters); n];
    let mut parts: Vec<usize> = (0..n).collect();
    for _ in 0..n_parameters {
        parts.shuffle(rng);
        for (point, part) in points.iter_mut().zip(&parts) {
            point.push((*part as f64 + rng.random::<f64>()) / n as f64);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn analytic_every_part_has_one_point() {
        let points = latin_hypercube(50, 4, &mut Xoshiro256PlusPlus::seed_from_u64(1));
        for parameter_idx in 0..4 {
            let mut parts: Vec<usize> =
                points.iter().map(|point| (point[parameter_idx] * 50.0).floor() as usize).collect();
            parts.sort_unstable();
            assert_eq!(parts, (0..50).collect::<Vec<_>>());
        }
    }
}
