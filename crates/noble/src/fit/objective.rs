//! What a candidate is scored by: one number per target, comparable across targets and across failures.

use noble_data::fitting::{FeatureTarget, Firing, TargetSweep};
use noble_features::{Feature, PreparedSweep};

/// A feature farther than this from its target, in deviations, is as wrong as one can be that exists.
pub const LARGEST_Z: f64 = 20.0;

/// Score of a target that is not met at all: of [`LARGEST_Z`] where it was nearly met, of twice that where nothing of it
/// was there.
const WORST: f64 = 2.0 * LARGEST_Z;

/// Distance below the spike threshold at which a silent cell counts as silent as can be. // [mV]
const FAR_BELOW_MV: f64 = 60.0;

/// Spikes of a sweep that should have none at which it counts as wrong as can be.
const MANY_SPIKES: f64 = 40.0;

/// One target of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// Sweep and feature, such as `step_180.AP1_width`, or `step_20.fires`.
    pub name: String,
    pub(super) sweep_idx: usize,
    pub(super) measure: Measure,
}

/// What is asked of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Measure {
    /// `of_spikes`: whether the step may make the cell fire, so that a lacking feature is nearer the higher the voltage
    /// rose.
    Feature {
        feature: &'static str,
        mean: f64,
        deviation: f64,
        of_spikes: bool,
    },
    Firing(Firing),
}

/// What a sweep gave.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// It went to its end: features by place among the sweep's objectives, spikes in the window and in all, largest
    /// voltage in the window.
    Ran { values: Vec<Option<f64>>, n_spikes: usize, n_all_spikes: usize, largest_mv: f64 },
    /// Its voltage diverged, or the parameters make no cell.
    Diverged,
    /// It was not simulated, because an earlier sweep of the candidate was hopeless by so much (0 to 1).
    Skipped { shortfall: f64 },
}

