//! Windows of a network cut out of longer traces of a dataset.
//!
//! Traces that are cut at a random start teach an operator that a step may begin at any time. Stimulus and voltage are
//! cut alike. Everything but training sees one fixed start, the middle of those that are drawn unless another is asked
//! for: it gives the operator's onset.

use noble_data::TimeGrid;
use noble_data::dataset::Manifest;
use noble_operator::{OperatorCard, StepTiming};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::TrainSettings;
use crate::Error;

/// Rounding of times that are multiples of a step.
const TOLERANCE: f64 = 1e-6;

/// Which samples of a dataset's traces a network sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Grid of the window; it begins where the dataset's does.
    pub grid: TimeGrid,
    /// Onset and length of the step in the window with the fixed start.
    pub timing: StepTiming,
    /// First sample of the fixed window.
    pub fixed_start: usize,
    /// Largest first sample that is drawn; zero where nothing is drawn.
    pub last_start: usize,
}

impl Window {
    /// The window that settings ask for: `floor(window/step) + 1` samples, starts from 0 to
    /// `min(floor(shift/step), n_dataset − n_window)`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a window that is longer than the traces, too short for a sample, or whose fixed start does
    /// not show the whole step or is none that training draws.
    pub fn new(manifest: &Manifest, settings: &TrainSettings) -> Result<Self, Error> {
        let Some(window_ms) = settings.window_ms else {
            let timing = StepTiming { delay_ms: manifest.delay_ms, duration_ms: manifest.duration_ms };
            return Ok(Self { grid: manifest.grid, timing, fixed_start: 0, last_start: 0 });
        };
        let (step_ms, n_dataset) = (manifest.grid.step_ms(), manifest.grid.n_samples());
        let n_samples = whole_steps(window_ms, step_ms).saturating_add(1);
        if !(window_ms > 0.0 && n_samples <= n_dataset) {
            let what = format!("a window of {window_ms} ms, {n_samples} of {n_dataset} samples");
            let longest_ms = manifest.grid.time_ms(n_dataset - 1) - manifest.grid.start_ms();
            return Err(Error::usage(what, format!("give --window-ms from above 0 to {longest_ms}")));
        }
        let last_start = whole_steps(settings.max_shift_ms, step_ms).min(n_dataset - n_samples);
        let fixed_start = match settings.answer_shift_ms {
            Some(shift_ms) => answer_start((shift_ms, step_ms), last_start)?,
            None => last_start / 2,
        };
        let window = Self { last_start, ..Self::at(manifest, n_samples, fixed_start)? };
        window.check()?;
        Ok(window)
    }

    /// The window in which an operator answers, of the dataset it was trained on.
    ///
    /// # Errors
    /// [`Error::Operator`] for an operator of another time grid.
    pub fn of_operator(card: &OperatorCard, manifest: &Manifest) -> Result<Self, Error> {
        let earlier_ms = (manifest.delay_ms - card.stimulus.delay_ms).max(0.0);
        let fixed_start = whole_steps(earlier_ms, manifest.grid.step_ms());
        let n_samples = card.grid.n_samples();
        let is_within = fixed_start.saturating_add(n_samples) <= manifest.grid.n_samples();
        let window = Self::at(manifest, n_samples, if is_within { fixed_start } else { 0 })?;
        let is_same_onset = (window.timing.delay_ms - card.stimulus.delay_ms).abs() <= TOLERANCE;
        let is_same_length = (window.timing.duration_ms - card.stimulus.duration_ms).abs() <= TOLERANCE;
        if is_within && is_same_onset && is_same_length {
            return Ok(window);
        }
        let text = |grid: TimeGrid, timing: StepTiming| {
            let StepTiming { delay_ms, duration_ms } = timing;
            let (n, step_ms) = (grid.n_samples(), grid.step_ms());
            format!("{n} samples of {step_ms} ms with a step of {duration_ms} ms from {delay_ms} ms")
        };
        let timing = StepTiming { delay_ms: manifest.delay_ms, duration_ms: manifest.duration_ms };
        let expected = text(card.grid, card.stimulus);
        Err(noble_operator::Error::TimeGrid { expected, got: text(manifest.grid, timing) }.into())
    }

    /// The window of so many samples from one on.
    pub(crate) fn at(manifest: &Manifest, n_samples: usize, fixed_start: usize) -> Result<Self, Error> {
        let step_ms = manifest.grid.step_ms();
        #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
        let delay_ms = manifest.delay_ms - fixed_start as f64 * step_ms;
        let timing = StepTiming { delay_ms, duration_ms: manifest.duration_ms };
        let grid = TimeGrid::new(manifest.grid.start_ms(), step_ms, n_samples)?;
        Ok(Self { grid, timing, fixed_start, last_start: fixed_start })
    }

    /// Time that was simulated before the fixed window.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
    pub fn settle_ms(&self, manifest: &Manifest) -> f64 {
        manifest.settle_ms + self.fixed_start as f64 * manifest.grid.step_ms()
    }

    /// Checks that the fixed window shows the whole step.
    fn check(&self) -> Result<(), Error> {
        let StepTiming { delay_ms, duration_ms } = self.timing;
        let (start_ms, step_end_ms) = (self.grid.start_ms(), delay_ms + duration_ms);
        let end_ms = self.grid.time_ms(self.grid.n_samples() - 1) + self.grid.step_ms();
        if delay_ms >= start_ms && step_end_ms <= end_ms + TOLERANCE {
            return Ok(());
        }
        let what = format!(
            "the step from {delay_ms} ms to {step_end_ms} ms leaves the window, which ends at {end_ms} ms"
        );
        let remedy =
            "give a longer --window-ms, a smaller --max-shift-ms, or a dataset with a later --delay-ms";
        Err(Error::usage(what, remedy))
    }

