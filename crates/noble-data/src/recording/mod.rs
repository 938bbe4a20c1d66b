//! Intracellular recordings: sweeps of voltage with the current that was injected, and the files that hold them.
//!
//! Every format ends in one type, so that a recording, a simulation and a prediction are compared sweep by sweep. A
//! reader states what it assumed in `notes` and what it left out in `refused`: a recording is evidence, and a
//! stimulus that is guessed without a word would spoil every feature that depends on its window.

mod abf;
mod bytes;
mod hdf5;
mod nwb;
mod step;
mod units;

use crate::{Error, Trace};

pub use abf::read_abf;
pub use nwb::{NwbSession, read_nwb};
pub use step::{NoStep, StepWindow, detect_step, detect_steps};

/// What a file of one cell's sweeps holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Format and version, such as `abf 2.6` or `nwb 2.4.0`.
    pub format: String,
    /// Voltages under current clamp, in the order of the sweeps' numbers.
    pub sweeps: Vec<RecordedSweep>,
    /// What the file also holds and no sweep was made of, with the reason.
    pub refused: Vec<RefusedSweep>,
    /// What was assumed for the file as a whole.
    pub notes: Vec<String>,
}

/// One sweep of one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedSweep {
    /// Name by which the file tells it from others.
    pub name: String,
    /// Number of the sweep, where the file numbers them.
    pub number: Option<u32>,
    /// Channel or electrode, where the file names it.
    pub channel: Option<String>,
    /// The voltage; time starts at 0 in each sweep.
    pub trace: Trace,
    /// The current injected meanwhile, where it is known.
    pub stimulus: Option<RecordedStimulus>,
    /// Every assumption made for this sweep.
    pub notes: Vec<String>,
}

/// The current that was injected during a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedStimulus {
    /// Current, one value per sample of the trace.
    pub current_na: Vec<f64>,
    /// Where it comes from.
    pub origin: StimulusOrigin,
}

/// How a stimulus came to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StimulusOrigin {
    /// Stored in the file beside the voltage.
    Recorded {
        /// Channel or series.
        name: String,
    },
    /// Rebuilt from the protocol that the file states.
    Rebuilt {
        /// Output channel.
        name: String,
    },
}

/// A sweep that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedSweep {
    /// Name by which the file tells it from others.
    pub name: String,
    /// Number of the sweep, where the file numbers them.
    pub number: Option<u32>,
    /// Why not.
    pub reason: String,
}

impl Recording {
    /// Reads a file of any known format, told by its first bytes.
    ///
    /// # Errors
    /// [`Error::Recording`] when the format is not known, or the file is damaged or cannot be used.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        match bytes {
            [b'A', b'B', b'F', b' ' | b'2', ..] => read_abf(bytes),
            _ if hdf5::signature(bytes).is_some() => read_nwb(bytes),
            _ => Err(Error::Recording {
                format: "recording",
                place: "first bytes".to_owned(),
                what: format!("neither an ABF nor an HDF5 signature in {} bytes", bytes.len()),
                remedy: "give an ABF 1, ABF 2 or NWB 2 file",
            }),
        }
    }
}
