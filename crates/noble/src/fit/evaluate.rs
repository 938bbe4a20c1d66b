//! Scores of candidates: simulated side by side, hopeless ones left early.

use noble_cell::{CablePlan, Electrode};
use noble_features::{PreparedSweep, Sweep};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::case::{FitPlan, PlannedSweep};
use super::objective::Outcome;
use super::stage::Stage;
use crate::progress::Within;
use crate::simulate::{Row, Samples, run_rows};
use crate::{Error, Progress};

/// Candidates whose sweeps are held in memory at once.
const N_TOGETHER: usize = 64;

/// What a candidate came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// One per objective of the stage, smaller is better.
    pub scores: Vec<f64>,
    /// Value of each objective's feature, where it has one that is defined.
    pub values: Vec<Option<f64>>,
    /// Whether sweeps were left out because an earlier one was hopeless.
    pub is_rejected: bool,
}

/// Who evaluates candidates: this process, or others that it asks.
pub trait Evaluate: Sync {
    /// One evaluation per candidate, in their order; the result depends on nothing but the candidate.
    ///
    /// # Errors
    /// When an evaluation could not be made; a candidate that fails as a cell is a bad score, not an error.
    fn evaluate(
        &self,
        plan: &FitPlan,
        stage: &Stage,
        candidates: &[Vec<f64>],
    ) -> Result<Vec<Evaluation>, Error>;
}

/// The threads of this process, which look whether to go on.
#[derive(Clone, Copy)]
pub struct Here<'a>(pub &'a dyn Progress);

impl Evaluate for Here<'_> {
    fn evaluate(
        &self,
        plan: &FitPlan,
        stage: &Stage,
        candidates: &[Vec<f64>],
    ) -> Result<Vec<Evaluation>, Error> {
        evaluate_all(plan, (stage, candidates), Leaving::Early, self.0)
    }
}

/// Whether hopeless candidates are left early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    Early,
    Never,
}

/// Evaluates any number of candidates, as many at once as memory should hold.
pub(super) fn evaluate_all(
    plan: &FitPlan,
    (stage, candidates): (&Stage, &[Vec<f64>]),
    leaving: Leaving,
    progress: &dyn Progress,
) -> Result<Vec<Evaluation>, Error> {
    let mut evaluations = Vec::with_capacity(candidates.len());
    for chunk in candidates.chunks(N_TOGETHER) {
        evaluations.extend(evaluate_together(plan, (stage, chunk), leaving, progress)?);
    }
    Ok(evaluations)
}

fn evaluate_together(
    plan: &FitPlan,
    (stage, candidates): (&Stage, &[Vec<f64>]),
    leaving: Leaving,
    progress: &dyn Progress,
) -> Result<Vec<Evaluation>, Error> {
    // A candidate whose parameters make no cell is a bad candidate, not the end of the search.
    let cables: Vec<Option<CablePlan>> =
        candidates.par_iter().map(|own| plan.cable(&stage.complete(own)).ok()).collect();
    let mut outcomes: Vec<Vec<Outcome>> = cables
        .iter()
        .map(|cable| match cable {
            Some(_) => vec![Outcome::Skipped { shortfall: 0.0 }; plan.sweeps.len()],
            None => vec![Outcome::Diverged; plan.sweeps.len()],
        })
        .collect();
    let threshold_mv = plan.settings.threshold_mv;
    let mut hopeless: Vec<Option<f64>> = cables.iter().map(|cable| cable.is_none().then_some(1.0)).collect();
    for round in rounds(plan, stage) {
        let alive = (0..candidates.len()).filter(|idx| hopeless[*idx].is_none());
        // Rows of one sweep side by side: those that end at a spike end together.
        let alive: Vec<usize> = alive.collect();
        let jobs: Vec<(usize, usize)> =
            round.iter().flat_map(|sweep_idx| alive.iter().map(|idx| (*idx, *sweep_idx))).collect();
        for ((idx, sweep_idx), outcome) in jobs.iter().zip(simulated(plan, &cables, &jobs, progress)?) {
            let sweep = &plan.sweeps[*sweep_idx];
            let shortfall = outcome.hopeless(sweep.target.firing.filter(|_| sweep.is_gate), threshold_mv);
            if let Some(shortfall) = shortfall.filter(|_| leaving == Leaving::Early) {
                hopeless[*idx] = Some(hopeless[*idx].unwrap_or(0.0).max(shortfall));
            }
            outcomes[*idx][*sweep_idx] = outcome;
        }
    }
    let scored = outcomes.into_iter().zip(hopeless);
    Ok(scored.map(|(outcomes, hopeless)| score(plan, stage, outcomes, hopeless)).collect())
}

