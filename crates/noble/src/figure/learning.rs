//! Learning curves: loss on a logarithmic axis against the optimizer's steps.

use super::axis::{Scale, X_AXIS_HEIGHT, draw_x_axis, draw_y_axis, draw_y_grid, extent, number};
use super::mark::{Mark, draw_mark};
use super::page::{LegendEntry, MARGIN, RIM, draw_empty, draw_heading, finish, panel_frame};
use super::palette::category;
use super::polyline::{decimated, path_of};
use super::svg::{PathData, Stroke, Svg};

/// Losses over the course of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearningFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// Name of the loss on the y axis, such as "Relative L2 loss".
    pub loss_label: String,
    /// The curves, such as training and validation.
    pub series: Vec<LossSeries>,
}

/// One loss over the course of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossSeries {
    /// What the loss was measured on.
    pub label: String,
    /// Optimizer steps, `[n_values]`.
    pub steps: Vec<f64>,
    /// Losses, `[n_values]`; values that are not positive are left out.
    pub losses: Vec<f64>,
}

const HEIGHT: f64 = 320.0;
/// Series longer than this are drawn pale under their running mean.
const MAX_RAW: usize = 400;
/// Share of a long series that its running mean takes in.
const MEAN_SHARE: usize = 60;

/// Draws learning curves as an SVG document.
pub fn learning_svg(figure: &LearningFigure) -> String {
    let mut svg = Svg::new();
    let description = format!("Loss against optimizer steps in {} series.", figure.series.len());
    let curves: Vec<Vec<(f64, f64)>> = figure.series.iter().map(valid_points).collect();
    let drawn = |(i, curve): (usize, &Vec<(f64, f64)>)| legend_entry(i, &figure.series[i], curve);
    let legend: Vec<LegendEntry> = curves.iter().enumerate().filter_map(drawn).collect();
    let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &legend);
    let title = if figure.loss_label.trim().is_empty() { "Loss" } else { &figure.loss_label };
    let bottom =
        if legend.is_empty() { draw_empty(&mut svg, top) } else { draw_panel(&mut svg, &curves, title, top) };
    finish(svg, bottom, &figure.title, &description)
}

/// Steps and losses that a logarithmic axis can show, in order of steps.
fn valid_points(series: &LossSeries) -> Vec<(f64, f64)> {
    let pairs = series.steps.iter().copied().zip(series.losses.iter().copied());
    let mut points: Vec<(f64, f64)> =
        pairs.filter(|(step, loss)| step.is_finite() && loss.is_finite() && *loss > 0.0).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn best(curve: &[(f64, f64)]) -> Option<(f64, f64)> {
    curve.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))
}

/// None where the series has nothing to show.
fn legend_entry(idx: usize, series: &LossSeries, curve: &[(f64, f64)]) -> Option<LegendEntry> {
    let (step, loss) = best(curve)?;
    let mark = Mark::Line(Stroke::solid(category(idx), 2.2));
    let label = match series.label.trim() {
        "" => format!("series {}", idx + 1),
        label => label.to_owned(),
    };
    let text = if curve.len() > MAX_RAW {
        format!("{label}, running mean")
    } else {
        format!("{label}, least {} at step {}", significant(loss), number(step, 0))
    };
    Some(LegendEntry { mark, text })
}

/// Three significant digits.
fn significant(value: f64) -> String {
    let decimals = (2.0 - value.log10().floor()).clamp(0.0, 9.0) as usize;
    number(value, decimals)
}

fn draw_panel(svg: &mut Svg, curves: &[Vec<(f64, f64)>], title: &str, top: f64) -> f64 {
    let frame = panel_frame(top, HEIGHT, RIM);
    let steps = extent(curves.iter().flatten().map(|point| point.0)).unwrap_or((0.0, 1.0));
    let losses = extent(curves.iter().flatten().map(|point| point.1)).unwrap_or((0.1, 1.0));
    let x = Scale::linear(steps, (frame.left, frame.right()));
    let y = Scale::log(loss_domain(losses), (frame.bottom(), frame.top));
    let ticks = y.ticks(6);
    draw_y_grid(svg, frame, &y, &ticks);
    draw_y_axis(svg, frame, &y, &ticks, title);
    draw_x_axis(svg, frame, &x, &x.ticks(6), "Optimizer step");
    for (idx, curve) in curves.iter().enumerate() {
        draw_curve(svg, curve, category(idx), (&x, &y));
    }
    frame.bottom() + X_AXIS_HEIGHT + MARGIN
}

/// `losses` with a margin, and wide enough to hold two ticks.
fn loss_domain((low, high): (f64, f64)) -> (f64, f64) {
    let lacking = (3.0 / (high / low)).max(1.0).sqrt();
    (low / lacking / 1.1, high * lacking * 1.1)
}

fn draw_curve(svg: &mut Svg, curve: &[(f64, f64)], color: &'static str, scales: (&Scale, &Scale)) {
    let solid = Stroke::solid(color, 2.0);
    if curve.len() > MAX_RAW {
        svg.path(&line(curve, scales), Stroke { opacity: 0.3, ..Stroke::solid(color, 0.8) });
        svg.path(&line(&running_mean(curve), scales), solid);
        return;
    }
    svg.path(&line(curve, scales), solid);
    if let Some((step, loss)) = best(curve) {
        draw_mark(svg, Mark::Dot(color), (scales.0.px(step), scales.1.px(loss)), 4.5);
    }
}

fn line(curve: &[(f64, f64)], (x, y): (&Scale, &Scale)) -> PathData {
    path_of(&decimated(curve.iter().map(|&(step, loss)| (x.px(step), y.px(loss))), 1.0, 0.15))
}

/// Geometric mean over a window around every point, shorter toward the ends and left out where it would be one of few.
fn running_mean(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sums = vec![0.0];
    for &(_, loss) in curve {
        sums.push(sums[sums.len() - 1] + loss.ln());
    }
    let half = curve.len() / MEAN_SHARE / 2;
    let rim = half.div_ceil(4);
    let mean = |i: usize| {
        let reach = half.min(i).min(curve.len() - 1 - i);
        let sum: f64 = sums[i + reach + 1] - sums[i - reach];
        (curve[i].0, (sum / (2 * reach + 1) as f64).exp())
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
