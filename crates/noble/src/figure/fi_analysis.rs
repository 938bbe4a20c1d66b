//! F-I curves with what was read off them: threshold, slope, saturation and block, each with its uncertainty.

use noble_features::fi::{Bracket, FiState};

use super::axis::{
    Scale, X_AXIS_HEIGHT, decimals, draw_x_axis, draw_y_axis, draw_y_grid, extent, number, padded, rounded,
};
use super::mark::{Mark, draw_mark};
use super::page::{LegendEntry, MARGIN, RIM, counted, draw_empty, draw_heading, finish, panel_frame};
use super::palette::{BLUE, CATEGORIES, GREEN, INK, MEMBER, ORANGE, PURPLE, VERMILLION, category};
use super::svg::{Frame, PathData, Stroke, Svg};

/// F-I curves of one or several cells; one alone is drawn with all that was read off it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FiAnalysisFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// The curves.
    pub curves: Vec<FiAnalysisCurve>,
}

/// One curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FiAnalysisCurve {
    /// What it is of, such as "model 3".
    pub label: String,
    /// Its points by ascending current.
    pub points: Vec<FiAnalysisPoint>,
    /// Currents between which the threshold lies.
    pub threshold: Option<Bracket>,
    /// The fitted line.
    pub line: Option<FiLine>,
    /// Currents between which the rate stops rising.
    pub saturation: Option<Bracket>,
    /// Currents between which the rate collapses without block.
    pub collapse: Option<Bracket>,
    /// Currents between which block begins.
    pub block: Option<Bracket>,
}

/// A mean rate at a current.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FiAnalysisPoint {
    /// The current.
    pub current_na: f64,
    /// The rate.
    pub rate_hz: f64,
    /// Half the height of its error bar.
    pub uncertainty_hz: f64,
    /// Decides the mark.
    pub state: FiState,
}

/// A fitted line and the currents it was fitted to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FiLine {
    /// Its slope.
    pub slope_hz_per_na: f64,
    /// Uncertainty of the slope, where known.
    pub uncertainty_hz_per_na: Option<f64>,
    /// A current on it.
    pub at_na: f64,
    /// The rate there.
    pub at_hz: f64,
    /// First and last current.
    pub span: Bracket,
}

impl FiLine {
    /// Its rate at a current.
    fn rate_hz(&self, current_na: f64) -> f64 {
        self.at_hz + self.slope_hz_per_na * (current_na - self.at_na)
    }

    /// The part of its span with rates of zero or more.
    fn visible(&self) -> Bracket {
        let zero_na = self.at_na - self.at_hz / self.slope_hz_per_na;
        let Bracket { mut lower_na, mut upper_na } = self.span;
        if self.rate_hz(lower_na) < 0.0 {
            lower_na = zero_na;
        }
        if self.rate_hz(upper_na) < 0.0 {
            upper_na = zero_na;
        }
        Bracket { lower_na, upper_na }
    }
}

const HEIGHT: f64 = 360.0;
const RADIUS: f64 = 4.4;
/// Least width of a bracket on the page: a bisected threshold is narrower than a line.
const LEAST_WIDTH: f64 = 1.6;
const BAND_OPACITY: f64 = 0.16;
const LINE: Stroke = Stroke { color: BLUE, width: 1.6, opacity: 0.9 };

/// Draws F-I curves as an SVG document.
pub fn fi_analysis_svg(figure: &FiAnalysisFigure) -> String {
    let mut svg = Svg::new();
    let description = format!("Firing rate against step current, {}.", counted(figure.curves.len(), "curve"));
    let shown: Vec<Shown<'_>> = shown(&figure.curves);
    let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &legend(&shown));
    let bottom = if shown.is_empty() { draw_empty(&mut svg, top) } else { draw_panel(&mut svg, &shown, top) };
    finish(svg, bottom, &figure.title, &description)
}

/// A curve that has points, and its color.
struct Shown<'a> {
    curve: &'a FiAnalysisCurve,
    color: &'static str,
}

fn shown(curves: &[FiAnalysisCurve]) -> Vec<Shown<'_>> {
    let is_drawn = |point: &FiAnalysisPoint| point.current_na.is_finite() && point.rate_hz.is_finite();
    let curves: Vec<&FiAnalysisCurve> =
        curves.iter().filter(|curve| curve.points.iter().any(is_drawn)).collect();
    let color = |idx| match curves.len() {
        1 => INK,
        n if n <= CATEGORIES.len() => category(idx),
        _ => MEMBER,
    };
    curves.iter().enumerate().map(|(idx, curve)| Shown { curve, color: color(idx) }).collect()
}

