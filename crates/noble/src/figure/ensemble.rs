//! An ensemble at one current: overlaid voltages, the current step, and a raster of spikes.
//!
//! Overlaid spike trains cannot be read, so below them every member has a row of its own, sorted by its number of
//! spikes; an ensemble without spikes shows its spread as a band instead.

use super::axis::{Scale, X_AXIS_HEIGHT, draw_x_axis, draw_y_axis, extent, padded};
use super::mark::Mark;
use super::page::{LegendEntry, MARGIN, RIM, counted, draw_empty, draw_heading, finish, panel_frame};
use super::palette::{BLUE, MEMBER, VERMILLION};
use super::polyline::{Pieces, decimated, n_points, path_of};
use super::raster::{Raster, draw_raster, raster_height};
use super::step::{STEP_HEIGHT, StepCurrent, current_text, draw_step, shade_step};
use super::summary::{quantile, sorted_column};
use super::svg::{Frame, PathData, Stroke, Svg};

/// Voltages and spikes of the members of an ensemble under the same current step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnsembleFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// Sample times (ms), `[n_samples]`.
    pub times_ms: Vec<f64>,
    /// Membrane potentials (mV), `[n_members × n_samples]`.
    pub v_mv: Vec<Vec<f64>>,
    /// Spike times (ms), one row per member.
    pub spike_times_ms: Vec<Vec<f64>>,
    /// The current of all members.
    pub step: StepCurrent,
    /// Names of the members; may be empty.
    pub member_labels: Vec<String>,
    /// Member drawn on top; without one, the member with the median number of spikes, or the pointwise median
    /// where no member spikes.
    pub highlighted_idx: Option<usize>,
}

/// Room right of the panels for the bars of spike counts.
const RIGHT: f64 = 98.0;
const VOLTAGE_HEIGHT: f64 = 250.0;
const GAP: f64 = 14.0;
/// Points of all member lines together; beyond, only every k-th member is drawn.
const MAX_POINTS: usize = 45_000;

/// Draws an ensemble as an SVG document.
pub fn ensemble_svg(figure: &EnsembleFigure) -> String {
    let plan = Plan::new(figure);
    let mut svg = Svg::new();
    let description = describe(&plan);
    if plan.order.is_empty() || plan.time_ms.is_none() {
        let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &[]);
        let bottom = draw_empty(&mut svg, top);
        return finish(svg, bottom, &figure.title, &description);
    }
    let lines = plan.member_lines();
    let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &legend(&plan, &lines));
    let bottom = draw_panels(&mut svg, &plan, &lines, top);
    finish(svg, bottom, &figure.title, &description)
}

/// What is decided before anything is drawn.
struct Plan<'a> {
    figure: &'a EnsembleFigure,
    /// Members from the fewest spikes to the most.
    order: Vec<usize>,
    is_spiking: bool,
    highlighted_idx: Option<usize>,
    time_ms: Option<(f64, f64)>,
    voltage_mv: (f64, f64),
}

impl<'a> Plan<'a> {
    fn new(figure: &'a EnsembleFigure) -> Self {
        let n_members = figure.v_mv.len().max(figure.spike_times_ms.len());
        let spikes = |idx: usize| figure.spike_times_ms.get(idx).map_or(&[][..], Vec::as_slice);
        let first_ms = |idx: usize| spikes(idx).first().copied().unwrap_or(f64::INFINITY);
        let mut order: Vec<usize> = (0..n_members).collect();
        order.sort_by(|&a, &b| {
            spikes(a).len().cmp(&spikes(b).len()).then(first_ms(b).total_cmp(&first_ms(a)))
        });
        let is_spiking = figure.spike_times_ms.iter().any(|row| !row.is_empty());
        let typical = if is_spiking { order.get(order.len() / 2).copied() } else { None };
        let highlighted_idx = figure.highlighted_idx.filter(|&idx| idx < n_members).or(typical);
        let times = figure.times_ms.iter().copied();
        let time_ms = extent(times).or_else(|| extent(figure.spike_times_ms.iter().flatten().copied()));
        let voltage_mv = voltage_domain_mv(&figure.v_mv);
        Self { figure, order, is_spiking, highlighted_idx, time_ms, voltage_mv }
    }

