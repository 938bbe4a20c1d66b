//! From eFEL's feature names to functions and units.
//!
//! Each module keeps the table of its own features, so that a new one is a function and a line in the same file.

use crate::{Error, PreparedSweep, spike_shape, spike_timing, spikes, subthreshold};

/// The features the reference study compares: those of firing and of silent sweeps together.
pub const STUDY_FEATURES: [&str; 16] = [
    "AHP1_depth_from_peak",
    "AHP_depth",
    "AHP_time_from_peak",
    "AP1_peak",
    "AP1_width",
    "Spikecount",
    "mean_frequency",
    "decay_time_constant_after_stim",
    "depol_block",
    "inv_first_ISI",
    "mean_AP_amplitude",
    "steady_state_voltage",
    "steady_state_voltage_stimend",
    "time_to_first_spike",
    "voltage_base",
    "sag_amplitude",
];

/// The features the reference study compares on sweeps with spikes; `mean_frequency` only against experiments.
pub const STUDY_FIRING_FEATURES: [&str; 15] = [
    "AHP1_depth_from_peak",
    "AHP_depth",
    "AHP_time_from_peak",
    "AP1_peak",
    "AP1_width",
    "Spikecount",
    "mean_frequency",
    "decay_time_constant_after_stim",
    "depol_block",
    "inv_first_ISI",
    "mean_AP_amplitude",
    "steady_state_voltage",
    "steady_state_voltage_stimend",
    "time_to_first_spike",
    "voltage_base",
];

/// The features the reference study compares on sweeps without spikes.
pub const STUDY_SILENT_FEATURES: [&str; 5] = [
    "decay_time_constant_after_stim",
    "sag_amplitude",
    "steady_state_voltage",
    "steady_state_voltage_stimend",
    "voltage_base",
];

const TABLES: [&[Feature]; 4] =
    [spikes::FEATURES, spike_shape::FEATURES, spike_timing::FEATURES, subthreshold::FEATURES];

/// How a feature is computed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Evaluate {
    /// One value per sweep.
    One(fn(&PreparedSweep) -> Option<f64>),
    /// One value per spike.
    Many(fn(&PreparedSweep) -> Option<Vec<f64>>),
}

/// One feature: eFEL's name, its unit, what it is made of.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// eFEL's name, letter for letter.
    pub name: &'static str,
    /// Unit suffix as in our names (`mv`, `ms`, `hz`); empty without a unit.
    pub unit_suffix: &'static str,
    /// eFEL's names of the intermediate results it is made of.
    pub needs: &'static [&'static str],
    /// Formula, in those names.
    pub formula: &'static str,
    pub(crate) evaluate: Evaluate,
}

impl Feature {
    /// Our name: eFEL's in lower case with the unit, such as `ahp_depth_mv`.
    #[must_use]
    pub fn column(&self) -> String {
        let name = self.name.to_lowercase();
        if self.unit_suffix.is_empty() { name } else { format!("{name}_{}", self.unit_suffix) }
    }

    /// Whether it has one value per spike rather than one per sweep.
    #[must_use]
    pub fn is_per_spike(&self) -> bool {
        matches!(self.evaluate, Evaluate::Many(_))
    }

    /// Its values, never empty and always finite; `None` where it is undefined.
    ///
    /// Where eFEL gives NaN or an infinity (a mean of no samples, a slope of a constant) the answer is `None`.
    #[must_use]
    pub fn values(&self, sweep: &PreparedSweep) -> Option<Vec<f64>> {
        let values = match self.evaluate {
            Evaluate::One(evaluate) => vec![evaluate(sweep)?],
            Evaluate::Many(evaluate) => evaluate(sweep)?,
        };
        (!values.is_empty() && values.iter().all(|value| value.is_finite())).then_some(values)
    }

    /// Mean of its values, the number the reference study compares; `None` where it is undefined.
    #[must_use]
    pub fn mean(&self, sweep: &PreparedSweep) -> Option<f64> {
        crate::prepared::mean(&self.values(sweep)?).filter(|mean| mean.is_finite())
    }
}

/// Every feature, grouped by module.
pub fn features() -> impl Iterator<Item = &'static Feature> {
    TABLES.into_iter().flatten()
}

/// The feature of one name.
///
/// # Errors
/// [`Error::UnknownFeature`] with the nearest known name.
pub fn feature(name: &str) -> Result<&'static Feature, Error> {
    features().find(|feature| feature.name == name).ok_or_else(|| {
        let known = features().map(|feature| feature.name);
        let nearest = known.min_by_key(|known| edit_distance(name, known)).unwrap_or_default();
        Error::UnknownFeature { name: name.to_owned(), nearest }
    })
}

/// Values of several features of one sweep, in the order of the names, as [`Feature::values`].
///
/// # Errors
/// [`Error::UnknownFeature`] for the first name that is not known.
pub fn feature_values(sweep: &PreparedSweep, names: &[&str]) -> Result<Vec<Option<Vec<f64>>>, Error> {
    names.iter().map(|name| Ok(feature(name)?.values(sweep))).collect()
}

/// Letters to insert, delete or replace, without regard to case.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[row.len() - 1]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn invariant_names_are_unique_and_units_known() {
        let names: BTreeSet<&str> = features().map(|feature| feature.name).collect();
        assert_eq!(names.len(), features().count());
        for feature in features() {
            assert!(["", "mv", "ms", "hz"].contains(&feature.unit_suffix), "{}", feature.name);
            assert!(!feature.formula.is_empty(), "{}", feature.name);
        }
    }

    #[test]
    fn invariant_study_features_are_known_and_complete() {
        assert!(STUDY_FEATURES.iter().all(|name| feature(name).is_ok()));
        let parts: BTreeSet<&str> = STUDY_FIRING_FEATURES.into_iter().chain(STUDY_SILENT_FEATURES).collect();
        assert_eq!(parts, STUDY_FEATURES.into_iter().collect());
    }

    #[test]
    fn invariant_unknown_names_get_the_nearest_one() {
        let check = |name: &str, expected: &str| match feature(name) {
            Err(Error::UnknownFeature { nearest, .. }) => assert_eq!(nearest, expected),
            other => panic!("{other:?}"),
        };
        check("spikecount", "Spikecount");
        check("AP1_widht", "AP1_width");
        check("", "AP1_peak");
    }

    #[test]
    fn invariant_our_names_end_in_the_unit() {
        assert_eq!(feature("AHP_depth").unwrap().column(), "ahp_depth_mv");
        assert_eq!(feature("Spikecount").unwrap().column(), "spikecount");
    }
}
