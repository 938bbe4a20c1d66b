//! The files of the repository, read once for all rules.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// Folders that are made by tools, wherever they lie.
const SKIPPED_FOLDERS: [&str; 5] = ["target", "noble-out", "node_modules", "__pycache__", "dist"];
/// Hidden folders that belong to the repository; others are left alone.
const KEPT_HIDDEN_FOLDERS: [&str; 3] = [".ci", ".cargo", ".github"];
const TEXT_EXTENSIONS: [&str; 12] =
    ["rs", "toml", "md", "py", "pyi", "sh", "yml", "yaml", "html", "css", "js", "ts"];

/// A text file; the path is relative to the workspace folder, with `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// File name.
    pub(super) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(super) fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }

    pub(super) fn is_manifest(&self) -> bool {
        self.file_name() == "Cargo.toml"
    }
}

/// All text files with their contents, and the paths of all files and folders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Repository {
    pub(super) sources: Vec<Source>,
    pub(super) paths: BTreeSet<String>,
}

impl Repository {
    /// Reads everything below a folder but what tools made.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut repository = Self::default();
        repository.read_folder(root, "")?;
        repository.sources.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(repository)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                if is_kept_folder(&name) {
                    self.paths.insert(path.clone());
                    self.read_folder(&entry.path(), &format!("{path}/"))?;
                }
                continue;
            }
            self.paths.insert(path.clone());
            if is_text(&path) {
                let text = String::from_utf8_lossy(&fs::read(entry.path())?).into_owned();
                self.sources.push(Source { path, text });
            }
        }
        Ok(())
    }

    /// A repository of a few files, for tests.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut repository = Self::default();
        for (path, text) in files {
            let folders = path.match_indices('/').map(|(end, _)| path[..end].to_owned());
            repository.paths.extend(folders);
            repository.paths.insert((*path).to_owned());
            repository.sources.push(Source { path: (*path).to_owned(), text: (*text).to_owned() });
        }
        repository
    }
}

fn is_kept_folder(name: &str) -> bool {
    !SKIPPED_FOLDERS.contains(&name) && (!name.starts_with('.') || KEPT_HIDDEN_FOLDERS.contains(&name))
}

fn is_text(path: &str) -> bool {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, end)| end);
    path.starts_with(".ci/") || extension.is_some_and(|extension| TEXT_EXTENSIONS.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_what_tools_make_is_skipped() {
        let kept = ["crates", ".ci", "docs"];
        assert!(kept.into_iter().all(is_kept_folder));
        let skipped = ["target", ".git", ".venv", "__pycache__"];
        assert!(!skipped.into_iter().any(is_kept_folder));
    }

    #[test]
    fn analytic_text_files() {
        let text = ["README.md", "crates/a/src/lib.rs", ".ci/run"];
        assert!(text.into_iter().all(is_text));
        assert!(!["a/traces.npz", "LICENSE-MIT", "weights.safetensors"].into_iter().any(is_text));
    }
}
