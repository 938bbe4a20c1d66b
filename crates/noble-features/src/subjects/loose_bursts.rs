//! Bursts by eFEL's older rule, which takes every spike to belong to one.

use super::intervals::isi_ms;
use super::series::filled;
use crate::events::median;
use crate::prepared::mean;
use crate::{Feature, PreparedSweep};

const MS_PER_S: f64 = 1000.0;
/// How far from the spikes the voltage between bursts is taken.
const MARGIN_MS: f64 = 5.0;
/// Intervals that the rule needs.
const N_INTERVALS: usize = 4;

pub(super) const TIME_AVERAGE: &str = "time average; missing where two bursts are less than 10 ms apart";

pub(super) const FEATURES: &[Feature] = &[
    Feature::wholes("burst_ISI_indices", |s| filled(borders(s)?.iter().map(|idx| *idx as f64).collect()))
        .is(
            "Intervals after which a burst begins.",
            "k + 1 where ISI[k] > burst_factor * median of the burst's and ISI[k + 1] < ISI[k] / burst_factor",
        )
        .of("ISI_values"),
    Feature::many("burst_mean_freq", "hz", mean_frequencies_hz)
        .is(
            "Firing rate within each burst; missing without a border between bursts.",
            "1000 * spikes / (t[last] - t[first]), bursts from border to border, single spikes left out",
        )
        .of("peak_time burst_ISI_indices"),
    Feature::whole("burst_number", |s| Some(mean_frequencies_hz(s).map_or(0.0, |all| all.len() as f64)))
        .is("Number of bursts; 0 for a regular cell.", "length of burst_mean_freq; 0 if missing")
        .of("burst_mean_freq"),
    Feature::many("interburst_voltage", "mv", voltages_between_mv)
        .is(
            "Mean voltage between bursts.",
            "mean V from 5 ms after the last spike of a burst to 5 ms before the first of the next",
        )
        .of("peak_time burst_ISI_indices")
        .precisely(TIME_AVERAGE),
];

fn borders<'a>(sweep: &'a PreparedSweep<'_>) -> Option<&'a [usize]> {
    sweep.loose_burst_borders()
}

/// Found once for the features that need it.
pub(crate) fn find_borders(sweep: &PreparedSweep<'_>) -> Option<Vec<usize>> {
    let isi = isi_ms(sweep)?;
    if isi.len() < N_INTERVALS {
        return None;
    }
    let factor = sweep.settings().burst_factor;
    let (mut group_start, mut borders) = (0, Vec::new());
    for idx in 1..isi.len() - 1 {
        let group = isi.get(group_start..idx).unwrap_or_default();
        if group.is_empty() {
            continue;
        }
        if isi[idx] > factor * median(group) && isi[idx + 1] < isi[idx] / factor {
            borders.push(idx + 1);
            group_start = idx;
        }
    }
    filled(borders)
}

fn mean_frequencies_hz(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let mut ends = borders(sweep)?.to_vec();
    ends.push(sweep.peaks().len() - 1);
    let rate_hz = |n_spikes: usize, first: usize, last: usize| {
        n_spikes as f64 * MS_PER_S / (sweep.peaks()[last].time_ms - sweep.peaks()[first].time_ms)
    };
    let mut rates_hz = vec![rate_hz(ends[0] + 1, 0, ends[0])];
    for pair in ends.windows(2).filter(|pair| pair[1] > pair[0] + 1) {
        rates_hz.push(rate_hz(pair[1] - pair[0], pair[0] + 1, pair[1]));
    }
    Some(rates_hz)
}

fn voltages_between_mv(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let t = sweep.times_ms();
    let between = |border: usize| {
        let (last, first) = (sweep.peaks().get(border)?, sweep.peaks().get(border + 1)?);
        if sweep.is_precise() {
            return sweep.time_average(sweep.v_mv(), (last.time_ms + MARGIN_MS, first.time_ms - MARGIN_MS));
        }
        let start_idx = sweep.first_at(t[last.sample_idx] + MARGIN_MS).checked_sub(1)?;
        let end_idx = sweep.first_after(t[first.sample_idx] - MARGIN_MS);
        Some(mean(sweep.v_mv().get(start_idx..=end_idx).unwrap_or_default()).unwrap_or(f64::NAN))
    };
    borders(sweep)?.iter().copied().map(between).collect()
}
