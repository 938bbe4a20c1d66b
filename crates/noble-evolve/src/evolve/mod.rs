//! The one entry: asks for scores of candidates, generation by generation.

mod first;
mod state;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::cma::Distribution;
use crate::selection::{Tournaments, standings, survivors};
use crate::variation::children;
use crate::{Bounds, Candidate, Error, EvolveSettings, Individual, Method};

use state::{FORMAT_VERSION, State, is_usable_score};

/// An evolution at some point of its course.
///
/// Stored by `serde` it is complete: read again it asks for the same candidates and goes on to the same bits, if the
/// format keeps every `f64` (`serde_json` needs its feature `float_roundtrip`). What is read is checked: a state
/// that was changed by hand and contradicts itself is an [`Error::State`], not a panic later on.
///
/// **Generations**: the first has the starts, and a Latin hypercube for the rest. Each later one has children of
/// parents that won a tournament of two; the best of old and new together survive (µ + λ). CMA-ES instead draws each
/// generation from its distribution, whose mean begins at the first start, or in the middle of the bounds; its
/// [`population`](Evolution::population) holds the best sums of scores met so far and has no part in the search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "State")]
pub struct Evolution(State);

impl TryFrom<State> for Evolution {
    type Error = Error;

    fn try_from(state: State) -> Result<Self, Error> {
        state.check()?;
        Ok(Self(state))
    }
}

impl Evolution {
    /// Begins with `starts` in the first generation; give an empty slice for none.
    ///
    /// # Errors
    /// The errors of [`EvolveSettings::check`]; [`Error::TooManyStarts`], [`Error::ParameterCount`] or
    /// [`Error::OutOfBounds`] when the starts do not fit.
    pub fn new(
        bounds: Bounds,
        n_objectives: usize,
        settings: EvolveSettings,
        starts: &[Vec<f64>],
    ) -> Result<Self, Error> {
        settings.check(n_objectives)?;
        let n_places = settings.first_size();
        if starts.len() > n_places {
            return Err(Error::TooManyStarts { n_starts: starts.len(), n_places });
        }
        for (start_idx, start) in starts.iter().enumerate() {
            bounds.check(start, &format!("start {start_idx}"))?;
        }
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
        let (parameters, distribution) = first::generation(&bounds, &settings, starts, &mut rng);
        let mut state = State {
            format_version: FORMAT_VERSION,
            bounds,
            n_objectives,
            settings,
            rng,
            generation: 0,
            next_id: 0,
            population: Vec::new(),
            asked: Vec::new(),
            ideal: Vec::new(),
            distribution,
        };
        state.wait_for(parameters);
        Ok(Self(state))
    }

    /// Candidates whose scores are to be told; the same ones until they are.
    pub fn ask(&mut self) -> Vec<Candidate> {
        if self.0.asked.is_empty() {
            let parameters = self.0.next_generation();
            self.0.wait_for(parameters);
        }
        self.0.asked.clone()
    }

    /// Takes the scores of all asked candidates, each with its id, in any order, and selects the survivors.
    ///
    /// A failed evaluation is told as a large penalty, such as a few times the worst possible score; very large ones
    /// coarsen the scale on which IBEA and NSGA-III compare the others.
    ///
    /// # Errors
    /// [`Error::NothingAsked`], [`Error::UnknownCandidate`], [`Error::RepeatedCandidate`],
    /// [`Error::MissingCandidate`], [`Error::ScoreCount`], and [`Error::Score`] for a score that is NaN, infinite or
    /// above 1e100 in size. After an error nothing has changed.
    pub fn tell(&mut self, scores: &[(u64, Vec<f64>)]) -> Result<(), Error> {
        let mut told: Vec<&(u64, Vec<f64>)> = scores.iter().collect();
        told.sort_by_key(|(id, _)| *id);
        self.0.check_told(&told)?;
        let state = &mut self.0;
        let generation = state.generation;
        let individuals =
            std::mem::take(&mut state.asked).into_iter().zip(told).map(|(candidate, (_, scores))| {
                let Candidate { id, parameters } = candidate;
                Individual { id, generation, parameters, scores: scores.clone() }
            });
        let individuals: Vec<Individual> = individuals.collect();
        if let Some(distribution) = &mut state.distribution {
            let mut order: Vec<usize> = (0..individuals.len()).collect();
            order.sort_by(|&a, &b| individuals[a].total().total_cmp(&individuals[b].total()));
            distribution.update(&order);
        }
        state.select(individuals);
        Ok(())
    }

