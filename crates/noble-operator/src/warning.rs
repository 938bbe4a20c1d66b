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

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeyondTraining { name, value, lowest, highest } => {
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
                "{name} = {value}: the fastest of {n_frequencies} sinusoids of its embedding has {samples_per_period:.2} \
                 samples per period; below 2 it aliases"
            ),
            Self::OtherStep { step_ms, trained_ms } => {
                write!(f, "time step {step_ms:.6} ms, the operator was trained at {trained_ms} ms")
            }
        }
    }
}
