//! Test problems with known fronts, on the unit box.

use std::f64::consts::{FRAC_PI_2, PI};

use noble_evolve::{Bounds, Evolution, hypervolume};

/// A problem whose best front is known.
#[derive(Clone, Copy)]
pub(crate) struct Problem {
    pub(crate) name: &'static str,
    pub(crate) n_parameters: usize,
    pub(crate) n_objectives: usize,
    pub(crate) scores: fn(&[f64]) -> Vec<f64>,
    /// Hypervolume of the front, below 1.1 in every objective.
    pub(crate) front_volume: f64,
}

/// Every objective of the reference point of all hypervolumes here.
pub(crate) const REFERENCE: f64 = 1.1;
/// Smallest first objective of ZDT6's front, where `exp(-4x) sin⁶(6πx)` is largest.
const ZDT6_LEAST: f64 = 0.280_775_319_1;

/// Zitzler, Deb & Thiele 2000, "Comparison of multiobjective evolutionary algorithms: empirical results",
/// Evolutionary Computation 8(2). The volumes are integrals of the front, worked out by hand; ZDT3's is that of
/// 4000 points of its front, which `analytic_volumes_of_dense_fronts` holds.
pub(crate) const ZDT: [Problem; 5] = [
    Problem {
        name: "ZDT1",
        n_parameters: 30,
        n_objectives: 2,
        scores: zdt1,
        front_volume: 0.1 + 2.0 / 3.0 + 0.11,
    },
    Problem {
        name: "ZDT2",
        n_parameters: 30,
        n_objectives: 2,
        scores: zdt2,
        front_volume: 0.1 + 1.0 / 3.0 + 0.11,
    },
    Problem { name: "ZDT3", n_parameters: 30, n_objectives: 2, scores: zdt3, front_volume: 1.3315 },
    Problem {
        name: "ZDT4",
        n_parameters: 10,
        n_objectives: 2,
        scores: zdt4,
        front_volume: 0.1 + 2.0 / 3.0 + 0.11,
    },
    Problem {
        name: "ZDT6",
        n_parameters: 10,
        n_objectives: 2,
        scores: zdt6,
        front_volume: 0.1 * (1.0 - ZDT6_LEAST) + (1.0 - ZDT6_LEAST * ZDT6_LEAST * ZDT6_LEAST) / 3.0 + 0.11,
    },
];

/// Deb, Thiele, Laumanns & Zitzler 2005, "Scalable test problems for evolutionary multiobjective optimization". The
/// front is an eighth of the unit sphere.
pub(crate) const DTLZ2: Problem = Problem {
    name: "DTLZ2",
    n_parameters: 12,
    n_objectives: 3,
    scores: dtlz2,
    front_volume: REFERENCE * REFERENCE * REFERENCE - PI / 6.0,
};

/// From the same paper; the front is the plane on which the objectives sum to one half.
pub(crate) const DTLZ1: Problem = Problem {
    name: "DTLZ1",
    n_parameters: 7,
    n_objectives: 3,
    scores: dtlz1,
    front_volume: REFERENCE * REFERENCE * REFERENCE - 0.125 / 6.0,
};

impl Problem {
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds::new(vec![0.0; self.n_parameters], vec![1.0; self.n_parameters]).unwrap()
    }

    /// Asks and tells until so many candidates are told.
    pub(crate) fn evolve(&self, evolution: &mut Evolution, n_evaluations: u64) {
        while evolution.n_evaluations() < n_evaluations {
            let scores: Vec<(u64, Vec<f64>)> = evolution
                .ask()
                .iter()
                .map(|candidate| (candidate.id, (self.scores)(&candidate.parameters)))
                .collect();
            evolution.tell(&scores).unwrap();
        }
    }

    pub(crate) fn volume(&self, evolution: &Evolution) -> f64 {
        let points: Vec<Vec<f64>> =
            evolution.population().iter().map(|individual| individual.scores.clone()).collect();
        hypervolume(&points, &vec![REFERENCE; self.n_objectives])
    }
}

fn mean_of_others(x: &[f64]) -> f64 {
    x[1..].iter().sum::<f64>() / (x.len() - 1) as f64
}

fn zdt1(x: &[f64]) -> Vec<f64> {
    let g = 1.0 + 9.0 * mean_of_others(x);
    vec![x[0], g * (1.0 - (x[0] / g).sqrt())]
}

fn zdt2(x: &[f64]) -> Vec<f64> {
    let g = 1.0 + 9.0 * mean_of_others(x);
    vec![x[0], g * (1.0 - (x[0] / g).powi(2))]
}

fn zdt3(x: &[f64]) -> Vec<f64> {
    let g = 1.0 + 9.0 * mean_of_others(x);
    let share = x[0] / g;
    vec![x[0], g * (1.0 - share.sqrt() - share * (10.0 * PI * x[0]).sin())]
}

/// All but the first parameter run from -5 to 5.
fn zdt4(x: &[f64]) -> Vec<f64> {
    let term = |x: &f64| {
        let x = 10.0 * x - 5.0;
        x * x - 10.0 * (4.0 * PI * x).cos()
    };
    let g = 1.0 + 10.0 * (x.len() - 1) as f64 + x[1..].iter().map(term).sum::<f64>();
    vec![x[0], g * (1.0 - (x[0] / g).sqrt())]
}

fn zdt6(x: &[f64]) -> Vec<f64> {
    let first = 1.0 - (-4.0 * x[0]).exp() * (6.0 * PI * x[0]).sin().powi(6);
    let g = 1.0 + 9.0 * mean_of_others(x).powf(0.25);
    vec![first, g * (1.0 - (first / g).powi(2))]
}

fn dtlz1(x: &[f64]) -> Vec<f64> {
    let term = |x: &f64| (x - 0.5).powi(2) - (20.0 * PI * (x - 0.5)).cos();
    let g = 100.0 * ((x.len() - 2) as f64 + x[2..].iter().map(term).sum::<f64>());
    let size = 0.5 * (1.0 + g);
    vec![size * x[0] * x[1], size * x[0] * (1.0 - x[1]), size * (1.0 - x[0])]
}

fn dtlz2(x: &[f64]) -> Vec<f64> {
    let size = 1.0 + x[2..].iter().map(|x| (x - 0.5).powi(2)).sum::<f64>();
    let (one, other) = (x[0] * FRAC_PI_2, x[1] * FRAC_PI_2);
    vec![size * one.cos() * other.cos(), size * one.cos() * other.sin(), size * one.sin()]
}

/// Points on the known fronts have less volume than the front, and dense ones nearly the same.
#[test]
fn analytic_volumes_of_dense_fronts() {
    for problem in ZDT {
        let at = |idx: usize| {
            let mut x = vec![if problem.name == "ZDT4" { 0.5 } else { 0.0 }; problem.n_parameters];
            x[0] = idx as f64 / 4000.0;
            (problem.scores)(&x)
        };
        let points: Vec<Vec<f64>> = (0..=4000).map(at).collect();
        let volume = hypervolume(&points, &[REFERENCE; 2]);
        let missing = problem.front_volume - volume;
        assert!((-1e-4..2e-3).contains(&missing), "{}: {volume} of {}", problem.name, problem.front_volume);
    }
}
