//! The search of one seed: stages of generations, and what they leave.

use std::collections::{BTreeMap, BTreeSet};

use noble_evolve::{Archive, Bounds, Candidate, Evolution, EvolveSettings, Individual, Member, Method};
use serde::{Deserialize, Serialize};

use super::case::FitPlan;
use super::evaluate::Evaluation;
use super::log::Generation;
use super::settings::FitSettings;
use super::stage::{Stage, StageKind};
use crate::Error;

/// Best individuals of the passive stage that start the active one.
const N_PASSIVE_STARTS: usize = 8;

/// Generations' worth of candidates spread over the whole space before one distribution is followed.
const N_EXPLORED_GENERATIONS: usize = 8;

/// The first step around models that the user gave, as a share of the first step elsewhere.
const NEAR: f64 = 1.0 / 3.0;

/// What a model misses must fall by this share to count as better.
const LEAST_GAIN: f64 = 0.01;

/// Sums of scores within this share of each other are as good as each other.
const LEVEL: f64 = 0.02;

/// Restarts after which the number of candidates no longer doubles.
const MOST_DOUBLINGS: u32 = 3;

/// Generations without a model that misses less after which a distribution rests, and as many more per parameter and candidate.
const N_RESTING_GENERATIONS: usize = 40;

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
    /// Generations of earlier active stages.
    n_generations_before: u32,
    /// How often the active stage was begun again.
    n_restarts: u32,
    /// Least that a model of this stage missed, and the generation that had it.
    least: Option<(f64, u32)>,
}

impl Search {
    /// A search at its beginning: in the passive stage where there is something to see without spikes.
    pub(super) fn new(plan: &FitPlan, settings: &FitSettings, seed: u64) -> Result<Self, Error> {
        let passive = Stage::passive(plan).filter(|_| settings.n_passive_generations > 0);
        let stage = passive.unwrap_or_else(|| Stage::after_passive(plan, settings));
        let starts = own_starts(plan, &stage);
        let evolution = evolution_of(plan, settings, (&stage, (seed, 0)), &starts)?;
        // What a later stage cannot do is said now, not after the first.
        for later in [Stage::explored(plan), Stage::active(plan)] {
            evolve_settings(plan, settings, &later, (seed, 0)).check(later.objective_names(plan).count())?;
        }
        let archive =
            Archive::new(unit_bounds(plan.space.free.len())?, settings.n_archived, settings.least_distance)?;
        Ok(Self {
            seed,
            stage,
            evolution,
            scores: BTreeMap::new(),
            archive,
            log: Vec::new(),
            n_evaluations_before: 0,
            n_generations_before: 0,
            n_restarts: 0,
            least: None,
        })
    }

    /// Whether it can go on with a plan: its stage is one of the plan's, it searches as the settings say, and what it
    /// keeps has the plan's sizes.
    pub(super) fn fits(&self, plan: &FitPlan, settings: &FitSettings) -> bool {
        let stages = [Stage::passive(plan), Some(Stage::explored(plan)), Some(Stage::active(plan))];
        if !stages.iter().flatten().any(|stage| *stage == self.stage) {
            return false;
        }
        let n_objectives = self.stage.objective_names(plan).count();
        let generation = self.evolution.generation();
        *self.evolution.settings() == evolve_settings(plan, settings, &self.stage, self.attempt())
            && self.archive.capacity() == settings.n_archived
            && self.archive.min_distance().to_bits() == settings.least_distance.to_bits()
            && self.least.is_none_or(|(_, since)| since <= generation)
            && self.evolution.bounds().n_parameters() == self.stage.n_free()
            && self.evolution.n_objectives() == n_objectives
            && self.scores.values().all(|scores| scores.len() == n_objectives)
            && self.archive.bounds().n_parameters() == plan.space.free.len()
    }

    /// Generations of the active stage that are done.
    pub(super) fn n_generations(&self) -> u32 {
        let own = if self.stage.kind == StageKind::Active { self.evolution.generation() } else { 0 };
        self.n_generations_before + own
    }

    /// Evaluations of all stages.
    pub(super) fn n_evaluations(&self) -> u64 {
        self.n_evaluations_before + self.evolution.n_evaluations()
    }

    /// The candidates of its next generation.
    pub(super) fn ask(&mut self) -> Vec<Candidate> {
        self.evolution.ask()
    }

