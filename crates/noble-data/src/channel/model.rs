//! What a channel file describes.

use super::expression::Expression;
use super::range::Range;

/// Version of the channel file read and written by this release.
pub const CHANNEL_FORMAT_VERSION: u32 = 1;

/// An ion channel, an ion pool, or several in one.
///
/// Formulas may use the names of [`BUILT_IN_NAMES`](super::BUILT_IN_NAMES), `q` where there is a temperature factor,
/// the parameters, and the lets. Gates and states are known to currents alone; the calcium current is known to the
/// concentration alone. Nothing is multiplied by `q` that does not say so.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelModel {
    /// Version of the layout, [`CHANNEL_FORMAT_VERSION`].
    pub format_version: u32,
    /// What to call it.
    pub name: String,
    /// What it is, in a sentence.
    pub summary: String,
    /// Where the equations come from.
    pub source: String,
    /// What `q` means, where it is used.
    pub temperature: Option<TemperatureFactor>,
    /// What a cell sets, in the order of the file.
    pub parameters: Vec<ParameterSpec>,
    /// Named intermediate values, each after those that it uses.
    pub lets: Vec<Let>,
    /// Gates that relax independently of each other, in the order of the file.
    pub gates: Vec<GateSpec>,
    /// A kinetic scheme.
    pub scheme: Option<SchemeSpec>,
    /// A concentration that it owns.
    pub concentration: Option<ConcentrationSpec>,
    /// What flows through the membrane, in the order of the file.
    pub currents: Vec<CurrentSpec>,
}

impl ChannelModel {
    /// Names of all states: gates, then those of the scheme.
    pub fn state_names(&self) -> impl Iterator<Item = &str> {
        let gates = self.gates.iter().map(|gate| gate.name.as_str());
        gates.chain(self.scheme.iter().flat_map(|scheme| scheme.states.iter().map(String::as_str)))
    }
}

/// How rates grow with temperature, the name `q`.
///
/// `q = q10 ^ ((T - reference_celsius) / 10)`, `T` being `at_celsius` where that is given, else the cell's temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemperatureFactor {
    /// Factor per ten degrees.
    pub q10: f64,
    /// Temperature at which the rates hold as written.
    pub reference_celsius: f64,
    /// Temperature to use in place of the cell's.
    pub at_celsius: Option<f64>,
}

impl TemperatureFactor {
    /// The factor in a cell of some temperature.
    #[must_use]
    pub fn at(&self, temperature_celsius: f64) -> f64 {
        self.q10.powf((self.at_celsius.unwrap_or(temperature_celsius) - self.reference_celsius) / 10.0)
    }
}

/// A value that a cell sets.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterSpec {
    /// Name that ends in its unit; without unit for a pure number.
    pub name: String,
    /// Value where the cell is silent; `None` must be set.
    pub default: Option<f64>,
    /// What is allowed.
    pub range: Range,
}

/// A named intermediate value.
#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Expression,
}

/// A gate, `x' = (steady - x) / tau`.
#[derive(Debug, Clone, PartialEq)]
pub struct GateSpec {
    /// Name that currents use.
    pub name: String,
    /// What it does.
    pub kind: GateKind,
}

/// Two ways to write the same gate.
#[derive(Debug, Clone, PartialEq)]
pub enum GateKind {
    /// `x' = alpha (1 - x) - beta x`: steady state `alpha / (alpha + beta)`, time constant `1 / (alpha + beta)`.
    Rates {
        /// Rate of opening.
        alpha_per_ms: Expression,
        /// Rate of closing.
        beta_per_ms: Expression,
    },
    /// `x' = (steady - x) / tau_ms`.
    Relaxation {
        /// Where it goes.
        steady: Expression,
        /// How long it takes.
        tau_ms: Expression,
    },
}

/// A kinetic scheme, fractions of channels in states that sum to one.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemeSpec {
    /// Names of the states, which currents use.
    pub states: Vec<String>,
    /// What passes between them.
    pub transitions: Vec<Transition>,
    /// A start that is not the steady state, as some published files have it.
    pub published_start: Option<PublishedStart>,
}

/// What passes between two states.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// One state.
    pub from: String,
    /// The other.
    pub to: String,
    /// Rate from the one to the other.
    pub forward_per_ms: Expression,
    /// Rate back.
    pub backward_per_ms: Expression,
}

/// Fractions that solve the steady state with some rates replaced.
///
/// With `K` the matrix of `x' = K x`, row by row the balances of the states: entries of `K` are replaced as `inflows`
/// say, then the balance of one state is replaced by `sum(x) = 1`, and the system is solved.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedStart {
    /// State whose balance gives way to the sum; the last one where the file is silent.
    pub balance_replaced_by_sum: String,
    /// Entries replaced.
    pub inflows: Vec<InflowOverride>,
}

/// In the balance of a state, the inflow from another takes this rate; outflows stay.
#[derive(Debug, Clone, PartialEq)]
pub struct InflowOverride {
    /// State whose balance it is, the row.
    pub balance: String,
    /// State that it flows from, the column.
    pub from: String,
    /// Rate in place of the transition's.
    pub rate_per_ms: Expression,
}

/// A concentration inside the cell, `c' = (steady - c) / tau`.
#[derive(Debug, Clone, PartialEq)]
pub struct ConcentrationSpec {
    /// Whose; calcium alone today.
    pub ion: Ion,
    /// Where it goes at the present current.
    pub steady_millimolar: Expression,
    /// How long it takes.
    pub tau_ms: Expression,
    /// What it is at the start; the simulator's default where the file is silent.
    pub start_millimolar: Option<Expression>,
}

/// An ion that currents carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ion {
    /// Na⁺.
    Sodium,
    /// K⁺.
    Potassium,
    /// Ca²⁺.
    Calcium,
}

impl Ion {
    /// All ions.
    pub const ALL: [Self; 3] = [Self::Sodium, Self::Potassium, Self::Calcium];

    /// Its name in a channel file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sodium => "sodium",
            Self::Potassium => "potassium",
            Self::Calcium => "calcium",
        }
    }

    /// The ion of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ion| ion.name() == name)
    }

    /// The name of its reversal potential in formulas.
    #[must_use]
    pub fn reversal_name(self) -> &'static str {
        match self {
            Self::Sodium => "sodium_reversal_mv",
            Self::Potassium => "potassium_reversal_mv",
            Self::Calcium => "calcium_reversal_mv",
        }
    }
}

/// A current, outward positive.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentSpec {
    /// What carries it; `None` for a mixture that no pool sees.
    pub ion: Option<Ion>,
    /// How large it is.
    pub kind: CurrentKind,
}

/// How large a current is.
#[derive(Debug, Clone, PartialEq)]
pub enum CurrentKind {
    /// `conductance (v - reversal)`.
    Conductance {
        /// Conductance; where it uses `v` itself, the slope of the current is not the conductance alone.
        conductance_s_per_cm2: Expression,
        /// Reversal potential; `None`, only with an ion, is that ion's.
        reversal_mv: Option<Expression>,
    },
    /// The current itself, such as one by the equation of Goldman, Hodgkin and Katz.
    Current {
        /// Current density.
        current_ma_per_cm2: Expression,
    },
}
