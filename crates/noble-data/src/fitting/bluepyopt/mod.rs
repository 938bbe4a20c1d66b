//! The files of a BluePyOpt fit: `parameters.json` with `mechanisms.json`, `protocols.json` with `features.json`.
//!
//! These are the layouts of that program's examples, which projects copy. Nothing is dropped in silence: every entry
//! lands in the report as used, ignored or assumed, and what would change the meaning of the fit is an error.

mod entry;
mod features;
mod parameters;
mod protocols;
mod stimuli;

use serde_json::Value;

use crate::Error;
use crate::cell_model::AxonRule;

pub use parameters::read_parameters;
pub use protocols::read_protocols;

/// What the files say nothing of, or may leave out.
#[derive(Debug, Clone, PartialEq)]
pub struct CellSettings {
    /// What to call the cell.
    pub name: String,
    /// Catalog of the mechanisms: `allen`, `bbp`, `yao2022`.
    pub mechanism_set: String,
    /// What to do with the reconstructed axon.
    pub axon_rule: AxonRule,
    /// Temperature where there is no global `celsius`.
    pub temperature_celsius: f64,
    /// Voltage at the start where there is no global `v_init`.
    pub initial_voltage_mv: f64,
}

impl Default for CellSettings {
    /// Catalog and axon of BluePyOpt's examples, temperature and voltage of NEURON.
    fn default() -> Self {
        Self {
            name: "cell".to_owned(),
            mechanism_set: "bbp".to_owned(),
            axon_rule: AxonRule::Bpo,
            temperature_celsius: 6.3,
            initial_voltage_mv: -65.0,
        }
    }
}

/// Names of the files in errors.
const PARAMETERS: &str = "parameters.json";
const MECHANISMS: &str = "mechanisms.json";
const PROTOCOLS: &str = "protocols.json";
const FEATURES: &str = "features.json";

fn parse(format: &'static str, bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        wrong(format, &place, error, "give a complete JSON file")
    })
}

fn wrong(format: &'static str, place: &str, what: impl ToString, remedy: &str) -> Error {
    Error::Json { format, place: place.to_owned(), what: what.to_string(), remedy: remedy.to_owned() }
}

/// A number of an object.
fn number(format: &'static str, place: &str, value: Option<&Value>) -> Result<f64, Error> {
    let value = value.ok_or_else(|| wrong(format, place, "is missing", "add it"))?;
    value.as_f64().ok_or_else(|| wrong(format, place, format!("{value} is not a number"), "write a number"))
}
