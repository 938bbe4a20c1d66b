//! When the current step of a sweep is on, and how large it is.
//!
//! Features of a response need the window of its stimulus, and files state a current, not a window. Sweeps of one
//! protocol are looked at together: the step under study is what changes from sweep to sweep, while test pulses and
//! conditioning steps stay the same.

mod family;
mod runs;

use crate::TimeGrid;
use crate::recording::{NO_CURRENT, RecordedSweep};
use runs::Run;

/// A step of current, samples `first_sample..end_sample`.
#[derive(Debug, Clone, PartialEq)]
pub struct StepWindow {
    /// First sample of the step.
    pub first_sample: usize,
    /// Sample after its last.
    pub end_sample: usize,
    /// Time of the first sample.
    pub start_ms: f64,
    /// Time of the sample after the last.
    pub end_ms: f64,
    /// Current during the step, the holding current included.
    pub amplitude_na: f64,
    /// Current just before the step.
    pub holding_na: f64,
    /// What was assumed.
    pub notes: Vec<String>,
}

/// Why a current has no step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoStep {
    /// The reason, in words.
    pub reason: String,
}

impl NoStep {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// The step of one current: its longest run away from the holding level, the first of several.
///
/// # Errors
/// [`NoStep`] when the current never changes, or mostly varies continuously (ramp, sine, noise).
/// # Panics
/// When the current has not one value per point of the grid.
/// # Example
/// ```
/// use noble_data::TimeGrid;
/// use noble_data::recording::detect_step;
/// let mut current_na = vec![0.0; 100];
/// current_na[20..70].fill(0.3);
/// let step = detect_step(&current_na, TimeGrid::new(0.0, 0.5, 100)?).expect("there is a step");
/// assert_eq!((step.start_ms, step.end_ms, step.amplitude_na), (10.0, 35.0, 0.3));
/// # Ok::<(), noble_data::Error>(())
/// ```
pub fn detect_step(current_na: &[f64], grid: TimeGrid) -> Result<StepWindow, NoStep> {
    let current = Current::new(current_na, grid);
    current.lone_step()
}

/// The step of every sweep, found from all sweeps together.
///
/// Of the steps of a sweep the longest counts whose level changes between sweeps of the same channel, length and rate,
/// the first of several. Where nothing is injected in a sweep (a step of zero amplitude), the window is that of its siblings. A
/// sweep without siblings has the step that [`detect_step`] finds. What was assumed is in the notes of each window.
///
/// # Errors
/// [`NoStep`] in the place of a sweep without stimulus or without a step.
#[must_use]
pub fn detect_steps(sweeps: &[RecordedSweep]) -> Vec<Result<StepWindow, NoStep>> {
    let channels: Vec<u32> = sweeps.iter().map(|sweep| sweep.channel_idx).collect();
    let currents: Vec<Option<Current<'_>>> = sweeps.iter().map(current_of).collect();
    let mut steps = family::detect(&channels, &currents);
    for (step, sweep) in steps.iter_mut().zip(sweeps) {
        if step.is_err() && sweep.notes.iter().any(|note| note.contains(NO_CURRENT)) {
            *step = Err(NoStep::new(NO_CURRENT));
        }
    }
    steps
}

fn current_of(sweep: &RecordedSweep) -> Option<Current<'_>> {
    let stimulus = sweep.stimulus.as_ref()?;
    Some(Current::new(&stimulus.current_na, sweep.trace.grid()))
}

/// A current as runs of constant level.
#[derive(Debug, Clone)]
struct Current<'a> {
    current_na: &'a [f64],
    grid: TimeGrid,
    runs: Vec<Run>,
    tolerance_na: f64,
    /// Samples by which noise may shift the borders of a run.
    slack: usize,
    /// Level between the steps.
    base_na: f64,
}

/// Steps of one sweep that are looked at; trains of more pulses have no single step.
const MAX_STEPS: usize = 16;

impl<'a> Current<'a> {
    fn new(current_na: &'a [f64], grid: TimeGrid) -> Self {
        assert_eq!(current_na.len(), grid.n_samples(), "one current per sample of the grid");
        let runs::Cut { runs, tolerance_na, slack } = runs::cut(current_na);
        let base_na = base_level(&runs, tolerance_na);
        Self { current_na, grid, runs, tolerance_na, slack, base_na }
    }

