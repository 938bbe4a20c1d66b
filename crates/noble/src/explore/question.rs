//! What a page asks.

use std::collections::BTreeMap;

use noble_data::ModelId;
use noble_operator::Operator;
use serde::Deserialize;

use crate::{Error, Member, Placement, completed_latents, member_at, members_of, place_members};

/// Members of one question.
const MOST_MEMBERS: usize = 200;
/// Sweeps of one question.
const MOST_SWEEPS: usize = 2000;

/// Who is asked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    /// The first models of the operator's header.
    First {
        /// How many.
        n: usize,
    },
    /// Models by number.
    Models {
        /// The numbers.
        ids: Vec<ModelId>,
    },
    /// A neuron by its latent features; those left out are expected from the training models.
    Place {
        /// Features by name.
        latents: BTreeMap<String, f64>,
    },
    /// Neurons drawn evenly from the hull of the training models.
    Hull {
        /// How many.
        n: usize,
        /// Seed of the draws.
        seed: u64,
    },
    /// Neurons around a model.
    Near {
        /// The model.
        model: ModelId,
        /// Radius in ranges of the training models.
        radius: f64,
        /// How many.
        n: usize,
        /// Seed of the draws.
        seed: u64,
    },
}

impl Asked {
    /// The members themselves.
    ///
    /// # Errors
    /// Those of [`members_of`], [`member_at`] and [`place_members`]; [`Error::Usage`] for too many or none.
    pub fn members(&self, operator: &Operator) -> Result<Vec<Member>, Error> {
        let members = match self {
            Self::First { n } => {
                let card = operator.card();
                let all = card.train_models.iter().chain(&card.validation_models).chain(&card.test_models);
                members_of(operator, &all.copied().take(checked(*n)?).collect::<Vec<_>>())?
            }
            Self::Models { ids } => {
                checked(ids.len())?;
                members_of(operator, ids)?
            }
            Self::Place { latents } => {
                let (latents, _) = completed_latents(operator, latents.clone())?;
                vec![member_at(operator, latents)?]
            }
            Self::Hull { n, seed } => place_members(operator, Placement::Hull { seed: *seed }, checked(*n)?)?,
            Self::Near { model, radius, n, seed } => {
                let near = Placement::Near { model: *model, radius: *radius, seed: *seed };
                place_members(operator, near, checked(*n)?)?
            }
        };
        Ok(members)
    }
}

fn checked(n_members: usize) -> Result<usize, Error> {
    if (1..=MOST_MEMBERS).contains(&n_members) {
        return Ok(n_members);
    }
    Err(Error::usage(format!("{n_members} members"), format!("ask for 1 to {MOST_MEMBERS}")))
}

/// Voltages are asked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// SHA-256 of the operator's file; without it the first.
    #[serde(default)]
    pub operator: Option<String>,
    /// Who.
    pub members: Asked,
    /// Amplitudes of the step.
    pub step_na: Vec<f64>,
}

impl Question {
    /// Refuses currents that cannot be, and more sweeps than a page shows.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub(super) fn check(&self, n_members: usize) -> Result<(), Error> {
        if self.step_na.is_empty() || self.step_na.iter().any(|step_na| !step_na.is_finite()) {
            return Err(Error::usage("step_na holds no finite current", "give one or more, in nA"));
        }
        let n_sweeps = n_members * self.step_na.len();
        if n_sweeps > MOST_SWEEPS {
            return Err(Error::usage(format!("{n_sweeps} sweeps"), format!("ask for at most {MOST_SWEEPS}")));
        }
        Ok(())
    }
}

/// An F-I curve is asked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurveQuestion {
    /// SHA-256 of the operator's file; without it the first.
    #[serde(default)]
    pub operator: Option<String>,
    /// Who.
    pub members: Asked,
    /// Currents, evenly spaced over the operator's range.
    pub n_currents: usize,
}

/// A model is to be solved by the simulator.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SolveQuestion {
    /// SHA-256 of the operator's file; without it the first.
    #[serde(default)]
    pub operator: Option<String>,
    /// Number of the model.
    pub model: ModelId,
    /// Amplitude of the step.
    pub step_na: f64,
}