impl Objective {
    /// The objectives of one sweep: its features in their order, then whether it fires.
    pub(super) fn of_sweep(
        sweep_idx: usize,
        sweep: &TargetSweep,
        features: &[&'static Feature],
    ) -> Vec<Self> {
        let of_feature = |(target, feature): (&FeatureTarget, &&'static Feature)| Self {
            name: format!("{}.{}", sweep.name, feature.name),
            sweep_idx,
            measure: Measure::Feature {
                feature: feature.name,
                mean: target.mean,
                deviation: target.deviation,
                of_spikes: sweep.firing != Some(Firing::Silent) && sweep.step_na >= 0.0,
            },
        };
        let firing = sweep.firing.map(|firing| Self {
            name: format!("{}.{}", sweep.name, if firing == Firing::Fires { "fires" } else { "silent" }),
            sweep_idx,
            measure: Measure::Firing(firing),
        });
        sweep.features.iter().zip(features).map(of_feature).chain(firing).collect()
    }

    /// Score of an outcome: for a feature `min(|value - mean| / deviation, 20)`; for a feature that is not defined, or a
    /// sweep that fires and should not or the other way round, `20 + 20 s`, with the shortfall `s` in [0, 1] saying how far
    /// off (1 for a feature that is not defined in a sweep that should not fire); 0 where firing is as it should be.
    ///
    /// `value` is the feature's, `None` where it is undefined.
    pub(super) fn score(&self, outcome: &Outcome, value: Option<f64>, threshold_mv: f64) -> f64 {
        let (n_spikes, n_all_spikes, largest_mv) = match outcome {
            Outcome::Ran { n_spikes, n_all_spikes, largest_mv, .. } => {
                (*n_spikes, *n_all_spikes, *largest_mv)
            }
            Outcome::Diverged => return WORST,
            Outcome::Skipped { shortfall } => return failed(*shortfall),
        };
        let silence = ((threshold_mv - largest_mv) / FAR_BELOW_MV).clamp(0.0, 1.0);
        match (&self.measure, value) {
            (Measure::Feature { mean, deviation, .. }, Some(value)) => {
                ((value - mean).abs() / deviation).min(LARGEST_Z)
            }
            (Measure::Feature { of_spikes: true, .. }, None) => failed(silence),
            (Measure::Feature { .. }, None) => WORST,
            (Measure::Firing(Firing::Fires), _) if n_spikes > 0 => 0.0,
            (Measure::Firing(Firing::Fires), _) => failed(silence),
            (Measure::Firing(Firing::Silent), _) if n_all_spikes == 0 => 0.0,
            (Measure::Firing(Firing::Silent), _) => failed((n_all_spikes as f64 / MANY_SPIKES).min(1.0)),
        }
    }
}

fn failed(shortfall: f64) -> f64 {
    LARGEST_Z + (WORST - LARGEST_Z) * shortfall
}

impl Outcome {
    /// Measures a sweep.
    pub(super) fn of(prepared: &PreparedSweep<'_>, features: &[&'static Feature]) -> Self {
        let is_on = |time_ms: f64| time_ms >= prepared.stim_start_ms() && time_ms <= prepared.stim_end_ms();
        let samples = prepared.times_ms().iter().zip(prepared.v_mv());
        Self::Ran {
            values: features.iter().map(|feature| feature.mean(prepared)).collect(),
            n_spikes: prepared.n_stimulus_spikes(),
            n_all_spikes: prepared.n_spikes(),
            largest_mv: samples
                .filter(|(time_ms, _)| is_on(**time_ms))
                .map(|(_, v)| *v)
                .fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// A sweep of which nothing but a spike was asked, ended at its first.
    pub(super) fn fired() -> Self {
        Self::Ran { values: Vec::new(), n_spikes: 1, n_all_spikes: 1, largest_mv: f64::INFINITY }
    }

    /// How hopeless a candidate is whose gate sweep came out so; `None` where it deserves the other sweeps.
    ///
    /// A sweep that must be silent is hopeless with a spike, one that must fire without.
    pub(super) fn hopeless(&self, firing: Option<Firing>, threshold_mv: f64) -> Option<f64> {
        match (self, firing) {
            (Self::Diverged, _) => Some(1.0),
            (Self::Ran { n_all_spikes, .. }, Some(Firing::Silent)) if *n_all_spikes > 0 => {
                Some((*n_all_spikes as f64 / MANY_SPIKES).min(1.0))
            }
            (Self::Ran { n_spikes: 0, largest_mv, .. }, Some(Firing::Fires)) => {
                Some(((threshold_mv - largest_mv) / FAR_BELOW_MV).clamp(0.0, 1.0))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums and products of few digits are exact")]
mod tests {
    use noble_features::feature;

    use super::*;

    const THRESHOLD_MV: f64 = -20.0;

    fn objectives(step_na: f64, firing: Option<Firing>) -> Vec<Objective> {
        let target = FeatureTarget { feature: "voltage_base".to_owned(), mean: -65.0, deviation: 2.0 };
        let sweep = TargetSweep {
            name: "sweep".to_owned(),
            step_na,
            delay_ms: 10.0,
            duration_ms: 10.0,
            total_ms: 30.0,
            holding_na: 0.0,
            features: vec![target],
            firing,
        };
        Objective::of_sweep(0, &sweep, &[feature("voltage_base").unwrap()])
    }

    fn ran(n_spikes: usize, n_all_spikes: usize, largest_mv: f64) -> Outcome {
        Outcome::Ran { values: Vec::new(), n_spikes, n_all_spikes, largest_mv }
    }

    #[test]
    fn analytic_scores_of_a_feature() {
        let feature = &objectives(0.1, Some(Firing::Fires))[0];
        let score = |outcome: &Outcome, value| feature.score(outcome, value, THRESHOLD_MV);
        assert_eq!(score(&ran(1, 1, 20.0), Some(-61.0)), 2.0);
        assert_eq!(score(&ran(1, 1, 20.0), Some(-165.0)), 20.0);
        // Undefined: 15 of 60 mV below the threshold.
        assert_eq!(score(&ran(0, 0, -35.0), None), 25.0);
        assert_eq!(score(&Outcome::Diverged, None), 40.0);
        assert_eq!(score(&Outcome::Skipped { shortfall: 0.5 }, None), 30.0);
        // A sweep that should not fire is not the better for a higher voltage.
        for feature in [&objectives(-0.1, None)[0], &objectives(0.1, Some(Firing::Silent))[0]] {
            assert_eq!(feature.score(&ran(0, 0, -35.0), None, THRESHOLD_MV), 40.0);
        }
    }

    #[test]
    fn analytic_scores_of_firing() {
        let (fires, silent) =
            (&objectives(0.1, Some(Firing::Fires))[1], &objectives(0.1, Some(Firing::Silent))[1]);
        let score = |objective: &Objective, outcome| objective.score(&outcome, None, THRESHOLD_MV);
        assert_eq!(score(fires, ran(3, 3, 20.0)), 0.0);
        assert_eq!(score(fires, ran(0, 2, -80.0)), 40.0);
        assert_eq!(score(silent, ran(0, 0, -50.0)), 0.0);
        assert_eq!(score(silent, ran(0, 4, -50.0)), 22.0);
        assert_eq!(score(silent, ran(0, 400, 20.0)), 40.0);
    }

    #[test]
    fn analytic_hopeless_are_those_on_the_wrong_side() {
        let check = |outcome: Outcome, firing, expected: Option<f64>| {
            assert_eq!(outcome.hopeless(firing, THRESHOLD_MV), expected, "{outcome:?}");
        };
        check(ran(2, 2, 20.0), Some(Firing::Silent), Some(0.05));
        check(ran(0, 0, -50.0), Some(Firing::Silent), None);
        check(ran(0, 0, -50.0), Some(Firing::Fires), Some(0.5));
        check(ran(1, 1, 20.0), Some(Firing::Fires), None);
        check(ran(0, 0, -50.0), None, None);
        check(Outcome::Diverged, None, Some(1.0));
    }
}
