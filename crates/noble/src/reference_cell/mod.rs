//! The cell that ships with the program, so that every command runs without an argument.
//!
//! It is ours from the first point on: [`grow_swc`] draws the morphology, and `noble fit` found its hall of fame within
//! [`reference_space`], for the published features of [`reference_targets`]. Both are kept as files, so that nothing
//! depends on a random generator staying the same; the example `grow_reference_cell` writes the first again, the command
//! in `docs/fitting.md` the second.

mod case;
mod grow;

use noble_data::cell_model::HallOfFame;

use crate::{Cells, Error};

pub use case::{reference_space, reference_targets};
pub use grow::{GrowthSettings, grow_swc};

const MORPHOLOGY_SWC: &[u8] = include_bytes!("../../assets/fast_spiking.swc");
const HALL_OF_FAME: &[u8] = include_bytes!("../../assets/fast_spiking.hall_of_fame.json");
const ARCHIVE: &[u8] = include_bytes!("../../assets/fast_spiking.archive.hall_of_fame.json");

/// The embedded cell with all its parameter sets.
///
/// # Errors
/// None in a released program: the embedded files are read by a test.
pub fn reference_cells() -> Result<Cells, Error> {
    Cells::read(MORPHOLOGY_SWC, HALL_OF_FAME)
}

/// The embedded cell with every accepted parameter set that was kept, those of the hall of fame first.
///
/// # Errors
/// None in a released program: the embedded files are read by a test.
pub fn reference_archive_cells() -> Result<Cells, Error> {
    Cells::read(MORPHOLOGY_SWC, ARCHIVE)
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
    use std::collections::BTreeMap;

    use noble_data::ModelId;
    use noble_data::cell_model::HallOfFameModel;

    use super::*;
    use crate::fit::{FitCase, FitPlan};
    use crate::{Protocol, Silent, simulate_sweeps};

    /// The wider archive; it is not part of the program.
    const ARCHIVE: &[u8] = include_bytes!("../../assets/fast_spiking.archive.hall_of_fame.json");

    /// Most deviations from a target that a model may have.
    const ACCEPTED_Z: f64 = 3.0;

    #[test]
    fn invariant_embedded_morphology_is_what_the_routine_grows() {
        assert_eq!(MORPHOLOGY_SWC, grow_swc(&GrowthSettings::default()).as_bytes());
        let cells = reference_cells().unwrap();
        assert_eq!(reference_hall_of_fame().unwrap().morphology_sha256, cells.morphology_sha256);
        assert!(cells.plan(0).unwrap().n_compartments() <= 40);
    }

    fn reference_plan() -> FitPlan {
        let case = FitCase {
            cells: reference_cells().unwrap(),
            space: reference_space(),
            targets: reference_targets(),
            protocol: Protocol::default(),
            features: noble_features::Settings::default(),
            starts: Vec::new(),
        };
        case.plan().unwrap().0
    }

    /// Twenty models of each of three seeds; every target of the published cell met; no two alike.
    #[test]
    fn invariant_embedded_models_are_accepted_and_distinct() {
        let plan = reference_plan();
        let archive = HallOfFame::read(ARCHIVE).unwrap();
        let kept = reference_hall_of_fame().unwrap().models;
        assert_eq!(archive.models[..kept.len()], kept);
        let mut of_seed: BTreeMap<u64, usize> = BTreeMap::new();
        kept.iter().for_each(|model| *of_seed.entry(model.seed).or_default() += 1);
        assert_eq!(of_seed, BTreeMap::from([(1, 20), (2, 20), (3, 20)]));
        for model in &archive.models {
            let names: Vec<&String> = model.scores.keys().collect();
            assert_eq!(names.len(), plan.objectives().len(), "model {}: {names:?}", model.id);
            let worst = model.scores.values().copied().fold(0.0, f64::max);
            assert!(worst <= ACCEPTED_Z, "model {}: {worst}", model.id);
            assert!(model.i_thr_na.is_some_and(|i_thr_na| i_thr_na > 0.0), "model {}", model.id);
            assert!(model.s_thr_hz_per_na.is_some_and(f64::is_finite), "model {}", model.id);
        }
        let distinct: std::collections::BTreeSet<String> = archive.models.iter().map(parameters).collect();
        assert_eq!(distinct.len(), archive.models.len());
    }

    /// The currents between rest and the lowest of the recording; the fit is told the ends.
    #[test]
    fn invariant_embedded_models_are_silent_below_rest() {
        let cells = reference_cells().unwrap();
        let ids: Vec<ModelId> = cells.models.keys().copied().collect();
        let sweeps =
            simulate_sweeps(&cells, &ids, &[-0.07, -0.03], &Protocol::default(), None, &Silent).unwrap();
        for row in 0..sweeps.n_sweeps() {
            let largest_mv = sweeps.v_mv.row(row).iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert!(largest_mv < -40.0, "model {}: {largest_mv} mV", ids[row / 2]);
        }
    }

    fn parameters(model: &HallOfFameModel) -> String {
        serde_json::to_string(&model.parameters.sections).unwrap()
    }
}
