//! Small multiples of traces: in every panel the reference and the prediction of one current or one cell.

use super::axis::{Scale, X_AXIS_HEIGHT, draw_x_axis, draw_y_axis, draw_y_title, extent, padded};
use super::mark::Mark;
use super::page::{
    LegendEntry, MARGIN, NOTE_TEXT, PANEL_TEXT, RIM, counted, draw_empty, draw_heading, finish, panel_frame,
};
use super::palette::{INK, ORANGE, VERMILLION, WINDOW};
use super::polyline::{decimated, path_of};
use super::svg::{Frame, Stroke, Svg, shortened};

/// Panels of traces over a common time axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TracesFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// What the dark lines are, such as "solver".
    pub reference_label: String,
    /// What the colored lines are, such as "operator".
    pub predicted_label: String,
    /// What the pale lines are, such as "other models".
    pub others_label: String,
    /// The panels from top to bottom.
    pub panels: Vec<TracePanel>,
    /// A stretch of time shown enlarged to the right of every panel.
    pub zoom: Option<TimeWindow>,
}

/// One panel; a line that is not there is left empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TracePanel {
    /// What the panel shows, such as "0.20 nA · model 12 · 23 / 24 spikes".
    pub label: String,
    /// Sample times (ms), `[n_samples]`.
    pub times_ms: Vec<f64>,
    /// Reference membrane potential (mV), `[n_samples]` or empty.
    pub reference_v_mv: Vec<f64>,
    /// Predicted membrane potential (mV), `[n_samples]` or empty.
    pub predicted_v_mv: Vec<f64>,
    /// Further predictions (mV), each `[n_samples]`, drawn pale behind the others.
    pub others_v_mv: Vec<Vec<f64>>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeWindow {
    /// Its start (ms).
    pub start_ms: f64,
    /// Its end (ms).
    pub end_ms: f64,
}

const REFERENCE: Stroke = Stroke::solid(INK, 1.9);
const PREDICTED: Stroke = Stroke::solid(VERMILLION, 1.1);
const OTHERS: Stroke = Stroke { opacity: 0.55, ..Stroke::solid(ORANGE, 0.9) };
/// Height that few panels share, and the least and the greatest height of one.
const SHARED_HEIGHT: f64 = 420.0;
const PANEL_HEIGHTS: (f64, f64) = (100.0, 190.0);
const LABEL_HEIGHT: f64 = 22.0;
const ROW_GAP: f64 = 14.0;
/// Room between a panel and its enlargement, and the share of the width the enlargement takes.
const ZOOM: (f64, f64) = (34.0, 0.38);
/// Panels whose voltages span less have a scale of their own, so that what is below threshold can be read.
const SHARED_SPAN_MV: f64 = 40.0;
/// Least voltage a panel spans, so that no ripple is blown up.
const LEAST_SPAN_MV: f64 = 6.0;

/// Draws panels of traces as an SVG document.
pub fn traces_svg(figure: &TracesFigure) -> String {
    let mut svg = Svg::new();
    let description = format!("Membrane potential over time in {}.", counted(figure.panels.len(), "panel"));
    let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &legend(figure));
    let times = figure.panels.iter().flat_map(|panel| panel.times_ms.iter().copied());
    let bottom = match extent(times) {
        Some(time_ms) => draw_rows(&mut svg, figure, time_ms, top),
        None => draw_empty(&mut svg, top),
    };
    finish(svg, bottom, &figure.title, &description)
}

fn legend(figure: &TracesFigure) -> Vec<LegendEntry> {
    let has = |line: fn(&TracePanel) -> &Vec<f64>| figure.panels.iter().any(|panel| !line(panel).is_empty());
    let mut entries = vec![];
    if has(|panel| &panel.reference_v_mv) {
        entries.push(LegendEntry {
            mark: Mark::Line(REFERENCE),
            text: named(&figure.reference_label, "reference"),
        });
    }
    if has(|panel| &panel.predicted_v_mv) {
        let stroke = Stroke { width: 2.0, ..PREDICTED };
        entries.push(LegendEntry {
            mark: Mark::Line(stroke),
            text: named(&figure.predicted_label, "predicted"),
        });
    }
    if figure.panels.iter().any(|panel| !panel.others_v_mv.is_empty()) {
        let stroke = Stroke { width: 2.0, ..OTHERS };
        entries.push(LegendEntry { mark: Mark::Line(stroke), text: named(&figure.others_label, "others") });
    }
    entries
}

fn named(label: &str, otherwise: &str) -> String {
    if label.trim().is_empty() { otherwise.to_owned() } else { label.to_owned() }
}

fn draw_rows(svg: &mut Svg, figure: &TracesFigure, time_ms: (f64, f64), top: f64) -> f64 {
    let zoom = figure.zoom.and_then(|window| inside(window, time_ms));
    let shared = shared_domain_mv(figure);
    let mut frame = panel_frame(top, panel_height(figure.panels.len()), RIM);
    let all = panel_frame(top + LABEL_HEIGHT, rows_height(figure.panels.len()) - LABEL_HEIGHT, MARGIN);
    draw_y_title(svg, all, "Membrane potential (mV)");
    for (i, panel) in figure.panels.iter().enumerate() {
        frame.top = top + LABEL_HEIGHT + i as f64 * (frame.height + LABEL_HEIGHT + ROW_GAP);
        let row = Row { panel, domain_mv: panel_domain_mv(panel, shared), time_ms, zoom };
        draw_row(svg, &row, frame);
    }
    let (wide, enlarged) = split(frame, zoom.is_some());
    let time = Scale::linear(time_ms, (wide.left, wide.right()));
    draw_x_axis(svg, wide, &time, &time.ticks(if zoom.is_some() { 4 } else { 7 }), "Time (ms)");
    if let (Some(enlarged), Some(zoom)) = (enlarged, zoom) {
        let time = Scale::linear(zoom, (enlarged.left, enlarged.right()));
        draw_x_axis(svg, enlarged, &time, &time.ticks(4), "Time (ms)");
    }
    frame.bottom() + X_AXIS_HEIGHT + MARGIN
}

