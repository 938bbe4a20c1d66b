//! The whole fit: all searches generation by generation, each kept before the next begins.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use noble_data::dataset::sha256_hex;
use noble_data::fitting::ParameterSpace;
use noble_evolve::Candidate;
use serde::{Deserialize, Serialize};

use super::case::FitPlan;
use super::evaluate::{Evaluate, Evaluation};
use super::log::Generation;
use super::report::log_csv;
use super::search::Search;
use super::settings::FitSettings;
use super::stage::{Stage, StageKind};
use crate::progress::go_on;
use crate::{Error, Progress, Shard, files};

const STATE_FORMAT_VERSION: u32 = 1;

/// Generations from one account of all targets to the next.
const GENERATIONS_BETWEEN_TABLES: u32 = 10;

/// When a fit ends. Raising a limit and resuming goes on where it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitLimits {
    /// Generations of the active stage, of each seed.
    pub n_generations: u32,
    /// Evaluations of each seed, both stages.
    pub n_evaluations: Option<u64>,
    /// Time of this run.
    pub duration: Option<Duration>,
}

/// Where a search keeps its state, and how it takes what lies there.
#[derive(Debug, Clone, Copy)]
pub struct FitPlace<'a> {
    /// State, written after every generation.
    pub state: &'a Path,
    /// One line per generation, written with it.
    pub log: &'a Path,
    /// Whether a state that is there is continued; otherwise it is refused.
    pub resumes: bool,
    /// Which of the seeds are searched.
    pub shard: Shard,
}

/// What a fit has found so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitState {
    format_version: u32,
    /// Hash of all that the search depends on.
    case_sha256: String,
    /// Seeds of all searches of the fit.
    seeds: Vec<u64>,
    /// Which share of the searches this is, as `1/3`; nothing where it is all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shard: Option<String>,
    pub(super) searches: Vec<Search>,
}

impl FitState {
    /// The generations of all searches, in order.
    pub fn log(&self) -> impl Iterator<Item = &Generation> {
        self.searches.iter().flat_map(|search| &search.log)
    }

    /// Reads a state.
    ///
    /// # Errors
    /// [`Error::Usage`] when the bytes are no state of this version, or a damaged one.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let unreadable = |error: serde_json::Error| {
            let what = format!("is no state of a fit: {error}");
            Error::usage(
                what,
                "give the NAME.fit.json that a fit wrote; if it was damaged, begin with another --out",
            )
        };
        let Version { format_version } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if format_version != STATE_FORMAT_VERSION {
            let what = format!("version {format_version} is not {STATE_FORMAT_VERSION}");
            return Err(Error::usage(what, "resume with the release that began it"));
        }
        serde_json::from_slice(bytes).map_err(unreadable)
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be spelled.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(internal)
    }

    /// Which share of the searches it holds; `None` where it holds all.
    #[must_use]
    pub fn shard(&self) -> Option<Shard> {
        self.shard.as_ref().and_then(|text| text.parse().ok())
    }

    /// Number of searches it holds.
    #[must_use]
    pub fn n_searches(&self) -> usize {
        self.searches.len()
    }

    /// Whether another state is of the same fit.
    #[must_use]
    pub fn is_of_case(&self, other: &Self) -> bool {
        self.case_sha256 == other.case_sha256
    }

    /// The whole of shares of one fit.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the first seed that no share has.
    pub fn joined(states: Vec<Self>) -> Result<Self, Error> {
        let mut states = states.into_iter();
        let mut whole = states.next().ok_or_else(|| Error::usage("there is no part", "name every part"))?;
        whole.shard = None;
        whole.searches.extend(states.flat_map(|state| state.searches));
        let place = |seed: u64| whole.seeds.iter().position(|own| *own == seed);
        if let Some(missing) =
            whole.seeds.iter().find(|seed| whole.searches.iter().all(|search| search.seed != **seed))
        {
            let place = place(*missing).unwrap_or_default();
            let what = format!("seed {missing}, place {} of {}, is in no part", place + 1, whole.seeds.len());
            return Err(Error::usage(what, "run its share again with --resume, and name it"));
        }
        let seeds = whole.seeds.clone();
        whole.searches.sort_by_key(|search| seeds.iter().position(|seed| *seed == search.seed));
        Ok(whole)
    }

    /// Whether every search has reached the limits.
    #[must_use]
    pub fn is_complete(&self, limits: &FitLimits) -> bool {
        self.searches.iter().all(|search| is_done(search, limits))
    }
}

