//! Figures of merit of groups of traces.

use std::collections::BTreeMap;

use noble_data::ModelId;
use noble_data::dataset::Split;
use noble_features::STUDY_FEATURES;
use serde::Serialize;

use super::compare::PRECISE_FEATURES;
use super::conditions::by_current;
use super::distributions::distributions;
use super::intervals::{ModelSums, bootstrap_interval};
use super::{Baselines, ComparedTrace, CurrentError, Distributions, OnsetError};
use crate::Error;

/// Who fires: every trace is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FiringTable {
    /// Both fire.
    pub n_both_fire: usize,
    /// The simulator fires, the operator does not.
    pub n_missed: usize,
    /// The operator fires, the simulator does not.
    pub n_invented: usize,
    /// Neither fires.
    pub n_both_silent: usize,
}

/// Error of one feature over the pairs that agree on firing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FeatureError {
    /// Pairs that have it on both sides.
    pub n_pairs: usize,
    /// Pairs in which only the simulated trace has it.
    pub n_reference_only: usize,
    /// Pairs in which only the predicted trace has it.
    pub n_predicted_only: usize,
    /// Mean of `|predicted − reference| / |reference + 1e-6|`, as the published study takes it.
    pub mean_relative: f64,
    /// Median of the same.
    pub median_relative: f64,
    /// Median of `|predicted − reference|` in the feature's unit.
    pub median_absolute: f64,
}

/// Figures of merit of one group of traces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupReport {
    /// What the group is.
    pub name: &'static str,
    /// Traces.
    pub n_traces: usize,
    /// Models.
    pub n_models: usize,
    /// Mean relative L2 of the voltage.
    pub voltage_relative_l2: f64,
    /// Median of the same.
    pub voltage_relative_l2_median: f64,
    /// Mean of the root mean squared difference, which does not shrink with the distance of rest from zero.
    pub voltage_rms_mv: f64,
    /// Who fires.
    pub firing: FiringTable,
    /// Mean of `|predicted − reference|` of the spike count over all traces, firing or not.
    pub spike_count_mean_absolute: f64,
    /// Sum of `|predicted − reference|` of the spike count over the sum of the reference's.
    pub spike_count_relative: Option<f64>,
    /// Part of the traces in which one fires and the other does not.
    pub misfire_fraction: f64,
    /// Mean coincidence factor at 2 ms over the traces in which one of both fires.
    pub coincidence_factor: Option<f64>,
    /// Features of the published study by eFEL's name; one that no pair has is left out.
    pub features: BTreeMap<&'static str, FeatureError>,
    /// Features between the samples, which eFEL's resampling to 0.1 ms would blur.
    pub precise_features: BTreeMap<&'static str, FeatureError>,
    /// Mean relative L2 of what would be said without the operator, by name: `nearest_model`, `mean_trace`.
    pub baselines: BTreeMap<&'static str, f64>,
    /// 95 % intervals over draws of the models, of the figures above by their names.
    pub intervals: BTreeMap<&'static str, [f64; 2]>,
    /// Errors by distance of the current from threshold.
    pub by_current: Vec<CurrentError>,
    /// Distances of the features' distributions; none for too few traces.
    pub distributions: Option<Distributions>,
}

/// The whole comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Held-out currents of the models seen in training, then models never seen.
    pub groups: Vec<GroupReport>,
    /// Errors by onset of the step, where the operator was trained on several.
    pub onsets: Vec<OnsetError>,
}

/// Offset of the published study's relative error.
const RELATIVE_OFFSET: f64 = 1e-6;

/// Reports on the held-out currents of training models and on held-out models; an empty group is left out.
///
/// # Errors
/// [`Error::Features`] for a feature that is no number.
pub fn group_reports(traces: &[ComparedTrace], onsets: Vec<OnsetError>) -> Result<Evaluation, Error> {
    let of = |is_wanted: fn(&ComparedTrace) -> bool| traces.iter().filter(|trace| is_wanted(trace)).collect();
    let known: Vec<&ComparedTrace> = of(|trace| trace.model_split == Split::Train);
    let unseen: Vec<&ComparedTrace> = of(|trace| trace.model_split != Split::Train);
    let groups = [("unseen currents, known models", known), ("unseen models", unseen)];
    let groups = groups.into_iter().filter(|(_, traces)| !traces.is_empty());
    let groups = groups.map(|(name, traces)| group_report(name, &traces)).collect::<Result<_, Error>>()?;
    Ok(Evaluation { groups, onsets })
}

