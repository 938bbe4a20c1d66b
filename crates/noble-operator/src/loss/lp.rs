//! Norms of order one, two and four.

use super::EPSILON;

/// Order of a norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    One,
    Two,
    Four,
}

impl Order {
    fn power(self, x: f64) -> f64 {
        match self {
            Self::One => x.abs(),
            Self::Two => x * x,
            Self::Four => (x * x) * (x * x),
        }
    }

    fn root(self, sum: f64) -> f64 {
        match self {
            Self::One => sum,
            Self::Two => sum.sqrt(),
            Self::Four => sum.sqrt().sqrt(),
        }
    }

    /// `∂(|x|^p)/∂x / p`.
    fn slope(self, x: f64) -> f64 {
        match self {
            Self::One if x == 0.0 => 0.0,
            Self::One => x.signum(),
            Self::Two => x,
            Self::Four => x * x * x,
        }
    }
}

/// Norm of a difference and what it is divided by.
pub(super) struct Norms {
    order: Order,
    error: f64,
    divisor: f64,
}

impl Norms {
    pub(super) fn new(order: Order, predicted: &[f32], reference: &[f32], is_relative: bool) -> Self {
        let n = reference.len();
        assert!(predicted.len() == n, "{} predicted and {n} reference samples", predicted.len());
        let errors = predicted.iter().zip(reference).map(|(p, r)| f64::from(*p) - f64::from(*r));
        let error = order.root(errors.map(|e| order.power(e)).sum());
        let divisor = if is_relative {
            order.root(reference.iter().map(|r| order.power(f64::from(*r))).sum()) + EPSILON
        } else {
            order.root(n as f64)
        };
        Self { order, error, divisor }
    }

    pub(super) fn value(&self) -> f64 {
        self.error / self.divisor
    }

    /// `∂/∂e = slope(e) / (N^{p−1} divisor)`; zero where all errors are.
    pub(super) fn gradient(&self, predicted: &[f32], reference: &[f32], gradient: &mut [f32]) {
        assert!(gradient.len() == predicted.len(), "{} gradients", gradient.len());
        if self.error == 0.0 {
            gradient.fill(0.0);
            return;
        }
        // Errors are scaled before the power, so that small ones keep their digits.
        let scale = 1.0 / self.error;
        for ((g, p), r) in gradient.iter_mut().zip(predicted).zip(reference) {
            let error = (f64::from(*p) - f64::from(*r)) * scale;
            *g = (self.order.slope(error) / self.divisor) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Loss;

    #[test]
    fn analytic_values_of_a_constant_error() {
        let (predicted, reference) = ([3.0; 16], [2.0; 16]);
        for loss in Loss::ALL {
            let expected = if format!("{loss:?}").starts_with("Rel") { 0.5 } else { 1.0 };
            assert!((loss.value(&predicted, &reference) - expected).abs() < 1e-8, "{loss:?}");
        }
    }
}
