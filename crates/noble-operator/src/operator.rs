//! An operator: a network together with its card, its file and its predictions.

use std::collections::{BTreeMap, HashMap};

use noble_data::TimeGrid;

use crate::card::OperatorCard;
use crate::file::{network_tensors, read_tensors, serialize};
use crate::{CpuEngine, Embedding, Engine, Error, Network, SampleInput, Warning};

/// Metadata entry of the card in an operator file.
pub const CARD_KEY: &str = "noble_operator";

/// Two grids are the same if starts and steps differ by less than this part of a step.
const GRID_TOLERANCE: f64 = 1e-6;

/// A network that knows its units, scaling, names and time grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Operator {
    card: OperatorCard,
    network: Network,
}

/// One sweep to predict.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Current.
    pub stimulus: QueryStimulus,
    /// Latent features by name, in their own units.
    pub latents: BTreeMap<String, f64>,
}

/// Current of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryStimulus {
    /// A step with the onset and length the operator was trained on; zero is allowed.
    Step {
        /// Amplitude.
        step_na: f64,
    },
    /// Any current on the plan's grid.
    Samples {
        /// Current at each sample, `[n_samples]`.
        current_na: Vec<f32>,
        /// Amplitude that is embedded.
        step_na: f64,
    },
}

impl Operator {
    /// Joins a card and a network.
    ///
    /// # Errors
    /// [`Error::CardMismatch`] where the architectures differ, and what [`OperatorCard::check`] finds.
    pub fn new(card: OperatorCard, network: Network) -> Result<Self, Error> {
        card.check()?;
        if card.architecture != *network.architecture() {
            return Err(Error::CardMismatch {
                what: "architecture".to_owned(),
                expected: format!("{:?}", network.architecture()),
                got: format!("{:?}", card.architecture),
            });
        }
        Ok(Self { card, network })
    }

    /// An operator from its file: safetensors with the card as JSON in the metadata entry [`CARD_KEY`].
    ///
    /// # Errors
    /// [`Error::SafeTensors`] for damaged bytes, [`Error::MissingCard`] for a bare network,
    /// [`Error::MissingFormatVersion`], [`Error::FormatVersion`], [`Error::Card`], and for tensors that do not fit
    /// the card [`Error::MissingTensor`], [`Error::TensorShape`], [`Error::TensorType`],
    /// [`Error::UnexpectedTensor`] or [`Error::NotFinite`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (tensors, metadata) = read_tensors(bytes)?;
        let text = metadata.get(CARD_KEY).ok_or(Error::MissingCard { key: CARD_KEY })?;
        let card = OperatorCard::from_json(text)?;
        let by_name = tensors.into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect();
        let network = Network::with_tensors(&card.architecture, by_name)?;
        Self::new(card, network)
    }

    /// The operator's file, spectral weights as complex64.
    ///
    /// # Errors
    /// [`Error::Card`] or [`Error::SafeTensors`] when the file cannot be laid out.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let metadata = HashMap::from([(CARD_KEY.to_owned(), self.card.to_json()?)]);
        serialize(network_tensors(&self.network), Some(metadata))
    }

    /// The header.
    #[must_use]
    pub fn card(&self) -> &OperatorCard {
        &self.card
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Checks that a time grid is the operator's own.
    ///
    /// # Errors
    /// [`Error::TimeGrid`] where it is another one.
    pub fn check_grid(&self, asked: TimeGrid) -> Result<(), Error> {
        let own = self.card.grid;
        let tolerance_ms = GRID_TOLERANCE * own.step_ms();
        let is_same = own.n_samples() == asked.n_samples()
            && (own.start_ms() - asked.start_ms()).abs() <= tolerance_ms
            && (own.step_ms() - asked.step_ms()).abs() <= tolerance_ms;
        let text = |grid: TimeGrid| {
            format!("{} samples of {} ms from {} ms", grid.n_samples(), grid.step_ms(), grid.start_ms())
        };
        if is_same { Ok(()) } else { Err(Error::TimeGrid { expected: text(own), got: text(asked) }) }
    }

    /// Makes the operator ready to predict on its own grid.
    ///
    /// # Errors
    /// [`Error::TimeGrid`] when the number of samples is impossible.
    pub fn plan(&self) -> Result<OperatorPlan, Error> {
        self.plan_on(self.card.grid)
    }

    /// Makes the operator ready to predict at a time step near `step_ms`, over its own span.
    ///
    /// The grid is [`OperatorCard::grid_at`]: the same span, so that modes, grid channel and embedding keep their meaning
    /// as functions of time; the card's own step gives [`Operator::plan`]. How far such answers are from those at the own
    /// step: `docs/resolution.md`.
    ///
    /// # Errors
    /// As [`OperatorCard::grid_at`].
    pub fn plan_at(&self, step_ms: f64) -> Result<OperatorPlan, Error> {
        self.plan_on(self.card.grid_at(step_ms)?)
    }

    fn plan_on(&self, grid: TimeGrid) -> Result<OperatorPlan, Error> {
        let n_trained = self.card.grid.n_samples();
        Ok(OperatorPlan {
            engine: CpuEngine::new(&self.network, grid.n_samples())?,
            embedding: Embedding::resampled(&self.card.input, n_trained, grid.n_samples()),
            card: self.card.clone(),
            grid,
        })
    }
}

