//! What an evaluation leaves: its report, its list of traces, its figures.

use std::collections::BTreeMap;
use std::fmt::Write;

use noble_data::ModelId;
use noble_operator::OperatorCard;

use super::{
    ComparedTrace, ConditionError, CurrentError, Evaluation, FeatureError, GroupReport, JOINT_FEATURES,
    OnsetError,
};
use crate::figure::{
    FiFigure, FiRole, FiSeries, HistogramFigure, HistogramSeries, LatentFigure, LatentPoint, LatentRole,
    TimeWindow, TracePanel, TracesFigure, axis, fi_svg, histogram_svg, latent_svg, traces_svg,
};
use crate::table::{csv_table, short, text_table};
use crate::{Error, I_THR, S_THR};

/// Name of the page that holds the evaluation as JSON.
pub const REPORT: &str = "report.json";

/// Pages by file name.
///
/// # Errors
/// [`Error::Internal`] when a figure of merit is no number.
pub fn evaluation_pages(
    card: &OperatorCard,
    traces: &[ComparedTrace],
    evaluation: &Evaluation,
) -> Result<BTreeMap<&'static str, String>, Error> {
    let json = serde_json::to_string_pretty(evaluation)
        .map_err(|error| Error::Internal { what: error.to_string() })?;
    let timing = card.stimulus;
    let zoom = TimeWindow { start_ms: timing.delay_ms - 5.0, end_ms: timing.delay_ms + 75.0 };
    Ok(BTreeMap::from([
        (REPORT, json),
        ("traces.csv", trace_list(traces)),
        ("traces.svg", traces_figure(traces, &card.grid.times_ms(), zoom)),
        ("fi.svg", fi_figure(traces, timing.duration_ms)),
        ("latent.svg", latent_figure(card)),
        ("amplitudes.svg", amplitudes_figure(traces)),
    ]))
}

/// An evaluation as text.
#[must_use]
pub fn evaluation_text(evaluation: &Evaluation) -> String {
    let mut text = evaluation.groups.iter().map(group_text).collect::<Vec<_>>().join("\n");
    if !evaluation.onsets.is_empty() {
        let row = |onset: &OnsetError| (format!("{:.2} ms", onset.delay_ms), onset.error);
        let rows: Vec<_> = evaluation.onsets.iter().map(row).collect();
        text = text + "\n" + &conditions_text("onset of the step", &rows);
    }
    text
}

/// A table of errors by condition.
fn conditions_text(what: &str, rows: &[(String, ConditionError)]) -> String {
    let header = [what, "traces", "voltage", "mV", "missed", "invented", "spikes off"].map(str::to_owned);
    let row = |(name, error): &(String, ConditionError)| {
        vec![
            name.clone(),
            error.n_traces.to_string(),
            percent(error.voltage_relative_l2),
            short(Some(error.voltage_rms_mv)),
            error.firing.n_missed.to_string(),
            error.firing.n_invented.to_string(),
            error.spike_count_relative.map_or_else(|| short(None), percent),
        ]
    };
    text_table(&header, &rows.iter().map(row).collect::<Vec<_>>())
}

/// Distances from threshold in words.
fn distance(current: &CurrentError) -> String {
    let number = |na: f64| axis::number(na, 3);
    match (current.from_na, current.to_na) {
        (Some(from_na), Some(to_na)) => format!("{} to {}", number(from_na), number(to_na)),
        (Some(from_na), None) => format!("from {}", number(from_na)),
        (None, Some(to_na)) => format!("below {}", number(to_na)),
        (None, None) => "any".to_owned(),
    }
}

fn group_text(group: &GroupReport) -> String {
    let header =
        ["feature", "pairs", "one-sided", "mean rel.", "median rel.", "median abs."].map(str::to_owned);
    let row = |name: String, error: &FeatureError| {
        let [mean, median] = [error.mean_relative, error.median_relative].map(percent);
        let one_sided = (error.n_reference_only + error.n_predicted_only).to_string();
        let absolute = short(Some(error.median_absolute));
        vec![name, error.n_pairs.to_string(), one_sided, mean, median, absolute]
    };
    let efel = group.features.iter().map(|(name, error)| row((*name).to_owned(), error));
    let precise = group.precise_features.iter();
    let precise = precise.map(|(name, error)| row(format!("{name}, precise"), error));
    let rows: Vec<Vec<String>> = efel.chain(precise).collect();
    let features = text_table(&header, &rows);
    let rows: Vec<_> = group.by_current.iter().map(|current| (distance(current), current.error)).collect();
    let currents = match rows.is_empty() {
        true => String::new(),
        false => format!("\n{}", conditions_text("nA above threshold", &rows)),
    };
    format!("{}{}\n{features}{currents}{}", means_text(group), firing_text(group), distributions_text(group))
}

