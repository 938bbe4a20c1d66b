//! Neurons between two models, made in two ways: parameters of the cable equation blended, or places in latent space blended.
//!
//! Models that a search finds are good for reasons of their own, and halfway between two of them there need be none. An
//! operator is asked for a place halfway between their measured features instead. Both answers are judged by what they were
//! blended for, features on the line between those of the ends, and by the real model whose measured features are nearest to
//! the place.

mod blend;
mod judge;

use std::collections::BTreeMap;

use noble_cell::CablePlan;
use noble_data::sweeps::StimulusWindow;
use noble_data::{CellModel, ModelId, Sweeps};
use noble_features::feature;
use noble_operator::{Operator, Query, QueryStimulus};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::ensemble_members::latents_between;
use crate::features::{SweepFeatures, extract};
use crate::simulate::simulate_pairs;
use crate::{Cells, Error, Progress, Protocol};

pub use blend::blended;
pub use judge::{Judgement, judge};

/// What is blended, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct InterpolationSettings {
    /// Pairs of models, drawn without replacement while there are models.
    pub n_pairs: usize,
    /// Even steps from one end to the other; the places between are one fewer.
    pub n_steps: usize,
    /// Amplitudes of the currents.
    pub steps_na: Vec<f64>,
    /// Seed of the pairs.
    pub seed: u64,
}

/// How a neuron between two models was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// The simulator, of blended parameters.
    Parameters,
    /// The operator, at a blended place in latent space.
    Latents,
    /// The simulator, of the model nearest in latent space that is neither end.
    Nearest,
}

impl Way {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Parameters, Self::Latents, Self::Nearest];

    /// The way's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Latents => "latents",
            Self::Nearest => "nearest model",
        }
    }
}

/// A pair of models at one current.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The ends.
    pub ends: (ModelId, ModelId),
    /// Amplitude of the current.
    pub step_na: f64,
    /// Simulated traces of the ends.
    pub of_ends: (Answer, Answer),
    /// The places between, from the first end on.
    pub places: Vec<Place>,
}

/// A place between two models.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// How far from the first end, 0 to 1.
    pub part: f64,
    /// The model nearest to it.
    pub nearest: ModelId,
    /// What each [way](Way::ALL) says.
    pub answers: [Answer; 3],
}

/// Voltage and features of one answer; without either where the simulation diverged.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Voltage, `[t]`.
    pub v_mv: Vec<f64>,
    /// Features of [`FEATURES`].
    pub features: Option<SweepFeatures>,
}

/// Features by which neurons are judged.
pub const FEATURES: [&str; 8] = [
    "Spikecount",
    "time_to_first_spike",
    "inv_first_ISI",
    "mean_AP_amplitude",
    "AHP_depth",
    "spike_half_width",
    "steady_state_voltage_stimend",
    "voltage_base",
];

/// Neurons of one call; their voltages take some gigabytes.
const MOST_NEURONS: usize = 10_000;

/// Neurons between pairs of the operator's models, at every current.
///
/// # Errors
/// [`Error::Usage`] for settings without a place, fewer than three models that `cells` and the operator share, or ends of
/// another layout; those of the simulator and the operator.
pub fn interpolate(
    (cells, operator): (&Cells, &Operator),
    settings: &InterpolationSettings,
    protocol: &Protocol,
    progress: &dyn Progress,
) -> Result<Vec<Path>, Error> {
    let card = operator.card();
    let shared: Vec<ModelId> =
        card.train_models.iter().copied().filter(|id| cells.models.contains_key(id)).collect();
    check(settings, &shared)?;
    let pairs = pairs(&shared, settings);
    let mut models: Vec<CellModel> = Vec::new();
    let mut queries: Vec<Query> = Vec::new();
    let mut nearests: Vec<ModelId> = Vec::new();
    for (first, last) in &pairs {
        let ends = (card.model_latents(*first)?, card.model_latents(*last)?);
        models.extend([first, last].map(|id| cells.models[id].clone()));
        for part in parts(settings) {
            let latents = latents_between(ends, part);
            let nearest =
                nearest(operator, &latents, shared.iter().filter(|id| *id != first && *id != last))?;
            let own = (&cells.models[first], &cells.models[last]);
            models.push(blended(own, part).map_err(|error| error.of_model(*last))?);
            models.push(cells.models[&nearest].clone());
            nearests.push(nearest);
            queries.extend(settings.steps_na.iter().map(|step_na| Query {
                stimulus: QueryStimulus::Step { step_na: *step_na },
                latents: latents.clone(),
            }));
        }
    }
    let n_steps = settings.steps_na.len();
    let simulated = simulated(cells, &models, (&settings.steps_na, protocol), progress)?;
    let plan = operator.plan()?;
    let n_samples = plan.grid().n_samples();
    let predicted: Vec<f64> = plan.predict_mv(&queries)?.into_iter().map(f64::from).collect();
    let predicted: Vec<Option<Vec<f64>>> = predicted.chunks(n_samples).map(|v| Some(v.to_vec())).collect();
    let simulated = answers(simulated, protocol)?;
    let predicted = answers(predicted, protocol)?;
    let n_places = settings.n_steps - 1;
    let path = |(pair_idx, step_idx): (usize, usize)| {
        let first_model = pair_idx * (2 + 2 * n_places);
        let of_model = |model_idx: usize| simulated[model_idx * n_steps + step_idx].clone();
        let place = |(idx, part): (usize, f64)| {
            let place_idx = pair_idx * n_places + idx;
            let model_idx = first_model + 2 + 2 * idx;
            let latents = predicted[place_idx * n_steps + step_idx].clone();
            let answers = [of_model(model_idx), latents, of_model(model_idx + 1)];
            Place { part, nearest: nearests[place_idx], answers }
        };
        Path {
            ends: pairs[pair_idx],
            step_na: settings.steps_na[step_idx],
            of_ends: (of_model(first_model), of_model(first_model + 1)),
            places: parts(settings).enumerate().map(place).collect(),
        }
    };
    let all = (0..pairs.len()).flat_map(|pair| (0..n_steps).map(move |step| (pair, step)));
    Ok(all.map(path).collect())
}

