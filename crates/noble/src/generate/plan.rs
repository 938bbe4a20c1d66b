//! Which model gets which current, and what each trace is for.

use std::collections::BTreeMap;

use noble_data::ModelId;
use noble_data::dataset::Split;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::Amplitudes;
use crate::{Error, ExcitabilitySettings, LatentSet, Protocol};

/// What dataset to make.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerateSettings {
    /// Seed of the plan.
    pub seed: u64,
    /// Protocol of every trace.
    pub protocol: Protocol,
    /// Smallest amplitude.
    pub lowest_na: f64,
    /// Largest amplitude.
    pub highest_na: f64,
    /// How amplitudes are spread between them.
    #[serde(default, skip_serializing_if = "Amplitudes::is_uniform")]
    pub amplitudes: Amplitudes,
    /// Traces of every model.
    pub n_traces_per_model: usize,
    /// Models that training never sees, for choices.
    pub n_validation_models: usize,
    /// Models that training never sees, for the end.
    pub n_test_models: usize,
    /// Fraction of a training model's traces held out for validation, and again for the test.
    pub held_out_fraction: f64,
    /// Traces of one shard.
    pub n_traces_per_shard: usize,
    /// How latent features are measured.
    pub excitability: ExcitabilitySettings,
    /// Which latent features are measured.
    #[serde(default, skip_serializing_if = "LatentSet::is_excitability")]
    pub latents: LatentSet,
}

impl Default for GenerateSettings {
    /// NOBLE's range of currents at the embedded operator's resolution.
    fn default() -> Self {
        Self {
            seed: 1,
            protocol: Protocol::default(),
            lowest_na: -0.11,
            highest_na: 0.28,
            amplitudes: Amplitudes::Uniform,
            n_traces_per_model: 200,
            n_validation_models: 4,
            n_test_models: 6,
            held_out_fraction: 0.1,
            n_traces_per_shard: 100,
            excitability: ExcitabilitySettings::default(),
            latents: LatentSet::Excitability,
        }
    }
}

/// Keeps every product of counts far from overflow.
const MOST_TRACES: usize = 1_000_000;

/// One trace to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedTrace {
    /// Its model.
    pub model: ModelId,
    /// Its amplitude.
    pub step_na: f64,
    /// What it is for.
    pub split: Split,
}

impl GenerateSettings {
    /// Checks that a dataset of these settings exists.
    ///
    /// # Errors
    /// [`Error::Usage`] with the setting that is not possible.
    pub fn check(&self, n_models: usize) -> Result<(), Error> {
        self.protocol.check()?;
        let range = format!("the range of currents is {} to {} nA", self.lowest_na, self.highest_na);
        let is_range =
            self.lowest_na.is_finite() && self.highest_na.is_finite() && self.lowest_na < self.highest_na;
        let n_held_out = self.n_validation_models.saturating_add(self.n_test_models);
        let n_traces = 1..=MOST_TRACES;
        let n_held_out_traces =
            if n_traces.contains(&self.n_traces_per_model) { self.n_held_out_traces() } else { 0 };
        let requirements = [
            (
                n_traces.contains(&self.n_traces_per_model),
                format!("{} traces per model are asked for", self.n_traces_per_model),
                "ask for 1 to 1000000",
            ),
            (
                self.excitability.largest_na > 0.0,
                format!("the F-I curve ends at {} nA", self.excitability.largest_na),
                "let the largest current be positive",
            ),
            (
                n_held_out_traces > 0 && 2 * n_held_out_traces < self.n_traces_per_model,
                format!(
                    "{} of {} currents are held out for validation, and as many for the test",
                    n_held_out_traces, self.n_traces_per_model
                ),
                "hold out at least one of each and leave some for training, or ask for more traces per model",
            ),
            (is_range, range.clone(), "give a smaller and a larger finite current"),
            (
                self.amplitudes
                    .mode_na()
                    .is_none_or(|mode_na| (self.lowest_na..=self.highest_na).contains(&rounded_na(mode_na))),
                format!("{range}, the most frequent lies outside"),
                "choose --mode-na within it",
            ),
            (
                self.n_traces_per_shard > 0,
                "no trace per shard is asked for".to_owned(),
                "ask for one or more",
            ),
            (
                (0.0..0.5).contains(&self.held_out_fraction),
                format!("{} of the currents are held out", self.held_out_fraction),
                "hold out a fraction from 0 to below 0.5",
            ),
            (
                n_held_out < n_models,
                format!("{n_held_out} of {n_models} models are held out"),
                "leave at least one for training: lower --validation-models or --test-models",
            ),
        ];
        match requirements.into_iter().find(|(is_met, _, _)| !is_met) {
            Some((_, what, remedy)) => Err(Error::usage(what, remedy)),
            None => Ok(()),
        }
    }

