//! Draws traces of the embedded hall of fame under the currents that it was fitted to.
//!
//! Run from the workspace root: `cargo run --release --package noble --example draw_reference_cell`

use std::path::Path;

use noble::figure::traces_svg;
use noble::fit::{FitCase, fit_figure};
use noble::reference_cell::{reference_cells, reference_hall_of_fame, reference_space, reference_targets};
use noble::{Protocol, files};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let case = FitCase {
        cells: reference_cells()?,
        space: reference_space(),
        targets: reference_targets(),
        protocol: Protocol::default(),
        features: noble_features::Settings::default(),
        starts: Vec::new(),
    };
    let (plan, _) = case.plan()?;
    let figure = fit_figure(&plan, &reference_hall_of_fame()?, None);
    files::write(Path::new("docs/hall-of-fame.svg"), traces_svg(&figure).as_bytes())?;
    Ok(())
}
