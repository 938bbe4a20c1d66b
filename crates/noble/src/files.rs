//! Reading and writing whole files: a file is there complete, or it is not there.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::Error;

/// The bytes of a file.
///
/// # Errors
/// [`Error::Read`] when it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::Read { path: path.to_path_buf(), what: error.to_string() })
}

/// Reads a file and hands its bytes to a parser; errors name the file.
///
/// # Errors
/// [`Error::Read`] when it cannot be read, [`Error::File`] with what the parser said.
pub fn read_with<T, E: Into<Error>>(
    path: &Path,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<T, Error> {
    let bytes = read(path)?;
    parse(&bytes).map_err(|error| error.into().in_file(path))
}

/// Whether a file can be read and begins with these bytes.
#[must_use]
pub fn begins_with(path: &Path, bytes: &[u8]) -> bool {
    let mut first = vec![0; bytes.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok() && first == bytes
}

/// Writes a file beside its place and renames it there, so that no reader ever sees half of it and an older file
/// survives a failure. Makes the folder where it is missing; follows a link, and writes into a device as it is.
///
/// # Errors
/// [`Error::Usage`] when the path is a folder, [`Error::Write`] when the folder or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Write { path: path.to_path_buf(), what: error.to_string() };
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if target.is_dir() {
        return Err(Error::usage(format!("{} is a folder", path.display()), "name a file in it"));
    }
    if target.exists() && !target.is_file() {
        return fs::write(&target, bytes).map_err(failed);
    }
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = beside(&target);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&beside, &target)).map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}

/// Whether a file could be written, before hours are spent on what goes into it.
///
/// # Errors
/// As [`write()`].
pub fn check_writable(path: &Path) -> Result<(), Error> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if target.is_dir() {
        return Err(Error::usage(format!("{} is a folder", path.display()), "name a file in it"));
    }
    if target.exists() && !target.is_file() {
        return Ok(());
    }
    let folder = target.ancestors().skip(1).find(|folder| folder.is_dir());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let beside = beside(&folder.join("noble"));
    let made = File::create(&beside);
    let _ = fs::remove_file(&beside);
    made.map(|_| ()).map_err(|error| Error::Write { path: path.to_path_buf(), what: error.to_string() })
}

/// Fills a folder beside its place and renames it there, so that it is there complete or not at all.
///
/// # Errors
/// What `fill` says, files named as in their place; [`Error::Write`] when the folder cannot be made or renamed.
pub fn write_folder(path: &Path, fill: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Write { path: path.to_path_buf(), what: error.to_string() };
    remove_folders_beside(path);
    let beside = beside(path);
    let filled = fs::create_dir_all(&beside).map_err(failed).and_then(|()| fill(&beside));
    let placed = filled.and_then(|()| fs::rename(&beside, path).map_err(failed));
    placed.map_err(|error| {
        let _ = fs::remove_dir_all(&beside);
        match error {
            Error::Write { path: inner, what } => {
                let place = inner.strip_prefix(&beside).map_or(inner.clone(), |file| path.join(file));
                Error::Write { path: place, what }
            }
            other => other,
        }
    })
}

/// Removes what a killed [`write_folder`] left.
fn remove_folders_beside(path: &Path) {
    let start = format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy());
    let around = or_here(path.parent().unwrap_or(path));
    for entry in fs::read_dir(around).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(PART_SUFFIX));
        if process.is_some_and(|process| process.parse::<u32>().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Removes a folder with all it holds; one that is not there is removed already.
///
/// # Errors
/// [`Error::Write`] when something of it stays.
pub fn remove_folder(path: &Path) -> Result<(), Error> {
    removed(path, fs::remove_dir_all(path))
}

/// Removes a file; one that is not there is removed already.
///
/// # Errors
/// [`Error::Write`] when it stays.
pub fn remove(path: &Path) -> Result<(), Error> {
    removed(path, fs::remove_file(path))
}

fn removed(path: &Path, result: std::io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Write { path: path.to_path_buf(), what: format!("its removal failed: {error}") })
        }
        _ => Ok(()),
    }
}

/// Names of the entries of a folder, sorted; none where there is no folder.
///
/// # Errors
/// [`Error::Read`] when the folder cannot be listed.
pub fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let folder = or_here(folder);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error: std::io::Error| Error::Read { path: folder.to_path_buf(), what: error.to_string() };
    let name = |entry: std::io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let names: std::io::Result<Vec<String>> =
        fs::read_dir(folder).and_then(|entries| entries.map(name).collect());
    let mut names = names.map_err(failed)?;
    names.retain(|name| !name.ends_with(PART_SUFFIX));
    names.sort_unstable();
    Ok(names)
}

const PART_SUFFIX: &str = ".part";

/// Removes what a killed writer left in a folder beside files whose names begin as given.
pub fn remove_parts(folder: &Path, prefix: &str) {
    let folder = or_here(folder);
    let hidden = format!(".{prefix}");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&hidden) && name.ends_with(PART_SUFFIX) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The folder of a name without one.
fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// A hidden neighbor that two processes do not share.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}{PART_SUFFIX}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_a_device_stays_a_device() {
        let full = Path::new("/dev/full");
        if full.exists() {
            assert!(matches!(write(full, b"x"), Err(Error::Write { .. })));
            assert!(!full.is_file());
        }
    }

    #[test]
    fn invariant_a_folder_is_there_whole_or_not_at_all() {
        let around = std::env::temp_dir().join(format!("noble-folders-{}", std::process::id()));
        let path = around.join("data");
        let full = |folder: &Path| {
            write(&folder.join("a.txt"), b"a")?;
            Err(Error::Write { path: folder.join("b.txt"), what: "full".to_owned() })
        };
        let Err(Error::Write { path: named, .. }) = write_folder(&path, full) else { panic!("written") };
        assert_eq!(named, path.join("b.txt"), "a file is named as in its place");
        assert_eq!(fs::read_dir(&around).unwrap().count(), 0);
        fs::create_dir_all(around.join(".data.1.part")).unwrap();
        fs::create_dir_all(around.join(".data.other.1.part")).unwrap();
        write_folder(&path, |folder| write(&folder.join("a.txt"), b"a")).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(&around).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".data.other.1.part", "data"]);
        assert_eq!(names(&path).unwrap(), ["a.txt"]);
        remove_folder(&path).unwrap();
        remove_folder(&path).unwrap();
        fs::remove_dir_all(&around).unwrap();
    }

    #[test]
    fn invariant_a_failed_write_leaves_nothing_behind() {
        let folder = std::env::temp_dir().join(format!("noble-files-{}", std::process::id()));
        let path = folder.join("a/b.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        let folder_in_the_way = folder.join("a");
        assert!(matches!(write(&folder_in_the_way, b"x"), Err(Error::Usage { .. })));
        fs::write(folder.join("a/.b.txt.1.part"), b"half").unwrap();
        remove_parts(&folder.join("a"), "b.txt");
        assert_eq!(fs::read_dir(folder.join("a")).unwrap().count(), 1);
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["a"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
