//! Covariance matrix adaptation of a normal distribution.
//!
//! It sees one number per candidate, the sum of its scores, and adapts mean, step and covariance so that good
//! steps become likelier. Parameters are measured in fractions of their bounds, so none needs a scale of its own.
//!
//! **Bounds**: the distribution has none. A coordinate outside 0 to 1 is folded back as by mirrors at both bounds,
//! which continues the landscape evenly; candidates are the folded points, and the adaptation sees the unfolded
//! steps, so it stays that of the unbounded method.
//!
//! # Source
//! Hansen 2016, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, figure 6 and table 1, with negative
//! weights; starts enter the first generation as in Hansen 2011, "Injecting external solutions into CMA-ES",
//! arXiv:1110.4181, equation 4. Deliberately different: the mirrors above, and no axis of the distribution grows
//! longer than the bounds are wide.

mod eigen;
mod weights;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use eigen::{Eigen, eigen};
use weights::Weights;

/// Longest standard deviation along any axis, in widths of the bounds.
const LONGEST_AXIS: f64 = 1.0;
/// Shortest axis as a fraction of the longest; shorter ones are rounding.
const SHORTEST_AXIS: f64 = 1e-7;

/// The distribution, and the steps that wait for their scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Distribution {
    /// Mean, as unfolded fractions of the bounds.
    mean: Vec<f64>,
    /// Step size, σ.
    step: f64,
    /// Covariance without the step, row by row `[n × n]`.
    covariance: Vec<f64>,
    /// Evolution path of the covariance.
    covariance_path: Vec<f64>,
    /// Conjugate evolution path of the step.
    step_path: Vec<f64>,
    /// Updates made.
    n_updates: u32,
    /// Steps of the waiting candidates before covariance and step are applied, in their order.
    waiting: Vec<Vec<f64>>,
}

impl Distribution {
    pub(crate) fn new(mean: Vec<f64>, step: f64) -> Self {
        let n = mean.len();
        let mut covariance = vec![0.0; n * n];
        for idx in 0..n {
            covariance[idx * n + idx] = 1.0;
        }
        let path = vec![0.0; n];
        Self {
            mean,
            step,
            covariance,
            covariance_path: path.clone(),
            step_path: path,
            n_updates: 0,
            waiting: Vec::new(),
        }
    }

    /// Puts points into the first generation; their steps count no further than a long random one.
    pub(crate) fn inject(&mut self, points: &[Vec<f64>]) {
        let n = self.mean.len() as f64;
        let longest = n.sqrt() + 2.0 * n / (n + 2.0);
        for point in points {
            let mut step: Vec<f64> = point.iter().zip(&self.mean).map(|(x, m)| (x - m) / self.step).collect();
            let length = norm(&step);
            let shortening = if length > longest { longest / length } else { 1.0 };
            step.iter_mut().for_each(|z| *z *= shortening);
            self.waiting.push(step);
        }
    }

    /// Draws until `n` candidates wait; the folded fractions of those drawn.
    pub(crate) fn draw(&mut self, n: usize, rng: &mut impl Rng) -> Vec<Vec<f64>> {
        let axes = self.axes();
        let mut drawn = Vec::new();
        while self.waiting.len() < n {
            let normal: Vec<f64> = self.mean.iter().map(|_| standard_normal(rng)).collect();
            let moved = axes.stretch(&normal);
            drawn.push(self.mean.iter().zip(&moved).map(|(m, y)| fold(m + self.step * y)).collect());
            self.waiting.push(normal);
        }
        drawn
    }

    /// Learns from the waiting steps; `order` lists them from the best to the worst.
    pub(crate) fn update(&mut self, order: &[usize]) {
        let waiting = std::mem::take(&mut self.waiting);
        let n = self.mean.len();
        let weights = Weights::new(n, order.len());
        let axes = self.axes();
        let ranked: Vec<Ranked<'_>> = order
            .iter()
            .zip(&weights.all)
            .map(|(&idx, &weight)| Ranked {
                weight,
                normal: &waiting[idx],
                moved: axes.stretch(&waiting[idx]),
            })
            .collect();
        let parents = || ranked.iter().filter(|ranked| ranked.weight > 0.0);
        let (mut mean_normal, mut mean_moved) = (vec![0.0; n], vec![0.0; n]);
        for ranked in parents() {
            add(&mut mean_normal, ranked.weight, ranked.normal);
            add(&mut mean_moved, ranked.weight, &ranked.moved);
        }
        add(&mut self.mean, self.step, &mean_moved);
        self.n_updates = self.n_updates.saturating_add(1);
        let is_stalled = self.walk(&axes.rotate(&mean_normal), &mean_moved, &weights);
        self.turn(&ranked, &weights, is_stalled);
        let length = norm(&self.step_path) / weights.normal_length;
        self.step *= (weights.step_rate / weights.step_damping * (length - 1.0)).exp();
        self.step = self.step.min(LONGEST_AXIS / self.axes().longest()).max(f64::MIN_POSITIVE);
    }

