//! Which individuals survive, and which of them become parents.

mod dominance;
mod ibea;
mod nsga2;
mod nsga3;
mod reference_points;

use std::cmp::Ordering;

use rand::Rng;
use rand::seq::SliceRandom;

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

/// Tournaments of two, in which all individuals take part equally often.
///
/// They are paired along a shuffled list, and the list is shuffled again once it is spent, as in Deb's NSGA-II program
/// 1.1.6 `selection`; drawing each pair from all loses more individuals by chance.
pub(crate) struct Tournaments {
    standings: Vec<Standing>,
    order: Vec<usize>,
    /// Places of `order` that took part since it was shuffled.
    n_spent: usize,
}

impl Tournaments {
    pub(crate) fn new(standings: Vec<Standing>) -> Self {
        let order: Vec<usize> = (0..standings.len()).collect();
        Self { standings, n_spent: order.len(), order }
    }

    /// Winner of the next tournament; the first drawn wins a draw.
    pub(crate) fn winner(&mut self, rng: &mut impl Rng) -> usize {
        let (first, second) = (self.draw(rng), self.draw(rng));
        let is_second_better = self.standings[second].compare(&self.standings[first]).is_lt();
        if is_second_better { second } else { first }
    }

    fn draw(&mut self, rng: &mut impl Rng) -> usize {
        if self.n_spent == self.order.len() {
            self.order.shuffle(rng);
            self.n_spent = 0;
        }
        self.n_spent += 1;
        self.order[self.n_spent - 1]
    }
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

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn analytic_everybody_takes_part_and_the_best_always_wins() {
        let standings = (0..6).map(|idx| Standing { front: idx / 2, burden: -(idx as f64) }).collect();
        let mut tournaments = Tournaments::new(standings);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut n_wins = [0; 6];
        for _ in 0..3 * 1000 {
            n_wins[tournaments.winner(&mut rng)] += 1;
        }
        // The second of the best front beats its first; the worst never wins.
        assert_eq!((n_wins[1], n_wins[4]), (1000, 0));
        assert!(n_wins[0] > n_wins[3] && n_wins[3] > n_wins[2] && n_wins[2] > n_wins[5], "{n_wins:?}");
    }
}
