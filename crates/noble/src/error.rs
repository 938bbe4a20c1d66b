//! Errors of whole tasks: what a stage was given, or what the machine refused.

use std::path::PathBuf;

/// Why a task did not finish.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be read.
    #[error("{}: {what}; check the path and its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        what: String,
    },
    /// A file that cannot be written.
    #[error("{}: cannot be written: {what}; free space or choose another place with --out", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        what: String,
    },
    /// A file whose content is wrong.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// Options that do not make sense together, or values out of range.
    #[error("{what}; {remedy}")]
    Usage {
        /// What is wrong.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// Data of the wrong shape or content.
    #[error(transparent)]
    Data(#[from] noble_data::Error),
    /// A simulation that cannot be set up or that diverged.
    #[error(transparent)]
    Cell(#[from] noble_cell::Error),
    /// A trace whose features cannot be taken.
    #[error(transparent)]
    Features(#[from] noble_features::Error),
    /// An operator that cannot be read, or does not answer what was asked.
    #[error(transparent)]
    Operator(#[from] noble_operator::Error),
    /// A search that cannot be set up or continued.
    #[error(transparent)]
    Evolve(#[from] noble_evolve::Error),
    /// A sweep of several failed; the others went to their end.
    #[error("{drive}: {source}")]
    Sweep {
        /// What drove it.
        drive: String,
        /// What went wrong.
        source: Box<Error>,
    },
    /// A simulation or feature of one model failed.
    #[error("model {model}: {source}")]
    Model {
        /// The model.
        model: noble_data::ModelId,
        /// What went wrong.
        source: Box<Error>,
    },
    /// A latent feature that a model's sweep does not have.
    #[error(
        "{name} ({feature}) is not defined at {step_na} nA; leave the model out, or measure --latents excitability"
    )]
    Unmeasured {
        /// The latent feature.
        name: String,
        /// What it is taken of.
        feature: String,
        /// Amplitude of the sweep's step.
        step_na: f64,
    },
    /// A trace of a dataset that cannot be learned from.
    #[error("model {model} at {step_na} nA ({place}): {source}")]
    DatasetTrace {
        /// Its model.
        model: noble_data::ModelId,
        /// Amplitude of its step.
        step_na: f64,
        /// Shard and row.
        place: String,
        /// What went wrong.
        source: Box<Error>,
    },
    /// Whoever asked does not wait any more.
    #[error("stopped before it was done; what was kept on the way goes on with resume")]
    Stopped,
    /// Something of ours that should not fail did.
    #[error("internal error: {what}; please report this")]
    Internal {
        /// What failed.
        what: String,
    },
}

impl Error {
    /// Exit code of the binary: 1 where we or the machine failed, 2 where the input was wrong.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Write { .. } | Self::Internal { .. } | Self::Stopped => 1,
            Self::File { source, .. }
            | Self::Model { source, .. }
            | Self::Sweep { source, .. }
            | Self::DatasetTrace { source, .. } => source.exit_code(),
            _ => 2,
        }
    }

    /// Names the file an error came from.
    #[must_use]
    pub fn in_file(self, path: impl Into<PathBuf>) -> Self {
        Self::File { path: path.into(), source: Box::new(self) }
    }

    /// Names the model an error came from.
    #[must_use]
    pub fn of_model(self, model: noble_data::ModelId) -> Self {
        Self::Model { model, source: Box::new(self) }
    }

    /// Options that do not make sense.
    #[must_use]
    pub fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), remedy: remedy.into() }
    }
}
