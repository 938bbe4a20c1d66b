//! NMODL, the language of NEURON's mechanisms, to channel files.
//!
//! The file is run on formulas in place of numbers: procedures and functions are written out where they are called,
//! an assignment becomes a let, both branches of an `if` become a choice. What comes out is what the file computes,
//! whatever its style. Quotients that are singular at a point become `linoid`, which is not.

mod affine;
mod ast;
mod build;
mod currents;
mod evaluate;
mod execute;
mod lexer;
mod linoid;
mod machine;
mod parse_declaration;
mod parse_file;
mod parse_formula;
mod parse_statement;
mod problem;
mod product;
mod samples;
mod scheme;
mod simplify;
mod states;
mod symbols;
mod units;

use self::build::{Built, build};
use self::problem::Problem;
use super::model::ChannelModel;
use crate::Error;

pub use self::problem::NmodlProblem;

/// A channel from an NMODL file.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The channel; it has passed [`ChannelModel::check`].
    pub channel: ChannelModel,
    /// What a user should know: names that changed, what was decided, what has no effect here.
    pub notes: Vec<String>,
}

/// Reads a density mechanism in NMODL.
///
/// Taken over are gates (`x' = (inf - x) / tau`, `x' = alpha * (1 - x) - beta * x`, and any equation linear in its
/// own state), one kinetic scheme (`~ A <-> B (f, b)`), a pool of calcium, and currents. Everything else is a
/// problem, never left out in silence; what has no effect, such as TABLE, is told in the notes.
///
/// # Errors
/// [`Error::Nmodl`] with every statement that cannot be taken over; [`Error::Channel`] when a formula uses what a
/// channel file does not allow in its place.
///
/// # Source
/// NEURON 9.0.2 `nocmodl`; differs: formulas are evaluated at every step where a file asks for a TABLE, and
/// equations relax exactly where a file asks for `derivimplicit`.
///
/// # Example
/// ```
/// let source = "
///     NEURON { SUFFIX leak NONSPECIFIC_CURRENT i RANGE g }
///     PARAMETER { g = 0.001 (S/cm2) }
///     BREAKPOINT { i = g * (v + 65) }
/// ";
/// let imported = noble_data::channel::import_nmodl(source)?;
/// assert_eq!(imported.channel.parameters[0].name, "g_s_per_cm2");
/// # Ok::<(), noble_data::Error>(())
/// ```
pub fn import_nmodl(source: &str) -> Result<Imported, Error> {
    if source.len() > lexer::LARGEST_FILE {
        let what = format!("{} bytes are too many", source.len());
        let remedy = format!("stay within {} bytes", lexer::LARGEST_FILE);
        return Err(Error::Nmodl { problems: vec![Problem::new(1, what, remedy)] });
    }
    let file = parse_file::parse(source);
    let mut built = build(&file, false)?;
    if !built.is_regular {
        built = build(&file, true)?;
    }
    let Built { channel, notes, .. } = built;
    Ok(Imported { channel, notes })
}
