//! Whether a cell is too depolarized to fire.

use super::amplitude::onset_voltages_mv;
use crate::prepared::mean;
use crate::scan::{Level, each_change};
use crate::{Feature, PreparedSweep};

/// eFEL's fixed level of a long hyperpolarization.
const HYPERPOLARIZED_MV: f64 = -75.0;
/// A cell that stays above this at the end of the stimulus is blocked, whatever the spike onsets say.
const BLOCKED_MV: f64 = -40.0;

const RULE: &str =
    "above mean(AP_begin_voltage) or, in the stimulus, below -75 mV for longer than depol_block_min_duration";

pub(super) const FEATURES: &[Feature] = &[
    Feature::whole("depol_block", depol_block)
        .is("1 where firing is **not** blocked and the cell does not stay below -75 mV, missing where either is so.", RULE)
        .of("AP_begin_voltage")
        .precisely("recorded samples"),
    Feature::whole("depol_block_bool", |s| Some(if depol_block(s).is_none() { 1.0 } else { 0.0 }))
        .is("1 where firing is blocked or the cell stays below -75 mV, else 0.", "1 if depol_block is missing")
        .of("depol_block"),
];

/// 1 where firing is **not** blocked, missing where it is (eFEL's way round; [`is_depolarization_blocked`] is the
/// usual one).
///
/// Without a spike onset the answer is 1.
/// # Source
/// eFEL 5.7.34 `depol_block`; differs: a stimulus beyond the trace ends at the last sample and is no error.
fn depol_block(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let Some(onset_mv) = mean_onset_mv(sweep) else { return Some(1.0) };
    let longest_ms = longest_depolarized_ms(sweep, onset_mv)?;
    let is_long = |duration_ms: f64| duration_ms > sweep.settings().depol_block_min_duration_ms;
    let is_hyperpolarized = longest_hyperpolarized_ms(sweep).is_some_and(is_long);
    (!is_long(longest_ms) && !is_hyperpolarized).then_some(1.0)
}

/// Whether the cell stopped firing because it is too depolarized.
///
/// True when the trace stays above its mean spike onset for longer than `depol_block_min_duration_ms`, or when
/// the lowest decile of its last tenth of the stimulus is above -40 mV: a cell held at -3 mV may show a single
/// onset so high that the first rule sees nothing. The second rule asks the decile and not the mean, because the
/// mean of a cell that fires at several hundred hertz and repolarizes after each spike is above -40 mV as well,
/// and not the minimum, because the last samples may already feel the end of the stimulus.
/// # Source
/// The first rule is that of eFEL 5.7.34 `depol_block`; the second is ours.
#[must_use]
pub fn is_depolarization_blocked(sweep: &PreparedSweep<'_>) -> bool {
    let stays_above_onset = mean_onset_mv(sweep)
        .and_then(|onset_mv| longest_depolarized_ms(sweep, onset_mv))
        .is_some_and(|longest_ms| longest_ms > sweep.settings().depol_block_min_duration_ms);
    stays_above_onset || lowest_decile(&sweep.v_mv()[sweep.last_tenth()]).is_some_and(|v| v > BLOCKED_MV)
}

fn lowest_decile(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 10).copied()
}

fn mean_onset_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    mean(&onset_voltages_mv(sweep))
}

/// Longest stay above a level, steps up and down paired in order; `None` if the level is never stepped over.
fn longest_depolarized_ms(sweep: &PreparedSweep<'_>, level_mv: f64) -> Option<f64> {
    let (ups, mut downs) = level_steps(sweep.v_mv(), level_mv);
    if ups.len() > downs.len() {
        downs.push(stim_end_idx(sweep));
    }
    longest_ms(sweep, &ups, &downs)
}

/// Longest stay at or below -75 mV inside the stimulus; `None` if there is none.
fn longest_hyperpolarized_ms(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let (mut ups, mut downs) = level_steps(sweep.v_mv(), HYPERPOLARIZED_MV);
    let (start_idx, end_idx) = (sweep.first_at(sweep.stim_start_ms()), stim_end_idx(sweep));
    downs.retain(|idx| start_idx < *idx && *idx < end_idx);
    let first_down_idx = *downs.first()?;
    ups.retain(|idx| first_down_idx < *idx && *idx < end_idx);
    if ups.len() < downs.len() {
        ups.push(end_idx);
    }
    longest_ms(sweep, &downs, &ups)
}

/// Last sample before each step up over a level and before each step down.
fn level_steps(v_mv: &[f64], level_mv: f64) -> (Vec<usize>, Vec<usize>) {
    let (mut ups, mut downs) = (Vec::new(), Vec::new());
    each_change(v_mv, Level::Over(level_mv), |idx, is_up| {
        let steps = if is_up { &mut ups } else { &mut downs };
        steps.push(idx - 1);
    });
    (ups, downs)
}

fn longest_ms(sweep: &PreparedSweep<'_>, from: &[usize], to: &[usize]) -> Option<f64> {
    let times_ms = sweep.times_ms();
    from.iter().zip(to).map(|(from_idx, to_idx)| times_ms[*to_idx] - times_ms[*from_idx]).reduce(f64::max)
}

fn stim_end_idx(sweep: &PreparedSweep<'_>) -> usize {
    sweep.first_at(sweep.stim_end_ms()).min(sweep.times_ms().len() - 1)
}
