//! Intervals between spikes, their spread and their trend.

use super::series::{differences, filled};
use super::straight_line::centred_slope;
use crate::prepared::mean;
use crate::{Feature, PreparedSweep};

const MS_PER_S: f64 = 1000.0;
/// Spikes that an adaptation index needs.
const N_ADAPTING: usize = 4;

pub(super) const FEATURES: &[Feature] = &[
    Feature::many("all_ISI_values", "ms", all_isi_ms)
        .is("Intervals between successive peaks.", "peak_time[k + 1] - peak_time[k]")
        .of("peak_time"),
    Feature::many("ISIs", "ms", all_isi_ms)
        .is("Intervals between successive peaks.", "all_ISI_values")
        .of("all_ISI_values"),
    Feature::many("ISI_values", "ms", isi_ms)
        .is(
            "Intervals between successive peaks without the first one.",
            "all_ISI_values[1..] with ignore_first_ISI, else all",
        )
        .of("all_ISI_values"),
    Feature::one("doublet_ISI", "ms", |s| all_isi_ms(s)?.first().copied())
        .is("First interval.", "all_ISI_values[0]")
        .of("all_ISI_values"),
    Feature::many("inv_ISI_values", "hz", |s| {
        Some(all_isi_ms(s)?.iter().map(|isi| MS_PER_S / isi).collect())
    })
    .is("Inverse of every interval, the first included.", "1000 / all_ISI_values")
    .of("all_ISI_values"),
    Feature::one("inv_first_ISI", "hz", |s| inverse_isi_hz(s, 0))
        .is("Inverse of the first interval.", "1000 / all_ISI_values[0]")
        .of("all_ISI_values"),
    Feature::one("inv_second_ISI", "hz", |s| inverse_isi_hz(s, 1))
        .is("Inverse of the second interval.", "1000 / all_ISI_values[1]")
        .of("all_ISI_values"),
    Feature::one("inv_third_ISI", "hz", |s| inverse_isi_hz(s, 2))
        .is("Inverse of the third interval.", "1000 / all_ISI_values[2]")
        .of("all_ISI_values"),
    Feature::one("inv_fourth_ISI", "hz", |s| inverse_isi_hz(s, 3))
        .is("Inverse of the fourth interval.", "1000 / all_ISI_values[3]")
        .of("all_ISI_values"),
    Feature::one("inv_fifth_ISI", "hz", |s| inverse_isi_hz(s, 4))
        .is("Inverse of the fifth interval.", "1000 / all_ISI_values[4]")
        .of("all_ISI_values"),
    Feature::one("inv_last_ISI", "hz", |s| inverse_isi_hz(s, s.peaks().len().checked_sub(2)?))
        .is("Inverse of the last interval.", "1000 / all_ISI_values[last]")
        .of("all_ISI_values"),
    Feature::one("ISI_CV", "", isi_cv)
        .is("Coefficient of variation of the intervals.", "sd(ISI_values, n - 1) / mean(ISI_values)")
        .of("ISI_values"),
    Feature::one("irregularity_index", "ms", |s| {
        let changes = differences(&isi_ms(s)?).unwrap_or_default();
        Some(mean(&changes.iter().map(|change| change.abs()).collect::<Vec<f64>>()).unwrap_or(f64::NAN))
    })
    .is("Mean change from one interval to the next.", "mean |ISI_values[k + 1] - ISI_values[k]|")
    .of("ISI_values"),
    Feature::one("single_burst_ratio", "", |s| {
        let isi = isi_ms(s)?;
        if isi.len() < 2 { None } else { Some(isi[0] / mean(&isi)?) }
    })
    .is("First interval against the mean of all.", "ISI_values[0] / mean(ISI_values)")
    .of("ISI_values"),
    Feature::one("ISI_log_slope", "", |s| log_slope(&isi_ms(s)?, true))
        .is("Trend of the intervals on double logarithmic axes.", "slope of ln(ISI_values) over ln(1 .. n)")
        .of("ISI_values"),
    Feature::one("ISI_semilog_slope", "", |s| log_slope(&isi_ms(s)?, false))
        .is(
            "Trend of the logarithm of the intervals; of one interval half its logarithm.",
            "slope of ln(ISI_values) over 1 .. n",
        )
        .of("ISI_values"),
    Feature::one("ISI_log_slope_skip", "", |s| {
        let isi = isi_ms(s)?;
        log_slope(isi.get(n_skipped(s, isi.len() + 1)..)?, true)
    })
    .is(
        "Trend of the intervals on double logarithmic axes without the first ones.",
        "ISI_log_slope without the first min(max_spike_skip, round((n + 1) * spike_skipf)) of n values",
    )
    .of("ISI_values"),
    Feature::one("adaptation_index", "", |s| {
        let times_ms = times_near_stimulus_ms(s);
        adaptation(times_ms.get(n_skipped(s, times_ms.len())..)?)
    })
    .is(
        "How much the intervals grow, without the first spikes.",
        "mean (ISI[k] - ISI[k - 1]) / (ISI[k] + ISI[k - 1]), peaks in the stimulus +- offset",
    )
    .of("peak_time"),
    Feature::one("adaptation_index2", "", |s| {
        let times_ms = times_near_stimulus_ms(s);
        let is_enough = times_ms.len() >= N_ADAPTING;
        if is_enough { mean_growth(&times_ms[1..]) } else { None }
    })
    .is(
        "How much the intervals grow, without the first spike.",
        "as adaptation_index, without exactly one spike",
    )
    .of("peak_time"),
];