    /// Files of a dataset of so many models; for settings that pass [`Self::check`].
    ///
    /// # Panics
    /// When no trace per shard is asked for.
    #[must_use]
    pub fn n_files(&self, n_models: usize) -> usize {
        self.n_traces_per_model.saturating_mul(n_models).div_ceil(self.n_traces_per_shard)
    }

    /// Currents of a training model held out for validation, and again for the test.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of a bounded whole number"
    )]
    fn n_held_out_traces(&self) -> usize {
        (self.held_out_fraction * self.n_traces_per_model as f64).round() as usize
    }

    /// Every trace of one model: amplitudes drawn one from each of as many equally likely parts of the range, so that
    /// no part of it is missed.
    ///
    /// The amplitudes of a model depend on the seed and its number, not on the other models.
    #[must_use]
    pub fn traces_of(&self, model: ModelId, split: Split) -> Vec<PlannedTrace> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(
            self.seed ^ (u64::from(model) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        );
        let n_traces = self.n_traces_per_model;
        #[expect(clippy::cast_precision_loss, reason = "a small whole number")]
        let parts = (0..n_traces).map(|part| (part as f64 + rng.random::<f64>()) / n_traces as f64);
        let range_na = (self.lowest_na, self.highest_na);
        let steps_na: Vec<f64> =
            self.amplitudes.quantiles_na(range_na, parts).into_iter().map(rounded_na).collect();
        let mut order: Vec<usize> = (0..n_traces).collect();
        order.shuffle(&mut rng);
        let n_held_out = self.n_held_out_traces();
        let split_of = |rank: usize| match split {
            Split::Train if rank < n_held_out => Split::Test,
            Split::Train if rank < 2 * n_held_out => Split::Validation,
            other => other,
        };
        let mut traces: Vec<PlannedTrace> = order
            .iter()
            .enumerate()
            .map(|(rank, part)| PlannedTrace { model, step_na: steps_na[*part], split: split_of(rank) })
            .collect();
        traces.sort_by(|a, b| a.step_na.total_cmp(&b.step_na));
        traces
    }
}

/// Amplitudes are kept to a picoampere's thousandth, so that they print as they are.
pub(super) fn rounded_na(step_na: f64) -> f64 {
    (step_na * 1e6).round() / 1e6
}

/// Part of a plan's traces below which a warning says that few of them fire.
const FEW_FIRE: f64 = 0.25;

/// What to say of a plan few of whose amplitudes lie above the threshold currents of their models, in nA.
#[expect(clippy::cast_precision_loss, reason = "a count of traces")]
pub(super) fn silence(plan: &[PlannedTrace], i_thr_na: &BTreeMap<ModelId, f64>) -> Option<String> {
    let known = || plan.iter().filter_map(|trace| Some((trace.step_na, *i_thr_na.get(&trace.model)?)));
    let fires = known().filter(|(step_na, i_thr_na)| step_na >= i_thr_na).count() as f64;
    let part = fires / known().count().max(1) as f64;
    let mut thresholds: Vec<f64> = i_thr_na.values().copied().collect();
    thresholds.sort_by(f64::total_cmp);
    let median_na = thresholds.get(thresholds.len() / 2)?;
    let percent = 100.0 * part;
    let remedy =
        format!("--highest-na, or --mode-na {median_na:.2} of skew-normal amplitudes, makes them more");
    (part < FEW_FIRE).then(|| {
        format!("warning: {percent:.0} % of the currents lie above the threshold current of their model, median {median_na:.3} nA; {remedy}")
    })
}

