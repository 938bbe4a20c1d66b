//! Cells ready to simulate: one morphology, any number of parameter sets.

use std::collections::BTreeMap;

use noble_cell::{CablePlan, PlanSettings};
use noble_data::cell_model::{AxonRule, FieldReport, HallOfFame, SourceFormat, read_cells};
use noble_data::dataset::sha256_hex;
use noble_data::morphology::{SwcReport, read_swc};
use noble_data::{CellModel, ModelId, Morphology};

use crate::{Error, I_THR, S_THR};

/// The morphology and the parameter sets of one neuron.
#[derive(Debug, Clone)]
pub struct Cells {
    /// The shape.
    pub morphology: Morphology,
    /// Parameter sets by number.
    pub models: BTreeMap<ModelId, CellModel>,
    /// Latent features of the models whose file states them.
    pub latents: BTreeMap<ModelId, BTreeMap<String, f64>>,
    /// SHA-256 of the SWC file.
    pub morphology_sha256: String,
    /// SHA-256 of the file of parameters.
    pub cells_sha256: String,
    /// What the readers found.
    pub reports: (SwcReport, FieldReport),
}

impl Cells {
    /// Reads a morphology and a file of parameters (any layout of [`read_cells`]).
    ///
    /// # Errors
    /// [`Error::Data`] when either file is wrong, [`Error::Usage`] when a hall of fame belongs to another morphology.
    pub fn read(swc: &[u8], cells: &[u8]) -> Result<Self, Error> {
        let (morphology, swc_report) = read_swc(swc)?;
        let set = read_cells(cells)?;
        let morphology_sha256 = sha256_hex(swc);
        let latents = match set.format {
            SourceFormat::HallOfFame => stated_latents(&HallOfFame::read(cells)?, &morphology_sha256)?,
            _ => BTreeMap::new(),
        };
        Ok(Self {
            morphology,
            models: set.models,
            latents,
            morphology_sha256,
            cells_sha256: sha256_hex(cells),
            reports: (swc_report, set.report),
        })
    }

    /// Keeps the models of the given numbers.
    ///
    /// # Errors
    /// [`Error::Usage`] for a number that no model has.
    pub fn select(&mut self, ids: &[ModelId]) -> Result<(), Error> {
        if let Some(missing) = ids.iter().find(|id| !self.models.contains_key(id)) {
            let known: Vec<String> = self.models.keys().map(ToString::to_string).collect();
            return Err(Error::usage(
                format!("there is no model {missing}"),
                format!("choose among {}", known.join(", ")),
            ));
        }
        self.models.retain(|id, _| ids.contains(id));
        Ok(())
    }

    /// Gives every model the same axon rule; a model that had another loses its stated latent features.
    pub fn set_axon_rule(&mut self, rule: AxonRule) {
        for (id, model) in &mut self.models {
            if model.axon_rule != rule {
                model.axon_rule = rule;
                self.latents.remove(id);
            }
        }
    }

    /// Plans the simulation of one model.
    ///
    /// # Errors
    /// [`Error::Usage`] for a number that no model has, [`Error::Model`] when its parameters are not possible.
    pub fn plan(&self, id: ModelId) -> Result<CablePlan, Error> {
        let missing = || Error::usage(format!("there is no model {id}"), "choose another number");
        let model = self.models.get(&id).ok_or_else(missing)?;
        let plan = CablePlan::new(&self.morphology, model, &PlanSettings::default());
        plan.map_err(|error| Error::from(error).of_model(id))
    }
}

fn stated_latents(
    hall_of_fame: &HallOfFame,
    morphology_sha256: &str,
) -> Result<BTreeMap<ModelId, BTreeMap<String, f64>>, Error> {
    let expected = &hall_of_fame.morphology_sha256;
    if expected != morphology_sha256 {
        let what = format!(
            "the hall of fame belongs to a morphology of SHA-256 {expected}, not {morphology_sha256}"
        );
        return Err(Error::usage(what, "give the SWC file it was fitted on"));
    }
    let latents = |i_thr_na, s_thr_hz_per_na| {
        BTreeMap::from([(I_THR.to_owned(), i_thr_na), (S_THR.to_owned(), s_thr_hz_per_na)])
    };
    let models = hall_of_fame.models.iter();
    Ok(models
        .filter_map(|model| Some((model.id, latents(model.i_thr_na?, model.s_thr_hz_per_na?))))
        .collect())
}
