//! Axes: domains, scales, ticks at round numbers, and their drawing.

use super::palette::{AXIS, GRID, MUTED};
use super::svg::{Anchor, Frame, Stroke, Svg, TextStyle, Turn};

/// Tick labels.
pub const TICK_TEXT: TextStyle =
    TextStyle { size: 14.0, weight: 400, fill: MUTED, anchor: Anchor::Middle, turn: Turn::Level };
/// Axis titles.
pub const AXIS_TEXT: TextStyle = TextStyle { size: 15.0, ..TICK_TEXT };

const AXIS_STROKE: Stroke = Stroke::solid(AXIS, 1.0);
const TICK_LENGTH: f64 = 5.0;
/// Share of a domain by which a tick may lie outside it, so that times up to 599.9 ms still show 600.
const TICK_SLACK: f64 = 0.002;
/// Distance between the data and the axis beside them.
const AXIS_GAP: f64 = 6.0;

/// How a scale spaces its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Equal steps by difference.
    Linear,
    /// Equal steps by ratio; the domain is positive.
    Log,
}

/// A map from values to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
    spacing: Spacing,
}

impl Scale {
    /// Maps `domain` linearly onto `range`, pixels; an empty or broken domain is widened to a sound one.
    pub fn linear(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self { domain: sound(domain), range, spacing: Spacing::Linear }
    }

    /// Maps the logarithm of `domain` linearly onto `range`, pixels; a domain that is not positive becomes (0.1, 1).
    pub fn log(domain: (f64, f64), range: (f64, f64)) -> Self {
        let positive = domain.0 > 0.0 && domain.1 > domain.0 && domain.1.is_finite();
        Self { domain: if positive { domain } else { (0.1, 1.0) }, range, spacing: Spacing::Log }
    }

    /// Pixel of `value`, held within a panel's width of the range; the middle for NaN.
    pub fn px(&self, value: f64) -> f64 {
        let (low, high) = self.domain;
        let fraction = match self.spacing {
            Spacing::Linear => (value - low) / (high - low),
            Spacing::Log => (value / low).ln() / (high / low).ln(),
        };
        let fraction = if fraction.is_nan() { 0.5 } else { fraction.clamp(-1.0, 2.0) };
        self.range.0 + fraction * (self.range.1 - self.range.0)
    }

    /// Pixel of `value`, held inside the range.
    pub fn px_inside(&self, value: f64) -> f64 {
        self.px(value.clamp(self.domain.0, self.domain.1))
    }

    /// The values at both ends.
    pub fn domain(&self) -> (f64, f64) {
        self.domain
    }

    /// About `n_target` round values with their labels.
    pub fn ticks(&self, n_target: usize) -> Vec<Tick> {
        match self.spacing {
            Spacing::Linear => linear_ticks(self.domain, n_target),
            Spacing::Log => log_ticks(self.domain, n_target),
        }
    }
}

/// A marked value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it is.
    pub value: f64,
    /// What is written beside it.
    pub label: String,
}

/// Least and greatest finite value; none where there is no finite value.
pub fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |found, value| match found {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// `domain` widened on both sides by `fraction` of its length.
pub fn padded((low, high): (f64, f64), fraction: f64) -> (f64, f64) {
    let (low, high) = sound((low, high));
    let pad = (high - low) * fraction;
    (low - pad, high + pad)
}

/// `domain` widened to the round values about `n_target` ticks would mark.
pub fn rounded(domain: (f64, f64), n_target: usize) -> (f64, f64) {
    let (low, high) = sound(domain);
    let step = nice_step(high - low, n_target);
    ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step)
}

/// Multiples of 1, 2 or 5 times a power of ten inside `domain` or a hair outside, about `n_target` of them.
pub fn linear_ticks(domain: (f64, f64), n_target: usize) -> Vec<Tick> {
    let (low, high) = sound(domain);
    let step = nice_step(high - low, n_target);
    let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize;
    let slack = TICK_SLACK * (high - low);
    let first = ((low - slack) / step).ceil();
    let last = ((high + slack) / step).floor();
    let n_ticks = (last - first).clamp(-1.0, 100.0) as i64 + 1;
    (0..n_ticks)
        .map(|i| (first + i as f64) * step)
        .map(|value| Tick { value, label: number(value, decimals) })
        .collect()
}

