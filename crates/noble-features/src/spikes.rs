//! Where spikes are, how many there are, and whether firing is blocked.

use crate::PreparedSweep;
use crate::prepared::mean;
use crate::registry::{Evaluate, Feature};
use crate::subthreshold::steady_window_mv;

/// eFEL's fixed level of a long hyperpolarization.
const HYPERPOLARIZED_MV: f64 = -75.0;
/// A cell that stays above this at the end of the stimulus is blocked, whatever the spike onsets say.
const BLOCKED_MV: f64 = -40.0;
/// Samples that do not fall below the running minimum and so end the search for a fast AHP.
const N_RISING_AFTER_AHP: usize = 2;

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        name: "Spikecount",
        unit_suffix: "",
        needs: &["peak_indices"],
        formula: "number of peaks in the whole trace",
        evaluate: Evaluate::One(spikecount),
    },
    Feature {
        name: "Spikecount_stimint",
        unit_suffix: "",
        needs: &["peak_indices"],
        formula: "number of peaks with stim_start <= t <= stim_end",
        evaluate: Evaluate::One(spikecount_stimint),
    },
    Feature {
        name: "depol_block",
        unit_suffix: "",
        needs: &["AP_begin_voltage"],
        formula: "1 if neither above mean(AP_begin_voltage) nor below -75 mV for depol_block_min_duration; missing if so",
        evaluate: Evaluate::One(depol_block),
    },
];

/// Number of spikes in the whole trace; 0 without a spike.
///
/// # Source
/// eFEL 5.7.34 `Spikecount`.
pub(crate) fn spikecount(sweep: &PreparedSweep) -> Option<f64> {
    Some(sweep.peak_indices().len() as f64)
}

/// Number of spikes in the stimulus, both ends included; 0 without a spike.
///
/// # Source
/// eFEL 5.7.34 `Spikecount_stimint`.
pub(crate) fn spikecount_stimint(sweep: &PreparedSweep) -> Option<f64> {
    Some(sweep.peak_indices().iter().filter(|peak_idx| sweep.is_in_stimulus(**peak_idx)).count() as f64)
}

/// 1 where firing is **not** blocked, missing where it is (eFEL's way round; [`is_depolarization_blocked`] is the
/// usual one).
///
/// Without a spike onset the answer is 1.
/// # Source
/// eFEL 5.7.34 `depol_block`; differs: a stimulus beyond the trace ends at the last sample and is no error.
pub(crate) fn depol_block(sweep: &PreparedSweep) -> Option<f64> {
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
pub fn is_depolarization_blocked(sweep: &PreparedSweep) -> bool {
    let stays_above_onset = mean_onset_mv(sweep)
        .and_then(|onset_mv| longest_depolarized_ms(sweep, onset_mv))
        .is_some_and(|longest_ms| longest_ms > sweep.settings().depol_block_min_duration_ms);
    stays_above_onset || lowest_decile(steady_window_mv(sweep)).is_some_and(|v| v > BLOCKED_MV)
}

fn lowest_decile(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 10).copied()
}

fn mean_onset_mv(sweep: &PreparedSweep) -> Option<f64> {
    let onsets_mv: Vec<f64> =
        sweep.ap_begin_indices().iter().map(|begin_idx| sweep.v_mv()[*begin_idx]).collect();
    mean(&onsets_mv)
}

/// Longest stay above a level, steps up and down paired in order; `None` if the level is never stepped over.
fn longest_depolarized_ms(sweep: &PreparedSweep, level_mv: f64) -> Option<f64> {
    let (ups, mut downs) = level_steps(sweep.v_mv(), level_mv);
    if ups.len() > downs.len() {
        downs.push(stim_end_idx(sweep));
    }
    longest_ms(sweep, &ups, &downs)
}

/// Longest stay at or below -75 mV inside the stimulus; `None` if there is none.
fn longest_hyperpolarized_ms(sweep: &PreparedSweep) -> Option<f64> {
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
    for (idx, pair) in v_mv.windows(2).enumerate() {
        match (pair[0] > level_mv, pair[1] > level_mv) {
            (false, true) => ups.push(idx),
            (true, false) => downs.push(idx),
            _ => {}
        }
    }
    (ups, downs)
}

fn longest_ms(sweep: &PreparedSweep, from: &[usize], to: &[usize]) -> Option<f64> {
    let times_ms = sweep.times_ms();
    from.iter().zip(to).map(|(from_idx, to_idx)| times_ms[*to_idx] - times_ms[*from_idx]).reduce(f64::max)
}

fn stim_end_idx(sweep: &PreparedSweep) -> usize {
    sweep.first_at(sweep.stim_end_ms()).min(sweep.times_ms().len() - 1)
}

