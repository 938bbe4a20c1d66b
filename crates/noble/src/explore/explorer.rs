//! Answers to the questions of a page.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use noble_data::ModelId;
use noble_data::dataset::{Split, sha256_hex};
use noble_data::sweeps::Precision;
use noble_features::{Feature, feature};
use noble_operator::{Operator, OperatorCard, OperatorPlan};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Answer, CurveQuestion, Question, SolveQuestion};
use crate::ensemble_members::{hull_of, split_of};
use crate::excitability::measure_threshold;
use crate::features::{SweepFeatures, extract, features_named};
use crate::{
    Cells, EnsembleReport, Error, ExcitabilitySettings, I_THR, Member, Prediction, Progress, Protocol, S_THR,
    Silent, predict, simulate_sweeps,
};

/// Features of the table; each is a sum over a trace, not a list of samples.
const FEATURES: [&str; 12] = [
    "Spikecount",
    "mean_frequency",
    "time_to_first_spike",
    "inv_first_ISI",
    "AP1_peak",
    "mean_AP_amplitude",
    "AP1_width",
    "AHP_depth",
    "voltage_base",
    "steady_state_voltage_stimend",
    "sag_amplitude",
    "decay_time_constant_after_stim",
];
/// Operators held beside the first.
const MOST_OPERATORS: usize = 4;
/// Currents of an F-I curve.
const MOST_CURRENTS: usize = 60;

/// An operator that is ready to answer.
struct Loaded {
    sha256: String,
    name: String,
    operator: Operator,
    plan: OperatorPlan,
}

/// One or more operators, and the cell whose models the simulator solves.
pub struct Explorer {
    first: Arc<Loaded>,
    others: RwLock<Vec<Arc<Loaded>>>,
    cells: Cells,
    features: Vec<&'static Feature>,
    /// Questions that would not wait for a curve so far; a curve is left for a newer one.
    n_asked: AtomicU64,
}

/// Looks whether something was asked since that goes first.
struct Newer<'a> {
    n_asked: &'a AtomicU64,
    n_before: u64,
}

impl Progress for Newer<'_> {
    fn start(&self, _stage: &str, _n_items: usize) {}
    fn advance(&self, _n_items: usize) {}
    fn say(&self, _text: &str) {}
    fn finish(&self) {}
    fn is_stopped(&self) -> bool {
        self.n_asked.load(Ordering::Relaxed) != self.n_before
    }
}

/// What a page must know of an operator before it asks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct About {
    /// Of this program.
    pub version: &'static str,
    /// Name of the operator.
    pub name: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Currents it was trained on.
    pub step_na: [f64; 2],
    /// Onset of the step.
    pub delay_ms: f64,
    /// Duration of the step.
    pub duration_ms: f64,
    /// Time of the first sample.
    pub start_ms: f64,
    /// Time between samples.
    pub dt_ms: f64,
    /// Samples of a trace.
    pub n_samples: usize,
    /// Corners of the hull of its training models: threshold current (nA), F-I slope (Hz/nA).
    pub hull: Vec<(f64, f64)>,
    /// Its models.
    pub models: Vec<AboutModel>,
    /// Latent features with their range over the training models.
    pub latents: BTreeMap<String, [f64; 2]>,
    /// Features of the table with their units.
    pub features: Vec<AboutFeature>,
}

/// A model of an operator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AboutModel {
    /// Number.
    pub id: ModelId,
    /// What it was used for.
    pub split: Split,
    /// Threshold current, where it is known.
    pub i_thr_na: Option<f64>,
    /// F-I slope, where it is known.
    pub s_thr_hz_per_na: Option<f64>,
    /// Whether the simulator can solve it here.
    pub is_solvable: bool,
}

/// A feature of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AboutFeature {
    /// eFEL's name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it is.
    pub sentence: &'static str,
}

impl Explorer {
    /// An explorer of an operator and the models of a cell.
    ///
    /// # Errors
    /// [`Error::Operator`] for an operator that cannot answer.
    pub fn new(name: &str, operator: Operator, cells: Cells) -> Result<Self, Error> {
        let features = features_named(&FEATURES.map(str::to_owned))?;
        let first = Arc::new(loaded(name, operator)?);
        Ok(Self { first, others: RwLock::default(), cells, features, n_asked: AtomicU64::new(0) })
    }

