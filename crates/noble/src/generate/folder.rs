//! A dataset on disk: `manifest.json`, `excitability/<model>.json`, `shard-00000.h5`, …

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ndarray::Array2;
use noble_cell::CablePlan;
use noble_data::dataset::{self, DatasetModel, Manifest, ShardEntry, sha256_hex};
use noble_data::{ModelId, Stimulus};
use rayon::prelude::*;

use super::plan::silence;
use super::{GenerateSettings, PlannedTrace, measure_latents, split_models};
use crate::simulate::simulate_pairs;
use crate::{Cells, Error, I_THR, Progress, Shard, files};

/// A dataset folder whose manifest has been read.
#[derive(Debug, Clone)]
pub struct DatasetFolder {
    path: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

impl DatasetFolder {
    /// Opens a dataset.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no manifest or only a share of a dataset, [`Error::File`] when it is wrong.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if !manifest_path(path).is_file() {
            let what = format!("{} holds no dataset (no manifest.json)", path.display());
            return Err(Error::usage(what, "run noble generate first, or name its folder with --dataset"));
        }
        let manifest = files::read_with(&manifest_path(path), Manifest::read)?;
        if let Some(shard) = manifest.provenance.get(SHARD_KEY) {
            let what = format!("{} holds shard {shard} of a dataset", path.display());
            return Err(Error::usage(what, "put all of them together with noble merge"));
        }
        Ok(Self { path: path.to_path_buf(), manifest })
    }

    /// Reads every shard, in order, checking its hash.
    ///
    /// # Errors
    /// [`Error::File`] with the shard that is missing, truncated or changed.
    pub fn shards(&self) -> Result<Vec<dataset::Shard>, Error> {
        (0..self.manifest.shards.len()).into_par_iter().map(|shard_idx| self.shard(shard_idx)).collect()
    }

    fn shard(&self, shard_idx: usize) -> Result<dataset::Shard, Error> {
        let path = self.path.join(&self.manifest.shards[shard_idx].file);
        files::read_with(&path, |bytes| {
            self.manifest.check_shard(shard_idx, bytes)?;
            dataset::Shard::from_hdf5(bytes)
        })
    }
}

/// Where the manifest of a share says which it is.
pub(crate) const SHARD_KEY: &str = "shard";

pub(crate) fn manifest_path(folder: &Path) -> PathBuf {
    folder.join("manifest.json")
}

/// What to do with a folder that already holds a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse to touch it.
    Refuse,
    /// Continue it: keep what is finished.
    Resume,
}

/// Makes a dataset of all models of `cells`.
///
/// The manifest is there from the start and learns each shard's hash as soon as the shard is in place; a resumed
/// run keeps the shards whose bytes have the hash that was written down, and makes all others.
///
/// # Errors
/// [`Error::Usage`] for impossible settings, or a folder that holds another dataset; [`Error::Model`] when a model
/// cannot be simulated or has no latent features; [`Error::Write`] when the folder cannot be written.
pub fn generate(
    cells: &Cells,
    settings: &GenerateSettings,
    place: (&Path, Existing),
    progress: &dyn Progress,
) -> Result<DatasetFolder, Error> {
    generate_shard(cells, settings, place, Shard::WHOLE, progress)
}

