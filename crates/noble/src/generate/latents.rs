//! Latent features of a dataset's models; each is kept in a file of its own as soon as it is known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use noble_data::ModelId;
use noble_data::dataset::sha256_hex;
use rayon::prelude::*;

use super::GenerateSettings;
use super::folder::{json, json_line};
use crate::latent_features::{measure_swept, swept_definition};
use crate::progress::go_on;
use crate::{Cells, Error, LatentSet, Progress, files, measure_excitability};

/// Latent features by name, of each model.
pub(crate) type Latents = BTreeMap<ModelId, BTreeMap<String, f64>>;

/// Latent features of some models: as their file states them, as an earlier run has kept them, or measured.
pub(crate) fn measure_latents(
    folder: &Path,
    (cells, settings): (&Cells, &GenerateSettings),
    ids: &[ModelId],
    progress: &dyn Progress,
) -> Result<Latents, Error> {
    progress.start("measure excitability", ids.len());
    let measured = |id: &ModelId| {
        let latents = go_on(progress).and_then(|()| measured(folder, (cells, settings), *id, progress));
        progress.advance(1);
        (*id, latents)
    };
    let all: Vec<Measured> = ids.par_iter().map(measured).collect();
    progress.finish();
    let without: Vec<ModelId> = all
        .iter()
        .filter(|(_, latents)| matches!(latents, Err(Error::Features(_) | Error::Unmeasured { .. })))
        .map(|(id, _)| *id)
        .collect();
    go_on(progress)?;
    all.into_iter()
        .map(|(id, latents)| Ok((id, latents.map_err(|error| unmeasured(id, error, &without))?)))
        .collect()
}

type Measured = (ModelId, Result<BTreeMap<String, f64>, Error>);

/// The error of one model, which names all that are like it.
fn unmeasured(id: ModelId, error: Error, without: &[ModelId]) -> Error {
    let error = error.of_model(id);
    if without.len() < 2 || !without.contains(&id) {
        return error;
    }
    let all: Vec<String> = without.iter().map(ToString::to_string).collect();
    let what = format!("models {} lack a latent feature, the first of them: {error}", all.join(", "));
    Error::usage(what, "choose the others with --models")
}

/// Keeps what was measured elsewhere, so that it need not be measured here.
pub(crate) fn keep_latents(
    folder: &Path,
    (cells, settings): (&Cells, &GenerateSettings),
    latents: &Latents,
) -> Result<(), Error> {
    let is_stated = |id: &ModelId| settings.latents.is_excitability() && cells.latents.contains_key(id);
    for (id, latents) in latents.iter().filter(|(id, _)| !is_stated(id)) {
        let path = path_of(folder, (cells, settings), *id)?;
        if !path.is_file() {
            files::write(&path, &json(latents)?)?;
        }
    }
    Ok(())
}

fn measured(
    folder: &Path,
    (cells, settings): (&Cells, &GenerateSettings),
    id: ModelId,
    progress: &dyn Progress,
) -> Result<BTreeMap<String, f64>, Error> {
    let stated = cells.latents.get(&id);
    if let (Some(stated), LatentSet::Excitability) = (stated, settings.latents) {
        return Ok(stated.clone());
    }
    let path = path_of(folder, (cells, settings), id)?;
    if let Ok(kept) = files::read_with(&path, |bytes| {
        serde_json::from_slice(bytes).map_err(|error| Error::Internal { what: error.to_string() })
    }) {
        return Ok(kept);
    }
    let plan = cells.plan(id)?;
    let mut latents = match stated {
        Some(stated) => stated.clone(),
        None => measure_excitability(&plan, &settings.protocol, &settings.excitability, progress)?.latents(),
    };
    if settings.latents == LatentSet::Wide {
        let range_na = (settings.lowest_na, settings.excitability.largest_na);
        latents = measure_swept(&plan, &settings.protocol, &latents, range_na, progress)?;
    }
    files::write(&path, &json(&latents)?)?;
    Ok(latents)
}

/// What features of the wide set depend on beyond the others.
fn wide_key(cells: &Cells, settings: &GenerateSettings, id: ModelId) -> Result<Vec<u8>, Error> {
    match settings.latents {
        LatentSet::Excitability => Ok(Vec::new()),
        LatentSet::Wide => {
            json_line(&("wide", swept_definition(), settings.lowest_na, cells.latents.get(&id)))
        }
    }
}

/// A file whose name has everything that the features depend on.
fn path_of(
    folder: &Path,
    (cells, settings): (&Cells, &GenerateSettings),
    id: ModelId,
) -> Result<PathBuf, Error> {
    let key = [
        json_line(&cells.models[&id])?,
        json_line(&(settings.protocol, settings.excitability))?,
        cells.channels_sha256().into_bytes(),
        wide_key(cells, settings, id)?,
    ];
    let key = sha256_hex(&key.concat());
    let name = format!("{id}-{}-{}.json", &cells.morphology_sha256[..8], &key[..16]);
    Ok(folder.join("excitability").join(name))
}