/// Powers of ten inside `domain`, thinned to about `n_target`; 1, 2 and 5 of each decade where there are few.
pub fn log_ticks((low, high): (f64, f64), n_target: usize) -> Vec<Tick> {
    let (first, last) = ((low.log10() - 1e-9).floor() as i32, (high.log10() + 1e-9).ceil() as i32);
    let inside = |value: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(value);
    let decades: Vec<i32> = (first..=last).filter(|&exponent| inside(&10_f64.powi(exponent))).collect();
    if decades.len() >= 3 {
        let stride = decades.len().div_ceil(n_target.max(1));
        let tick = |&exponent: &i32| Tick { value: 10_f64.powi(exponent), label: power_of_ten(exponent) };
        return decades.iter().step_by(stride).map(tick).collect();
    }
    (first..=last)
        .flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| (digit * 10_f64.powi(exponent), exponent)))
        .filter(|(value, _)| inside(value))
        .map(|(value, exponent)| Tick {
            value,
            label: number(value, exponent.min(0).unsigned_abs() as usize),
        })
        .collect()
}

/// `value` with `decimals` decimals, a true minus sign, and thin spaces between thousands from 10 000 on.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let mut shown = if value < 0.0 && !is_zero { "−".to_owned() } else { String::new() };
    for (i, digit) in whole.chars().enumerate() {
        if whole.len() > 4 && i > 0 && (whole.len() - i) % 3 == 0 {
            shown.push('\u{2009}');
        }
        shown.push(digit);
    }
    if let Some(fraction) = fraction {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

/// Decimals that show an uncertainty with one digit, with two where it begins with 100 to 354; three where it is zero.
///
/// # Source
/// Rounding of the Particle Data Group, but that 950 to 999 have one digit.
pub fn decimals(uncertainty: f64) -> usize {
    if !(uncertainty.is_finite() && uncertainty > 0.0) {
        return 3;
    }
    let exponent = uncertainty.log10().floor();
    let has_two = uncertainty / 10_f64.powf(exponent) < 3.55;
    (-exponent + f64::from(u8::from(has_two))).clamp(0.0, 7.0) as usize
}

/// Draws the x axis under `frame` with its ticks; an empty `title` is left out.
pub fn draw_x_axis(svg: &mut Svg, frame: Frame, scale: &Scale, ticks: &[Tick], title: &str) {
    let y = frame.bottom() + AXIS_GAP;
    svg.line((frame.left, y), (frame.right(), y), AXIS_STROKE);
    for tick in ticks {
        let x = scale.px(tick.value);
        svg.line((x, y), (x, y + TICK_LENGTH), AXIS_STROKE);
        svg.text((x, y + TICK_LENGTH + 15.0), TICK_TEXT, &tick.label);
    }
    if !title.is_empty() {
        svg.text((frame.left + frame.width / 2.0, y + TICK_LENGTH + 38.0), AXIS_TEXT, title);
    }
}

/// Height `draw_x_axis` takes below its frame, title included.
pub const X_AXIS_HEIGHT: f64 = AXIS_GAP + TICK_LENGTH + 42.0;

/// Draws the y axis to the left of `frame` with its ticks; `title` stands upright beside it, unless empty.
pub fn draw_y_axis(svg: &mut Svg, frame: Frame, scale: &Scale, ticks: &[Tick], title: &str) {
    let x = frame.left - AXIS_GAP;
    svg.line((x, frame.top), (x, frame.bottom()), AXIS_STROKE);
    for tick in ticks {
        let y = scale.px(tick.value);
        svg.line((x - TICK_LENGTH, y), (x, y), AXIS_STROKE);
        let style = TextStyle { anchor: Anchor::End, ..TICK_TEXT };
        svg.text((x - TICK_LENGTH - 4.0, y + 5.0), style, &tick.label);
    }
    draw_y_title(svg, frame, title);
}

/// Width `draw_y_axis` takes left of its frame, title included.
pub const Y_AXIS_WIDTH: f64 = 76.0;

/// Writes `title` upright to the left of `frame`, centered, outside the tick labels.
pub fn draw_y_title(svg: &mut Svg, frame: Frame, title: &str) {
    if !title.is_empty() {
        let style = TextStyle { turn: Turn::Upward, ..AXIS_TEXT };
        svg.text((frame.left - Y_AXIS_WIDTH + 16.0, frame.top + frame.height / 2.0), style, title);
    }
}

/// Draws a faint horizontal line through `frame` at every tick of the y axis.
pub fn draw_y_grid(svg: &mut Svg, frame: Frame, scale: &Scale, ticks: &[Tick]) {
    for tick in ticks {
        let y = scale.px(tick.value);
        svg.line((frame.left, y), (frame.right(), y), Stroke::solid(GRID, 1.0));
    }
}

/// The step of 1, 2 or 5 times a power of ten that cuts `length` into about `n_target` pieces.
fn nice_step(length: f64, n_target: usize) -> f64 {
    let raw = length / n_target.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let digit = match raw / power {
        ratio if ratio < 1.5 => 1.0,
        ratio if ratio < 3.2 => 2.0,
        ratio if ratio < 7.1 => 5.0,
        _ => 10.0,
    };
    digit * power
}

/// A finite domain with a length that its own rounding does not swallow.
fn sound((low, high): (f64, f64)) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite() && (high - low).is_finite()) {
        return (0.0, 1.0);
    }
    let (low, high) = (low.min(high), low.max(high));
    let least = 1e-9 * low.abs().max(high.abs()).max(1e-3);
    if high - low > least { (low, high) } else { (low - 0.5, high + 0.5) }
}

