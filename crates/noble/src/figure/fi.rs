//! F-I curves: firing rate against current, every member thin and the median on top.

use super::axis::{
    Scale, X_AXIS_HEIGHT, draw_x_axis, draw_y_axis, draw_y_grid, extent, number, padded, rounded,
};
use super::mark::{Mark, draw_mark};
use super::page::{LegendEntry, MARGIN, RIM, counted, draw_empty, draw_heading, finish, panel_frame};
use super::palette::{BLUE, INK, VERMILLION};
use super::polyline::{decimated, path_of};
use super::summary::{quantile, sorted_column};
use super::svg::{Frame, PathData, Stroke, Svg};

/// F-I curves of one or several ensembles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FiFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// The ensembles; the last is drawn on top.
    pub series: Vec<FiSeries>,
}

/// F-I curves of one ensemble.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FiSeries {
    /// What the ensemble is, such as "solver".
    pub label: String,
    /// Where the rates come from.
    pub role: FiRole,
    /// Step currents (nA), `[n_currents]`.
    pub currents_na: Vec<f64>,
    /// Firing rates (Hz), `[n_members × n_currents]`; NaN where there is none.
    pub rates_hz: Vec<Vec<f64>>,
    /// Current at which firing starts (nA), marked where known.
    pub threshold_na: Option<f64>,
}

/// Where rates come from; decides color and mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FiRole {
    /// The solver, or whatever the others are judged by: dark, disks.
    #[default]
    Reference,
    /// The operator: colored, circles.
    Predicted,
    /// The recorded cell: blue, crosses.
    Recorded,
}

impl FiRole {
    fn color(self) -> &'static str {
        match self {
            Self::Reference => INK,
            Self::Predicted => VERMILLION,
            Self::Recorded => BLUE,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Predicted => "predicted",
            Self::Recorded => "recorded",
        }
    }

    fn mark(self) -> Mark {
        match self {
            Self::Reference => Mark::Dot(self.color()),
            Self::Predicted => Mark::Ring(self.color()),
            Self::Recorded => Mark::Cross(self.color()),
        }
    }
}

const HEIGHT: f64 = 340.0;
/// Most currents whose medians carry marks.
const MAX_MARKS: usize = 40;

/// Draws F-I curves as an SVG document.
pub fn fi_svg(figure: &FiFigure) -> String {
    let mut svg = Svg::new();
    let description = format!("Firing rate against step current in {} series.", figure.series.len());
    let shown: Vec<Curves<'_>> = figure.series.iter().filter_map(Curves::new).collect();
    let legend: Vec<LegendEntry> = shown.iter().map(legend_entry).collect();
    let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &legend);
    let bottom = if shown.is_empty() { draw_empty(&mut svg, top) } else { draw_panel(&mut svg, &shown, top) };
    finish(svg, bottom, &figure.title, &description)
}

/// A series with its currents in ascending order.
struct Curves<'a> {
    series: &'a FiSeries,
    currents_na: Vec<f64>,
    rates_hz: Vec<Vec<f64>>,
    median_hz: Vec<f64>,
}

impl<'a> Curves<'a> {
    /// None where the series holds no rate at any current.
    fn new(series: &'a FiSeries) -> Option<Self> {
        let mut order: Vec<usize> =
            (0..series.currents_na.len()).filter(|&i| series.currents_na[i].is_finite()).collect();
        order.sort_by(|&a, &b| series.currents_na[a].total_cmp(&series.currents_na[b]));
        let sorted =
            |row: &Vec<f64>| order.iter().map(|&i| row.get(i).copied().unwrap_or(f64::NAN)).collect();
        let rates_hz: Vec<Vec<f64>> = series.rates_hz.iter().map(sorted).collect();
        extent(rates_hz.iter().flatten().copied())?;
        let median = |i| quantile(&sorted_column(&rates_hz, i), 0.5).unwrap_or(f64::NAN);
        let median_hz = (0..order.len()).map(median).collect();
        let currents_na = order.iter().map(|&i| series.currents_na[i]).collect();
        Some(Self { series, currents_na, rates_hz, median_hz })
    }

    fn threshold_na(&self) -> Option<f64> {
        self.series.threshold_na.filter(|threshold_na| threshold_na.is_finite())
    }
}

fn legend_entry(curves: &Curves<'_>) -> LegendEntry {
    let n_members = curves.rates_hz.len();
    let label = match curves.series.label.trim() {
        "" => curves.series.role.noun(),
        label => label,
    };
    let mut text = if n_members > 1 {
        format!("{label}: median of {}", counted(n_members, "member"))
    } else {
        label.to_owned()
    };
    if let Some(threshold_na) = curves.threshold_na() {
        text += &format!(", threshold {} nA", number(threshold_na, 3));
    }
    LegendEntry { mark: curves.series.role.mark(), text }
}

