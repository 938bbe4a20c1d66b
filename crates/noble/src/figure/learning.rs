//! Learning curves: losses on a logarithmic axis against the optimizer's steps, and small panels of what else a log has.

use super::axis::{
    Scale, Spacing, X_AXIS_HEIGHT, Y_AXIS_WIDTH, draw_x_axis, draw_y_axis, draw_y_grid, extent, number,
};
use super::mark::{Mark, draw_mark};
use super::page::{
    LegendEntry, MARGIN, NOTE_TEXT, PAGE_WIDTH, PANEL_TEXT, RIM, draw_empty, draw_heading, draw_legend,
    finish, panel_frame,
};
use super::palette::category;
use super::polyline::{decimated, path_of};
use super::svg::{Anchor, Frame, PathData, Stroke, Svg, TextStyle, shortened};

/// The course of a training run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// The first over the whole width with its least values marked, the others two by two; empty ones are left out.
    pub panels: Vec<LearningPanel>,
}

/// Curves that share an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningPanel {
    /// What is drawn, with its unit.
    pub label: String,
    /// Of the y axis; values that a logarithmic axis cannot show are left out, a linear one begins at zero.
    pub spacing: Spacing,
    /// The curves, such as training and validation.
    pub series: Vec<LearningSeries>,
}

/// One quantity over the course of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningSeries {
    /// What tells it from the others of its panel.
    pub label: String,
    /// Optimizer steps, `[n_values]`.
    pub steps: Vec<f64>,
    /// Values, `[n_values]`.
    pub values: Vec<f64>,
}

const WIDE_HEIGHT: f64 = 300.0;
const SMALL_HEIGHT: f64 = 130.0;
/// Room for the label of a panel.
const LABEL_HEIGHT: f64 = 26.0;
/// Between two panels side by side.
const GUTTER: f64 = 18.0;
/// Series longer than this are drawn pale under their running mean.
const MAX_RAW: usize = 400;
/// Share of a long series that its running mean takes in.
const MEAN_SHARE: usize = 60;

/// Draws learning curves as an SVG document.
pub fn learning_svg(figure: &LearningFigure) -> String {
    let mut svg = Svg::new();
    let panels: Vec<Shown<'_>> = figure.panels.iter().filter_map(Shown::new).collect();
    let description = format!("Course of a training run in {} panels.", panels.len());
    let mut top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &[]);
    let Some((first, others)) = panels.split_first() else {
        let bottom = draw_empty(&mut svg, top);
        return finish(svg, bottom, &figure.title, &description);
    };
    let steps = panels.iter().flat_map(|shown| shown.curves.iter().flatten()).map(|point| point.0);
    let steps = extent(steps).unwrap_or((0.0, 1.0));
    top = draw_wide(&mut svg, (first, steps), top);
    for pair in others.chunks(2) {
        top = draw_pair(&mut svg, (pair, steps), top);
    }
    finish(svg, top + MARGIN, &figure.title, &description)
}

type Point = (f64, f64);

/// A panel that has something to show.
struct Shown<'a> {
    panel: &'a LearningPanel,
    /// Of each series, in order of steps.
    curves: Vec<Vec<Point>>,
}

impl<'a> Shown<'a> {
    fn new(panel: &'a LearningPanel) -> Option<Self> {
        let curves: Vec<Vec<Point>> =
            panel.series.iter().map(|series| valid_points(series, panel.spacing)).collect();
        curves.iter().any(|curve| !curve.is_empty()).then_some(Self { panel, curves })
    }

    fn y_scale(&self, frame: Frame) -> Scale {
        let (low, high) = extent(self.curves.iter().flatten().map(|point| point.1)).unwrap_or((0.1, 1.0));
        let range = (frame.bottom(), frame.top);
        match self.panel.spacing {
            Spacing::Log => Scale::log(log_domain((low, high)), range),
            Spacing::Linear if low >= 0.0 && high <= 0.0 => Scale::linear((0.0, 1.0), range),
            Spacing::Linear => Scale::linear((low.min(0.0), 1.05 * high.max(0.0)), range),
        }
    }

    /// Draws axes and curves over the range of steps that all panels share.
    fn draw(
        &self,
        svg: &mut Svg,
        (frame, steps): (Frame, Point),
        (n_ticks, x_title): (usize, &str),
    ) -> (Scale, Scale) {
        let x = Scale::linear(steps, (frame.left, frame.right()));
        let y = self.y_scale(frame);
        let ticks = y.ticks(n_ticks);
        draw_y_grid(svg, frame, &y, &ticks);
        draw_y_axis(svg, frame, &y, &ticks, "");
        draw_x_axis(svg, frame, &x, &x.ticks(n_ticks), x_title);
        for (idx, curve) in self.curves.iter().enumerate() {
            draw_curve(svg, curve, category(idx), (&x, &y));
        }
        (x, y)
    }
}

