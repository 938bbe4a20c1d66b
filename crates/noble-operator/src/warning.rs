//! What a user should know of an answer that was given all the same.

use std::fmt;

/// Why an answer deserves less trust, with the values that show it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// An amplitude or a latent feature beyond the range of training.
    BeyondTraining {
        /// `step_na`, or the latent feature.
        name: String,
        /// Its value, in its own unit.
        value: f64,
        /// Smallest value of training.
        lowest: f64,
        /// Largest value of training.
        highest: f64,
    },
    /// A place outside of the convex hull of the training models, though each feature lies within its range.
    OutsideHull {
        /// The two latent features that span the plane of the hull.
        names: [String; 2],
        /// Training models around whose places the hull goes.
        n_models: usize,
    },
    /// The fastest sinusoid of an embedding has less than two samples per period, so that it looks like a slower one.
    Aliased {
        /// `step_na`, or the latent feature.
        name: String,
        /// Its value, in its own unit.
        value: f64,
        /// Samples per period of the fastest sinusoid.
        samples_per_period: f64,
        /// Frequencies of the embedding, the fastest `2^(n_frequencies - 1)` times the slowest.
        n_frequencies: usize,
    },
    /// Another time step than the one of training.
    OtherStep {
        /// Time step of the answer.
        step_ms: f64,
        /// Time step of training.
        trained_ms: f64,
    },
}

/// A number to six digits.
fn shown(value: f64) -> String {
    const N_DIGITS: f64 = 6.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 12")]
    let decimals = (N_DIGITS - value.abs().max(1e-300).log10().floor() - 1.0).clamp(0.0, 12.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeyondTraining { name, value, lowest, highest } => {
                let [value, lowest, highest] = [value, lowest, highest].map(|value| shown(*value));
                write!(f, "{name} = {value} lies outside of the training range {lowest} to {highest}")
            }
            Self::OutsideHull { names: [one, other], n_models } => {
                write!(
                    f,
                    "{one} and {other} lie outside of the convex hull of the {n_models} training models"
                )
            }
            Self::Aliased { name, value, samples_per_period, n_frequencies } => write!(
                f,
                "{name} = {}: the fastest of {n_frequencies} sinusoids of its embedding has {samples_per_period:.2} \
                 samples per period; below 2 it aliases",
                shown(*value)
            ),
            Self::OtherStep { step_ms, trained_ms } => {
                let [step, trained] = [step_ms, trained_ms].map(|ms| shown(*ms));
                write!(f, "time step {step} ms, the operator was trained at {trained} ms")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_numbers_have_six_digits() {
        let found = [0.0, 0.1 + 0.2, -0.016_234_567, 234_567.8, 1_234.567_89, 1e-9, 50.0].map(shown);
        assert_eq!(found, ["0", "0.3", "-0.0162346", "234568", "1234.57", "0.000000001", "50"]);
    }
}