/// Makes one share of a dataset: its files of those that the plan of the whole has, in a folder of its own.
///
/// Only models of its own traces are measured; the manifest leaves the latent features of the others empty, and the
/// hashes of the others' files. [`merge`](crate::merge::merge) puts shares together.
///
/// # Errors
/// As [`generate`]; [`Error::Usage`] when there are more shares than files.
pub fn generate_shard(
    cells: &Cells,
    settings: &GenerateSettings,
    (folder, existing): (&Path, Existing),
    shard: Shard,
    progress: &dyn Progress,
) -> Result<DatasetFolder, Error> {
    settings.check(cells.models.len())?;
    let plans: BTreeMap<ModelId, CablePlan> =
        cells.models.keys().map(|id| Ok((*id, cells.plan(*id)?))).collect::<Result<_, Error>>()?;
    let ids: Vec<ModelId> = cells.models.keys().copied().collect();
    let splits = split_models(&ids, settings);
    let plan: Vec<PlannedTrace> =
        splits.iter().flat_map(|(id, split)| settings.traces_of(*id, *split)).collect();
    let files: Vec<&[PlannedTrace]> = plan.chunks(settings.n_traces_per_shard).collect();
    shard.check_items(files.len(), "files; --traces-per-shard says how many traces a file has")?;
    let own: Vec<(usize, &[PlannedTrace])> =
        files.iter().copied().enumerate().filter(|(file_idx, _)| shard.takes(*file_idx)).collect();
    let provenance = provenance(cells, settings, shard)?;
    let written = written_before((folder, existing), &provenance, own[0].0)?;
    files::remove_parts(folder, "");
    let own_ids: BTreeSet<ModelId> =
        own.iter().flat_map(|(_, traces)| traces.iter()).map(|trace| trace.model).collect();
    let own_ids: Vec<ModelId> = own_ids.into_iter().collect();
    let mut latents = measure_latents(folder, (cells, settings), &own_ids, progress)?;
    let i_thr_na = latents.iter().filter_map(|(id, latents)| Some((*id, *latents.get(I_THR)?))).collect();
    if let Some(text) = silence(&plan, &i_thr_na) {
        progress.say(&text);
    }
    let model = |(id, split)| DatasetModel { id, split, latents: latents.remove(&id).unwrap_or_default() };
    let models = splits.into_iter().map(model).collect();
    let mut manifest = new_manifest(settings, models, provenance)?;
    manifest.shards = files.iter().copied().enumerate().map(shard_entry).collect();
    for (entry, before) in manifest.shards.iter_mut().zip(written) {
        entry.sha256 = before.sha256;
    }
    let mut dataset = DatasetFolder { path: folder.to_path_buf(), manifest };
    dataset.write_manifest()?;
    progress.start("simulate", own.iter().map(|(_, traces)| traces.len()).sum());
    for (file_idx, traces) in own {
        if dataset.has_shard(file_idx) {
            progress.advance(traces.len());
            continue;
        }
        let made = dataset.simulate_shard((&plans, settings, traces), progress)?;
        dataset.write_shard(file_idx, &made.to_hdf5()?)?;
    }
    progress.finish();
    Ok(dataset)
}

/// Current or voltage of one trace.
type Samples = Vec<f32>;

impl DatasetFolder {
    fn write_manifest(&self) -> Result<(), Error> {
        files::write(&manifest_path(&self.path), &json(&self.manifest)?)
    }

    /// Whether a shard lies in its place with the bytes that were written.
    fn has_shard(&self, shard_idx: usize) -> bool {
        let path = self.path.join(&self.manifest.shards[shard_idx].file);
        let is_whole = |bytes: Vec<u8>| self.manifest.check_shard(shard_idx, &bytes).is_ok();
        path.is_file() && files::read(&path).is_ok_and(is_whole)
    }

    fn write_shard(&mut self, shard_idx: usize, bytes: &[u8]) -> Result<(), Error> {
        let entry = &mut self.manifest.shards[shard_idx];
        files::write(&self.path.join(&entry.file), bytes)?;
        entry.sha256 = Some(sha256_hex(bytes));
        self.write_manifest()
    }

    fn simulate_shard(
        &self,
        (plans, settings, traces): (&BTreeMap<ModelId, CablePlan>, &GenerateSettings, &[PlannedTrace]),
        progress: &dyn Progress,
    ) -> Result<dataset::Shard, Error> {
        let protocol = &settings.protocol;
        let grid = self.manifest.grid;
        let pairs: Vec<(&CablePlan, f64)> =
            traces.iter().map(|trace| (&plans[&trace.model], trace.step_na)).collect();
        let simulated = simulate_pairs(&pairs, protocol, None, progress)?;
        let rows: Vec<(Samples, Samples)> = simulated
            .into_iter()
            .zip(traces)
            .map(|(simulated, trace)| {
                let v_mv = simulated.map_err(|error| error.of_model(trace.model))?.into_v_mv();
                let current_na = Stimulus::step(self.manifest.step(trace.step_na))?.on_grid_na(grid);
                Ok((single(&current_na), single(&v_mv)))
            })
            .collect::<Result<_, Error>>()?;
        let stacked = |pick: fn(&(Samples, Samples)) -> &Samples| {
            let samples = rows.iter().flat_map(|row| pick(row).iter().copied()).collect();
            Array2::from_shape_vec((rows.len(), grid.n_samples()), samples)
                .map_err(|error| Error::Internal { what: error.to_string() })
        };
        Ok(dataset::Shard {
            grid,
            seed: settings.seed,
            stimulus_na: stacked(|row| &row.0)?,
            voltage_mv: stacked(|row| &row.1)?,
            step_na: traces.iter().map(|trace| trace.step_na).collect(),
            models: traces.iter().map(|trace| trace.model).collect(),
            splits: traces.iter().map(|trace| trace.split).collect(),
            latents: self.latents_of(traces),
        })
    }

