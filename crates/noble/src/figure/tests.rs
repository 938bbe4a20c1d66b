//! Every figure under ordinary and hostile data: well-formed, finite, titled.

use noble_features::fi::{Bracket, FiState};

use super::*;

/// Asserts that tags balance, nothing stands outside the root, and no number is broken.
fn check(svg: &str) {
    let mut open: Vec<&str> = vec![];
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        assert!(!text.contains('>') || !text.contains('&'), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap());
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("role=\"img\"") && svg.contains("<title>") && svg.contains("<desc>"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "broken number");
    assert!(!svg.contains("<title></title>"));
}

/// A fast-spiking trace and its spike times: spikes of 1 ms every `interval_ms` during a step from 100 to 500 ms.
fn spiking(interval_ms: f64) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let times_ms: Vec<f64> = (0..6000).map(|i| 0.1 * f64::from(i)).collect();
    let spikes_ms: Vec<f64> =
        (0..).map(|k| 105.0 + interval_ms * f64::from(k)).take_while(|&t| t < 500.0).collect();
    let near = |t: f64| spikes_ms.iter().any(|&spike| (spike - t).abs() < 0.5);
    let v_mv = times_ms.iter().map(|&t| if near(t) { 30.0 } else { -75.0 }).collect();
    (times_ms, v_mv, spikes_ms)
}

fn ensemble(n_members: usize) -> EnsembleFigure {
    let members: Vec<_> = (0..n_members).map(|i| spiking(5.0 + 0.1 * i as f64)).collect();
    EnsembleFigure {
        title: "An <ensemble> & its \"spikes\"".to_owned(),
        times_ms: members.first().map_or(vec![], |member| member.0.clone()),
        v_mv: members.iter().map(|member| member.1.clone()).collect(),
        spike_times_ms: members.iter().map(|member| member.2.clone()).collect(),
        step: StepCurrent { delay_ms: 100.0, duration_ms: 400.0, amplitude_na: 0.1 },
        ..EnsembleFigure::default()
    }
}

#[test]
fn invariant_empty_figures_are_drawn() {
    check(&ensemble_svg(&EnsembleFigure::default()));
    check(&traces_svg(&TracesFigure::default()));
    check(&traces_svg(&TracesFigure { panels: vec![TracePanel::default(); 2], ..TracesFigure::default() }));
    check(&fi_svg(&FiFigure::default()));
    check(&fi_svg(&FiFigure { series: vec![FiSeries::default()], ..FiFigure::default() }));
    check(&latent_svg(&LatentFigure::default()));
    check(&histogram_svg(&HistogramFigure::default()));
    check(&learning_svg(&LearningFigure::default()));
    check(&learning_svg(&LearningFigure {
        panels: vec![LearningPanel {
            label: String::new(),
            spacing: axis::Spacing::Log,
            series: vec![LearningSeries::default()],
        }],
        ..LearningFigure::default()
    }));
}

#[test]
fn invariant_ensembles_of_any_size_are_drawn_in_bounded_size() {
    for n_members in [1, 2, 3, 16, 50, 200] {
        let svg = ensemble_svg(&ensemble(n_members));
        check(&svg);
        assert!(svg.len() < 1_000_000, "{n_members} members: {} bytes", svg.len());
    }
}

#[test]
fn invariant_hostile_ensembles_are_drawn() {
    let mut figure = ensemble(4);
    figure.v_mv[0][700] = f64::NAN;
    figure.v_mv[1].truncate(10);
    figure.v_mv[2] = vec![f64::INFINITY; 6000];
    figure.v_mv.push(vec![]);
    figure.spike_times_ms[3].extend([f64::NAN, -1e9, 1e9]);
    figure.highlighted_idx = Some(77);
    figure.step = StepCurrent { delay_ms: f64::NAN, duration_ms: -3.0, amplitude_na: f64::NAN };
    check(&ensemble_svg(&figure));
    figure.times_ms = vec![f64::NAN; 6000];
    check(&ensemble_svg(&figure));
    figure.v_mv.clear();
    check(&ensemble_svg(&figure));
}

#[test]
fn invariant_silent_and_constant_ensembles_are_drawn() {
    for amplitude_na in [-0.11, 0.0] {
        let times_ms: Vec<f64> = (0..600).map(f64::from).collect();
        let step = StepCurrent { delay_ms: 100.0, duration_ms: 400.0, amplitude_na };
        let v_mv = vec![vec![-70.0; 600]; 5];
        let svg = ensemble_svg(&EnsembleFigure { times_ms, v_mv, step, ..EnsembleFigure::default() });
        check(&svg);
        assert!(svg.contains("5–95 %") && svg.contains("no spikes"));
    }
}

