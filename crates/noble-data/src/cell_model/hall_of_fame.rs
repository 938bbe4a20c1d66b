//! Many parameter sets of one morphology, as a search leaves them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::set::{CellSet, FieldReport, SourceFormat, check_version};
use super::{CELL_FORMAT_VERSION, CellModel, ModelId};
use crate::Error;

const FORMAT: &str = "hall of fame";

/// Version of the hall-of-fame file written by this release.
const HALL_OF_FAME_FORMAT_VERSION: u32 = 1;

/// No neuron needs more; pA stated as nA do. // [nA]
const LARGEST_THRESHOLD_NA: f64 = 10.0;

/// One parameter set with what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HallOfFameModel {
    /// Its number, unique within the file.
    pub id: ModelId,
    /// Seed of the search that found it.
    pub seed: u64,
    /// The cell itself.
    pub parameters: CellModel,
    /// Score of each objective, smaller is better.
    pub scores: BTreeMap<String, f64>,
    /// Features at stated protocols.
    pub features: BTreeMap<String, f64>,
    /// Threshold current, where it was found.
    pub i_thr_na: Option<f64>,
    /// Slope of the F-I curve, where it was found.
    pub s_thr_hz_per_na: Option<f64>,
}

/// Many parameter sets of one morphology.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HallOfFame {
    /// Version of this layout.
    pub format_version: u32,
    /// SHA-256 of the SWC file, lower-case hexadecimal.
    pub morphology_sha256: String,
    /// The parameter sets.
    pub models: Vec<HallOfFameModel>,
    /// Where they come from, in words and settings.
    pub provenance: BTreeMap<String, String>,
}

impl HallOfFame {
    /// A file of this release's version.
    #[must_use]
    pub fn new(
        morphology_sha256: String,
        models: Vec<HallOfFameModel>,
        provenance: BTreeMap<String, String>,
    ) -> Self {
        Self { format_version: HALL_OF_FAME_FORMAT_VERSION, morphology_sha256, models, provenance }
    }

    /// Reads a hall-of-fame file.
    ///
    /// # Errors
    /// [`Error::Json`] when the bytes are not JSON of this layout and version, when an id occurs twice, or for a threshold
    /// current that cannot be.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let value = serde_json::from_slice(bytes).map_err(|error| wrong("file", &error))?;
        Self::from_value(value)
    }

    pub(super) fn from_value(value: Value) -> Result<Self, Error> {
        check_versions(&value)?;
        let file: Self = serde_json::from_value(value).map_err(|error| wrong("file", &error))?;
        for (model_idx, model) in file.models.iter().enumerate() {
            model.parameters.check(FORMAT, &format!("models[{model_idx}].parameters."))?;
            if let Some(i_thr_na) = model.i_thr_na.filter(|own| !(*own > 0.0 && *own <= LARGEST_THRESHOLD_NA))
            {
                let what = format!("{i_thr_na} is no threshold current; it is in nA, above 0");
                return Err(wrong(&format!("models[{model_idx}].i_thr_na"), &what));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        match file.models.iter().find(|model| !seen.insert(model.id)) {
            Some(twice) => Err(wrong("models", &format!("id {} occurs twice", twice.id))),
            None => Ok(file),
        }
    }

    /// The cells by number.
    #[must_use]
    pub fn into_cells(self) -> CellSet {
        let models = self.models.into_iter().map(|model| (model.id, model.parameters)).collect();
        let report = FieldReport {
            used: ["id", "parameters", "i_thr_na", "s_thr_hz_per_na"]
                .map(|key| format!("models[].{key}"))
                .to_vec(),
            ignored: vec!["models[].seed, scores, features: not needed to simulate".to_owned()],
            assumed: Vec::new(),
        };
        CellSet { format: SourceFormat::HallOfFame, models, report }
    }
}

/// Versions of the file and of the cell in each of its models.
fn check_versions(value: &Value) -> Result<(), Error> {
    check_version(value, FORMAT, "", HALL_OF_FAME_FORMAT_VERSION)?;
    let models = value.get("models").and_then(Value::as_array);
    for (model_idx, model) in models.into_iter().flatten().enumerate() {
        if let Some(parameters) = model.get("parameters") {
            let place = format!("models[{model_idx}].parameters.");
            check_version(parameters, FORMAT, &place, CELL_FORMAT_VERSION)?;
        }
    }
    Ok(())
}

fn wrong(place: &str, what: &dyn std::fmt::Display) -> Error {
    Error::Json {
        format: FORMAT,
        place: place.to_owned(),
        what: what.to_string(),
        remedy: "compare with a file written by this program".to_owned(),
    }
}