    fn voltage_frame(&self, top: f64) -> Frame {
        panel_frame(top, VOLTAGE_HEIGHT, if self.is_spiking { RIGHT } else { RIM })
    }

    fn time_scale(&self, frame: Frame) -> Scale {
        Scale::linear(self.time_ms.unwrap_or((0.0, 1.0)), (frame.left, frame.right()))
    }

    fn voltage_scale(&self, frame: Frame) -> Scale {
        Scale::linear(self.voltage_mv, (frame.bottom(), frame.top))
    }

    fn n_spikes(&self, idx: usize) -> usize {
        self.figure.spike_times_ms.get(idx).map_or(0, Vec::len)
    }

    fn label(&self, idx: usize) -> Option<&str> {
        self.figure.member_labels.get(idx).map(|label| label.trim()).filter(|label| !label.is_empty())
    }

    /// Lines of the members below the highlighted one, as many as the budget of points holds, evenly by order.
    fn member_lines(&self) -> Vec<Pieces> {
        let others = self.order.iter().filter(|&&idx| Some(idx) != self.highlighted_idx);
        let mut lines: Vec<Pieces> = others.map(|&idx| self.line(idx, 0.35)).collect();
        lines.retain(|line| !line.is_empty());
        let stride = lines.iter().map(n_points).sum::<usize>().div_ceil(MAX_POINTS).max(1);
        lines.into_iter().step_by(stride).collect()
    }

    fn line(&self, idx: usize, tolerance: f64) -> Pieces {
        let row = self.figure.v_mv.get(idx).map_or(&[][..], Vec::as_slice);
        self.line_of(row, tolerance)
    }

    fn line_of(&self, v_mv: &[f64], tolerance: f64) -> Pieces {
        let frame = self.voltage_frame(0.0);
        let (time, voltage) = (self.time_scale(frame), self.voltage_scale(frame));
        let finite_px =
            |scale: &Scale, value: f64| if value.is_finite() { scale.px(value) } else { f64::NAN };
        let samples = self.figure.times_ms.iter().zip(v_mv);
        decimated(samples.map(|(&t, &v)| (finite_px(&time, t), finite_px(&voltage, v))), 1.0, tolerance)
    }
}

/// The voltages of all members with a margin, at least 6 mV.
fn voltage_domain_mv(v_mv: &[Vec<f64>]) -> (f64, f64) {
    let (low, high) = extent(v_mv.iter().flatten().copied()).unwrap_or((-80.0, 40.0));
    let lacking = (6.0 - (high - low)).max(0.0) / 2.0;
    padded((low - lacking, high + lacking), 0.03)
}

fn draw_panels(svg: &mut Svg, plan: &Plan<'_>, lines: &[Pieces], top: f64) -> f64 {
    let voltage = plan.voltage_frame(top);
    let strip = Frame { top: voltage.bottom() + GAP, height: STEP_HEIGHT, ..voltage };
    let raster = Frame { top: strip.bottom() + GAP, height: raster_height(plan.order.len()), ..voltage };
    let last = if plan.is_spiking { raster } else { strip };
    let time = plan.time_scale(voltage);
    shade_step(svg, Frame { height: last.bottom() - voltage.top, ..voltage }, &time, plan.figure.step);
    draw_voltage(svg, plan, lines, voltage);
    draw_step(svg, strip, &time, plan.figure.step);
    if plan.is_spiking {
        let figure = plan.figure;
        let rows = Raster {
            order: &plan.order,
            spike_times_ms: &figure.spike_times_ms,
            labels: &figure.member_labels,
            highlighted_idx: plan.highlighted_idx,
        };
        draw_raster(svg, &rows, raster, &time);
    }
    draw_x_axis(svg, last, &time, &time.ticks(7), "Time (ms)");
    last.bottom() + X_AXIS_HEIGHT + MARGIN
}

