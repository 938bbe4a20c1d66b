//! Fine-tuning: a run that starts from an operator, with its encoding and scaling, and may weigh features.

use std::collections::BTreeMap;

use noble_data::dataset::{Manifest, Split};
use noble_data::{ModelId, TimeGrid};
use noble_operator::{
    AdamWSettings, Departure, FeatureContext, FeatureTerm, FeatureTerms, Network, NetworkPlan,
    ObjectiveScratch, Operator, OptimizerSettings, SampleInput, SoftFeature, SoftSettings, TrainerSettings,
    predict_batch,
};
use serde::{Deserialize, Serialize};

use super::data::{Batch, train_models};
use super::{RateShape, SoftFeatureError, TrainSettings, TrainingSet, Window};
use crate::Error;
use crate::generate::DatasetFolder;

/// Features to weigh.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTuneSettings {
    /// `λ` of each feature, for a departure of the feature's root mean square over the training traces.
    pub weights: Vec<(SoftFeature, f64)>,
    /// Threshold and temperatures of the features.
    pub softness: SoftSettings,
}

/// What a run starts from instead of fresh weights.
#[derive(Debug)]
pub struct FineTune {
    network: Network,
    from_sha256: String,
    from_provenance: String,
    settings: FineTuneSettings,
    features: Option<FeatureTerms>,
}

impl FineTune {
    /// The published fine-tuning's optimizer, learning rate, factor and patience, for 2000 steps.
    #[must_use]
    pub fn defaults() -> TrainSettings {
        TrainSettings {
            optimizer: OptimizerSettings::Adamw(AdamWSettings::default()),
            n_steps: 2000,
            learning_rate: 5e-4,
            rate_shape: RateShape::Plateau,
            plateau_factor: 0.4,
            plateau_patience: 12,
            ..TrainSettings::default()
        }
    }

    /// Reads a dataset as an operator sees it and prepares to tune the operator on it.
    ///
    /// Encoding and scaling stay the operator's; the scales of the feature terms are the root mean squares of the soft
    /// features over the training traces that have them.
    /// # Errors
    /// [`Error::Usage`] for a dataset on another time grid, with another step of current or other latent features, or
    /// without a trace that has a weighed feature; [`Error::Operator`] for an impossible weight; and those of
    /// [`TrainingSet::read`].
    pub fn start(
        (operator, from_sha256): (&Operator, &str),
        folder: &DatasetFolder,
        (train, settings): (&TrainSettings, FineTuneSettings),
    ) -> Result<(TrainingSet, Self), Error> {
        let window = Window::new(&folder.manifest, train)?;
        check_fit(operator, &folder.manifest, &window)?;
        let card = operator.card();
        let train_models = train_models(&folder.manifest, train)?;
        let set = TrainingSet::read_as((folder, train_models), window, card.input.clone(), card.output)?;
        let features = terms(&set, &settings)?;
        let tune = Self {
            network: operator.network().clone(),
            from_sha256: from_sha256.to_owned(),
            from_provenance: card.provenance.clone(),
            settings,
            features,
        };
        Ok((set, tune))
    }

    /// Features, weights and the scales that were found.
    #[must_use]
    pub fn features(&self) -> Option<&FeatureTerms> {
        self.features.as_ref()
    }

    /// Models that the dataset holds out but the operator was trained on before: errors on them are no errors on unseen
    /// models.
    #[must_use]
    pub fn seen_before(operator: &Operator, manifest: &Manifest) -> Vec<ModelId> {
        let is_held_out = |id: &ModelId| manifest.model(*id).is_some_and(|model| model.split != Split::Train);
        operator.card().train_models.iter().copied().filter(is_held_out).collect()
    }

    pub(super) fn network(&self) -> Network {
        self.network.clone()
    }

    pub(super) fn trainer(&self, settings: TrainerSettings) -> TrainerSettings {
        TrainerSettings { features: self.features.clone(), ..settings }
    }

