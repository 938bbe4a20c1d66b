//! The whole fit: searches one after the other, each generation kept before the next begins.

use std::path::Path;
use std::time::{Duration, Instant};

use noble_data::dataset::sha256_hex;
use noble_data::fitting::ParameterSpace;
use serde::{Deserialize, Serialize};

use super::case::FitPlan;
use super::evaluate::Evaluate;
use super::log::Generation;
use super::report::log_csv;
use super::search::Search;
use super::settings::FitSettings;
use crate::{Error, Progress, Shard, files};

const STATE_FORMAT_VERSION: u32 = 1;

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
        let state: Self = serde_json::from_slice(bytes).map_err(|error| {
            let what = format!("is no state of a fit: {error}");
            Error::usage(what, "remove it to begin again, or choose another --out")
        })?;
        if state.format_version != STATE_FORMAT_VERSION {
            let what = format!("version {} is not {STATE_FORMAT_VERSION}", state.format_version);
            return Err(Error::usage(what, "resume with the release that began it"));
        }
        Ok(state)
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
/// resumed; [`Error::Write`] when the state cannot be kept; [`Error::Evolve`] for a damaged state.
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
    let n_searches = state.searches.len();
    for search_idx in 0..n_searches {
        let seed = state.searches[search_idx].seed;
        let n_passive = settings.n_passive_generations as usize;
        progress.start(&format!("seed {seed}"), limits.n_generations as usize + n_passive);
        progress.advance(state.searches[search_idx].log.len());
        let (begun, n_before) = (Instant::now(), state.searches[search_idx].n_evaluations());
        while !is_done(&state.searches[search_idx], limits) && !is_over() {
            state.searches[search_idx].advance(plan, settings, evaluator)?;
            files::write(place.state, &state.to_bytes()?)?;
            files::write(place.log, log_csv(plan, &state).as_bytes())?;
            let search = &state.searches[search_idx];
            let rate = (search.n_evaluations() - n_before) as f64 / begun.elapsed().as_secs_f64();
            progress.advance(1);
            if let Some(last) = search.log.last() {
                tell(progress, plan, search, (last, rate));
            }
        }
        progress.finish();
    }
    Ok(state)
}

fn tell(progress: &dyn Progress, plan: &FitPlan, search: &Search, (last, rate): (&Generation, f64)) {
    let worst = last
        .best_scores
        .iter()
        .zip(search.stage.objective_names(plan))
        .max_by(|a, b| a.0.total_cmp(b.0))
        .map_or_else(String::new, |(score, name)| format!(", hardest {name} {score:.2}"));
    progress.say(&format!(
        "{} mean z {:.2} best, {:.2} median; worst z {:.2} at best{worst}; {} accepted; {rate:.1} evaluations/s",
        last.stage.name(),
        last.best,
        last.median,
        last.best_worst,
        last.n_accepted
    ));
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
        if !state.searches.iter().all(|search| search.fits(plan)) {
            let what = format!("{} was changed: a search in it is not of this fit", state_path.display());
            return Err(Error::usage(what, "remove it to begin again, or choose another --out"));
        }
        return Ok(state);
    }
    let own = settings.seeds.iter().enumerate().filter(|(place, _)| shard.takes(*place));
    let searches = own.map(|(_, seed)| Search::new(plan, settings, *seed)).collect::<Result<_, Error>>()?;
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