fn check(settings: &InterpolationSettings, shared: &[ModelId]) -> Result<(), Error> {
    if settings.n_pairs == 0 || settings.n_steps < 2 || settings.steps_na.is_empty() {
        let what =
            format!("{} pairs, {} steps between, no place to judge", settings.n_pairs, settings.n_steps);
        return Err(Error::usage(what, "ask for a pair and a place at least"));
    }
    let n_neurons = settings.n_pairs.saturating_mul(settings.n_steps).saturating_mul(settings.steps_na.len());
    if n_neurons > MOST_NEURONS {
        let what = format!("{n_neurons} neurons between models");
        return Err(Error::usage(
            what,
            format!("ask for {MOST_NEURONS} at most: fewer pairs, steps or currents"),
        ));
    }
    if shared.len() < 3 {
        let what = format!("the operator and the hall of fame share {} training models", shared.len());
        return Err(Error::usage(what, "give the hall of fame that the operator was trained on"));
    }
    Ok(())
}

/// Pairs of different models: a shuffle of all in twos, and again as often as it takes.
fn pairs(shared: &[ModelId], settings: &InterpolationSettings) -> Vec<(ModelId, ModelId)> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let mut pairs = Vec::with_capacity(settings.n_pairs.min(shared.len()));
    while pairs.len() < settings.n_pairs {
        let mut order = shared.to_vec();
        order.shuffle(&mut rng);
        pairs.extend(order.chunks_exact(2).map(|pair| (pair[0], pair[1])));
    }
    pairs.truncate(settings.n_pairs);
    pairs
}

#[expect(clippy::cast_precision_loss, reason = "a count of steps")]
fn parts(settings: &InterpolationSettings) -> impl Iterator<Item = f64> + use<> {
    let n_steps = settings.n_steps;
    (1..n_steps).map(move |step| step as f64 / n_steps as f64)
}

/// The model nearest to a place, over latent features scaled as the network's.
fn nearest<'a>(
    operator: &Operator,
    latents: &BTreeMap<String, f64>,
    models: impl Iterator<Item = &'a ModelId>,
) -> Result<ModelId, Error> {
    let card = operator.card();
    let distance = |other: &BTreeMap<String, f64>| -> f32 {
        let square = |latent: &noble_operator::LatentFeature| {
            let at = |latents: &BTreeMap<String, f64>| latents.get(&latent.name).map(|v| latent.scaled(*v));
            at(latents).zip(at(other)).map_or(0.0, |(a, b)| (a - b) * (a - b))
        };
        card.input.latents.iter().map(square).sum()
    };
    let mut best: Option<(f32, ModelId)> = None;
    for id in models {
        let away = distance(card.model_latents(*id)?);
        if best.is_none_or(|(least, _)| away < least) {
            best = Some((away, *id));
        }
    }
    best.map(|(_, id)| id).ok_or_else(|| Error::usage("no third model is known", "give three or more"))
}

/// Voltages by model, then by current; none where a simulation cannot be set up or diverges.
fn simulated(
    cells: &Cells,
    models: &[CellModel],
    (steps_na, protocol): (&[f64], &Protocol),
    progress: &dyn Progress,
) -> Result<Vec<Option<Vec<f64>>>, Error> {
    let plans: Vec<Option<CablePlan>> = models.iter().map(|model| cells.plan_of(model).ok()).collect();
    let possible =
        plans.iter().flatten().flat_map(|plan| steps_na.iter().map(move |step_na| (plan, *step_na)));
    let possible: Vec<(&CablePlan, f64)> = possible.collect();
    progress.start("simulate", possible.len());
    let mut traces = simulate_pairs(&possible, protocol, None, progress)?.into_iter();
    progress.finish();
    let mut voltages = Vec::with_capacity(plans.len() * steps_na.len());
    for plan in &plans {
        for _ in steps_na {
            let trace = plan.as_ref().and_then(|_| traces.next()?.ok());
            voltages.push(trace.map(|trace| trace.v_mv().to_vec()));
        }
    }
    Ok(voltages)
}

/// Answers with their features.
fn answers(voltages: Vec<Option<Vec<f64>>>, protocol: &Protocol) -> Result<Vec<Answer>, Error> {
    let asked = FEATURES.iter().map(|name| feature(name)).collect::<Result<Vec<_>, _>>()?;
    let window =
        StimulusWindow { start_ms: protocol.delay_ms, end_ms: protocol.delay_ms + protocol.duration_ms };
    let there: Vec<&Vec<f64>> = voltages.iter().flatten().collect();
    let grid = protocol.grid()?;
    let shape = (there.len(), grid.n_samples());
    let all: Vec<f64> = there.into_iter().flatten().copied().collect();
    let v_mv = ndarray::Array2::from_shape_vec(shape, all)
        .map_err(|error| Error::Internal { what: error.to_string() })?;
    let sweeps = Sweeps::new(grid.times_ms(), vec![None; shape.0], v_mv)?;
    let mut features = extract(&sweeps, &asked, window)?.into_iter();
    let answer = |v_mv: Option<Vec<f64>>| match v_mv {
        Some(v_mv) => Answer { v_mv, features: features.next() },
        None => Answer::default(),
    };
    Ok(voltages.into_iter().map(answer).collect())
}
