//! The latent plane of an ensemble: every cell model at its threshold current and its F-I slope.

use crate::hull::convex_hull;

use super::axis::{Scale, X_AXIS_HEIGHT, draw_x_axis, draw_y_axis, draw_y_grid, extent, padded};
use super::mark::{Mark, draw_mark, polygon};
use super::page::{LegendEntry, MARGIN, RIM, counted, draw_empty, draw_heading, finish, panel_frame};
use super::palette::{BLUE, GREEN, INK, MUTED, VERMILLION};
use super::svg::{Anchor, Frame, Stroke, Svg, TextStyle, Turn, shortened, text_width};

/// Cell models, and points asked of the operator, in the latent plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LatentFigure {
    /// Heading.
    pub title: String,
    /// Second line of the heading.
    pub subtitle: String,
    /// The points; the convex hull is drawn around those used for training.
    pub points: Vec<LatentPoint>,
}

/// A point of the latent plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LatentPoint {
    /// Current at which firing starts (nA).
    pub threshold_na: f64,
    /// Slope of the F-I curve at the threshold (Hz/nA).
    pub slope_hz_per_na: f64,
    /// What the point is used for.
    pub role: LatentRole,
    /// Name, written beside the point where there is room; may be empty.
    pub label: String,
}

/// What a point of the latent plane is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LatentRole {
    /// The operator learned from it.
    #[default]
    Train,
    /// It decided when learning stopped.
    Validation,
    /// The operator never saw it.
    Test,
    /// A trace was asked of the operator there.
    Queried,
}

impl LatentRole {
    /// In the order of drawing.
    const ALL: [Self; 4] = [Self::Train, Self::Validation, Self::Test, Self::Queried];

    fn mark(self) -> Mark {
        match self {
            Self::Train => Mark::Dot(BLUE),
            Self::Validation => Mark::Ring(GREEN),
            Self::Test => Mark::Cross(INK),
            Self::Queried => Mark::Diamond(VERMILLION),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::Queried => "queried",
        }
    }
}

const HEIGHT: f64 = 400.0;
const RADIUS: f64 = 4.6;
/// Most points of one role that carry names.
const MAX_NAMES: usize = 24;
/// Names longer than this are cut.
const MAX_NAME_WIDTH: f64 = 140.0;
const NAME: TextStyle =
    TextStyle { size: 13.0, weight: 400, fill: MUTED, anchor: Anchor::Start, turn: Turn::Level };

/// Draws the latent plane as an SVG document.
pub fn latent_svg(figure: &LatentFigure) -> String {
    let mut svg = Svg::new();
    let is_finite =
        |point: &&LatentPoint| point.threshold_na.is_finite() && point.slope_hz_per_na.is_finite();
    let points: Vec<&LatentPoint> = figure.points.iter().filter(is_finite).collect();
    let description = format!(
        "{} in the plane of threshold current and slope of the F–I curve.",
        counted(points.len(), "point")
    );
    let legend = legend(&points);
    let top = draw_heading(&mut svg, &figure.title, &figure.subtitle, &legend);
    let bottom =
        if points.is_empty() { draw_empty(&mut svg, top) } else { draw_panel(&mut svg, &points, top) };
    finish(svg, bottom, &figure.title, &description)
}

fn legend(points: &[&LatentPoint]) -> Vec<LegendEntry> {
    let count = |role| points.iter().filter(|point| point.role == role).count();
    let used = LatentRole::ALL.into_iter().filter(|&role| count(role) > 0);
    let mut entries: Vec<LegendEntry> = used
        .map(|role| LegendEntry { mark: role.mark(), text: format!("{} ({})", role.noun(), count(role)) })
        .collect();
    if count(LatentRole::Train) > 2 {
        entries
            .push(LegendEntry { mark: Mark::Band(BLUE, 0.13), text: "convex hull of training".to_owned() });
    }
    entries
}

/// A point where it is drawn.
struct Placed<'a> {
    point: &'a LatentPoint,
    at: (f64, f64),
}

fn draw_panel(svg: &mut Svg, points: &[&LatentPoint], top: f64) -> f64 {
    let frame = panel_frame(top, HEIGHT, RIM);
    let currents = extent(points.iter().map(|point| point.threshold_na)).unwrap_or((0.0, 1.0));
    let slopes = extent(points.iter().map(|point| point.slope_hz_per_na)).unwrap_or((0.0, 1.0));
    let current = Scale::linear(widened(currents, 0.02), (frame.left, frame.right()));
    let slope = Scale::linear(widened(slopes, 20.0), (frame.bottom(), frame.top));
    let ticks = slope.ticks(5);
    draw_y_grid(svg, frame, &slope, &ticks);
    draw_y_axis(svg, frame, &slope, &ticks, "F–I slope at threshold (Hz/nA)");
    draw_x_axis(svg, frame, &current, &current.ticks(7), "Threshold current (nA)");
    let place = |&point: &&'_ LatentPoint| (current.px(point.threshold_na), slope.px(point.slope_hz_per_na));
    let placed: Vec<Placed<'_>> = points.iter().map(|point| Placed { point, at: place(point) }).collect();
    let hull = hull_px(&placed);
    svg.area(&polygon(&hull), BLUE, 0.08);
    svg.path(&polygon(&hull), Stroke { opacity: 0.45, ..Stroke::solid(BLUE, 1.2) });
    for role in LatentRole::ALL {
        for placed in placed.iter().filter(|placed| placed.point.role == role) {
            draw_mark(svg, role.mark(), placed.at, RADIUS);
        }
    }
    draw_names(svg, &placed, &hull, frame);
    frame.bottom() + X_AXIS_HEIGHT + MARGIN
}

