//! How much of a known front a population covers.

use noble_evolve::{Evolution, EvolveSettings, Method, Variation};

use crate::problems::{DTLZ1, DTLZ2, Problem, ZDT};

/// Operators of the papers of NSGA-II and NSGA-III: one parameter per child is mutated on average.
pub(crate) fn settings(
    problem: &Problem,
    method: Method,
    population_size: usize,
    seed: u64,
) -> EvolveSettings {
    let variation = Variation {
        crossover_probability: 0.9,
        crossover_eta: 15.0,
        mutation_probability: 1.0,
        mutation_gene_probability: 1.0 / problem.n_parameters as f64,
        mutation_eta: 20.0,
    };
    EvolveSettings { method, population_size, offspring_size: population_size, variation, seed }
}

/// The population of every seed covers at least the share `expected` of the front's hypervolume.
fn check(problem: Problem, method: Method, n_generations: u32, expected: f64) {
    let n_individuals = if problem.n_objectives == 2 { 100 } else { 92 };
    for seed in 1..4 {
        let settings = settings(&problem, method, n_individuals, seed);
        let mut evolution = Evolution::new(problem.bounds(), problem.n_objectives, settings, &[]).unwrap();
        problem.evolve(&mut evolution, u64::from(n_generations) * n_individuals as u64);
        assert_eq!(evolution.generation(), n_generations);
        let share = problem.volume(&evolution) / problem.front_volume;
        println!("{} {method:?} seed {seed}: {share:.4}", problem.name);
        assert!(share > expected, "{} {method:?} seed {seed}: {share}", problem.name);
    }
}

/// 25 000 evaluations with 100 individuals, as in the papers. A hundred points cover at most 0.994 of ZDT1's front.
///
/// IBEA keeps no extreme points and is greedy, so on ZDT4, with its many local fronts, some seeds stay at the last
/// but one.
#[test]
fn analytic_ibea_covers_zdt_fronts() {
    for (problem, expected) in ZDT.into_iter().zip([0.992, 0.986, 0.992, 0.7, 0.984]) {
        check(problem, Method::ibea(), 250, expected);
    }
}

#[test]
fn analytic_nsga2_covers_zdt_fronts() {
    for (problem, expected) in ZDT.into_iter().zip([0.99, 0.984, 0.995, 0.975, 0.97]) {
        check(problem, Method::nsga2(), 250, expected);
    }
}

/// 23 000 and, for DTLZ1 as in the paper, 36 800 evaluations with 92 individuals. The 91 points of the front that lie
/// in the directions of NSGA-III cover 0.922 of DTLZ2's.
#[test]
fn analytic_fronts_of_three_objectives_are_covered() {
    check(DTLZ2, Method::ibea(), 250, 0.924);
    check(DTLZ2, Method::nsga2(), 250, 0.82);
    check(DTLZ2, Method::nsga3(), 250, 0.918);
    check(DTLZ1, Method::nsga3(), 400, 0.99);
}
