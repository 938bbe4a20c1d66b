//! Ion channels and ion pools as data: what a channel file says, checked, and ready to be compiled.
//!
//! A channel is formulas: rates of gates or of a kinetic scheme, the steady value of a concentration, currents.
//! Users write them in a TOML file; [`ChannelModel::read`] refuses what a simulator could not run, and names the
//! line. Nothing here simulates.

mod check;
mod display;
mod document;
mod expression;
mod lets;
mod model;
mod names;
mod nmodl;
mod parse;
mod range;
mod read;
mod scheme;
mod tokens;
mod write;

pub use expression::{BinaryOperator, Comparison, Expression, Function, LINOID_SERIES_BELOW};
pub use model::{
    CHANNEL_FORMAT_VERSION, ChannelModel, ConcentrationSpec, CurrentKind, CurrentSpec, GateKind, GateSpec,
    InflowOverride, Ion, Let, ParameterSpec, PublishedStart, SchemeSpec, TemperatureFactor, Transition,
};
pub use names::BUILT_IN_NAMES;
pub(crate) use names::UNIT_SUFFIXES;
pub use nmodl::{Imported, NmodlProblem, import_nmodl};
pub use parse::{DEEPEST_EXPRESSION, LONGEST_EXPRESSION};
pub use range::Range;

#[cfg(test)]
mod tests;
