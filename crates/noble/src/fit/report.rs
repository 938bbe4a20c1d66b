//! What a fit tells in tables: generations, and models with their scores.

use std::collections::BTreeMap;
use std::fmt::Write;

use noble_data::cell_model::HallOfFame;

use super::case::FitPlan;
use super::log::Generation;
use super::objective::Measure;
use super::run::FitState;
use super::stage::Stage;

/// One target with what the hall of fame makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectiveSummary {
    /// Sweep and feature.
    pub name: String,
    /// Mean and deviation of the target; none for whether it fires.
    pub target: Option<(f64, f64)>,
    /// Smallest and largest value among the models that have one.
    pub values: Option<(f64, f64)>,
    /// Smallest, median and largest score.
    pub scores: [f64; 3],
}

/// The targets with the values and scores of the models, in order.
#[must_use]
pub fn summarize(plan: &FitPlan, file: &HallOfFame) -> Vec<ObjectiveSummary> {
    let summary = |objective: &super::Objective| {
        let of = |pick: fn(&noble_data::cell_model::HallOfFameModel) -> &BTreeMap<String, f64>| {
            let mut all: Vec<f64> =
                file.models.iter().filter_map(|model| pick(model).get(&objective.name).copied()).collect();
            all.sort_by(f64::total_cmp);
            all
        };
        let (values, scores) = (of(|model| &model.features), of(|model| &model.scores));
        let at = |place: usize| scores.get(place).copied().unwrap_or(f64::NAN);
        ObjectiveSummary {
            name: objective.name.clone(),
            target: match objective.measure {
                Measure::Feature { mean, deviation, .. } => Some((mean, deviation)),
                Measure::Firing(_) => None,
            },
            values: values.first().copied().zip(values.last().copied()),
            scores: [at(0), at(scores.len() / 2), at(scores.len().saturating_sub(1))],
        }
    };
    plan.objectives.iter().map(summary).collect()
}

/// One line per model: latent features, scores, values.
#[must_use]
pub fn scores_csv(plan: &FitPlan, file: &HallOfFame) -> String {
    let names: Vec<&str> = plan.objectives.iter().map(|objective| objective.name.as_str()).collect();
    let mut csv = "model,seed,i_thr_na,s_thr_hz_per_na,mean_z,worst_z".to_owned();
    for name in &names {
        let _ = write!(csv, ",{name},{name}.z");
    }
    csv.push('\n');
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for model in &file.models {
        let scores: Vec<f64> = names.iter().filter_map(|name| model.scores.get(*name).copied()).collect();
        let (mean, worst) = (super::search::mean(&scores), super::search::worst(&scores));
        let (i_thr, s_thr) = (cell(model.i_thr_na), cell(model.s_thr_hz_per_na));
        let _ = write!(csv, "{},{},{i_thr},{s_thr},{mean},{worst}", model.id, model.seed);
        for name in &names {
            let (value, score) = (model.features.get(*name), model.scores.get(*name));
            let _ = write!(csv, ",{},{}", cell(value.copied()), cell(score.copied()));
        }
        csv.push('\n');
    }
    csv
}

/// One line per generation: how the search went, and the smallest and the median score of each objective.
#[must_use]
pub fn log_csv(plan: &FitPlan, state: &FitState) -> String {
    let mut csv =
        "seed,stage,generation,evaluations,rejected,accepted,best_mean_z,median_mean_z,least_worst_z"
            .to_owned();
    let objectives = &plan.objectives;
    objectives.iter().for_each(|objective| _ = write!(csv, ",{0}.best_z,{0}.median_z", objective.name));
    csv.push('\n');
    for one in state.log() {
        let Generation { seed, stage, generation, n_evaluations, n_rejected, n_accepted, .. } = one;
        let _ = write!(
            csv,
            "{seed},{},{generation},{n_evaluations},{n_rejected},{n_accepted},{},{},{}",
            stage.name(),
            one.best,
            one.median,
            one.best_worst
        );
        let own = Stage::of_kind(plan, *stage);
        let scores = one.best_scores.iter().zip(&one.median_scores);
        let own: BTreeMap<&str, (&f64, &f64)> =
            own.iter().flat_map(|own| own.objective_names(plan)).zip(scores).collect();
        for objective in objectives {
            let _ = match own.get(objective.name.as_str()) {
                Some((best, median)) => write!(csv, ",{best},{median}"),
                None => write!(csv, ",,"),
            };
        }
        csv.push('\n');
    }
    csv
}
