//! Spike raster: one row per member, with bars of the spike counts beside it.

use super::axis::{AXIS_TEXT, Scale, TICK_TEXT, draw_y_title};
use super::mark::polygon;
use super::palette::{AXIS, INK, MEMBER, VERMILLION};
use super::svg::{Anchor, Frame, PathData, Stroke, Svg, TextStyle, shortened};

/// Spikes of the members and the order of their rows.
pub(super) struct Raster<'a> {
    /// Members from the lowest row to the highest.
    pub(super) order: &'a [usize],
    /// Spike times (ms) by member.
    pub(super) spike_times_ms: &'a [Vec<f64>],
    /// Names by member; may be shorter.
    pub(super) labels: &'a [String],
    /// Member drawn in color.
    pub(super) highlighted_idx: Option<usize>,
}

/// Most rows that carry a name.
const MAX_NAMED_ROWS: usize = 16;
/// Width of the bars of spike counts, and their distance from the panel.
const BARS: (f64, f64) = (50.0, 28.0);

/// Height for `n_rows` rows, each between 1.3 and 15 pixels.
pub(super) fn raster_height(n_rows: usize) -> f64 {
    let n_rows = n_rows.max(1) as f64;
    n_rows * (230.0 / n_rows).clamp(1.3, 15.0)
}

/// Draws the raster in `frame` and the counts to its right.
pub(super) fn draw_raster(svg: &mut Svg, raster: &Raster<'_>, frame: Frame, time: &Scale) {
    let row_height = frame.height / raster.order.len().max(1) as f64;
    let top_of = |row: usize| frame.bottom() - (row + 1) as f64 * row_height;
    let (low_ms, high_ms) = time.domain();
    for (row, &idx) in raster.order.iter().enumerate() {
        let is_highlighted = raster.highlighted_idx == Some(idx);
        let rise = if is_highlighted { row_height.max(4.0) } else { row_height } * 0.84;
        let top = top_of(row) + (row_height - rise) / 2.0;
        let mut path = PathData::default();
        let times = raster.spike_times_ms.get(idx).map_or(&[][..], Vec::as_slice);
        for &t in times.iter().filter(|t| (low_ms..=high_ms).contains(*t)) {
            path.move_to((time.px(t), top));
            path.line_to((time.px(t), top + rise));
        }
        let stroke = if is_highlighted { Stroke::solid(VERMILLION, 1.5) } else { Stroke::solid(INK, 1.0) };
        svg.path(&path, stroke);
    }
    draw_rows_axis(svg, raster, frame, row_height);
    draw_counts(svg, raster, frame, row_height);
}

/// Names the rows where they are few, numbers the lowest and the highest where they are many.
fn draw_rows_axis(svg: &mut Svg, raster: &Raster<'_>, frame: Frame, row_height: f64) {
    let n_rows = raster.order.len();
    let style = TextStyle { anchor: Anchor::End, ..TICK_TEXT };
    let baseline_of = |row: usize| frame.bottom() - (row as f64 + 0.5) * row_height + 4.5;
    let right = frame.left - 12.0;
    if n_rows <= MAX_NAMED_ROWS && !raster.labels.is_empty() {
        let style = TextStyle { size: style.size.min(row_height - 2.0), ..style };
        for (row, &idx) in raster.order.iter().enumerate() {
            let label = raster.labels.get(idx).map_or("", String::as_str);
            svg.text((right, baseline_of(row)), style, &shortened(label, right - 8.0, style.size));
        }
        return;
    }
    let x = frame.left - 6.0;
    svg.line((x, frame.top), (x, frame.bottom()), Stroke::solid(AXIS, 1.0));
    let step = super::axis::linear_ticks((0.0, n_rows as f64), 4);
    let marked = step.iter().map(|tick| tick.value.round() as usize);
    for number in marked.filter(|number| (1..=n_rows).contains(number)) {
        let y = baseline_of(number - 1);
        svg.line((x - 5.0, y - 4.5), (x, y - 4.5), Stroke::solid(AXIS, 1.0));
        svg.text((x - 9.0, y), style, &number.to_string());
    }
    let title = if frame.height > 150.0 { "Member by spike count" } else { "Member" };
    draw_y_title(svg, frame, title);
}

/// Draws one bar per row as long as its number of spikes, over an axis from 0 to the greatest.
fn draw_counts(svg: &mut Svg, raster: &Raster<'_>, frame: Frame, row_height: f64) {
    let (width, gap) = BARS;
    let left = frame.right() + gap;
    let count = |idx: usize| raster.spike_times_ms.get(idx).map_or(0, Vec::len);
    let most = raster.order.iter().map(|&idx| count(idx)).max().unwrap_or(0);
    let bars = raster.order.iter().enumerate().map(|(row, &idx)| {
        let middle = frame.bottom() - (row as f64 + 0.5) * row_height;
        let length = width * count(idx) as f64 / most.max(1) as f64;
        let bar = |height: f64| Frame { left, top: middle - height / 2.0, width: length, height };
        (idx, bar(if row_height > 4.0 { row_height - 1.0 } else { row_height }))
    });
    let bars: Vec<(usize, Frame)> = bars.collect();
    if row_height > 4.0 {
        bars.iter().for_each(|(_, bar)| svg.rect(*bar, MEMBER));
    } else {
        svg.area(&outline(left, &bars), MEMBER, 1.0);
    }
    for (_, bar) in bars.iter().filter(|(idx, _)| raster.highlighted_idx == Some(*idx)) {
        let height = bar.height.max(2.5);
        svg.rect(Frame { top: bar.top + (bar.height - height) / 2.0, height, ..*bar }, VERMILLION);
    }
    draw_counts_axis(svg, (left, width), frame.bottom() + 6.0, most);
}

fn draw_counts_axis(svg: &mut Svg, (left, width): (f64, f64), y: f64, most: usize) {
    svg.line((left, y), (left + width, y), Stroke::solid(AXIS, 1.0));
    for (x, number) in [(left, 0), (left + width, most)] {
        svg.line((x, y), (x, y + 5.0), Stroke::solid(AXIS, 1.0));
        svg.text((x, y + 20.0), TICK_TEXT, &number.to_string());
    }
    svg.text((left + width / 2.0, y + 43.0), AXIS_TEXT, "Spikes");
}

/// Bars too thin to stand apart as one shape, without seams.
fn outline(left: f64, bars: &[(usize, Frame)]) -> PathData {
    let edge = bars.iter().flat_map(|(_, bar)| [(bar.right(), bar.bottom()), (bar.right(), bar.top)]);
    let mut corners: Vec<(f64, f64)> = edge.collect();
    if let (Some((_, first)), Some((_, last))) = (bars.first(), bars.last()) {
        corners.extend([(left, last.top), (left, first.bottom())]);
    }
    polygon(&corners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_rows_fill_a_bounded_height() {
        assert!((raster_height(1) - 15.0).abs() < 1e-9);
        assert!((raster_height(50) - 230.0).abs() < 1e-9);
        assert!((raster_height(200) - 260.0).abs() < 1e-9);
    }
}
