//! From the shares that several processes made to what one process would have made.
//!
//! Parts are copied, never changed: a merge that fails leaves them as they were and nothing in place of the whole.
//! A further kind of part is one file here and one line in `KINDS`.

mod dataset;
mod fit;
mod sweeps;

use std::path::{Path, PathBuf};

use crate::{Error, Shard};

/// What parts can be parts of.
const KINDS: &[Kind] = &[dataset::KIND, sweeps::KIND, fit::KIND];

/// How parts of one kind are told from others and put together.
struct Kind {
    /// Of what a part is a part, in words.
    name: &'static str,
    /// Whether a path is a part of this kind.
    is_part: fn(&Path) -> bool,
    /// Puts all parts together, and says in words what the whole holds.
    join: Join,
}

type Join = fn(&[PathBuf], &Path) -> Result<String, Error>;

/// Puts parts together into `out`, and says in words what it holds; what kind they are is told by what they are.
///
/// The result is byte for byte what one process without shares writes.
///
/// # Errors
/// [`Error::Usage`] when `out` exists, or the parts do not belong together, are not all there or are there twice;
/// [`Error::File`] when one has been changed; [`Error::Write`] when `out` cannot be written.
pub fn merge(parts: &[PathBuf], out: &Path) -> Result<String, Error> {
    if out.symlink_metadata().is_ok() {
        let what = format!("{} exists", out.display());
        return Err(Error::usage(what, "remove it, or choose another --out"));
    }
    join(parts, out)
}

/// As [`merge`], over what `out` may hold already.
pub(crate) fn join(parts: &[PathBuf], out: &Path) -> Result<String, Error> {
    let first = parts.first().ok_or_else(|| Error::usage("there is no part", "name every part"))?;
    let kind = kind_of(first)?;
    for other in parts {
        let other_kind = kind_of(other)?;
        if other_kind.name != kind.name {
            let (first, other) = (first.display(), other.display());
            let what = format!("{first} is part of {}, {other} of {}", kind.name, other_kind.name);
            return Err(Error::usage(what, "merge one kind at a time"));
        }
    }
    (kind.join)(parts, out)
}

fn kind_of(path: &Path) -> Result<&'static Kind, Error> {
    if !path.exists() {
        let what = format!("{} does not exist", path.display());
        return Err(Error::usage(what, "name the parts that --shard wrote"));
    }
    KINDS.iter().find(|kind| (kind.is_part)(path)).ok_or_else(|| {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let what = format!("{} is not part of {}", path.display(), names.join(" or "));
        Error::usage(what, "name what --shard wrote")
    })
}

/// Checks that parts are shares among as many, none of them twice.
fn check_shards(parts: &[(&Path, Shard)]) -> Result<(), Error> {
    for (part_idx, (path, shard)) in parts.iter().enumerate() {
        let (first_path, first) = parts[0];
        if shard.count() != first.count() {
            let what =
                format!("{} is shard {first}, {} is shard {shard}", first_path.display(), path.display());
            return Err(Error::usage(what, "merge parts of the same number of shards"));
        }
        if let Some((earlier, _)) = parts[..part_idx].iter().find(|(_, earlier)| earlier == shard) {
            let what = format!("{} and {} are both shard {shard}", earlier.display(), path.display());
            return Err(Error::usage(what, "name one of them"));
        }
    }
    Ok(())
}

/// Parts that come from something else than the first.
fn foreign(first: &Path, other: &Path, differing: &str) -> Error {
    let what = format!("{} and {} have other {differing}", first.display(), other.display());
    Error::usage(what, "merge only parts that the same command made, all on one kind of processor")
}
