//! Currents that a formula gives.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::channel::Range;

/// Milliseconds of a second: cycles are `frequency_hz · t_ms / MS_PER_S`.
const MS_PER_S: f64 = 1e3;

/// A constant current over an interval of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Onset.
    pub delay_ms: f64,
    /// How long it lasts.
    pub duration_ms: f64,
    /// Current; positive depolarizes, zero is allowed.
    pub amplitude_na: f64,
}

/// A current that changes at a constant rate, `start_na + (end_na - start_na) t / duration_ms` with `t` from the onset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Onset.
    pub delay_ms: f64,
    /// How long it lasts.
    pub duration_ms: f64,
    /// Current at the onset.
    pub start_na: f64,
    /// Current that it reaches at its end.
    pub end_na: f64,
}

/// A sinusoidal current, `offset_na + amplitude_na sin(2π (frequency_hz t + phase_fraction))` with `t` from the onset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sine {
    /// Onset.
    pub delay_ms: f64,
    /// How long it lasts.
    pub duration_ms: f64,
    /// Half of the distance from trough to crest.
    pub amplitude_na: f64,
    /// Frequency.
    pub frequency_hz: f64,
    /// Part of a cycle that is over at the onset.
    #[serde(default)]
    pub phase_fraction: f64,
    /// Current in the middle between trough and crest.
    #[serde(default)]
    pub offset_na: f64,
}

/// A sinusoidal current whose frequency changes at a constant rate, known as chirp or ZAP.
///
/// `offset_na + amplitude_na sin(2π (start_hz t + (end_hz - start_hz) t² / (2 duration_ms)))` with `t` from the onset.
///
/// # Source
/// Puil, Gimbarzevsky & Miura 1986, J Neurophysiol 55:995.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chirp {
    /// Onset.
    pub delay_ms: f64,
    /// How long it lasts.
    pub duration_ms: f64,
    /// Half of the distance from trough to crest.
    pub amplitude_na: f64,
    /// Frequency at the onset.
    pub start_hz: f64,
    /// Frequency that it reaches at its end.
    pub end_hz: f64,
    /// Current in the middle between trough and crest.
    #[serde(default)]
    pub offset_na: f64,
}

/// Equal steps at equal distances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PulseTrain {
    /// Onset of the first pulse.
    pub delay_ms: f64,
    /// How long each pulse lasts, at most a period.
    pub width_ms: f64,
    /// From onset to onset.
    pub period_ms: f64,
    /// Number of pulses.
    pub n_pulses: u32,
    /// Current of each.
    pub amplitude_na: f64,
}

/// Name, value, and what it may be.
pub(super) type Check = (&'static str, f64, Range);

/// Time since an onset, `None` outside of `delay_ms <= t_ms < delay_ms + duration_ms`.
fn since(t_ms: f64, delay_ms: f64, duration_ms: f64) -> Option<f64> {
    (t_ms >= delay_ms && t_ms < delay_ms + duration_ms).then_some(t_ms - delay_ms)
}

/// Checks that all events with onset and duration share.
fn interval(delay_ms: f64, duration_ms: f64) -> Vec<Check> {
    vec![("delay_ms", delay_ms, Range::Any), ("duration_ms", duration_ms, Range::NotNegative)]
}

impl Step {
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut checks = interval(self.delay_ms, self.duration_ms);
        checks.push(("amplitude_na", self.amplitude_na, Range::Any));
        checks
    }

    pub(super) fn current_na(&self, t_ms: f64) -> f64 {
        since(t_ms, self.delay_ms, self.duration_ms).map_or(0.0, |_| self.amplitude_na)
    }
}

impl Ramp {
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut checks = interval(self.delay_ms, self.duration_ms);
        checks.extend([("start_na", self.start_na, Range::Any), ("end_na", self.end_na, Range::Any)]);
        checks
    }

    pub(super) fn current_na(&self, t_ms: f64) -> f64 {
        let slope = |t_ms: f64| self.start_na + (self.end_na - self.start_na) * (t_ms / self.duration_ms);
        since(t_ms, self.delay_ms, self.duration_ms).map_or(0.0, slope)
    }
}

impl Sine {
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut checks = interval(self.delay_ms, self.duration_ms);
        checks.extend([
            ("amplitude_na", self.amplitude_na, Range::Any),
            ("frequency_hz", self.frequency_hz, Range::NotNegative),
            ("phase_fraction", self.phase_fraction, Range::Any),
            ("offset_na", self.offset_na, Range::Any),
        ]);
        checks
    }

    pub(super) fn current_na(&self, t_ms: f64) -> f64 {
        let wave = |t_ms: f64| {
            let cycles = self.frequency_hz * t_ms / MS_PER_S + self.phase_fraction;
            self.offset_na + self.amplitude_na * (TAU * cycles).sin()
        };
        since(t_ms, self.delay_ms, self.duration_ms).map_or(0.0, wave)
    }
}

impl Chirp {
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut checks = interval(self.delay_ms, self.duration_ms);
        checks.extend([
            ("amplitude_na", self.amplitude_na, Range::Any),
            ("start_hz", self.start_hz, Range::NotNegative),
            ("end_hz", self.end_hz, Range::NotNegative),
            ("offset_na", self.offset_na, Range::Any),
        ]);
        checks
    }

    pub(super) fn current_na(&self, t_ms: f64) -> f64 {
        let wave = |t_ms: f64| {
            let mean_hz = self.start_hz + 0.5 * (self.end_hz - self.start_hz) * (t_ms / self.duration_ms);
            self.offset_na + self.amplitude_na * (TAU * (mean_hz * t_ms / MS_PER_S)).sin()
        };
        since(t_ms, self.delay_ms, self.duration_ms).map_or(0.0, wave)
    }
}

impl PulseTrain {
    /// All but that a pulse fits in its period.
    pub(super) fn checks(&self) -> Vec<Check> {
        vec![
            ("delay_ms", self.delay_ms, Range::Any),
            ("width_ms", self.width_ms, Range::NotNegative),
            ("period_ms", self.period_ms, Range::Positive),
            ("amplitude_na", self.amplitude_na, Range::Any),
        ]
    }

    /// End of the last pulse.
    pub(super) fn end_ms(&self) -> f64 {
        match self.n_pulses {
            0 => f64::NEG_INFINITY,
            n => self.delay_ms + self.period_ms * f64::from(n - 1) + self.width_ms,
        }
    }

    pub(super) fn current_na(&self, t_ms: f64) -> f64 {
        let pulse_idx = ((t_ms - self.delay_ms) / self.period_ms).floor();
        if pulse_idx < 0.0 || pulse_idx >= f64::from(self.n_pulses) {
            return 0.0;
        }
        let onset_ms = self.delay_ms + pulse_idx * self.period_ms;
        since(t_ms, onset_ms, self.width_ms).map_or(0.0, |_| self.amplitude_na)
    }
}
