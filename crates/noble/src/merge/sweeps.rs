//! Files of `noble simulate --shard`.

use std::path::{Path, PathBuf};

use noble_data::sweeps::SweepPart;

use super::{Kind, check_shards, foreign};
use crate::{Error, Shard, files};

pub(super) const KIND: Kind = Kind { name: "sweeps", is_part, join };

fn is_part(path: &Path) -> bool {
    path.is_file() && files::begins_with(path, b"PK")
}

fn join(paths: &[PathBuf], out: &Path) -> Result<String, Error> {
    let parts: Vec<SweepPart> =
        paths.iter().map(|path| files::read_with(path, SweepPart::from_npz)).collect::<Result<_, _>>()?;
    let shards: Vec<(&Path, Shard)> = paths
        .iter()
        .zip(&parts)
        .map(|(path, part)| {
            let (index, count) = part.of.shard;
            let shard = Shard::new(index, count).map_err(|error| error.in_file(path))?;
            Ok((path.as_path(), shard))
        })
        .collect::<Result<_, Error>>()?;
    check_shards(&shards)?;
    check_together(&parts, &shards)?;
    files::write(out, &SweepPart::joined(&parts)?)?;
    Ok(format!("{} sweeps", parts[0].of.n_rows))
}

fn check_together(parts: &[SweepPart], shards: &[(&Path, Shard)]) -> Result<(), Error> {
    let (first, first_path) = (&parts[0], shards[0].0);
    for (part, (path, _)) in parts.iter().zip(shards) {
        let is_foreign = part.of.plan_sha256 != first.of.plan_sha256 || part.of.n_rows != first.of.n_rows;
        let differing = first.differing_array(part).or_else(|| part.differing_array(first));
        if let Some(differing) = differing {
            return Err(foreign(first_path, path, differing));
        }
        if is_foreign {
            return Err(foreign(first_path, path, "cells, drives or settings"));
        }
    }
    let of_count = shards[0].1;
    let is_there = |shard: &Shard| shards.iter().any(|(_, there)| there == shard);
    let missing: Vec<String> = (0..of_count.count())
        .map(|row_idx| of_count.owner_of(row_idx))
        .filter(|shard| !is_there(shard))
        .map(|shard| format!("--shard {shard}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let what = format!("{} of {} shards are in no part", missing.len(), of_count.count());
    Err(Error::usage(what, format!("run {}", missing.join(", "))))
}