/// `domain` with a margin, at least `least` long.
fn widened((low, high): (f64, f64), least: f64) -> (f64, f64) {
    let lacking = (least - (high - low)).max(0.0) / 2.0;
    padded((low - lacking, high + lacking), 0.06)
}

/// The convex hull of the training points as drawn.
fn hull_px(placed: &[Placed<'_>]) -> Vec<(f64, f64)> {
    let train = placed.iter().filter(|placed| placed.point.role == LatentRole::Train);
    convex_hull(&train.map(|placed| placed.at).collect::<Vec<_>>())
}

/// Names the points of every role that has few, the queried first, wherever a name covers no point and no name,
/// and where it can also off the edge of the hull.
fn draw_names(svg: &mut Svg, placed: &[Placed<'_>], hull: &[(f64, f64)], frame: Frame) {
    let edge = edge_squares(hull);
    let mut taken: Vec<Frame> = placed.iter().map(|placed| square(placed.at, RADIUS + 1.5)).collect();
    for role in LatentRole::ALL.into_iter().rev() {
        let of_role: Vec<&Placed<'_>> = placed.iter().filter(|placed| placed.point.role == role).collect();
        if of_role.len() > MAX_NAMES {
            continue;
        }
        for placed in of_role.into_iter().filter(|placed| !placed.point.label.trim().is_empty()) {
            let label = shortened(placed.point.label.trim(), MAX_NAME_WIDTH, NAME.size);
            let clear = |place: &Frame, things: &[Frame]| !things.iter().any(|thing| thing.overlaps(place));
            let mut places = name_places(placed.at, text_width(&label, NAME.size), role);
            places.retain(|place| frame.contains(place) && clear(place, &taken));
            if let Some(&place) = places.iter().find(|place| clear(place, &edge)).or(places.first()) {
                draw_name(svg, placed, place, &label);
                taken.push(place);
            }
        }
    }
}

/// Writes a name, with a thin line to its point where that is not right beside it.
fn draw_name(svg: &mut Svg, placed: &Placed<'_>, place: Frame, label: &str) {
    let (x, y) = placed.at;
    let nearest = (x.clamp(place.left, place.right()), y.clamp(place.top + 3.0, place.bottom() - 2.0));
    if (nearest.0 - x).hypot(nearest.1 - y) > 2.5 * RADIUS {
        svg.line((x, y), nearest, Stroke::solid(MUTED, 0.8));
    }
    let fill = if placed.point.role == LatentRole::Queried { INK } else { MUTED };
    svg.text((place.left + 1.0, place.bottom() - 3.0), TextStyle { fill, ..NAME }, label);
}

/// Small squares along the edge of the hull.
fn edge_squares(hull: &[(f64, f64)]) -> Vec<Frame> {
    let next = hull.iter().cycle().skip(1);
    let sides = hull.iter().zip(next);
    let along = |(a, b): (&(f64, f64), &(f64, f64))| {
        let (a, b) = (*a, *b);
        let n_steps = ((b.0 - a.0).hypot(b.1 - a.1) / 4.0).ceil().max(1.0);
        let at = move |share: f64| (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
        (0..n_steps as usize).map(move |i| square(at(i as f64 / n_steps), 1.0))
    };
    sides.flat_map(along).collect()
}

/// Places for a name around its point, best first; a queried point's may also lie farther off.
fn name_places((x, y): (f64, f64), width: f64, role: LatentRole) -> Vec<Frame> {
    let (width, height) = (width + 2.0, 14.0);
    let around = |reach: f64| {
        let (right, left, center) = (x + reach, x - reach - width, x - width / 2.0);
        let (above, middle, below) = (y - reach - height, y - height / 2.0, y + reach);
        let sides = [(right, middle), (left, middle), (center, above), (center, below)];
        let nook = 0.4 * reach;
        let nooks = [(right - nook, above + nook), (right - nook, below - nook)];
        let mirrored = [(left + nook, above + nook), (left + nook, below - nook)];
        [&sides[..], &nooks, &mirrored].concat()
    };
    let farther: &[f64] = if role == LatentRole::Queried { &[14.0, 24.0, 36.0] } else { &[] };
    let reaches = [RADIUS + 3.0].into_iter().chain(farther.iter().copied());
    reaches.flat_map(around).map(|(left, top)| Frame { left, top, width, height }).collect()
}

fn square((x, y): (f64, f64), radius: f64) -> Frame {
    Frame { left: x - radius, top: y - radius, width: 2.0 * radius, height: 2.0 * radius }
}
