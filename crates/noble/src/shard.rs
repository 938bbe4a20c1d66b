//! A share of a task that several processes divide among themselves without talking to each other.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::{Error, files};

/// Share `index` of `count`, counted from 1 and written `1/4` … `4/4`.
///
/// Items go round robin, so that every share has about as many as the others, whatever their number.
///
/// # Example
/// ```
/// let shard: noble::Shard = "2/3".parse()?;
/// assert_eq!((0..8).filter(|item_idx| shard.takes(*item_idx)).collect::<Vec<_>>(), [1, 4, 7]);
/// # Ok::<(), noble::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// Everything, in one share.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Share `index` of `count`.
    ///
    /// # Errors
    /// [`Error::Usage`] when `index` is not one of 1 to `count`.
    pub fn new(index: usize, count: usize) -> Result<Self, Error> {
        if count == 0 {
            let what = format!("shard {index}/{count} divides by nothing");
            return Err(Error::usage(what, "count one shard or more, such as 1/4 to 4/4"));
        }
        if !(1..=count).contains(&index) {
            let what = format!("there is no shard {index}/{count}");
            return Err(Error::usage(what, format!("shards are counted 1/{count} to {count}/{count}")));
        }
        Ok(Self { index, count })
    }

    /// Which share, from 1.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }

    /// How many there are.
    #[must_use]
    pub fn count(self) -> usize {
        self.count
    }

    /// Whether an item, counted from 0, belongs to this share.
    #[must_use]
    pub fn takes(self, item_idx: usize) -> bool {
        item_idx % self.count == self.index - 1
    }

    /// The share among as many that an item belongs to.
    #[must_use]
    pub fn owner_of(self, item_idx: usize) -> Self {
        Self { index: item_idx % self.count + 1, count: self.count }
    }

    /// Refuses a share that would have nothing to do.
    ///
    /// # Errors
    /// [`Error::Usage`] when there are more shares than items; `things` names these in the plural.
    pub fn check_items(self, n_items: usize, things: &str) -> Result<(), Error> {
        if self.count <= n_items {
            return Ok(());
        }
        let what = format!("{} shards of {n_items} {things}", self.count);
        Err(Error::usage(what, format!("divide into at most {n_items}")))
    }

    /// Folder of this share of what goes to the folder `out`: `OUT.shard-1-of-4`.
    #[must_use]
    pub fn folder_of(self, out: &Path) -> PathBuf {
        let name = out.file_name().unwrap_or_default().to_string_lossy();
        out.with_file_name(format!("{name}.{}", self.label()))
    }

    /// Folders of shares, of any number, of what goes to the folder `out`.
    ///
    /// # Errors
    /// [`Error::Read`] when the folder around it cannot be listed.
    pub fn folders_beside(out: &Path) -> Result<Vec<(PathBuf, Self)>, Error> {
        let start = format!("{}.shard-", out.file_name().unwrap_or_default().to_string_lossy());
        let around = out.parent().unwrap_or(Path::new(""));
        let shard_of = |name: &str| name.strip_prefix(&start)?.replacen("-of-", "/", 1).parse().ok();
        let names = files::names(around)?.into_iter();
        Ok(names.filter_map(|name| Some((around.join(&name), shard_of(&name)?))).collect())
    }

    /// File of this share of what goes to the file `out`, with its ending: `traces.shard-1-of-4.npz`.
    #[must_use]
    pub fn file_of(self, out: &Path) -> PathBuf {
        let (stem, ending) = (out.file_stem().unwrap_or_default(), out.extension().unwrap_or_default());
        let name = format!("{}.{}", stem.to_string_lossy(), self.label());
        let ending = ending.to_string_lossy();
        out.with_file_name(if ending.is_empty() { name } else { format!("{name}.{ending}") })
    }

    fn label(self) -> String {
        format!("shard-{}-of-{}", self.index, self.count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            Some((index.trim().parse::<usize>().ok()?, count.trim().parse::<usize>().ok()?))
        });
        let wrong = || Error::usage(format!("shard {text:?} is not two numbers"), "write I/N, such as 1/4");
        let (index, count) = numbers.ok_or_else(wrong)?;
        Self::new(index, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_every_item_has_one_share() {
        for count in 1..6 {
            let shards: Vec<Shard> = (1..=count).map(|index| Shard::new(index, count).unwrap()).collect();
            for item_idx in 0..17 {
                let takers: Vec<Shard> =
                    shards.iter().copied().filter(|shard| shard.takes(item_idx)).collect();
                assert_eq!(takers, [shards[0].owner_of(item_idx)]);
            }
        }
    }

    #[test]
    fn invariant_wrong_shares_are_named() {
        let check = |text: &str, expected: &str| {
            let message = text.parse::<Shard>().unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        };
        check("0/4", "no shard 0/4; shards are counted 1/4 to 4/4");
        check("5/4", "no shard 5/4");
        check("1/0", "divides by nothing");
        check("a/b", "\"a/b\" is not two numbers; write I/N");
        check("3", "is not two numbers");
        check("-1/4", "is not two numbers");
        assert_eq!("4/4".parse::<Shard>().unwrap().to_string(), "4/4");
        assert!(Shard::WHOLE.check_items(1, "files").is_ok());
        assert!(Shard::new(1, 3).unwrap().check_items(2, "files").is_err());
    }

    #[test]
    fn invariant_shares_lie_beside_the_whole() {
        let shard = Shard::new(1, 4).unwrap();
        assert_eq!(shard.folder_of(Path::new("a/data.v1")), Path::new("a/data.v1.shard-1-of-4"));
        assert_eq!(shard.folder_of(Path::new("data/")), Path::new("data.shard-1-of-4"));
        assert_eq!(shard.file_of(Path::new("a/traces.npz")), Path::new("a/traces.shard-1-of-4.npz"));
        assert_eq!(shard.file_of(Path::new("traces")), Path::new("traces.shard-1-of-4"));
    }
}
