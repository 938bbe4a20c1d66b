//! The normal distribution of a hall of fame's latent features: what a model is likely to have, given some of them.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::Error;

/// Added to the diagonal of the correlations, so that features that follow from others do no harm.
const RIDGE: f64 = 1e-9;

/// Mean and covariance of latent features over models.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentDensity {
    names: Vec<String>,
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// Correlations, `[n × n]`.
    correlation: Vec<f64>,
    n_models: usize,
}

impl LatentDensity {
    /// Mean, deviation and correlations over models.
    ///
    /// # Errors
    /// [`Error::Usage`] with fewer than two models, or for a feature that a model lacks.
    pub fn fit(names: &[String], models: &[&BTreeMap<String, f64>]) -> Result<Self, Error> {
        if models.len() < 2 {
            let what = format!("{} models make no density of latent features", models.len());
            return Err(Error::usage(what, "name every latent feature"));
        }
        let lacks = |name: &&String| models.iter().any(|latents| !latents.contains_key(*name));
        if let Some(name) = names.iter().find(lacks) {
            let what = format!("a model lacks the latent feature {name}");
            return Err(Error::usage(what, "name every latent feature"));
        }
        let n_models = models.len() as f64;
        let column = |name: &String| -> Vec<f64> { models.iter().map(|latents| latents[name]).collect() };
        let columns: Vec<Vec<f64>> = names.iter().map(column).collect();
        let mean: Vec<f64> = columns.iter().map(|column| column.iter().sum::<f64>() / n_models).collect();
        let covariance = |a: usize, b: usize| -> f64 {
            let products = columns[a].iter().zip(&columns[b]);
            products.map(|(x, y)| (x - mean[a]) * (y - mean[b])).sum::<f64>() / (n_models - 1.0)
        };
        let n = names.len();
        let deviation: Vec<f64> =
            (0..n).map(|idx| covariance(idx, idx).sqrt().max(f64::MIN_POSITIVE)).collect();
        let correlation = (0..n * n)
            .map(|place| (place / n, place % n))
            .map(|(a, b)| if a == b { 1.0 + RIDGE } else { covariance(a, b) / deviation[a] / deviation[b] })
            .collect();
        Ok(Self { names: names.to_vec(), mean, deviation, correlation, n_models: models.len() })
    }

    /// Models it was fitted to.
    #[must_use]
    pub fn n_models(&self) -> usize {
        self.n_models
    }

    /// All features, those not given at their expectation under those that are: `μ_b + Σ_ba Σ_aa⁻¹ (x_a − μ_a)`.
    ///
    /// A name that the density does not know is kept as it is.
    #[must_use]
    pub fn completed(&self, given: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
        let n = self.names.len();
        let (known, unknown): (Vec<usize>, Vec<usize>) =
            (0..n).partition(|idx| given.contains_key(&self.names[*idx]));
        let off: Vec<f64> = known
            .iter()
            .map(|idx| (given[&self.names[*idx]] - self.mean[*idx]) / self.deviation[*idx])
            .collect();
        let k = known.len();
        let among =
            (0..k * k).map(|place| self.correlation[known[place / k] * n + known[place % k]]).collect();
        let weights = Cholesky::new(among, k).solve(off);
        let mut all = given.clone();
        for idx in unknown {
            let along: f64 = known.iter().zip(&weights).map(|(a, w)| self.correlation[idx * n + a] * w).sum();
            all.insert(self.names[idx].clone(), self.mean[idx] + self.deviation[idx] * along);
        }
        all
    }

    /// Features drawn from the distribution.
    pub fn draw(&self, rng: &mut impl Rng) -> BTreeMap<String, f64> {
        let normal: Vec<f64> = self.names.iter().map(|_| rng.sample(StandardNormal)).collect();
        let off = Cholesky::new(self.correlation.clone(), self.names.len()).stretch(&normal);
        let value =
            |(idx, name): (usize, &String)| (name.clone(), self.mean[idx] + self.deviation[idx] * off[idx]);
        self.names.iter().enumerate().map(value).collect()
    }
}

/// `A = L Lᵀ` of a positive definite matrix, lower triangle.
struct Cholesky {
    lower: Vec<f64>,
    n: usize,
}

impl Cholesky {
    fn new(mut matrix: Vec<f64>, n: usize) -> Self {
        for row in 0..n {
            for column in 0..=row {
                let before: f64 = (0..column).map(|k| matrix[row * n + k] * matrix[column * n + k]).sum();
                let rest = matrix[row * n + column] - before;
                matrix[row * n + column] =
                    if row == column { rest.max(RIDGE).sqrt() } else { rest / matrix[column * n + column] };
            }
        }
        Self { lower: matrix, n }
    }

    fn solve(&self, mut b: Vec<f64>) -> Vec<f64> {
        let n = self.n;
        for row in 0..n {
            let before: f64 = (0..row).map(|k| self.lower[row * n + k] * b[k]).sum();
            b[row] = (b[row] - before) / self.lower[row * n + row];
        }
        for row in (0..n).rev() {
            let after: f64 = (row + 1..n).map(|k| self.lower[k * n + row] * b[k]).sum();
            b[row] = (b[row] - after) / self.lower[row * n + row];
        }
        b
    }

    fn stretch(&self, normal: &[f64]) -> Vec<f64> {
        let row = |row: usize| (0..=row).map(|k| self.lower[row * self.n + k] * normal[k]).sum();
        (0..self.n).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    fn named(values: [f64; 3]) -> BTreeMap<String, f64> {
        ["a_mv", "b_mv", "c_mv"].map(str::to_owned).into_iter().zip(values).collect()
    }

    /// `c = 2 a − b + 1` for every model, so its expectation given both is exact; given `a` alone, `b` is regressed on it.
    #[test]
    fn analytic_what_follows_is_found() {
        let models: Vec<BTreeMap<String, f64>> = [[0.0, 3.0], [1.0, 1.0], [2.0, 5.0], [4.0, 2.0], [7.0, 8.0]]
            .map(|[a, b]| named([a, b, 2.0 * a - b + 1.0]))
            .to_vec();
        let names: Vec<String> = models[0].keys().cloned().collect();
        let density = LatentDensity::fit(&names, &models.iter().collect::<Vec<_>>()).unwrap();
        let mut given = named([3.0, 4.0, 0.0]);
        given.remove("c_mv");
        assert!((density.completed(&given)["c_mv"] - 3.0).abs() < 1e-6);
        given.remove("b_mv");
        // Slope of b on a: 21.8 / 30.8.
        let expected = 3.8 + (3.0 - 2.8) * 21.8 / 30.8;
        assert!(
            (density.completed(&given)["b_mv"] - expected).abs() < 1e-6,
            "{:?}",
            density.completed(&given)
        );
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let drawn: Vec<_> = (0..2000).map(|_| density.draw(&mut rng)).collect();
        assert!(drawn.iter().all(|one| (one["c_mv"] - 2.0 * one["a_mv"] + one["b_mv"] - 1.0).abs() < 1e-2));
        let mean = drawn.iter().map(|one| one["a_mv"]).sum::<f64>() / 2000.0;
        assert!((mean - 2.8).abs() < 0.2, "{mean}");
    }
}
