//! Cells ready to simulate: one morphology, any number of parameter sets.

use std::collections::BTreeMap;

use noble_cell::{CablePlan, PlanSettings};
use noble_data::cell_model::{AxonRule, FieldReport, HallOfFame, SourceFormat, read_cells};
use noble_data::dataset::sha256_hex;
use noble_data::morphology::{SwcReport, read_swc};
use noble_data::{CellModel, ChannelModel, ModelId, Morphology, SectionParameters};

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
    /// Channels of the user by name.
    channels: BTreeMap<String, ChannelModel>,
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
            channels: BTreeMap::new(),
        })
    }

    /// A morphology without parameter sets yet.
    ///
    /// # Errors
    /// [`Error::Data`] when the file is wrong.
    pub fn of_morphology(swc: &[u8]) -> Result<Self, Error> {
        let (morphology, swc_report) = read_swc(swc)?;
        Ok(Self {
            morphology,
            models: BTreeMap::new(),
            latents: BTreeMap::new(),
            morphology_sha256: sha256_hex(swc),
            cells_sha256: sha256_hex(&[]),
            reports: (swc_report, FieldReport::default()),
            channels: BTreeMap::new(),
        })
    }

    /// Reads parameters (any layout of [`read_cells`]) that belong to this morphology, without keeping them.
    ///
    /// # Errors
    /// [`Error::Data`] when the file is wrong, [`Error::Usage`] when a hall of fame belongs to another morphology.
    pub fn read_models(&self, cells: &[u8]) -> Result<Vec<CellModel>, Error> {
        let set = read_cells(cells)?;
        if set.format == SourceFormat::HallOfFame {
            stated_latents(&HallOfFame::read(cells)?, &self.morphology_sha256)?;
        }
        Ok(set.models.into_values().collect())
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

    /// Adds channels to the catalog of every model, in place of namesakes; a model that has one of them loses its stated
    /// latent features.
    pub fn add_channels(&mut self, channels: Vec<ChannelModel>) {
        for channel in channels {
            let models = &self.models;
            self.latents
                .retain(|id, _| models.get(id).is_none_or(|model| !has_channel(model, &channel.name)));
            self.channels.insert(channel.name.clone(), channel);
        }
    }

    /// Channels that were added, by name.
    pub fn channels(&self) -> impl Iterator<Item = &ChannelModel> {
        self.channels.values()
    }

    /// Names of the added channels that no model has in its parameters.
    pub fn unused_channels(&self) -> impl Iterator<Item = &str> {
        let is_unused = |name: &&str| !self.models.values().any(|model| has_channel(model, name));
        self.channels.keys().map(String::as_str).filter(is_unused)
    }

    /// Name and SHA-256 of each channel that was added; empty without.
    ///
    /// Comments and the layout of a channel file do not count.
    #[must_use]
    pub fn channels_sha256(&self) -> String {
        let hashed =
            |channel: &ChannelModel| format!("{} {}", channel.name, sha256_hex(channel.to_toml().as_bytes()));
        self.channels().map(hashed).collect::<Vec<_>>().join(",")
    }

    /// Plans the simulation of one model.
    ///
    /// # Errors
    /// [`Error::Usage`] for a number that no model has, [`Error::Model`] when its parameters are not possible.
    pub fn plan(&self, id: ModelId) -> Result<CablePlan, Error> {
        let missing = || Error::usage(format!("there is no model {id}"), "choose another number");
        let model = self.models.get(&id).ok_or_else(missing)?;
        self.plan_of(model).map_err(|error| error.of_model(id))
    }

    /// Plans the simulation of any parameters on this morphology.
    ///
    /// # Errors
    /// [`Error::Cell`] when the parameters are not possible.
    pub fn plan_of(&self, model: &CellModel) -> Result<CablePlan, Error> {
        let channels = self.channels().cloned().collect();
        let settings = PlanSettings { channels, ..PlanSettings::default() };
        Ok(CablePlan::new(&self.morphology, model, &settings)?)
    }
}

/// Whether a channel is in some section; kinds of section that the parameters leave out have NEURON's.
fn has_channel(model: &CellModel, name: &str) -> bool {
    SectionParameters::default().mechanisms.contains_key(name)
        || model.sections.values().any(|section| section.mechanisms.contains_key(name))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference_cell::reference_cells;

    fn channel(name: &str, conductance: &str) -> ChannelModel {
        let text = format!(
            "format_version = 1\nname = \"{name}\"\nsummary = \"a\"\nsource = \"a\"\n\
             [parameters.gbar_s_per_cm2]\n\
             [[currents]]\nion = \"potassium\"\nconductance_s_per_cm2 = \"{conductance}\"\n"
        );
        ChannelModel::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn invariant_a_channel_in_use_takes_the_stated_latents() {
        let mut cells = reference_cells().unwrap();
        let n_models = cells.models.len();
        cells.add_channels(vec![channel("Spare", "gbar_s_per_cm2")]);
        assert_eq!(cells.latents.len(), n_models);
        assert_eq!(cells.unused_channels().collect::<Vec<_>>(), ["Spare"]);
        let others = cells.models.values_mut().skip(1).flat_map(|model| model.sections.values_mut());
        others.for_each(|section| _ = section.mechanisms.remove("Kv3_1"));
        cells.add_channels(vec![channel("Kv3_1", "gbar_s_per_cm2")]);
        assert_eq!(cells.latents.len(), n_models - 1);
        assert_eq!(cells.unused_channels().collect::<Vec<_>>(), ["Spare"]);
    }

    #[test]
    fn invariant_hashes_follow_the_formulas() {
        let hashes = |channels: Vec<ChannelModel>| {
            let mut cells = reference_cells().unwrap();
            cells.add_channels(channels);
            cells.channels_sha256()
        };
        assert_eq!(hashes(Vec::new()), "");
        let [a, b] = ["A", "B"].map(|name| channel(name, "gbar_s_per_cm2"));
        let both = hashes(vec![a.clone(), b.clone()]);
        assert_eq!(both, hashes(vec![b.clone(), a]));
        assert!(both.starts_with("A ") && both.contains(",B "), "{both}");
        assert_ne!(both, hashes(vec![channel("A", "2 * gbar_s_per_cm2"), b]));
    }
}