fn legend(shown: &[Shown<'_>]) -> Vec<LegendEntry> {
    let has = |state| shown.iter().any(|one| one.curve.points.iter().any(|point| point.state == state));
    let mut entries = Vec::new();
    match shown {
        [] => return entries,
        [one] => {
            if has(FiState::Firing) {
                entries.push(entry(Mark::Dot(INK), "rate ± uncertainty".to_owned()));
            }
            entries.extend(single_legend(one.curve));
        }
        several if several.len() <= CATEGORIES.len() => entries.extend(
            several
                .iter()
                .map(|one| entry(Mark::Dot(one.color), format!("{}{}", one.curve.label, short(one.curve)))),
        ),
        many => {
            entries.push(entry(Mark::Dot(MEMBER), counted(many.len(), "curve")));
            entries.push(entry(Mark::Triangle(MEMBER), "threshold".to_owned()));
        }
    }
    if has(FiState::Silent) {
        entries.insert(entries.len().min(1), entry(Mark::Ring(shown[0].color), "silent".to_owned()));
    }
    if has(FiState::Blocked) {
        let color = if shown.len() == 1 { VERMILLION } else { MEMBER };
        entries.push(entry(Mark::Cross(color), "blocked".to_owned()));
    }
    entries
}

fn entry(mark: Mark, text: String) -> LegendEntry {
    LegendEntry { mark, text }
}

fn single_legend(curve: &FiAnalysisCurve) -> Vec<LegendEntry> {
    let mut entries = Vec::new();
    if let Some(threshold) = &curve.threshold {
        entries.push(entry(Mark::Triangle(GREEN), format!("threshold {}", bracket_text(threshold))));
    }
    if let Some(line) = &curve.line {
        let uncertainty = line
            .uncertainty_hz_per_na
            .map_or_else(String::new, |value| format!(" ± {}", number(value, decimals(value))));
        let n_decimals = line.uncertainty_hz_per_na.map_or(0, decimals);
        let slope = number(line.slope_hz_per_na, n_decimals);
        entries.push(entry(Mark::Line(LINE), format!("slope {slope}{uncertainty} Hz/nA")));
    }
    if let Some(saturation) = &curve.saturation {
        entries.push(entry(Mark::Band(ORANGE, 0.5), format!("saturates at {}", bracket_text(saturation))));
    }
    if let Some(collapse) = &curve.collapse {
        entries.push(entry(Mark::Band(PURPLE, 0.5), format!("collapses at {}", bracket_text(collapse))));
    }
    if let Some(block) = &curve.block {
        entries.push(entry(Mark::Band(VERMILLION, 0.4), format!("block from {}", bracket_text(block))));
    }
    entries
}

fn short(curve: &FiAnalysisCurve) -> String {
    curve.threshold.map_or_else(String::new, |threshold| format!(", threshold {}", bracket_text(&threshold)))
}

/// Midpoint and half width with the decimals that the half width needs.
fn bracket_text(bracket: &Bracket) -> String {
    let n_decimals = decimals(bracket.half_width_na());
    format!(
        "{} ± {} nA",
        number(bracket.midpoint_na(), n_decimals),
        number(bracket.half_width_na(), n_decimals)
    )
}

/// Whether curves are too many to be told apart.
fn is_many(n_curves: usize) -> bool {
    n_curves > CATEGORIES.len()
}

struct Scales {
    current: Scale,
    rate: Scale,
}

fn draw_panel(svg: &mut Svg, shown: &[Shown<'_>], top: f64) -> f64 {
    let frame = panel_frame(top + 6.0, HEIGHT, RIM);
    let points = || shown.iter().flat_map(|one| &one.curve.points);
    let brackets = shown.iter().flat_map(|one| [one.curve.threshold, one.curve.block]).flatten();
    let edges = brackets.flat_map(|bracket| [bracket.lower_na, bracket.upper_na]);
    let currents = extent(points().map(|point| point.current_na).chain(edges));
    let highest = points().map(|point| point.rate_hz + point.uncertainty_hz.max(0.0));
    let line = shown.first().and_then(|one| one.curve.line).filter(|_| shown.len() == 1);
    let line_ends = line.map(|line| line.rate_hz(line.span.upper_na));
    let most_hz = extent(highest.chain(line_ends)).map_or(1.0, |(_, most_hz)| most_hz.max(1.0));
    let scales = Scales {
        current: Scale::linear(padded(currents.unwrap_or((0.0, 1.0)), 0.03), (frame.left, frame.right())),
        rate: Scale::linear(rounded((0.0, most_hz), 5), (frame.bottom(), frame.top)),
    };
    let ticks = scales.rate.ticks(5);
    draw_y_grid(svg, frame, &scales.rate, &ticks);
    if let [one] = shown {
        draw_brackets(svg, one.curve, &scales, frame);
    }
    draw_y_axis(svg, frame, &scales.rate, &ticks, "Firing rate (Hz)");
    draw_x_axis(svg, frame, &scales.current, &scales.current.ticks(7), "Step current (nA)");
    for one in shown {
        draw_curve(svg, one, &scales, shown.len());
        if let Some(threshold) = one.curve.threshold {
            let color = if shown.len() == 1 { GREEN } else { one.color };
            let x = scales.current.px_inside(threshold.midpoint_na());
            let radius = if is_many(shown.len()) { 3.2 } else { 5.5 };
            draw_mark(svg, Mark::Triangle(color), (x, frame.top), radius);
        }
    }
    frame.bottom() + X_AXIS_HEIGHT + MARGIN
}

fn draw_brackets(svg: &mut Svg, curve: &FiAnalysisCurve, scales: &Scales, frame: Frame) {
    let colored = [
        (curve.threshold, GREEN),
        (curve.saturation, ORANGE),
        (curve.collapse, PURPLE),
        (curve.block, VERMILLION),
    ];
    for (bracket, color) in colored.into_iter().filter_map(|(bracket, color)| Some((bracket?, color))) {
        let left = scales.current.px_inside(bracket.lower_na);
        let right = scales.current.px_inside(bracket.upper_na);
        let is_thin = right - left < LEAST_WIDTH;
        let width = (right - left).max(LEAST_WIDTH);
        let corners = [
            (left, frame.top),
            (left + width, frame.top),
            (left + width, frame.bottom()),
            (left, frame.bottom()),
        ];
        let opacity = if is_thin { 0.7 } else { BAND_OPACITY };
        svg.area(&super::mark::polygon(&corners), color, opacity);
    }
}

fn draw_curve(svg: &mut Svg, one: &Shown<'_>, scales: &Scales, n_curves: usize) {
    let is_many = is_many(n_curves);
    let place =
        |point: &FiAnalysisPoint| (scales.current.px(point.current_na), scales.rate.px(point.rate_hz));
    let is_drawn = |point: &&FiAnalysisPoint| point.current_na.is_finite() && point.rate_hz.is_finite();
    let points: Vec<&FiAnalysisPoint> = one.curve.points.iter().filter(is_drawn).collect();
    let width = if is_many { 1.0 } else { 1.4 };
    let stroke = Stroke { opacity: if is_many { 0.5 } else { 0.75 }, ..Stroke::solid(one.color, width) };
    for run in points.split(|point| point.state == FiState::Blocked) {
        let places: Vec<(f64, f64)> = run.iter().map(|point| place(point)).collect();
        svg.path(&PathData::through(&places), stroke);
    }
    if let (1, Some(line)) = (n_curves, one.curve.line) {
        draw_line(svg, &line, scales);
    }
    let radius = if is_many { 2.2 } else { RADIUS };
    for point in points {
        let (x, y) = place(point);
        if point.state == FiState::Firing && !is_many {
            draw_error_bar(svg, point, (x, one.color), scales);
        }
        let mark = match point.state {
            FiState::Silent => Mark::Ring(one.color),
            FiState::Firing => Mark::Dot(one.color),
            FiState::Blocked => Mark::Cross(if n_curves == 1 { VERMILLION } else { one.color }),
        };
        draw_mark(svg, mark, (x, y), radius);
    }
}

fn draw_line(svg: &mut Svg, line: &FiLine, scales: &Scales) {
    let place = |current_na: f64| {
        (scales.current.px_inside(current_na), scales.rate.px_inside(line.rate_hz(current_na)))
    };
    let Bracket { lower_na, upper_na } = line.visible();
    svg.line(place(lower_na), place(upper_na), LINE);
}

fn draw_error_bar(svg: &mut Svg, point: &FiAnalysisPoint, (x, color): (f64, &'static str), scales: &Scales) {
    const CAP: f64 = 3.5;
    if !(point.uncertainty_hz.is_finite() && point.uncertainty_hz > 0.0) {
        return;
    }
    let ends = [point.rate_hz - point.uncertainty_hz, point.rate_hz + point.uncertainty_hz];
    let [low, high] = ends.map(|rate_hz| scales.rate.px_inside(rate_hz));
    let stroke = Stroke::solid(color, 1.2);
    svg.line((x, low), (x, high), stroke);
    [low, high].iter().for_each(|y| svg.line((x - CAP, *y), (x + CAP, *y), stroke));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_a_line_ends_where_its_rate_is_zero() {
        let span = Bracket { lower_na: 0.0, upper_na: 1.0 };
        let line =
            FiLine { slope_hz_per_na: 100.0, uncertainty_hz_per_na: None, at_na: 0.5, at_hz: 25.0, span };
        assert_eq!(line.visible(), Bracket { lower_na: 0.25, upper_na: 1.0 });
        let falling = FiLine { slope_hz_per_na: -100.0, ..line };
        assert_eq!(falling.visible(), Bracket { lower_na: 0.0, upper_na: 0.75 });
    }

    #[test]
    fn analytic_uncertainties_are_shown_with_the_digits_they_have() {
        let text = |lower_na, upper_na| bracket_text(&Bracket { lower_na, upper_na });
        assert_eq!(text(0.05, 0.06), "0.055 ± 0.005 nA");
        assert_eq!(text(0.0674, 0.06746), "0.067430 ± 0.000030 nA");
        assert_eq!(text(0.1, 0.15), "0.125 ± 0.025 nA");
        assert_eq!(text(0.0, 80.0), "40 ± 40 nA");
        assert_eq!(text(0.1, 0.124), "0.112 ± 0.012 nA");
        assert_eq!(text(-0.5, 1.5), "0.5 ± 1.0 nA");
        assert_eq!(text(0.2, 0.2), "0.200 ± 0.000 nA");
    }
}