    /// First sample of a training trace's window: uniform over the possible ones, drawn from the seed of the run, the
    /// step and the number of the trace, and from nothing else.
    #[must_use]
    pub fn start(&self, seed: u64, step: u64, trace_idx: usize) -> usize {
        if self.last_start == 0 {
            return 0;
        }
        let words = [step.wrapping_add(1), (trace_idx as u64).wrapping_add(1)];
        let mixed = words.into_iter().fold(seed, |state, word| {
            (state ^ word.wrapping_mul(0x9E37_79B9_7F4A_7C15))
                .rotate_left(29)
                .wrapping_mul(0xBF58_476D_1CE4_E5B9)
        });
        Xoshiro256PlusPlus::seed_from_u64(mixed).random_range(0..=self.last_start)
    }
}

/// Whole steps in a time that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative; a huge value saturates and is found too long"
)]
fn whole_steps(time_ms: f64, step_ms: f64) -> usize {
    (time_ms / step_ms + TOLERANCE).floor().max(0.0) as usize
}

/// First sample of the window in which an operator answers.
fn answer_start((shift_ms, step_ms): (f64, f64), last_start: usize) -> Result<usize, Error> {
    let start = whole_steps(shift_ms, step_ms);
    if shift_ms.is_finite() && shift_ms >= 0.0 && start <= last_start {
        return Ok(start);
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
    let latest_ms = last_start as f64 * step_ms;
    let what = format!("--answer-shift-ms is {shift_ms}, windows begin from 0 to {latest_ms} ms");
    Err(Error::usage(what, "answer within the windows that training sees"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use noble_data::Sampling;

    use super::*;

    fn manifest(n_samples: usize) -> Manifest {
        Manifest {
            format_version: Manifest::FORMAT_VERSION,
            seed: 1,
            grid: TimeGrid::new(0.0, 0.06, n_samples).unwrap(),
            solver_step_ms: 0.02,
            sampling: Sampling::Plain,
            every: 3,
            delay_ms: 30.0,
            settle_ms: 0.0,
            highest_na: None,
            duration_ms: 400.0,
            models: Vec::new(),
            shards: Vec::new(),
            provenance: BTreeMap::new(),
        }
    }

    fn settings(window_ms: f64) -> TrainSettings {
        TrainSettings { window_ms: Some(window_ms), ..TrainSettings::default() }
    }

    /// NOBLE's numbers: starts from 0 to 500, the fixed one at 250, the onset at 15 ms.
    #[test]
    fn analytic_published_windows() {
        let window = Window::new(&manifest(9084), &settings(515.0)).unwrap();
        assert_eq!((window.grid.n_samples(), window.last_start, window.fixed_start), (8584, 500, 250));
        assert!((window.timing.delay_ms - 15.0).abs() < 1e-9, "{}", window.timing.delay_ms);
        let first = TrainSettings { answer_shift_ms: Some(0.0), ..settings(515.0) };
        let window = Window::new(&manifest(9084), &first).unwrap();
        assert_eq!((window.last_start, window.fixed_start, window.timing.delay_ms), (500, 0, 30.0));
        for shift_ms in [-1.0, 30.1, f64::NAN] {
            let refused = TrainSettings { answer_shift_ms: Some(shift_ms), ..settings(515.0) };
            assert!(Window::new(&manifest(9084), &refused).is_err(), "{shift_ms} ms");
        }
        let short = Window::new(&manifest(8600), &settings(515.0)).unwrap();
        assert_eq!((short.last_start, short.fixed_start), (16, 8));
        let whole = Window::new(&manifest(9084), &TrainSettings::default()).unwrap();
        assert_eq!((whole.grid.n_samples(), whole.last_start, whole.fixed_start), (9084, 0, 0));
        for window_ms in [0.0, -1.0, f64::NAN, 600.0, 300.0] {
            let refused = Window::new(&manifest(9084), &settings(window_ms));
            assert!(matches!(refused, Err(Error::Usage { .. })), "{window_ms} ms");
        }
    }

    /// Cutting the stimulus of the whole trace gives the stimulus an operator is asked with.
    #[test]
    fn invariant_the_fixed_window_is_the_operators_stimulus() {
        for (window_ms, max_shift_ms) in [(515.0, 30.0), (480.0, 29.7), (450.03, 17.0), (530.0, 0.0)] {
            let settings = TrainSettings { max_shift_ms, ..settings(window_ms) };
            let manifest = manifest(9084);
            let window = Window::new(&manifest, &settings).unwrap();
            let whole = StepTiming { delay_ms: manifest.delay_ms, duration_ms: manifest.duration_ms };
            let whole = whole.samples_na(manifest.grid, 0.1);
            let cut = &whole[window.fixed_start..][..window.grid.n_samples()];
            assert_eq!(cut, window.timing.samples_na(window.grid, 0.1), "{window_ms} ms");
        }
    }

    #[test]
    fn invariant_starts_are_uniform_and_depend_on_nothing_else() {
        let window = Window { last_start: 9, ..Window::new(&manifest(9084), &settings(515.0)).unwrap() };
        let mut counts = [0; 10];
        for step in 0..200 {
            for trace in 0..50 {
                counts[window.start(7, step, trace)] += 1;
            }
        }
        // 1000 expected, deviation 30.
        assert!(counts.iter().all(|count| (880..=1120).contains(count)), "{counts:?}");
        assert_eq!(window.start(7, 3, 4), window.start(7, 3, 4));
        let row = |seed, step| (0..20).map(|trace| window.start(seed, step, trace)).collect::<Vec<_>>();
        assert!(row(7, 3) != row(8, 3) && row(7, 3) != row(7, 4));
    }
}