/// An operator ready to predict on one grid.
#[derive(Debug)]
pub struct OperatorPlan {
    card: OperatorCard,
    grid: TimeGrid,
    engine: CpuEngine,
    embedding: Embedding,
}

/// A query in the order and form of the input channels.
struct Prepared {
    stimulus_na: Vec<f32>,
    step_na: f64,
    latents: Vec<f64>,
}

impl OperatorPlan {
    /// Voltages of all queries, `[n_queries × n_samples]` on the plan's grid, in parallel over queries.
    ///
    /// # Errors
    /// [`Error::Latent`] or [`Error::Value`] for latent features or currents that do not fit, [`Error::TimeGrid`]
    /// for a current of another length.
    pub fn predict_mv(&self, queries: &[Query]) -> Result<Vec<f32>, Error> {
        let prepared = queries.iter().map(|query| self.prepare(query)).collect::<Result<Vec<_>, _>>()?;
        let inputs: Vec<SampleInput<'_>> = prepared
            .iter()
            .map(|query| SampleInput::Embedded {
                embedding: &self.embedding,
                stimulus_na: &query.stimulus_na,
                step_na: query.step_na,
                latents: &query.latents,
            })
            .collect();
        let mut v_mv = vec![0.0; queries.len() * self.engine.n_samples()];
        self.engine.predict(&inputs, &mut v_mv);
        v_mv.iter_mut().for_each(|value| *value = self.card.output.to_mv(*value));
        match v_mv.iter().find(|value| !value.is_finite()) {
            Some(got) => Err(Error::Value { what: "predicted voltage".to_owned(), got: f64::from(*got) }),
            None => Ok(v_mv),
        }
    }

    /// The header, with the grid of training.
    #[must_use]
    pub fn card(&self) -> &OperatorCard {
        &self.card
    }

    /// The times of the answers.
    #[must_use]
    pub fn grid(&self) -> TimeGrid {
        self.grid
    }

    /// What of a query's answer deserves less trust; see [`OperatorCard::warnings`].
    #[must_use]
    pub fn warnings(&self, query: &Query) -> Vec<Warning> {
        let (QueryStimulus::Step { step_na } | QueryStimulus::Samples { step_na, .. }) = &query.stimulus;
        self.card.warnings(self.grid, *step_na, &query.latents)
    }

    fn prepare(&self, query: &Query) -> Result<Prepared, Error> {
        let named: Vec<(&str, f64)> = query.latents.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        let latents = self.card.order_latents(&named)?;
        let (stimulus_na, step_na) = match &query.stimulus {
            QueryStimulus::Step { step_na } => (self.card.step_samples_na(self.grid, *step_na), *step_na),
            QueryStimulus::Samples { current_na, step_na } => (current_na.clone(), *step_na),
        };
        let n_samples = self.grid.n_samples();
        if stimulus_na.len() != n_samples {
            let got = format!("a current of {} samples", stimulus_na.len());
            return Err(Error::TimeGrid { expected: format!("{n_samples} samples"), got });
        }
        let currents = stimulus_na.iter().map(|i| f64::from(*i)).chain([step_na]);
        if let Some(got) = currents.into_iter().find(|current_na| !current_na.is_finite()) {
            return Err(Error::Value { what: "stimulus current".to_owned(), got });
        }
        Ok(Prepared { stimulus_na, step_na, latents })
    }
}
