//! States of `noble fit --shard`.

use std::path::{Path, PathBuf};

use super::{Kind, check_shards, foreign};
use crate::fit::FitState;
use crate::{Error, Shard, files};

pub(super) const KIND: Kind = Kind { name: "a fit", is_part, join };

fn is_part(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|ending| ending == "json")
}

fn join(paths: &[PathBuf], out: &Path) -> Result<String, Error> {
    let states: Vec<FitState> =
        paths.iter().map(|path| files::read_with(path, FitState::read)).collect::<Result<_, _>>()?;
    let shards: Vec<Shard> =
        states.iter().map(|state| state.shard().unwrap_or(Shard::WHOLE)).collect::<Vec<_>>();
    let places: Vec<(&Path, Shard)> = paths.iter().map(PathBuf::as_path).zip(shards).collect();
    check_shards(&places)?;
    for (path, state) in paths.iter().zip(&states) {
        if !state.is_of_case(&states[0]) {
            return Err(foreign(&paths[0], path, "inputs or options"));
        }
    }
    let whole = FitState::joined(states)?;
    files::write(out, &whole.to_bytes()?)?;
    let n = whole.n_searches();
    Ok(format!("{n} searches; for the models run noble fit again without --shard and with --resume"))
}