    /// Survivors of the generations told so far, in order of their ids; none before the first.
    pub fn population(&self) -> &[Individual] {
        &self.0.population
    }

    /// Generations told so far, and the number of the one that is asked for.
    pub fn generation(&self) -> u32 {
        self.0.generation
    }

    /// Candidates told so far.
    pub fn n_evaluations(&self) -> u64 {
        self.0.next_id - self.0.asked.len() as u64
    }

    /// Scores of each candidate.
    pub fn n_objectives(&self) -> usize {
        self.0.n_objectives
    }

    /// The box of the parameters.
    pub fn bounds(&self) -> &Bounds {
        &self.0.bounds
    }

    /// What it was made with.
    pub fn settings(&self) -> &EvolveSettings {
        &self.0.settings
    }
}

impl State {
    fn wait_for(&mut self, parameters: Vec<Vec<f64>>) {
        for parameters in parameters {
            self.asked.push(Candidate { id: self.next_id, parameters });
            self.next_id += 1;
        }
    }

    fn next_generation(&mut self) -> Vec<Vec<f64>> {
        let Self { bounds, settings, rng, population, .. } = self;
        if let Some(distribution) = &mut self.distribution {
            let drawn = distribution.draw(settings.offspring_size, rng);
            return drawn.iter().map(|fractions| bounds.at(fractions)).collect();
        }
        let mut tournaments = Tournaments::new(standings(settings.method, population));
        let parent = |rng: &mut Xoshiro256PlusPlus| population[tournaments.winner(rng)].parameters.as_slice();
        children(settings.offspring_size, parent, bounds, &settings.variation, rng)
    }

    /// Errors unless `told`, in order of ids, are the asked candidates with usable scores.
    fn check_told(&self, told: &[&(u64, Vec<f64>)]) -> Result<(), Error> {
        if self.asked.is_empty() {
            return Err(Error::NothingAsked);
        }
        for (id, _) in told {
            if self.asked.binary_search_by_key(id, |candidate| candidate.id).is_err() {
                return Err(Error::UnknownCandidate { id: *id });
            }
        }
        if let Some(pair) = told.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::RepeatedCandidate { id: pair[0].0 });
        }
        let is_told = |id: u64| told.binary_search_by_key(&id, |(id, _)| *id).is_ok();
        if let Some(candidate) = self.asked.iter().find(|candidate| !is_told(candidate.id)) {
            return Err(Error::MissingCandidate { id: candidate.id });
        }
        for (id, scores) in told {
            if scores.len() != self.n_objectives {
                let (n_scores, n_objectives) = (scores.len(), self.n_objectives);
                return Err(Error::ScoreCount { id: *id, n_scores, n_objectives });
            }
            if let Some(objective_idx) = scores.iter().position(|score| !is_usable_score(*score)) {
                return Err(Error::Score { id: *id, objective_idx, value: scores[objective_idx] });
            }
        }
        Ok(())
    }

    /// Lets the best of old and new survive.
    fn select(&mut self, individuals: Vec<Individual>) {
        self.population.extend(individuals);
        let EvolveSettings { method, population_size, .. } = self.settings;
        let kept = survivors(method, &self.population, population_size, &mut self.ideal, &mut self.rng);
        let mut is_kept = vec![false; self.population.len()];
        kept.into_iter().for_each(|idx| is_kept[idx] = true);
        let mut is_kept = is_kept.into_iter();
        self.population.retain(|_| is_kept.next().expect("one mark per individual"));
        self.generation = self.generation.saturating_add(1);
    }
}

/// Whether the method draws from a distribution.
fn has_distribution(method: Method) -> bool {
    matches!(method, Method::CmaEs { .. })
}

/// A distribution whose mean is the first start, or the middle.
fn first_distribution(initial_step: f64, bounds: &Bounds, starts: &[Vec<f64>]) -> Distribution {
    let middle = || vec![0.5; bounds.n_parameters()];
    let mean = starts.first().map_or_else(middle, |start| bounds.fractions(start));
    Distribution::new(mean, initial_step)
}
