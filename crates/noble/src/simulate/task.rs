//! Sweeps that several processes may divide, and their files.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use noble_data::ModelId;
use noble_data::dataset::sha256_hex;
use noble_data::sweeps::{Precision, SweepPart, SweepRows};

use super::{Experiment, Recorded, record_shard};
use crate::{Cells, Error, Progress, Shard, files};

/// An experiment on models, and how it is run.
#[derive(Debug, Clone, Copy)]
pub struct SweepTask<'a> {
    /// Where the models come from.
    pub cells: &'a Cells,
    /// Models, in order.
    pub ids: &'a [ModelId],
    /// What is done to each.
    pub experiment: &'a Experiment,
    /// Sweeps side by side on a core; `None` chooses by their number.
    pub lanes: Option<NonZeroUsize>,
    /// Whether the file of a share that is there and whole is kept.
    pub resumes: bool,
}

impl SweepTask<'_> {
    /// Sweeps of the whole.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.ids.len() * self.experiment.drives.len()
    }

    /// Runs one share; models are told apart where there are several.
    ///
    /// # Errors
    /// As [`record_shard`].
    pub fn record(&self, shard: Shard, progress: &dyn Progress) -> Result<Recorded, Error> {
        let mut recorded =
            record_shard((self.cells, self.ids), self.experiment, shard, self.lanes, progress)?;
        if self.cells.models.len() == 1 {
            recorded.sweeps.models = None;
        }
        Ok(recorded)
    }

    /// Runs one share into its file beside `out`, and gives its path.
    ///
    /// # Errors
    /// As [`record_shard`]; [`Error::Write`] when the file cannot be written.
    pub fn record_share(&self, shard: Shard, out: &Path, progress: &dyn Progress) -> Result<PathBuf, Error> {
        let (path, plan_sha256) = (shard.file_of(out), self.plan_sha256()?);
        shard.check_items(self.n_rows(), "sweeps")?;
        let shard_numbers = (shard.index(), shard.count());
        let is_kept = |part: SweepPart| part.of.shard == shard_numbers && part.of.plan_sha256 == plan_sha256;
        if self.resumes && path.is_file() && files::read_with(&path, SweepPart::from_npz).is_ok_and(is_kept) {
            return Ok(path);
        }
        let recorded = self.record(shard, progress)?;
        let (rows, n_rows) = (recorded.rows.clone(), recorded.n_rows);
        let of = SweepRows { rows, n_rows, shard: shard_numbers, plan_sha256 };
        files::write(&path, &recorded.sweeps.to_npz_part(Precision::Double, &recorded.arrays, &of)?)?;
        Ok(path)
    }

    /// Hash over everything that the sweeps depend on.
    fn plan_sha256(&self) -> Result<String, Error> {
        let models: Vec<_> = self.ids.iter().map(|id| (id, &self.cells.models[id])).collect();
        let models =
            serde_json::to_string(&models).map_err(|error| Error::Internal { what: error.to_string() })?;
        let (version, cells, experiment) = (env!("CARGO_PKG_VERSION"), self.cells, self.experiment);
        let (morphology, channels) = (&cells.morphology_sha256, cells.channels_sha256());
        Ok(sha256_hex(format!("{version} {morphology} {channels} {models} {experiment:?}").as_bytes()))
    }
}

impl Recorded {
    /// The bytes of its NPZ file.
    ///
    /// # Errors
    /// [`Error::Data`] when the arrays cannot be packed.
    pub fn to_npz(&self) -> Result<Vec<u8>, Error> {
        Ok(self.sweeps.to_npz_with(Precision::Double, &self.arrays)?)
    }
}
