//! moors 0.2.11 as judge: the same problem, operators, population and number of evaluations.
//!
//! Its methods are written apart from ours, and here so are the operators that it is given. Runs differ in their
//! random numbers, so mean hypervolumes over seeds are compared; a fault in selection or operators costs far more
//! than the tolerance.

use moors::survival::moo::{DanAndDenisReferencePoints, StructuredReferencePoints};
use moors::{
    CrossoverOperator, IbeaBuilder, MutationOperator, NoConstraints, Nsga2Builder, Nsga3Builder,
    RandomGenerator, RandomSamplingFloat,
};
use ndarray_moors::{Array1, Array2, ArrayViewMut1};
use noble_evolve::{Evolution, Method, Variation, hypervolume};

use crate::fronts::settings;
use crate::problems::{DTLZ2, Problem, REFERENCE, ZDT};

/// Bounded simulated binary crossover on the unit box, after the text of DEAP's `cxSimulatedBinaryBounded`.
struct Crossover(f64);

impl CrossoverOperator for Crossover {
    fn crossover(
        &self,
        a: &Array1<f64>,
        b: &Array1<f64>,
        rng: &mut impl RandomGenerator,
    ) -> (Array1<f64>, Array1<f64>) {
        let (mut first, mut second) = (a.clone(), b.clone());
        let power = self.0 + 1.0;
        for i in 0..a.len() {
            if rng.gen_proability() > 0.5 || (a[i] - b[i]).abs() <= 1e-14 {
                continue;
            }
            let (x1, x2) = (a[i].min(b[i]), a[i].max(b[i]));
            let u = rng.gen_proability();
            let beta_q = |beta: f64| {
                let alpha = 2.0 - 1.0 / beta.powf(power);
                if u <= 1.0 / alpha {
                    (u * alpha).powf(1.0 / power)
                } else {
                    (1.0 / (2.0 - u * alpha)).powf(1.0 / power)
                }
            };
            let c1 = 0.5 * (x1 + x2 - beta_q(1.0 + 2.0 * x1 / (x2 - x1)) * (x2 - x1));
            let c2 = 0.5 * (x1 + x2 + beta_q(1.0 + 2.0 * (1.0 - x2) / (x2 - x1)) * (x2 - x1));
            let (c1, c2) = (c1.clamp(0.0, 1.0), c2.clamp(0.0, 1.0));
            (first[i], second[i]) = if rng.gen_proability() <= 0.5 { (c2, c1) } else { (c1, c2) };
        }
        (first, second)
    }
}

/// Bounded polynomial mutation on the unit box, after the text of DEAP's `mutPolynomialBounded`.
struct Mutation {
    gene_probability: f64,
    eta: f64,
}

impl MutationOperator for Mutation {
    fn mutate<'a>(&self, mut individual: ArrayViewMut1<'a, f64>, rng: &mut impl RandomGenerator) {
        let power = self.eta + 1.0;
        for x in &mut individual {
            if rng.gen_proability() > self.gene_probability {
                continue;
            }
            let u = rng.gen_proability();
            let shift = if u < 0.5 {
                (2.0 * u + (1.0 - 2.0 * u) * (1.0 - *x).powf(power)).powf(1.0 / power) - 1.0
            } else {
                1.0 - (2.0 * (1.0 - u) + 2.0 * (u - 0.5) * x.powf(power)).powf(1.0 / power)
            };
            *x = (*x + shift).clamp(0.0, 1.0);
        }
    }
}

