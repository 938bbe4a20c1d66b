//! Marks of single values, told apart by shape as well as by color.

use super::palette::BACKGROUND;
use super::svg::{PathData, Px, Stroke, Svg};

/// Shape and color of a mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    /// A filled disk.
    Dot(&'static str),
    /// A circle filled with the ground.
    Ring(&'static str),
    /// Two crossing strokes.
    Cross(&'static str),
    /// A filled diamond with a rim of the ground.
    Diamond(&'static str),
    /// A filled triangle that points down.
    Triangle(&'static str),
    /// A piece of line.
    Line(Stroke),
    /// A piece of filled area.
    Band(&'static str, f64),
}

/// Draws `mark` around `(x, y)`; `radius` is its half width.
pub(super) fn draw_mark(svg: &mut Svg, mark: Mark, (x, y): (f64, f64), radius: f64) {
    match mark {
        Mark::Dot(color) => {
            svg.element("circle", &[("cx", &Px(x)), ("cy", &Px(y)), ("r", &Px(radius)), ("fill", &color)]);
        }
        Mark::Ring(color) => draw_ring(svg, color, (x, y), radius),
        Mark::Cross(color) => {
            let arm = 0.85 * radius;
            let stroke = Stroke::solid(color, (0.5 * radius).min(2.0));
            svg.line((x - arm, y - arm), (x + arm, y + arm), stroke);
            svg.line((x - arm, y + arm), (x + arm, y - arm), stroke);
        }
        Mark::Diamond(color) => {
            let corners = |r: f64| [(x - r, y), (x, y - r), (x + r, y), (x, y + r)];
            svg.area(&polygon(&corners(1.3 * radius + 1.5)), BACKGROUND, 1.0);
            svg.area(&polygon(&corners(1.3 * radius)), color, 1.0);
        }
        Mark::Triangle(color) => {
            let corners =
                [(x, y + 0.8 * radius), (x - radius, y - 0.8 * radius), (x + radius, y - 0.8 * radius)];
            svg.area(&polygon(&corners), color, 1.0);
        }
        Mark::Line(stroke) => svg.line((x - radius, y), (x + radius, y), stroke),
        Mark::Band(color, opacity) => {
            let (half, thick) = (radius, 0.55 * radius);
            let corners =
                [(x - half, y - thick), (x + half, y - thick), (x + half, y + thick), (x - half, y + thick)];
            svg.area(&polygon(&corners), color, opacity);
        }
    }
}

/// The closed path through `corners`.
pub(super) fn polygon(corners: &[(f64, f64)]) -> PathData {
    let mut path = PathData::through(corners);
    if !path.is_empty() {
        path.close();
    }
    path
}

fn draw_ring(svg: &mut Svg, color: &'static str, (x, y): (f64, f64), radius: f64) {
    let (x, y, radius) = (Px(x), Px(y), Px(radius));
    let place: [super::svg::Attribute<'_>; 3] = [("cx", &x), ("cy", &y), ("r", &radius)];
    let paint: [super::svg::Attribute<'_>; 3] =
        [("fill", &BACKGROUND), ("stroke", &color), ("stroke-width", &"1.6")];
    svg.element("circle", &[place, paint].concat());
}
