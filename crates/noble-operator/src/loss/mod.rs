//! Losses between a predicted and a reference trace, with their gradients.
//!
//! A loss of a batch is the sum over its traces, so one trace at a time is enough here.

mod h1;
mod lp;

use lp::Order;

/// Keeps the relative distance to a silent reference finite.
const EPSILON: f64 = 1e-8;

/// A distance between two traces of the same length.
///
/// With `e = predicted − reference` and sums over the samples,
/// relative: `(Σ|e|^p)^{1/p} / ((Σ|reference|^p)^{1/p} + 1e-8)`; absolute: `((1/T) Σ|e|^p)^{1/p}`.
/// H1 takes `Σe² + Σ(De)²` in the place of `Σ|e|²`, with the periodic difference `De_n = (e_{n+1} − e_{n−1}) T/2`.
/// Gradients are finite everywhere, and zero at a perfect fit.
/// # Source
/// `neuraloperator` 2.0.0 `LpLoss` and `H1Loss` (`d = 1`, measure 1); differs: the gradient at a perfect fit is zero,
/// not NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Relative, `p = 1`.
    RelativeL1,
    /// Relative, `p = 2`.
    RelativeL2,
    /// Relative, `p = 4`, the loss operators are trained with.
    RelativeL4,
    /// Relative, values and slopes.
    RelativeH1,
    /// Absolute, `p = 1`.
    AbsoluteL1,
    /// Absolute, `p = 2`.
    AbsoluteL2,
    /// Absolute, `p = 4`.
    AbsoluteL4,
    /// Absolute, values and slopes.
    AbsoluteH1,
}

/// How a loss is computed.
enum Kind {
    Lp(Order),
    H1,
}

impl Loss {
    /// Every loss.
    pub const ALL: [Self; 8] = [
        Self::RelativeL1,
        Self::RelativeL2,
        Self::RelativeL4,
        Self::RelativeH1,
        Self::AbsoluteL1,
        Self::AbsoluteL2,
        Self::AbsoluteL4,
        Self::AbsoluteH1,
    ];

    /// Name as written in files and on command lines, such as `relative_l4`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RelativeL1 => "relative_l1",
            Self::RelativeL2 => "relative_l2",
            Self::RelativeL4 => "relative_l4",
            Self::RelativeH1 => "relative_h1",
            Self::AbsoluteL1 => "absolute_l1",
            Self::AbsoluteL2 => "absolute_l2",
            Self::AbsoluteL4 => "absolute_l4",
            Self::AbsoluteH1 => "absolute_h1",
        }
    }

    /// The loss of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|loss| loss.name() == name)
    }

    /// The distance.
    ///
    /// # Panics
    /// When the lengths differ.
    #[must_use]
    pub fn value(self, predicted: &[f32], reference: &[f32]) -> f64 {
        let (kind, is_relative) = self.parts();
        match kind {
            Kind::Lp(order) => lp::Norms::new(order, predicted, reference, is_relative).value(),
            Kind::H1 => h1::Norms::new(predicted, reference, is_relative).value(),
        }
    }

    /// The distance, and its gradient by each predicted sample in `gradient`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn value_and_gradient(self, predicted: &[f32], reference: &[f32], gradient: &mut [f32]) -> f64 {
        let (kind, is_relative) = self.parts();
        match kind {
            Kind::Lp(order) => {
                let norms = lp::Norms::new(order, predicted, reference, is_relative);
                norms.gradient(predicted, reference, gradient);
                norms.value()
            }
            Kind::H1 => {
                let norms = h1::Norms::new(predicted, reference, is_relative);
                norms.gradient(predicted, reference, gradient);
                norms.value()
            }
        }
    }

    fn parts(self) -> (Kind, bool) {
        match self {
            Self::RelativeL1 => (Kind::Lp(Order::One), true),
            Self::RelativeL2 => (Kind::Lp(Order::Two), true),
            Self::RelativeL4 => (Kind::Lp(Order::Four), true),
            Self::RelativeH1 => (Kind::H1, true),
            Self::AbsoluteL1 => (Kind::Lp(Order::One), false),
            Self::AbsoluteL2 => (Kind::Lp(Order::Two), false),
            Self::AbsoluteL4 => (Kind::Lp(Order::Four), false),
            Self::AbsoluteH1 => (Kind::H1, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that single precision holds exactly, so that the quotient is one of double precision.
    const STEP: f32 = 1.0 / 1024.0;
    /// Error of a central quotient with that step, and of rounding the gradient, per largest gradient.
    const TOLERANCE: f64 = 2e-6;

    fn check(loss: Loss, predicted: &[f32], reference: &[f32]) {
        let mut gradient = vec![0.0; predicted.len()];
        loss.value_and_gradient(predicted, reference, &mut gradient);
        let largest = gradient.iter().fold(0.0, |m: f64, g| m.max(f64::from(g.abs())));
        for i in 0..predicted.len() {
            let moved = |step: f32| {
                let mut moved = predicted.to_vec();
                moved[i] += step;
                loss.value(&moved, reference)
            };
            let slope = (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
            let deviation = (slope - f64::from(gradient[i])).abs() / largest;
            assert!(deviation < TOLERANCE, "{loss:?} sample {i}: {slope} and {}", gradient[i]);
        }
    }

    #[test]
    fn analytic_gradients_by_finite_differences() {
        let reference = [0.5f32, -1.0, 2.0, 0.25, -0.75, 1.5];
        let predicted = [0.75f32, -1.5, 1.0, 0.5, -2.0, 3.0];
        for loss in Loss::ALL {
            for n in [1, 2, 3, 5, 6] {
                check(loss, &predicted[..n], &reference[..n]);
            }
            check(loss, &predicted, &[0.0; 6]);
        }
    }

    #[test]
    fn invariant_gradients_are_finite_everywhere() {
        let cases: [(&[f32], &[f32]); 5] = [
            (&[0.5, 0.0, -3.0], &[0.5, 0.0, -3.0]),
            (&[0.0; 4], &[0.0; 4]),
            (&[1e-38, 0.0, -1e-30], &[0.0; 3]),
            (&[1.0; 5], &[0.0; 5]),
            (&[1e12, -1e12], &[1.0, 1e-12]),
        ];
        for (predicted, reference) in cases {
            for loss in Loss::ALL {
                let mut gradient = vec![f32::NAN; predicted.len()];
                let value = loss.value_and_gradient(predicted, reference, &mut gradient);
                assert!(
                    value.is_finite() && gradient.iter().all(|g| g.is_finite()),
                    "{loss:?} {predicted:?}"
                );
                if predicted == reference {
                    assert!(gradient.iter().all(|g| *g == 0.0) && value.abs() < f64::MIN_POSITIVE);
                }
            }
        }
    }

    #[test]
    fn invariant_names_are_those_of_files() {
        for loss in Loss::ALL {
            assert_eq!(Loss::named(loss.name()), Some(loss));
            assert_eq!(serde_json::to_string(&loss).unwrap(), format!("\"{}\"", loss.name()));
        }
        assert_eq!(Loss::named("l2"), None);
    }
}