    pub(super) fn provenance(&self) -> Result<String, Error> {
        let settings = serde_json::to_string(&self.settings)
            .map_err(|error| Error::Internal { what: error.to_string() })?;
        let (sha256, provenance) = (&self.from_sha256, &self.from_provenance);
        Ok(format!(", tuned with {settings} from the operator of SHA-256 {sha256} ({provenance})"))
    }
}

/// Refuses a dataset that the operator's inputs and outputs do not describe.
fn check_fit(operator: &Operator, manifest: &Manifest, window: &Window) -> Result<(), Error> {
    let card = operator.card();
    let remedy = "generate the dataset with the operator's protocol and latent features";
    if operator.check_grid(window.grid).is_err() {
        let text = |grid: TimeGrid| format!("{} samples of {} ms", grid.n_samples(), grid.step_ms());
        let (ours, theirs) = (text(card.grid), text(window.grid));
        return Err(Error::usage(format!("the operator knows {ours}, the dataset has {theirs}"), remedy));
    }
    let (ours, theirs) = (card.stimulus, window.timing);
    let is_same = |a: f64, b: f64| (a - b).abs() <= 1e-6 * window.grid.step_ms();
    if !(is_same(ours.delay_ms, theirs.delay_ms) && is_same(ours.duration_ms, theirs.duration_ms)) {
        let what = format!(
            "the operator knows a step of {} ms from {} ms, the dataset has {} ms from {} ms",
            ours.duration_ms, ours.delay_ms, theirs.duration_ms, theirs.delay_ms
        );
        return Err(Error::usage(what, remedy));
    }
    let (ours_ms, theirs_ms) = (card.sampling.settle_ms, window.settle_ms(manifest));
    if !is_same(ours_ms, theirs_ms) {
        let what = format!(
            "the operator's cells settle for {ours_ms} ms before a trace, the dataset's for {theirs_ms} ms"
        );
        let settle_ms = ours_ms - (theirs_ms - manifest.settle_ms);
        return Err(Error::usage(what, format!("generate the dataset with --settle-ms {settle_ms}")));
    }
    let names: Vec<&str> = card.input.latents.iter().map(|latent| latent.name.as_str()).collect();
    let lacks = |name: &&&str| manifest.models.iter().any(|model| !model.latents.contains_key(**name));
    if let Some(name) = names.iter().find(lacks) {
        let what = format!("the operator's latent feature {name} is not in the dataset; it takes {names:?}");
        return Err(Error::usage(what, remedy));
    }
    Ok(())
}

/// The feature terms, each scaled by the root mean square of its feature.
fn terms(set: &TrainingSet, settings: &FineTuneSettings) -> Result<Option<FeatureTerms>, Error> {
    if settings.weights.is_empty() {
        return Ok(None);
    }
    if set.window.last_start > 0 {
        let what = "features are weighed in windows with starts of their own".to_owned();
        return Err(Error::usage(what, "leave out --window-ms, or give --max-shift-ms 0"));
    }
    let of_weight = |(feature, weight): &(SoftFeature, f64)| FeatureTerm::new(*feature, *weight, 1.0);
    let context =
        FeatureContext { grid: set.window.grid, stimulus: set.window.timing, settings: settings.softness };
    let terms = settings.weights.iter().map(of_weight).collect::<Result<_, _>>()?;
    let mut features = FeatureTerms { terms, context, output: set.output };
    features.check(context.grid.n_samples())?;
    let all: Vec<usize> = (0..set.n_train()).collect();
    let errors = set.with_train(Batch { indices: &all, step: 0, seed: 0 }, |samples| {
        let traces = samples.iter().map(|sample| (sample.target, sample.target));
        departures(&features, traces)
    });
    for (term, departures) in features.terms.iter_mut().zip(errors) {
        let sum = Sums::of(&departures);
        term.scale = (sum.reference_square / sum.count()).sqrt();
        if !(term.scale.is_finite() && term.scale > 0.0) {
            let what = format!("no training trace has the feature {}", term.feature.name());
            return Err(Error::usage(what, "leave it out, or give a dataset with currents that show it"));
        }
    }
    Ok(Some(features))
}

