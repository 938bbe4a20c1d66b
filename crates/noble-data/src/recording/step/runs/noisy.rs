//! Runs of a noisy current: found in means over blocks, their borders in the samples.
//!
//! A mean over 32 samples has a sixth of the noise, so that a step of a few standard deviations stands out. Where two
//! levels meet, the border is where two constants fit the samples best.

use super::{Cut, Run, Tolerance, group, tolerance};

/// Samples of a block, where the current is long enough.
const BLOCK: usize = 32;
/// Fewest blocks of a current, and of a run that is a level.
const MIN_BLOCKS: usize = 64;
const MIN_LEVEL_BLOCKS: usize = 3;
/// Levels nearer than this many tolerances belong to something that varies slowly.
const JUMP: f64 = 2.0;
/// Samples by which noise may shift a border.
const SLACK: usize = 8;

/// Differences over a longer lag are larger than this in what varies smoothly, and no larger in noise.
const SMOOTH_RATIO: f64 = 2.0;

/// `None` where the current is too short for blocks, or varies smoothly.
pub(super) fn cut(current_na: &[f64]) -> Option<Cut> {
    let n_block = BLOCK.min(current_na.len() / MIN_BLOCKS);
    if n_block < 4
        || median_change(current_na, n_block) > SMOOTH_RATIO * median_change(current_na, n_block / 4)
    {
        return None;
    }
    let means_na: Vec<f64> = current_na.chunks_exact(n_block).map(mean).collect();
    let Tolerance { tolerance_na, .. } = tolerance(&means_na);
    let mut runs = levels(&group(&means_na, tolerance_na), n_block, current_na.len());
    place_borders(&mut runs, current_na, n_block);
    for idx in 1..runs.len() {
        let is_slow = (runs[idx].level_na - runs[idx - 1].level_na).abs() <= JUMP * tolerance_na;
        runs[idx - 1].is_drift |= is_slow;
        runs[idx].is_drift |= is_slow;
    }
    Some(Cut { runs, tolerance_na, slack: SLACK })
}

/// Median of the absolute differences of samples so far apart.
fn median_change(current_na: &[f64], lag: usize) -> f64 {
    let pairs = current_na.iter().zip(&current_na[lag..]).step_by(lag);
    let mut changes: Vec<f64> = pairs.map(|(earlier, later)| (later - earlier).abs()).collect();
    let middle = changes.len() / 2;
    let (_, median, _) = changes.select_nth_unstable_by(middle, f64::total_cmp);
    *median
}

/// Runs of blocks as runs of samples: a block or two between levels holds their border, more are drift.
fn levels(groups: &[Run], n_block: usize, n_samples: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for group in groups {
        let is_level = group.n_samples() >= MIN_LEVEL_BLOCKS;
        match runs.last_mut().filter(|last| last.is_drift && !is_level) {
            Some(last) => last.end = group.end,
            None => runs.push(Run { is_drift: !is_level, ..*group }),
        }
    }
    let is_border = |run: &Run| run.is_drift && run.n_samples() < MIN_LEVEL_BLOCKS;
    let is_inside = |idx: usize| 0 < idx && idx + 1 < runs.len();
    let mut kept: Vec<Run> = Vec::new();
    for (idx, run) in runs.iter().enumerate() {
        if !(is_border(run) && is_inside(idx)) {
            kept.push(Run { start: run.start * n_block, end: run.end * n_block, ..*run });
        }
    }
    if let Some(last) = kept.last_mut() {
        last.end = n_samples;
    }
    kept
}

/// Lets each run begin where the one before ends, at the sample where the two levels fit best.
fn place_borders(runs: &mut [Run], current_na: &[f64], n_block: usize) {
    for idx in 1..runs.len() {
        let (left, right) = (runs[idx - 1], runs[idx]);
        let from = left.end.saturating_sub(n_block).max(left.start + 1);
        let to = (right.start + n_block).min(right.end - 1).max(from);
        let border = best_border(&current_na[from..to], left.level_na, right.level_na);
        (runs[idx - 1].end, runs[idx].start) = (from + border, from + border);
    }
    for run in runs.iter_mut().filter(|run| !run.is_drift) {
        run.level_na = mean(&current_na[run.start..run.end]);
    }
}

/// Number of samples that are nearer to the left level, so that the sum of squares is smallest.
fn best_border(samples: &[f64], left_na: f64, right_na: f64) -> usize {
    let (mut cost, mut best, mut border) = (0.0, 0.0, 0);
    for (idx, current_na) in samples.iter().enumerate() {
        cost += (current_na - left_na).powi(2) - (current_na - right_na).powi(2);
        if cost < best {
            (best, border) = (cost, idx + 1);
        }
    }
    border
}

fn mean(values: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
    let n_values = values.len() as f64;
    values.iter().sum::<f64>() / n_values
}
