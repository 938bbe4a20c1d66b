//! CMA-ES on functions with a known minimum of zero, in ten parameters.

use noble_evolve::{Bounds, Evolution, EvolveSettings, Method, Variation};

const N_PARAMETERS: usize = 10;
const REACHED: f64 = 1e-8;

fn sphere(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum()
}

/// Axes that differ a thousandfold.
fn ellipsoid(x: &[f64]) -> f64 {
    let weigh = |(idx, x): (usize, &f64)| 1e6_f64.powf(idx as f64 / (N_PARAMETERS - 1) as f64) * x * x;
    x.iter().enumerate().map(weigh).sum()
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|pair| 100.0 * (pair[1] - pair[0] * pair[0]).powi(2) + (1.0 - pair[0]).powi(2)).sum()
}

/// Falls towards a point outside the bounds; zero in the corner.
fn corner(x: &[f64]) -> f64 {
    x.iter().map(|x| (x + 6.0).powi(2) - 1.0).sum()
}

fn evolution(seed: u64, starts: &[Vec<f64>]) -> Evolution {
    let bounds = Bounds::new(vec![-5.0; N_PARAMETERS], vec![5.0; N_PARAMETERS]).unwrap();
    let (method, variation) = (Method::cma_es(), Variation::default());
    let settings = EvolveSettings { method, population_size: 3, offspring_size: 10, variation, seed };
    Evolution::new(bounds, 2, settings, starts).unwrap()
}

/// Evaluations until the function falls below [`REACHED`]. It is told in two halves, of which the sum counts.
fn n_needed(f: fn(&[f64]) -> f64, seed: u64) -> u64 {
    let mut evolution = evolution(seed, &[vec![3.0; N_PARAMETERS]]);
    let mut is_reached = false;
    while !is_reached && evolution.n_evaluations() < 100_000 {
        let told: Vec<(u64, Vec<f64>)> = evolution
            .ask()
            .iter()
            .map(|candidate| {
                let value = f(&candidate.parameters);
                (candidate.id, vec![0.25 * value, 0.75 * value])
            })
            .collect();
        evolution.tell(&told).unwrap();
        is_reached = evolution.population().iter().any(|individual| individual.total() < REACHED);
    }
    evolution.n_evaluations()
}

/// Numbers of evaluations as Hansen's own programs need them, with a margin: sphere about 1700, ellipsoid 4000,
/// Rosenbrock 6000. Rosenbrock has a local minimum of 3.99, in which one in five starts ends; these seeds do not.
#[test]
fn analytic_minima_are_reached() {
    let check = |name: &str, f: fn(&[f64]) -> f64, seeds: [u64; 3], most: u64| {
        for seed in seeds {
            let n = n_needed(f, seed);
            println!("{name} seed {seed}: {n}");
            assert!(n <= most, "{name} seed {seed}: {n} evaluations");
        }
    };
    check("sphere", sphere, [0, 1, 2], 2_000);
    check("ellipsoid", ellipsoid, [0, 1, 2], 5_000);
    check("rosenbrock", rosenbrock, [0, 2, 3], 8_000);
    check("corner", corner, [0, 1, 2], 5_000);
}

#[test]
fn analytic_starts_are_asked_first_and_lead() {
    let starts = [vec![1.5; N_PARAMETERS], vec![-4.0; N_PARAMETERS]];
    let mut evolution = evolution(1, &starts);
    let asked = evolution.ask();
    assert_eq!(asked.len(), 10);
    assert_eq!((&asked[0].parameters, &asked[1].parameters), (&starts[0], &starts[1]));
    let told: Vec<(u64, Vec<f64>)> =
        asked.iter().map(|candidate| (candidate.id, vec![sphere(&candidate.parameters), 0.0])).collect();
    evolution.tell(&told).unwrap();
    let ids: Vec<u64> = evolution.population().iter().map(|individual| individual.id).collect();
    assert!(ids.len() == 3 && ids.contains(&0), "the best three are kept: {ids:?}");
}
