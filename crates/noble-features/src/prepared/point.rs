//! Places between samples: where a peak, a minimum or a crossing really is.
//!
//! In eFEL's mode every place is a sample. In precise mode a smooth peak or minimum is the vertex of the parabola
//! through the sample and its two neighbors, and a crossing the point where the line between two samples meets the
//! level.

use super::PreparedSweep;
use crate::resample::on_line;

/// How sharply, as a share of its own bend, the list may bend the other way beside a smooth extremum.
const LARGEST_COUNTER_BEND: f64 = 0.5;

/// A place in a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The sample at it or, between two samples, the nearer side that the definition names.
    pub sample_idx: usize,
    /// Its time.
    pub time_ms: f64,
    /// Its voltage.
    pub v_mv: f64,
}

impl PreparedSweep<'_> {
    /// The place of a sample.
    pub(crate) fn sample(&self, sample_idx: usize) -> Point {
        Point { sample_idx, time_ms: self.times_ms()[sample_idx], v_mv: self.v_mv()[sample_idx] }
    }

    /// The peak or minimum at a sample.
    pub(crate) fn extremum(&self, sample_idx: usize) -> Point {
        let vertex = if self.is_precise() { vertex(self.times_ms(), self.v_mv(), sample_idx) } else { None };
        vertex.map_or(self.sample(sample_idx), |(time_ms, v_mv)| Point { sample_idx, time_ms, v_mv })
    }

    /// Time of a place from which windows are counted: that of its sample, in precise mode its own.
    pub(crate) fn place_ms(&self, place: &Point) -> f64 {
        if self.is_precise() { place.time_ms } else { self.times_ms()[place.sample_idx] }
    }

    /// The largest or smallest value of a list at a sample, such as a slope.
    pub(crate) fn extreme_value(&self, values: &[f64], sample_idx: usize) -> f64 {
        let vertex = if self.is_precise() { vertex(self.times_ms(), values, sample_idx) } else { None };
        vertex.map_or(values[sample_idx], |(_, value)| value)
    }

    /// Value of a list at a time, on the line between two samples; `None` outside of the trace.
    pub(crate) fn value_at(&self, values: &[f64], time_ms: f64) -> Option<f64> {
        self.value_before(values, self.first_at(time_ms), time_ms)
    }

    /// The same at several times in order.
    pub(crate) fn values_at(&self, values: &[f64], times_ms: impl Iterator<Item = f64>) -> Option<Vec<f64>> {
        let mut times_ms = times_ms.peekable();
        let mut idx = self.first_at(*times_ms.peek()?);
        let at = |time_ms: f64| {
            idx += self.times_ms()[idx..].iter().take_while(|t| **t < time_ms).count();
            self.value_before(values, idx, time_ms)
        };
        times_ms.map(at).collect()
    }

    /// Value at a time that follows the sample before the one given.
    fn value_before(&self, values: &[f64], idx: usize, time_ms: f64) -> Option<f64> {
        let t = self.times_ms();
        if *t.get(idx)? <= time_ms {
            return Some(values[idx]);
        }
        let before = idx.checked_sub(1)?;
        Some(on_line((t[before], values[before]), (t[idx], values[idx]), time_ms))
    }

    /// Time average of a list over a window, on the lines between samples; `None` where it does not meet the trace.
    ///
    /// Unlike the mean of the samples it does not depend on where these fall and how close together they are.
    pub(crate) fn time_average(&self, values: &[f64], window_ms: (f64, f64)) -> Option<f64> {
        let t = self.times_ms();
        let (start_ms, end_ms) = (window_ms.0.max(t[0]), window_ms.1.min(t[t.len() - 1]));
        if start_ms >= end_ms {
            return if start_ms > end_ms { None } else { self.value_at(values, start_ms) };
        }
        let inside = self.first_after(start_ms)..self.first_at(end_ms);
        let first = (start_ms, self.value_at(values, start_ms)?);
        let last = (end_ms, self.value_at(values, end_ms)?);
        let (mut area, mut before) = (0.0, first);
        for at in inside.map(|idx| (t[idx], values[idx])).chain([last]) {
            area += (at.0 - before.0) * (at.1 + before.1) / 2.0;
            before = at;
        }
        Some(area / (end_ms - start_ms))
    }

    /// Time at which a level is reached at a sample that is the first to be beyond it.
    pub(crate) fn reached_ms(&self, idx: usize, level: f64) -> f64 {
        let t = self.times_ms();
        if !self.is_precise() || idx == 0 {
            return t[idx];
        }
        self.meeting_ms(idx, level).clamp(t[idx - 1], t[idx])
    }

    /// Time at which the line from the sample before to this one meets a level, also outside of the two.
    pub(crate) fn meeting_ms(&self, idx: usize, level: f64) -> f64 {
        let (t, v) = (self.times_ms(), self.v_mv());
        let step_ms = t[idx] - t[idx - 1];
        let time_ms = t[idx] + step_ms * (level - v[idx]) / (v[idx] - v[idx - 1]);
        if self.is_precise() && !time_ms.is_finite() { t[idx] } else { time_ms }
    }

    /// The place where the slope passes a threshold on the way to a sample.
    pub(crate) fn slope_crossing(&self, idx: usize, threshold: f64) -> Point {
        let sample = self.sample(idx);
        if !self.is_precise() || idx == 0 {
            return sample;
        }
        let (t, v) = (self.times_ms(), self.v_mv());
        let (before, at) = (self.slope(idx - 1), self.slope(idx));
        let share = (threshold - before) / (at - before);
        if !(0.0..=1.0).contains(&share) {
            return sample;
        }
        let between = |list: &[f64]| list[idx - 1] + share * (list[idx] - list[idx - 1]);
        Point { sample_idx: idx, time_ms: between(t), v_mv: between(v) }
    }
}

