//! Neurons between and around the known ones: places in latent space drawn, or laid out, for an operator to answer for.
//!
//! Threshold current and F-I slope span the plane in which places are chosen; an operator that takes more features gets them
//! at their expectation under the two, kept as far from it as the model near which a place lies.

use std::collections::BTreeMap;

use noble_data::ModelId;
use noble_data::dataset::Split;
use noble_operator::{Operator, OperatorCard};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::hull::{convex_hull, is_inside};
use crate::{Error, I_THR, LatentDensity, Member, S_THR};

/// Where the members of an ensemble are placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Placement {
    /// Evenly over the convex hull of the training models in the plane of threshold current and F-I slope.
    Hull {
        /// Seed of the places.
        seed: u64,
    },
    /// By the normal distribution of the training models' latent features.
    Density {
        /// Seed of the places.
        seed: u64,
    },
    /// In the middles of the cells of a grid over the box of the training models in the plane, where these lie in the hull;
    /// the number of members is that of cells along each side.
    Grid,
    /// From one model to another in even steps, both included.
    Between {
        /// First model.
        first: ModelId,
        /// Last model.
        last: ModelId,
    },
    /// Evenly over a disk around a model in the plane, its radius in ranges of the training models.
    Near {
        /// The model in the middle.
        model: ModelId,
        /// Radius as a part of the ranges of both features.
        radius: f64,
        /// Seed of the places.
        seed: u64,
    },
}

/// Draws in a row that may miss the hull: hulls fill far more than a thousandth of their box, unless they are lines.
const MOST_MISSES: usize = 100_000;

/// Members placed in latent space, numbered from the first number that no model has.
///
/// # Errors
/// [`Error::Usage`] for a placement that the operator has not the features or the models for, [`Error::Operator`] for a model
/// that it does not list.
pub fn place_members(
    operator: &Operator,
    placement: Placement,
    n_members: usize,
) -> Result<Vec<Member>, Error> {
    let card = operator.card();
    if n_members > MOST_MEMBERS {
        return Err(too_many(n_members));
    }
    let places = match placement {
        Placement::Hull { seed } => in_hull(card, n_members, seed)?,
        Placement::Density { seed } => {
            let density = density(card)?;
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            (0..n_members).map(|_| density.draw(&mut rng)).collect()
        }
        Placement::Grid => on_grid(card, n_members)?,
        Placement::Between { first, last } => {
            between(card.model_latents(first)?, card.model_latents(last)?, n_members)
        }
        Placement::Near { model, radius, seed } => near(card, (model, radius), n_members, seed)?,
    };
    let n_numbers = u32::try_from(places.len()).map_err(|_| too_many(n_members))?;
    let highest = card.models.iter().map(|model| model.id).max().unwrap_or(0);
    let first = highest.checked_add(1).filter(|first| first.checked_add(n_numbers).is_some());
    let first = first.ok_or_else(|| too_many(n_members))?;
    Ok((first..).zip(places).map(|(id, latents)| Member { id, latents }).collect())
}

/// Members that are placed at once.
const MOST_MEMBERS: usize = 1_000_000;

fn too_many(n_members: usize) -> Error {
    Error::usage(format!("{n_members} members"), format!("ask for at most {MOST_MEMBERS}"))
}

/// The normal distribution of the training models' features.
fn density(card: &OperatorCard) -> Result<LatentDensity, Error> {
    let names: Vec<String> = card.input.latents.iter().map(|latent| latent.name.clone()).collect();
    let models: Vec<&BTreeMap<String, f64>> =
        card.train_models.iter().map(|id| card.model_latents(*id)).collect::<Result<_, _>>()?;
    LatentDensity::fit(&names, &models)
}

/// What a model of the header was used for.
pub(crate) fn split_of(card: &OperatorCard, id: ModelId) -> Split {
    if card.test_models.contains(&id) {
        Split::Test
    } else if card.validation_models.contains(&id) {
        Split::Validation
    } else {
        Split::Train
    }
}

/// Whether the plane of threshold current and F-I slope is known, and the hull of the training models in it.
pub(crate) fn hull_of(card: &OperatorCard) -> Option<Vec<(f64, f64)>> {
    let models = card.train_models.iter().filter_map(|id| card.model_latents(*id).ok());
    let points: Option<Vec<(f64, f64)>> = models.map(in_plane).collect();
    points.filter(|points| !points.is_empty()).map(|points| convex_hull(&points))
}

/// Place of latent features in the plane.
pub(crate) fn in_plane(latents: &BTreeMap<String, f64>) -> Option<(f64, f64)> {
    Some((*latents.get(I_THR)?, *latents.get(S_THR)?))
}

fn at((i_thr_na, s_thr_hz_per_na): (f64, f64)) -> BTreeMap<String, f64> {
    BTreeMap::from([(I_THR.to_owned(), i_thr_na), (S_THR.to_owned(), s_thr_hz_per_na)])
}

fn no_plane() -> Error {
    let what = format!("the operator's training models span no area of {I_THR} and {S_THR}");
    Error::usage(what, "name places with --latent, or go --between two models")
}

