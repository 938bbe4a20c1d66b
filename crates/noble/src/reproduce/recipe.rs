//! How much is simulated and trained for a budget.

use noble_data::dataset::sha256_hex;
use noble_operator::Loss;
use serde::{Deserialize, Serialize};

use crate::generate::{Amplitudes, GenerateSettings, json_line};
use crate::latent_features::{swept_definition, train_shape};
use crate::training::TrainSettings;
use crate::{Cells, Error, ExcitabilitySettings, LatentSet, Protocol};

/// Size of a reproduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// A run to see that everything works, and about how well.
    Minutes,
    /// The run that the shipped operator comes from.
    Hours,
}

/// Everything that decides what comes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The dataset.
    pub generate: GenerateSettings,
    /// The trainings: the first from fresh weights, each other from the operator that the one before it left.
    pub trainings: Vec<TrainSettings>,
}

/// Largest learning rate and steps of the training by relative L2 that follows the one by relative L4: the latter puts spikes
/// where they belong and hardly sees what is off by a few millivolts, such as their peaks and the rest before them.
const SHARPENING_RATE: f64 = 3e-3;
const N_SHARPENING_STEPS: u64 = 10_000;
const N_SHARPENING_VALIDATIONS: u64 = 10;
/// Fewest models: one for validation, one for the test, two to tell apart.
const FEWEST_MODELS: usize = 4;

impl Recipe {
    /// The recipe of a budget for so many models and currents within `range_na`, spread as [`Amplitudes::study`] says.
    ///
    /// Sweeps are the study's: 400 ms of current in windows of 515 ms, solved at 0.02 ms, every third sample. The step always
    /// comes at the default onset after the initial voltage, where thresholds are measured; what varies is how much of the time
    /// before it a training window shows, from none to all. The operator answers with all of it, as a simulation begins. A tenth of the models, at most 40, is kept for the test, a fifteenth, at most 20, for choices, and a
    /// twentieth of every training model's currents for either.
    ///
    /// # Errors
    /// [`Error::Usage`] for fewer models than the parts need.
    pub fn new(
        budget: Budget,
        n_models: usize,
        range_na: (f64, f64),
        mode_na: Option<f64>,
    ) -> Result<Self, Error> {
        if n_models < FEWEST_MODELS {
            let what = format!("{n_models} models cannot be parted into training, validation and test");
            return Err(Error::usage(what, format!("give {FEWEST_MODELS} or more")));
        }
        let (n_traces, n_steps, n_layers) = match budget {
            Budget::Minutes => ((3000 / n_models).clamp(20, 100), 2500, 4),
            Budget::Hours => ((60_000 / n_models).clamp(100, 1000), 30_000, 6),
        };
        let shared = Protocol::default();
        let (lowest_na, highest_na) = range_na;
        let generate = GenerateSettings {
            protocol: Protocol { total_ms: shared.total_ms + shared.delay_ms, ..shared },
            lowest_na,
            highest_na,
            amplitudes: Amplitudes::study(range_na, mode_na),
            n_traces_per_model: n_traces,
            n_validation_models: (n_models / 15).clamp(1, 20),
            n_test_models: (n_models / 10).clamp(1, 40),
            held_out_fraction: 0.05,
            n_traces_per_shard: 1000,
            excitability: ExcitabilitySettings { largest_na: highest_na, ..ExcitabilitySettings::default() },
            latents: LatentSet::Wide,
            ..GenerateSettings::default()
        };
        let train = TrainSettings {
            n_layers,
            n_modes: 256,
            n_current_frequencies: 9,
            n_rhythm_frequencies: 7,
            n_steps,
            n_steps_per_validation: n_steps.div_ceil(9),
            window_ms: Some(shared.total_ms),
            max_shift_ms: shared.delay_ms,
            answer_shift_ms: Some(0.0),
            ..TrainSettings::default()
        };
        let trainings = match budget {
            Budget::Minutes => vec![train],
            Budget::Hours => {
                let sharpen = TrainSettings {
                    loss: Loss::RelativeL2,
                    learning_rate: SHARPENING_RATE,
                    n_steps: N_SHARPENING_STEPS,
                    n_steps_per_validation: N_SHARPENING_STEPS.div_ceil(N_SHARPENING_VALIDATIONS),
                    ..train.clone()
                };
                vec![train, sharpen]
            }
        };
        Ok(Self { generate, trainings })
    }

    /// Another seed of currents, splits, weights and the order of traces.
    pub fn reseed(&mut self, seed: u64) {
        self.generate.seed = seed;
        self.trainings.iter_mut().for_each(|training| training.seed = seed);
    }

    /// Passes of a trace through the network in all trainings.
    #[must_use]
    pub fn n_passes(&self) -> u64 {
        self.trainings.iter().map(|train| train.n_steps * train.traces_per_step() as u64).sum()
    }

    /// Key of the dataset: changes with everything that the traces depend on.
    pub(super) fn dataset_key(&self, cells: &Cells) -> Result<String, Error> {
        let ids: Vec<u32> = cells.models.keys().copied().collect();
        let models: Vec<_> = cells.models.values().collect();
        let swept = swept_definition();
        key(&(&self.generate, swept, &cells.morphology_sha256, ids, models, cells.channels_sha256()))
    }

    /// Key of the operator that the first trainings leave on data of a hash.
    pub(super) fn operator_key(&self, n_trainings: usize, data_sha256: &str) -> Result<String, Error> {
        key(&(&self.trainings[..n_trainings], train_shape(), data_sha256))
    }
}

fn key<T: Serialize>(value: &T) -> Result<String, Error> {
    Ok(sha256_hex(&json_line(value)?)[..12].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_budgets_fit_halls_of_fame_of_any_size() {
        for (n_models, n_traces, parts) in [(4, 1000, (1, 1)), (60, 1000, (4, 6)), (660, 100, (20, 40))] {
            let recipe = Recipe::new(Budget::Hours, n_models, (-0.11, 0.28), None).unwrap();
            let generate = recipe.generate;
            assert_eq!(generate.n_traces_per_model, n_traces);
            assert_eq!((generate.n_validation_models, generate.n_test_models), parts);
            generate.check(n_models).unwrap();
            Recipe::new(Budget::Minutes, n_models, (-0.11, 0.28), None)
                .unwrap()
                .generate
                .check(n_models)
                .unwrap();
        }
        let message = Recipe::new(Budget::Minutes, 3, (-0.11, 0.28), None).unwrap_err().to_string();
        assert!(message.contains("3 models cannot be parted"), "{message}");
    }
}