/// Time and value of the vertex of the parabola through a sample that neither neighbor exceeds, or neither falls
/// below; `None` where the list is not smooth there, so that the sample itself is the extremum.
///
/// A parabola stands for a smooth extremum only. Beside a corner (the reset of an integrate-and-fire model, a spike of
/// one or two samples, a clipped top, noise) its vertex lies up to an eighth of the larger difference beyond every
/// sample: 12 mV of a spike of 100 mV. So the neighbor on the side of the vertex has to bend the same way, and the
/// other must not bend the opposite way by more than half as much. A Gaussian passes from a standard deviation of one
/// step on, that is, from two and a half samples in its half width.
pub(crate) fn vertex(t: &[f64], y: &[f64], idx: usize) -> Option<(f64, f64)> {
    let bend = bend(t, y, idx)?;
    let (before, after) = (idx - 1, idx + 1);
    if (y[idx] - y[before]) * (y[after] - y[idx]) > 0.0 {
        return None;
    }
    let left_ms = t[idx] - t[before];
    let slope = (y[idx] - y[before]) / left_ms + bend * left_ms;
    let shift_ms = -slope / (2.0 * bend);
    let (toward, away) = if shift_ms < 0.0 { (before, after) } else { (after, before) };
    let bends_as_much = |idx: usize| self::bend(t, y, idx).map(|other| other / bend);
    let is_smooth = bends_as_much(toward).is_some_and(|share| share > 0.0)
        && bends_as_much(away).is_none_or(|share| share >= -LARGEST_COUNTER_BEND);
    let value = y[idx] - slope * slope / (4.0 * bend);
    (is_smooth && shift_ms.is_finite() && value.is_finite()).then_some((t[idx] + shift_ms, value))
}

/// Half the second derivative at a sample between two others; `None` at the ends and beside equal times.
fn bend(t: &[f64], y: &[f64], idx: usize) -> Option<f64> {
    let (before, after) = (idx.checked_sub(1)?, idx + 1);
    let (left_ms, right_ms) = (t[idx] - t[before], t.get(after)? - t[idx]);
    let (left, right) = (y[idx] - y[before], y[after] - y[idx]);
    (left_ms > 0.0 && right_ms > 0.0).then(|| (right / right_ms - left / left_ms) / (left_ms + right_ms))
}

/// Ratio of the central differences of voltage and time, one-sided at the ends; empty below two samples.
///
/// # Source
/// eFEL 5.7.34 `getCentralDifferenceDerivative`.
pub(super) fn slopes(times_ms: &[f64], v_mv: &[f64]) -> Vec<f64> {
    let n_samples = v_mv.len();
    if n_samples < 2 {
        return Vec::new();
    }
    let mut slopes = Vec::with_capacity(n_samples);
    slopes.push(slope_at(times_ms, v_mv, 0));
    slopes.extend(times_ms.windows(3).zip(v_mv.windows(3)).map(|(t, v)| central(t, v)));
    slopes.push(slope_at(times_ms, v_mv, n_samples - 1));
    slopes
}

/// One of the slopes, of at least two samples.
pub(super) fn slope_at(times_ms: &[f64], v_mv: &[f64], idx: usize) -> f64 {
    let one_sided = |idx: usize| (v_mv[idx] - v_mv[idx - 1]) / (times_ms[idx] - times_ms[idx - 1]);
    match idx {
        0 => one_sided(1),
        last if last + 1 == v_mv.len() => one_sided(last),
        _ => central(&times_ms[idx - 1..=idx + 1], &v_mv[idx - 1..=idx + 1]),
    }
}

fn central(t: &[f64], v: &[f64]) -> f64 {
    ((v[2] - v[0]) / 2.0) / ((t[2] - t[0]) / 2.0)
}
