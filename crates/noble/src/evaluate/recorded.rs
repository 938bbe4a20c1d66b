//! An operator's ensemble beside a recording: feature by feature at every current that both know.

use noble_data::sweeps::StimulusWindow;
use noble_features::{Mode, Settings, feature};
use noble_operator::Operator;

use crate::features::{ExtractSettings, SweepFeatures, extract_as, extract_sweeps};
use crate::figure::{TimeWindow, TracePanel, TracesFigure, axis, traces_svg};
use crate::sweep_file::{FileSweep, SweepFile};
use crate::{Error, Member, Progress, predict};

/// A recorded sweep and what the ensemble says at its current.
#[derive(Debug, Clone)]
pub struct RecordedComparison {
    /// Sweep of the file.
    pub sweep_idx: usize,
    /// Amplitude of its step, holding current included.
    pub step_na: f64,
    /// Current before the step, where known.
    pub holding_na: Option<f64>,
    /// Length of its step.
    pub duration_ms: f64,
    /// Features of both.
    pub features: Vec<RecordedFeature>,
    /// Part of the members that fire.
    pub firing_fraction: f64,
    /// Recorded voltage on the operator's grid, the onsets of both steps at the same time, `[t]`.
    pub recorded_mv: Vec<f64>,
    /// Voltage of each member, `[t]`.
    pub members_mv: Vec<Vec<f64>>,
}

/// A feature of a recorded sweep beside the ensemble's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedFeature {
    /// eFEL's name.
    pub name: &'static str,
    /// Of the recording.
    pub recorded: Option<f64>,
    /// Members that have it.
    pub n_members: usize,
    /// Mean over these.
    pub mean: f64,
    /// Standard deviation over these.
    pub deviation: f64,
    /// Part of these that lie below the recording; a recording that could be a member is far from 0 and 1.
    pub below_fraction: Option<f64>,
}

/// Features that say something of steps of unlike length; those over all spikes do so for cells that hardly adapt.
const FEATURES: [&str; 11] = [
    "mean_frequency",
    "time_to_first_spike",
    "inv_first_ISI",
    "AP1_peak",
    "AP1_width",
    "mean_AP_amplitude",
    "AHP_depth",
    "AHP_time_from_peak",
    "steady_state_voltage_stimend",
    "voltage_base",
    "sag_amplitude",
];

/// Compares every sweep whose step has a current within the operator's range; in the order of current.
///
/// Features are taken between samples, as recordings and operators rarely share a time step. The ensemble is asked for its own
/// step, of its own length.
///
/// # Errors
/// [`Error::Usage`] for a recording without such a sweep, and those of [`predict`](crate::predict()).
pub fn compare_recording(
    (operator, members): (&Operator, &[Member]),
    file: &SweepFile,
    progress: &dyn Progress,
) -> Result<Vec<RecordedComparison>, Error> {
    let card = operator.card();
    let range = card.steps;
    let is_known = |sweep: &&FileSweep| {
        let is_within = |na: f64| na >= range.lowest_na && na <= range.highest_na;
        sweep.window.is_ok() && sweep.step_na.is_some_and(is_within)
    };
    let mut sweeps: Vec<FileSweep> = file.sweeps.iter().filter(is_known).cloned().collect();
    sweeps.sort_by(|a, b| a.step_na.unwrap_or(0.0).total_cmp(&b.step_na.unwrap_or(0.0)));
    if sweeps.is_empty() {
        let what = format!(
            "no recorded step has a known current from {} to {} nA",
            range.lowest_na, range.highest_na
        );
        return Err(Error::usage(what, "give a recording of this range, or an operator of another"));
    }
    let asked = FEATURES.iter().map(|name| feature(name)).collect::<Result<Vec<_>, _>>()?;
    let settings = Settings { mode: Mode::Precise, ..Settings::default() };
    let recorded_settings = ExtractSettings { settings, ..ExtractSettings::default() };
    let recorded = extract_sweeps(&sweeps, &asked, &recorded_settings);
    let steps_na: Vec<f64> = sweeps.iter().filter_map(|sweep| sweep.step_na).collect();
    let predicted = predict(&operator.plan()?, members, &steps_na, progress)?.sweeps;
    let window = predicted.window.unwrap_or(StimulusWindow { start_ms: 0.0, end_ms: 0.0 });
    let features = extract_as(&predicted, &asked, (window, &settings))?;
    let times_ms = card.grid.times_ms();
    let one = |((idx, sweep), recorded): ((usize, &FileSweep), Result<SweepFeatures, Error>)| {
        let recorded = recorded?;
        let rows = || (0..members.len()).map(|member| member * steps_na.len() + idx);
        let of_row: Vec<&SweepFeatures> = rows().map(|row| &features[row]).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts of members")]
        let firing_fraction =
            of_row.iter().filter(|row| !row.spike_times_ms.is_empty()).count() as f64 / of_row.len() as f64;
        Ok(RecordedComparison {
            sweep_idx: sweep.sweep_idx,
            step_na: steps_na[idx],
            holding_na: sweep.holding_na,
            duration_ms: sweep.window.as_ref().map_or(f64::NAN, |window| window.end_ms - window.start_ms),
            features: FEATURES.iter().map(|name| beside(name, &recorded, &of_row)).collect(),
            firing_fraction,
            recorded_mv: shifted(sweep, &times_ms, card.stimulus.delay_ms),
            members_mv: rows().map(|row| predicted.v_mv.row(row).to_vec()).collect(),
        })
    };
    sweeps.iter().enumerate().zip(recorded).map(one).collect()
}

/// Holding current from which on a sweep is said to be held.
const HELD_NA: f64 = 0.002;
/// Part of a step's length by which another's may differ without a word.
const SAME_LENGTH: f64 = 0.02;

