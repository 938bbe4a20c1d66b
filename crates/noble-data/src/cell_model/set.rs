//! One reader for every file of cell parameters.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{CellModel, HallOfFame, ModelId, allen};
use crate::Error;

/// The layouts that [`read_cells`] knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceFormat {
    /// Our cell file.
    Cell,
    /// Our hall of fame.
    HallOfFame,
    /// Allen parameter file: `passive`, `conditions`, `fitting`, `genome`.
    Allen,
    /// An object of Allen parameter files by number, as published halls of fame are kept (`hof_params.json`).
    AllenHallOfFame,
}

/// What a reader took from a file and what it left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldReport {
    /// Fields that set something, with what they set.
    pub used: Vec<String>,
    /// Fields that set nothing, with the reason.
    pub ignored: Vec<String>,
    /// Choices made where the file is silent.
    pub assumed: Vec<String>,
}

/// The cells of one file, by number.
#[derive(Debug, Clone, PartialEq)]
pub struct CellSet {
    /// Layout of the file.
    pub format: SourceFormat,
    /// Cells by number; a file of one cell has number 0.
    pub models: BTreeMap<ModelId, CellModel>,
    /// What was used, ignored and assumed (for a set, of its first cell and wherever another differs).
    pub report: FieldReport,
}

/// Reads our cell file, our hall of fame, an Allen parameter file or a set of those.
///
/// # Errors
/// [`Error::Json`] with the place and the remedy when the bytes are not JSON or not one of these layouts, when a
/// number is not a number, or when a formula has no number to begin with. Where two entries of a list set the same
/// thing, the later one holds, and the report says so.
pub fn read_cells(bytes: &[u8]) -> Result<CellSet, Error> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| Error::Json {
        format: "cell file",
        place: format!("line {} column {}", error.line(), error.column()),
        what: error.to_string(),
        remedy: "give a complete JSON file".to_owned(),
    })?;
    let object = value.as_object().ok_or_else(|| unknown_layout("the file holds no object"))?;
    if object.contains_key("models") {
        return HallOfFame::from_value(value).map(HallOfFame::into_cells);
    }
    if object.contains_key("format_version") {
        return read_cell(value);
    }
    if object.contains_key("genome") {
        let (model, report) = allen::read(&value, "allen parameter file", "cell")?;
        return Ok(CellSet { format: SourceFormat::Allen, models: BTreeMap::from([(0, model)]), report });
    }
    if !object.is_empty() && object.values().all(|entry| entry.get("genome").is_some()) {
        return read_allen_set(object);
    }
    Err(unknown_layout("none of the keys format_version, models, genome was found"))
}

fn read_cell(value: Value) -> Result<CellSet, Error> {
    check_version(&value, "cell file", "", super::CELL_FORMAT_VERSION)?;
    let model: CellModel = serde_json::from_value(value).map_err(|error| Error::Json {
        format: "cell file",
        place: "file".to_owned(),
        what: error.to_string(),
        remedy: "compare with a file written by this program".to_owned(),
    })?;
    model.check("cell file", "")?;
    let report = FieldReport { used: vec!["every field".to_owned()], ..FieldReport::default() };
    Ok(CellSet { format: SourceFormat::Cell, models: BTreeMap::from([(0, model)]), report })
}

/// Checks the version of the object at `place` (empty or ending in a dot) before its fields are read: another
/// version has other fields, and the version is what a user must be told.
pub(crate) fn check_version(
    value: &Value,
    format: &'static str,
    place: &str,
    expected: u32,
) -> Result<(), Error> {
    let found = value.get("format_version");
    if found.and_then(Value::as_u64) == Some(u64::from(expected)) {
        return Ok(());
    }
    let what =
        found.map_or_else(|| "is missing".to_owned(), |found| format!("version {found} is not {expected}"));
    let remedy = match found {
        Some(_) => "use a release that reads this version".to_owned(),
        None => format!("write \"format_version\": {expected}"),
    };
    Err(Error::Json { format, place: format!("{place}format_version"), what, remedy })
}

fn read_allen_set(object: &serde_json::Map<String, Value>) -> Result<CellSet, Error> {
    let mut models = BTreeMap::new();
    let mut report: Option<FieldReport> = None;
    for (key, entry) in object {
        let wrong_key = |what: String| Error::Json {
            format: "hall of fame of allen parameter files",
            place: format!("key {key:?}"),
            what,
            remedy: "number the parameter sets 0, 1, 2, …".to_owned(),
        };
        let id: ModelId = key.parse().map_err(|_| wrong_key("is not a whole number".to_owned()))?;
        if models.contains_key(&id) {
            return Err(wrong_key(format!("number {id} occurs twice")));
        }
        let (model, own) = allen::read(entry, &format!("parameter set {id}"), &format!("hof_{id}"))?;
        models.insert(id, model);
        match &mut report {
            None => report = Some(own),
            Some(first) => first.add_differences(&own, id),
        }
    }
    Ok(CellSet { format: SourceFormat::AllenHallOfFame, models, report: report.unwrap_or_default() })
}

impl FieldReport {
    fn add_differences(&mut self, other: &Self, id: ModelId) {
        for (mine, theirs) in [
            (&mut self.used, &other.used),
            (&mut self.ignored, &other.ignored),
            (&mut self.assumed, &other.assumed),
        ] {
            let new: Vec<String> = theirs.iter().filter(|line| !mine.contains(line)).cloned().collect();
            mine.extend(new.into_iter().map(|line| format!("set {id}: {line}")));
        }
    }
}

fn unknown_layout(what: &str) -> Error {
    Error::Json {
        format: "cell file",
        place: "file".to_owned(),
        what: what.to_owned(),
        remedy:
            "give a cell file, a hall of fame, an Allen parameter file (passive, conditions, genome) or a \
                 hof_params.json"
                .to_owned(),
    }
}