    /// Takes what the asked candidates came to, one evaluation each; the generation is done.
    pub(super) fn tell(
        &mut self,
        plan: &FitPlan,
        settings: &FitSettings,
        asked: &[Candidate],
        evaluations: &[Evaluation],
    ) -> Result<(), Error> {
        let told: Vec<(u64, Vec<f64>)> =
            asked.iter().zip(evaluations).map(|(one, own)| (one.id, settings.told(&own.scores))).collect();
        self.evolution.tell(&told)?;
        self.scores.extend(asked.iter().zip(evaluations).map(|(one, own)| (one.id, own.scores.clone())));
        let kept: BTreeSet<u64> = self.evolution.population().iter().map(|one| one.id).collect();
        self.scores.retain(|id, _| kept.contains(id));
        if self.stage.kind != StageKind::Passive {
            self.archive(settings, asked, evaluations)?;
        }
        let sums = || told.iter().map(|(_, scores)| scores.iter().sum::<f64>());
        let (least, largest) = (sums().fold(f64::INFINITY, f64::min), sums().fold(0.0, f64::max));
        let generation = self.evolution.generation();
        let missed =
            evaluations.iter().map(|own| excess(&own.scores, settings)).fold(f64::INFINITY, f64::min);
        if self.least.is_none_or(|(before, _)| missed < (1.0 - LEAST_GAIN) * before) {
            self.least = Some((missed, generation));
        }
        self.note(settings, evaluations);
        match self.stage.kind {
            StageKind::Passive if generation >= settings.n_passive_generations => {
                let next = Stage::after_passive(plan, settings);
                let starts = self.with_membranes(plan, settings, &next)?;
                self.begin(plan, settings, next, &starts)
            }
            StageKind::Explored => {
                let starts: Vec<Vec<f64>> =
                    self.best(1).into_iter().map(|one| one.parameters.clone()).collect();
                self.begin(plan, settings, Stage::active(plan), &starts)
            }
            StageKind::Active if self.is_stuck(settings, largest <= (1.0 + LEVEL) * least) => {
                self.n_generations_before += generation;
                self.n_restarts += 1;
                self.begin(plan, settings, Stage::explored(plan), &[])
            }
            _ => Ok(()),
        }
    }

    fn archive(
        &mut self,
        settings: &FitSettings,
        asked: &[Candidate],
        evaluations: &[Evaluation],
    ) -> Result<(), Error> {
        let generation = self.evolution.generation();
        let individual = |(one, own): (&Candidate, &Evaluation)| Individual {
            id: self.n_evaluations_before + one.id,
            generation,
            parameters: one.parameters.clone(),
            scores: own.scores.clone(),
        };
        let all: Vec<Individual> = asked.iter().zip(evaluations).map(individual).collect();
        let offers: Vec<(&Individual, f64)> =
            all.iter().map(|one| (one, rank(&one.scores, settings))).collect();
        Ok(self.archive.offer_all(&offers)?)
    }

    /// Whether the one distribution of the scalar optimizer has come to rest away from every accepted model.
    ///
    /// It rests when its candidates are all as good as each other, or none came nearer to being accepted for long: sums of
    /// scores may go on falling in a valley that has no accepted model.
    fn is_stuck(&self, settings: &FitSettings, is_level: bool) -> bool {
        let is_found = self.accepted(settings).next().is_some();
        let n_candidates = self.evolution.settings().offspring_size;
        let patience = N_RESTING_GENERATIONS * (n_candidates + self.stage.n_free()) / n_candidates;
        let rests = is_level
            || self.least.is_some_and(|(_, since)| {
                self.evolution.generation().saturating_sub(since) as usize >= patience
            });
        matches!(settings.method, Method::CmaEs { .. }) && rests && !is_found
    }

    fn note(&mut self, settings: &FitSettings, evaluations: &[Evaluation]) {
        self.log.push(Generation::of(
            (self.seed, self.stage.kind, self.evolution.generation(), self.n_evaluations()),
            &self.scores,
            evaluations,
            self.accepted(settings).count(),
        ));
    }

    fn accepted(&self, settings: &FitSettings) -> impl Iterator<Item = &Member> {
        self.archive.members().iter().filter(|one| settings.accepts(one.individual.scores.iter().copied()))
    }

    /// The best of the population.
    fn best(&self, n: usize) -> Vec<&Individual> {
        let mut best: Vec<&Individual> = self.evolution.population().iter().collect();
        best.sort_by(|a, b| a.total().total_cmp(&b.total()).then(a.id.cmp(&b.id)));
        best.truncate(n);
        best
    }