fn panel_height(n_rows: usize) -> f64 {
    (SHARED_HEIGHT / n_rows.max(1) as f64).clamp(PANEL_HEIGHTS.0, PANEL_HEIGHTS.1)
}

fn rows_height(n_rows: usize) -> f64 {
    n_rows as f64 * (panel_height(n_rows) + LABEL_HEIGHT + ROW_GAP) - ROW_GAP
}

/// A panel with the domains it is drawn in.
struct Row<'a> {
    panel: &'a TracePanel,
    domain_mv: (f64, f64),
    time_ms: (f64, f64),
    zoom: Option<(f64, f64)>,
}

fn draw_row(svg: &mut Svg, row: &Row<'_>, frame: Frame) {
    let (wide, enlarged) = split(frame, row.zoom.is_some());
    svg.text(
        (frame.left, frame.top - 8.0),
        PANEL_TEXT,
        &shortened(&row.panel.label, frame.width, PANEL_TEXT.size),
    );
    if let (Some(enlarged), Some((start_ms, end_ms))) = (enlarged, row.zoom) {
        let time = Scale::linear(row.time_ms, (wide.left, wide.right()));
        let (left, right) = (time.px_inside(start_ms), time.px_inside(end_ms));
        svg.rect(Frame { left, width: right - left, ..wide }, WINDOW);
        svg.rect(enlarged, WINDOW);
        draw_lines(svg, row, enlarged, (start_ms, end_ms));
    }
    let voltage = Scale::linear(row.domain_mv, (wide.bottom(), wide.top));
    draw_y_axis(svg, wide, &voltage, &voltage.ticks(4), "");
    draw_lines(svg, row, wide, row.time_ms);
    if extent_mv(row.panel).is_none() {
        svg.text((wide.left + 8.0, wide.top + wide.height / 2.0), NOTE_TEXT, "no data");
    }
}

fn draw_lines(svg: &mut Svg, row: &Row<'_>, frame: Frame, (start_ms, end_ms): (f64, f64)) {
    let time = Scale::linear((start_ms, end_ms), (frame.left, frame.right()));
    let voltage = Scale::linear(row.domain_mv, (frame.bottom(), frame.top));
    let others = row.panel.others_v_mv.iter().map(|v_mv| (v_mv, OTHERS));
    let lines = [(&row.panel.reference_v_mv, REFERENCE), (&row.panel.predicted_v_mv, PREDICTED)];
    for (v_mv, stroke) in others.chain(lines) {
        let samples = row.panel.times_ms.iter().zip(v_mv).filter(|(t, _)| (start_ms..=end_ms).contains(*t));
        let points =
            samples.map(|(&t, &v)| (time.px(t), if v.is_finite() { voltage.px(v) } else { f64::NAN }));
        svg.path(&path_of(&decimated(points, 0.5, 0.15)), stroke);
    }
}

/// The frame of the whole trace and, where there is one, of its enlargement.
fn split(frame: Frame, has_zoom: bool) -> (Frame, Option<Frame>) {
    if !has_zoom {
        return (frame, None);
    }
    let (gap, share) = ZOOM;
    let width = (frame.width - gap) * share;
    let wide = Frame { width: frame.width - gap - width, ..frame };
    (wide, Some(Frame { left: wide.right() + gap, width, ..frame }))
}

/// The part of `window` inside the times there are, where it has a length.
fn inside(window: TimeWindow, (first_ms, last_ms): (f64, f64)) -> Option<(f64, f64)> {
    let (start_ms, end_ms) = (window.start_ms.max(first_ms), window.end_ms.min(last_ms));
    (end_ms > start_ms).then_some((start_ms, end_ms))
}

fn extent_mv(panel: &TracePanel) -> Option<(f64, f64)> {
    let lines = [&panel.reference_v_mv, &panel.predicted_v_mv];
    extent(lines.into_iter().chain(&panel.others_v_mv).flatten().copied())
}

/// The voltages of all panels with spikes together.
fn shared_domain_mv(figure: &TracesFigure) -> Option<(f64, f64)> {
    let wide = figure.panels.iter().filter_map(extent_mv).filter(|(low, high)| high - low >= SHARED_SPAN_MV);
    extent(wide.flat_map(|(low, high)| [low, high]))
}

fn panel_domain_mv(panel: &TracePanel, shared: Option<(f64, f64)>) -> (f64, f64) {
    let (low, high) = match (extent_mv(panel), shared) {
        (Some((low, high)), Some(shared)) if high - low >= SHARED_SPAN_MV => shared,
        (Some(own), _) => own,
        (None, shared) => shared.unwrap_or((-80.0, 40.0)),
    };
    let lacking = (LEAST_SPAN_MV - (high - low)).max(0.0) / 2.0;
    padded((low - lacking, high + lacking), 0.04)
}
