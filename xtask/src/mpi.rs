//! What the feature `mpi` is built with.
//!
//! Few machines have it, and a gate that fails for want of a library would say nothing about the code: so it is looked
//! for first.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Compiler of MPI programs, which knows where the library is.
const COMPILER: &str = "mpicc";

/// Reader of C headers. Under this name it comes with the headers it needs itself; `libclang.so.1` alone does not.
const LIBCLANG: &str = "libclang.so";

/// Where distributions keep it, beside `/usr/lib/llvm*/lib`.
const LIBRARY_FOLDERS: [&str; 2] = ["/usr/lib", "/usr/lib64"];

/// The first thing that a build with MPI lacks on this machine.
pub(crate) fn missing() -> Option<&'static str> {
    let path = env::var_os("PATH").unwrap_or_default();
    if !any_holds(env::split_paths(&path), COMPILER) {
        return Some(COMPILER);
    }
    let is_stated = env::var_os("LIBCLANG_PATH").is_some_and(|path| Path::new(&path).exists());
    (!is_stated && !any_holds(library_folders(), LIBCLANG)).then_some(LIBCLANG)
}

fn any_holds(mut folders: impl Iterator<Item = PathBuf>, file: &str) -> bool {
    folders.any(|folder| folder.join(file).is_file())
}

fn library_folders() -> impl Iterator<Item = PathBuf> {
    let below = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let llvm = below.filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm"));
    let llvm = llvm.map(|entry| entry.path().join("lib"));
    LIBRARY_FOLDERS.into_iter().map(PathBuf::from).chain(llvm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_a_file_is_found_in_any_folder() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = || [own.join("absent"), own.to_path_buf(), own.join("src")].into_iter();
        assert!(any_holds(folders(), "main.rs"));
        assert!(!any_holds(folders(), "src"), "a folder is no file");
        assert!(!any_holds(folders(), "absent"));
    }
}
