//! A feature over the latent plane: colored cells at threshold current and F-I slope.

use super::axis::{Scale, X_AXIS_HEIGHT, draw_x_axis, draw_y_axis, extent, linear_ticks, padded};
use super::mark::{Mark, draw_mark, polygon};
use super::page::{LegendEntry, MARGIN, RIM, counted, draw_empty, draw_heading, finish, panel_frame};
use super::palette::{INK, MUTED, SEQUENCE};
use super::svg::{Anchor, Frame, Svg, TextStyle, Turn};

/// A feature over the latent plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMapFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// The feature and its unit.
    pub feature: String,
    /// The cells; one without a value is left white.
    pub cells: Vec<HeatMapCell>,
    /// Size of a cell: threshold current (nA) and F-I slope (Hz/nA).
    pub cell_size: (f64, f64),
    /// Known models at their threshold current (nA) and F-I slope (Hz/nA), as small marks.
    pub models: Vec<(f64, f64)>,
}

/// One cell, given by its middle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeatMapCell {
    /// Threshold current (nA).
    pub threshold_na: f64,
    /// F-I slope (Hz/nA).
    pub slope_hz_per_na: f64,
    /// The feature there.
    pub value: Option<f64>,
}

const HEIGHT: f64 = 400.0;
/// Room for the scale of colors: its width, its distance from the panel, and that for its numbers.
const SCALE: (f64, f64, f64) = (16.0, 24.0, 64.0);
const MARK_RADIUS: f64 = 1.6;
const NUMBER: TextStyle =
    TextStyle { size: 13.0, weight: 400, fill: MUTED, anchor: Anchor::Start, turn: Turn::Level };

/// Draws the map as an SVG document.
pub fn heat_map_svg(figure: &HeatMapFigure) -> String {
    let mut svg = Svg::new();
    let is_finite = |cell: &&HeatMapCell| cell.threshold_na.is_finite() && cell.slope_hz_per_na.is_finite();
    let cells: Vec<&HeatMapCell> = figure.cells.iter().filter(is_finite).collect();
    let description = format!(
        "{} in {} of the plane of threshold current and F–I slope.",
        figure.feature,
        counted(cells.len(), "cell")
    );
    let models = LegendEntry { mark: Mark::Dot(INK), text: format!("models ({})", figure.models.len()) };
    let legend = if figure.models.is_empty() { Vec::new() } else { vec![models] };
    let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &legend);
    let bottom = match cells.is_empty() {
        true => draw_empty(&mut svg, top),
        false => draw_panel(&mut svg, figure, &cells, top),
    };
    finish(svg, bottom, &figure.title, &description)
}

fn draw_panel(svg: &mut Svg, figure: &HeatMapFigure, cells: &[&HeatMapCell], top: f64) -> f64 {
    let frame = panel_frame(top, HEIGHT, RIM + SCALE.0 + SCALE.1 + SCALE.2);
    let (width_na, height_hz_per_na) = figure.cell_size;
    let sides = |middle: f64, size: f64| [middle - 0.5 * size, middle + 0.5 * size];
    let currents = cells.iter().flat_map(|cell| sides(cell.threshold_na, width_na));
    let slopes = cells.iter().flat_map(|cell| sides(cell.slope_hz_per_na, height_hz_per_na));
    let current =
        Scale::linear(padded(extent(currents).unwrap_or((0.0, 1.0)), 0.03), (frame.left, frame.right()));
    let slope =
        Scale::linear(padded(extent(slopes).unwrap_or((0.0, 1.0)), 0.03), (frame.bottom(), frame.top));
    let values = cells.iter().filter_map(|cell| cell.value).filter(|value| value.is_finite());
    let range = extent(values).unwrap_or((0.0, 1.0));
    for cell in cells {
        let Some(value) = cell.value.filter(|value| value.is_finite()) else { continue };
        let [left, right] = sides(cell.threshold_na, width_na).map(|x| current.px(x));
        let [bottom, top] = sides(cell.slope_hz_per_na, height_hz_per_na).map(|y| slope.px(y));
        svg.area(
            &polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)]),
            color(value, range),
            1.0,
        );
    }
    for (threshold_na, slope_hz_per_na) in &figure.models {
        let at = (current.px_inside(*threshold_na), slope.px_inside(*slope_hz_per_na));
        draw_mark(svg, Mark::Dot(INK), at, MARK_RADIUS);
    }
    draw_y_axis(svg, frame, &slope, &slope.ticks(5), "F–I slope at threshold (Hz/nA)");
    draw_x_axis(svg, frame, &current, &current.ticks(6), "Threshold current (nA)");
    draw_scale(svg, frame, range, &figure.feature);
    frame.bottom() + X_AXIS_HEIGHT + MARGIN
}

/// The color of a value within a range.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short table")]
fn color(value: f64, (low, high): (f64, f64)) -> &'static str {
    let part = if high > low { (value - low) / (high - low) } else { 0.5 };
    let place = part * SEQUENCE.len() as f64;
    SEQUENCE[(place as usize).min(SEQUENCE.len() - 1)]
}

/// The colors beside the panel, with numbers.
fn draw_scale(svg: &mut Svg, frame: Frame, range: (f64, f64), feature: &str) {
    let left = frame.right() + SCALE.1;
    let height = frame.height / SEQUENCE.len() as f64;
    for (idx, fill) in SEQUENCE.iter().enumerate() {
        let top = frame.bottom() - height * (idx + 1) as f64;
        svg.rect(Frame { left, top, width: SCALE.0, height }, fill);
    }
    let scale = Scale::linear(range, (frame.bottom(), frame.top));
    for tick in linear_ticks(range, 5) {
        svg.text((left + SCALE.0 + 6.0, scale.px(tick.value) + 4.5), NUMBER, &tick.label);
    }
    let title = TextStyle { fill: INK, anchor: Anchor::End, ..NUMBER };
    svg.text((frame.right() + SCALE.0 + SCALE.1 + SCALE.2, frame.top - 8.0), title, feature);
}
