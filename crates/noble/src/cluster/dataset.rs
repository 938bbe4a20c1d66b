//! A dataset by all ranks: each makes its share in a folder of its own, rank 0 puts them together.

use std::path::{Path, PathBuf};

use noble_data::ModelId;

use super::{Team, deal, rank_0_first, share_of, shares, told};
use crate::generate::{
    DatasetFolder, Existing, GenerateSettings, Latents, check_begun, generate, generate_shard, json,
    keep_latents, measure_latents,
};
use crate::merge::merge;
use crate::{Cells, Error, Progress, Shard, Silent, files};

/// Makes a dataset of all models of `cells`; rank 0 gets it, the others get `None` when it is there.
///
/// Ranks write to folders beside `out` that all of them see; when everything is there these are removed. After an
/// interruption as many ranks go on with [`Existing::Resume`].
///
/// # Errors
/// Those of [`generate`]; [`Error::Usage`] when the shares were begun by another number of ranks, or when rank 0 does
/// not see them.
pub fn generate_together(
    team: &dyn Team,
    cells: &Cells,
    settings: &GenerateSettings,
    (out, existing): (&Path, Existing),
    progress: &dyn Progress,
) -> Result<Option<DatasetFolder>, Error> {
    rank_0_first(team, || settings.check(cells.models.len()))?;
    let (shard, n_shares) = share_of(team, settings.n_files(cells.models.len()));
    let is_there = told(team, || {
        for (part, shard) in check_beside(out, existing, n_shares)? {
            check_begun(cells, settings, (&part, shard))?;
        }
        is_whole(cells, settings, (out, existing))
    })?;
    if !is_there {
        let folder = shard.map(|shard| shard.folder_of(out));
        share_latents(team, (cells, settings), folder.as_deref().map(|folder| (folder, n_shares)), progress)?;
    }
    if let Some(shard) = shard.filter(|_| !is_there) {
        generate_shard(cells, settings, (&shard.folder_of(out), existing), shard, progress)?;
    }
    team.barrier();
    let dataset = if team.rank() == 0 { Some(finished(out, n_shares, is_there)?) } else { None };
    team.barrier();
    Ok(dataset)
}

/// Lets every rank that has a folder measure its part of the models, and keep in there what all have measured.
fn share_latents(
    team: &dyn Team,
    (cells, settings): (&Cells, &GenerateSettings),
    place: Option<(&Path, usize)>,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let ids: Vec<ModelId> = cells.models.keys().copied().collect();
    let own = match place {
        Some((folder, n_shares)) => {
            let own_ids = deal(&ids, n_shares).swap_remove(team.rank());
            measure_latents(folder, (cells, settings), &own_ids, progress)?
        }
        None => Latents::new(),
    };
    let mut all = Latents::new();
    for part in team.gather(json(&own)?) {
        all.extend(read_latents(&part)?);
    }
    let all = if team.rank() == 0 { vec![json(&all)?; team.size()] } else { Vec::new() };
    let all = read_latents(&team.scatter(all))?;
    place.map_or(Ok(()), |(folder, _)| keep_latents(folder, (cells, settings), &all))
}

fn read_latents(bytes: &[u8]) -> Result<Latents, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Internal { what: error.to_string() })
}

/// Shares that lie beside the whole; refuses those that would not be made or continued.
fn check_beside(out: &Path, existing: Existing, n_shares: usize) -> Result<Vec<(PathBuf, Shard)>, Error> {
    let parts = Shard::folders_beside(out)?;
    for (part, shard) in &parts {
        if existing == Existing::Refuse {
            let what = format!("{} already holds a share of the dataset", part.display());
            return Err(Error::usage(what, "add --resume to continue it, or remove it"));
        }
        if shard.count() != n_shares {
            let what = format!("{} is a share for {} ranks, not {n_shares}", part.display(), shard.count());
            return Err(Error::usage(what, "continue with as many ranks as began it, or remove it"));
        }
    }
    Ok(parts)
}