/// What makes recorded sweeps unlike those of the operator, whose steps begin at 0 nA and have a length of their own.
#[must_use]
pub fn recorded_warnings(operator: &Operator, comparisons: &[RecordedComparison]) -> Vec<String> {
    let named = |is_meant: &dyn Fn(&RecordedComparison) -> bool| {
        let meant = comparisons.iter().filter(|one| is_meant(one)).map(|one| one.sweep_idx.to_string());
        meant.collect::<Vec<_>>().join(", ")
    };
    let mut warnings = Vec::new();
    let held = named(&|one| one.holding_na.is_some_and(|holding_na| holding_na.abs() > HELD_NA));
    if !held.is_empty() {
        warnings.push(format!(
            "held at another current than 0 nA before the step, where the operator's steps begin: base, sag and latency are \
             not alike (sweeps {held})"
        ));
    }
    let own_ms = operator.card().stimulus.duration_ms;
    let other = named(&|one| (one.duration_ms - own_ms).abs() > SAME_LENGTH * own_ms);
    if !other.is_empty() {
        warnings.push(format!(
            "steps of another length than the operator's {own_ms} ms: of a cell that adapts mean_frequency, AHP_depth and \
             mean_AP_amplitude are not alike (sweeps {other})"
        ));
    }
    warnings
}

#[expect(clippy::cast_precision_loss, reason = "counts of members")]
fn beside(name: &'static str, recorded: &SweepFeatures, members: &[&SweepFeatures]) -> RecordedFeature {
    let values: Vec<f64> = members.iter().filter_map(|member| member.mean(name)).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    let recorded = recorded.mean(name);
    let below = |recorded: f64| values.iter().filter(|value| **value < recorded).count() as f64 / n;
    let below_fraction = recorded.filter(|_| !values.is_empty()).map(below);
    RecordedFeature { name, recorded, n_members: values.len(), mean, deviation, below_fraction }
}

/// A recorded voltage at times at which its step begins at `delay_ms`, along straight lines between samples; its first or last
/// value where it does not reach.
fn shifted(sweep: &FileSweep, times_ms: &[f64], delay_ms: f64) -> Vec<f64> {
    let Ok(window) = &sweep.window else { return Vec::new() };
    let times = sweep.times();
    let n_samples = sweep.v_mv.len();
    if n_samples == 0 {
        return Vec::new();
    }
    let value = |t_ms: &f64| {
        let own_ms = t_ms - delay_ms + window.start_ms;
        let (mut low, mut high) = (0, n_samples - 1);
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            if times.time_ms(middle) <= own_ms { low = middle } else { high = middle }
        }
        let (from_ms, to_ms) = (times.time_ms(low), times.time_ms(high));
        let part =
            if to_ms > from_ms { ((own_ms - from_ms) / (to_ms - from_ms)).clamp(0.0, 1.0) } else { 0.0 };
        (1.0 - part) * sweep.v_mv[low] + part * sweep.v_mv[high]
    };
    times_ms.iter().map(value).collect()
}

/// Up to six currents, the recording dark and twenty members pale.
#[must_use]
pub fn recorded_figure(operator: &Operator, comparisons: &[RecordedComparison]) -> String {
    const N_PANELS: usize = 6;
    const N_MEMBERS: usize = 20;
    let card = operator.card();
    let times_ms = card.grid.times_ms();
    let n_panels = N_PANELS.min(comparisons.len());
    let last = comparisons.len().saturating_sub(1);
    let chosen = (0..n_panels).map(|panel| &comparisons[panel * last / n_panels.saturating_sub(1).max(1)]);
    let panel = |one: &RecordedComparison| TracePanel {
        label: format!("{} nA · sweep {}", axis::number(one.step_na, 3), one.sweep_idx),
        times_ms: times_ms.clone(),
        reference_v_mv: one.recorded_mv.clone(),
        predicted_v_mv: Vec::new(),
        others_v_mv: one.members_mv.iter().take(N_MEMBERS).cloned().collect(),
    };
    let delay_ms = card.stimulus.delay_ms;
    traces_svg(&TracesFigure {
        title: "Recording and ensemble".to_owned(),
        subtitle: "the recorded step moved to the operator's onset".to_owned(),
        reference_label: "recording".to_owned(),
        predicted_label: String::new(),
        others_label: "operator".to_owned(),
        panels: chosen.map(panel).collect(),
        zoom: Some(TimeWindow { start_ms: delay_ms - 5.0, end_ms: delay_ms + 75.0 }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded_operator;

    #[test]
    fn invariant_sweeps_unlike_the_operators_are_named() {
        let operator = embedded_operator().unwrap();
        let own_ms = operator.card().stimulus.duration_ms;
        let sweep = |sweep_idx, holding_na, duration_ms| RecordedComparison {
            sweep_idx,
            step_na: 0.1,
            holding_na,
            duration_ms,
            features: Vec::new(),
            firing_fraction: 1.0,
            recorded_mv: Vec::new(),
            members_mv: Vec::new(),
        };
        assert!(
            recorded_warnings(&operator, &[sweep(0, None, own_ms), sweep(1, Some(1e-4), own_ms)]).is_empty()
        );
        let unlike =
            [sweep(0, Some(-0.1), own_ms), sweep(1, Some(0.0), 1000.0), sweep(2, Some(0.05), 1000.0)];
        let warnings = recorded_warnings(&operator, &unlike);
        assert!(
            warnings[0].ends_with("(sweeps 0, 2)") && warnings[1].ends_with("(sweeps 1, 2)"),
            "{warnings:?}"
        );
    }
}