    /// Both paths; whether the step path is so long that the covariance path must wait (figure 6, h_σ = 0).
    fn walk(&mut self, mean_normal: &[f64], mean_moved: &[f64], weights: &Weights) -> bool {
        let rate = weights.step_rate;
        self.step_path.iter_mut().for_each(|p| *p *= 1.0 - rate);
        add(&mut self.step_path, (rate * (2.0 - rate) * weights.n_effective).sqrt(), mean_normal);
        let settled = 1.0 - (1.0 - rate).powf(2.0 * f64::from(self.n_updates));
        let longest = (1.4 + 2.0 / (self.mean.len() as f64 + 1.0)) * weights.normal_length;
        let is_stalled = norm(&self.step_path) / settled.sqrt() >= longest;
        let rate = weights.path_rate;
        self.covariance_path.iter_mut().for_each(|p| *p *= 1.0 - rate);
        if !is_stalled {
            let share = (rate * (2.0 - rate) * weights.n_effective).sqrt();
            add(&mut self.covariance_path, share, mean_moved);
        }
        is_stalled
    }

    /// Rank-one and rank-µ updates of the covariance (equation 47).
    fn turn(&mut self, ranked: &[Ranked<'_>], weights: &Weights, is_stalled: bool) {
        let n = self.mean.len();
        let stall = if is_stalled { weights.path_rate * (2.0 - weights.path_rate) } else { 0.0 };
        let total: f64 = weights.all.iter().sum();
        let kept = 1.0 + weights.one_rate * stall - weights.one_rate - weights.mu_rate * total;
        self.covariance.iter_mut().for_each(|c| *c *= kept);
        let path = std::mem::take(&mut self.covariance_path);
        self.add_product(weights.one_rate, &path);
        self.covariance_path = path;
        for ranked in ranked {
            let squared_length: f64 = ranked.normal.iter().map(|z| z * z).sum();
            let weight = if ranked.weight >= 0.0 {
                ranked.weight
            } else if squared_length > 0.0 {
                ranked.weight * n as f64 / squared_length
            } else {
                0.0
            };
            self.add_product(weights.mu_rate * weight, &ranked.moved);
        }
    }

    /// Adds `factor · v vᵀ`, symmetric to the bit.
    fn add_product(&mut self, factor: f64, v: &[f64]) {
        for (row, v_row) in self.covariance.chunks_exact_mut(v.len()).zip(v) {
            for (entry, v_column) in row.iter_mut().zip(v) {
                *entry += factor * (v_row * v_column);
            }
        }
    }

    fn axes(&self) -> Axes {
        let Eigen { values, vectors } = eigen(&self.covariance, self.mean.len());
        let longest = values.iter().fold(f64::MIN_POSITIVE, |longest, v| longest.max(*v)).sqrt();
        let lengths = values.iter().map(|v| v.max(0.0).sqrt().max(SHORTEST_AXIS * longest)).collect();
        Axes { lengths, vectors }
    }

    /// What contradicts itself, for `n` parameters and `n_waiting` candidates.
    pub(crate) fn fault(&self, n: usize, n_waiting: usize) -> Option<String> {
        let is_square = n.checked_mul(n) == Some(self.covariance.len());
        let vectors = [&self.mean, &self.covariance_path, &self.step_path].into_iter().chain(&self.waiting);
        if !is_square || vectors.clone().any(|vector| vector.len() != n) {
            return Some(format!("the distribution does not have {n} parameters"));
        }
        if self.waiting.len() != n_waiting {
            return Some(format!("{} steps wait for {n_waiting} candidates", self.waiting.len()));
        }
        let is_usable = |value: &f64| value.abs() <= 1e100;
        if !vectors.flatten().chain(&self.covariance).all(is_usable) {
            return Some("the distribution holds a value that is no number or above 1e100".to_owned());
        }
        let entry = |a: usize, b: usize| self.covariance[a * n + b];
        let is_symmetric = (0..n).all(|a| (0..a).all(|b| entry(a, b).to_bits() == entry(b, a).to_bits()));
        if !is_symmetric || !(0..n).any(|a| entry(a, a) > 0.0) {
            return Some("the covariance is not symmetric, or has no variance above 0".to_owned());
        }
        let is_step = self.step > 0.0 && self.step <= 1e100;
        (!is_step).then(|| format!("the step of the distribution is {}", self.step))
    }
}

/// One candidate in its rank.
struct Ranked<'a> {
    weight: f64,
    normal: &'a [f64],
    moved: Vec<f64>,
}

