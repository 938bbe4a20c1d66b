//! Where results go.

use std::path::{Path, PathBuf};

/// Folder of results without `--out`.
pub(super) const DEFAULT_FOLDER: &str = "noble-out";

/// The path typed, or a name in the default folder.
pub(super) fn out_path(typed: Option<&Path>, name: &str) -> PathBuf {
    typed.map_or_else(|| Path::new(DEFAULT_FOLDER).join(name), Path::to_path_buf)
}