/// Which models training sees: a shuffle by the seed, its last entries held out.
#[must_use]
pub fn split_models(ids: &[ModelId], settings: &GenerateSettings) -> Vec<(ModelId, Split)> {
    let mut order = ids.to_vec();
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(settings.seed));
    let n_train = order.len().saturating_sub(settings.n_validation_models + settings.n_test_models);
    let split_of = |rank: usize| {
        if rank < n_train {
            Split::Train
        } else if rank < n_train + settings.n_validation_models {
            Split::Validation
        } else {
            Split::Test
        }
    };
    let mut models: Vec<(ModelId, Split)> =
        order.iter().enumerate().map(|(rank, id)| (*id, split_of(rank))).collect();
    models.sort_unstable_by_key(|(id, _)| *id);
    models
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_every_part_of_the_range_has_one_current() {
        let settings = GenerateSettings::default();
        let traces = settings.traces_of(3, Split::Train);
        let width_na = (settings.highest_na - settings.lowest_na) / 200.0;
        for (part, trace) in traces.iter().enumerate() {
            let low_na = settings.lowest_na + width_na * f64::from(u32::try_from(part).unwrap());
            assert!(trace.step_na >= low_na - 1e-6 && trace.step_na <= low_na + width_na + 1e-6);
        }
        let count = |split| traces.iter().filter(|trace| trace.split == split).count();
        assert_eq!([count(Split::Train), count(Split::Validation), count(Split::Test)], [160, 20, 20]);
    }

    #[test]
    fn invariant_a_models_traces_do_not_depend_on_others() {
        let settings = GenerateSettings::default();
        assert_eq!(settings.traces_of(3, Split::Test), settings.traces_of(3, Split::Test));
        let first_bits = |model| settings.traces_of(model, Split::Test)[0].step_na.to_bits();
        assert_ne!(first_bits(3), first_bits(4));
        let models = split_models(&[5, 1, 9, 2, 3, 4, 6, 7, 8, 0, 10, 11], &settings);
        assert_eq!(models.iter().filter(|(_, split)| *split == Split::Train).count(), 2);
        assert!(models.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn analytic_few_currents_above_threshold_are_said() {
        let plan = GenerateSettings::default().traces_of(3, Split::Train);
        // Of -0.11 to 0.28 nA a fifth lies above 0.202 nA.
        let text = silence(&plan, &BTreeMap::from([(3, 0.202)])).unwrap();
        assert!(text.contains("20 % of the currents") && text.contains("--mode-na 0.20"), "{text}");
        assert_eq!(silence(&plan, &BTreeMap::from([(3, 0.1)])), None);
        assert_eq!(silence(&plan, &BTreeMap::new()), None);
    }

    #[test]
    fn invariant_impossible_settings_are_refused() {
        let base = GenerateSettings::default();
        let cases = [
            GenerateSettings { lowest_na: 0.3, ..base },
            GenerateSettings { n_traces_per_model: 0, ..base },
            GenerateSettings { n_traces_per_model: usize::MAX, ..base },
            GenerateSettings { n_traces_per_model: 4, ..base },
            GenerateSettings { held_out_fraction: 0.6, ..base },
            GenerateSettings { held_out_fraction: 0.49, n_traces_per_model: 2, ..base },
            GenerateSettings { n_validation_models: usize::MAX, ..base },
            GenerateSettings { n_test_models: 60, ..base },
            GenerateSettings { amplitudes: Amplitudes::study((-0.11, 0.28), Some(0.3)), ..base },
            GenerateSettings { amplitudes: Amplitudes::study((-0.11, 0.28), Some(f64::NAN)), ..base },
        ];
        assert!(base.check(20).is_ok());
        for mode_na in [-0.11, 0.2, 0.28] {
            let amplitudes = Amplitudes::study((-0.11, 0.28), Some(mode_na));
            assert!(GenerateSettings { amplitudes, ..base }.check(20).is_ok());
        }
        for settings in cases {
            assert!(matches!(settings.check(20), Err(Error::Usage { .. })));
        }
    }
}
