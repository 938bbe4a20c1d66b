//! The constants of the adaptation, from the number of parameters and candidates.

/// Weights of the ranks, and learning rates.
#[derive(Debug)]
pub(super) struct Weights {
    /// One per rank, best first; those of the better half are positive and sum to one.
    pub(super) all: Vec<f64>,
    /// Effective number of parents, µ_eff.
    pub(super) n_effective: f64,
    /// c_σ.
    pub(super) step_rate: f64,
    /// d_σ.
    pub(super) step_damping: f64,
    /// c_c.
    pub(super) path_rate: f64,
    /// c_1.
    pub(super) one_rate: f64,
    /// c_µ.
    pub(super) mu_rate: f64,
    /// Expected length of a standard normal vector.
    pub(super) normal_length: f64,
}

impl Weights {
    /// # Source
    /// Hansen 2016, arXiv:1604.00772, table 1 and equations 49 to 58, with α_cov = 2.
    pub(super) fn new(n_parameters: usize, n_candidates: usize) -> Self {
        let n = n_parameters as f64;
        let middle = f64::midpoint(n_candidates as f64, 1.0).ln();
        let raw: Vec<f64> = (1..=n_candidates).map(|rank| middle - (rank as f64).ln()).collect();
        let (better, worse) = raw.split_at(n_candidates / 2);
        let (n_effective, n_effective_worse) = (effective(better), effective(worse));
        let one_rate = 2.0 / ((n + 1.3).powi(2) + n_effective);
        let mu_share = 2.0 * (0.25 + n_effective + 1.0 / n_effective - 2.0);
        let mu_rate = (1.0 - one_rate).min(mu_share / ((n + 2.0).powi(2) + n_effective));
        let against = [
            1.0 + one_rate / mu_rate,
            1.0 + 2.0 * n_effective_worse / (n_effective + 2.0),
            (1.0 - one_rate - mu_rate) / (n * mu_rate),
        ];
        let against = against.into_iter().fold(f64::INFINITY, f64::min);
        let (sum, sum_worse) =
            (positive_sum(&raw), positive_sum(&raw.iter().map(|w| -w).collect::<Vec<_>>()));
        let weigh = |w: &f64| if *w >= 0.0 { w / sum } else { against * w / sum_worse };
        let step_rate = (n_effective + 2.0) / (n + n_effective + 5.0);
        let excess = (((n_effective - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0);
        Self {
            all: raw.iter().map(weigh).collect(),
            n_effective,
            step_rate,
            step_damping: 1.0 + 2.0 * excess + step_rate,
            path_rate: (4.0 + n_effective / n) / (n + 4.0 + 2.0 * n_effective / n),
            one_rate,
            mu_rate,
            normal_length: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
        }
    }
}

/// `(Σw)² / Σw²`.
fn effective(weights: &[f64]) -> f64 {
    let (sum, squares) = weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
    sum * sum / squares
}

fn positive_sum(weights: &[f64]) -> f64 {
    weights.iter().filter(|w| **w > 0.0).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten parameters, ten candidates: values by the formulas of the tutorial, worked out apart.
    #[test]
    fn analytic_constants_of_ten_parameters() {
        let weights = Weights::new(10, 10);
        let better: f64 = weights.all[..5].iter().sum();
        assert!((better - 1.0).abs() < 1e-15);
        assert!(weights.all.is_sorted_by(|a, b| a > b));
        let close =
            |value: f64, expected: f64| assert!((value - expected).abs() < 6e-5, "{value} {expected}");
        close(weights.n_effective, 3.1673);
        close(weights.step_rate, 0.2844);
        close(weights.step_damping, 1.2844);
        close(weights.path_rate, 0.2950);
        close(weights.one_rate, 0.01528);
        close(weights.mu_rate, 0.02355);
    }

    /// The covariance keeps a positive share of itself whatever the size of the problem (equation 52 to 55).
    #[test]
    fn analytic_covariance_stays_positive() {
        for n_parameters in [1, 2, 10, 60] {
            for n_candidates in [4, 5, 10, 100, 1000] {
                let weights = Weights::new(n_parameters, n_candidates);
                let worse: f64 = weights.all.iter().filter(|w| **w < 0.0).sum();
                let lost = weights.one_rate + weights.mu_rate - n_parameters as f64 * weights.mu_rate * worse;
                assert!(lost <= 1.0 + 1e-12, "{n_parameters} {n_candidates}: {lost}");
                assert!(weights.mu_rate > 0.0 && weights.step_damping >= 1.0);
            }
        }
    }
}
