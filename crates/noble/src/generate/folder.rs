//! A dataset on disk: `manifest.json`, `excitability/<model>.json`, `shard-00000.h5`, …

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use noble_cell::CablePlan;
use noble_data::dataset::{DatasetModel, Manifest, Shard, ShardEntry, sha256_hex};
use noble_data::{ModelId, Stimulus};
use rayon::prelude::*;

use super::{GenerateSettings, PlannedTrace, split_models};
use crate::{Cells, Error, Progress, files, measure_excitability, simulate_sweep};

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
    /// [`Error::Read`] when there is no manifest, [`Error::File`] when it is wrong.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let manifest = files::read_with(&manifest_path(path), Manifest::read)?;
        Ok(Self { path: path.to_path_buf(), manifest })
    }

    /// Reads every shard, in order, checking its hash.
    ///
    /// # Errors
    /// [`Error::File`] with the shard that is missing, truncated or changed.
    pub fn shards(&self) -> Result<Vec<Shard>, Error> {
        (0..self.manifest.shards.len()).into_par_iter().map(|shard_idx| self.shard(shard_idx)).collect()
    }

    fn shard(&self, shard_idx: usize) -> Result<Shard, Error> {
        let path = self.path.join(&self.manifest.shards[shard_idx].file);
        files::read_with(&path, |bytes| {
            self.manifest.check_shard(shard_idx, bytes)?;
            Shard::from_hdf5(bytes)
        })
    }
}

