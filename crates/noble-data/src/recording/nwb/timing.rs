//! Sample times of a series, and a stimulus on the times of its response.

use super::File;
use super::series::Series;
use crate::{Error, TimeGrid};

const MS_PER_S: f64 = 1e3;
/// Time stamps may differ from a regular grid by this share of its step.
const TIME_TOLERANCE_FRACTION: f64 = 0.01;
/// Rates closer to a whole number of hertz than this share are that number.
const RATE_TOLERANCE_FRACTION: f64 = 1e-6;
/// Rates of response and stimulus closer than this share are equal.
const SAME_RATE_FRACTION: f64 = 1e-6;

/// Distance of two samples, from the rate or from regular time stamps, with a note for the latter.
pub(super) fn step_ms(
    file: &File<'_>,
    series: &Series,
    n_samples: usize,
) -> Result<(f64, Option<String>), Error> {
    if let Some(start) = series.member(file, "starting_time")? {
        let rate_hz =
            file.number(start, "rate")?.ok_or_else(|| series.wrong("its starting time has no rate"))?;
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(series.wrong(format!("a rate of {rate_hz} Hz")));
        }
        return Ok((MS_PER_S / rate_hz, None));
    }
    let stamps = series.member(file, "timestamps")?;
    let stamps = stamps.ok_or_else(|| series.wrong("has neither a rate nor time stamps"))?;
    let times_s = file.dataset(stamps)?.numbers()?;
    if times_s.len() < n_samples {
        return Err(series.wrong(format!("{} time stamps for {n_samples} samples", times_s.len())));
    }
    let step_s = regular_step(&times_s).map_err(|what| series.wrong(what))?;
    Ok((step_s * MS_PER_S, Some(format!("{}: the rate is that of regular time stamps", series.name))))
}

/// The step of time stamps that are even within the tolerance.
fn regular_step(times_s: &[f64]) -> Result<f64, String> {
    let ([first, .., last], n_steps) = (times_s, times_s.len().saturating_sub(1)) else {
        return Err("too few time stamps for a rate".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
    let (n_steps, position) = (n_steps as f64, |idx: usize| idx as f64);
    let step_s = (last - first) / n_steps;
    if !(step_s.is_finite() && step_s > 0.0) {
        return Err("time stamps do not increase".to_owned());
    }
    let is_off = |(idx, time_s): (usize, &f64)| {
        let tolerance_s = TIME_TOLERANCE_FRACTION * step_s + 4.0 * f64::EPSILON * time_s.abs();
        (time_s - (first + position(idx) * step_s)).abs() > tolerance_s || time_s.is_nan()
    };
    if let Some(idx) = times_s.iter().enumerate().position(is_off) {
        return Err(format!("irregular time stamps, first at sample {idx}"));
    }
    let rate_hz = 1.0 / step_s;
    let is_whole = (rate_hz - rate_hz.round()).abs() < RATE_TOLERANCE_FRACTION * rate_hz;
    Ok(if is_whole { 1.0 / rate_hz.round() } else { step_s })
}

/// A current on the grid of its response: each sample holds until the next where the rates differ.
///
/// `Err` says how the lengths differ.
pub(super) fn on_grid(
    current_na: Vec<f64>,
    step_ms: f64,
    grid: TimeGrid,
    notes: &mut Vec<String>,
) -> Result<Vec<f64>, String> {
    let n_samples = grid.n_samples();
    if (step_ms / grid.step_ms() - 1.0).abs() < SAME_RATE_FRACTION {
        if current_na.len() == n_samples {
            return Ok(current_na);
        }
        return Err(format!("mixed lengths: {} currents for {n_samples} voltages", current_na.len()));
    }
    let held = |sample_idx: usize| {
        // The tenth of a percent keeps a sample that falls on the next one from its round-off.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a position is not negative"
        )]
        let position = (grid.time_ms(sample_idx) / step_ms + 1e-3) as usize;
        current_na.get(position).copied()
    };
    let resampled: Option<Vec<f64>> = (0..n_samples).map(held).collect();
    let n_currents = current_na.len();
    notes.push(format!("the stimulus has steps of {step_ms} ms: each value holds until the next"));
    resampled.ok_or_else(|| {
        format!("mixed lengths: {n_currents} currents every {step_ms} ms end before the voltage")
    })
}
