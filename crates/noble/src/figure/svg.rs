//! A small SVG writer: elements, text, paths and groups, escaped and balanced by construction.
//!
//! Everything is written as presentation attributes, without style sheets, scripts or identifiers, so that several
//! figures can stand in one page and no viewer needs more than plain SVG 1.1. All lengths are pixels.

use std::fmt::{self, Display, Write};

use super::palette::{BACKGROUND, INK};

/// Fonts tried in order: the reader's own system sans serif.
pub const FONT_FAMILY: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', sans-serif";

/// A value written as an attribute.
pub type Attribute<'a> = (&'a str, &'a dyn Display);

/// A pixel coordinate, written with at most two decimals; a value that is not finite is written as 0.
#[derive(Clone, Copy, Debug)]
pub struct Px(pub f64);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shortest(self.0, 2))
    }
}

/// An axis-parallel rectangle; `top` is smaller than `bottom`, as y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// x of the left edge.
    pub left: f64,
    /// y of the upper edge.
    pub top: f64,
    /// Extent in x.
    pub width: f64,
    /// Extent in y.
    pub height: f64,
}

impl Frame {
    /// x of the right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// y of the lower edge.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Whether two rectangles share any area.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right()
            && other.left < self.right()
            && self.top < other.bottom()
            && other.top < self.bottom()
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(&self, other: &Self) -> bool {
        self.left <= other.left
            && other.right() <= self.right()
            && self.top <= other.top
            && other.bottom() <= self.bottom()
    }
}

/// Which point of a text lies at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The left end.
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    /// Font size.
    pub size: f64,
    /// Font weight, 400 regular, 600 semibold.
    pub weight: u16,
    /// Color.
    pub fill: &'static str,
    /// Point of the text at its position.
    pub anchor: Anchor,
    /// Direction of reading.
    pub turn: Turn,
}

/// Direction in which a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// From left to right.
    Level,
    /// From bottom to top.
    Upward,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Color.
    pub color: &'static str,
    /// Width.
    pub width: f64,
    /// 1 is opaque.
    pub opacity: f64,
}

impl Stroke {
    /// An opaque line.
    pub const fn solid(color: &'static str, width: f64) -> Self {
        Self { color, width, opacity: 1.0 }
    }
}

/// A document under construction.
#[derive(Clone, Debug, Default)]
pub struct Svg {
    body: String,
}

impl Svg {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes an element without children.
    pub fn element(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.open(name, attributes);
        self.body.push_str("/>");
    }

    /// Writes a group around whatever `draw` writes.
    pub fn group(&mut self, attributes: &[Attribute<'_>], draw: impl FnOnce(&mut Self)) {
        self.open("g", attributes);
        self.body.push('>');
        draw(self);
        self.body.push_str("</g>\n");
    }

    /// Writes one line of text whose baseline starts, or whose anchor lies, at `(x, y)`.
    pub fn text(&mut self, (x, y): (f64, f64), style: TextStyle, text: &str) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let mut attributes: Vec<Attribute<'_>> = vec![];
        let (x, y) = (Px(x), Px(y));
        let size = Px(style.size);
        let turn = format!("rotate(-90 {x} {y})");
        attributes.extend([
            ("x", &x as &dyn Display),
            ("y", &y),
            ("font-size", &size),
            ("fill", &style.fill),
        ]);
        if style.weight != 400 {
            attributes.push(("font-weight", &style.weight));
        }
        if style.anchor != Anchor::Start {
            attributes.push(("text-anchor", &anchor));
        }
        if style.turn == Turn::Upward {
            attributes.push(("transform", &turn));
        }
        self.open("text", &attributes);
        let _ = write!(self.body, ">{}</text>", escape(text));
    }

    /// Writes a straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        let (x1, y1, x2, y2) = (Px(from.0), Px(from.1), Px(to.0), Px(to.1));
        let width = Px(stroke.width);
        let opacity = Px(stroke.opacity);
        let mut attributes: Vec<Attribute<'_>> =
            vec![("x1", &x1), ("y1", &y1), ("x2", &x2), ("y2", &y2), ("stroke", &stroke.color)];
        attributes.push(("stroke-width", &width));
        if stroke.opacity < 1.0 {
            attributes.push(("stroke-opacity", &opacity));
        }
        self.element("line", &attributes);
    }

    /// Writes an open path; nothing where the path is empty.
    pub fn path(&mut self, path: &PathData, stroke: Stroke) {
        if path.is_empty() {
            return;
        }
        let width = Px(stroke.width);
        let opacity = Px(stroke.opacity);
        let mut attributes: Vec<Attribute<'_>> =
            vec![("d", &path.data), ("fill", &"none"), ("stroke", &stroke.color), ("stroke-width", &width)];
        attributes.push(("stroke-linejoin", &"round"));
        if stroke.opacity < 1.0 {
            attributes.push(("stroke-opacity", &opacity));
        }
        self.element("path", &attributes);
        self.body.push('\n');
    }

    /// Writes a filled path; nothing where the path is empty.
    pub fn area(&mut self, path: &PathData, fill: &'static str, opacity: f64) {
        if !path.is_empty() {
            let attributes: [Attribute<'_>; 3] =
                [("d", &path.data), ("fill", &fill), ("fill-opacity", &Px(opacity))];
            self.element("path", &attributes);
        }
    }

    /// Writes a filled rectangle.
    pub fn rect(&mut self, frame: Frame, fill: &'static str) {
        let (x, y) = (Px(frame.left), Px(frame.top));
        let (width, height) = (Px(frame.width.max(0.0)), Px(frame.height.max(0.0)));
        self.element(
            "rect",
            &[("x", &x), ("y", &y), ("width", &width), ("height", &height), ("fill", &fill)],
        );
    }

    /// The finished document on an opaque ground, with `title` and `description` for readers who cannot see it.
    pub fn finish(self, (width, height): (f64, f64), title: &str, description: &str) -> String {
        let (width, height) = (Px(width), Px(height));
        let mut document = String::with_capacity(self.body.len() + 600);
        let _ = writeln!(
            document,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{}\" fill=\"{INK}\">",
            escape(FONT_FAMILY)
        );
        let _ = writeln!(document, "<title>{}</title>", escape(title));
        let _ = writeln!(document, "<desc>{}</desc>", escape(description));
        let _ = writeln!(document, "<rect width=\"{width}\" height=\"{height}\" fill=\"{BACKGROUND}\"/>");
        document.push_str(&self.body);
        document.push_str("\n</svg>\n");
        document
    }

    fn open(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        let _ = write!(self.body, "<{name}");
        for (key, value) in attributes {
            let _ = write!(self.body, " {key}=\"{}\"", escape(&value.to_string()));
        }
    }
}