/// Peaks: k-th crossing up paired with k-th crossing down, first maximum between them.
///
/// Crossings are strict on both sides, so a sample exactly at the threshold hides one.
/// # Source
/// eFEL 5.7.34 `peak_indices`.
pub(crate) fn find_peak_indices(sweep: &PreparedSweep) -> Vec<usize> {
    let (v_mv, threshold_mv) = (sweep.v_mv(), sweep.settings().threshold_mv);
    let (mut ups, mut downs) = (Vec::new(), Vec::new());
    for (previous_idx, pair) in v_mv.windows(2).enumerate() {
        if pair[0] < threshold_mv && pair[1] > threshold_mv {
            ups.push(previous_idx + 1);
        } else if pair[0] > threshold_mv && pair[1] < threshold_mv && !ups.is_empty() {
            downs.push(previous_idx + 1);
        }
    }
    let peaks = ups.iter().zip(&downs).filter_map(|(up, down)| first_maximum_idx(v_mv, *up, down + 1));
    let is_kept = |idx: &usize| !sweep.settings().drops_peaks_outside_stimulus || sweep.is_in_stimulus(*idx);
    peaks.filter(is_kept).collect()
}

/// Fast AHP of each spike: from the peak on, the running minimum that two further samples do not undercut.
///
/// Where the next peak, or the end, comes first, it is the first minimum of that range; a last spike still
/// falling at the end has none.
/// # Source
/// eFEL 5.7.34 `min_AHP_indices`.
pub(crate) fn find_min_ahp_indices(sweep: &PreparedSweep) -> Vec<usize> {
    let peaks = sweep.peak_indices();
    let end_idx = if sweep.settings().drops_peaks_outside_stimulus {
        sweep.first_at(sweep.stim_end_ms())
    } else {
        sweep.v_mv().len()
    };
    let ends = peaks.iter().skip(1).copied().chain([end_idx]);
    let mut minima: Vec<usize> = peaks
        .iter()
        .zip(ends)
        .filter(|(peak_idx, range_end)| **peak_idx < *range_end)
        .map(|(peak_idx, range_end)| fast_minimum_idx(sweep.v_mv(), *peak_idx, range_end))
        .collect();
    if minima.last().is_some_and(|idx| idx + 1 == end_idx) {
        minima.pop();
    }
    minima
}

fn fast_minimum_idx(v_mv: &[f64], start_idx: usize, end_idx: usize) -> usize {
    let (mut minimum_idx, mut n_rising) = (start_idx, 0);
    for idx in start_idx + 1..end_idx {
        if v_mv[idx] < v_mv[minimum_idx] {
            (minimum_idx, n_rising) = (idx, 0);
        } else {
            n_rising += 1;
        }
        if n_rising == N_RISING_AFTER_AHP {
            break;
        }
    }
    minimum_idx
}

/// Onset of each spike that follows the stimulus start: where the slope last rose above its threshold and stayed
/// there for the window.
///
/// A spike without such a place leaves no gap in the list. Empty when there are fewer AHPs to search from than
/// spikes.
/// # Source
/// eFEL 5.7.34 `AP_begin_indices`.
pub(crate) fn find_ap_begin_indices(sweep: &PreparedSweep) -> Vec<usize> {
    let stim_idx = sweep.first_at(sweep.stim_start_ms());
    let after =
        |indices: &[usize]| -> Vec<usize> { indices.iter().copied().filter(|idx| *idx > stim_idx).collect() };
    let mut bounds = vec![stim_idx.saturating_sub(2)];
    bounds.extend(after(sweep.min_ahp_indices()));
    let peaks = after(sweep.peak_indices());
    if bounds.len() < peaks.len() || sweep.v_mv().len() < sweep.settings().n_derivative_window {
        return Vec::new();
    }
    peaks
        .iter()
        .zip(&bounds)
        .filter_map(|(peak_idx, bound_idx)| begin_idx(sweep, *bound_idx, *peak_idx))
        .collect()
}

fn begin_idx(sweep: &PreparedSweep, bound_idx: usize, peak_idx: usize) -> Option<usize> {
    let threshold = sweep.settings().derivative_threshold_mv_per_ms;
    let n_window = sweep.settings().n_derivative_window;
    let last_idx = sweep.v_mv().len() - n_window;
    let mut end_idx = peak_idx;
    while end_idx > bound_idx {
        let below_idx = (bound_idx..end_idx).rev().find(|idx| slope(sweep, *idx) <= threshold)?;
        let candidate_idx = (below_idx + 1).min(last_idx);
        if candidate_idx == bound_idx {
            return None;
        }
        let is_steep = !(candidate_idx..candidate_idx + n_window).any(|idx| slope(sweep, idx) < threshold);
        if is_steep {
            return Some(candidate_idx);
        }
        end_idx = candidate_idx.saturating_sub(1);
    }
    None
}

