//! Bursts by the strict rule, and the spikes in them.

use super::loose_bursts::TIME_AVERAGE;
use super::series::filled;
use crate::prepared::mean;
use crate::{Feature, PreparedSweep};

const MS_PER_S: f64 = 1000.0;
/// How far from the spikes the voltage between bursts is taken.
const MARGIN_MS: f64 = 5.0;

pub(super) const FEATURES: &[Feature] = &[
    Feature::wholes("burst_begin_indices", |s| numbers(&s.bursts()?.first_spikes))
        .is(
            "Number of the first spike of each burst; a regular cell has one burst.",
            "intervals ISI[k] < ISI[k - 1] / strict_burst_factor begin a burst, the first one at spike 1 (0 without ignore_first_ISI)",
        )
        .of("all_ISI_values"),
    Feature::wholes("burst_end_indices", |s| numbers(&s.bursts()?.last_spikes))
        .is(
            "Number of the last spike of each burst.",
            "an interval longer than strict_burst_factor * median of the burst's ends it",
        )
        .of("all_ISI_values"),
    Feature::many("strict_burst_mean_freq", "hz", mean_frequencies_hz)
        .is("Firing rate within each burst of two spikes or more.", "1000 * spikes / (t[last] - t[first])")
        .of("peak_time burst_begin_indices burst_end_indices"),
    Feature::whole("strict_burst_number", |s| Some(mean_frequencies_hz(s).map_or(0.0, |all| all.len() as f64)))
        .is("Number of bursts of two spikes or more.", "length of strict_burst_mean_freq; 0 if missing")
        .of("strict_burst_mean_freq"),
    Feature::wholes("spikes_per_burst", n_spikes)
        .is("Spikes in each burst.", "burst_end_indices - burst_begin_indices + 1")
        .of("burst_begin_indices burst_end_indices"),
    Feature::wholes("spikes_per_burst_diff", |s| {
        filled(n_spikes(s)?.windows(2).map(|pair| pair[0] - pair[1]).collect())
    })
    .is(
        "Spikes in each burst less those of the next.",
        "spikes_per_burst[k] - spikes_per_burst[k + 1], of at least two bursts",
    )
    .of("spikes_per_burst"),
    Feature::whole("spikes_in_burst1_burst2_diff", |s| {
        let n_spikes = n_spikes(s)?;
        Some(n_spikes[0] - n_spikes.get(1)?)
    })
    .is("Spikes in the first burst less those of the second.", "spikes_per_burst[0] - spikes_per_burst[1]")
    .of("spikes_per_burst"),
    Feature::whole("spikes_in_burst1_burstlast_diff", |s| {
        let n_spikes = n_spikes(s)?;
        Some(n_spikes[0] - n_spikes.get(1..)?.last()?)
    })
    .is("Spikes in the first burst less those of the last.", "spikes_per_burst[0] - spikes_per_burst[last]")
    .of("spikes_per_burst"),
    Feature::many("strict_interburst_voltage", "mv", voltages_between_mv)
        .is(
            "Mean voltage before each burst but the first.",
            "mean V from 5 ms after the spike before the burst to 5 ms before its first spike",
        )
        .of("peak_time burst_begin_indices")
        .precisely(TIME_AVERAGE),
];

fn numbers(spikes: &[usize]) -> Option<Vec<f64>> {
    filled(spikes.iter().map(|spike| *spike as f64).collect())
}

fn n_spikes(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let bursts = sweep.bursts()?;
    let pairs = bursts.first_spikes.iter().zip(&bursts.last_spikes);
    filled(pairs.map(|(first, last)| *last as f64 - *first as f64 + 1.0).collect())
}

fn mean_frequencies_hz(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let bursts = sweep.bursts()?;
    let time_ms = |spike_idx: usize| sweep.peaks()[spike_idx].time_ms;
    let pairs = bursts.first_spikes.iter().zip(&bursts.last_spikes).filter(|(first, last)| last > first);
    let rate_hz = |(first, last): (&usize, &usize)| {
        (last - first + 1) as f64 * MS_PER_S / (time_ms(*last) - time_ms(*first))
    };
    filled(pairs.map(rate_hz).collect())
}

fn voltages_between_mv(sweep: &PreparedSweep<'_>) -> Option<Vec<f64>> {
    let bursts = sweep.bursts()?;
    let before = |first_spike: &usize| {
        let (last, first) = (&sweep.peaks()[first_spike - 1], &sweep.peaks()[*first_spike]);
        if sweep.is_precise() {
            return sweep.time_average(sweep.v_mv(), (last.time_ms + MARGIN_MS, first.time_ms - MARGIN_MS));
        }
        mean_between_mv(sweep, last.sample_idx, first.sample_idx)
    };
    filled(bursts.first_spikes.iter().skip(1).map(before).collect::<Option<Vec<f64>>>()?)
}

/// From the last sample within the margin after one peak to the first within the margin before the next.
fn mean_between_mv(sweep: &PreparedSweep<'_>, from_idx: usize, to_idx: usize) -> Option<f64> {
    let t = sweep.times_ms();
    let (start_ms, end_ms) = (t[from_idx] + MARGIN_MS, t[to_idx] - MARGIN_MS);
    let first_idx = (from_idx..to_idx).find(|idx| t[*idx] > start_ms).unwrap_or(to_idx).checked_sub(1)?;
    let before_idx = (first_idx + 1..=to_idx).rev().find(|idx| t[*idx] < end_ms).unwrap_or(first_idx);
    mean(sweep.v_mv().get(first_idx..=before_idx + 1)?)
}