fn draw_voltage(svg: &mut Svg, plan: &Plan<'_>, lines: &[Pieces], frame: Frame) {
    let scale = plan.voltage_scale(frame);
    draw_y_axis(svg, frame, &scale, &scale.ticks(5), "Membrane potential (mV)");
    let place = format!("translate(0 {})", super::svg::Px(frame.top));
    svg.group(&[("transform", &place)], |svg| {
        if !plan.is_spiking && plan.figure.v_mv.len() > 2 {
            svg.area(&band(plan), BLUE, 0.16);
        }
        let opacity = member_opacity(lines.len());
        for line in lines {
            svg.path(&path_of(line), Stroke { opacity, ..Stroke::solid(MEMBER, 0.9) });
        }
        match plan.highlighted_idx {
            Some(idx) => svg.path(&path_of(&plan.line(idx, 0.15)), Stroke::solid(VERMILLION, 1.2)),
            None => {
                let line = plan.line_of(&quantile_row(plan.figure, 0.5), 0.15);
                svg.path(&path_of(&line), Stroke::solid(BLUE, 2.0));
            }
        }
    });
}

/// Fainter the more lines lie over one another.
fn member_opacity(n_lines: usize) -> f64 {
    (1.1 / (n_lines.max(1) as f64).sqrt()).clamp(0.1, 0.6)
}

/// The area between the 5 % and the 95 % quantile.
fn band(plan: &Plan<'_>) -> PathData {
    let edge = |fraction| plan.line_of(&quantile_row(plan.figure, fraction), 0.15).concat();
    let mut corners = edge(0.95);
    corners.extend(edge(0.05).into_iter().rev());
    super::mark::polygon(&corners)
}

/// A quantile over the members at every sample time, NaN where no member has a value.
fn quantile_row(figure: &EnsembleFigure, fraction: f64) -> Vec<f64> {
    let at = |idx| quantile(&sorted_column(&figure.v_mv, idx), fraction).unwrap_or(f64::NAN);
    (0..figure.times_ms.len()).map(at).collect()
}

fn legend(plan: &Plan<'_>, lines: &[Pieces]) -> Vec<LegendEntry> {
    let n_members = plan.order.len();
    let mut entries = vec![];
    if !lines.is_empty() {
        let n_drawn = lines.len() + usize::from(plan.highlighted_idx.is_some());
        let members = counted(n_members, "member");
        let text = if n_drawn < n_members { format!("{n_drawn} of {members} drawn") } else { members };
        let mark = Mark::Line(Stroke { opacity: 0.6, ..Stroke::solid(MEMBER, 1.2) });
        entries.push(LegendEntry { mark, text });
    }
    match plan.highlighted_idx {
        Some(idx) => {
            let mark = Mark::Line(Stroke::solid(VERMILLION, 2.0));
            entries.push(LegendEntry { mark, text: highlighted_text(plan, idx) });
        }
        None => entries
            .push(LegendEntry { mark: Mark::Line(Stroke::solid(BLUE, 2.0)), text: "median".to_owned() }),
    }
    if !plan.is_spiking && plan.figure.v_mv.len() > 2 {
        entries.push(LegendEntry { mark: Mark::Band(BLUE, 0.16), text: "5–95 % of members".to_owned() });
    }
    entries
}

fn highlighted_text(plan: &Plan<'_>, idx: usize) -> String {
    let is_typical = plan.figure.highlighted_idx.is_none() && plan.order.len() > 2;
    let name = match (plan.label(idx), is_typical) {
        (Some(label), true) => format!("median member, {label}"),
        (Some(label), false) => label.to_owned(),
        (None, true) => "median member".to_owned(),
        (None, false) => format!("member {}", idx + 1),
    };
    format!("{name}: {}", counted(plan.n_spikes(idx), "spike"))
}

fn describe(plan: &Plan<'_>) -> String {
    let members = counted(plan.order.len(), "member");
    let counts: Vec<usize> = plan.order.iter().map(|&idx| plan.n_spikes(idx)).collect();
    let spikes = match (counts.first(), counts.last()) {
        (Some(_), Some(0)) => "no spikes".to_owned(),
        (Some(least), Some(most)) if least == most => format!("{} each", counted(*most, "spike")),
        (Some(least), Some(most)) => format!("{least} to {most} spikes"),
        _ => "no data".to_owned(),
    };
    let current = current_text(plan.figure.step.amplitude_na);
    format!("Membrane potential of {members} of an ensemble at a current step of {current}: {spikes}.")
}
