//! Sweeps of any file, as features and F-I curves need them: voltage, current, window of the stimulus.
//!
//! Arrays (NPZ, CSV) and recordings (ABF, NWB) end in one list. What a sweep lacks, such as a window, is said with the
//! sweep and does not stand in the way of the others.

mod arrays;
mod recorded;
mod selection;

use std::path::Path;
use std::sync::Arc;

use noble_data::recording::{NoStep, RefusedSweep, StepWindow};
use noble_data::sweeps::StimulusWindow;
use noble_data::{ModelId, TimeGrid};
use noble_features::Times;

pub use selection::SweepSelection;

use crate::{Error, files};

/// The window of `noble simulate`, assumed for arrays where nothing else is known.
pub const ASSUMED_WINDOW: StimulusWindow = StimulusWindow { start_ms: 15.0, end_ms: 415.0 };

/// What a file of sweeps holds.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepFile {
    /// Format and version, such as `npz` or `abf 2.6`.
    pub format: String,
    /// The sweeps, in the order of the file.
    pub sweeps: Vec<FileSweep>,
    /// What no sweep was made of, with the reason.
    pub refused: Vec<RefusedSweep>,
    /// What was assumed for the file as a whole.
    pub notes: Vec<String>,
}

/// Times of a sweep's samples.
#[derive(Debug, Clone, PartialEq)]
pub enum SweepTimes {
    /// Evenly spaced.
    Grid(TimeGrid),
    /// One time per sample, in ms, shared by the sweeps of the file.
    Listed(Arc<[f64]>),
}

/// One sweep of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSweep {
    /// Place in the file, from 0.
    pub sweep_idx: usize,
    /// Name by which the file tells it from others; its place where there is none.
    pub name: String,
    /// Number of the sweep, where the file numbers them.
    pub number: Option<u32>,
    /// Channel or electrode, where the file names it.
    pub channel: Option<String>,
    /// Which channel of the file, whatever its name.
    pub channel_idx: u32,
    /// Model that was simulated, where there are several.
    pub model: Option<ModelId>,
    /// Times of the samples.
    pub times: SweepTimes,
    /// Voltages, `[n_samples]`.
    pub v_mv: Vec<f64>,
    /// Injected current, `[n_samples]`, where known.
    pub current_na: Option<Vec<f64>>,
    /// Where the current comes from, in words.
    pub stimulus: Option<String>,
    /// Current during the step, where known.
    pub step_na: Option<f64>,
    /// Current before the step, where known.
    pub holding_na: Option<f64>,
    /// When the stimulus is on, or why that is not known.
    pub window: Result<StimulusWindow, String>,
    /// Every assumption made for this sweep.
    pub notes: Vec<String>,
    /// Every assumption made for its window.
    pub window_notes: Vec<String>,
}

impl FileSweep {
    /// The name with the word sweep before it, unless it begins with it.
    #[must_use]
    pub fn called(&self) -> String {
        if self.name.starts_with("sweep") { self.name.clone() } else { format!("sweep {}", self.name) }
    }

    /// Times as features take them.
    #[must_use]
    pub fn times(&self) -> Times<'_> {
        match &self.times {
            SweepTimes::Grid(grid) => Times::Grid(*grid),
            SweepTimes::Listed(times_ms) => Times::Listed(times_ms),
        }
    }

    /// Samples per second, of the mean step.
    #[must_use]
    pub fn rate_hz(&self) -> f64 {
        const MS_PER_S: f64 = 1000.0;
        let n_samples = self.v_mv.len();
        match &self.times {
            SweepTimes::Grid(grid) => MS_PER_S / grid.step_ms(),
            SweepTimes::Listed(times_ms) => {
                let duration_ms = times_ms.last().unwrap_or(&0.0) - times_ms.first().unwrap_or(&0.0);
                MS_PER_S * (n_samples as f64 - 1.0) / duration_ms
            }
        }
    }

    /// Step above the holding current: what an input resistance divides by.
    #[must_use]
    pub fn injected_na(&self) -> Option<f64> {
        Some(self.step_na? - self.holding_na?)
    }

    /// All notes: of the sweep and of its window.
    pub fn all_notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().chain(&self.window_notes).map(String::as_str)
    }
}