/// Figures of merit of one group, which holds a trace at least.
#[expect(clippy::cast_precision_loss, reason = "counts of traces")]
pub(crate) fn group_report(name: &'static str, traces: &[&ComparedTrace]) -> Result<GroupReport, Error> {
    let n_traces = traces.len() as f64;
    let mut errors: Vec<f64> = traces.iter().map(|trace| trace.relative_l2).collect();
    let models: std::collections::BTreeSet<ModelId> = traces.iter().map(|trace| trace.model).collect();
    let n_spikes = |features: &crate::features::SweepFeatures| features.spike_times_ms.len() as f64;
    let missed: f64 =
        traces.iter().map(|trace| (n_spikes(&trace.predicted) - n_spikes(&trace.reference)).abs()).sum();
    let fired: f64 = traces.iter().map(|trace| n_spikes(&trace.reference)).sum();
    let efel = |trace: &&ComparedTrace, name: &str| (trace.reference.mean(name), trace.predicted.mean(name));
    let precise =
        |trace: &&ComparedTrace, name: &str| (trace.precise.0.mean(name), trace.precise.1.mean(name));
    let features = STUDY_FEATURES.iter().filter_map(|name| Some((*name, feature_error(name, traces, efel)?)));
    let precise_features =
        PRECISE_FEATURES.iter().filter_map(|name| Some((*name, feature_error(name, traces, precise)?)));
    let coincidences: Vec<f64> = traces.iter().filter_map(|trace| trace.coincidence).collect();
    let firing = firing(traces);
    Ok(GroupReport {
        name,
        n_traces: traces.len(),
        n_models: models.len(),
        voltage_relative_l2: errors.iter().sum::<f64>() / n_traces,
        voltage_relative_l2_median: median(&mut errors),
        voltage_rms_mv: traces.iter().map(|trace| trace.rms_mv).sum::<f64>() / n_traces,
        firing,
        misfire_fraction: (firing.n_missed + firing.n_invented) as f64 / n_traces,
        coincidence_factor: (!coincidences.is_empty())
            .then(|| coincidences.iter().sum::<f64>() / coincidences.len() as f64),
        spike_count_mean_absolute: missed / n_traces,
        spike_count_relative: (fired > 0.0).then_some(missed / fired),
        features: features.collect(),
        precise_features: precise_features.collect(),
        baselines: mean_baselines(traces),
        intervals: intervals(traces),
        by_current: by_current(traces),
        distributions: distributions(traces)?,
    })
}

/// Means over the traces that have baselines; empty where none has.
fn mean_baselines(traces: &[&ComparedTrace]) -> BTreeMap<&'static str, f64> {
    let all: Vec<Baselines> = traces.iter().filter_map(|trace| trace.baselines).collect();
    if all.is_empty() {
        return BTreeMap::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of traces")]
    let mean = |pick: fn(&Baselines) -> f64| all.iter().map(pick).sum::<f64>() / all.len() as f64;
    BTreeMap::from([("nearest_model", mean(|b| b.nearest_model)), ("mean_trace", mean(|b| b.mean_trace))])
}

/// A figure of a trace and the weight with which it counts.
type Figure = fn(&ComparedTrace) -> (f64, f64);

/// 95 % intervals of the figures that are means over traces.
#[expect(clippy::cast_precision_loss, reason = "counts of spikes")]
fn intervals(traces: &[&ComparedTrace]) -> BTreeMap<&'static str, [f64; 2]> {
    let figures: [(&str, Figure); 5] = [
        ("voltage_relative_l2", |trace| (trace.relative_l2, 1.0)),
        ("voltage_rms_mv", |trace| (trace.rms_mv, 1.0)),
        ("spike_count_relative", |trace| {
            let (reference, predicted) =
                (trace.reference.spike_times_ms.len() as f64, trace.predicted.spike_times_ms.len() as f64);
            ((predicted - reference).abs(), reference)
        }),
        ("misfire_fraction", |trace| {
            let (reference, predicted) = fires(trace);
            (f64::from(u8::from(reference != predicted)), 1.0)
        }),
        ("coincidence_factor", |trace| trace.coincidence.map_or((0.0, 0.0), |factor| (factor, 1.0))),
    ];
    let interval = |(name, figure): (&'static str, Figure)| {
        let mut sums = ModelSums::new();
        for trace in traces {
            let (value, weight) = figure(trace);
            let sum = sums.entry(trace.model).or_default();
            *sum = (sum.0 + value, sum.1 + weight);
        }
        Some((name, bootstrap_interval(&sums)?))
    };
    figures.into_iter().filter_map(interval).collect()
}

