//! The plan and the contents of a dataset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Split;
use crate::{Error, ModelId, Sampling, Step, TimeGrid};

/// Version of the manifest written by this release.
const MANIFEST_FORMAT_VERSION: u32 = 1;

/// A model of the dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetModel {
    /// Its number in the file of cells.
    pub id: ModelId,
    /// Whether training sees it.
    pub split: Split,
    /// Latent features by name with unit, such as `i_thr_na`.
    pub latents: BTreeMap<String, f64>,
}

/// A shard of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardEntry {
    /// File name within the folder.
    pub file: String,
    /// Traces it holds.
    pub n_traces: usize,
    /// SHA-256 of the file; `None` until it is written.
    pub sha256: Option<String>,
}

/// Everything about a dataset but its arrays (`manifest.json`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this layout.
    pub format_version: u32,
    /// Seed of the plan.
    pub seed: u64,
    /// Grid of every trace.
    pub grid: TimeGrid,
    /// Time step of the solver.
    pub solver_step_ms: f64,
    /// How the solver's samples became the grid's.
    pub sampling: Sampling,
    /// Every how many solver steps a sample was kept.
    pub every: usize,
    /// Onset and duration of the current step; its amplitude varies.
    pub delay_ms: f64,
    /// Duration of the current step.
    pub duration_ms: f64,
    /// Time that was simulated before every trace; absent where traces begin at the initial voltage.
    #[serde(default, skip_serializing_if = "is_none")]
    pub settle_ms: f64,
    /// Current at which the way of latent features from the threshold ends; absent without such features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest_na: Option<f64>,
    /// Models with their split and latent features.
    pub models: Vec<DatasetModel>,
    /// Shards in order.
    pub shards: Vec<ShardEntry>,
    /// Settings and inputs the traces depend on, hashes included.
    pub provenance: BTreeMap<String, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_none(settle_ms: &f64) -> bool {
    settle_ms.abs() < f64::MIN_POSITIVE
}

impl Manifest {
    /// Version to put into [`Manifest::format_version`].
    pub const FORMAT_VERSION: u32 = MANIFEST_FORMAT_VERSION;

    /// Reads `manifest.json`.
    ///
    /// # Errors
    /// [`Error::Json`] when the bytes are not a manifest of this version.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |place: &str, what: String| Error::Json {
            format: "dataset manifest",
            place: place.to_owned(),
            what,
            remedy: "make the dataset again, or resume it with the release that began it".to_owned(),
        };
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| wrong("manifest.json", error.to_string()))?;
        if manifest.format_version != MANIFEST_FORMAT_VERSION {
            let what = format!("version {} is not {MANIFEST_FORMAT_VERSION}", manifest.format_version);
            return Err(wrong("format_version", what));
        }
        Ok(manifest)
    }

    /// Traces in all shards.
    #[must_use]
    pub fn n_traces(&self) -> usize {
        self.shards.iter().map(|shard| shard.n_traces).sum()
    }

    /// The step of a given amplitude.
    #[must_use]
    pub fn step(&self, amplitude_na: f64) -> Step {
        Step { delay_ms: self.delay_ms, duration_ms: self.duration_ms, amplitude_na }
    }

    /// The model of a number.
    #[must_use]
    pub fn model(&self, id: ModelId) -> Option<&DatasetModel> {
        self.models.iter().find(|model| model.id == id)
    }

    /// SHA-256 over the hashes of all shards, in order.
    ///
    /// # Errors
    /// [`Error::Dataset`] when a shard has no hash yet: the dataset is not complete.
    pub fn data_sha256(&self) -> Result<String, Error> {
        let mut hash = Sha256::new();
        for shard in &self.shards {
            let Some(sha256) = &shard.sha256 else {
                return Err(Error::Dataset {
                    place: shard.file.clone(),
                    what: "has not been written".to_owned(),
                    remedy: "run generate again with --resume",
                });
            };
            hash.update(sha256.as_bytes());
        }
        Ok(hex(&hash.finalize()))
    }

    /// Checks the bytes of a shard against its entry.
    ///
    /// # Errors
    /// [`Error::Dataset`] when the hash is unknown or another.
    pub fn check_shard(&self, shard_idx: usize, bytes: &[u8]) -> Result<(), Error> {
        let entry = &self.shards[shard_idx];
        let found = sha256_hex(bytes);
        if entry.sha256.as_ref() == Some(&found) {
            return Ok(());
        }
        Err(Error::Dataset {
            place: entry.file.clone(),
            what: match &entry.sha256 {
                Some(_) => format!("its {} bytes are not those that were written", bytes.len()),
                None => "has not been finished".to_owned(),
            },
            remedy: "delete it and run generate again with --resume",
        })
    }
}

/// SHA-256 as lower-case hexadecimal text.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    use std::fmt::Write;
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
