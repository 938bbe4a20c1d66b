//! Where reference cases lie: below `NOBLE_REFERENCE` and below the repository's own `reference/`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use ndarray_npy::{NpzReader, ReadableElement};

const DEFAULT_ROOT: &str = "../shared/reference";

/// A folder that holds one folder per area (`biophysics`, `efel`, `neuralop`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Absolute path.
    pub path: PathBuf,
    /// Set by `NOBLE_REFERENCE` rather than found at its default place.
    pub is_explicit: bool,
}

/// The roots to take cases from: the set named by `NOBLE_REFERENCE` (a relative path counts from the workspace
/// root; default `../shared/reference`), then the repository's own `reference/`.
///
/// # Panics
/// When `NOBLE_REFERENCE` names a folder that does not exist.
#[must_use]
pub fn roots() -> Vec<Root> {
    let own = Root { path: workspace_root().join("reference"), is_explicit: false };
    let explicit = std::env::var_os("NOBLE_REFERENCE").filter(|value| !value.is_empty());
    let is_explicit = explicit.is_some();
    let path = workspace_root().join(explicit.map_or_else(|| PathBuf::from(DEFAULT_ROOT), PathBuf::from));
    if path.is_dir() {
        return vec![Root { path, is_explicit }, own];
    }
    assert!(!is_explicit, "NOBLE_REFERENCE: {} is not a folder", path.display());
    say(&format!("{DEFAULT_ROOT} is absent: only the repository's own reference cases run"));
    vec![own]
}

/// Every case folder of an area below every root, in the order of [`roots`], then by name.
///
/// A root without the area is named on stdout. Case folders are all direct subfolders of the area.
#[must_use]
pub fn case_folders(area: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for root in roots() {
        let folder = root.path.join(area);
        if !folder.is_dir() {
            say(&format!("{} has no folder {area}", root.path.display()));
            continue;
        }
        for name in subfolders(&folder) {
            cases.push(Case::new(folder.join(&name), area, name));
        }
    }
    cases
}

/// One folder of reference numbers; files it lacks are taken from the same case below the default root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The folder itself.
    pub folder: PathBuf,
    /// Its name.
    pub name: String,
    fallback: PathBuf,
}

impl Case {
    fn new(folder: PathBuf, area: &str, name: String) -> Self {
        let fallback = workspace_root().join(DEFAULT_ROOT).join(area).join(&name);
        Self { folder, name, fallback }
    }

    /// A case at a known folder, for areas that are one case themselves (`efel`).
    #[must_use]
    pub fn at(root: &Root, area: &str) -> Self {
        Self {
            folder: root.path.join(area),
            name: area.to_owned(),
            fallback: workspace_root().join(DEFAULT_ROOT).join(area),
        }
    }

    /// Cases in the subfolders of this folder, by name.
    ///
    /// # Panics
    /// When the folder cannot be listed.
    #[must_use]
    pub fn inner(&self) -> Vec<Self> {
        let inner = |name: String| Self {
            folder: self.folder.join(&name),
            fallback: self.fallback.join(&name),
            name: format!("{}/{name}", self.name),
        };
        subfolders(&self.folder).into_iter().map(inner).collect()
    }

    /// Path of a file of this case, or of the same case below the default root; `None` where neither has it.
    #[must_use]
    pub fn find(&self, file: &str) -> Option<PathBuf> {
        [&self.folder, &self.fallback].into_iter().map(|folder| folder.join(file)).find(|path| path.is_file())
    }

    /// Files of the folder itself whose names start and end as given, sorted.
    ///
    /// # Panics
    /// When the folder cannot be listed.
    #[must_use]
    pub fn files(&self, prefix: &str, suffix: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder)
            .unwrap_or_else(|error| panic!("{} cannot be listed: {error}", self.folder.display()));
        let names: BTreeSet<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                name.starts_with(prefix) && name.ends_with(suffix)
            })
            .collect();
        names.into_iter().collect()
    }

    /// Bytes of a file of this case.
    ///
    /// # Panics
    /// When the file is missing or cannot be read: a case that cannot be read is a failure.
    #[must_use]
    pub fn bytes(&self, file: &str) -> Vec<u8> {
        let path =
            self.find(file).unwrap_or_else(|| panic!("case {}: {file} is missing", self.folder.display()));
        fs::read(&path).unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
    }

    /// A JSON file of this case.
    ///
    /// # Panics
    /// When the file is missing or not JSON.
    #[must_use]
    pub fn json(&self, file: &str) -> serde_json::Value {
        serde_json::from_slice(&self.bytes(file))
            .unwrap_or_else(|error| panic!("{}/{file} is not JSON: {error}", self.folder.display()))
    }

    /// One array of an NPZ file of this case; `None` where the file has no such array.
    ///
    /// # Panics
    /// When the file is missing or the array has another element type.
    #[must_use]
    pub fn array<T: ReadableElement>(&self, file: &str, name: &str) -> Option<ArrayD<T>> {
        let path =
            self.find(file).unwrap_or_else(|| panic!("case {}: {file} is missing", self.folder.display()));
        read_array(&path, name)
    }
}

fn read_array<T: ReadableElement>(path: &Path, name: &str) -> Option<ArrayD<T>> {
    let file =
        File::open(path).unwrap_or_else(|error| panic!("{} cannot be opened: {error}", path.display()));
    let mut npz =
        NpzReader::new(file).unwrap_or_else(|error| panic!("{} is not an NPZ file: {error}", path.display()));
    let names =
        npz.names().unwrap_or_else(|error| panic!("{} has no table of arrays: {error}", path.display()));
    if !names.iter().any(|stored| stored.trim_end_matches(".npy") == name) {
        return None;
    }
    let array = npz.by_name(name);
    Some(array.unwrap_or_else(|error| panic!("{}: array {name}: {error}", path.display())))
}

fn subfolders(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{} cannot be listed: {error}", folder.display()));
    let names: BTreeSet<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.into_iter().collect()
}

fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the crate lies two folders below the workspace root").to_path_buf()
}

/// Writes a line past the test harness, which would hide it for a passing test.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
