//! Losses between a predicted and a reference trace, with their gradients.
//!
//! A loss of a batch is the sum over its traces, so one trace at a time is enough here.

mod lp;

use lp::Order;

/// A distance between two traces of the same length.
///
/// With `e = predicted − reference` and sums over the samples,
/// relative: `(Σ|e|^p)^{1/p} / ((Σ|reference|^p)^{1/p} + 1e-8)`; absolute: `((1/T) Σ|e|^p)^{1/p}`.
/// # Source
/// `neuraloperator` 2.0.0 `LpLoss` (`d = 1`, measure 1); differs: the gradient at a perfect fit is zero, not NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Relative, `p = 1`.
    RelativeL1,
    /// Relative, `p = 2`.
    RelativeL2,
    /// Relative, `p = 4`, the loss operators are trained with.
    RelativeL4,
    /// Absolute, `p = 1`.
    AbsoluteL1,
    /// Absolute, `p = 2`.
    AbsoluteL2,
    /// Absolute, `p = 4`.
    AbsoluteL4,
}

impl Loss {
    /// The distance.
    ///
    /// # Panics
    /// When the lengths differ.
    #[must_use]
    pub fn value(self, predicted: &[f32], reference: &[f32]) -> f64 {
        let (order, is_relative) = self.parts();
        lp::Norms::new(order, predicted, reference, is_relative).value()
    }

    /// The distance, and its gradient by each predicted sample in `gradient`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn value_and_gradient(self, predicted: &[f32], reference: &[f32], gradient: &mut [f32]) -> f64 {
        let (order, is_relative) = self.parts();
        let norms = lp::Norms::new(order, predicted, reference, is_relative);
        norms.gradient(predicted, reference, gradient);
        norms.value()
    }

    fn parts(self) -> (Order, bool) {
        match self {
            Self::RelativeL1 => (Order::One, true),
            Self::RelativeL2 => (Order::Two, true),
            Self::RelativeL4 => (Order::Four, true),
            Self::AbsoluteL1 => (Order::One, false),
            Self::AbsoluteL2 => (Order::Two, false),
            Self::AbsoluteL4 => (Order::Four, false),
        }
    }
}