/// What every version of a state says.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

/// What a resumed fit must share with the one it continues.
#[derive(Serialize)]
struct Identity<'a> {
    morphology_sha256: &'a str,
    channels_sha256: String,
    space: &'a ParameterSpace,
    targets: Vec<&'a noble_data::fitting::TargetSweep>,
    protocol: crate::Protocol,
    features: String,
    starts: &'a [Vec<f64>],
    settings: &'a FitSettings,
}

fn identity(plan: &FitPlan, settings: &FitSettings) -> Result<String, Error> {
    let identity = Identity {
        morphology_sha256: &plan.cells.morphology_sha256,
        channels_sha256: plan.cells.channels_sha256(),
        space: &plan.space,
        targets: plan.targets().collect(),
        protocol: plan.base_protocol,
        features: format!("{:?}", plan.settings),
        starts: &plan.starts,
        settings,
    };
    Ok(sha256_hex(&serde_json::to_vec(&identity).map_err(internal)?))
}

/// Searches until the limits, the seeds that the share takes; the state is written after every generation.
///
/// # Errors
/// [`Error::Usage`] for settings that cannot be, a state of another fit, or a state that is there and not to be
/// resumed; [`Error::Stopped`], the state of the last generation being kept; [`Error::Write`] when the state cannot be kept; [`Error::Evolve`] for a damaged state.
pub fn search(
    plan: &FitPlan,
    settings: &FitSettings,
    place: &FitPlace<'_>,
    limits: &FitLimits,
    (evaluator, progress): (&dyn Evaluate, &dyn Progress),
) -> Result<FitState, Error> {
    settings.check()?;
    place.shard.check_items(settings.seeds.len(), "seeds")?;
    let mut state = begin(plan, settings, place)?;
    let started = Instant::now();
    let is_over = || limits.duration.is_some_and(|duration| started.elapsed() >= duration);
    let n_evaluations = |state: &FitState| state.searches.iter().map(Search::n_evaluations).sum::<u64>();
    let n_before = n_evaluations(&state);
    progress.start("generations", n_generations(plan, settings, limits) * state.searches.len());
    progress.advance(state.log().count());
    loop {
        go_on(progress)?;
        let open: Vec<usize> =
            (0..state.searches.len()).filter(|idx| !is_done(&state.searches[*idx], limits)).collect();
        if open.is_empty() || is_over() {
            break;
        }
        advance(&mut state.searches, &open, (plan, settings), evaluator)?;
        files::write(place.state, &state.to_bytes()?)?;
        files::write(place.log, log_csv(plan, &state).as_bytes())?;
        progress.advance(open.len());
        let rate = (n_evaluations(&state) - n_before) as f64 / started.elapsed().as_secs_f64();
        for search in open.iter().map(|idx| &state.searches[*idx]) {
            let Some(last) = search.log.last() else { continue };
            let stage = Stage::of_kind(plan, last.stage);
            let names: Vec<&str> = stage.iter().flat_map(|stage| stage.objective_names(plan)).collect();
            progress.say(&course(&names, last, rate));
            if last.generation % GENERATIONS_BETWEEN_TABLES == 0 {
                progress.say(&by_target(&names, last));
            }
        }
    }
    // Shares that were merged come without it.
    files::write(place.log, log_csv(plan, &state).as_bytes())?;
    progress.finish();
    Ok(state)
}

/// Generations of one search, those of earlier stages included and restarts not.
fn n_generations(plan: &FitPlan, settings: &FitSettings, limits: &FitLimits) -> usize {
    let n_passive = Stage::passive(plan).map_or(0, |_| settings.n_passive_generations);
    let n_explored = u32::from(Stage::after_passive(plan, settings).kind == StageKind::Explored);
    limits.n_generations as usize + n_passive as usize + n_explored as usize
}

