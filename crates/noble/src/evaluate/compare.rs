//! Pairs of reference and predicted traces.

use ndarray::Array2;
use noble_data::dataset::{DatasetModel, Shard, Split};
use noble_data::sweeps::StimulusWindow;
use noble_data::{ModelId, Sweeps};
use noble_features::metrics::{CoincidenceSettings, Interval, Norm, TracePair, coincidence_factor};
use noble_features::{Feature, Mode, STUDY_FEATURES, Settings, feature};
use noble_operator::{Operator, OperatorCard, Query, QueryStimulus};

use super::Baselines;
use super::baselines::baselines;
use crate::features::{SweepFeatures, extract_as};
use crate::generate::DatasetFolder;
use crate::predict::N_TOGETHER;
use crate::progress::go_on;
use crate::training::Window;
use crate::{Error, I_THR, Progress};

/// One trace of the dataset and what the operator said.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedTrace {
    /// Its model.
    pub model: ModelId,
    /// What its model was for in training.
    pub model_split: Split,
    /// Amplitude of its step.
    pub step_na: f64,
    /// Threshold current of the model, where the dataset has it.
    pub i_thr_na: Option<f64>,
    /// `‖predicted − reference‖₂ / ‖reference‖₂` of the voltage.
    pub relative_l2: f64,
    /// Root of the mean squared difference of the voltage.
    pub rms_mv: f64,
    /// Spikes of the simulated and of the predicted trace within the step.
    pub n_spikes: (usize, usize),
    /// Simulated voltage, `[t]`.
    pub reference_mv: Vec<f64>,
    /// Predicted voltage, `[t]`.
    pub predicted_mv: Vec<f64>,
    /// Features of the simulated trace.
    pub reference: SweepFeatures,
    /// Features of the predicted trace.
    pub predicted: SweepFeatures,
    /// Features between the samples of the simulated and of the predicted trace.
    pub precise: (SweepFeatures, SweepFeatures),
    /// Coincidence factor of the spikes within the step, at 2 ms; none where neither fires.
    pub coincidence: Option<f64>,
    /// What would be said without the operator; none where this was not asked.
    pub baselines: Option<Baselines>,
}

/// A simulated trace to compare with.
pub(crate) struct ReferenceTrace {
    /// Its model.
    pub(crate) model: ModelId,
    /// What its model was for in training.
    pub(crate) model_split: Split,
    /// Amplitude of its step.
    pub(crate) step_na: f64,
    /// Threshold current of the model, where the dataset has it.
    pub(crate) i_thr_na: Option<f64>,
    /// Voltage, `[t]`.
    pub(crate) v_mv: Vec<f64>,
}

/// Predicts every trace of the dataset that was held out for `split`: the held-out currents of training models, and
/// all currents of the models held out.
///
/// # Errors
/// [`Error::File`] for a damaged shard, [`Error::Operator`] for a dataset on another time grid or a model whose
/// latent features the operator does not take, [`Error::Usage`] for a dataset that the operator was not trained on -
/// which traces it has seen could not be told then - or when no trace is held out; [`Error::Stopped`].
pub fn compare(
    operator: &Operator,
    dataset: &DatasetFolder,
    split: Split,
    progress: &dyn Progress,
) -> Result<Vec<ComparedTrace>, Error> {
    let window = Window::of_operator(operator.card(), &dataset.manifest)?;
    operator.check_grid(window.grid)?;
    check_origin(operator, dataset)?;
    let shards = dataset.shards()?;
    let places = held_out((dataset, &shards), split, operator.card());
    let chosen = cut((dataset, &shards), &places, &window);
    if chosen.is_empty() {
        let what = format!("the dataset holds out no traces for {}", split.name());
        return Err(Error::usage(what, "generate one that does"));
    }
    let without = baselines(dataset, &shards, operator.card(), (&chosen, &window), progress)?;
    drop(shards);
    let step = |trace: &ReferenceTrace| QueryStimulus::Step { step_na: trace.step_na };
    let asked = Asked::new(&STUDY_FEATURES, &PRECISE_FEATURES)?;
    progress.start("compare", chosen.len());
    let mut compared = ask_and_compare((operator, dataset), chosen, (step, &asked, &window), progress)?;
    progress.finish();
    compared.iter_mut().zip(without).for_each(|(trace, without)| trace.baselines = Some(without));
    Ok(compared)
}

