//! Writes the morphology of the embedded cell. What its hall of fame was fitted with stands in `docs/fitting.md`.
//!
//! Run from the workspace root: `cargo run --release --package noble --example grow_reference_cell`

use std::path::Path;

use noble::files;
use noble::reference_cell::{GrowthSettings, grow_swc};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let swc = grow_swc(&GrowthSettings::default());
    files::write(Path::new("crates/noble/assets/fast_spiking.swc"), swc.as_bytes())?;
    Ok(())
}
