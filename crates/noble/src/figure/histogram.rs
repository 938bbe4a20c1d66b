//! Histograms: how often values fall into each of equal bins, of several series one upon the other.

use super::axis::{
    Scale, X_AXIS_HEIGHT, draw_x_axis, draw_y_axis, draw_y_grid, extent, linear_ticks, rounded,
};
use super::mark::{Mark, polygon};
use super::page::{LegendEntry, MARGIN, RIM, counted, draw_empty, draw_heading, finish, panel_frame};
use super::palette::category;
use super::svg::Svg;

/// A histogram of stacked series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// What the values are, with their unit.
    pub quantity: String,
    /// What is counted, such as traces.
    pub counted: String,
    /// The series, the first at the bottom.
    pub series: Vec<HistogramSeries>,
}

/// Values of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramSeries {
    /// What tells it from the others.
    pub label: String,
    /// Its values; those that are not finite are left out.
    pub values: Vec<f64>,
}

const HEIGHT: f64 = 260.0;
/// Bins over the range of all values, about.
const N_BINS: usize = 40;
/// Between two bars.
const GAP_PX: f64 = 1.0;

/// Draws the histogram as an SVG document.
pub fn histogram_svg(figure: &HistogramFigure) -> String {
    let mut svg = Svg::new();
    let description = format!("Histogram of {} in {} series.", figure.quantity, figure.series.len());
    let entry = |(idx, series): (usize, &HistogramSeries)| LegendEntry {
        mark: Mark::Band(category(idx), 1.0),
        text: format!("{} ({})", series.label, counted(series.values.len(), "value")),
    };
    let legend: Vec<LegendEntry> = figure.series.iter().enumerate().map(entry).collect();
    let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &legend);
    let all = figure.series.iter().flat_map(|series| series.values.iter().copied());
    let bottom = match extent(all) {
        Some(range) => draw_panel(&mut svg, figure, range, top),
        None => draw_empty(&mut svg, top),
    };
    finish(svg, bottom, &figure.title, &description)
}

fn draw_panel(svg: &mut Svg, figure: &HistogramFigure, range: (f64, f64), top: f64) -> f64 {
    let frame = panel_frame(top + 6.0, HEIGHT, RIM);
    let edges = edges(range);
    let counts: Vec<Vec<usize>> =
        figure.series.iter().map(|series| counts_within(&series.values, &edges)).collect();
    let in_bin = |bin: usize| counts.iter().map(|own| own[bin]).sum::<usize>();
    let most = (0..edges.len() - 1).map(in_bin).max().unwrap_or(0).max(1);
    let x = Scale::linear((edges[0], edges[edges.len() - 1]), (frame.left, frame.right()));
    let y = Scale::linear((0.0, 1.05 * most as f64), (frame.bottom(), frame.top));
    let ticks = y.ticks(5);
    draw_y_grid(svg, frame, &y, &ticks);
    for bin in 0..edges.len() - 1 {
        let (left, right) = (x.px(edges[bin]), x.px(edges[bin + 1]) - GAP_PX);
        let mut below = 0;
        for (idx, own) in counts.iter().enumerate().filter(|(_, own)| own[bin] > 0) {
            let (low, high) = (y.px(below as f64), y.px((below + own[bin]) as f64));
            let corners = [(left, low), (right, low), (right, high), (left, high)];
            svg.area(&polygon(&corners), category(idx), 1.0);
            below += own[bin];
        }
    }
    draw_y_axis(svg, frame, &y, &ticks, &figure.counted);
    draw_x_axis(svg, frame, &x, &x.ticks(8), &figure.quantity);
    frame.bottom() + X_AXIS_HEIGHT + MARGIN
}

/// Round edges of bins around a range, two at least.
fn edges(range: (f64, f64)) -> Vec<f64> {
    let around = rounded(range, N_BINS);
    let edges: Vec<f64> = linear_ticks(around, N_BINS).into_iter().map(|tick| tick.value).collect();
    if edges.len() > 1 { edges } else { vec![around.0, around.1] }
}

/// Values within each bin, its lower edge included; the last has both.
fn counts_within(values: &[f64], edges: &[f64]) -> Vec<usize> {
    let mut counts = vec![0; edges.len() - 1];
    for value in values.iter().filter(|value| value.is_finite()) {
        let bin = edges.partition_point(|edge| edge <= value).clamp(1, counts.len()) - 1;
        counts[bin] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_every_value_lies_in_one_bin() {
        let edges = edges((-0.1093, 0.2789));
        assert!((edges[0] + 0.11).abs() < 1e-9 && edges[edges.len() - 1] >= 0.2789 && edges.len() == 40);
        let counts = counts_within(&[-0.1093, -0.11, 0.0, 0.2789, f64::NAN], &edges);
        assert_eq!((counts.iter().sum::<usize>(), counts[0], counts[11], counts[38]), (4, 2, 1, 1));
        assert_eq!(counts_within(&[0.0, 0.5, 1.0], &[0.0, 0.5, 1.0]), [1, 2]);
    }
}
