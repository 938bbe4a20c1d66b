//! A point of the box, before and after it was evaluated.

use serde::{Deserialize, Serialize};

/// Parameters that wait for their scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Number within the evolution, counted from 0 in the order of asking.
    pub id: u64,
    /// One value per parameter, within its bounds.
    pub parameters: Vec<f64>,
}

/// Parameters and what they scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Individual {
    /// Number within the evolution, that of its [`Candidate`].
    pub id: u64,
    /// Generation it was made for; the first is 0.
    pub generation: u32,
    /// One value per parameter, within its bounds.
    pub parameters: Vec<f64>,
    /// One value per objective; smaller is better.
    pub scores: Vec<f64>,
}

impl Individual {
    /// Sum of the scores.
    pub fn total(&self) -> f64 {
        self.scores.iter().sum()
    }
}
