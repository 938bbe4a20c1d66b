//! Options of `noble train` that start from an operator.

use std::path::PathBuf;

use clap::Args;
use noble_data::dataset::sha256_hex;
use noble_operator::{FeatureTerm, Operator, SoftFeature, SoftSettings};

use super::terminal::words;
use crate::generate::DatasetFolder;
use crate::training::{FineTune, FineTuneSettings, TrainSettings, TrainingSet};
use crate::{Error, embedded_operator, files};

/// Fine-tuning.
#[derive(Debug, Args)]
pub(super) struct FineTuneArgs {
    /// Tune an operator instead of starting afresh: its encoding and scaling are kept; without a path the embedded one
    #[arg(long, value_name = "SAFETENSORS", num_args = 0..=1,
        conflicts_with_all = ["hidden_channels", "layers", "modes", "current_frequencies", "latents", "rhythm_frequencies"])]
    from: Option<Option<PathBuf>>,
    /// Weigh features beside the loss; 1 counts a departure of the feature's usual size as much as a loss of 1. Features:
    /// sag_mv, steady_state_mv, spike_count, first_spike_ms, ap_height_mv, ap_half_width_ms, ahp_depth_mv
    #[arg(long, value_name = "NAME=WEIGHT,…", value_delimiter = ',', requires = "from")]
    feature_weights: Vec<String>,
}

impl FineTuneArgs {
    /// Settings of a run where nothing else is typed.
    pub(super) fn defaults(&self) -> TrainSettings {
        if self.from.is_some() { FineTune::defaults() } else { TrainSettings::default() }
    }

    /// The operator to start from and the SHA-256 of its file.
    pub(super) fn operator(&self) -> Result<Option<(Operator, String)>, Error> {
        let Some(from) = &self.from else { return Ok(None) };
        let (operator, bytes) = match from {
            Some(path) => (files::read_with(path, Operator::from_bytes)?, files::read(path)?),
            None => {
                let operator = embedded_operator()?;
                let bytes = operator.to_bytes()?;
                (operator, bytes)
            }
        };
        Ok(Some((operator, sha256_hex(&bytes))))
    }

    /// The dataset as the operator sees it, and what to tune.
    pub(super) fn start(
        &self,
        (operator, sha256): &(Operator, String),
        dataset: &DatasetFolder,
        train: &TrainSettings,
    ) -> Result<(TrainingSet, FineTune), Error> {
        let settings = FineTuneSettings { weights: self.weights()?, softness: SoftSettings::default() };
        let (set, tune) = FineTune::start((operator, sha256), dataset, (train, settings))?;
        let seen = FineTune::seen_before(operator, &dataset.manifest);
        if !seen.is_empty() {
            words(&format!("models {seen:?} are held out here but were trained on before"));
        }
        for FeatureTerm { feature, weight, scale } in tune.features().iter().flat_map(|f| &f.terms) {
            words(&format!("{}: weight {weight} for a departure of {scale:.4}", feature.name()));
        }
        Ok((set, tune))
    }

    fn weights(&self) -> Result<Vec<(SoftFeature, f64)>, Error> {
        let weight = |typed: &String| {
            let pair = typed.split_once('=').and_then(|(name, weight)| Some((name, weight.parse().ok()?)));
            let (name, weight) = pair.ok_or_else(|| {
                Error::usage(format!("--feature-weights has {typed}"), "give pairs such as sag_mv=0.1")
            })?;
            let feature = SoftFeature::named(name.trim())?;
            FeatureTerm::new(feature, weight, 1.0)?;
            Ok((feature, weight))
        };
        let weights = self.feature_weights.iter().map(weight).collect::<Result<Vec<_>, Error>>()?;
        for (idx, (feature, _)) in weights.iter().enumerate() {
            if weights[..idx].iter().any(|(other, _)| other == feature) {
                let what = format!("--feature-weights has {} twice", feature.name());
                return Err(Error::usage(what, "give each feature once"));
            }
        }
        Ok(weights)
    }
}