/// Features that eFEL's resampling to 0.1 ms blurs.
pub(super) const PRECISE_FEATURES: [&str; 4] =
    ["AP1_peak", "AP1_width", "spike_half_width", "time_to_first_spike"];

/// Features of a comparison.
pub(crate) struct Asked {
    efel: Vec<&'static Feature>,
    precise: Vec<&'static Feature>,
}

impl Asked {
    /// Features by name, in eFEL's way and between samples.
    ///
    /// # Errors
    /// [`Error::Features`] for an unknown name.
    pub(crate) fn new(efel: &[&str], precise: &[&str]) -> Result<Self, Error> {
        let named = |names: &[&str]| names.iter().map(|name| feature(name)).collect::<Result<Vec<_>, _>>();
        Ok(Self { efel: named(efel)?, precise: named(precise)? })
    }
}

/// Compares simulated traces with predictions `[n_traces × n_samples]` on the window's grid.
pub(crate) fn compare_traces(
    chosen: Vec<ReferenceTrace>,
    predicted_mv: &[f64],
    asked: &Asked,
    window: &Window,
) -> Result<Vec<ComparedTrace>, Error> {
    let n_samples = window.grid.n_samples();
    let start_ms = window.timing.delay_ms;
    let stimulus = StimulusWindow { start_ms, end_ms: start_ms + window.timing.duration_ms };
    let reference: Vec<f64> = chosen.iter().flat_map(|trace| trace.v_mv.iter().copied()).collect();
    let precise = Settings { mode: Mode::Precise, ..Settings::default() };
    let features = |v_mv: Vec<f64>| -> Result<Vec<(SweepFeatures, SweepFeatures)>, Error> {
        let v_mv = Array2::from_shape_vec((chosen.len(), n_samples), v_mv)
            .map_err(|error| Error::Internal { what: error.to_string() })?;
        let steps = chosen.iter().map(|trace| Some(trace.step_na)).collect();
        let sweeps = Sweeps::new(window.grid.times_ms(), steps, v_mv)?;
        let efel = extract_as(&sweeps, &asked.efel, (stimulus, &Settings::default()))?;
        let precise = match asked.precise.is_empty() {
            true => efel.clone(),
            false => extract_as(&sweeps, &asked.precise, (stimulus, &precise))?,
        };
        Ok(efel.into_iter().zip(precise).collect())
    };
    let both = features(reference)?.into_iter().zip(features(predicted_mv.to_vec())?);
    let traces = chosen.into_iter().zip(predicted_mv.chunks(n_samples)).zip(both);
    type Both = (SweepFeatures, SweepFeatures);
    let compared =
        |((chosen, predicted_mv), (reference, predicted)): ((ReferenceTrace, &[f64]), (Both, Both))| {
            let ((reference, precise_reference), (predicted, precise_predicted)) = (reference, predicted);
            let pair = TracePair::new(&chosen.v_mv, predicted_mv)?;
            Ok(ComparedTrace {
                model: chosen.model,
                model_split: chosen.model_split,
                step_na: chosen.step_na,
                i_thr_na: chosen.i_thr_na,
                relative_l2: pair.relative_error(Norm::L2).unwrap_or(f64::INFINITY),
                rms_mv: pair.rms_error_mv(),
                n_spikes: (n_within(&reference, stimulus), n_within(&predicted, stimulus)),
                reference_mv: chosen.v_mv,
                predicted_mv: predicted_mv.to_vec(),
                coincidence: coincidence(&precise_reference, &precise_predicted, stimulus)?,
                baselines: None,
                precise: (precise_reference, precise_predicted),
                reference,
                predicted,
            })
        };
    traces.map(compared).collect()
}