#[test]
fn analytic_every_spike_reaches_its_height() {
    let (times_ms, v_mv, spikes_ms) = spiking(5.0);
    let panel = TracePanel { times_ms, reference_v_mv: v_mv, ..TracePanel::default() };
    let svg = traces_svg(&TracesFigure { panels: vec![panel], ..TracesFigure::default() });
    let path = svg.split("<path d=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut y: f64 = 0.0;
    let mut heights = vec![];
    for step in path.split(['M', 'l']).skip(1) {
        let split = step.rfind([' ', '-']).unwrap();
        let change: f64 = step[split..].trim().parse().unwrap();
        y = if heights.is_empty() { change } else { y + change };
        heights.push(y);
    }
    let top = heights.iter().copied().fold(f64::INFINITY, f64::min);
    let bottom = heights.iter().copied().fold(0.0, f64::max);
    let is_up = |y: &f64| *y < top + 0.1 * (bottom - top);
    let n_peaks = heights.windows(2).filter(|pair| !is_up(&pair[0]) && is_up(&pair[1])).count();
    assert_eq!(n_peaks, spikes_ms.len());
}

#[test]
fn invariant_traces_with_gaps_and_zoom_are_drawn() {
    let (times_ms, v_mv, _) = spiking(6.0);
    let short = v_mv[..100].to_vec();
    let flat =
        TracePanel { times_ms: times_ms.clone(), reference_v_mv: vec![-70.0; 6000], ..TracePanel::default() };
    let others_v_mv = vec![v_mv.clone(), short.clone(), Vec::new()];
    let both = TracePanel {
        times_ms,
        reference_v_mv: v_mv,
        predicted_v_mv: short,
        others_v_mv,
        label: "−0.11 nA".to_owned(),
    };
    for zoom in [None, Some((90.0, 160.0)), Some((1e6, 2e6)), Some((f64::NAN, 3.0))] {
        let zoom = zoom.map(|(start_ms, end_ms)| TimeWindow { start_ms, end_ms });
        let panels = vec![flat.clone(), both.clone(), TracePanel::default()];
        check(&traces_svg(&TracesFigure { panels, zoom, ..TracesFigure::default() }));
    }
}

#[test]
fn invariant_fi_curves_of_any_size_are_drawn() {
    for (n_members, n_currents) in [(1, 1), (1, 20), (200, 15), (3, 2000)] {
        let currents_na: Vec<f64> = (0..n_currents).map(|i| -0.1 + 0.02 * i as f64).collect();
        let rate = |m: usize, i: f64| if i > 0.05 { (i - 0.05) * (300.0 + m as f64) } else { 0.0 };
        let mut rates_hz: Vec<Vec<f64>> =
            (0..n_members).map(|m| currents_na.iter().map(|&i| rate(m, i)).collect()).collect();
        rates_hz[0][0] = f64::NAN;
        let series = FiSeries { currents_na, rates_hz, threshold_na: Some(0.05), ..FiSeries::default() };
        let predicted = FiSeries { role: FiRole::Predicted, ..series.clone() };
        let recorded = FiSeries { role: FiRole::Recorded, threshold_na: Some(f64::NAN), ..series.clone() };
        check(&fi_svg(&FiFigure { series: vec![series, predicted, recorded], ..FiFigure::default() }));
    }
}

#[test]
fn invariant_latent_planes_are_drawn_whatever_lies_in_them() {
    let point = |threshold_na, slope_hz_per_na, role| LatentPoint {
        threshold_na,
        slope_hz_per_na,
        role,
        label: "id <1>".to_owned(),
    };
    let one = point(0.1, 700.0, LatentRole::Train);
    let broken = point(f64::NAN, 700.0, LatentRole::Test);
    let queried = point(-0.2, 600.0, LatentRole::Queried);
    let stacked = vec![one.clone(); 40];
    for points in [vec![one], vec![broken.clone()], vec![broken, queried], stacked] {
        check(&latent_svg(&LatentFigure { points, ..LatentFigure::default() }));
    }
}

#[test]
fn invariant_heat_maps_are_drawn_whatever_lies_in_them() {
    let cell = |threshold_na, value| HeatMapCell { threshold_na, slope_hz_per_na: 250.0, value };
    let hostile = [cell(0.01, Some(f64::NAN)), cell(f64::NAN, Some(1.0)), cell(0.02, None)].to_vec();
    let one = vec![cell(0.01, Some(3.0))];
    let many = (0..400).map(|i| cell(0.01 * f64::from(i), Some(f64::from(i)))).collect();
    for cells in [Vec::new(), hostile, one, many] {
        let models = vec![(0.01, 250.0), (f64::NAN, 1.0), (9e9, 1.0)];
        let feature = "AP1_width, <ms>".to_owned();
        check(&heat_map_svg(&HeatMapFigure {
            cells,
            models,
            feature,
            cell_size: (0.01, 5.0),
            ..HeatMapFigure::default()
        }));
    }
}

#[test]
fn invariant_histograms_are_drawn_whatever_lies_in_them() {
    let cases = [
        vec![],
        vec![f64::NAN],
        vec![0.1],
        vec![-1e9, 1e9, f64::INFINITY],
        (0..500).map(f64::from).collect(),
    ];
    for values in cases {
        let one = HistogramSeries { label: "a < b".to_owned(), values };
        let series = vec![one, HistogramSeries::default()];
        check(&histogram_svg(&HistogramFigure { series, ..HistogramFigure::default() }));
    }
}

#[test]
fn invariant_learning_curves_are_drawn() {
    let curve = |values: Vec<f64>| LearningSeries {
        steps: (0..values.len()).map(|i| i as f64).collect(),
        values,
        ..LearningSeries::default()
    };
    let decay = |n: u32| curve((0..n).map(|i| 1.0 / f64::from(i + 1)).collect());
    let odd = curve(vec![0.0, -1.0, f64::NAN, f64::INFINITY]);
    let cases = [
        vec![odd.clone()],
        vec![odd.clone(), decay(3)],
        vec![decay(1)],
        vec![decay(5000), decay(50)],
        vec![curve(vec![0.5; 9])],
        vec![curve(vec![0.0; 500])],
    ];
    let panels = cases.iter().flat_map(|series| {
        [axis::Spacing::Log, axis::Spacing::Linear].map(|spacing| LearningPanel {
            label: "a label <that> is rather long for a panel of half the width".to_owned(),
            spacing,
            series: series.clone(),
        })
    });
    let panels: Vec<LearningPanel> = panels.collect();
    for first in 0..panels.len() {
        let panels = panels[first..].to_vec();
        check(&learning_svg(&LearningFigure { panels, ..LearningFigure::default() }));
    }
}

#[test]
fn invariant_fi_analyses_are_drawn_whatever_lies_in_them() {
    let point = |k: usize, rate_hz: f64, state| FiAnalysisPoint {
        current_na: k as f64 * 0.05,
        rate_hz,
        uncertainty_hz: 2.5,
        state,
    };
    let bracket = |lower_na, upper_na| Some(Bracket { lower_na, upper_na });
    let span = Bracket { lower_na: 0.1, upper_na: 0.2 };
    let line = FiLine { slope_hz_per_na: 1e3, uncertainty_hz_per_na: None, at_na: 0.1, at_hz: 20.0, span };
    let whole = FiAnalysisCurve {
        label: "model <1>".to_owned(),
        points: vec![
            point(0, 0.0, FiState::Silent),
            point(2, 20.0, FiState::Firing),
            point(4, 90.0, FiState::Firing),
            point(6, 2.5, FiState::Blocked),
        ],
        threshold: bracket(0.0, 0.1),
        line: Some(line),
        saturation: bracket(0.1, 0.1),
        collapse: bracket(0.25, 0.3),
        block: bracket(0.2, 0.3),
    };
    let mut broken = whole.clone();
    broken.points[1].rate_hz = f64::NAN;
    broken.points[2].uncertainty_hz = f64::INFINITY;
    broken.threshold = bracket(f64::NAN, 0.1);
    broken.line = Some(FiLine { slope_hz_per_na: 0.0, ..line });
    let blocked =
        FiAnalysisCurve { points: vec![point(1, 0.0, FiState::Blocked)], ..FiAnalysisCurve::default() };
    for curves in [
        vec![],
        vec![FiAnalysisCurve::default()],
        vec![whole.clone()],
        vec![broken.clone()],
        vec![blocked],
        vec![whole.clone(), broken],
        vec![whole; 40],
    ] {
        check(&fi_analysis_svg(&FiAnalysisFigure { curves, ..FiAnalysisFigure::default() }));
    }
}