fn in_hull(card: &OperatorCard, n_members: usize, seed: u64) -> Result<Vec<BTreeMap<String, f64>>, Error> {
    let hull = hull_of(card).filter(|hull| hull.len() > 2).ok_or_else(no_plane)?;
    let density = density(card)?;
    let (low, high) = (corner(&hull, f64::min), corner(&hull, f64::max));
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(n_members.min(MOST_MISSES));
    let mut n_missed = 0;
    while drawn.len() < n_members {
        let (across, up): (f64, f64) = (rng.random(), rng.random());
        let point = (low.0 + across * (high.0 - low.0), low.1 + up * (high.1 - low.1));
        if is_inside(&hull, point) {
            n_missed = 0;
            drawn.push(density.completed(&at(point)));
        } else {
            n_missed += 1;
            if n_missed > MOST_MISSES {
                return Err(no_plane());
            }
        }
    }
    Ok(drawn)
}

/// Size of a cell of the [grid](Placement::Grid): threshold current (nA) and F-I slope (Hz/nA).
///
/// # Errors
/// [`Error::Usage`] for an operator whose training models span no area of the plane.
pub fn grid_cell(operator: &Operator, n_across: usize) -> Result<(f64, f64), Error> {
    let hull = hull_of(operator.card()).filter(|hull| hull.len() > 2).ok_or_else(no_plane)?;
    let (low, high) = (corner(&hull, f64::min), corner(&hull, f64::max));
    Ok(((high.0 - low.0) / n_across as f64, (high.1 - low.1) / n_across as f64))
}

/// Cells along a side of a grid: ten thousand answers are some gigabytes.
const MOST_ACROSS: usize = 100;

fn on_grid(card: &OperatorCard, n_across: usize) -> Result<Vec<BTreeMap<String, f64>>, Error> {
    if n_across > MOST_ACROSS {
        let what = format!("a map of {n_across} by {n_across} cells");
        return Err(Error::usage(what, format!("give --members from 1 to {MOST_ACROSS}")));
    }
    let hull = hull_of(card).filter(|hull| hull.len() > 2).ok_or_else(no_plane)?;
    let density = density(card)?;
    let (low, high) = (corner(&hull, f64::min), corner(&hull, f64::max));
    let middle = |low: f64, high: f64, idx: usize| low + (high - low) * (idx as f64 + 0.5) / n_across as f64;
    let cells = (0..n_across).flat_map(|across| (0..n_across).map(move |up| (across, up)));
    let points = cells.map(|(across, up)| (middle(low.0, high.0, across), middle(low.1, high.1, up)));
    Ok(points.filter(|point| is_inside(&hull, *point)).map(|point| density.completed(&at(point))).collect())
}

/// Smallest or largest coordinates of some points.
fn corner(points: &[(f64, f64)], pick: fn(f64, f64) -> f64) -> (f64, f64) {
    points.iter().copied().reduce(|a, b| (pick(a.0, b.0), pick(a.1, b.1))).unwrap_or_default()
}

fn between(
    first: &BTreeMap<String, f64>,
    last: &BTreeMap<String, f64>,
    n_members: usize,
) -> Vec<BTreeMap<String, f64>> {
    let at = |step: usize| {
        let part = if n_members > 1 { step as f64 / (n_members - 1) as f64 } else { 0.5 };
        latents_between((first, last), part)
    };
    (0..n_members).map(at).collect()
}

/// Latent features `part` of the way from the first's to the last's.
pub(crate) fn latents_between(
    (first, last): (&BTreeMap<String, f64>, &BTreeMap<String, f64>),
    part: f64,
) -> BTreeMap<String, f64> {
    let value = |(name, from): (&String, &f64)| {
        let to = last.get(name).copied().unwrap_or(*from);
        (name.clone(), (1.0 - part) * from + part * to)
    };
    first.iter().map(value).collect()
}

fn near(
    card: &OperatorCard,
    (model, radius): (ModelId, f64),
    n_members: usize,
    seed: u64,
) -> Result<Vec<BTreeMap<String, f64>>, Error> {
    if !(radius.is_finite() && radius > 0.0) {
        return Err(Error::usage(format!("--radius is {radius}"), "give a part of the ranges, such as 0.1"));
    }
    let middle = card.model_latents(model)?;
    let hull = hull_of(card).filter(|hull| hull.len() > 2).ok_or_else(no_plane)?;
    let (low, high) = (corner(&hull, f64::min), corner(&hull, f64::max));
    let own = in_plane(middle).ok_or_else(no_plane)?;
    let density = density(card)?;
    let own_expected = density.completed(&at(own));
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let place = |_| {
        let (area, turn): (f64, f64) = (rng.random(), rng.random());
        let (away, angle) = (radius * area.sqrt(), std::f64::consts::TAU * turn);
        let point =
            (own.0 + away * angle.cos() * (high.0 - low.0), own.1 + away * angle.sin() * (high.1 - low.1));
        let expected = density.completed(&at(point));
        let moved = |(name, value): (&String, &f64)| {
            let change = expected.get(name).zip(own_expected.get(name)).map_or(0.0, |(to, from)| to - from);
            (name.clone(), value + change)
        };
        middle.iter().map(moved).collect()
    };
    Ok((0..n_members).map(place).collect())
}