    fn operator(&self, sha256: Option<&str>) -> Result<Arc<Loaded>, Error> {
        let Some(sha256) = sha256 else { return Ok(Arc::clone(&self.first)) };
        if self.first.sha256 == sha256 {
            return Ok(Arc::clone(&self.first));
        }
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        let found = others.iter().find(|one| one.sha256 == sha256).cloned();
        found.ok_or_else(|| Error::usage("the operator is not loaded any more", "choose its file again"))
    }

    /// Loads the operator of a file; the oldest of several goes.
    ///
    /// # Errors
    /// [`Error::File`] for bytes that are none.
    pub fn load(&self, name: &str, bytes: &[u8]) -> Result<About, Error> {
        let operator = Operator::from_bytes(bytes).map_err(|error| Error::from(error).in_file(name))?;
        let loaded = Arc::new(loaded(name, operator)?);
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        others.retain(|one| one.sha256 != loaded.sha256);
        if others.len() == MOST_OPERATORS {
            others.remove(0);
        }
        others.push(Arc::clone(&loaded));
        drop(others);
        Ok(self.about_loaded(&loaded))
    }

    /// What is known of an operator.
    ///
    /// # Errors
    /// [`Error::Usage`] for one that is not loaded.
    pub fn about(&self, sha256: Option<&str>) -> Result<About, Error> {
        Ok(self.about_loaded(&*self.operator(sha256)?))
    }