/// The `d` of a path: relative steps of a tenth of a pixel, so that long traces stay small and do not drift.
#[derive(Clone, Debug, Default)]
pub struct PathData {
    data: String,
    /// Where the pen is, in tenths of a pixel.
    pen: (i64, i64),
}

impl PathData {
    /// An open path through `points`.
    pub fn through(points: &[(f64, f64)]) -> Self {
        let mut path = Self::default();
        for (i, &point) in points.iter().enumerate() {
            if i == 0 { path.move_to(point) } else { path.line_to(point) }
        }
        path
    }

    /// Whether nothing was drawn.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Lifts the pen and puts it down at `point`.
    pub fn move_to(&mut self, point: (f64, f64)) {
        let (x, y) = tenths(point);
        let _ = write!(self.data, "M{}{}", compact(x, false), compact(y, true));
        self.pen = (x, y);
    }

    /// Draws to `point`.
    pub fn line_to(&mut self, point: (f64, f64)) {
        let (x, y) = tenths(point);
        let _ = write!(self.data, "l{}{}", compact(x - self.pen.0, false), compact(y - self.pen.1, true));
        self.pen = (x, y);
    }

    /// Draws straight back to where the pen was last put down.
    pub fn close(&mut self) {
        self.data.push('z');
    }
}

/// `text` with the characters of markup written as entities, and characters XML forbids left out.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | '\r' => escaped.push(' '),
            _ if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Width of a text, estimated on the wide side so that labels spaced by it never touch.
pub fn text_width(text: &str, size: f64) -> f64 {
    let ems: f64 = text
        .chars()
        .map(|character| match character {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '·' => 0.32,
            ' ' | 'f' | 't' | 'r' | '(' | ')' | '/' | '-' => 0.40,
            'm' | 'w' | 'M' | 'W' | '−' | '–' => 0.88,
            'A'..='Z' => 0.70,
            _ => 0.61,
        })
        .sum();
    ems * size
}

/// `text` broken at spaces into lines no wider than `width`; a single longer word stays whole.
pub fn wrap(text: &str, width: f64, size: f64) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(line, size) + text_width(word, size) + 0.4 * size <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `label` cut to `width` with an ellipsis where it is longer.
pub fn shortened(label: &str, width: f64, size: f64) -> String {
    if text_width(label, size) <= width {
        return label.to_owned();
    }
    let mut kept = String::new();
    for character in label.chars() {
        kept.push(character);
        if text_width(&kept, size) + size > width {
            break;
        }
    }
    kept + "…"
}

/// `value` with at most `decimals` decimals and no trailing zeros.
fn shortest(value: f64, decimals: usize) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let mut text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" { "0".to_owned() } else { text }
}

fn tenths((x, y): (f64, f64)) -> (i64, i64) {
    let round = |value: f64| if value.is_finite() { (value * 10.0).round() as i64 } else { 0 };
    (round(x), round(y))
}

/// A count of tenths in the fewest characters; `follows` puts a space where no sign separates it from a number.
fn compact(value: i64, follows: bool) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let gap = if follows && value >= 0 { " " } else { "" };
    match (value.abs() / 10, value.abs() % 10) {
        (whole, 0) => format!("{gap}{sign}{whole}"),
        (0, tenth) => format!("{gap}{sign}.{tenth}"),
        (whole, tenth) => format!("{gap}{sign}{whole}.{tenth}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_markup_is_escaped() {
        assert_eq!(escape("a<b & \"c\" > d\u{0}\n"), "a&lt;b &amp; &quot;c&quot; &gt; d ");
    }

    #[test]
    fn analytic_numbers_are_short_and_finite() {
        let shown: Vec<String> =
            [1.0, -0.001, 2.505, f64::NAN, f64::INFINITY].iter().map(|&v| Px(v).to_string()).collect();
        assert_eq!(shown, ["1", "0", "2.5", "0", "0"]);
    }

    #[test]
    fn analytic_path_is_relative_and_does_not_drift() {
        let path = PathData::through(&[(0.0, 1.0), (0.04, 1.5), (0.08, 1.0), (10.26, 0.95)]);
        assert_eq!(path.data, "M0 1l0 .5l.1-.5l10.2 0");
    }

    #[test]
    fn analytic_wrap_keeps_words() {
        let lines = wrap("one two three four", text_width("one two thr", 12.0), 12.0);
        assert_eq!(lines, ["one two", "three four"]);
        assert!(wrap("", 100.0, 12.0).is_empty());
    }

    #[test]
    fn analytic_long_names_are_cut() {
        assert_eq!(shortened("model 7", 80.0, 12.0), "model 7");
        assert!(shortened("a very long name of a model", 60.0, 12.0).ends_with('…'));
    }
}