/// Hypervolume of the population in which moors ends.
macro_rules! judged_volume {
    ($builder:expr, $problem:expr, $n_generations:expr, $settings:expr) => {{
        let problem: Problem = $problem;
        let settings = $settings;
        let Variation { crossover_eta, mutation_gene_probability, mutation_eta, .. } = settings.variation;
        let scores = move |genes: &Array2<f64>| {
            let rows: Vec<f64> =
                genes.rows().into_iter().flat_map(|row| (problem.scores)(row.to_vec().as_slice())).collect();
            Array2::from_shape_vec((genes.nrows(), problem.n_objectives), rows).unwrap()
        };
        let mut algorithm = $builder
            .sampler(RandomSamplingFloat::new(0.0, 1.0))
            .crossover(Crossover(crossover_eta))
            .mutation(Mutation { gene_probability: mutation_gene_probability, eta: mutation_eta })
            .fitness_fn(scores)
            .constraints_fn(NoConstraints)
            .num_vars(problem.n_parameters)
            .population_size(settings.population_size)
            .num_offsprings(settings.offspring_size)
            .num_iterations($n_generations)
            .mutation_rate(settings.variation.mutation_probability)
            .crossover_rate(settings.variation.crossover_probability)
            .seed(settings.seed)
            .build()
            .unwrap();
        algorithm.run().unwrap();
        let population = algorithm.population.unwrap();
        let points: Vec<Vec<f64>> = population.fitness.rows().into_iter().map(|row| row.to_vec()).collect();
        hypervolume(&points, &vec![REFERENCE; problem.n_objectives])
    }};
}

fn judged(problem: Problem, method: Method, n_generations: usize, seed: u64) -> f64 {
    let n_individuals = if problem.n_objectives == 2 { 100 } else { 92 };
    let settings = settings(&problem, method, n_individuals, seed);
    match method {
        Method::Ibea { kappa } => {
            let reference = Array1::from_elem(problem.n_objectives, REFERENCE);
            judged_volume!(
                IbeaBuilder::default().reference(reference).kappa(kappa),
                problem,
                n_generations,
                settings
            )
        }
        Method::Nsga2 => judged_volume!(Nsga2Builder::default(), problem, n_generations, settings),
        Method::Nsga3 { .. } => {
            let points = DanAndDenisReferencePoints::new(91, problem.n_objectives).generate();
            judged_volume!(
                Nsga3Builder::default().reference_points(points).are_aspirational(false),
                problem,
                n_generations,
                settings
            )
        }
        Method::CmaEs { .. } => panic!("moors has no CMA-ES"),
    }
}

fn ours(problem: Problem, method: Method, n_generations: usize, seed: u64) -> f64 {
    let n_individuals = if problem.n_objectives == 2 { 100 } else { 92 };
    let settings = settings(&problem, method, n_individuals, seed);
    let mut evolution = Evolution::new(problem.bounds(), problem.n_objectives, settings, &[]).unwrap();
    problem.evolve(&mut evolution, (n_individuals * (n_generations + 1)) as u64);
    problem.volume(&evolution)
}

/// Checks the means over four seeds; `tolerance` is a share of the front's hypervolume.
fn check(problem: Problem, method: Method, n_generations: usize, tolerance: f64) {
    const SEEDS: std::ops::Range<u64> = 0..4;
    let mean = |volume: fn(Problem, Method, usize, u64) -> f64| {
        let sum: f64 = SEEDS.map(|seed| volume(problem, method, n_generations, seed)).sum();
        sum / SEEDS.count() as f64 / problem.front_volume
    };
    let (ours, judged) = (mean(ours), mean(judged));
    println!("{} {method:?}: ours {ours:.4}, moors {judged:.4}", problem.name);
    assert!(ours >= judged - tolerance, "{} {method:?}: {ours} against {judged}", problem.name);
}

/// Over 40 seeds the means agree to 0.0005 (ZDT) and 0.002 (DTLZ2), which is their standard error; over four seeds
/// the errors are three times that.
#[test]
fn matches_moors_nsga2() {
    for (problem, tolerance) in [(ZDT[1], 0.002), (ZDT[2], 0.002), (ZDT[4], 0.005), (DTLZ2, 0.02)] {
        check(problem, Method::nsga2(), 250, tolerance);
    }
}

/// Over 40 seeds the means agree to 0.0003.
#[test]
fn matches_moors_nsga3() {
    check(DTLZ2, Method::nsga3(), 250, 0.002);
}

/// moors takes the hypervolume as indicator, which no other can beat in hypervolume where it converges; the
/// indicators differ by 0.005 on DTLZ2. On the ZDT problems moors stays far behind.
#[test]
fn matches_moors_ibea() {
    for problem in [ZDT[0], DTLZ2] {
        check(problem, Method::ibea(), 100, 0.008);
    }
}
