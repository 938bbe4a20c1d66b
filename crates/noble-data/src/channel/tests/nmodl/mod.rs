//! NMODL files and the channels that they give.

mod equal;
mod hostile;
mod meaning;
mod problems;

use super::catalog_files;
use crate::ChannelModel;
use crate::channel::{Imported, import_nmodl};

const SODIUM: &str = include_str!("sources/sodium.mod");
const THREE: &str = include_str!("sources/three.mod");
const POOL: &str = include_str!("sources/pool.mod");
const PERMEABILITY: &str = include_str!("sources/permeability.mod");

/// Names of mechanisms that the catalog keeps under another name.
const RENAMED: [(&str, &str); 3] = [("SKv3_1", "Kv3_1"), ("SK_E2", "SK"), ("Im", "Im_34")];

/// A file that comes through, and comes back from its channel file.
fn import(source: &str) -> Imported {
    let imported = import_nmodl(source).unwrap_or_else(|error| panic!("{error}"));
    let text = imported.channel.to_toml();
    assert_eq!(ChannelModel::read(text.as_bytes()).unwrap(), imported.channel, "{text}");
    imported
}

fn folder_files() -> Vec<(String, String)> {
    let Some(folder) = std::env::var_os("NOBLE_NMODL") else { return Vec::new() };
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_nmodl = |path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "mod");
    let text =
        |path: &std::path::PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let mut files: Vec<(String, String)> = entries
        .filter(is_nmodl)
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), text(&path)))
        .collect();
    files.sort();
    files
}

/// With a folder of published files in `NOBLE_NMODL`, each that comes through equals the catalog's channel of its
/// name, where there is one.
#[test]
fn invariant_published_files_equal_the_catalog() {
    let catalog: Vec<(String, ChannelModel)> = catalog_files()
        .into_iter()
        .map(|(name, text)| (name, ChannelModel::read(text.as_bytes()).unwrap()))
        .collect();
    let mut differing = Vec::new();
    for (file, text) in folder_files() {
        let imported = match import_nmodl(&text) {
            Ok(imported) => imported,
            Err(error) => {
                println!("{file}: not imported\n{error}");
                continue;
            }
        };
        println!("{file}: imported\n  {}", imported.notes.join("\n  "));
        let own = imported.channel.name.as_str();
        let other = RENAMED.iter().find(|(published, _)| *published == own).map(|(_, name)| *name);
        let is_candidate = |name: &str| name == own || Some(name) == other;
        let differences: Vec<Option<String>> = catalog
            .iter()
            .filter(|(name, _)| is_candidate(name))
            .map(|(_, channel)| equal::difference(&imported.channel, channel))
            .collect();
        match differences.first() {
            None => println!("  not in the catalog"),
            Some(_) if differences.contains(&None) => println!("  equals the catalog"),
            Some(_) => {
                println!("  differs: {differences:?}");
                differing.push(file);
            }
        }
    }
    assert!(differing.is_empty(), "{differing:?}");
}