/// Sweeps in the order in which they are run: gates first, each round of one length and sampling.
fn rounds(plan: &FitPlan, stage: &Stage) -> Vec<Vec<usize>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for is_gate in [true, false] {
        let first = rounds.len();
        for &sweep_idx in stage.sweeps.iter().filter(|idx| plan.sweeps[**idx].is_gate == is_gate) {
            let length = |sweep_idx: usize| plan.sweeps[sweep_idx].protocol.total_ms.to_bits();
            let same = |round: &&mut Vec<usize>| length(round[0]) == length(sweep_idx);
            match rounds[first..].iter_mut().find(same) {
                Some(round) => round.push(sweep_idx),
                None => rounds.push(vec![sweep_idx]),
            }
        }
    }
    rounds
}

/// Outcomes of jobs `(candidate, sweep)` of one length.
fn simulated(
    plan: &FitPlan,
    cables: &[Option<CablePlan>],
    jobs: &[(usize, usize)],
    progress: &dyn Progress,
) -> Result<Vec<Outcome>, Error> {
    let Some((_, first)) = jobs.first() else { return Ok(Vec::new()) };
    let protocol = plan.sweeps[*first].protocol;
    let row = |(idx, sweep_idx): &(usize, usize)| {
        let cable = cables[*idx].as_ref().expect("candidates without a cell are hopeless from the start");
        let sweep = &plan.sweeps[*sweep_idx];
        let last_spike = sweep.last_spike(plan.settings.threshold_mv);
        Row { last_spike, ..Row::of_soma(cable, Electrode::at_soma(&sweep.stimulus)) }
    };
    let rows: Vec<Row<'_>> = jobs.iter().map(row).collect();
    let samples = run_rows(&rows, &protocol, None, &Within(progress))?;
    let outcomes = samples.into_par_iter().zip(jobs);
    outcomes.map(|(samples, (_, sweep_idx))| measured(plan, &plan.sweeps[*sweep_idx], samples)).collect()
}

/// What the samples of a sweep say; a run that diverged is an outcome too.
fn measured(plan: &FitPlan, sweep: &PlannedSweep, samples: Result<Samples, Error>) -> Result<Outcome, Error> {
    let Ok(samples) = samples else { return Ok(Outcome::Diverged) };
    let grid = sweep.protocol.grid()?;
    if samples[0].len() < grid.n_samples() {
        return Ok(Outcome::fired());
    }
    let window = sweep.window();
    let taken = Sweep::new(grid, &samples[0], window.start_ms, window.end_ms)?
        .with_stimulus_current_na(sweep.target.step_na)?;
    Ok(Outcome::of(&PreparedSweep::new(&taken, &plan.settings)?, &sweep.features))
}

fn score(plan: &FitPlan, stage: &Stage, outcomes: Vec<Outcome>, hopeless: Option<f64>) -> Evaluation {
    let threshold_mv = plan.settings.threshold_mv;
    let (mut scores, mut values) = (Vec::new(), Vec::new());
    for &sweep_idx in &stage.sweeps {
        let outcome = match (&outcomes[sweep_idx], hopeless) {
            (Outcome::Skipped { .. }, Some(shortfall)) => Outcome::Skipped { shortfall },
            (outcome, _) => outcome.clone(),
        };
        for (place, objective) in
            plan.objectives[plan.sweeps[sweep_idx].objectives.clone()].iter().enumerate()
        {
            let value = match &outcome {
                Outcome::Ran { values, .. } => values.get(place).copied().flatten(),
                _ => None,
            };
            scores.push(objective.score(&outcome, value, threshold_mv));
            values.push(value);
        }
    }
    Evaluation { scores, values, is_rejected: hopeless.is_some() }
}
