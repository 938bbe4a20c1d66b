//! The search of one seed: stages of generations, and what they leave.

use std::collections::{BTreeMap, BTreeSet};

use noble_evolve::{Archive, Bounds, Evolution, Individual};
use serde::{Deserialize, Serialize};

use super::case::FitPlan;
use super::evaluate::{Evaluate, Evaluation};
use super::log::Generation;
use super::settings::FitSettings;
use super::stage::{Stage, StageKind};
use crate::Error;

/// Best individuals of the passive stage that start the active one.
const N_PASSIVE_STARTS: usize = 8;

/// State of the search of one seed, whole: it goes on from here to the same bits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    pub(super) seed: u64,
    pub(super) stage: Stage,
    pub(super) evolution: Evolution,
    /// Scores of the population by id, as they were before the optimizer was told.
    scores: BTreeMap<u64, Vec<f64>>,
    /// Best models of the active stage.
    pub(super) archive: Archive,
    /// One entry per generation.
    pub(super) log: Vec<Generation>,
    /// Evaluations of earlier stages.
    n_evaluations_before: u64,
}

impl Search {
    /// A search at its beginning; in the passive stage where there is something to see without spikes.
    pub(super) fn new(plan: &FitPlan, settings: &FitSettings, seed: u64) -> Result<Self, Error> {
        let passive = Stage::passive(plan).filter(|_| settings.n_passive_generations > 0);
        let stage = passive.unwrap_or_else(|| Stage::active(plan));
        let evolution = evolution_of(plan, settings, (&stage, seed), &[])?;
        let archive =
            Archive::new(unit_bounds(plan.space.free.len())?, settings.n_archived, settings.least_distance)?;
        let scores = BTreeMap::new();
        Ok(Self { seed, stage, evolution, scores, archive, log: Vec::new(), n_evaluations_before: 0 })
    }

    /// Generations of the active stage that are done.
    pub(super) fn n_generations(&self) -> u32 {
        if self.stage.kind == StageKind::Active { self.evolution.generation() } else { 0 }
    }

    /// Evaluations of all stages.
    pub(super) fn n_evaluations(&self) -> u64 {
        self.n_evaluations_before + self.evolution.n_evaluations()
    }

    /// Makes one generation.
    pub(super) fn advance(
        &mut self,
        plan: &FitPlan,
        settings: &FitSettings,
        evaluator: &dyn Evaluate,
    ) -> Result<(), Error> {
        let asked = self.evolution.ask();
        let coordinates: Vec<Vec<f64>> = asked.iter().map(|one| one.parameters.clone()).collect();
        let evaluations = evaluator.evaluate(plan, &self.stage, &coordinates)?;
        let told: Vec<(u64, Vec<f64>)> =
            asked.iter().zip(&evaluations).map(|(one, own)| (one.id, settings.told(&own.scores))).collect();
        self.evolution.tell(&told)?;
        self.scores.extend(asked.iter().zip(&evaluations).map(|(one, own)| (one.id, own.scores.clone())));
        let kept: BTreeSet<u64> = self.evolution.population().iter().map(|one| one.id).collect();
        self.scores.retain(|id, _| kept.contains(id));
        if self.stage.kind == StageKind::Active {
            let generation = self.evolution.generation();
            let individual = |(one, own): (&noble_evolve::Candidate, &Evaluation)| Individual {
                id: one.id,
                generation,
                parameters: one.parameters.clone(),
                scores: own.scores.clone(),
            };
            let all: Vec<Individual> = asked.iter().zip(&evaluations).map(individual).collect();
            let ranked = |one: &'_ Individual| rank(&one.scores, settings.accepted_z);
            let offers: Vec<(&Individual, f64)> = all.iter().map(|one| (one, ranked(one))).collect();
            self.archive.offer_all(&offers)?;
        }
        self.note(settings, &evaluations);
        if self.stage.kind == StageKind::Passive
            && self.evolution.generation() >= settings.n_passive_generations
        {
            self.begin_active(plan, settings)?;
        }
        Ok(())
    }

    fn note(&mut self, settings: &FitSettings, evaluations: &[Evaluation]) {
        let is_accepted = |one: &&noble_evolve::Member| worst(&one.individual.scores) <= settings.accepted_z;
        self.log.push(Generation::of(
            (self.seed, self.stage.kind, self.evolution.generation(), self.n_evaluations()),
            &self.scores,
            evaluations,
            self.archive.members().iter().filter(is_accepted).count(),
        ));
    }

    /// Starts the active stage half from the best membranes of the passive one, each with channels of its own.
    fn begin_active(&mut self, plan: &FitPlan, settings: &FitSettings) -> Result<(), Error> {
        let active = Stage::active(plan);
        let mut best: Vec<&Individual> = self.evolution.population().iter().collect();
        best.sort_by(|a, b| a.total().total_cmp(&b.total()).then(a.id.cmp(&b.id)));
        best.truncate(N_PASSIVE_STARTS);
        let fresh = evolution_of(plan, settings, (&active, self.seed), &[])?.ask();
        let with_membrane = |(place, one): (usize, &noble_evolve::Candidate)| {
            let membrane = &best[place % best.len()].parameters;
            let mut coordinates = one.parameters.clone();
            self.stage.free.iter().zip(membrane).for_each(|(idx, value)| coordinates[*idx] = *value);
            coordinates
        };
        let starts: Vec<Vec<f64>> =
            fresh.iter().enumerate().take(fresh.len() / 2).map(with_membrane).collect();
        self.n_evaluations_before = self.n_evaluations();
        self.scores.clear();
        self.evolution = evolution_of(plan, settings, (&active, self.seed), &starts)?;
        self.stage = active;
        Ok(())
    }
}

fn evolution_of(
    plan: &FitPlan,
    settings: &FitSettings,
    (stage, seed): (&Stage, u64),
    starts: &[Vec<f64>],
) -> Result<Evolution, Error> {
    let n_objectives = stage.objective_names(plan).count();
    Ok(Evolution::new(unit_bounds(stage.n_free())?, n_objectives, settings.evolve(seed), starts)?)
}

fn unit_bounds(n: usize) -> Result<Bounds, Error> {
    Ok(Bounds::new(vec![0.0; n], vec![1.0; n])?)
}

/// Order of models: the mean score, after those that are accepted everywhere come the others, by how far they miss.
pub(super) fn rank(scores: &[f64], accepted_z: f64) -> f64 {
    let excess: f64 = scores.iter().map(|score| (score - accepted_z).max(0.0)).sum();
    mean(scores) + excess
}

pub(super) fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

pub(super) fn worst(scores: &[f64]) -> f64 {
    scores.iter().copied().fold(0.0, f64::max)
}