/// How far the ensembles lie apart.
fn distributions_text(group: &GroupReport) -> String {
    let Some(distributions) = &group.distributions else { return String::new() };
    let mut text = format!("\ndistributions over models, {} bins of current\n", distributions.n_bins);
    if let Some(coefficient) = distributions.energy_coefficient {
        let _ = writeln!(
            text,
            "energy coefficient    {coefficient:.4} of {} features together",
            JOINT_FEATURES.len()
        );
    }
    let header = ["feature", "Kolmogorov-Smirnov"].map(str::to_owned);
    let row = |(name, statistic): (&&str, &f64)| vec![(*name).to_owned(), format!("{statistic:.3}")];
    text + &text_table(&header, &distributions.kolmogorov_smirnov.iter().map(row).collect::<Vec<_>>())
}

/// Figures that are means over traces, with their intervals.
fn means_text(group: &GroupReport) -> String {
    let mut text = String::new();
    let within = |name: &str, show: &dyn Fn(f64) -> String| {
        let interval = group.intervals.get(name);
        interval.map_or_else(String::new, |[low, high]| format!(" ({} to {})", show(*low), show(*high)))
    };
    let _ = writeln!(text, "{}: {} traces of {} models", group.name, group.n_traces, group.n_models);
    let _ = writeln!(
        text,
        "voltage relative L2   mean {}{}, median {}; {:.2} mV root mean square",
        percent(group.voltage_relative_l2),
        within("voltage_relative_l2", &percent),
        percent(group.voltage_relative_l2_median),
        group.voltage_rms_mv
    );
    for (name, what) in [("nearest_model", "nearest known model"), ("mean_trace", "mean of training traces")]
    {
        if let Some(error) = group.baselines.get(name) {
            let _ = writeln!(text, "  without an operator {} by the {what}", percent(*error));
        }
    }
    let of_all = |fraction| {
        format!(", {} of all spikes{}", percent(fraction), within("spike_count_relative", &percent))
    };
    let counts = group.spike_count_relative.map_or_else(String::new, of_all);
    let _ =
        writeln!(text, "spike count           off by {:.2} a trace{counts}", group.spike_count_mean_absolute);
    if let Some(factor) = group.coincidence_factor {
        let plain = |factor: f64| format!("{factor:.3}");
        let interval = within("coincidence_factor", &plain);
        let _ = writeln!(text, "coincidence factor    {factor:.3}{interval} at 2 ms");
    }
    let _ = writeln!(
        text,
        "misfires              {}{} of all traces",
        percent(group.misfire_fraction),
        within("misfire_fraction", &percent)
    );
    text
}

/// Who fires and who does not.
fn firing_text(group: &GroupReport) -> String {
    let firing = group.firing;
    let cells = |values: [&str; 3]| values.map(str::to_owned).to_vec();
    let rows = [
        vec!["simulator fires".to_owned(), firing.n_both_fire.to_string(), firing.n_missed.to_string()],
        vec![
            "simulator is silent".to_owned(),
            firing.n_invented.to_string(),
            firing.n_both_silent.to_string(),
        ],
    ];
    text_table(&cells(["", "operator fires", "operator is silent"]), &rows)
}

/// A part of a hundred.
fn percent(fraction: f64) -> String {
    format!("{:.2} %", 100.0 * fraction)
}

fn trace_list(traces: &[ComparedTrace]) -> String {
    let header =
        ["model", "model_split", "step_na", "relative_l2", "reference_spikecount", "predicted_spikecount"];
    let row = |trace: &ComparedTrace| {
        vec![
            trace.model.to_string(),
            trace.model_split.name().to_owned(),
            trace.step_na.to_string(),
            trace.relative_l2.to_string(),
            trace.reference.spike_times_ms.len().to_string(),
            trace.predicted.spike_times_ms.len().to_string(),
        ]
    };
    csv_table(&header.map(str::to_owned), &traces.iter().map(row).collect::<Vec<_>>())
}

/// Six traces from the lowest to the highest current, of different models.
fn traces_figure(traces: &[ComparedTrace], times_ms: &[f64], zoom: TimeWindow) -> String {
    const N_PANELS: usize = 6;
    let mut by_current: Vec<&ComparedTrace> = traces.iter().collect();
    by_current.sort_by(|a, b| a.step_na.total_cmp(&b.step_na).then(a.model.cmp(&b.model)));
    let n_panels = N_PANELS.min(by_current.len());
    let last = by_current.len() - 1;
    let chosen = (0..n_panels).map(|panel| by_current[panel * last / n_panels.saturating_sub(1).max(1)]);
    let panel = |trace: &ComparedTrace| TracePanel {
        label: format!(
            "{} nA · model {} · {} of {} spikes",
            axis::number(trace.step_na, 3),
            trace.model,
            trace.predicted.spike_times_ms.len(),
            trace.reference.spike_times_ms.len()
        ),
        times_ms: times_ms.to_vec(),
        reference_v_mv: trace.reference_mv.clone(),
        predicted_v_mv: trace.predicted_mv.clone(),
        others_v_mv: Vec::new(),
    };
    traces_svg(&TracesFigure {
        title: "Held-out traces".to_owned(),
        subtitle: "operator against simulator, from the lowest to the highest current".to_owned(),
        reference_label: "simulator".to_owned(),
        predicted_label: "operator".to_owned(),
        others_label: String::new(),
        panels: chosen.map(panel).collect(),
        zoom: Some(zoom),
    })
}