/// Slope at one sample: central difference, one-sided at the ends. // [mV/ms]
fn slope(sweep: &PreparedSweep, idx: usize) -> f64 {
    let (t, v) = (sweep.times_ms(), sweep.v_mv());
    let last_idx = v.len() - 1;
    if idx == 0 {
        return (v[1] - v[0]) / (t[1] - t[0]);
    }
    if idx == last_idx {
        return (v[idx] - v[idx - 1]) / (t[idx] - t[idx - 1]);
    }
    ((v[idx + 1] - v[idx - 1]) / 2.0) / ((t[idx + 1] - t[idx - 1]) / 2.0)
}

/// Index of the first largest sample of `start_idx..end_idx`; `None` of an empty range.
fn first_maximum_idx(v_mv: &[f64], start_idx: usize, end_idx: usize) -> Option<usize> {
    (start_idx..end_idx).reduce(|best, idx| if v_mv[idx] > v_mv[best] { idx } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::{prepared, prepared_with, spiking};
    use crate::{Settings, feature};

    #[test]
    fn analytic_spikes_are_counted_inside_and_outside() {
        let sweep = spiking(&[50.0, 120.0, 150.0, 250.0]);
        assert_eq!(spikecount(&sweep), Some(4.0));
        assert_eq!(spikecount_stimint(&sweep), Some(2.0));
        assert!(sweep.is_firing());
        let silent = prepared((100.0, 200.0), |_| -70.0);
        assert_eq!((spikecount(&silent), spikecount_stimint(&silent)), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn analytic_a_spike_cut_by_the_end_is_not_counted() {
        let starts_high = prepared((100.0, 200.0), |t| if t < 5.0 { 20.0 } else { -70.0 });
        let ends_high = prepared((100.0, 200.0), |t| if t > 295.0 { 20.0 } else { -70.0 });
        assert_eq!((spikecount(&starts_high), spikecount(&ends_high)), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn analytic_strict_settings_drop_peaks_outside() {
        let settings = Settings { drops_peaks_outside_stimulus: true, ..Settings::default() };
        let v = crate::waveform::spikes_mv(vec![50.0, 120.0, 250.0]);
        assert_eq!(spikecount(&prepared_with(&settings, (100.0, 200.0), v)), Some(1.0));
    }

    #[test]
    fn analytic_onset_is_the_corner_of_the_upstroke() {
        let sweep = spiking(&[120.0, 150.0]);
        let onsets_ms: Vec<f64> = sweep.ap_begin_indices().iter().map(|idx| sweep.times_ms()[*idx]).collect();
        assert_eq!(onsets_ms.len(), 2);
        assert!((onsets_ms[0] - 119.0).abs() < 1e-9 && (onsets_ms[1] - 149.0).abs() < 1e-9, "{onsets_ms:?}");
    }

    #[test]
    fn analytic_regular_firing_is_not_blocked() {
        let sweep = spiking(&[110.0, 130.0, 150.0, 170.0]);
        assert_eq!(depol_block(&sweep), Some(1.0));
        assert!(!is_depolarization_blocked(&sweep));
    }

    #[test]
    fn analytic_a_plateau_after_a_spike_is_block() {
        let spike = crate::waveform::spikes_mv(vec![120.0]);
        let sweep = prepared((100.0, 200.0), |t| if t > 130.0 && t < 190.0 { -30.0 } else { spike(t) });
        assert_eq!(feature("depol_block").unwrap().values(&sweep), None);
        assert!(is_depolarization_blocked(&sweep));
    }

    #[test]
    fn analytic_a_cell_held_near_zero_is_blocked_although_its_onset_is_high() {
        let spike = crate::waveform::spikes_mv(vec![150.0]);
        let is_held = |t: f64| (101.0..149.5).contains(&t) || (151.0..200.0).contains(&t);
        let sweep = prepared((100.0, 200.0), |t| match t {
            t if is_held(t) => -3.0,
            t if (149.5..151.0).contains(&t) => spike(t).max(-3.0),
            t if (100.0..101.0).contains(&t) => -70.0 + 67.0 * (t - 100.0),
            _ => -70.0,
        });
        assert!(is_depolarization_blocked(&sweep));
    }

    #[test]
    fn analytic_fast_firing_with_a_high_mean_is_not_blocked() {
        let sweep = prepared((100.0, 200.0), |t| -10.0 - 55.0 * (2.0 * std::f64::consts::PI * t / 2.5).cos());
        assert!(sweep.steady_state_voltage_stimend_mv().is_some_and(|v| v > BLOCKED_MV));
        assert!(!is_depolarization_blocked(&sweep));
    }

    #[test]
    fn analytic_a_long_hyperpolarization_is_no_depolarization_block() {
        let spike = crate::waveform::spikes_mv(vec![110.0]);
        let sweep = prepared((100.0, 200.0), |t| if t > 130.0 && t < 190.0 { -90.0 } else { spike(t) });
        assert_eq!(depol_block(&sweep), None);
        assert!(!is_depolarization_blocked(&sweep));
    }
}