impl SweepFile {
    /// Reads a file; recordings are told by their first bytes, arrays by the ending of the name.
    ///
    /// # Errors
    /// [`Error::Read`] when it cannot be read, [`Error::File`] when its content cannot be used, [`Error::Usage`] for an
    /// ending that is not known.
    pub fn read(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            let what = format!("{} is a folder", path.display());
            return Err(Error::usage(what, "name a file of sweeps: .abf, .nwb, .npz or .csv"));
        }
        let reader = reader_of(path)?;
        files::read_with(path, reader)
    }

    /// Reads the bytes of a file of this name, which need not be there.
    ///
    /// # Errors
    /// As [`SweepFile::read`].
    pub fn of_bytes(name: &Path, bytes: &[u8]) -> Result<Self, Error> {
        reader_of(name)?(bytes).map_err(|error| error.in_file(name))
    }

    /// Takes one window for every sweep, in place of those of the file.
    pub fn set_window(&mut self, window: StimulusWindow) {
        for sweep in &mut self.sweeps {
            sweep.window = Ok(window);
            sweep.take_current_in(window);
        }
    }

    /// Subtracts the liquid junction potential: the membrane's voltage is the recorded one less this.
    pub fn subtract_junction_mv(&mut self, junction_mv: f64) {
        for sweep in &mut self.sweeps {
            sweep.v_mv.iter_mut().for_each(|v| *v -= junction_mv);
            sweep.notes.push(format!("liquid junction potential of {junction_mv} mV subtracted"));
        }
    }
}

type Reader = fn(&[u8]) -> Result<SweepFile, Error>;

/// The reader of a file by the ending of its name.
fn reader_of(name: &Path) -> Result<Reader, Error> {
    let ending = name.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
    match ending.as_deref() {
        Some("npz") => Ok(arrays::from_npz),
        Some("csv") => Ok(arrays::from_csv),
        Some("abf" | "nwb" | "h5" | "hdf5") => Ok(recorded::from_bytes),
        _ => Err(Error::usage(
            format!("{} is neither .abf, .nwb, .npz nor .csv", name.display()),
            "give a file of one of these formats",
        )),
    }
}

impl FileSweep {
    /// Takes window, amplitude and holding current of a step, or why there is none.
    fn take_step(&mut self, step: Result<StepWindow, NoStep>) {
        match step {
            Ok(step) => {
                self.window = Ok(StimulusWindow { start_ms: step.start_ms, end_ms: step.end_ms });
                (self.step_na, self.holding_na) = (Some(step.amplitude_na), Some(step.holding_na));
                self.window_notes = step.notes;
            }
            Err(none) => {
                self.window = Err(none.reason);
                (self.step_na, self.holding_na) = (None, None);
            }
        }
    }

    /// Step and holding current of a typed window, where the current is known: its mean in the window, and its median
    /// over as long before.
    fn take_current_in(&mut self, window: StimulusWindow) {
        let Some(current_na) = &self.current_na else { return };
        let times = self.times();
        let between = |start_ms: f64, end_ms: f64| -> Vec<f64> {
            let is_inside = |idx: &usize| (start_ms..end_ms).contains(&times.time_ms(*idx));
            (0..current_na.len()).filter(is_inside).map(|idx| current_na[idx]).collect()
        };
        let inside = between(window.start_ms, window.end_ms);
        let mut before = between(2.0 * window.start_ms - window.end_ms, window.start_ms);
        before.sort_by(f64::total_cmp);
        self.step_na = mean(&inside);
        self.holding_na = before.get(before.len() / 2).copied();
        self.window_notes = Vec::new();
    }
}

/// Mean; of equal values that value, without rounding.
fn mean(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    let is_constant = values.iter().all(|value| value.to_bits() == first.to_bits());
    Some(if is_constant { first } else { values.iter().sum::<f64>() / values.len() as f64 })
}

/// Times may lie this share of a step beside the even grid.
const EVEN_FRACTION: f64 = 1e-3;

/// The even grid of a sweep's times; steps rounded to single precision are even.
///
/// # Errors
/// The first time that is not, in words.
pub(crate) fn even_grid(times: &SweepTimes) -> Result<TimeGrid, String> {
    let times_ms = match times {
        SweepTimes::Grid(grid) => return Ok(*grid),
        SweepTimes::Listed(times_ms) => times_ms,
    };
    let [first_ms, .., last_ms] = times_ms[..] else { return Err("fewer than two samples".to_owned()) };
    let step_ms = (last_ms - first_ms) / (times_ms.len() as f64 - 1.0);
    let grid = TimeGrid::new(first_ms, step_ms, times_ms.len()).map_err(|error| error.to_string())?;
    let rounding_ms = f64::from(f32::EPSILON) * first_ms.abs().max(last_ms.abs());
    let tolerance_ms = (EVEN_FRACTION * step_ms).max(rounding_ms);
    match (0..times_ms.len()).find(|idx| (times_ms[*idx] - grid.time_ms(*idx)).abs() > tolerance_ms) {
        Some(idx) => {
            Err(format!("sample {idx} at {} ms lies beside even steps of {step_ms} ms", times_ms[idx]))
        }
        None => Ok(grid),
    }
}