    fn latents_of(&self, traces: &[PlannedTrace]) -> BTreeMap<String, Vec<f64>> {
        let mut columns: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for trace in traces {
            for (name, value) in self.manifest.model(trace.model).into_iter().flat_map(|model| &model.latents)
            {
                columns.entry(name.clone()).or_default().push(*value);
            }
        }
        columns
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a dataset keeps single precision")]
fn single(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

fn shard_entry((shard_idx, traces): (usize, &[PlannedTrace])) -> ShardEntry {
    ShardEntry { file: format!("shard-{shard_idx:05}.h5"), n_traces: traces.len(), sha256: None }
}

fn new_manifest(
    settings: &GenerateSettings,
    models: Vec<DatasetModel>,
    provenance: BTreeMap<String, String>,
) -> Result<Manifest, Error> {
    let protocol = &settings.protocol;
    Ok(Manifest {
        format_version: Manifest::FORMAT_VERSION,
        seed: settings.seed,
        grid: protocol.grid()?,
        solver_step_ms: protocol.solver_step_ms,
        sampling: protocol.sampling,
        every: protocol.every,
        delay_ms: protocol.delay_ms,
        duration_ms: protocol.duration_ms,
        settle_ms: protocol.settle_ms,
        highest_na: (!settings.latents.is_excitability()).then_some(settings.excitability.largest_na),
        models,
        shards: Vec::new(),
        provenance,
    })
}

/// Everything the traces depend on, as text.
fn provenance(
    cells: &Cells,
    settings: &GenerateSettings,
    shard: Shard,
) -> Result<BTreeMap<String, String>, Error> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let models = joined(cells.models.keys());
    let sets: Vec<&str> = cells.models.values().map(|model| model.mechanism_set.as_str()).collect();
    let rules: Vec<String> = cells.models.values().map(|model| model.axon_rule.name().into_owned()).collect();
    let mut provenance = BTreeMap::from([
        ("program".to_owned(), format!("noble {}", env!("CARGO_PKG_VERSION"))),
        ("morphology_sha256".to_owned(), cells.morphology_sha256.clone()),
        ("cells_sha256".to_owned(), cells.cells_sha256.clone()),
        ("models".to_owned(), models),
        ("axon_rules".to_owned(), rules.join(",")),
        ("mechanism_sets".to_owned(), sets.join(",")),
        (
            "stated_latents".to_owned(),
            joined(cells.latents.keys().filter(|id| cells.models.contains_key(id))),
        ),
        ("settings".to_owned(), text(json_line(settings)?)),
    ]);
    let channels = cells.channels_sha256();
    if !channels.is_empty() {
        provenance.insert("channels_sha256".to_owned(), channels);
    }
    if shard != Shard::WHOLE {
        provenance.insert(SHARD_KEY.to_owned(), shard.to_string());
    }
    Ok(provenance)
}

fn joined<'a>(ids: impl Iterator<Item = &'a ModelId>) -> String {
    ids.map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Refuses a folder in which another share or another dataset was begun.
pub(crate) fn check_begun(
    cells: &Cells,
    settings: &GenerateSettings,
    (folder, shard): (&Path, Shard),
) -> Result<(), Error> {
    let provenance = provenance(cells, settings, shard)?;
    written_before((folder, Existing::Resume), &provenance, shard.index() - 1).map(|_| ())
}

/// Shards that an earlier run of the same dataset has written down.
fn written_before(
    (folder, existing): (&Path, Existing),
    provenance: &BTreeMap<String, String>,
    first_file_idx: usize,
) -> Result<Vec<ShardEntry>, Error> {
    let path = manifest_path(folder);
    if !path.is_file() {
        let orphan = folder.join(shard_entry((first_file_idx, &[])).file);
        if orphan.is_file() {
            let what = format!("{} holds shards without a manifest", folder.display());
            return Err(Error::usage(what, "remove them, or choose another --out"));
        }
        return Ok(Vec::new());
    }
    if existing == Existing::Refuse {
        let what = format!("{} already holds a dataset", folder.display());
        return Err(Error::usage(what, "add --resume to continue it, or choose another --out"));
    }
    let found = files::read_with(&path, Manifest::read)?;
    let differing = differing_keys(&found.provenance, provenance);
    if differing.is_empty() {
        return Ok(found.shards);
    }
    let what = format!("{} was begun with other {}", folder.display(), differing.join(", "));
    Err(Error::usage(what, "give the same inputs and options to continue it, or choose another --out"))
}

/// Keys under which two provenances say different things.
pub(crate) fn differing_keys<'a>(
    one: &'a BTreeMap<String, String>,
    other: &'a BTreeMap<String, String>,
) -> Vec<&'a str> {
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    keys.into_iter().filter(|key| one.get(*key) != other.get(*key)).map(String::as_str).collect()
}

/// The bytes of a JSON file.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(value).map_err(|error| Error::Internal { what: error.to_string() })
}

/// The same on one line, to be hashed or kept as text.
pub(crate) fn json_line<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Internal { what: error.to_string() })
}
