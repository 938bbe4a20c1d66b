//! The cell that ships with the program, so that every command runs without an argument.
//!
//! It is ours from the first point on: [`grow_swc`] draws the morphology, [`reference_parameters`] the parameter
//! sets. Both are kept as files, so that nothing depends on a random generator staying the same; the example
//! `make_reference_cell` writes them again.

mod case;
mod grow;
mod parameters;

use noble_data::cell_model::HallOfFame;

use crate::{Cells, Error};

pub use case::{reference_space, reference_targets};
pub use grow::{GrowthSettings, grow_swc};
pub use parameters::reference_parameters;

const MORPHOLOGY_SWC: &[u8] = include_bytes!("../../assets/fast_spiking.swc");
const HALL_OF_FAME: &[u8] = include_bytes!("../../assets/fast_spiking.hall_of_fame.json");

/// The embedded cell with all its parameter sets.
///
/// # Errors
/// None in a released program: the embedded files are read by a test.
pub fn reference_cells() -> Result<Cells, Error> {
    Cells::read(MORPHOLOGY_SWC, HALL_OF_FAME)
}

/// The embedded hall of fame with its latent features.
///
/// # Errors
/// None in a released program: the embedded files are read by a test.
pub fn reference_hall_of_fame() -> Result<HallOfFame, Error> {
    Ok(HallOfFame::read(HALL_OF_FAME)?)
}

/// The embedded morphology as SWC text.
#[must_use]
pub fn reference_morphology() -> &'static [u8] {
    MORPHOLOGY_SWC
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_embedded_files_are_what_the_routines_make() {
        assert_eq!(MORPHOLOGY_SWC, grow_swc(&GrowthSettings::default()).as_bytes());
        let cells = reference_cells().unwrap();
        assert_eq!(cells.models.len(), 60);
        for (id, model) in &cells.models {
            let drawn = reference_parameters(*id);
            for (kind, section) in &model.sections {
                for (mechanism, parameters) in &section.mechanisms {
                    for (name, kept) in parameters {
                        // The last digits of a power may differ between mathematics libraries.
                        let value = drawn.sections[kind].mechanisms[mechanism][name];
                        assert!((kept / value - 1.0).abs() < 1e-12, "model {id}: {name} of {mechanism}");
                    }
                }
            }
        }
        assert_eq!(reference_hall_of_fame().unwrap().morphology_sha256, cells.morphology_sha256);
    }

    #[test]
    fn analytic_embedded_cell_has_at_most_40_compartments() {
        assert!(reference_cells().unwrap().plan(0).unwrap().n_compartments() <= 40);
    }
}
