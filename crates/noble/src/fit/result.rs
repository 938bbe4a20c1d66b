//! From what a search found to a hall of fame.

use std::collections::BTreeMap;

use noble_data::ModelId;
use noble_data::cell_model::{HallOfFame, HallOfFameModel};
use noble_evolve::{Individual, Member};
use rayon::prelude::*;

use super::case::FitPlan;
use super::evaluate::{Leaving, evaluate_all};
use super::run::FitState;
use super::settings::FitSettings;
use super::stage::Stage;
use crate::progress::go_on;
use crate::{Error, ExcitabilitySettings, I_THR, Progress, S_THR, measure_excitability};

/// The hall of fame of a fit, and what it was chosen from.
#[derive(Debug, Clone, PartialEq)]
pub struct FitResult {
    /// The best of each seed, far from each other.
    pub hall_of_fame: HallOfFame,
    /// Every accepted model that was kept; those of the hall of fame first.
    pub archive: HallOfFame,
    /// Models whose threshold or F-I slope could not be measured, with the reason.
    pub without_latents: Vec<(ModelId, String)>,
    /// Models of the hall of fame that are not accepted, taken because too few are.
    pub not_accepted: Vec<ModelId>,
    /// Of each seed with fewer accepted models than asked for: their number.
    pub short_of: Vec<(u64, usize)>,
}

/// Chooses and measures the models of a hall of fame.
///
/// Of each seed: if more than `n_models` are accepted, those that lie farthest from each other, beginning with the best
/// (greedy farthest point selection in the coordinates of the parameters); otherwise the best by rank.
///
/// # Errors
/// [`Error::Usage`] when nothing was found yet.
pub fn conclude(
    plan: &FitPlan,
    settings: &FitSettings,
    state: &FitState,
    excitability: &ExcitabilitySettings,
    progress: &dyn Progress,
) -> Result<FitResult, Error> {
    let (mut chosen, mut others, mut short_of) = (Vec::new(), Vec::new(), Vec::new());
    for search in &state.searches {
        // What makes no cell cannot be measured; it was kept where hardly anything else was found.
        let is_cell = |one: &&Member| plan.cable(&one.individual.parameters).is_ok();
        let members: Vec<&Member> = search.archive.members().iter().filter(is_cell).collect();
        let n_accepted = members.iter().filter(|one| is_accepted(one, settings)).count();
        if n_accepted < settings.n_models {
            short_of.push((search.seed, n_accepted));
        }
        let (picked, rest) = choose(&members, settings);
        chosen.extend(picked.into_iter().map(|one| (search.seed, one)));
        others.extend(rest.into_iter().map(|one| (search.seed, one)));
    }
    if chosen.is_empty() {
        let what = "no model was evaluated yet with every parameter and sweep";
        return Err(Error::usage(what, "allow more generations, evaluations or minutes"));
    }
    let n_chosen = chosen.len();
    let all: Vec<(u64, &Individual)> =
        chosen.into_iter().chain(others).map(|(seed, one)| (seed, &one.individual)).collect();
    let (models, failures) = measured(plan, &all, excitability, progress)?;
    let provenance = provenance(plan, settings, state)?;
    let file = |models: &[HallOfFameModel]| {
        HallOfFame::new(plan.cells.morphology_sha256.clone(), models.to_vec(), provenance.clone())
    };
    let is_not_accepted = |model: &&HallOfFameModel| !settings.accepts(model.scores.values().copied());
    Ok(FitResult {
        hall_of_fame: file(&models[..n_chosen]),
        archive: file(&models),
        without_latents: failures,
        not_accepted: models[..n_chosen].iter().filter(is_not_accepted).map(|model| model.id).collect(),
        short_of,
    })
}

/// Members of a hall of fame, and the other accepted ones.
fn choose<'a>(members: &[&'a Member], settings: &FitSettings) -> (Vec<&'a Member>, Vec<&'a Member>) {
    let mut accepted: Vec<&Member> =
        members.iter().filter(|one| is_accepted(one, settings)).copied().collect();
    if accepted.len() <= settings.n_models {
        return (members.iter().take(settings.n_models).copied().collect(), Vec::new());
    }
    let mut picked = vec![accepted.remove(0)];
    while picked.len() < settings.n_models {
        let nearest = |one: &Member| {
            let to = |other: &&Member| distance(&one.individual.parameters, &other.individual.parameters);
            picked.iter().map(to).fold(f64::INFINITY, f64::min)
        };
        let farthest = (0..accepted.len())
            .max_by(|a, b| nearest(accepted[*a]).total_cmp(&nearest(accepted[*b])).then(b.cmp(a)));
        picked.push(accepted.remove(farthest.expect("more are accepted than asked for")));
    }
    (picked, accepted)
}