/// Rates over current, binned so that models held out at different currents share an axis.
fn fi_figure(traces: &[ComparedTrace], duration_ms: f64) -> String {
    let mut by_model: BTreeMap<ModelId, Vec<&ComparedTrace>> = BTreeMap::new();
    traces.iter().for_each(|trace| by_model.entry(trace.model).or_default().push(trace));
    let currents_na = bins_na(traces);
    let rates = |pick: fn(&ComparedTrace) -> usize| -> Vec<Vec<f64>> {
        by_model.values().map(|traces| binned_rates_hz(traces, &currents_na, (pick, duration_ms))).collect()
    };
    let thresholds: Vec<f64> = traces.iter().filter_map(|trace| trace.i_thr_na).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of traces")]
    let threshold_na =
        (!thresholds.is_empty()).then(|| thresholds.iter().sum::<f64>() / thresholds.len() as f64);
    let series = |label: &str, role, threshold_na, pick| FiSeries {
        label: label.to_owned(),
        role,
        currents_na: currents_na.clone(),
        rates_hz: rates(pick),
        threshold_na,
    };
    fi_svg(&FiFigure {
        title: "F-I curves".to_owned(),
        subtitle: format!("{} models, {} held-out traces", by_model.len(), traces.len()),
        series: vec![
            series("simulator", FiRole::Reference, threshold_na, |trace| trace.n_spikes.0),
            series("operator", FiRole::Predicted, None, |trace| trace.n_spikes.1),
        ],
    })
}

/// Mean rate of the traces nearest to each current; NaN where there are none.
#[expect(clippy::cast_precision_loss, reason = "counts of spikes and traces")]
fn binned_rates_hz(
    traces: &[&ComparedTrace],
    currents_na: &[f64],
    (n_spikes, duration_ms): (fn(&ComparedTrace) -> usize, f64),
) -> Vec<f64> {
    let mut sums = vec![(0, 0); currents_na.len()];
    for trace in traces {
        let (n_traces, sum) = &mut sums[nearest(currents_na, trace.step_na)];
        *n_traces += 1;
        *sum += n_spikes(trace);
    }
    sums.iter().map(|(n_traces, sum)| *sum as f64 / *n_traces as f64 / (1e-3 * duration_ms)).collect()
}

const N_BINS: usize = 16;

#[expect(clippy::cast_precision_loss, reason = "small whole numbers")]
fn bins_na(traces: &[ComparedTrace]) -> Vec<f64> {
    let lowest_na = traces.iter().map(|trace| trace.step_na).fold(f64::INFINITY, f64::min);
    let highest_na = traces.iter().map(|trace| trace.step_na).fold(f64::NEG_INFINITY, f64::max);
    let width_na = (highest_na - lowest_na) / N_BINS as f64;
    (0..N_BINS).map(|bin| lowest_na + width_na * (bin as f64 + 0.5)).collect()
}

fn nearest(currents_na: &[f64], step_na: f64) -> usize {
    let distance = |idx: &usize| (currents_na[*idx] - step_na).abs();
    (0..currents_na.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
}

/// How the currents are spread, and at which the simulator fires.
fn amplitudes_figure(traces: &[ComparedTrace]) -> String {
    let series = |label: &str, fires: bool| HistogramSeries {
        label: label.to_owned(),
        values: traces
            .iter()
            .filter(|trace| (trace.n_spikes.0 > 0) == fires)
            .map(|trace| trace.step_na)
            .collect(),
    };
    histogram_svg(&HistogramFigure {
        title: "Amplitudes of the current step".to_owned(),
        subtitle: format!("{} held-out traces by what the simulator does", traces.len()),
        quantity: "Current (nA)".to_owned(),
        counted: "Traces".to_owned(),
        series: vec![series("fires", true), series("silent", false)],
    })
}

fn latent_figure(card: &OperatorCard) -> String {
    let lists = [
        (&card.train_models, LatentRole::Train),
        (&card.validation_models, LatentRole::Validation),
        (&card.test_models, LatentRole::Test),
    ];
    let place = |id: &ModelId, role| {
        let latents = card.model_latents(*id).ok()?;
        let (threshold_na, slope_hz_per_na) = (*latents.get(I_THR)?, *latents.get(S_THR)?);
        Some(LatentPoint { threshold_na, slope_hz_per_na, role, label: id.to_string() })
    };
    let points = lists.into_iter().flat_map(|(ids, role)| ids.iter().filter_map(move |id| place(id, role)));
    latent_svg(&LatentFigure {
        title: "Latent space".to_owned(),
        subtitle: "models by threshold current and F-I slope".to_owned(),
        points: points.collect(),
    })
}
