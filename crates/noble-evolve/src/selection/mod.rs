//! Which individuals survive, and which of them become parents.

mod dominance;
mod ibea;
mod nsga2;
mod nsga3;
mod reference_points;

use std::cmp::Ordering;

use rand::{Rng, RngExt};

pub(crate) use dominance::nondominated;
pub(crate) use nsga3::Ideal;
pub(crate) use reference_points::n_reference_points;

use crate::{Individual, Method};

/// How an individual stands among its population; smaller is better, the front first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    front: usize,
    burden: f64,
}

impl Standing {
    const EQUAL: Self = Self { front: 0, burden: 0.0 };

    fn compare(&self, other: &Self) -> Ordering {
        self.front.cmp(&other.front).then(self.burden.total_cmp(&other.burden))
    }
}

/// Standing of each individual as a parent.
///
/// IBEA looks at the indicator fitness, NSGA-II at the front and then at the room around; for NSGA-III all are
/// equal, as in its paper (section IV.F), since niching has balanced the population already.
pub(crate) fn standings(method: Method, population: &[Individual]) -> Vec<Standing> {
    let scores = scores(population);
    match method {
        Method::Ibea { kappa } => {
            let losses = ibea::losses(&scores, kappa);
            losses.into_iter().map(|burden| Standing { front: 0, burden }).collect()
        }
        Method::Nsga2 => nsga2::standings(&scores),
        Method::Nsga3 { .. } | Method::CmaEs { .. } => vec![Standing::EQUAL; population.len()],
    }
}

/// Winner of a tournament of two, each drawn from all; the first drawn wins a draw.
pub(crate) fn tournament(standings: &[Standing], rng: &mut impl Rng) -> usize {
    let mut drawn = || rng.random_range(0..standings.len());
    let (first, second) = (drawn(), drawn());
    if standings[second].compare(&standings[first]).is_lt() { second } else { first }
}

/// Indices of the `n` of `pool` that survive, ascending.
///
/// `pool` is in order of ids, so the older one survives where all else is equal. `ideal` is NSGA-III's memory.
pub(crate) fn survivors(
    method: Method,
    pool: &[Individual],
    n: usize,
    ideal: &mut Ideal,
    rng: &mut impl Rng,
) -> Vec<usize> {
    let scores = scores(pool);
    let mut survivors = match method {
        Method::Ibea { kappa } => ibea::survivors(&scores, kappa, n),
        Method::Nsga2 => nsga2::survivors(&scores, n),
        Method::Nsga3 { divisions } => nsga3::survivors(&scores, n, divisions, ideal, rng),
        Method::CmaEs { .. } => best_totals(pool, n),
    };
    survivors.sort_unstable();
    survivors
}

/// The `n` smallest sums of scores.
fn best_totals(pool: &[Individual], n: usize) -> Vec<usize> {
    let totals: Vec<f64> = pool.iter().map(Individual::total).collect();
    let mut order: Vec<usize> = (0..pool.len()).collect();
    order.sort_by(|&a, &b| totals[a].total_cmp(&totals[b]));
    order.truncate(n);
    order
}

fn scores(individuals: &[Individual]) -> Vec<&[f64]> {
    individuals.iter().map(|individual| individual.scores.as_slice()).collect()
}