pub(super) fn all_isi_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    filled(sweep.peaks().windows(2).map(|pair| pair[1].time_ms - pair[0].time_ms).collect())
}

/// The intervals that count; empty, not missing, where only the ignored one exists.
pub(super) fn isi_ms(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let mut isi_ms = all_isi_ms(sweep)?;
    if sweep.settings().ignores_first_isi {
        isi_ms.remove(0);
    }
    Some(isi_ms)
}

fn inverse_isi_hz(sweep: &PreparedSweep<'_>, isi_idx: usize) -> Option<f64> {
    let [first, second] = sweep.peaks().get(isi_idx..=isi_idx + 1)? else { return None };
    Some(MS_PER_S / (second.time_ms - first.time_ms))
}

fn isi_cv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let isi = isi_ms(sweep)?;
    if isi.len() < 2 {
        return None;
    }
    let mean = mean(&isi)?;
    let sum_of_squares: f64 = isi.iter().map(|value| (value - mean).powi(2)).sum();
    Some((sum_of_squares / (isi.len() as f64 - 1.0)).sqrt() / mean)
}

fn log_slope(isi: &[f64], is_double: bool) -> Option<f64> {
    let logarithms: Vec<f64> = isi.iter().map(|value| value.ln()).collect();
    match logarithms[..] {
        [] => None,
        // A line through one point: NumPy refuses it where the abscissa ln(1) is zero, else halves the ordinate.
        [only] => (!is_double).then_some(only / 2.0),
        _ => {
            let rank = |k: usize| k as f64 + 1.0;
            let x: Vec<f64> =
                (0..isi.len()).map(|k| if is_double { rank(k).ln() } else { rank(k) }).collect();
            Some(centred_slope(&x, &logarithms))
        }
    }
}

/// Values left out at the beginning.
fn n_skipped(sweep: &PreparedSweep<'_>, n_values: usize) -> usize {
    let settings = sweep.settings();
    let n_by_share = (n_values as f64 * settings.skipped_spikes_fraction + 0.5) as usize;
    n_by_share.min(settings.n_max_skipped_spikes)
}

fn times_near_stimulus_ms(sweep: &PreparedSweep<'_>) -> Vec<f64> {
    let margin_ms = sweep.settings().adaptation_margin_ms;
    let (start_ms, end_ms) = (sweep.stim_start_ms() - margin_ms, sweep.stim_end_ms() + margin_ms);
    let times_ms = sweep.peaks().iter().map(|peak| peak.time_ms);
    times_ms.filter(|time_ms| *time_ms >= start_ms && *time_ms <= end_ms).collect()
}

fn adaptation(times_ms: &[f64]) -> Option<f64> {
    if times_ms.len() < N_ADAPTING { None } else { mean_growth(times_ms) }
}

fn mean_growth(times_ms: &[f64]) -> Option<f64> {
    let isi = differences(times_ms)?;
    let growth: Vec<f64> = isi.windows(2).map(|pair| (pair[1] - pair[0]) / (pair[1] + pair[0])).collect();
    mean(&growth)
}
