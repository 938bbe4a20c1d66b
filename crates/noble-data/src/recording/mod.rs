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

/// Why a sweep in the clamp mode I = 0 has no stimulus.
const NO_CURRENT: &str = "no current is injected (I = 0)";

/// Standard deviation of normal noise on a signal that hardly changes, from differences of neighboring samples.
fn noise_sigma(values: &[f64]) -> f64 {
    const SIGMA_PER_MEDIAN: f64 = 1.0 / (0.674_49 * std::f64::consts::SQRT_2);
    const N_PROBES: usize = 4096;
    let stride = (values.len() / N_PROBES).max(1);
    let pairs = values.windows(2).step_by(stride);
    let mut differences: Vec<f64> = pairs.map(|pair| (pair[1] - pair[0]).abs()).collect();
    if differences.is_empty() {
        return 0.0;
    }
    let middle = differences.len() / 2;
    let (_, median, _) = differences.select_nth_unstable_by(middle, f64::total_cmp);
    SIGMA_PER_MEDIAN * *median
}

/// A note on voltages that no membrane has.
fn implausible(v_mv: &[f64]) -> Option<String> {
    const LARGEST_MV: f64 = 1e3;
    let largest_mv = v_mv.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    (largest_mv > LARGEST_MV).then(|| {
        format!(
            "values reach {largest_mv:.0} mV: perhaps no membrane voltage, or its unit is not the one stated"
        )
    })
}

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
    /// Equal for all sweeps of one channel of the file and different between channels, even if these have the same name
    /// or none. ABF: place of the channel in the file; NWB: electrodes that responses refer to in order of the file, then
    /// numbers of inputs in names such as `data_00000_AD0`.
    pub channel_idx: u32,
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
                what: match bytes.len() {
                    0 => "the file is empty".to_owned(),
                    n_bytes => format!("neither an ABF nor an HDF5 signature in {n_bytes} bytes"),
                },
                remedy: "give an ABF 1, ABF 2 or NWB 2 file",
            }),
        }
    }
}
