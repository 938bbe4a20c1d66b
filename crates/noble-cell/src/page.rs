//! The page on the built-in channels, made from the catalog.

use std::fmt::Write;

use crate::catalog::{channel_files, find_set, set_names};

const INTRODUCTION: &str = "\
# Channels

Ion channels and ion pools that parameter files can name, by set. `noble channels` lists them in a terminal, `noble channels show NAME` prints
the file of one, to start [a channel of your own](channels.md) from. Cells made of them are held against NEURON.

This page is written by `cargo run -p noble-cell --example catalog_page`.
";

const FORMULAS: &str = "
## Formulas

The files, as they are compiled into the program. `v` is the voltage in mV, `q` the factor of the temperature; rates are per ms; what a name ends in
is its unit ([layout](formats.md#channel)).
";

/// The page, in Markdown: `docs/catalog.md` of the repository.
#[must_use]
pub fn catalog_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for set_name in set_names() {
        page += &format!("\n## Set `{set_name}`\n\n| name | | source |\n|---|---|---|\n");
        for mechanism in find_set(set_name).unwrap_or_default() {
            let (name, model) = (&mechanism.name, &mechanism.model);
            let _ = writeln!(page, "| `{name}` | {} | {} |", model.summary, model.source);
        }
    }
    page += FORMULAS;
    for (text, names) in channel_files() {
        let names: Vec<String> = names.iter().map(|(set, name)| format!("`{name}` of `{set}`")).collect();
        let _ = write!(page, "\n### {}\n\n```toml\n{}\n```\n", names.join(", "), text.trim_end());
    }
    page
}