/// Makes one generation of each search named, the candidates of those in the same stage side by side.
fn advance(
    searches: &mut [Search],
    open: &[usize],
    (plan, settings): (&FitPlan, &FitSettings),
    evaluator: &dyn Evaluate,
) -> Result<(), Error> {
    let mut asked: BTreeMap<usize, Vec<Candidate>> =
        open.iter().map(|idx| (*idx, searches[*idx].ask())).collect();
    while let Some(first) = asked.keys().next() {
        let stage = searches[*first].stage.clone();
        let (together, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            asked.into_iter().partition(|(idx, _)| searches[*idx].stage == stage);
        let coordinates: Vec<Vec<f64>> =
            together.values().flatten().map(|candidate| candidate.parameters.clone()).collect();
        let mut evaluations = evaluator.evaluate(plan, &stage, &coordinates)?.into_iter();
        for (idx, candidates) in &together {
            let own: Vec<Evaluation> = evaluations.by_ref().take(candidates.len()).collect();
            searches[*idx].tell(plan, settings, candidates, &own)?;
        }
        asked = rest;
    }
    Ok(())
}

/// How a search stands.
fn course(targets: &[&str], last: &Generation, rate: f64) -> String {
    let worst = last
        .best_scores
        .iter()
        .zip(targets)
        .max_by(|a, b| a.0.total_cmp(b.0))
        .map_or_else(String::new, |(score, name)| format!(", hardest {name} {score:.2}"));
    format!(
        "seed {} {} mean z {:.2} best, {:.2} median; worst z {:.2} at best{worst}; {} accepted; {rate:.1} evaluations/s",
        last.seed,
        last.stage.name(),
        last.best,
        last.median,
        last.best_worst,
        last.n_accepted
    )
}

/// Best and median score of each target.
fn by_target(targets: &[&str], last: &Generation) -> String {
    let scores = last.best_scores.iter().zip(&last.median_scores);
    let one = |(name, (best, median)): (&&str, (&f64, &f64))| format!("{name} {best:.2} / {median:.2}");
    let all: Vec<String> = targets.iter().zip(scores).map(one).collect();
    format!("seed {} best / median z: {}", last.seed, all.join(", "))
}

fn is_done(search: &Search, limits: &FitLimits) -> bool {
    search.n_generations() >= limits.n_generations
        || limits.n_evaluations.is_some_and(|limit| search.n_evaluations() >= limit)
}

fn begin(
    plan: &FitPlan,
    settings: &FitSettings,
    FitPlace { state: state_path, resumes, shard, .. }: &FitPlace<'_>,
) -> Result<FitState, Error> {
    let case_sha256 = identity(plan, settings)?;
    let is_there = state_path.is_file();
    let own = settings.seeds.iter().enumerate().filter(|(place, _)| shard.takes(*place));
    let own_seeds = own.map(|(_, seed)| *seed);
    if is_there && !resumes {
        let what = format!("{} already holds a fit", state_path.display());
        return Err(Error::usage(what, "add --resume to continue it, or choose another --out"));
    }
    if is_there {
        let state: FitState = files::read_with(state_path, FitState::read)?;
        if state.case_sha256 != case_sha256 || state.shard().unwrap_or(Shard::WHOLE) != *shard {
            let what = format!("{} was begun with other inputs or options", state_path.display());
            return Err(Error::usage(what, "give the same to continue it, or choose another --out"));
        }
        let held = state.searches.iter().map(|search| search.seed);
        if !held.eq(own_seeds) || !state.searches.iter().all(|search| search.fits(plan, settings)) {
            let what = format!("{} was changed: a search in it is not of this fit", state_path.display());
            return Err(Error::usage(what, "remove it to begin again, or choose another --out"));
        }
        return Ok(state);
    }
    let searches = own_seeds.map(|seed| Search::new(plan, settings, seed)).collect::<Result<_, Error>>()?;
    let state = FitState {
        format_version: STATE_FORMAT_VERSION,
        case_sha256,
        seeds: settings.seeds.clone(),
        shard: (*shard != Shard::WHOLE).then(|| shard.to_string()),
        searches,
    };
    files::write(state_path, &state.to_bytes()?)?;
    Ok(state)
}

fn internal(error: serde_json::Error) -> Error {
    Error::Internal { what: error.to_string() }
}
