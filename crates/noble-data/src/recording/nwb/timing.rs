//! Sample times of a series, and a stimulus on the times of its response.

use super::File;
use super::decoded::Decoded;
use super::series::Series;
use crate::recording::hdf5::Datatype;
use crate::{Error, TimeGrid};

const MS_PER_S: f64 = 1e3;
/// Time stamps may differ from a regular grid by this share of its step ...
const TIME_TOLERANCE_FRACTION: f64 = 0.01;
/// ... and by this many spacings of the numbers in which they are stored.
const TIME_TOLERANCE_SPACINGS: f64 = 2.0;
/// Rates closer to a whole number of hertz than this share are that number.
const RATE_TOLERANCE_FRACTION: f64 = 1e-6;
/// Rates of response and stimulus closer than this share are equal.
const SAME_RATE_FRACTION: f64 = 1e-6;
/// Response and stimulus start together within this share of a step.
const SAME_START_FRACTION: f64 = 0.5;
/// A stimulus may have this many samples, or this share, more or less than its response.
const MOST_SAMPLES_APART: usize = 5;
const SAMPLES_PER_SAMPLE_APART: usize = 10_000;

/// When the samples of a series were taken.
#[derive(Debug, Clone)]
pub(super) struct Times {
    pub(super) start_ms: f64,
    pub(super) step_ms: f64,
    pub(super) note: Option<String>,
}

