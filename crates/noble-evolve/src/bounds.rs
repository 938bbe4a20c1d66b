//! The box in which parameters lie.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Lower and upper bound of every parameter; both belong to the box.
///
/// # Example
/// ```
/// use noble_evolve::Bounds;
/// let bounds = Bounds::new(vec![0.0, -5.0], vec![1.0, 5.0])?;
/// assert_eq!(bounds.n_parameters(), 2);
/// assert!(Bounds::new(vec![1.0], vec![1.0]).is_err());
/// # Ok::<(), noble_evolve::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Pairs")]
pub struct Bounds {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// Bounds as they are stored, before they are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pairs {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl TryFrom<Pairs> for Bounds {
    type Error = Error;

    fn try_from(pairs: Pairs) -> Result<Self, Error> {
        Self::new(pairs.lower, pairs.upper)
    }
}

impl Bounds {
    /// Pairs `lower[i]`, `upper[i]`, one per parameter.
    ///
    /// # Errors
    /// [`Error::NoParameters`], [`Error::BoundsLengths`], and [`Error::Bounds`] for the first pair that is not
    /// finite, not in order, or so far apart that the distance is not finite.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>) -> Result<Self, Error> {
        if lower.len() != upper.len() {
            return Err(Error::BoundsLengths { n_lower: lower.len(), n_upper: upper.len() });
        }
        if lower.is_empty() {
            return Err(Error::NoParameters);
        }
        for (parameter_idx, (&lower, &upper)) in lower.iter().zip(&upper).enumerate() {
            let is_box = lower.is_finite() && upper.is_finite() && lower < upper;
            if !is_box || !(upper - lower).is_finite() {
                return Err(Error::Bounds { parameter_idx, lower, upper });
            }
        }
        Ok(Self { lower, upper })
    }

    /// Parameters there are.
    pub fn n_parameters(&self) -> usize {
        self.lower.len()
    }

    /// Lower bounds.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// Upper bounds.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }

    /// Errors unless `parameters` lie within; `what` names them in the message.
    ///
    /// # Errors
    /// [`Error::ParameterCount`] or, for the first parameter outside, [`Error::OutOfBounds`].
    pub fn check(&self, parameters: &[f64], what: &str) -> Result<(), Error> {
        if parameters.len() != self.n_parameters() {
            return Err(Error::ParameterCount {
                what: what.to_owned(),
                n_parameters: parameters.len(),
                n_bounds: self.n_parameters(),
            });
        }
        for (parameter_idx, (&value, (lower, upper))) in parameters.iter().zip(self.pairs()).enumerate() {
            if !(lower..=upper).contains(&value) {
                return Err(Error::OutOfBounds { what: what.to_owned(), parameter_idx, value, lower, upper });
            }
        }
        Ok(())
    }

    /// Lower and upper bound of each parameter in turn.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.lower.iter().copied().zip(self.upper.iter().copied())
    }

    /// Parameters at these fractions of the box; 0 is the lower bound, 1 the upper.
    pub(crate) fn at(&self, fractions: &[f64]) -> Vec<f64> {
        let at = |(fraction, (lower, upper)): (&f64, (f64, f64))| {
            (lower + fraction * (upper - lower)).clamp(lower, upper)
        };
        fractions.iter().zip(self.pairs()).map(at).collect()
    }

    /// Where in the box these parameters lie: the inverse of [`Bounds::at`].
    pub(crate) fn fractions(&self, parameters: &[f64]) -> Vec<f64> {
        let fraction = |(value, (lower, upper)): (&f64, (f64, f64))| (value - lower) / (upper - lower);
        parameters.iter().zip(self.pairs()).map(fraction).collect()
    }

    /// Root mean square over the parameters of their distances, each as a fraction of its bounds.
    ///
    /// Zero is equality, one the distance of opposite corners.
    pub fn distance(&self, a: &[f64], b: &[f64]) -> f64 {
        let squares = a.iter().zip(b).zip(self.pairs());
        let sum: f64 = squares.map(|((a, b), (lower, upper))| ((a - b) / (upper - lower)).powi(2)).sum();
        (sum / self.n_parameters() as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_wrong_bounds_are_named() {
        let check = |lower: &[f64], upper: &[f64], expected: &str| {
            let error = Bounds::new(lower.to_vec(), upper.to_vec()).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        check(&[], &[], "bounds of no parameter");
        check(&[0.0], &[1.0, 2.0], "1 lower bounds but 2 upper");
        check(&[0.0, 2.0], &[1.0, 1.0], "parameter 1: bounds 2 to 1");
        check(&[0.0, 1.0], &[1.0, 1.0], "parameter 1: bounds 1 to 1");
        check(&[f64::NAN], &[1.0], "parameter 0: bounds NaN");
        check(&[0.0], &[f64::INFINITY], "parameter 0: bounds 0 to inf");
        check(&[-f64::MAX], &[f64::MAX], "parameter 0");
    }

    #[test]
    fn analytic_stored_bounds_are_checked() {
        let read = |text: &str| serde_json::from_str::<Bounds>(text);
        assert_eq!(
            read(r#"{"lower":[0.0],"upper":[2.5]}"#).unwrap(),
            Bounds::new(vec![0.0], vec![2.5]).unwrap()
        );
        let error = read(r#"{"lower":[3.0],"upper":[2.5]}"#).unwrap_err();
        assert!(error.to_string().starts_with("parameter 0: bounds 3 to 2.5"), "{error}");
    }

    #[test]
    fn analytic_distance_of_corners_is_one() {
        let bounds = Bounds::new(vec![0.0, -1.0, 5.0], vec![1e-9, 1.0, 1e3]).unwrap();
        let (lower, upper) = (bounds.at(&[0.0; 3]), bounds.at(&[1.0; 3]));
        assert_eq!((lower.as_slice(), upper.as_slice()), (bounds.lower(), bounds.upper()));
        assert!((bounds.distance(&lower, &upper) - 1.0).abs() < 1e-15);
        let one_apart = bounds.at(&[1.0, 0.0, 0.0]);
        assert!((bounds.distance(&lower, &one_apart) - (1.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    }
}