    /// Runs away from the base level, the longest first, equals in order of time.
    fn steps(&self) -> Vec<Run> {
        let is_step = |run: &&Run| !run.is_drift && (run.level_na - self.base_na).abs() > self.tolerance_na;
        let mut steps: Vec<Run> = self.runs.iter().filter(is_step).copied().collect();
        steps.sort_by_key(|run| (std::cmp::Reverse(run.n_samples()), run.start));
        steps.truncate(MAX_STEPS);
        steps
    }

    /// Mean of some samples; of equal ones their value.
    fn mean_na(&self, first_sample: usize, end_sample: usize) -> f64 {
        let samples = &self.current_na[first_sample..end_sample];
        let first = samples.first().copied().unwrap_or(self.base_na);
        if samples.iter().all(|current| current.to_bits() == first.to_bits()) {
            return first;
        }
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
        let n_samples = samples.len() as f64;
        samples.iter().sum::<f64>() / n_samples
    }

    /// The run that holds all of a window.
    fn run_over(&self, (first, end): (usize, usize)) -> Option<&Run> {
        let idx = self.runs.partition_point(|run| run.end <= first + self.slack.min(end - first - 1));
        self.runs.get(idx).filter(|run| run.start <= first + self.slack && end <= run.end + self.slack)
    }

    fn lone_step(&self) -> Result<StepWindow, NoStep> {
        let n_drift: usize = self.runs.iter().filter(|run| run.is_drift).map(Run::n_samples).sum();
        let steps = self.steps();
        match steps.first() {
            Some(step) if step.n_samples() >= n_drift => {
                let mut notes = Vec::new();
                if steps.len() > 1 {
                    notes.push(format!(
                        "{} steps in the sweep: the longest is taken, the first of equals",
                        steps.len()
                    ));
                }
                Ok(self.window(step, (step.start, step.end), notes))
            }
            _ if n_drift > 0 => Err(NoStep::new(format!(
                "the current varies continuously (ramp, sine or noise) over {n_drift} samples"
            ))),
            _ => Err(NoStep::new(format!("the current stays at {} nA", self.base_na))),
        }
    }

    fn window(
        &self,
        run: &Run,
        (first_sample, end_sample): (usize, usize),
        notes: Vec<String>,
    ) -> StepWindow {
        let before = first_sample.checked_sub(1).and_then(|sample| self.run_over((sample, sample + 1)));
        let is_whole = (run.start, run.end) == (first_sample, end_sample);
        let n_before = (end_sample - first_sample).min(first_sample - run.start.min(first_sample));
        let holding_na = match before {
            // A part of a longer run: what it is on average over as long before.
            Some(same) if same.start == run.start && n_before > 0 => {
                self.mean_na(first_sample - n_before, first_sample)
            }
            Some(other) => other.level_na,
            None => self.base_na,
        };
        StepWindow {
            first_sample,
            end_sample,
            start_ms: self.grid.time_ms(first_sample),
            end_ms: self.grid.time_ms(end_sample),
            amplitude_na: if is_whole { run.level_na } else { self.mean_na(first_sample, end_sample) },
            holding_na,
            notes,
        }
    }
}

/// A first run shorter than the next by this factor is a lead-in, not the level between the steps.
const LEAD_FACTOR: usize = 3;

/// The level between the steps: the first, unless the sweep only leads in there and ends at another.
///
/// Of two runs alone it is the one nearer to zero, since a file may begin at the step.
fn base_level(runs: &[Run], tolerance_na: f64) -> f64 {
    let is_near = |a: f64, b: f64| (a - b).abs() <= tolerance_na;
    match runs {
        [] => 0.0,
        [first, last] if last.level_na.abs() + tolerance_na < first.level_na.abs() => last.level_na,
        [first, second, .., last]
            if !is_near(first.level_na, last.level_na)
                && LEAD_FACTOR * first.n_samples() < second.n_samples()
                && is_near(second.level_na, last.level_na) =>
        {
            second.level_na
        }
        [first, ..] => first.level_na,
    }
}

#[cfg(test)]
mod tests;