    fn about_loaded(&self, loaded: &Loaded) -> About {
        let (card, grid) = (loaded.operator.card(), loaded.plan.grid());
        let feature = |feature: &&'static Feature| AboutFeature {
            name: feature.name,
            unit: feature.unit(),
            sentence: feature.sentence,
        };
        About {
            version: env!("CARGO_PKG_VERSION"),
            name: loaded.name.clone(),
            sha256: loaded.sha256.clone(),
            step_na: [card.steps.lowest_na, card.steps.highest_na],
            delay_ms: card.stimulus.delay_ms,
            duration_ms: card.stimulus.duration_ms,
            start_ms: grid.start_ms(),
            dt_ms: grid.step_ms(),
            n_samples: grid.n_samples(),
            hull: hull_of(card).unwrap_or_default(),
            models: card.models.iter().map(|model| self.about_model(card, model.id)).collect(),
            latents: ranges(card),
            features: self.features.iter().map(feature).collect(),
        }
    }

    fn about_model(&self, card: &OperatorCard, id: ModelId) -> AboutModel {
        let latent = |name: &str| card.model_latents(id).ok().and_then(|latents| latents.get(name)).copied();
        AboutModel {
            id,
            split: split_of(card, id),
            i_thr_na: latent(I_THR),
            s_thr_hz_per_na: latent(S_THR),
            is_solvable: self.is_solvable(card, id),
        }
    }

    /// Whether a model of the operator can be the cell's of this number: the threshold that the cell's file states is its own, or the
    /// file states none.
    fn is_solvable(&self, card: &OperatorCard, id: ModelId) -> bool {
        let own = self.cells.latents.get(&id).and_then(|latents| latents.get(I_THR));
        let asked = card.model_latents(id).ok().and_then(|latents| latents.get(I_THR));
        match (own, asked) {
            (Some(own), Some(asked)) => own.to_bits() == asked.to_bits(),
            (None, Some(_)) => self.cells.models.contains_key(&id),
            (_, None) => false,
        }
    }

    /// Checks that a model of the operator is the cell's of this number; where the cell's file states no threshold, by measuring it.
    fn check_model(&self, card: &OperatorCard, id: ModelId) -> Result<(), Error> {
        let remedy = "choose a known model, or start with the --morphology and --cell that the operator was trained on";
        if !self.is_solvable(card, id) {
            return Err(Error::usage(format!("model {id} of this operator is none of the cell's"), remedy));
        }
        let Some(asked_na) = card.model_latents(id).ok().and_then(|latents| latents.get(I_THR)).copied()
        else {
            return Ok(());
        };
        if self.cells.latents.get(&id).is_some_and(|latents| latents.contains_key(I_THR)) {
            return Ok(());
        }
        let settings = ExcitabilitySettings {
            largest_na: card.steps.highest_na.max(2.0 * asked_na),
            ..ExcitabilitySettings::default()
        };
        let protocol = Protocol::of_operator(card);
        let own_na = measure_threshold(&self.cells.plan(id)?, &protocol, &settings, &Silent)
            .map_err(|error| error.of_model(id))?
            .threshold_na;
        if (own_na - asked_na).abs() > 2.0 * settings.relative_tolerance * asked_na.abs() {
            let what = format!(
                "model {id} of the cell fires from {own_na:.4} nA on, the operator's from {asked_na:.4} nA"
            );
            return Err(Error::usage(what, remedy));
        }
        Ok(())
    }

    /// Something is asked that goes before every curve: those being computed end with [`Error::Stopped`].
    pub fn wanted(&self) {
        self.n_asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Voltages of members at currents, with their features.
    ///
    /// # Errors
    /// Those of [`predict`]; [`Error::Usage`] for a question that is too large.
    pub fn predict(&self, question: &Question) -> Result<Answer, Error> {
        let began = Instant::now();
        let loaded = self.operator(question.operator.as_deref())?;
        let members = question.members.members(&loaded.operator)?;
        question.check(members.len())?;
        let (prediction, features) = self.predicted(&loaded, &members, &question.step_na)?;
        let report = report(&loaded, &members, &prediction, &features);
        let (rows, rates_hz) = (report.json(), report.rates_hz());
        let header = json!({
            "rows": rows,
            "rates_hz": rates_hz,
            "n_samples": loaded.plan.grid().n_samples(),
            "elapsed_ms": elapsed_ms(began),
        });
        Ok(Answer { header, samples: single(prediction.sweeps.v_mv.iter()) })
    }

    /// The same as a file: `csv` of features, `svg` of the first current, `npz` of everything.
    ///
    /// # Errors
    /// As [`Explorer::predict`]; [`Error::Usage`] for another format.
    pub fn export(&self, question: &Question, format: &str) -> Result<Vec<u8>, Error> {
        let loaded = self.operator(question.operator.as_deref())?;
        let members = question.members.members(&loaded.operator)?;
        question.check(members.len())?;
        let (prediction, features) = self.predicted(&loaded, &members, &question.step_na)?;
        let report = report(&loaded, &members, &prediction, &features);
        match format {
            "csv" => Ok(report.csv(&FEATURES).into_bytes()),
            "svg" => Ok(report.ensemble_svg(&question.step_na).into_bytes()),
            "npz" => Ok(prediction.sweeps.to_npz(Precision::Single)?),
            other => Err(Error::usage(format!("format {other}"), "choose csv, svg or npz")),
        }
    }

    /// Rates of members over evenly spaced currents of the operator's range.
    ///
    /// # Errors
    /// As [`Explorer::predict`]; [`Error::Stopped`] when something is [wanted](Explorer::wanted) meanwhile.
    pub fn curve(&self, question: &CurveQuestion) -> Result<Value, Error> {
        if !(2..=MOST_CURRENTS).contains(&question.n_currents) {
            let what = format!("{} currents", question.n_currents);
            return Err(Error::usage(what, format!("ask for 2 to {MOST_CURRENTS}")));
        }
        let loaded = self.operator(question.operator.as_deref())?;
        let members = question.members.members(&loaded.operator)?;
        let steps = loaded.operator.card().steps;
        let from_na = steps.lowest_na.max(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let current_na = |idx: usize| {
            from_na + (steps.highest_na - from_na) * idx as f64 / (question.n_currents - 1) as f64
        };
        let currents_na: Vec<f64> = (0..question.n_currents).map(current_na).collect();
        let counted =
            Question { operator: None, members: question.members.clone(), step_na: currents_na.clone() };
        counted.check(members.len())?;
        let spike_count = [feature("Spikecount")?];
        let newer = Newer { n_asked: &self.n_asked, n_before: self.n_asked.load(Ordering::Relaxed) };
        let mut rates_hz = vec![Vec::with_capacity(currents_na.len()); members.len()];
        for current_na in &currents_na {
            let prediction = predict(&loaded.plan, &members, &[*current_na], &newer)?;
            let features = features_of(&prediction, &spike_count)?;
            let of_current = report(&loaded, &members, &prediction, &features).rates_hz();
            rates_hz.iter_mut().zip(of_current).for_each(|(rates_hz, rate_hz)| rates_hz.push(rate_hz));
        }
        Ok(json!({ "current_na": currents_na, "rates_hz": rates_hz }))
    }

    /// A model solved by the simulator, with features, and how long that took beside the prediction.
    ///
    /// # Errors
    /// [`Error::Usage`] for a model that the cell at hand does not have; those of [`simulate_sweeps`].
    pub fn solve(&self, question: &SolveQuestion) -> Result<Answer, Error> {
        let loaded = self.operator(question.operator.as_deref())?;
        let card = loaded.operator.card();
        self.check_model(card, question.model)?;
        let (ids, steps_na) = ([question.model], [question.step_na]);
        let protocol = Protocol::of_operator(card);
        let members = crate::members_of(&loaded.operator, &ids)?;
        // The first answer of a plan also makes its arrays.
        predict(&loaded.plan, &members, &steps_na, &Silent)?;
        let began = Instant::now();
        predict(&loaded.plan, &members, &steps_na, &Silent)?;
        let predicted_ms = elapsed_ms(began);
        let began = Instant::now();
        let sweeps = simulate_sweeps(&self.cells, &ids, &steps_na, &protocol, NonZeroUsize::new(1), &Silent)?;
        let solved_ms = elapsed_ms(began);
        let prediction = Prediction { sweeps, warnings: vec![Vec::new()] };
        let window =
            noble_data::sweeps::StimulusWindow { start_ms: protocol.delay_ms, end_ms: protocol.end_ms() };
        let features = extract(&prediction.sweeps, &self.features, window)?;
        let values = features.first().map(SweepFeatures::means);
        let header = json!({
            "model": question.model,
            "step_na": question.step_na,
            "features": values,
            "solved_ms": solved_ms,
            "predicted_ms": predicted_ms,
        });
        Ok(Answer { header, samples: single(prediction.sweeps.v_mv.iter()) })
    }

    /// A recording beside the operator.
    ///
    /// # Errors
    /// Those of [`recorded_answer`](super::recorded_answer).
    pub fn recording(&self, name: &str, bytes: &[u8]) -> Result<Answer, Error> {
        super::recorded_answer(name, bytes, &FEATURES.map(str::to_owned))
    }

    fn predicted(
        &self,
        loaded: &Loaded,
        members: &[Member],
        steps_na: &[f64],
    ) -> Result<(Prediction, Vec<SweepFeatures>), Error> {
        let prediction = predict(&loaded.plan, members, steps_na, &Silent)?;
        let features = features_of(&prediction, &self.features)?;
        Ok((prediction, features))
    }
}

fn features_of(prediction: &Prediction, asked: &[&'static Feature]) -> Result<Vec<SweepFeatures>, Error> {
    let window = prediction.sweeps.window;
    let window = window.ok_or_else(|| Error::Internal { what: "a prediction has no window".to_owned() })?;
    extract(&prediction.sweeps, asked, window)
}

fn loaded(name: &str, operator: Operator) -> Result<Loaded, Error> {
    let sha256 = sha256_hex(&operator.to_bytes()?);
    Ok(Loaded { sha256, name: name.to_owned(), plan: operator.plan()?, operator })
}

fn report<'a>(
    loaded: &'a Loaded,
    members: &'a [Member],
    prediction: &'a Prediction,
    features: &'a [SweepFeatures],
) -> EnsembleReport<'a> {
    let Prediction { sweeps, warnings } = prediction;
    EnsembleReport { card: loaded.operator.card(), members, sweeps, features, warnings }
}

fn ranges(card: &OperatorCard) -> BTreeMap<String, [f64; 2]> {
    let range = |name: &String| {
        let values =
            card.train_models.iter().filter_map(|id| card.model_latents(*id).ok()?.get(name).copied());
        values
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| [low.min(value), high.max(value)])
    };
    card.input.latents.iter().map(|latent| (latent.name.clone(), range(&latent.name))).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "what is drawn needs no more")]
fn single<'a>(v_mv: impl Iterator<Item = &'a f64>) -> Vec<f32> {
    v_mv.map(|v_mv| *v_mv as f32).collect()
}

fn elapsed_ms(began: Instant) -> f64 {
    1e3 * began.elapsed().as_secs_f64()
}
