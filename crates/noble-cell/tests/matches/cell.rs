//! Whole cells: a tracing, parameters, a protocol.

use std::collections::BTreeMap;
use std::sync::Arc;

use noble_cell::catalog::find_set;
use noble_cell::{CablePlan, PlanSettings};
use noble_data::cell_model::{AxonRule, read_cells};
use noble_data::morphology::read_swc;
use noble_data::{CellModel, CellSet, ModelId, Morphology};
use noble_reference::Case;
use serde_json::Value;

use crate::findings::Findings;
use crate::{Job, geometry, probe, traces};

/// The rule under which every reference of this kind was made.
const SEGMENT_RULE: &str = "1+2*int(L/40)";

/// Protocol of every traces file that has none of its own suffix.
const MAIN_PROTOCOL: &str = "protocol.json";

/// A mechanism set that is known; a cell without mechanisms takes nothing from it.
const ANY_SET: &str = "allen";

/// A case with everything that its protocols share.
pub(crate) struct Cell {
    pub(crate) case: Case,
    pub(crate) morphology: Morphology,
    pub(crate) cells: CellSet,
}

/// One protocol of a cell.
pub(crate) struct Protocol {
    pub(crate) cell: Arc<Cell>,
    pub(crate) json: Value,
    axon_rule: AxonRule,
}

impl Protocol {
    /// A protocol of a cell; as an error, what the crate lacks for it.
    pub(crate) fn new(cell: Arc<Cell>, json: Value) -> Result<Self, String> {
        let named = axon_rule(&json);
        let axon_rule = named.ok_or_else(|| format!("axon rule {}", json["axon_rule"]))?;
        unknown_mechanisms(&json).map_or(Ok(Self { cell, json, axon_rule }), Err)
    }

    pub(crate) fn number(&self, key: &str) -> f64 {
        number_at(&self.json, key, &self.cell.case.name)
    }

    /// Parameter set of single-set arrays: named by the protocol's `fine` entry or its `set`, else the first.
    pub(crate) fn main_id(&self) -> ModelId {
        let mut named = ["/fine/hof", "/set", "/hof/0"].into_iter().filter_map(|key| self.json.pointer(key));
        let named = named.next();
        named.and_then(Value::as_u64).map_or(0, |id| ModelId::try_from(id).unwrap())
    }

    /// The parameters of one set, with the axon and the mechanisms of the protocol.
    pub(crate) fn model(&self, id: ModelId) -> CellModel {
        let model = self.cell.cells.models.get(&id);
        let mut model =
            model.unwrap_or_else(|| panic!("{}: no parameter set {id}", self.cell.case.name)).clone();
        model.axon_rule = self.axon_rule;
        model.mechanism_set = self.json["mechanism_set"].as_str().unwrap().to_owned();
        model
    }

    pub(crate) fn plan(&self, id: ModelId) -> CablePlan {
        self.plan_of(&self.model(id))
    }

    /// The cable without mechanisms, which geometry does not need.
    pub(crate) fn bare_plan(&self, id: ModelId) -> CablePlan {
        let mut model = self.model(id);
        ANY_SET.clone_into(&mut model.mechanism_set);
        for section in model.sections.values_mut() {
            section.mechanisms.clear();
            section.distributions.clear();
        }
        self.plan_of(&model)
    }

    fn plan_of(&self, model: &CellModel) -> CablePlan {
        CablePlan::new(&self.cell.morphology, model, &PlanSettings::default())
            .unwrap_or_else(|error| panic!("{}: {error}", self.cell.case.name))
    }
}

pub(crate) fn number_at(json: &Value, key: &str, place: &str) -> f64 {
    json.pointer(key).and_then(Value::as_f64).unwrap_or_else(|| panic!("{place}: {key} is no number"))
}

/// Adds the comparisons of a case, or a note where the crate does not know what it needs.
pub(crate) fn add_jobs(case: Case, jobs: &mut Vec<Job>) {
    let mut traces_of: BTreeMap<String, Vec<String>> =
        file_names(&case, "protocol", ".json").into_iter().map(|protocol| (protocol, Vec::new())).collect();
    for file in file_names(&case, "traces", ".npz") {
        let own = file.replace("traces", "protocol").replace(".npz", ".json");
        let protocol = if case.find(&own).is_some() { own } else { MAIN_PROTOCOL.to_owned() };
        traces_of.entry(protocol).or_default().push(file);
    }
    let mut loaded: Option<Arc<Cell>> = None;
    for (file, traces_files) in traces_of {
        let json = case.json(&file);
        let note = |reason: String| format!("{}/{file}: not run: {reason}", case.folder.display());
        let axon_rule = match known_cable(&json) {
            Ok(axon_rule) => axon_rule,
            Err(reason) => {
                let line = note(reason);
                jobs.push(Box::new(move || Findings::note(line)));
                continue;
            }
        };
        let line = unknown_mechanisms(&json).map(note);
        let cell = loaded.get_or_insert_with(|| Arc::new(load(case.clone()))).clone();
        let protocol = Arc::new(Protocol { cell, json, axon_rule });
        if file == MAIN_PROTOCOL {
            let own = protocol.clone();
            jobs.push(Box::new(move || geometry::compare(&own)));
        }
        if let Some(line) = line {
            jobs.push(Box::new(move || Findings::note(line)));
            continue;
        }
        for traces_file in traces_files {
            traces::add_jobs(&protocol, &traces_file, jobs);
        }
        if file == MAIN_PROTOCOL {
            jobs.push(Box::new(move || probe::compare(&protocol)));
        }
    }
}

fn file_names(case: &Case, prefix: &str, suffix: &str) -> Vec<String> {
    let paths = case.files(prefix, suffix);
    paths.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

/// The axon rule of a protocol; as an error, what of its cable the crate lacks.
fn known_cable(json: &Value) -> Result<AxonRule, String> {
    let text = |key: &str| json[key].as_str().unwrap_or("none").to_owned();
    let segments = text("nseg_rule");
    if segments != SEGMENT_RULE {
        return Err(format!("segment rule {segments}"));
    }
    axon_rule(json).ok_or_else(|| format!("axon rule {}", text("axon_rule")))
}

/// Mechanisms that a protocol needs and the crate lacks.
fn unknown_mechanisms(json: &Value) -> Option<String> {
    let set = json["mechanism_set"].as_str().unwrap_or("none");
    find_set(set).is_none().then(|| format!("mechanism set {set}"))
}

/// The rule that a protocol names, or the stub whose diameters it states where its rule is told in words.
fn axon_rule(json: &Value) -> Option<AxonRule> {
    let named = AxonRule::from_name(json["axon_rule"].as_str()?).ok();
    let diameter_um = |idx: usize| json["stub_diam_um"].get(idx).and_then(Value::as_f64);
    named.or_else(|| Some(AxonRule::Stub { diameters_um: [diameter_um(0)?, diameter_um(1)?] }))
}

pub(crate) fn load(case: Case) -> Cell {
    let (morphology, _) =
        read_swc(&case.bytes("morphology.swc")).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let file = ["fit.json", "hof_params.json"].into_iter().find(|file| case.find(file).is_some());
    let file = file.unwrap_or_else(|| panic!("{}: neither fit.json nor hof_params.json", case.name));
    let cells = read_cells(&case.bytes(file)).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    Cell { case, morphology, cells }
}