/// Principal axes of the covariance.
struct Axes {
    lengths: Vec<f64>,
    vectors: Vec<f64>,
}

impl Axes {
    /// `B z`.
    fn rotate(&self, normal: &[f64]) -> Vec<f64> {
        let rows = self.vectors.chunks_exact(normal.len());
        rows.map(|row| row.iter().zip(normal).map(|(b, z)| b * z).sum()).collect()
    }

    /// `B D z`.
    fn stretch(&self, normal: &[f64]) -> Vec<f64> {
        let stretched: Vec<f64> = normal.iter().zip(&self.lengths).map(|(z, d)| z * d).collect();
        self.rotate(&stretched)
    }

    fn longest(&self) -> f64 {
        self.lengths.iter().fold(f64::MIN_POSITIVE, |longest, length| longest.max(*length))
    }
}

/// Folds a coordinate between mirrors at 0 and 1.
fn fold(coordinate: f64) -> f64 {
    let within_two = coordinate.rem_euclid(2.0);
    if within_two > 1.0 { 2.0 - within_two } else { within_two }
}

/// Box & Muller's transform; two uniform numbers each, so a stored generator stays in step.
fn standard_normal(rng: &mut impl Rng) -> f64 {
    let (radius, angle): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

fn add(to: &mut [f64], factor: f64, of: &[f64]) {
    for (to, of) in to.iter_mut().zip(of) {
        *to += factor * of;
    }
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|v| v * v).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn analytic_mirrors_fold() {
        let check = |coordinate: f64, expected: f64| assert!((fold(coordinate) - expected).abs() < 1e-15);
        check(0.25, 0.25);
        check(-0.25, 0.25);
        check(1.25, 0.75);
        check(2.25, 0.25);
        check(-3.75, 0.25);
        check(1.0, 1.0);
    }

    #[test]
    fn analytic_moments_of_the_normal() {
        const N: usize = 100_000;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
        let mut moments = [0.0; 4];
        for _ in 0..N {
            let z = standard_normal(&mut rng);
            for (power, moment) in moments.iter_mut().enumerate() {
                *moment += z.powi(power as i32 + 1) / N as f64;
            }
        }
        // Standard errors of the moments are 1, 1.4, 3.9 and 9.8 over sqrt(N).
        for ((moment, expected), error) in moments.iter().zip([0.0, 1.0, 0.0, 3.0]).zip([1.0, 1.4, 3.9, 9.8])
        {
            assert!((moment - expected).abs() < 3.3 * error / (N as f64).sqrt(), "{moments:?}");
        }
    }

    #[test]
    fn analytic_far_starts_are_shortened() {
        let mut distribution = Distribution::new(vec![0.5; 4], 0.01);
        distribution.inject(&[vec![0.5, 0.5, 0.5, 0.51], vec![1.0; 4]]);
        assert!((norm(&distribution.waiting[0]) - 1.0).abs() < 1e-12);
        assert!((norm(&distribution.waiting[1]) - (2.0 + 8.0 / 6.0)).abs() < 1e-12);
    }

    #[test]
    fn analytic_flat_landscape_stays_within_the_bounds_width() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let mut distribution = Distribution::new(vec![0.5; 3], 0.3);
        for _ in 0..500 {
            distribution.draw(8, &mut rng);
            distribution.update(&[0, 1, 2, 3, 4, 5, 6, 7]);
            assert!(distribution.step * distribution.axes().longest() <= LONGEST_AXIS * (1.0 + 1e-12));
            assert_eq!(distribution.fault(3, 0), None);
        }
    }
}
