//! The current step under a voltage panel.

use super::axis::{Scale, TICK_TEXT, number};
use super::page::NOTE_TEXT;
use super::palette::{INK, WINDOW};
use super::svg::{Anchor, Frame, PathData, Stroke, Svg, TextStyle, text_width};

/// A step of current.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepCurrent {
    /// Start of the step (ms).
    pub delay_ms: f64,
    /// Length of the step (ms).
    pub duration_ms: f64,
    /// Height of the step (nA), negative where it hyperpolarizes.
    pub amplitude_na: f64,
}

/// Height of the strip that `draw_step` fills.
pub(super) const STEP_HEIGHT: f64 = 26.0;

/// A current with two decimals, three where it needs them, and its unit.
pub(super) fn current_text(current_na: f64) -> String {
    let needs_three = ((current_na * 100.0).round() / 100.0 - current_na).abs() > 5e-4;
    format!("{} nA", number(current_na, if needs_three { 3 } else { 2 }))
}

/// Shades the time of the step over the whole height of `frame`.
pub(super) fn shade_step(svg: &mut Svg, frame: Frame, time: &Scale, step: StepCurrent) {
    let (left, right) = step_span(time, step);
    if right > left {
        svg.rect(Frame { left, width: right - left, ..frame }, WINDOW);
    }
}

/// Draws the course of the current in `frame` and writes its amplitude on it.
pub(super) fn draw_step(svg: &mut Svg, frame: Frame, time: &Scale, step: StepCurrent) {
    let (left, right) = step_span(time, step);
    let (low, high) = (frame.bottom() - 3.0, frame.top + 3.0);
    let (rest, plateau) = if step.amplitude_na < 0.0 { (high, low) } else { (low, high) };
    let plateau = if step.amplitude_na.abs() > 0.0 { plateau } else { rest };
    let mut course = PathData::through(&[(frame.left, rest), (left, rest), (left, plateau)]);
    for corner in [(right, plateau), (right, rest), (frame.right(), rest)] {
        course.line_to(corner);
    }
    svg.path(&course, Stroke::solid(INK, 1.5));
    let label = current_text(step.amplitude_na);
    let baseline = (low + high) / 2.0 + 4.5;
    if text_width(&label, NOTE_TEXT.size) + 12.0 < right - left {
        let style = TextStyle { anchor: Anchor::Middle, fill: INK, ..NOTE_TEXT };
        svg.text(((left + right) / 2.0, baseline), style, &label);
    } else {
        svg.text((frame.right() + 8.0, baseline), TextStyle { fill: INK, ..NOTE_TEXT }, &label);
    }
    let style = TextStyle { anchor: Anchor::End, ..TICK_TEXT };
    svg.text((frame.left - 15.0, baseline), style, "Current");
}

/// Pixels of the start and the end of the step, held inside the scale.
fn step_span(time: &Scale, step: StepCurrent) -> (f64, f64) {
    (time.px_inside(step.delay_ms), time.px_inside(step.delay_ms + step.duration_ms.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_currents_show_the_decimals_they_need() {
        let shown: Vec<String> = [0.1, -0.11, 0.125, 0.0, f64::NAN].map(current_text).to_vec();
        assert_eq!(shown, ["0.10 nA", "−0.11 nA", "0.125 nA", "0.00 nA", "– nA"]);
    }
}