/// Whether the whole dataset is in its place already, which is a reason to continue nothing.
fn is_whole(
    cells: &Cells,
    settings: &GenerateSettings,
    (out, existing): (&Path, Existing),
) -> Result<bool, Error> {
    if !out.exists() {
        return Ok(false);
    }
    if existing == Existing::Refuse {
        let what = format!("{} exists", out.display());
        return Err(Error::usage(what, "add --resume if it is this dataset, or choose another --out"));
    }
    if DatasetFolder::open(out)?.manifest.data_sha256().is_err() {
        let what = format!("{} was begun by one process", out.display());
        return Err(Error::usage(what, "continue it without --mpi, or choose another --out"));
    }
    generate(cells, settings, (out, existing), &Silent)?;
    Ok(true)
}

/// Puts the shares together and removes them.
fn finished(out: &Path, n_shares: usize, is_there: bool) -> Result<DatasetFolder, Error> {
    let parts: Vec<PathBuf> = shares(n_shares).map(|shard| shard.folder_of(out)).collect();
    if !is_there {
        super::check_seen(&parts)?;
        merge(&parts, out)?;
    }
    parts.iter().try_for_each(|part| files::remove_folder(part))?;
    DatasetFolder::open(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Protocol;
    use crate::cluster::threads::on_threads;
    use crate::reference_cell::reference_cells;

    fn settings() -> GenerateSettings {
        let protocol =
            Protocol { delay_ms: 5.0, duration_ms: 50.0, total_ms: 60.0, every: 10, ..Protocol::default() };
        GenerateSettings {
            protocol,
            n_traces_per_model: 5,
            n_validation_models: 1,
            n_test_models: 1,
            held_out_fraction: 0.2,
            n_traces_per_shard: 6,
            ..GenerateSettings::default()
        }
    }

    fn cells() -> Cells {
        let mut cells = reference_cells().unwrap();
        let ids: Vec<_> = cells.models.keys().copied().take(3).collect();
        cells.select(&ids).unwrap();
        cells.latents.clear();
        cells
    }

    #[test]
    fn invariant_any_number_of_ranks_makes_the_same_dataset() {
        let folder = std::env::temp_dir().join(format!("noble-together-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let alone = folder.join("alone");
        let (cells, settings) = (cells(), settings());
        generate(&cells, &settings, (&alone, Existing::Refuse), &Silent).unwrap();
        for size in [1, 2, 5] {
            let out = folder.join(format!("ranks-{size}"));
            let made = |existing| {
                on_threads(size, |team| {
                    generate_together(team, &cells, &settings, (&out, existing), &Silent).unwrap().is_some()
                })
            };
            let expected: Vec<bool> = (0..size).map(|rank| rank == 0).collect();
            assert_eq!(made(Existing::Refuse), expected);
            assert_eq!(made(Existing::Resume), expected, "nothing is left to do");
            for (folder, n_files) in [("", 5), ("excitability", 3)] {
                let (alone, out) = (alone.join(folder), out.join(folder));
                let names = files::names(&alone).unwrap();
                assert_eq!(names.len(), n_files, "{names:?}");
                assert_eq!(files::names(&out).unwrap(), names);
                for name in names.iter().filter(|name| alone.join(name).is_file()) {
                    assert!(files::read(&out.join(name)).unwrap() == files::read(&alone.join(name)).unwrap());
                }
            }
        }
        assert_eq!(files::names(&folder).unwrap(), ["alone", "ranks-1", "ranks-2", "ranks-5"]);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn invariant_other_shares_beside_the_whole_are_named() {
        let folder = std::env::temp_dir().join(format!("noble-beside-{}", std::process::id()));
        let out = folder.join("data");
        std::fs::create_dir_all(folder.join("data.shard-1-of-4")).unwrap();
        std::fs::create_dir_all(folder.join("data.shard-9-of-4")).unwrap();
        let check = |existing, n_shares, expected: &str| {
            let message = check_beside(&out, existing, n_shares).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        };
        check(Existing::Refuse, 4, "data.shard-1-of-4 already holds a share of the dataset; add --resume");
        check(Existing::Resume, 2, "data.shard-1-of-4 is a share for 4 ranks, not 2; continue with as many");
        assert!(check_beside(&out, Existing::Resume, 4).is_ok());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
