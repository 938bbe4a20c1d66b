//! Folders of `noble generate --shard`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use noble_data::dataset::{Manifest, ShardEntry};

use super::{Kind, check_shards, foreign};
use crate::generate::{SHARD_KEY, differing_keys, json, manifest_path};
use crate::{Error, Shard, files};

pub(super) const KIND: Kind = Kind { name: "a dataset", is_part, join };

fn is_part(path: &Path) -> bool {
    manifest_path(path).is_file()
}

/// One part; its manifest no longer says which.
struct Part {
    path: PathBuf,
    shard: Shard,
    manifest: Manifest,
}

fn join(paths: &[PathBuf], out: &Path) -> Result<String, Error> {
    let parts: Vec<Part> = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    check_shards(&parts.iter().map(|part| (part.path.as_path(), part.shard)).collect::<Vec<_>>())?;
    let mut manifest = plan_of(&parts)?;
    let owners = owners(&parts, &mut manifest.shards)?;
    files::write_folder(out, |folder| {
        copy_latents(&parts, folder)?;
        for (file_idx, part) in owners.iter().enumerate() {
            let file = &manifest.shards[file_idx].file;
            let bytes = files::read_with(&part.path.join(file), |bytes| {
                manifest.check_shard(file_idx, bytes)?;
                Ok::<_, Error>(bytes.to_vec())
            })?;
            files::write(&folder.join(file), &bytes)?;
        }
        files::write(&manifest_path(folder), &json(&manifest)?)
    })?;
    let (n_traces, n_models) = (manifest.n_traces(), manifest.models.len());
    Ok(format!("{n_traces} traces of {n_models} models"))
}

fn read(path: &Path) -> Result<Part, Error> {
    let mut manifest = files::read_with(&manifest_path(path), Manifest::read)?;
    let shard = match manifest.provenance.remove(SHARD_KEY) {
        Some(text) => text.parse().map_err(|error: Error| error.in_file(manifest_path(path)))?,
        None => Shard::WHOLE,
    };
    Ok(Part { path: path.to_path_buf(), shard, manifest })
}

/// The plan that all parts share, with the latent features that each of them measured, and no hash yet.
fn plan_of(parts: &[Part]) -> Result<Manifest, Error> {
    let first = &parts[0];
    let mut whole = without_results(&first.manifest);
    for part in parts {
        let differing = differing_keys(&first.manifest.provenance, &part.manifest.provenance);
        if !differing.is_empty() {
            return Err(foreign(&first.path, &part.path, &differing.join(", ")));
        }
        if without_results(&part.manifest) != without_results(&first.manifest) {
            return Err(foreign(&first.path, &part.path, "plans"));
        }
        for (model, measured) in whole.models.iter_mut().zip(&part.manifest.models) {
            if model.latents.is_empty() {
                model.latents.clone_from(&measured.latents);
            } else if !(measured.latents.is_empty() || measured.latents == model.latents) {
                let what = format!("latent features of model {}", model.id);
                return Err(foreign(&first.path, &part.path, &what));
            }
        }
    }
    Ok(whole)
}

/// What a manifest says before anything was computed.
fn without_results(manifest: &Manifest) -> Manifest {
    let mut plan = manifest.clone();
    plan.models.iter_mut().for_each(|model| model.latents = BTreeMap::new());
    plan.shards.iter_mut().for_each(|entry| entry.sha256 = None);
    plan
}

/// The part that holds each file; notes the hash that it states.
fn owners<'a>(parts: &'a [Part], entries: &mut [ShardEntry]) -> Result<Vec<&'a Part>, Error> {
    let n_files = entries.len();
    let mut missing: Vec<(usize, Shard)> = Vec::new();
    let mut owners = Vec::with_capacity(n_files);
    for (file_idx, entry) in entries.iter_mut().enumerate() {
        let shard = parts[0].shard.owner_of(file_idx);
        let owner = parts.iter().find(|part| part.shard == shard);
        entry.sha256 = owner.and_then(|part| part.manifest.shards[file_idx].sha256.clone());
        if entry.sha256.is_none() {
            missing.push((file_idx, shard));
        }
        owners.extend(owner);
    }
    match missing.as_slice() {
        [] => Ok(owners),
        [(file_idx, shard), others @ ..] => {
            let file = &entries[*file_idx].file;
            let more =
                if others.is_empty() { String::new() } else { format!(", nor are {} others", others.len()) };
            let what = format!("{file} of {n_files} is in no part{more}");
            let mut shards: Vec<Shard> = others.iter().map(|(_, other)| *other).chain([*shard]).collect();
            shards.sort_unstable();
            shards.dedup();
            let shards: Vec<String> = shards.iter().map(|shard| format!("--shard {shard}")).collect();
            Err(Error::usage(what, format!("run {} with --resume", shards.join(", "))))
        }
    }
}

/// Files of latent features, which models on the border of two shards have in both.
fn copy_latents(parts: &[Part], folder: &Path) -> Result<(), Error> {
    for part in parts {
        for name in files::names(&part.path.join("excitability"))? {
            let place = Path::new("excitability").join(name);
            files::write(&folder.join(&place), &files::read(&part.path.join(&place))?)?;
        }
    }
    Ok(())
}
