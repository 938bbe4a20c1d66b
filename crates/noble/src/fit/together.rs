//! Candidates dealt out to the ranks of a team: rank 0 searches, all evaluate.

use serde::{Deserialize, Serialize};

use super::case::FitPlan;
use super::evaluate::{Evaluate, Evaluation, Here};
use super::stage::Stage;
use crate::cluster::{Team, deal, dealt_back, follow, lead};
use crate::{Error, Silent};

/// Rank 0's evaluator; the other ranks are in [`serve`].
pub struct Together<'a> {
    /// The ranks.
    pub team: &'a dyn Team,
}

/// Candidates to evaluate, on their way to another process.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    stage: Stage,
    candidates: Vec<Vec<f64>>,
}

/// Parts of some candidates as messages, at most so many in each, in their order.
///
/// # Errors
/// [`Error::Internal`] when they cannot be spelled.
pub fn jobs_of(stage: &Stage, candidates: &[Vec<f64>], n_together: usize) -> Result<Vec<Vec<u8>>, Error> {
    let job = |part: &[Vec<f64>]| bytes_of(&Job { stage: stage.clone(), candidates: part.to_vec() });
    candidates.chunks(n_together.max(1)).map(job).collect()
}

/// The evaluations that [`answer`] spelled, of jobs in order.
///
/// # Errors
/// [`Error::Internal`] when they cannot be read.
pub fn evaluations_of(answers: &[Vec<u8>]) -> Result<Vec<Evaluation>, Error> {
    let parts: Vec<Vec<Evaluation>> =
        answers.iter().map(|bytes| value_of(bytes)).collect::<Result<_, _>>()?;
    Ok(parts.concat())
}

impl Evaluate for Together<'_> {
    fn evaluate(
        &self,
        plan: &FitPlan,
        stage: &Stage,
        candidates: &[Vec<f64>],
    ) -> Result<Vec<Evaluation>, Error> {
        let job = |candidates| bytes_of(&Job { stage: stage.clone(), candidates });
        let jobs = deal(candidates, self.team.size()).into_iter().map(job);
        let answers = lead(self.team, jobs.collect::<Result<_, _>>()?, |job| answer(plan, job))?;
        let hands = answers.iter().map(|bytes| value_of::<Vec<Evaluation>>(bytes));
        Ok(dealt_back(hands.collect::<Result<_, _>>()?))
    }
}

/// Evaluates for rank 0 until it dismisses the team.
///
/// # Errors
/// When an evaluation could not be made; the task is then to be ended, as rank 0 still waits.
pub fn serve(team: &dyn Team, plan: &FitPlan) -> Result<(), Error> {
    follow(team, |job| answer(plan, job))
}

/// Evaluates the candidates of a message by a plan of the same fit.
///
/// # Errors
/// [`Error::Internal`] for bytes that are no message; those of [`Evaluate::evaluate`].
pub fn answer(plan: &FitPlan, job: &[u8]) -> Result<Vec<u8>, Error> {
    let Job { stage, candidates } = value_of(job)?;
    bytes_of(&Here(&Silent).evaluate(plan, &stage, &candidates)?)
}

fn bytes_of<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Internal { what: error.to_string() })
}

fn value_of<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Internal { what: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::dismiss;
    use crate::cluster::threads::on_threads;
    use crate::fit::FitCase;
    use crate::reference_cell::{reference_morphology, reference_space, reference_targets};
    use crate::{Cells, Protocol};
    use noble_features::Settings;

    #[test]
    fn invariant_any_number_of_ranks_scores_alike() {
        let mut targets = reference_targets();
        targets.sweeps.retain(|sweep| sweep.step_na >= 0.1);
        for sweep in &mut targets.sweeps {
            (sweep.duration_ms, sweep.total_ms) = (10.0, 40.0);
        }
        let case = FitCase {
            cells: Cells::of_morphology(reference_morphology()).unwrap(),
            space: reference_space(),
            targets,
            protocol: Protocol::default(),
            features: Settings::default(),
            starts: Vec::new(),
        };
        let (plan, _) = case.plan().unwrap();
        let stage = Stage::active(&plan);
        let candidates: Vec<Vec<f64>> =
            [0.2, 0.5, 0.8].map(|coordinate| vec![coordinate; plan.space().free.len()]).to_vec();
        let alone = Here(&Silent).evaluate(&plan, &stage, &candidates).unwrap();
        for size in [1, 2, 5] {
            let answers = on_threads(size, |team| {
                if team.rank() > 0 {
                    serve(team, &plan).unwrap();
                    return None;
                }
                let answers = Together { team }.evaluate(&plan, &stage, &candidates).unwrap();
                dismiss(team);
                Some(answers)
            });
            assert_eq!(answers[0].as_ref(), Some(&alone), "{size} ranks");
        }
    }
}
