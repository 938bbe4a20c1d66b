//! Whether the operator's ensemble is spread as the simulator's is: features as distributions over models, at alike currents.

use std::collections::BTreeMap;

use noble_features::STUDY_FEATURES;
use noble_features::metrics::{energy_coefficient, kolmogorov_smirnov};
use serde::Serialize;

use super::ComparedTrace;
use crate::Error;
use crate::features::SweepFeatures;

/// Distances of the distributions, means over bins of current, weighted by their traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distributions {
    /// Bins of current.
    pub n_bins: usize,
    /// Kolmogorov-Smirnov statistic of each feature, over the traces that have it on either side.
    pub kolmogorov_smirnov: BTreeMap<&'static str, f64>,
    /// Energy coefficient of the features [`JOINT_FEATURES`] together, over the traces that fire.
    pub energy_coefficient: Option<f64>,
}

/// Features that every trace with two spikes has, taken together as one vector.
pub const JOINT_FEATURES: [&str; 6] = [
    "Spikecount",
    "time_to_first_spike",
    "inv_first_ISI",
    "mean_AP_amplitude",
    "AHP_depth",
    "steady_state_voltage_stimend",
];

/// Most bins of current.
const MOST_BINS: usize = 10;
/// Fewest traces of a bin.
const FEWEST_TRACES: usize = 20;

/// Distances within bins of as many traces of alike currents; none for too few traces to fill one.
///
/// # Errors
/// [`Error::Features`] for a feature that is no number.
pub(super) fn distributions(traces: &[&ComparedTrace]) -> Result<Option<Distributions>, Error> {
    let n_bins = (traces.len() / FEWEST_TRACES).min(MOST_BINS);
    if n_bins == 0 {
        return Ok(None);
    }
    let mut by_current = traces.to_vec();
    by_current.sort_by(|a, b| a.step_na.total_cmp(&b.step_na).then(a.model.cmp(&b.model)));
    let bin = |idx: usize| &by_current[idx * traces.len() / n_bins..(idx + 1) * traces.len() / n_bins];
    let mut sums: BTreeMap<&'static str, (f64, f64)> = BTreeMap::new();
    let mut energy = (0.0, 0.0);
    for traces in (0..n_bins).map(bin) {
        for name in STUDY_FEATURES {
            let values = |side: fn(&ComparedTrace) -> &SweepFeatures| -> Vec<f64> {
                traces.iter().filter_map(|trace| side(trace).mean(name)).collect()
            };
            let (reference, predicted) = (values(|trace| &trace.reference), values(|trace| &trace.predicted));
            if let Some(statistic) = kolmogorov_smirnov(&reference, &predicted)? {
                add(sums.entry(name).or_default(), statistic, reference.len());
            }
        }
        let (reference, predicted) = (joint(traces, |t| &t.reference), joint(traces, |t| &t.predicted));
        if let Some(coefficient) = energy_coefficient(&reference, &predicted)? {
            add(&mut energy, coefficient, reference.len());
        }
    }
    let mean = |(sum, weight): (f64, f64)| sum / weight;
    Ok(Some(Distributions {
        n_bins,
        kolmogorov_smirnov: sums.into_iter().map(|(name, sum)| (name, mean(sum))).collect(),
        energy_coefficient: (energy.1 > 0.0).then(|| mean(energy)),
    }))
}

/// Vectors of the joint features, of the traces that have them all.
fn joint(traces: &[&ComparedTrace], side: fn(&ComparedTrace) -> &SweepFeatures) -> Vec<Vec<f64>> {
    let vector = |trace: &&ComparedTrace| JOINT_FEATURES.iter().map(|name| side(trace).mean(name)).collect();
    traces.iter().filter_map(vector).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a count of traces")]
fn add((sum, weight): &mut (f64, f64), value: f64, n_traces: usize) {
    (*sum, *weight) = (*sum + value * n_traces as f64, *weight + n_traces as f64);
}
