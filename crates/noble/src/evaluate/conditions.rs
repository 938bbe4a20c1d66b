//! Where errors lie: by the distance of the current from threshold, and by the onset of the step.

use noble_data::dataset::Split;
use noble_operator::{Operator, QueryStimulus};
use serde::Serialize;

use super::compare::{Asked, ask_and_compare, cut, held_out};
use super::{ComparedTrace, FiringTable, ReferenceTrace, report};
use crate::generate::DatasetFolder;
use crate::training::Window;
use crate::{Error, Progress};

/// Errors of the traces of some currents, or of one onset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ConditionError {
    /// Traces.
    pub n_traces: usize,
    /// Mean relative L2 of the voltage.
    pub voltage_relative_l2: f64,
    /// Mean of the root mean squared difference.
    pub voltage_rms_mv: f64,
    /// Who fires.
    pub firing: FiringTable,
    /// Sum of `|predicted − reference|` of the spike count over the sum of the reference's.
    pub spike_count_relative: Option<f64>,
}

/// Errors at currents of a distance from the models' thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurrentError {
    /// Smallest distance above threshold; none for the currents farthest below it.
    pub from_na: Option<f64>,
    /// Largest distance above threshold, not included; none for the currents farthest above it.
    pub to_na: Option<f64>,
    /// The errors.
    #[serde(flatten)]
    pub error: ConditionError,
}

/// Errors where the step begins at another time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OnsetError {
    /// When the step begins.
    pub delay_ms: f64,
    /// The errors.
    #[serde(flatten)]
    pub error: ConditionError,
}

/// Edges of the distances above threshold.
const EDGES_NA: [f64; 6] = [-0.02, 0.0, 0.01, 0.03, 0.1, 0.2];

/// Errors by distance above threshold, of the traces whose model's threshold is known; bins without traces are left out.
pub(super) fn by_current(traces: &[&ComparedTrace]) -> Vec<CurrentError> {
    let edges = || EDGES_NA.iter().copied().map(Some);
    let bins = std::iter::once(None).chain(edges()).zip(edges().chain([None]));
    let error = |(from_na, to_na): (Option<f64>, Option<f64>)| {
        let is_within = |trace: &&&ComparedTrace| {
            trace.i_thr_na.is_some_and(|threshold_na| {
                let above_na = trace.step_na - threshold_na;
                from_na.is_none_or(|from_na| above_na >= from_na)
                    && to_na.is_none_or(|to_na| above_na < to_na)
            })
        };
        let traces: Vec<&ComparedTrace> = traces.iter().filter(is_within).copied().collect();
        Some(CurrentError { from_na, to_na, error: condition_error(&traces)? })
    };
    bins.filter_map(error).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of traces and spikes")]
fn condition_error(traces: &[&ComparedTrace]) -> Option<ConditionError> {
    if traces.is_empty() {
        return None;
    }
    let mean =
        |pick: fn(&ComparedTrace) -> f64| traces.iter().map(|t| pick(t)).sum::<f64>() / traces.len() as f64;
    let sum = |pick: fn(&ComparedTrace) -> usize| traces.iter().map(|t| pick(t)).sum::<usize>() as f64;
    let fired = sum(|trace| trace.reference.spike_times_ms.len());
    let off =
        sum(|trace| trace.reference.spike_times_ms.len().abs_diff(trace.predicted.spike_times_ms.len()));
    Some(ConditionError {
        n_traces: traces.len(),
        voltage_relative_l2: mean(|trace| trace.relative_l2),
        voltage_rms_mv: mean(|trace| trace.rms_mv),
        firing: report::firing(traces),
        spike_count_relative: (fired > 0.0).then_some(off / fired),
    })
}

/// Onsets that are tried, where an operator was trained on several.
const N_ONSETS: usize = 5;
/// Most traces that are asked for at each.
const MOST_TRACES: usize = 400;

/// Errors where the step begins earlier or later in the window, as far as the dataset's traces are longer; evenly spaced ones of
/// the held-out traces, of seen and unseen models alike. Empty for traces as long as the window.
///
/// # Errors
/// Those of [`compare`](super::compare).
pub fn by_onset(
    operator: &Operator,
    dataset: &DatasetFolder,
    split: Split,
    progress: &dyn Progress,
) -> Result<Vec<OnsetError>, Error> {
    let window = Window::of_operator(operator.card(), &dataset.manifest)?;
    let last_start = dataset.manifest.grid.n_samples() - window.grid.n_samples();
    if last_start == 0 {
        return Ok(Vec::new());
    }
    let shards = dataset.shards()?;
    let asked = Asked::new(&["Spikecount"], &[])?;
    let all = held_out((dataset, &shards), split, operator.card());
    let n_kept = all.len().min(MOST_TRACES);
    let places: Vec<(usize, usize)> =
        (0..n_kept).map(|idx| all[(idx * all.len()).div_ceil(n_kept)]).collect();
    progress.start("compare onsets", N_ONSETS * places.len());
    let error = |idx: usize| {
        let start = idx * last_start / (N_ONSETS - 1);
        let window = Window::at(&dataset.manifest, window.grid.n_samples(), start)?;
        let traces = cut((dataset, &shards), &places, &window);
        let stimulus = |trace: &ReferenceTrace| QueryStimulus::Samples {
            current_na: window.timing.samples_na(window.grid, trace.step_na),
            step_na: trace.step_na,
        };
        let compared = ask_and_compare((operator, dataset), traces, (stimulus, &asked, &window), progress)?;
        let error = condition_error(&compared.iter().collect::<Vec<_>>());
        Ok(error.map(|error| OnsetError { delay_ms: window.timing.delay_ms, error }))
    };
    let errors: Vec<Option<OnsetError>> = (0..N_ONSETS).map(error).collect::<Result<_, Error>>()?;
    progress.finish();
    Ok(errors.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::SweepFeatures;

    fn trace(step_na: f64, n_spikes: (usize, usize)) -> ComparedTrace {
        let features = |n: usize| SweepFeatures {
            sweep_idx: 0,
            step_na: None,
            warnings: Vec::new(),
            values: Vec::new(),
            spike_times_ms: (0..n).map(|i| 20.0 + i as f64).collect(),
        };
        let trace = ComparedTrace::of_features(step_na, features(n_spikes.0), features(n_spikes.1));
        ComparedTrace { i_thr_na: Some(0.02), ..trace }
    }

    #[test]
    fn analytic_currents_are_told_apart_by_their_distance_from_threshold() {
        let traces = [trace(-0.1, (0, 0)), trace(0.025, (1, 0)), trace(0.02, (4, 5)), trace(0.3, (40, 38))];
        let errors = by_current(&traces.iter().collect::<Vec<_>>());
        let found: Vec<_> = errors.iter().map(|e| (e.from_na, e.to_na, e.error.n_traces)).collect();
        assert_eq!(found, [(None, Some(-0.02), 1), (Some(0.0), Some(0.01), 2), (Some(0.2), None, 1)]);
        assert_eq!(errors[1].error.firing.n_missed, 1);
        assert!((errors[1].error.spike_count_relative.unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(errors[0].error.spike_count_relative, None);
    }
}
