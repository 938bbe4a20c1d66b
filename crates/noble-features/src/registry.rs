//! From eFEL's feature names to functions and units.
//!
//! Each module keeps the table of its own features, so that a new one is a function and a line in the same file.

use crate::{Error, PreparedSweep, spelling, subjects};

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

/// eFEL's voltage-clamp curve fits, whose value in eFEL depends on what was asked before and on the linear algebra of
/// the machine.
pub const LEFT_OUT_FEATURES: [&str; 3] =
    ["activation_time_constant", "deactivation_time_constant", "inactivation_time_constant"];

/// How a feature is computed; values as eFEL gives them, NaN and infinities included.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Evaluate {
    /// One value per sweep.
    One(fn(&PreparedSweep<'_>) -> Option<f64>),
    /// One value per spike, burst or sample.
    Many(fn(&PreparedSweep<'_>) -> Option<Vec<f64>>),
}

/// One feature: eFEL's name, its unit, what it says and what it is made of.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// eFEL's name, letter for letter.
    pub name: &'static str,
    /// Unit suffix as in our names (`mv`, `ms`, `hz`); empty without a unit.
    pub unit_suffix: &'static str,
    /// What it is, in a sentence.
    pub sentence: &'static str,
    /// eFEL's names of the features it is made of, separated by spaces.
    pub needs: &'static str,
    /// Formula, in those names.
    pub formula: &'static str,
    /// How precise mode differs, apart from what its needs already differ in; empty if it does not.
    pub precise: &'static str,
    /// Whether its values are whole numbers: counts, places of samples, yes and no.
    pub is_whole: bool,
    evaluate: Evaluate,
}

impl Feature {
    /// A feature of one value.
    pub(crate) const fn one(
        name: &'static str,
        unit_suffix: &'static str,
        evaluate: fn(&PreparedSweep<'_>) -> Option<f64>,
    ) -> Self {
        Self::new(name, unit_suffix, Evaluate::One(evaluate))
    }

    /// A feature of several values.
    pub(crate) const fn many(
        name: &'static str,
        unit_suffix: &'static str,
        evaluate: fn(&PreparedSweep<'_>) -> Option<Vec<f64>>,
    ) -> Self {
        Self::new(name, unit_suffix, Evaluate::Many(evaluate))
    }

    /// A feature of one whole number.
    pub(crate) const fn whole(name: &'static str, evaluate: fn(&PreparedSweep<'_>) -> Option<f64>) -> Self {
        Self { is_whole: true, ..Self::one(name, "", evaluate) }
    }

    /// A feature of several whole numbers.
    pub(crate) const fn wholes(
        name: &'static str,
        evaluate: fn(&PreparedSweep<'_>) -> Option<Vec<f64>>,
    ) -> Self {
        Self { is_whole: true, ..Self::many(name, "", evaluate) }
    }

    const fn new(name: &'static str, unit_suffix: &'static str, evaluate: Evaluate) -> Self {
        Self {
            name,
            unit_suffix,
            sentence: "",
            needs: "",
            formula: "",
            precise: "",
            is_whole: false,
            evaluate,
        }
    }

    /// Adds the sentence and the formula.
    pub(crate) const fn is(self, sentence: &'static str, formula: &'static str) -> Self {
        Self { sentence, formula, ..self }
    }

    /// Adds the features it is made of.
    pub(crate) const fn of(self, needs: &'static str) -> Self {
        Self { needs, ..self }
    }

    /// Adds how precise mode differs.
    pub(crate) const fn precisely(self, precise: &'static str) -> Self {
        Self { precise, ..self }
    }

    /// Our name: eFEL's in lower case with the unit, such as `ahp_depth_mv`.
    #[must_use]
    pub fn column(&self) -> String {
        let name = self.name.to_lowercase();
        if self.unit_suffix.is_empty() { name } else { format!("{name}_{}", self.unit_suffix) }
    }

    /// Whether it has several values rather than one per sweep.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.evaluate, Evaluate::Many(_))
    }

    /// Its values, never empty and always finite; `None` where it is undefined.
    ///
    /// Where eFEL gives NaN or an infinity (a mean of no samples, a slope of a constant) the answer is `None`.
    #[must_use]
    pub fn values(&self, sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
        let is_defined =
            |values: &Vec<f64>| !values.is_empty() && values.iter().all(|value| value.is_finite());
        self.efel_values(sweep).filter(is_defined).map(without_negative_zeros)
    }

    /// Its values with eFEL's own conventions: NaN, infinities and negative zeros where eFEL gives them, and an empty
    /// list where that is not the same as missing (`ISI_values` of two spikes).
    ///
    /// Where eFEL raises an exception, ends the process or reads memory that is not its own, the answer is `None`.
    #[must_use]
    pub fn efel_values(&self, sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
        match self.evaluate {
            Evaluate::One(evaluate) => evaluate(sweep).map(|value| vec![value]),
            Evaluate::Many(evaluate) => evaluate(sweep),
        }
    }

    /// Mean of its values, the number the reference study compares; `None` where it is undefined.
    #[must_use]
    pub fn mean(&self, sweep: &PreparedSweep<'_>) -> Option<f64> {
        if let Evaluate::One(evaluate) = self.evaluate {
            return evaluate(sweep).filter(|value| value.is_finite()).map(|value| value + 0.0);
        }
        crate::prepared::mean(&self.values(sweep)?).filter(|mean| mean.is_finite())
    }
}

fn without_negative_zeros(mut values: Vec<f64>) -> Vec<f64> {
    values.iter_mut().for_each(|value| *value += 0.0);
    values
}

/// Every feature, grouped by subject.
pub fn features() -> impl Iterator<Item = &'static Feature> {
    subjects::ALL.iter().flat_map(|subject| subject.features)
}

/// The feature of one name.
///
/// # Errors
/// [`Error::LeftOut`] for eFEL's voltage-clamp curve fits, [`Error::UnknownFeature`] with the nearest known name.
pub fn feature(name: &str) -> Result<&'static Feature, Error> {
    if let Some(name) = LEFT_OUT_FEATURES.into_iter().find(|left_out| *left_out == name) {
        return Err(Error::LeftOut { name });
    }
    features().find(|feature| feature.name == name).ok_or_else(|| {
        let known = features().map(|feature| feature.name);
        Error::UnknownFeature { name: name.to_owned(), nearest: spelling::nearest(name, known) }
    })
}

/// Values of several features of one sweep, in the order of the names, as [`Feature::values`].
///
/// # Errors
/// [`Error::UnknownFeature`] for the first name that is not known.
pub fn feature_values(sweep: &PreparedSweep<'_>, names: &[&str]) -> Result<Vec<Option<Vec<f64>>>, Error> {
    names.iter().map(|name| Ok(feature(name)?.values(sweep))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const UNITS: [&str; 7] = ["", "mv", "ms", "hz", "na", "mv_per_ms", "megaohm"];

    #[test]
    fn invariant_entries_are_complete() {
        let names: BTreeSet<&str> = features().map(|feature| feature.name).collect();
        assert_eq!(names.len(), features().count());
        for feature in features() {
            let name = feature.name;
            assert!(UNITS.contains(&feature.unit_suffix) || feature.unit_suffix == "per_ms", "{name}");
            assert!(feature.sentence.ends_with('.') && !feature.formula.is_empty(), "{name}");
            assert!(
                feature.needs.split_whitespace().all(|need| names.contains(need)),
                "{name}: {}",
                feature.needs
            );
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
        assert!(matches!(feature("activation_time_constant"), Err(Error::LeftOut { .. })));
        check("spikecount", "Spikecount");
        check("AP1_widht", "AP1_width");
        check("", "ISIs");
    }

    #[test]
    fn invariant_our_names_end_in_the_unit() {
        assert_eq!(feature("AHP_depth").unwrap().column(), "ahp_depth_mv");
        assert_eq!(feature("Spikecount").unwrap().column(), "spikecount");
    }
}