fn draw_panel(svg: &mut Svg, shown: &[Curves<'_>], top: f64) -> f64 {
    let frame = panel_frame(top + 6.0, HEIGHT, RIM);
    let thresholds = shown.iter().filter_map(Curves::threshold_na);
    let currents =
        extent(shown.iter().flat_map(|curves| curves.currents_na.iter().copied()).chain(thresholds));
    let rates = extent(shown.iter().flat_map(|curves| curves.rates_hz.iter().flatten().copied()));
    let most_hz = rates.map_or(1.0, |(_, most)| most.max(1.0));
    let least_hz = rates.map_or(0.0, |(least, _)| least.min(0.0));
    let current = Scale::linear(padded(currents.unwrap_or((0.0, 1.0)), 0.02), (frame.left, frame.right()));
    let rate = Scale::linear(rounded((least_hz, most_hz), 5), (frame.bottom(), frame.top));
    let ticks = rate.ticks(5);
    draw_y_grid(svg, frame, &rate, &ticks);
    draw_y_axis(svg, frame, &rate, &ticks, "Firing rate (Hz)");
    draw_x_axis(svg, frame, &current, &current.ticks(7), "Step current (nA)");
    for curves in shown {
        draw_members(svg, curves, &current, &rate);
    }
    for curves in shown {
        draw_threshold(svg, curves, &current, frame);
        draw_median(svg, curves, &current, &rate);
    }
    frame.bottom() + X_AXIS_HEIGHT + MARGIN
}

fn draw_members(svg: &mut Svg, curves: &Curves<'_>, current: &Scale, rate: &Scale) {
    if curves.rates_hz.len() < 2 {
        return;
    }
    let opacity = (1.3 / (curves.rates_hz.len() as f64).sqrt()).clamp(0.12, 0.5);
    let stroke = Stroke { color: curves.series.role.color(), width: 0.9, opacity };
    for row in &curves.rates_hz {
        for known in known_runs(row) {
            svg.path(&line(&curves.currents_na[known.clone()], &row[known], current, rate), stroke);
        }
    }
}

fn draw_median(svg: &mut Svg, curves: &Curves<'_>, current: &Scale, rate: &Scale) {
    let color = curves.series.role.color();
    svg.path(&line(&curves.currents_na, &curves.median_hz, current, rate), Stroke::solid(color, 2.2));
    if curves.currents_na.len() > MAX_MARKS {
        return;
    }
    for (&current_na, &rate_hz) in curves.currents_na.iter().zip(&curves.median_hz) {
        if rate_hz.is_finite() {
            draw_mark(svg, curves.series.role.mark(), (current.px(current_na), rate.px(rate_hz)), 4.2);
        }
    }
}

/// A thin upright line at the threshold under a triangle at the top.
fn draw_threshold(svg: &mut Svg, curves: &Curves<'_>, current: &Scale, frame: Frame) {
    if let Some(threshold_na) = curves.threshold_na() {
        let (x, color) = (current.px(threshold_na), curves.series.role.color());
        svg.line((x, frame.top), (x, frame.bottom()), Stroke { opacity: 0.45, ..Stroke::solid(color, 1.0) });
        draw_mark(svg, Mark::Triangle(color), (x, frame.top), 5.0);
    }
}

/// Stretches of two or more neighboring currents at which a member was measured; a gap is not bridged.
fn known_runs(rates_hz: &[f64]) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for end in 0..=rates_hz.len() {
        if end == rates_hz.len() || !rates_hz[end].is_finite() {
            if end > start + 1 {
                runs.push(start..end);
            }
            start = end + 1;
        }
    }
    runs
}

fn line(currents_na: &[f64], rates_hz: &[f64], current: &Scale, rate: &Scale) -> PathData {
    let points = currents_na.iter().zip(rates_hz).filter(|(_, rate_hz)| rate_hz.is_finite());
    path_of(&decimated(points.map(|(&i, &f)| (current.px(i), rate.px(f))), 1.0, 0.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_gaps_are_not_bridged() {
        let rates_hz = [1.0, 2.0, f64::NAN, 3.0, f64::NAN, f64::NAN, 4.0, 5.0, 6.0];
        assert_eq!(known_runs(&rates_hz), [0..2, 6..9]);
        assert!(known_runs(&[]).is_empty());
    }
}
