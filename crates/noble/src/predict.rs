//! Ensembles: the operator's voltage for members at one or several currents.

use std::collections::BTreeMap;

use ndarray::Array2;
use noble_data::sweeps::StimulusWindow;
use noble_data::{ModelId, Sweeps};
use noble_operator::{Operator, OperatorCard, OperatorPlan, Query, QueryStimulus, Warning};

use crate::ensemble_members::{hull_of, in_plane};
use crate::hull::is_inside;
use crate::progress::go_on;
use crate::{Error, I_THR, LatentDensity, Progress, S_THR};

/// A member of an ensemble.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Number by which it is called; a member placed by hand has the first number no model has.
    pub id: ModelId,
    /// Its latent features by name.
    pub latents: BTreeMap<String, f64>,
}

/// Members for models that an operator's header lists.
///
/// # Errors
/// [`Error::Operator`] for a number that it does not list.
pub fn members_of(operator: &Operator, ids: &[ModelId]) -> Result<Vec<Member>, Error> {
    let member = |id: &ModelId| Ok(Member { id: *id, latents: operator.card().model_latents(*id)?.clone() });
    ids.iter().map(member).collect()
}

/// Latent features with those that are not given at their [expectation](LatentDensity::completed) over the operator's
/// training models; and the names of these.
///
/// # Errors
/// [`Error::Usage`] when something is missing and the header has no models to expect it from.
pub fn completed_latents(
    operator: &Operator,
    given: BTreeMap<String, f64>,
) -> Result<(BTreeMap<String, f64>, Vec<String>), Error> {
    let card = operator.card();
    let names: Vec<String> = card.input.latents.iter().map(|latent| latent.name.clone()).collect();
    let missing: Vec<String> = names.iter().filter(|name| !given.contains_key(*name)).cloned().collect();
    if missing.is_empty() || given.is_empty() {
        return Ok((given, Vec::new()));
    }
    let models = card.train_models.iter().map(|id| card.model_latents(*id));
    let models: Vec<&BTreeMap<String, f64>> = models.collect::<Result<_, _>>()?;
    Ok((LatentDensity::fit(&names, &models)?.completed(&given), missing))
}

/// A member at a place of latent space.
///
/// # Errors
/// [`Error::Operator`] for a latent feature that is unknown, missing or no number.
pub fn member_at(operator: &Operator, latents: BTreeMap<String, f64>) -> Result<Member, Error> {
    let named: Vec<(&str, f64)> = latents.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    operator.card().order_latents(&named)?;
    let is_free = |id: &ModelId| operator.card().models.iter().all(|model| model.id != *id);
    let highest = operator.card().models.iter().map(|model| model.id).max().unwrap_or(0);
    let id = (highest..=ModelId::MAX).chain(0..highest).find(is_free);
    let id =
        id.ok_or_else(|| Error::usage("every model number is taken", "use an operator of fewer models"))?;
    Ok(Member { id, latents })
}

/// An ensemble's voltages, and what deserves less trust among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Voltages, rows by member, then by amplitude.
    pub sweeps: Sweeps,
    /// Warnings of each row.
    pub warnings: Vec<Vec<Warning>>,
}

/// Sweeps predicted before it is asked again whether to go on.
pub(crate) const N_TOGETHER: usize = 128;

/// Samples of one prediction: 8 GiB of voltages.
const MOST_VALUES: usize = 1 << 30;

/// Voltages of every member at every amplitude, on the plan's grid.
///
/// # Errors
/// [`Error::Usage`] when there is nothing to predict, [`Error::Operator`] when the operator does not answer,
/// [`Error::Stopped`].
pub fn predict(
    plan: &OperatorPlan,
    members: &[Member],
    steps_na: &[f64],
    progress: &dyn Progress,
) -> Result<Prediction, Error> {
    if members.is_empty() || steps_na.is_empty() {
        return Err(Error::usage("there is nothing to predict", "name at least one member and one step"));
    }
    let rows: Vec<(&Member, f64)> =
        members.iter().flat_map(|member| steps_na.iter().map(move |step_na| (member, *step_na))).collect();
    let query = |(member, step_na): &(&Member, f64)| Query {
        stimulus: QueryStimulus::Step { step_na: *step_na },
        latents: member.latents.clone(),
    };
    let (card, grid) = (plan.card(), plan.grid());
    let n_values = rows.len().saturating_mul(grid.n_samples());
    if n_values > MOST_VALUES {
        let what =
            format!("{} sweeps of {} samples do not fit into memory at once", rows.len(), grid.n_samples());
        return Err(Error::usage(
            what,
            format!("ask for at most {} at a time", MOST_VALUES / grid.n_samples()),
        ));
    }
    let queries: Vec<Query> = rows.iter().map(query).collect();
    let mut v_mv: Vec<f64> = Vec::with_capacity(queries.len() * grid.n_samples());
    progress.start("predict", queries.len());
    for together in queries.chunks(N_TOGETHER) {
        go_on(progress)?;
        v_mv.extend(plan.predict_mv(together)?.into_iter().map(f64::from));
        progress.advance(together.len());
    }
    progress.finish();
    let v_mv = Array2::from_shape_vec((rows.len(), grid.n_samples()), v_mv)
        .map_err(|error| Error::Internal { what: error.to_string() })?;
    let steps = rows.iter().map(|(_, step_na)| Some(*step_na)).collect();
    let mut sweeps = Sweeps::new(grid.times_ms(), steps, v_mv)?;
    sweeps.models = Some(rows.iter().map(|(member, _)| member.id).collect());
    for latent in &card.input.latents {
        let value = |(member, _): &(&Member, f64)| member.latents[&latent.name];
        sweeps.latents.insert(latent.name.clone(), rows.iter().map(value).collect());
    }
    let timing = card.stimulus;
    sweeps.window =
        Some(StimulusWindow { start_ms: timing.delay_ms, end_ms: timing.delay_ms + timing.duration_ms });
    let hull = hull_of(card);
    let warnings = |query: &Query| {
        let mut warnings = plan.warnings(query);
        warnings.extend(hull.as_deref().and_then(|hull| outside(card, hull, &query.latents)));
        warnings
    };
    Ok(Prediction { sweeps, warnings: queries.iter().map(warnings).collect() })
}

/// A warning where a place lies outside of the hull; a model of training never does, whatever the rounding.
fn outside(card: &OperatorCard, hull: &[(f64, f64)], latents: &BTreeMap<String, f64>) -> Option<Warning> {
    let point = in_plane(latents)?;
    let is_corner = hull
        .iter()
        .any(|corner| (corner.0.to_bits(), corner.1.to_bits()) == (point.0.to_bits(), point.1.to_bits()));
    (!is_corner && !is_inside(hull, point)).then(|| Warning::OutsideHull {
        names: [I_THR, S_THR].map(str::to_owned),
        n_models: card.train_models.len(),
    })
}