/// Start and distance of samples, from the rate or from regular time stamps, with a note for the latter.
pub(super) fn times(
    (file, decoded): (&File<'_>, &Decoded),
    series: &Series,
    n_samples: usize,
) -> Result<Times, Error> {
    if let Some(times) = decoded.times.borrow().get(&series.address) {
        return Ok(times.clone());
    }
    let times = read_times(file, series, n_samples)?;
    decoded.times.borrow_mut().insert(series.address, times.clone());
    Ok(times)
}

fn read_times(file: &File<'_>, series: &Series, n_samples: usize) -> Result<Times, Error> {
    if let Some(start) = series.member(file, "starting_time")? {
        let rate_hz =
            file.number(start, "rate")?.ok_or_else(|| series.wrong("its starting time has no rate"))?;
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(series.wrong(format!("a rate of {rate_hz} Hz")));
        }
        let start_s = file.dataset(start)?.numbers()?.first().copied().filter(|start_s| start_s.is_finite());
        let start_ms = start_s.unwrap_or(0.0) * MS_PER_S;
        return Ok(Times { start_ms, step_ms: MS_PER_S / rate_hz, note: None });
    }
    let stamps = series.member(file, "timestamps")?;
    let stamps = stamps.ok_or_else(|| series.wrong("has neither a rate nor time stamps"))?;
    let dataset = file.dataset(stamps)?;
    let is_single = matches!(dataset.datatype, Datatype::Float { n_bytes: 4, .. });
    let spacing_fraction = if is_single { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let times_s = dataset.numbers()?;
    if times_s.len() < n_samples {
        return Err(series.wrong(format!("{} time stamps for {n_samples} samples", times_s.len())));
    }
    let step_s = regular_step(&times_s, spacing_fraction).map_err(|what| series.wrong(what))?;
    let note = format!("{}: the rate is that of regular time stamps", series.name);
    Ok(Times { start_ms: times_s[0] * MS_PER_S, step_ms: step_s * MS_PER_S, note: Some(note) })
}

/// The step of time stamps that are even within the tolerance; `spacing_fraction` is the share of a stamp to which it is
/// stored.
fn regular_step(times_s: &[f64], spacing_fraction: f64) -> Result<f64, String> {
    let ([first, .., last], n_steps) = (times_s, times_s.len().saturating_sub(1)) else {
        return Err("too few time stamps for a rate".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
    let (n_steps, position) = (n_steps as f64, |idx: usize| idx as f64);
    let step_s = (last - first) / n_steps;
    if !(step_s.is_finite() && step_s > 0.0) {
        return Err("time stamps do not increase".to_owned());
    }
    let spacing_s = spacing_fraction * first.abs().max(last.abs());
    if spacing_s > step_s {
        return Err(format!("time stamps are stored to {spacing_s:.1e} s, coarser than their step"));
    }
    let tolerance_s = TIME_TOLERANCE_FRACTION * step_s + TIME_TOLERANCE_SPACINGS * spacing_s;
    let is_off = |(idx, time_s): (usize, &f64)| {
        (time_s - (first + position(idx) * step_s)).abs() > tolerance_s || time_s.is_nan()
    };
    if let Some(idx) = times_s.iter().enumerate().position(is_off) {
        return Err(format!("irregular time stamps, first at sample {idx}"));
    }
    let rate_hz = 1.0 / step_s;
    let tolerance_fraction =
        RATE_TOLERANCE_FRACTION.max(TIME_TOLERANCE_SPACINGS * spacing_s / (last - first));
    let is_whole = (rate_hz - rate_hz.round()).abs() < tolerance_fraction * rate_hz;
    Ok(if is_whole { 1.0 / rate_hz.round() } else { step_s })
}

/// What a stimulus is brought to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// Times of the response as it is stored, and when it starts in the session.
    pub(super) grid: TimeGrid,
    pub(super) start_ms: f64,
    /// Samples of the response that are kept.
    pub(super) n_kept: usize,
}

/// A current on the grid of its response: each sample holds until the next where the rates differ. Numbers that end
/// early count as missing; a few samples may be missing or too many.
///
/// `Err` says why it does not fit.
pub(super) fn on_grid(
    mut current_na: Vec<f64>,
    times: &Times,
    target: Target,
    notes: &mut Vec<String>,
) -> Result<Vec<f64>, String> {
    let n_stored = current_na.len();
    current_na.truncate(current_na.iter().rposition(|current| !current.is_nan()).map_or(0, |last| last + 1));
    if current_na.is_empty() {
        return Err("its samples are no numbers".to_owned());
    }
    let (grid, n_kept) = (target.grid, target.n_kept);
    let n_samples = grid.n_samples();
    let slack = MOST_SAMPLES_APART.max(n_samples / SAMPLES_PER_SAMPLE_APART);
    let is_same_rate = (times.step_ms / grid.step_ms() - 1.0).abs() < SAME_RATE_FRACTION;
    let mut late_ms = times.start_ms - target.start_ms;
    if late_ms.abs() <= SAME_START_FRACTION * grid.step_ms() {
        late_ms = 0.0;
    } else if is_unstated(times.start_ms, target.start_ms) && n_stored.abs_diff(n_samples) <= slack {
        notes.push(
            "response or stimulus states no start but 0 s: they are taken to start together".to_owned(),
        );
        late_ms = 0.0;
    }
    if late_ms != 0.0 {
        return shifted(&current_na, (times.step_ms, late_ms), target, notes);
    }
    if !is_same_rate {
        return resampled(&current_na, times.step_ms, (target, slack), notes);
    }
    if n_stored.abs_diff(n_samples) > slack && n_stored.abs_diff(n_kept) > slack {
        return Err(format!("mixed lengths: {n_stored} currents for {n_samples} voltages"));
    }
    let n_currents = current_na.len();
    if n_kept > n_currents + slack {
        return Err(format!("mixed lengths: {n_currents} currents for {n_kept} voltages"));
    }
    if n_currents < n_kept {
        let n_missing = n_kept - n_currents;
        notes.push(format!(
            "the stimulus ends {n_missing} samples before the voltage: its last value is held"
        ));
    } else if n_stored > n_samples {
        notes.push(format!("the stimulus ends {} samples after the voltage: cut", n_stored - n_samples));
    }
    current_na.resize(n_kept, current_na[n_currents - 1]);
    Ok(current_na)
}

/// Whether one of two starts is exactly 0, which is what programs write that know none, and the other is not.
fn is_unstated(left_ms: f64, right_ms: f64) -> bool {
    (left_ms.abs() > 0.0) != (right_ms.abs() > 0.0)
}

fn resampled(
    current_na: &[f64],
    step_ms: f64,
    (target, slack): (Target, usize),
    notes: &mut Vec<String>,
) -> Result<Vec<f64>, String> {
    let place = |sample_idx| position(target.grid.time_ms(sample_idx), step_ms, EARLY).unwrap_or(0);
    let n_currents = current_na.len();
    let n_held = (0..target.n_kept).rev().take_while(|sample_idx| place(*sample_idx) >= n_currents).count();
    if n_held > slack {
        return Err(format!(
            "mixed lengths: {n_currents} currents every {step_ms} ms end before the voltage"
        ));
    }
    notes.push(format!("the stimulus has steps of {step_ms} ms: each value holds until the next"));
    if n_held > 0 {
        notes.push(format!("the stimulus ends {n_held} samples before the voltage: its last value is held"));
    }
    Ok((0..target.n_kept).map(|sample_idx| current_na[place(sample_idx).min(n_currents - 1)]).collect())
}

/// A stimulus that starts at another time than its response; its first and last values are held outside.
fn shifted(
    current_na: &[f64],
    (step_ms, late_ms): (f64, f64),
    target: Target,
    notes: &mut Vec<String>,
) -> Result<Vec<f64>, String> {
    let is_same_rate = (step_ms / target.grid.step_ms() - 1.0).abs() < SAME_RATE_FRACTION;
    let early = if is_same_rate { NEAREST } else { EARLY };
    let place = |sample_idx| position(target.grid.time_ms(sample_idx) - late_ms, step_ms, early);
    let n_currents = current_na.len();
    let n_before = (0..target.n_kept).take_while(|sample_idx| place(*sample_idx).is_none()).count();
    let is_after = |sample_idx: &usize| place(*sample_idx).is_some_and(|place| place >= n_currents);
    let n_after = (0..target.n_kept).rev().take_while(is_after).count();
    if n_before + n_after >= target.n_kept {
        return Err(format!("it starts {late_ms} ms after the voltage and does not overlap it"));
    }
    notes.push(format!(
        "the stimulus starts {late_ms:.3} ms after the voltage and is shifted; its first and last values are held for \
         {n_before} and {n_after} samples"
    ));
    let value = |sample_idx: usize| current_na[place(sample_idx).unwrap_or(0).min(n_currents - 1)];
    Ok((0..target.n_kept).map(value).collect())
}

/// Share of a step by which a sample may come early: round-off, or half a step for the nearest.
const EARLY: f64 = 1e-3;
const NEAREST: f64 = 0.5;

/// The sample at a time; `None` before the first.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position is not negative")]
fn position(time_ms: f64, step_ms: f64, early: f64) -> Option<usize> {
    let position = time_ms / step_ms + early;
    (position >= 0.0).then_some(position as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(current_na: &[f64], start_ms: f64, n_kept: usize) -> (Result<Vec<f64>, String>, String) {
        let times = Times { start_ms, step_ms: 0.1, note: None };
        let target = Target { grid: TimeGrid::new(0.0, 0.1, 100).unwrap(), start_ms: 50.0, n_kept };
        let mut notes = Vec::new();
        let fitted = on_grid(current_na.to_vec(), &times, target, &mut notes);
        (fitted, notes.join("; "))
    }

    fn ramp(n_samples: u32) -> Vec<f64> {
        (0..n_samples).map(f64::from).collect()
    }

    #[test]
    fn analytic_a_few_samples_more_or_less_are_cut_or_held() {
        let (fitted, notes) = fit(&ramp(98), 50.0, 100);
        assert_eq!(fitted.unwrap()[96..], [96.0, 97.0, 97.0, 97.0]);
        assert!(notes.contains("2 samples before"), "{notes}");
        let (fitted, notes) = fit(&ramp(105), 50.0, 100);
        assert_eq!((fitted.unwrap(), notes.contains("5 samples after")), (ramp(100), true));
        assert_eq!(fit(&ramp(80), 50.0, 100).0.unwrap_err(), "mixed lengths: 80 currents for 100 voltages");
        assert_eq!(fit(&ramp(300), 50.0, 100).0.unwrap_err(), "mixed lengths: 300 currents for 100 voltages");
    }

    #[test]
    fn analytic_numbers_that_end_early_are_missing() {
        let ending = |n_numbers: usize| {
            let mut current_na = ramp(100);
            current_na[n_numbers..].fill(f64::NAN);
            current_na
        };
        assert_eq!(fit(&ending(60), 50.0, 60), (Ok(ramp(60)), String::new()));
        assert_eq!(fit(&ending(57), 50.0, 60).0.unwrap()[55..], [55.0, 56.0, 56.0, 56.0, 56.0]);
        assert!(fit(&ending(60), 50.0, 100).0.unwrap_err().contains("60 currents for 100 voltages"));
        assert!(fit(&ending(0), 50.0, 100).0.is_err());
    }

    #[test]
    fn analytic_a_late_stimulus_is_shifted() {
        let (fitted, notes) = fit(&ramp(100), 51.0, 100);
        let fitted = fitted.unwrap();
        assert_eq!((fitted[..12].to_vec(), fitted[99]), ([vec![0.0; 11], vec![1.0]].concat(), 89.0));
        assert!(notes.contains("starts 1.000 ms after"), "{notes}");
        assert_eq!(fit(&ramp(100), 49.0, 100).0.unwrap()[88..91], [98.0, 99.0, 99.0]);
        assert_eq!(fit(&ramp(100), 50.04, 100), (Ok(ramp(100)), String::new()));
        assert!(fit(&ramp(100), 90.0, 100).0.unwrap_err().contains("does not overlap"));
        // Zero is what programs write that know no start.
        let (fitted, notes) = fit(&ramp(100), 0.0, 100);
        assert_eq!((fitted, notes.contains("states no start")), (Ok(ramp(100)), true));
    }

    #[test]
    fn analytic_time_stamps_are_as_even_as_they_are_stored() {
        let stamps: Vec<f64> = (0..20_000).map(|idx| 100.0 + f64::from(idx) / 20_000.0).collect();
        let single: Vec<f64> = stamps.iter().map(|time_s| f64::from(*time_s as f32)).collect();
        assert_eq!(regular_step(&stamps, f64::EPSILON), Ok(1.0 / 20_000.0));
        assert_eq!(regular_step(&single, f64::from(f32::EPSILON)), Ok(1.0 / 20_000.0));
        assert!(regular_step(&single, f64::EPSILON).unwrap_err().contains("irregular"));
        let late: Vec<f64> = single.iter().map(|time_s| f64::from((time_s + 1e5) as f32)).collect();
        assert!(regular_step(&late, f64::from(f32::EPSILON)).unwrap_err().contains("coarser"));
    }
}