fn power_of_ten(exponent: i32) -> String {
    const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = exponent.unsigned_abs().to_string();
    let raised = digits.bytes().map(|digit| SUPERSCRIPTS[usize::from(digit - b'0')]);
    let sign = if exponent < 0 { "⁻" } else { "" };
    format!("10{sign}{}", raised.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn analytic_ticks_are_round() {
        assert_eq!(labels(&linear_ticks((-93.0, 41.0), 3)), ["−50", "0"]);
        assert_eq!(labels(&linear_ticks((0.0, 1.0), 5)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&linear_ticks((0.0, 20_000.0), 2)), ["0", "10\u{2009}000", "20\u{2009}000"]);
        assert_eq!(labels(&linear_ticks((-0.11, 0.32), 4)), ["−0.1", "0.0", "0.1", "0.2", "0.3"]);
    }

    #[test]
    fn analytic_log_ticks_are_powers_or_one_two_five() {
        assert_eq!(labels(&log_ticks((0.001, 12.0), 6)), ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹"]);
        assert_eq!(labels(&log_ticks((0.02, 0.11), 6)), ["0.02", "0.05", "0.1"]);
    }

    #[test]
    fn analytic_scales_meet_their_ends() {
        let linear = Scale::linear((-2.0, 2.0), (100.0, 0.0));
        assert!((linear.px(-2.0) - 100.0).abs() < 1e-12 && (linear.px(1.0) - 25.0).abs() < 1e-12);
        let log = Scale::log((0.01, 100.0), (0.0, 8.0));
        assert!((log.px(1.0) - 4.0).abs() < 1e-12 && (log.px(10.0) - 6.0).abs() < 1e-12);
    }

    #[test]
    fn invariant_broken_domains_give_finite_pixels() {
        let domains = [(1.0, 1.0), (f64::NAN, 2.0), (f64::NEG_INFINITY, 0.0), (3.0, -3.0), (1e300, 1e300)];
        for domain in domains {
            for scale in [Scale::linear(domain, (0.0, 10.0)), Scale::log(domain, (0.0, 10.0))] {
                for value in [0.0, -5.0, f64::NAN, f64::INFINITY, 1e300] {
                    assert!(scale.px(value).is_finite(), "{domain:?} {value}");
                }
                assert!(scale.ticks(5).len() <= 101);
            }
        }
    }

    #[test]
    fn analytic_domains_widen_to_ticks() {
        let (low, high) = rounded((-83.0, 37.0), 6);
        assert!((low + 100.0).abs() < 1e-9 && (high - 40.0).abs() < 1e-9);
        assert_eq!(extent([f64::NAN, 2.0, -1.0]), Some((-1.0, 2.0)));
        assert_eq!(extent([f64::NAN]), None);
    }
}
