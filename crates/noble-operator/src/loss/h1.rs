//! The Sobolev norm of order one: values and slopes.
//!
//! The slope term outweighs the value term by orders of magnitude, because times are counted in traces (`h = 1/T`); and
//! it sees the jump from the last sample to the first, because differences are periodic. Both are the package's.

use super::EPSILON;

/// `D u_n = (u_{n+1} − u_{n−1}) T/2` for indices modulo `T`.
fn slope(u: impl Fn(usize) -> f64, n: usize, n_samples: usize) -> f64 {
    let (after, before) = ((n + 1) % n_samples, (n + n_samples - 1) % n_samples);
    (u(after) - u(before)) * (0.5 * n_samples as f64)
}

/// `√(Σ u² + Σ (Du)²)`.
fn norm(u: impl Fn(usize) -> f64 + Copy, n_samples: usize) -> f64 {
    (0..n_samples).map(|n| u(n).powi(2) + slope(u, n, n_samples).powi(2)).sum::<f64>().sqrt()
}

/// Norm of a difference and what it is divided by.
pub(super) struct Norms {
    error: f64,
    divisor: f64,
}

impl Norms {
    pub(super) fn new(predicted: &[f32], reference: &[f32], is_relative: bool) -> Self {
        let n = reference.len();
        assert!(predicted.len() == n, "{} predicted and {n} reference samples", predicted.len());
        let error = norm(|i| difference(predicted, reference, i), n);
        let divisor = match is_relative {
            true => norm(|i| f64::from(reference[i]), n) + EPSILON,
            false => (n as f64).sqrt(),
        };
        Self { error, divisor }
    }

    pub(super) fn value(&self) -> f64 {
        self.error / self.divisor
    }

    /// `∂/∂e = (e − D D e) / (N divisor)`, since the periodic `D` is its own negative transpose; zero where all errors
    /// are.
    pub(super) fn gradient(&self, predicted: &[f32], reference: &[f32], gradient: &mut [f32]) {
        let n = predicted.len();
        assert!(gradient.len() == n, "{} gradients", gradient.len());
        if self.error == 0.0 {
            gradient.fill(0.0);
            return;
        }
        let scale = 1.0 / self.error;
        let error = |i: usize| difference(predicted, reference, i) * scale;
        let slopes: Vec<f64> = (0..n).map(|i| slope(error, i, n)).collect();
        for (i, g) in gradient.iter_mut().enumerate() {
            *g = ((error(i) - slope(|j| slopes[j], i, n)) / self.divisor) as f32;
        }
    }
}

fn difference(predicted: &[f32], reference: &[f32], i: usize) -> f64 {
    f64::from(predicted[i]) - f64::from(reference[i])
}

#[cfg(test)]
mod tests {
    use crate::Loss;

    /// A sine of one cycle has slopes `2π cos` but for the error of the difference, `sin(h')/h'` with `h' = 2π/T`.
    #[test]
    fn analytic_norm_of_a_sine() {
        let n = 64;
        let step = std::f64::consts::TAU / f64::from(n);
        let sine: Vec<f32> = (0..n).map(|i| (step * f64::from(i)).sin() as f32).collect();
        let value = Loss::AbsoluteH1.value(&sine, &vec![0.0; sine.len()]);
        let slope = f64::from(n) * step.sin();
        let expected = (0.5 + 0.5 * slope * slope).sqrt();
        assert!((value / expected - 1.0).abs() < 1e-6, "{value} instead of {expected}");
    }

    #[test]
    fn analytic_a_constant_error_has_no_slope() {
        let value = Loss::AbsoluteH1.value(&[3.5; 7], &[3.0; 7]);
        assert!((value - 0.5).abs() < 1e-12, "{value}");
    }
}
