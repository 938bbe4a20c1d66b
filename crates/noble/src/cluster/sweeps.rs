//! Sweeps by all ranks: each makes its share in a file of its own, rank 0 joins them.

use std::path::{Path, PathBuf};

use super::{Team, share_of, shares};
use crate::merge::join;
use crate::simulate::SweepTask;
use crate::{Error, Progress, files};

/// Records all sweeps of a task into `out`.
///
/// Ranks write to files beside `out` that all of them see; when everything is there these are removed.
///
/// # Errors
/// Those of [`SweepTask::record_share`]; [`Error::Usage`] when rank 0 does not see the files of the others.
pub fn record_together(
    team: &dyn Team,
    task: &SweepTask<'_>,
    out: &Path,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let (shard, n_shares) = share_of(team, task.n_rows());
    if let Some(shard) = shard {
        task.record_share(shard, out, progress)?;
    }
    team.barrier();
    if team.rank() == 0 {
        let parts: Vec<PathBuf> = shares(n_shares).map(|shard| shard.file_of(out)).collect();
        super::check_seen(&parts)?;
        join(&parts, out)?;
        parts.iter().try_for_each(|part| files::remove(part))?;
    }
    team.barrier();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::threads::on_threads;
    use crate::reference_cell::reference_cells;
    use crate::{Experiment, Protocol, Silent};

    #[test]
    fn invariant_any_number_of_ranks_records_the_same_sweeps() {
        let folder = std::env::temp_dir().join(format!("noble-sweeps-together-{}", std::process::id()));
        let cells = reference_cells().unwrap();
        let protocol =
            Protocol { delay_ms: 2.0, duration_ms: 5.0, total_ms: 10.0, every: 5, ..Protocol::default() };
        let experiment = Experiment::of_steps(protocol, &[-0.1, 0.1]);
        let ids: Vec<_> = cells.models.keys().copied().take(2).collect();
        let task =
            SweepTask { cells: &cells, ids: &ids, experiment: &experiment, lanes: None, resumes: false };
        let alone = task.record(crate::Shard::WHOLE, &Silent).unwrap().to_npz().unwrap();
        for size in [1, 3, 6] {
            let out = folder.join(format!("traces-{size}.npz"));
            on_threads(size, |team| record_together(team, &task, &out, &Silent).unwrap());
            assert!(files::read(&out).unwrap() == alone);
        }
        assert_eq!(files::names(&folder).unwrap().len(), 3);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