fn manifest_path(folder: &Path) -> PathBuf {
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
/// # Errors
/// [`Error::Usage`] for impossible settings, or a folder that holds another dataset; [`Error::Model`] when a model
/// cannot be simulated or has no latent features; [`Error::Write`] when the folder cannot be written.
pub fn generate(
    cells: &Cells,
    settings: &GenerateSettings,
    (folder, existing): (&Path, Existing),
    progress: &dyn Progress,
) -> Result<DatasetFolder, Error> {
    settings.check(cells.models.len())?;
    let provenance = provenance(cells, settings)?;
    refuse_other(folder, existing, &provenance)?;
    let models = measure_models(cells, settings, folder, progress)?;
    let plan: Vec<PlannedTrace> =
        models.iter().flat_map(|model| settings.traces_of(model.id, model.split)).collect();
    let mut manifest = new_manifest(settings, models, provenance)?;
    manifest.shards = plan.chunks(settings.n_traces_per_shard).enumerate().map(shard_entry).collect();
    let mut dataset = DatasetFolder { path: folder.to_path_buf(), manifest };
    dataset.write_manifest()?;
    let plans: BTreeMap<ModelId, CablePlan> =
        cells.models.keys().map(|id| Ok((*id, cells.plan(*id)?))).collect::<Result<_, Error>>()?;
    progress.start("simulate", plan.len());
    for (shard_idx, traces) in plan.chunks(settings.n_traces_per_shard).enumerate() {
        dataset.finish_shard(shard_idx, (&plans, settings, traces), progress)?;
    }
    progress.finish();
    dataset.write_manifest()?;
    Ok(dataset)
}

/// Current or voltage of one trace.
type Samples = Vec<f32>;

impl DatasetFolder {
    fn write_manifest(&self) -> Result<(), Error> {
        files::write(&manifest_path(&self.path), &json(&self.manifest)?)
    }

    /// Keeps a shard that is there and whole; otherwise simulates and writes it.
    fn finish_shard(
        &mut self,
        shard_idx: usize,
        (plans, settings, traces): (&BTreeMap<ModelId, CablePlan>, &GenerateSettings, &[PlannedTrace]),
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let path = self.path.join(&self.manifest.shards[shard_idx].file);
        let kept =
            if path.is_file() { files::read(&path).ok().filter(|bytes| holds(bytes, traces)) } else { None };
        let bytes = match kept {
            Some(bytes) => {
                progress.advance(traces.len());
                bytes
            }
            None => {
                let bytes = self.simulate_shard((plans, settings, traces), progress)?.to_hdf5()?;
                files::write(&path, &bytes)?;
                bytes
            }
        };
        self.manifest.shards[shard_idx].sha256 = Some(sha256_hex(&bytes));
        Ok(())
    }

    fn simulate_shard(
        &self,
        (plans, settings, traces): (&BTreeMap<ModelId, CablePlan>, &GenerateSettings, &[PlannedTrace]),
        progress: &dyn Progress,
    ) -> Result<Shard, Error> {
        let protocol = &settings.protocol;
        let grid = self.manifest.grid;
        let rows: Vec<(Samples, Samples)> = traces
            .par_iter()
            .map(|trace| {
                let simulated = simulate_sweep(&plans[&trace.model], protocol, trace.step_na);
                let v_mv = simulated.map_err(|error| error.of_model(trace.model))?.into_v_mv();
                let current_na = Stimulus::step(self.manifest.step(trace.step_na))?.on_grid_na(grid);
                progress.advance(1);
                Ok((single(&current_na), single(&v_mv)))
            })
            .collect::<Result<_, Error>>()?;
        let stacked = |pick: fn(&(Samples, Samples)) -> &Samples| {
            let samples = rows.iter().flat_map(|row| pick(row).iter().copied()).collect();
            Array2::from_shape_vec((rows.len(), grid.n_samples()), samples)
                .map_err(|error| Error::Internal { what: error.to_string() })
        };
        Ok(Shard {
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

/// Whether a shard on disk holds exactly these traces.
fn holds(bytes: &[u8], traces: &[PlannedTrace]) -> bool {
    let Ok(shard) = Shard::from_hdf5(bytes) else { return false };
    shard.models.len() == traces.len()
        && traces.iter().enumerate().all(|(row, trace)| {
            shard.models[row] == trace.model
                && shard.step_na[row].to_bits() == trace.step_na.to_bits()
                && shard.splits[row] == trace.split
        })
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
        models,
        shards: Vec::new(),
        provenance,
    })
}

/// Everything the traces depend on, as text.
fn provenance(cells: &Cells, settings: &GenerateSettings) -> Result<BTreeMap<String, String>, Error> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let models: Vec<String> = cells.models.keys().map(ToString::to_string).collect();
    let rules: Vec<String> = cells.models.values().map(|model| model.axon_rule.name().to_owned()).collect();
    Ok(BTreeMap::from([
        ("program".to_owned(), format!("noble {}", env!("CARGO_PKG_VERSION"))),
        ("morphology_sha256".to_owned(), cells.morphology_sha256.clone()),
        ("cells_sha256".to_owned(), cells.cells_sha256.clone()),
        ("models".to_owned(), models.join(",")),
        ("axon_rules".to_owned(), rules.join(",")),
        ("settings".to_owned(), text(json_line(settings)?)),
    ]))
}

fn refuse_other(
    folder: &Path,
    existing: Existing,
    provenance: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let path = manifest_path(folder);
    if !path.is_file() {
        return Ok(());
    }
    if existing == Existing::Refuse {
        let what = format!("{} already holds a dataset", folder.display());
        return Err(Error::usage(what, "add --resume to continue it, or choose another --out"));
    }
    let found = files::read_with(&path, Manifest::read)?.provenance;
    let differing: Vec<&str> = provenance
        .iter()
        .filter(|(key, value)| found.get(*key) != Some(value))
        .map(|(key, _)| key.as_str())
        .collect();
    if differing.is_empty() {
        return Ok(());
    }
    let what = format!("{} was begun with other {}", folder.display(), differing.join(", "));
    Err(Error::usage(what, "give the same inputs and options to continue it, or choose another --out"))
}

/// Latent features of every model; each is kept in a file of its own as soon as it is known.
fn measure_models(
    cells: &Cells,
    settings: &GenerateSettings,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<DatasetModel>, Error> {
    let ids: Vec<ModelId> = cells.models.keys().copied().collect();
    progress.start("measure excitability", ids.len());
    let models = split_models(&ids, settings)
        .into_par_iter()
        .map(|(id, split)| {
            let latents = measured_latents(cells, settings, (folder, id)).map_err(|error| error.of_model(id));
            progress.advance(1);
            Ok(DatasetModel { id, split, latents: latents? })
        })
        .collect();
    progress.finish();
    models
}

fn measured_latents(
    cells: &Cells,
    settings: &GenerateSettings,
    (folder, id): (&Path, ModelId),
) -> Result<BTreeMap<String, f64>, Error> {
    if let Some(stated) = cells.latents.get(&id) {
        return Ok(stated.clone());
    }
    let key = sha256_hex(
        &[json_line(&cells.models[&id])?, json_line(&(settings.protocol, settings.excitability))?].concat(),
    );
    let path = folder.join("excitability").join(format!(
        "{id}-{}-{}.json",
        &cells.morphology_sha256[..8],
        &key[..16]
    ));
    if let Ok(kept) = files::read_with(&path, |bytes| {
        serde_json::from_slice(bytes).map_err(|error| Error::Internal { what: error.to_string() })
    }) {
        return Ok(kept);
    }
    let latents =
        measure_excitability(&cells.plan(id)?, &settings.protocol, &settings.excitability)?.latents();
    files::write(&path, &json(&latents)?)?;
    Ok(latents)
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(value).map_err(|error| Error::Internal { what: error.to_string() })
}

fn json_line<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Internal { what: error.to_string() })
}
