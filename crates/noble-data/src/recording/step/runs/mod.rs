//! A current cut into runs of constant level.

mod noisy;

/// Levels closer than this share of the current's whole range are one level, in a current that is noisy or varies ...
const LEVEL_FRACTION: f64 = 1e-3;
/// ... and in one that hardly ever changes, as protocols do.
const QUIET_LEVEL_FRACTION: f64 = 1e-5;
/// Share of the samples at which a quiet current may change.
const QUIET_FRACTION: f64 = 0.02;
/// Shorter runs are no steps but edges, ramps or noise.
const MIN_SAMPLES: usize = 3;
/// Spread of the differences of two samples, in standard deviations of the noise, that does not end a run.
const NOISE_WIDTH: f64 = 8.0;
/// From the median of absolute differences of two samples to the standard deviation of normal noise.
const SIGMA_PER_MEDIAN: f64 = 1.0 / (0.674_49 * std::f64::consts::SQRT_2);
/// A boundary with a jump of fewer tolerances than this is drift, not a step.
const JUMP: f64 = 4.0;
/// Runs longer than their neighbor in a ramp by this factor are held levels.
const HELD: usize = 16;
/// Differences that are looked at to measure the noise.
const N_PROBES: usize = 4096;

/// Samples `start..end` at one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Mean of the samples; their value where they are equal.
    pub(super) level_na: f64,
    /// Part of a ramp, a sine or noise: the level before or after is too near for a step.
    pub(super) is_drift: bool,
}

impl Run {
    pub(super) fn n_samples(&self) -> usize {
        self.end - self.start
    }
}

/// A current as runs.
pub(super) struct Cut {
    /// In order of time.
    pub(super) runs: Vec<Run>,
    /// Within it levels are equal.
    pub(super) tolerance_na: f64,
    /// Samples by which noise may shift the borders of a run.
    pub(super) slack: usize,
}

/// The runs of a current; of a noisy one, as a monitor records it, those of its means over blocks of samples.
pub(super) fn cut(current_na: &[f64]) -> Cut {
    let Tolerance { tolerance_na, is_of_noise } = tolerance(current_na);
    if let Some(cut) = noisy::cut(current_na).filter(|_| is_of_noise) {
        return cut;
    }
    let mut runs = group(current_na, tolerance_na);
    mark_drift(&mut runs, tolerance_na);
    Cut { runs, tolerance_na, slack: 0 }
}

/// Samples that stay within the tolerance of their mean.
fn group(current_na: &[f64], tolerance_na: f64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (idx, current) in current_na.iter().enumerate() {
        match runs.last_mut().filter(|run| (current - run.level_na).abs() <= tolerance_na) {
            Some(run) => {
                run.end = idx + 1;
                let difference_na = current - run.level_na;
                // Most samples of a protocol are equal: no division for them.
                if difference_na != 0.0 {
                    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
                    let n_samples = run.n_samples() as f64;
                    run.level_na += difference_na / n_samples;
                }
            }
            None => runs.push(Run { start: idx, end: idx + 1, level_na: *current, is_drift: false }),
        }
    }
    runs
}

/// Marks runs that a small jump links to a neighbor, but for those that last much longer than it: a level that is held
/// before or after a ramp.
///
/// Runs of very few samples are drift too.
fn mark_drift(runs: &mut [Run], tolerance_na: f64) {
    for run in runs.iter_mut() {
        run.is_drift = run.n_samples() < MIN_SAMPLES;
    }
    for idx in 1..runs.len() {
        let (left, right) = (runs[idx - 1], runs[idx]);
        if (right.level_na - left.level_na).abs() <= JUMP * tolerance_na {
            runs[idx - 1].is_drift |= left.n_samples() < HELD * right.n_samples();
            runs[idx].is_drift |= right.n_samples() < HELD * left.n_samples();
        }
    }
}

/// What is noise or round-off and no change of level.
struct Tolerance {
    tolerance_na: f64,
    /// Whether noise sets it, not the range of the current.
    is_of_noise: bool,
}

fn tolerance(current_na: &[f64]) -> Tolerance {
    let low = current_na.iter().copied().fold(f64::INFINITY, f64::min);
    let high = current_na.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let stride = (current_na.len() / N_PROBES).max(1);
    let pairs = current_na.windows(2).step_by(stride);
    let mut differences: Vec<f64> = pairs.map(|pair| (pair[1] - pair[0]).abs()).collect();
    if differences.is_empty() {
        return Tolerance { tolerance_na: 0.0, is_of_noise: false };
    }
    let n_changes = differences.iter().filter(|difference| **difference > 0.0).count();
    #[expect(clippy::cast_precision_loss, reason = "at most a few thousand probes")]
    let is_quiet = (n_changes as f64) < QUIET_FRACTION * differences.len() as f64;
    let fraction = if is_quiet { QUIET_LEVEL_FRACTION } else { LEVEL_FRACTION };
    let middle = differences.len() / 2;
    let (_, median, _) = differences.select_nth_unstable_by(middle, f64::total_cmp);
    let (of_range_na, of_noise_na) = (fraction * (high - low), NOISE_WIDTH * SIGMA_PER_MEDIAN * *median);
    Tolerance { tolerance_na: of_range_na.max(of_noise_na), is_of_noise: of_noise_na > of_range_na }
}