/// Steps and values that an axis can show, in order of steps.
fn valid_points(series: &LearningSeries, spacing: Spacing) -> Vec<Point> {
    let pairs = series.steps.iter().copied().zip(series.values.iter().copied());
    let is_shown = |(step, value): &Point| {
        step.is_finite() && value.is_finite() && (spacing == Spacing::Linear || *value > 0.0)
    };
    let mut points: Vec<Point> = pairs.filter(is_shown).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn least(curve: &[Point]) -> Option<Point> {
    curve.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The first panel, with a legend that tells the least value of every curve.
fn draw_wide(svg: &mut Svg, (shown, steps): (&Shown<'_>, Point), top: f64) -> f64 {
    svg.text((MARGIN, top + 12.0), PANEL_TEXT, &shown.panel.label);
    let entries = shown.curves.iter().enumerate();
    let legend: Vec<LegendEntry> =
        entries.filter_map(|(i, curve)| legend_entry(i, &shown.panel.series[i].label, curve)).collect();
    let frame = panel_frame(draw_legend(svg, &legend, top + LABEL_HEIGHT) + 10.0, WIDE_HEIGHT, RIM);
    let (x, y) = shown.draw(svg, (frame, steps), (6, "Optimizer step"));
    for (idx, curve) in shown.curves.iter().enumerate() {
        if let Some((step, value)) = least(curve).filter(|_| curve.len() <= MAX_RAW) {
            draw_mark(svg, Mark::Dot(category(idx)), (x.px(step), y.px(value)), 4.5);
        }
    }
    frame.bottom() + X_AXIS_HEIGHT + MARGIN
}

/// One or two small panels side by side.
fn draw_pair(svg: &mut Svg, (pair, steps): (&[Shown<'_>], Point), top: f64) -> f64 {
    let axis = Y_AXIS_WIDTH - 16.0;
    let width = (PAGE_WIDTH - MARGIN - RIM - GUTTER) / 2.0 - axis;
    for (column, shown) in (0u8..).zip(pair) {
        let left = MARGIN + axis + f64::from(column) * (width + axis + GUTTER);
        let frame = Frame { left, top: top + LABEL_HEIGHT, width, height: SMALL_HEIGHT };
        let label = shortened(&shown.panel.label, width + axis, PANEL_TEXT.size);
        svg.text((left - axis, top + 12.0), PANEL_TEXT, &label);
        shown.draw(svg, (frame, steps), (4, ""));
        draw_names(svg, shown, frame);
    }
    top + LABEL_HEIGHT + SMALL_HEIGHT + X_AXIS_HEIGHT - 8.0
}

/// Names of several curves, in their colors, in the upper right corner of a small panel.
fn draw_names(svg: &mut Svg, shown: &Shown<'_>, frame: Frame) {
    const ROW: f64 = 17.0;
    if shown.curves.len() < 2 {
        return;
    }
    let mut y = frame.top + 12.0;
    for (idx, series) in shown.panel.series.iter().enumerate() {
        let style = TextStyle { anchor: Anchor::End, fill: category(idx), ..NOTE_TEXT };
        svg.text((frame.right(), y), style, &series.label);
        y += ROW;
    }
}

/// None where the series has nothing to show.
fn legend_entry(idx: usize, label: &str, curve: &[Point]) -> Option<LegendEntry> {
    let (step, value) = least(curve)?;
    let mark = Mark::Line(Stroke::solid(category(idx), 2.2));
    let label = match label.trim() {
        "" => format!("series {}", idx + 1),
        label => label.to_owned(),
    };
    let text = if curve.len() > MAX_RAW {
        format!("{label}, running mean")
    } else {
        format!("{label}, least {} at step {}", significant(value), number(step, 0))
    };
    Some(LegendEntry { mark, text })
}

/// Three significant digits.
fn significant(value: f64) -> String {
    let decimals = (2.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 9.0) as usize;
    number(value, decimals)
}

/// A domain with a margin, and wide enough to hold two ticks.
fn log_domain((low, high): (f64, f64)) -> (f64, f64) {
    let lacking = (3.0 / (high / low)).max(1.0).sqrt();
    (low / lacking / 1.1, high * lacking * 1.1)
}

fn draw_curve(svg: &mut Svg, curve: &[Point], color: &'static str, scales: (&Scale, &Scale)) {
    let solid = Stroke::solid(color, 2.0);
    if curve.len() > MAX_RAW {
        svg.path(&line(curve, scales), Stroke { opacity: 0.3, ..Stroke::solid(color, 0.8) });
        svg.path(&line(&running_mean(curve), scales), solid);
    } else {
        svg.path(&line(curve, scales), solid);
    }
}

fn line(curve: &[Point], (x, y): (&Scale, &Scale)) -> PathData {
    path_of(&decimated(curve.iter().map(|&(step, value)| (x.px(step), y.px(value))), 1.0, 0.15))
}

/// Mean over a window around every point, geometric where all values are positive, shorter toward the ends and left out
/// where it would be one of few.
fn running_mean(curve: &[Point]) -> Vec<Point> {
    let is_positive = curve.iter().all(|point| point.1 > 0.0);
    let mut sums = vec![0.0];
    for &(_, value) in curve {
        sums.push(sums[sums.len() - 1] + if is_positive { value.ln() } else { value });
    }
    let half = curve.len() / MEAN_SHARE / 2;
    let rim = half.div_ceil(4);
    let mean = |i: usize| {
        let reach = half.min(i).min(curve.len() - 1 - i);
        let sum: f64 = sums[i + reach + 1] - sums[i - reach];
        let mean = sum / (2 * reach + 1) as f64;
        (curve[i].0, if is_positive { mean.exp() } else { mean })
    };
    (rim..curve.len() - rim).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_running_mean_keeps_exponential_decay() {
        let decay: Vec<(f64, f64)> = (0..1000).map(f64::from).map(|i| (i, (-0.01 * i).exp())).collect();
        let means = running_mean(&decay);
        assert!(means.len() > 990);
        for (step, mean) in means {
            assert!((mean / (-0.01 * step).exp() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn analytic_losses_show_three_digits() {
        assert_eq!([0.012_345, 1.5, 123.4].map(significant), ["0.0123", "1.50", "123"]);
    }
}