    /// Half of a first generation of the next stage, with the best membranes of this one.
    fn with_membranes(
        &self,
        plan: &FitPlan,
        settings: &FitSettings,
        next: &Stage,
    ) -> Result<Vec<Vec<f64>>, Error> {
        let best = self.best(N_PASSIVE_STARTS);
        let fresh = evolution_of(plan, settings, (next, self.attempt()), &[])?.ask();
        let with_membrane = |(place, one): (usize, &Candidate)| {
            let membrane = &best[place % best.len()].parameters;
            let mut coordinates = one.parameters.clone();
            self.stage.free.iter().zip(membrane).for_each(|(idx, value)| coordinates[*idx] = *value);
            coordinates
        };
        let n_own = plan.starts.len().min(fresh.len());
        let bred = fresh.iter().enumerate().take((fresh.len() - n_own) / 2).map(with_membrane);
        Ok(plan.starts.iter().take(n_own).cloned().chain(bred).collect())
    }

    fn begin(
        &mut self,
        plan: &FitPlan,
        settings: &FitSettings,
        stage: Stage,
        starts: &[Vec<f64>],
    ) -> Result<(), Error> {
        self.n_evaluations_before = self.n_evaluations();
        self.scores.clear();
        self.least = None;
        self.evolution = evolution_of(plan, settings, (&stage, self.attempt()), starts)?;
        self.stage = stage;
        Ok(())
    }

    /// Seed of this attempt, and how many there were before: every restart draws otherwise, the first begins with the seed
    /// itself.
    fn attempt(&self) -> (u64, u32) {
        (self.seed.wrapping_add(u64::from(self.n_restarts) << 32), self.n_restarts)
    }
}

/// The coordinates of the user's models that vary in a stage.
fn own_starts(plan: &FitPlan, stage: &Stage) -> Vec<Vec<f64>> {
    plan.starts.iter().map(|start| stage.free.iter().map(|idx| start[*idx]).collect()).collect()
}

fn evolution_of(
    plan: &FitPlan,
    settings: &FitSettings,
    (stage, attempt): (&Stage, (u64, u32)),
    starts: &[Vec<f64>],
) -> Result<Evolution, Error> {
    let n_objectives = stage.objective_names(plan).count();
    let evolve = evolve_settings(plan, settings, stage, attempt);
    Ok(Evolution::new(unit_bounds(stage.n_free())?, n_objectives, evolve, starts)?)
}

/// What the evolution of a stage is made with; one that follows a distribution has twice as many candidates after every
/// restart, so that it rests less easily.
///
/// # Source
/// Auger & Hansen 2005, "A restart CMA evolution strategy with increasing population size", IEEE CEC.
fn evolve_settings(
    plan: &FitPlan,
    settings: &FitSettings,
    stage: &Stage,
    (seed, n_restarts): (u64, u32),
) -> EvolveSettings {
    let mut evolve = settings.evolve(seed);
    for size in [&mut evolve.population_size, &mut evolve.offspring_size] {
        *size =
            size.saturating_mul(1 << n_restarts.min(MOST_DOUBLINGS)).min(EvolveSettings::MOST_INDIVIDUALS);
    }
    evolve.method = match settings.method {
        Method::CmaEs { initial_step } if !plan.starts.is_empty() => {
            Method::CmaEs { initial_step: NEAR * initial_step }
        }
        Method::Nsga3 { .. } => {
            Method::nsga3_within(stage.objective_names(plan).count(), settings.population_size)
        }
        method => method,
    };
    if stage.kind == StageKind::Explored {
        evolve.method = Method::ibea();
        let n_spread = N_EXPLORED_GENERATIONS.saturating_mul(evolve.offspring_size);
        evolve.population_size = n_spread.min(EvolveSettings::MOST_INDIVIDUALS);
    }
    evolve
}

fn unit_bounds(n: usize) -> Result<Bounds, Error> {
    Ok(Bounds::new(vec![0.0; n], vec![1.0; n])?)
}

/// Order of models: the accepted ones by their mean score, after all of them the others by how far they miss.
fn rank(scores: &[f64], settings: &FitSettings) -> f64 {
    if settings.accepts(scores.iter().copied()) {
        return mean(scores);
    }
    settings.accepted_z + excess(scores, settings)
}

/// How far a model misses what is accepted, summed over the scores.
fn excess(scores: &[f64], settings: &FitSettings) -> f64 {
    scores.iter().map(|score| (score - settings.accepted_z).max(0.0)).sum()
}

pub(super) fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

pub(super) fn worst(scores: &[f64]) -> f64 {
    scores.iter().copied().fold(0.0, f64::max)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums and products of few digits are exact")]
mod tests {
    use super::*;

    #[test]
    fn analytic_accepted_models_rank_before_all_others() {
        let settings = FitSettings { accepted_z: 3.0, ..FitSettings::default() };
        assert_eq!(rank(&[1.0, 3.0], &settings), 2.0);
        assert_eq!(rank(&[0.0, 4.0], &settings), 4.0);
        assert!(rank(&[3.0, 3.0, 3.0], &settings) < rank(&[0.0, 0.0, 3.5], &settings));
    }
}
