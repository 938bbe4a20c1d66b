//! Errors of settings, bounds, scores and stored states.

/// What can be wrong with what is given from outside.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bounds of no parameter at all.
    #[error("bounds of no parameter; give at least one")]
    NoParameters,
    /// Lower and upper bounds that differ in number.
    #[error("{n_lower} lower bounds but {n_upper} upper bounds; give one pair per parameter")]
    BoundsLengths {
        /// Lower bounds given.
        n_lower: usize,
        /// Upper bounds given.
        n_upper: usize,
    },
    /// A pair of bounds that leaves no room, or room without end.
    #[error(
        "parameter {parameter_idx}: bounds {lower} to {upper}; give a finite lower bound below a finite upper bound, a finite distance apart"
    )]
    Bounds {
        /// Index of the parameter.
        parameter_idx: usize,
        /// Lower bound given.
        lower: f64,
        /// Upper bound given.
        upper: f64,
    },
    /// A setting outside its range.
    #[error("setting {name} is {value}; {requirement}")]
    Setting {
        /// Field of the settings.
        name: &'static str,
        /// Value given.
        value: f64,
        /// What it must be.
        requirement: &'static str,
    },
    /// A count outside its range.
    #[error("{name} is {value}; {requirement}")]
    Count {
        /// What is counted.
        name: &'static str,
        /// Count given.
        value: usize,
        /// What it must be.
        requirement: &'static str,
    },
    /// More starts than the first generation has places.
    #[error(
        "{n_starts} starts for a first generation of {n_places}; give fewer starts or a larger generation"
    )]
    TooManyStarts {
        /// Starts given.
        n_starts: usize,
        /// Individuals of the first generation.
        n_places: usize,
    },
    /// A list of parameters of another length than the bounds.
    #[error(
        "{what}: {n_parameters} parameters within {n_bounds} bounds; give one parameter per pair of bounds"
    )]
    ParameterCount {
        /// Whose parameters.
        what: String,
        /// Parameters given.
        n_parameters: usize,
        /// Pairs of bounds.
        n_bounds: usize,
    },
    /// A parameter that leaves its bounds, or is no number.
    #[error(
        "{what}: parameter {parameter_idx} is {value}, its bounds {lower} to {upper}; give a value within"
    )]
    OutOfBounds {
        /// Whose parameter.
        what: String,
        /// Index of the parameter.
        parameter_idx: usize,
        /// Value given.
        value: f64,
        /// Its lower bound.
        lower: f64,
        /// Its upper bound.
        upper: f64,
    },
    /// Scores of a candidate that were not asked for.
    #[error(
        "scores of candidate {id}, which is not among those asked; give scores of the asked candidates alone"
    )]
    UnknownCandidate {
        /// Id given.
        id: u64,
    },
    /// A candidate whose scores are missing.
    #[error("no scores of candidate {id}; give scores of every asked candidate")]
    MissingCandidate {
        /// Id asked.
        id: u64,
    },
    /// A candidate that was told twice.
    #[error("scores of candidate {id} are given twice; give them once")]
    RepeatedCandidate {
        /// Id given.
        id: u64,
    },
    /// Scores told before any candidate was asked for.
    #[error("no candidate is waiting for scores; ask before telling")]
    NothingAsked,
    /// A list of scores of another length than the objectives.
    #[error("candidate {id}: {n_scores} scores for {n_objectives} objectives; give one per objective")]
    ScoreCount {
        /// Id of the candidate.
        id: u64,
        /// Scores given.
        n_scores: usize,
        /// Objectives of the evolution.
        n_objectives: usize,
    },
    /// A score that cannot be compared.
    #[error(
        "candidate {id}: score {objective_idx} is {value}; give a number of at most 1e100 in size, such as a large penalty for a failed evaluation"
    )]
    Score {
        /// Id of the candidate.
        id: u64,
        /// Index of the objective.
        objective_idx: usize,
        /// Score given.
        value: f64,
    },
    /// A rank that cannot be sorted and stored.
    #[error("individual {id}: rank {rank}; give a finite number")]
    Rank {
        /// Id of the individual.
        id: u64,
        /// Rank given.
        rank: f64,
    },
    /// A stored state that no run can have left.
    #[error("state: {what}; use the state as it was written")]
    State {
        /// What contradicts itself.
        what: String,
    },
}