fn fires(trace: &ComparedTrace) -> (bool, bool) {
    (!trace.reference.spike_times_ms.is_empty(), !trace.predicted.spike_times_ms.is_empty())
}

pub(super) fn firing(traces: &[&ComparedTrace]) -> FiringTable {
    let mut table = FiringTable::default();
    for trace in traces {
        match fires(trace) {
            (true, true) => table.n_both_fire += 1,
            (true, false) => table.n_missed += 1,
            (false, true) => table.n_invented += 1,
            (false, false) => table.n_both_silent += 1,
        }
    }
    table
}

fn feature_error(
    name: &str,
    traces: &[&ComparedTrace],
    means: impl Fn(&&ComparedTrace, &str) -> (Option<f64>, Option<f64>),
) -> Option<FeatureError> {
    let agreeing = traces.iter().filter(|trace| {
        let (reference, predicted) = fires(trace);
        reference == predicted
    });
    let both: Vec<(Option<f64>, Option<f64>)> = agreeing.map(|trace| means(trace, name)).collect();
    let pairs: Vec<(f64, f64)> = both.iter().filter_map(|(r, p)| Some(((*r)?, (*p)?))).collect();
    if pairs.is_empty() {
        return None;
    }
    let relative = |(r, p): &(f64, f64)| (p - r).abs() / (r + RELATIVE_OFFSET).abs();
    let mut relatives: Vec<f64> = pairs.iter().map(relative).collect();
    let mut absolutes: Vec<f64> = pairs.iter().map(|(r, p)| (p - r).abs()).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of traces")]
    let mean_relative = relatives.iter().sum::<f64>() / pairs.len() as f64;
    Some(FeatureError {
        n_pairs: pairs.len(),
        n_reference_only: both.iter().filter(|(r, p)| r.is_some() && p.is_none()).count(),
        n_predicted_only: both.iter().filter(|(r, p)| r.is_none() && p.is_some()).count(),
        mean_relative,
        median_relative: median(&mut relatives),
        median_absolute: median(&mut absolutes),
    })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { 0.5 * (values[middle - 1] + values[middle]) } else { values[middle] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::SweepFeatures;

    fn features(spike_times_ms: Vec<f64>, peak_mv: Option<f64>) -> SweepFeatures {
        let values = vec![("AP1_peak", peak_mv.map(|peak| vec![peak]))];
        SweepFeatures { sweep_idx: 0, step_na: None, warnings: Vec::new(), values, spike_times_ms }
    }

    fn trace(reference: SweepFeatures, predicted: SweepFeatures) -> ComparedTrace {
        ComparedTrace::of_features(0.1, reference, predicted)
    }

    #[test]
    fn analytic_every_trace_is_counted_and_failures_are_not_dropped() {
        let firing = || features(vec![20.0, 30.0], Some(10.0));
        let silent = || features(Vec::new(), None);
        let shifted = features(vec![20.0, 31.0, 40.0], Some(8.0));
        let traces = [
            trace(firing(), shifted),
            trace(firing(), silent()),
            trace(silent(), firing()),
            trace(silent(), silent()),
        ];
        let evaluation = group_reports(&traces, Vec::new()).unwrap();
        let report = &evaluation.groups[0];
        let expected = FiringTable { n_both_fire: 1, n_missed: 1, n_invented: 1, n_both_silent: 1 };
        assert_eq!(report.firing, expected);
        assert!((report.spike_count_mean_absolute - 5.0 / 4.0).abs() < 1e-12);
        assert!((report.spike_count_relative.unwrap() - 5.0 / 4.0).abs() < 1e-12);
        let peak = report.features["AP1_peak"];
        assert_eq!(peak.n_pairs, 1);
        assert!((peak.mean_relative - 0.2).abs() < 1e-6);
    }
}