/// Departures by term, then by trace, of pairs of predicted and reference output.
fn departures<'a>(
    features: &FeatureTerms,
    traces: impl Iterator<Item = (&'a [f32], &'a [f32])>,
) -> Vec<Vec<Departure>> {
    let mut scratch = ObjectiveScratch::default();
    let mut by_term = vec![Vec::new(); features.terms.len()];
    for (predicted, reference) in traces {
        let all = features.departures(predicted, reference, &mut scratch);
        by_term.iter_mut().zip(all).for_each(|(of_term, departure)| of_term.push(departure));
    }
    by_term
}

/// Soft features over the validation traces, by name.
pub(super) fn feature_errors(
    set: &TrainingSet,
    network: &Network,
    features: &FeatureTerms,
) -> Result<BTreeMap<String, SoftFeatureError>, Error> {
    let plan = NetworkPlan::new(network, set.window.grid.n_samples())?;
    let by_term = set.with_validation(|samples| {
        let inputs: Vec<SampleInput<'_>> = samples.iter().map(|sample| sample.input).collect();
        let predicted = predict_batch(&plan, &inputs);
        let references = samples.iter().map(|sample| sample.target);
        departures(features, predicted.chunks(plan.n_samples()).zip(references))
    });
    let error = |(term, departures): (&FeatureTerm, Vec<Departure>)| {
        (term.feature.name().to_owned(), soft_feature_error(term, &departures))
    };
    Ok(features.terms.iter().zip(by_term).map(error).collect())
}

#[expect(clippy::cast_precision_loss, reason = "counts of traces")]
fn soft_feature_error(term: &FeatureTerm, departures: &[Departure]) -> SoftFeatureError {
    let sums = Sums::of(departures);
    let cost: f64 = departures.iter().map(|departure| term.cost(*departure)).sum();
    SoftFeatureError {
        n_traces: sums.n_both + sums.n_missing,
        n_missing: sums.n_missing,
        rms: (sums.error_square / sums.count()).sqrt(),
        relative_square: if sums.reference_square > 0.0 {
            sums.error_square / sums.reference_square
        } else {
            0.0
        },
        cost: cost / departures.len().max(1) as f64,
    }
}

/// Sums over the traces that have a feature.
#[derive(Debug, Default)]
struct Sums {
    n_both: usize,
    n_missing: usize,
    error_square: f64,
    reference_square: f64,
}

impl Sums {
    fn of(departures: &[Departure]) -> Self {
        let mut sums = Self::default();
        for departure in departures {
            match departure {
                Departure::Absent => {}
                Departure::Missing { .. } => sums.n_missing += 1,
                Departure::Both { predicted, reference } => {
                    sums.n_both += 1;
                    sums.error_square += (predicted - reference) * (predicted - reference);
                    sums.reference_square += reference * reference;
                }
            }
        }
        sums
    }

    /// Traces that have both, at least one.
    #[expect(clippy::cast_precision_loss, reason = "a count of traces")]
    fn count(&self) -> f64 {
        self.n_both.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_errors_of_a_feature() {
        let term = FeatureTerm::new(SoftFeature::named("sag_mv").unwrap(), 0.5, 2.0).unwrap();
        let departures = [
            Departure::Absent,
            Departure::Missing { reference: 4.0 },
            Departure::Both { predicted: 1.0, reference: 3.0 },
            Departure::Both { predicted: 4.0, reference: 4.0 },
        ];
        let error = soft_feature_error(&term, &departures);
        assert_eq!((error.n_traces, error.n_missing), (3, 1));
        assert!((error.rms - 2.0_f64.sqrt()).abs() < 1e-12);
        assert!((error.relative_square - 4.0 / 25.0).abs() < 1e-12);
        assert!((error.cost - (0.5 + 0.5) / 4.0).abs() < 1e-12);
    }
}