/// Coincidence of the spikes within the step; none where there are none, or so many that chance would do as well.
fn coincidence(
    reference: &SweepFeatures,
    predicted: &SweepFeatures,
    stimulus: StimulusWindow,
) -> Result<Option<f64>, Error> {
    let interval = Interval { start_ms: stimulus.start_ms, end_ms: stimulus.end_ms };
    let [reference, predicted] =
        [reference, predicted].map(|features| interval.spikes_within(&features.spike_times_ms));
    if reference.is_empty() && predicted.is_empty() {
        return Ok(None);
    }
    match coincidence_factor(reference, predicted, interval, &CoincidenceSettings::default()) {
        Ok(coincidence) => Ok(Some(coincidence.factor)),
        Err(noble_features::Error::Setting { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn check_origin(operator: &Operator, dataset: &DatasetFolder) -> Result<(), Error> {
    let (expected, found) = (&operator.card().training_data_sha256, dataset.manifest.data_sha256()?);
    if *expected == found {
        return Ok(());
    }
    let what = format!("the operator was trained on data of SHA-256 {expected}, the dataset has {found}");
    Err(Error::usage(what, "give the dataset it was trained on, whose held-out traces it has never seen"))
}

/// Shards and rows of the traces held out for a split; models of the dataset that the operator was not trained on, because it
/// took some of them alone, are left out.
pub(super) fn held_out(
    (dataset, shards): (&DatasetFolder, &[Shard]),
    split: Split,
    card: &OperatorCard,
) -> Vec<(usize, usize)> {
    let rows = |(shard_idx, shard): (usize, &Shard)| {
        (0..shard.models.len()).map(move |row| (shard_idx, row)).collect()
    };
    let is_asked = |(shard_idx, row): &(usize, usize)| {
        let shard = &shards[*shard_idx];
        let is_known = |model: &DatasetModel| model.split == split || card.train_models.contains(&model.id);
        shard.splits[*row] == split && dataset.manifest.model(shard.models[*row]).is_some_and(is_known)
    };
    shards.iter().enumerate().flat_map::<Vec<(usize, usize)>, _>(rows).filter(is_asked).collect()
}

/// Traces cut to a window.
pub(super) fn cut(
    (dataset, shards): (&DatasetFolder, &[Shard]),
    places: &[(usize, usize)],
    window: &Window,
) -> Vec<ReferenceTrace> {
    let trace = |(shard_idx, row): &(usize, usize)| {
        let shard = &shards[*shard_idx];
        let model = dataset.manifest.model(shard.models[*row])?;
        let samples = shard.voltage_mv.row(*row);
        let samples = samples.iter().skip(window.fixed_start).take(window.grid.n_samples());
        Some(ReferenceTrace {
            model: model.id,
            model_split: model.split,
            step_na: shard.step_na[*row],
            i_thr_na: model.latents.get(I_THR).copied(),
            v_mv: samples.map(|v| f64::from(*v)).collect(),
        })
    };
    places.iter().filter_map(trace).collect()
}

/// Asks the operator for the currents of traces, and compares.
pub(super) fn ask_and_compare(
    (operator, dataset): (&Operator, &DatasetFolder),
    traces: Vec<ReferenceTrace>,
    (stimulus, asked, window): (impl Fn(&ReferenceTrace) -> QueryStimulus, &Asked, &Window),
    progress: &dyn Progress,
) -> Result<Vec<ComparedTrace>, Error> {
    let plan = operator.plan()?;
    let input = &operator.card().input;
    let latents =
        |id: ModelId| dataset.manifest.model(id).map(|model| input.taken(&model.latents)).unwrap_or_default();
    let query = |trace: &ReferenceTrace| Query { stimulus: stimulus(trace), latents: latents(trace.model) };
    let mut compared = Vec::with_capacity(traces.len());
    let mut rest = traces.into_iter();
    loop {
        let some: Vec<ReferenceTrace> = rest.by_ref().take(N_TOGETHER).collect();
        if some.is_empty() {
            return Ok(compared);
        }
        go_on(progress)?;
        let queries: Vec<Query> = some.iter().map(query).collect();
        let predicted_mv: Vec<f64> = plan.predict_mv(&queries)?.into_iter().map(f64::from).collect();
        let n_done = some.len();
        compared.extend(compare_traces(some, &predicted_mv, asked, window)?);
        progress.advance(n_done);
    }
}

fn n_within(features: &SweepFeatures, window: StimulusWindow) -> usize {
    let is_within = |t_ms: &&f64| **t_ms >= window.start_ms && **t_ms <= window.end_ms;
    features.spike_times_ms.iter().filter(is_within).count()
}

#[cfg(test)]
impl ComparedTrace {
    /// A trace of which the features alone matter.
    pub(super) fn of_features(step_na: f64, reference: SweepFeatures, predicted: SweepFeatures) -> Self {
        Self {
            model: 1,
            model_split: Split::Train,
            step_na,
            i_thr_na: None,
            relative_l2: 0.02,
            rms_mv: 1.4,
            n_spikes: (reference.spike_times_ms.len(), predicted.spike_times_ms.len()),
            reference_mv: Vec::new(),
            predicted_mv: Vec::new(),
            precise: (reference.clone(), predicted.clone()),
            coincidence: None,
            baselines: None,
            reference,
            predicted,
        }
    }
}
