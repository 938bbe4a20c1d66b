//! What would be said without an operator: the trace of the nearest known model, and the mean trace.

use noble_data::ModelId;
use noble_data::dataset::{Shard, Split};
use noble_features::metrics::{Norm, TracePair};
use noble_operator::OperatorCard;
use rayon::prelude::*;

use super::ReferenceTrace;
use crate::generate::DatasetFolder;
use crate::progress::go_on;
use crate::training::Window;
use crate::{Error, Progress};

/// Errors of the two, as relative L2 of the voltage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baselines {
    /// Of the training model nearest in latent space, itself where it is one, the training trace nearest in current.
    pub nearest_model: f64,
    /// Mean of the training traces nearest in current.
    pub mean_trace: f64,
}

/// Training traces of which a mean is taken.
const N_AVERAGED: usize = 50;

/// A trace that training saw.
struct Known {
    model: ModelId,
    step_na: f64,
    v_mv: Vec<f32>,
}

/// Baselines of every trace, in their order; distances of models are taken over latent features scaled as the network's.
///
/// # Errors
/// [`Error::Features`] for traces that cannot be compared, [`Error::Stopped`].
pub(super) fn baselines(
    dataset: &DatasetFolder,
    shards: &[Shard],
    card: &OperatorCard,
    (traces, window): (&[ReferenceTrace], &Window),
    progress: &dyn Progress,
) -> Result<Vec<Baselines>, Error> {
    let known = known(shards, window, card);
    let input = &card.input;
    let place = |id: ModelId| -> Vec<f32> {
        let latents = dataset.manifest.model(id).map(|model| &model.latents);
        let scaled = input.latents.iter().filter_map(|latent| {
            latents.and_then(|latents| latents.get(&latent.name)).map(|value| latent.scaled(*value))
        });
        scaled.collect()
    };
    let mut places: Vec<(ModelId, Vec<f32>)> = Vec::new();
    for trace in &known {
        if places.iter().all(|(id, _)| *id != trace.model) {
            places.push((trace.model, place(trace.model)));
        }
    }
    let one = |trace: &ReferenceTrace| {
        go_on(progress)?;
        progress.advance(1);
        let own = place(trace.model);
        let distance = |other: &[f32]| own.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let nearest = places.iter().min_by(|a, b| distance(&a.1).total_cmp(&distance(&b.1)));
        let nearest = nearest.map_or(trace.model, |(id, _)| *id);
        let off_na = |other: &&Known| (other.step_na - trace.step_na).abs();
        let of_nearest = known.iter().filter(|other| other.model == nearest);
        let of_nearest = of_nearest.min_by(|a, b| off_na(a).total_cmp(&off_na(b)));
        let mut by_current: Vec<&Known> = known.iter().collect();
        let n = N_AVERAGED.min(by_current.len());
        if n < by_current.len() {
            by_current.select_nth_unstable_by(n, |a, b| {
                off_na(a).total_cmp(&off_na(b)).then(a.model.cmp(&b.model))
            });
        }
        let error = |v_mv: &[f64]| -> Result<f64, Error> {
            Ok(TracePair::new(&trace.v_mv, v_mv)?.relative_error(Norm::L2).unwrap_or(f64::INFINITY))
        };
        let of_nearest: Vec<f64> =
            of_nearest.map(|one| one.v_mv.iter().map(|v| f64::from(*v)).collect()).unwrap_or_default();
        Ok(Baselines { nearest_model: error(&of_nearest)?, mean_trace: error(&mean(&mut by_current[..n]))? })
    };
    if known.is_empty() {
        return Ok(Vec::new());
    }
    progress.start("compare with other traces", traces.len());
    let all = traces.par_iter().map(one).collect();
    progress.finish();
    all
}

/// Traces that training saw, as the network sees them.
fn known(shards: &[Shard], window: &Window, card: &OperatorCard) -> Vec<Known> {
    let mut known = Vec::new();
    for shard in shards {
        for row in 0..shard.models.len() {
            if shard.splits[row] == Split::Train && card.train_models.contains(&shard.models[row]) {
                let samples = shard.voltage_mv.row(row);
                let samples = samples.iter().skip(window.fixed_start).take(window.grid.n_samples());
                let v_mv = samples.copied().collect();
                known.push(Known { model: shard.models[row], step_na: shard.step_na[row], v_mv });
            }
        }
    }
    known
}

/// Mean over traces, summed in the order of their currents and models.
fn mean(traces: &mut [&Known]) -> Vec<f64> {
    traces.sort_by(|a, b| a.step_na.total_cmp(&b.step_na).then(a.model.cmp(&b.model)));
    let n_samples = traces.first().map_or(0, |trace| trace.v_mv.len());
    let mut mean = vec![0.0; n_samples];
    for trace in traces.iter() {
        mean.iter_mut().zip(&trace.v_mv).for_each(|(sum, v)| *sum += f64::from(*v));
    }
    mean.iter_mut().for_each(|sum| *sum /= traces.len() as f64);
    mean
}
