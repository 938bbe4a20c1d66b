//! What every figure shares: its width, its heading with the legend, and the finish.

use super::mark::{Mark, draw_mark};
use super::palette::{INK, MUTED};
use super::svg::{Anchor, Frame, Svg, TextStyle, Turn, shortened, text_width, wrap};

/// Width of every figure.
pub(super) const PAGE_WIDTH: f64 = 760.0;
/// Empty margin around a figure.
pub(super) const MARGIN: f64 = 20.0;

/// Room right of a panel, for the half of a tick label that stands out.
pub(super) const RIM: f64 = MARGIN + 14.0;

const TITLE: TextStyle =
    TextStyle { size: 20.0, weight: 600, fill: INK, anchor: Anchor::Start, turn: Turn::Level };
const SUBTITLE: TextStyle = TextStyle { size: 15.0, weight: 400, fill: MUTED, ..TITLE };
const LEGEND: TextStyle = TextStyle { size: 14.0, weight: 400, fill: INK, ..TITLE };
/// Labels of panels.
pub(super) const PANEL_TEXT: TextStyle = TextStyle { size: 14.0, weight: 600, fill: INK, ..TITLE };
/// Remarks in and beside panels.
pub(super) const NOTE_TEXT: TextStyle = TextStyle { size: 14.0, weight: 400, fill: MUTED, ..TITLE };

/// One key of a legend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LegendEntry {
    /// What is seen in the figure.
    pub(super) mark: Mark,
    /// What it stands for.
    pub(super) text: String,
}

/// Writes title, subtitle and legend; gives the y below them.
pub(super) fn draw_heading(svg: &mut Svg, title: &str, subtitle: &str, legend: &[LegendEntry]) -> f64 {
    let width = PAGE_WIDTH - 2.0 * MARGIN;
    let mut y = MARGIN;
    for line in wrap(title, width, TITLE.size) {
        y += 24.0;
        svg.text((MARGIN, y - 7.0), TITLE, &line);
    }
    for line in wrap(subtitle, width, SUBTITLE.size) {
        y += 21.0;
        svg.text((MARGIN, y - 5.0), SUBTITLE, &line);
    }
    if legend.is_empty() { y + 14.0 } else { draw_legend(svg, legend, y + 12.0) + 12.0 }
}

/// Height that a figure without any data takes below its heading.
pub(super) const EMPTY_HEIGHT: f64 = 160.0;

/// Writes that there is nothing to show; gives the y below.
pub(super) fn draw_empty(svg: &mut Svg, top: f64) -> f64 {
    let style = TextStyle { anchor: Anchor::Middle, ..NOTE_TEXT };
    svg.text((PAGE_WIDTH / 2.0, top + EMPTY_HEIGHT / 2.0), style, "no data");
    top + EMPTY_HEIGHT
}

/// The finished figure; a figure without a title is named by what it describes.
pub(super) fn finish(svg: Svg, bottom: f64, title: &str, description: &str) -> String {
    let title = if title.trim().is_empty() { description } else { title };
    svg.finish((PAGE_WIDTH, bottom.ceil()), title, description)
}

/// A frame between the left axis and a right rim of `right` pixels.
pub(super) fn panel_frame(top: f64, height: f64, right: f64) -> Frame {
    let left = MARGIN + super::axis::Y_AXIS_WIDTH - 6.0;
    Frame { left, top, width: PAGE_WIDTH - right - left, height }
}

/// `count` with its noun, in the plural where need be.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Writes the keys in rows from `top` on; gives the y below them.
pub(super) fn draw_legend(svg: &mut Svg, legend: &[LegendEntry], top: f64) -> f64 {
    const ROW: f64 = 22.0;
    const KEY: f64 = 26.0;
    let (mut x, mut y) = (MARGIN, top);
    for entry in legend {
        let text = shortened(&entry.text, PAGE_WIDTH - 2.0 * MARGIN - KEY - 6.0, LEGEND.size);
        let width = KEY + 6.0 + text_width(&text, LEGEND.size);
        if x > MARGIN && x + width > PAGE_WIDTH - MARGIN {
            (x, y) = (MARGIN, y + ROW);
        }
        let radius = match entry.mark {
            Mark::Line(_) | Mark::Band(..) => 11.0,
            _ => 4.5,
        };
        draw_mark(svg, entry.mark, (x + 12.0, y + 6.0), radius);
        svg.text((x + KEY + 2.0, y + 11.0), LEGEND, &text);
        x += width + 18.0;
    }
    y + ROW
}