fn is_accepted(one: &Member, settings: &FitSettings) -> bool {
    settings.accepts(one.individual.scores.iter().copied())
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

type Measured = (Vec<HallOfFameModel>, Vec<(ModelId, String)>);

/// Features, scores and latent features of models, none left early.
fn measured(
    plan: &FitPlan,
    all: &[(u64, &Individual)],
    excitability: &ExcitabilitySettings,
    progress: &dyn Progress,
) -> Result<Measured, Error> {
    let stage = Stage::active(plan);
    let coordinates: Vec<Vec<f64>> = all.iter().map(|(_, one)| one.parameters.clone()).collect();
    let evaluations = evaluate_all(plan, (&stage, &coordinates), Leaving::Never, progress)?;
    let names: Vec<String> = stage.objective_names(plan).map(str::to_owned).collect();
    progress.start("measure excitability", all.len());
    let models: Vec<(HallOfFameModel, Option<String>)> = all
        .par_iter()
        .zip(evaluations)
        .enumerate()
        .map(|(place, ((seed, one), evaluation))| {
            let cable = plan.cable(&one.parameters)?;
            let measured = measure_excitability(&cable, &plan.base_protocol, excitability, progress);
            progress.advance(1);
            go_on(progress)?;
            let (latents, failure) = match measured {
                Ok(measured) => (measured.latents(), None),
                Err(error) => (BTreeMap::new(), Some(error.to_string())),
            };
            let id = ModelId::try_from(place).unwrap_or(ModelId::MAX);
            let mut parameters = plan.cell(&one.parameters);
            parameters.name = format!("{}_{id}", plan.space.base.name);
            let features = names.iter().zip(evaluation.values);
            let model = HallOfFameModel {
                id,
                seed: *seed,
                parameters,
                scores: names.iter().cloned().zip(evaluation.scores).collect(),
                features: features.filter_map(|(name, value)| Some((name.clone(), value?))).collect(),
                i_thr_na: latents.get(I_THR).copied(),
                s_thr_hz_per_na: latents.get(S_THR).copied(),
            };
            Ok((model, failure))
        })
        .collect::<Result<_, Error>>()?;
    progress.finish();
    let failures = models.iter().filter_map(|(model, failure)| Some((model.id, failure.clone()?))).collect();
    Ok((models.into_iter().map(|(model, _)| model).collect(), failures))
}

fn provenance(
    plan: &FitPlan,
    settings: &FitSettings,
    state: &FitState,
) -> Result<BTreeMap<String, String>, Error> {
    let text = |bytes: Result<Vec<u8>, serde_json::Error>| {
        let bytes = bytes.map_err(|error| Error::Internal { what: error.to_string() })?;
        Ok::<_, Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let evaluations: Vec<String> = state
        .searches
        .iter()
        .map(|search| {
            format!("seed {}: {} in {} generations", search.seed, search.n_evaluations(), search.log.len())
        })
        .collect();
    let targets: Vec<_> = plan.targets().collect();
    let mut provenance = BTreeMap::from([
        ("program".to_owned(), format!("noble {}", env!("CARGO_PKG_VERSION"))),
        ("evaluations".to_owned(), evaluations.join("; ")),
        ("settings".to_owned(), text(serde_json::to_vec(settings))?),
        ("targets".to_owned(), text(serde_json::to_vec(&targets))?),
        ("free_parameters".to_owned(), text(serde_json::to_vec(&plan.space.free))?),
        ("protocol".to_owned(), text(serde_json::to_vec(&plan.base_protocol))?),
        ("source".to_owned(), plan.source.clone()),
    ]);
    let channels = plan.cells.channels_sha256();
    if !channels.is_empty() {
        provenance.insert("channels_sha256".to_owned(), channels);
    }
    Ok(provenance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(all: &[(f64, f64)]) -> Vec<Member> {
        let member = |(id, (coordinate, score)): (usize, &(f64, f64))| Member {
            individual: Individual {
                id: id as u64,
                generation: 0,
                parameters: vec![*coordinate],
                scores: vec![*score],
            },
            rank: *score,
        };
        all.iter().enumerate().map(member).collect()
    }

    fn chosen(all: &[(f64, f64)], n_models: usize) -> (Vec<u64>, Vec<u64>) {
        let all = members(all);
        let settings = FitSettings { n_models, ..FitSettings::default() };
        let (picked, rest) = choose(&all.iter().collect::<Vec<_>>(), &settings);
        let ids = |members: Vec<&Member>| members.into_iter().map(|one| one.individual.id).collect();
        (ids(picked), ids(rest))
    }

    /// From 0.5 the farthest is 0, then 0.9; the one that is not accepted is left out of both lists.
    #[test]
    fn analytic_the_best_and_those_farthest_from_it_are_chosen() {
        let all = [(0.5, 0.1), (0.6, 0.2), (0.9, 0.3), (0.0, 0.4), (1.0, 5.0)];
        assert_eq!(chosen(&all, 3), (vec![0, 3, 2], vec![1]));
    }

    #[test]
    fn analytic_too_few_accepted_are_filled_by_rank() {
        assert_eq!(chosen(&[(0.5, 0.1), (0.6, 4.0), (0.9, 5.0)], 2), (vec![0, 1], Vec::new()));
    }
}
