//! Parameters that vary with the distance from the soma.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::channel::Expression;

/// Name of the number that the section gives.
pub(super) const VALUE: &str = "value";
/// Name of the distance.
pub(super) const DISTANCE: &str = "distance_um";

/// A formula that carries a parameter from the soma to a place on the tree.
///
/// It knows two names: `value`, the number that the section gives, in the parameter's unit, and `distance_um`, the
/// length of the path from the middle of the soma to the center of the segment. In files it is text, with the
/// language of channel files: `value * (-0.8696 + 2.087 * exp(0.0031 * distance_um))`.
///
/// # Source
/// Distance: NEURON 9.0.2 `h.distance` with the origin at `soma(0.5)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Distribution {
    formula: Expression,
}

impl Distribution {
    /// A formula of `value` and `distance_um`.
    ///
    /// # Errors
    /// [`Error::Distribution`] for any other name.
    pub fn new(formula: Expression) -> Result<Self, Error> {
        if let Some(name) = formula.names().into_iter().find(|name| ![VALUE, DISTANCE].contains(name)) {
            return Err(Error::Distribution { name: name.to_owned() });
        }
        Ok(Self { formula })
    }

    /// The formula itself.
    #[must_use]
    pub fn formula(&self) -> &Expression {
        &self.formula
    }

    /// The parameter at a distance; may leave the range that the parameter has, or be no number.
    ///
    /// # Example
    /// ```
    /// use noble_data::cell_model::Distribution;
    /// let linear: Distribution = "value * (1 + 0.01 * distance_um)".parse()?;
    /// assert!((linear.value_at(2.0, 50.0) - 3.0).abs() < 1e-12);
    /// # Ok::<(), noble_data::Error>(())
    /// ```
    ///
    /// # Panics
    /// Never: the names of the formula were checked.
    #[must_use]
    pub fn value_at(&self, value: f64, distance_um: f64) -> f64 {
        let value_of = |name: &str| match name {
            VALUE => Some(value),
            DISTANCE => Some(distance_um),
            _ => None,
        };
        self.formula.evaluate(&value_of).expect("only value and distance_um occur")
    }
}

impl FromStr for Distribution {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Expression::parse(text).and_then(Self::new)
    }
}

impl TryFrom<String> for Distribution {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Distribution> for String {
    fn from(distribution: Distribution) -> Self {
        distribution.formula.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_a_published_distribution_is_evaluated_along_the_path() {
        let text = "value * (-0.8696 + 2.087 * exp(0.0031 * distance_um))";
        let distribution: Distribution = text.parse().unwrap();
        for distance_um in [0.0, 120.0, 1300.0] {
            let expected = 8e-5 * (-0.8696 + 2.087 * f64::exp(0.0031 * distance_um));
            let found = distribution.value_at(8e-5, distance_um);
            assert!((found - expected).abs() < 1e-15 * expected, "{found} is not {expected}");
        }
        let json = serde_json::to_string(&distribution).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Distribution>(&json).unwrap(), distribution);
    }

    #[test]
    fn invariant_other_names_are_refused() {
        let message = "value * x".parse::<Distribution>().unwrap_err().to_string();
        assert!(message.contains("`x`") && message.contains("value and distance_um"), "{message}");
        assert!(matches!("value *".parse::<Distribution>(), Err(Error::Expression { .. })));
    }
}
