//! Which number of a section a parameter is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::cell_model::SectionParameters;

/// A number of a section that a fit may vary.
///
/// In files it is text: `capacitance_uf_per_cm2` and the like for the cable, `NaV.gbar_s_per_cm2` for a mechanism.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ParameterTarget {
    /// Axial resistivity.
    AxialResistivity,
    /// Specific membrane capacitance.
    Capacitance,
    /// Sodium reversal potential.
    SodiumReversal,
    /// Potassium reversal potential.
    PotassiumReversal,
    /// A parameter of a mechanism, which is inserted where it is not.
    Mechanism {
        /// Name in the catalog.
        mechanism: String,
        /// Our name, with unit.
        parameter: String,
    },
}

impl ParameterTarget {
    /// What has no mechanism, by name.
    const CABLE: [(&str, Self); 4] = [
        ("axial_resistivity_ohm_cm", Self::AxialResistivity),
        ("capacitance_uf_per_cm2", Self::Capacitance),
        ("sodium_reversal_mv", Self::SodiumReversal),
        ("potassium_reversal_mv", Self::PotassiumReversal),
    ];

    /// The number in a section, `None` where its mechanism does not give it.
    #[must_use]
    pub fn value_in(&self, section: &SectionParameters) -> Option<f64> {
        match self {
            Self::AxialResistivity => Some(section.axial_resistivity_ohm_cm),
            Self::Capacitance => Some(section.capacitance_uf_per_cm2),
            Self::SodiumReversal => Some(section.sodium_reversal_mv),
            Self::PotassiumReversal => Some(section.potassium_reversal_mv),
            Self::Mechanism { mechanism, parameter } => {
                section.mechanisms.get(mechanism)?.get(parameter).copied()
            }
        }
    }

    /// Sets the number in a section.
    pub fn set_in(&self, section: &mut SectionParameters, value: f64) {
        match self {
            Self::AxialResistivity => section.axial_resistivity_ohm_cm = value,
            Self::Capacitance => section.capacitance_uf_per_cm2 = value,
            Self::SodiumReversal => section.sodium_reversal_mv = value,
            Self::PotassiumReversal => section.potassium_reversal_mv = value,
            Self::Mechanism { mechanism, parameter } => {
                section.mechanisms.entry(mechanism.clone()).or_default().insert(parameter.clone(), value);
            }
        }
    }
}

impl fmt::Display for ParameterTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mechanism { mechanism, parameter } => write!(f, "{mechanism}.{parameter}"),
            cable => {
                let name = Self::CABLE.iter().find(|(_, known)| known == cable).map(|(name, _)| *name);
                f.write_str(name.expect("the table holds all that have no mechanism"))
            }
        }
    }
}

impl FromStr for ParameterTarget {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some((_, target)) = Self::CABLE.into_iter().find(|(name, _)| *name == text) {
            return Ok(target);
        }
        match text.split_once('.') {
            Some((mechanism, parameter))
                if !mechanism.is_empty() && !parameter.is_empty() && !parameter.contains('.') =>
            {
                Ok(Self::Mechanism { mechanism: mechanism.to_owned(), parameter: parameter.to_owned() })
            }
            _ => Err(Error::FitParameter { given: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for ParameterTarget {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ParameterTarget> for String {
    fn from(target: ParameterTarget) -> Self {
        target.to_string()
    }
}
