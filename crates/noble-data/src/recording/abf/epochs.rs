//! The waveform that an epoch table describes, sweep by sweep.

use std::f64::consts::PI;

use super::header::{Epoch, Output};

/// The protocol starts after this share of the sweep.
const LEAD_DIVISOR: usize = 64;

/// The level of every sample of a sweep, `[n_samples]`, in the unit of the output; `Err` names an epoch that is not
/// known.
///
/// The level before the first epoch is the holding level, or the last level of the sweep before where the protocol
/// says so. Epochs that reach beyond the sweep are cut.
/// # Source
/// pyABF 2.3.8 `waveform.EpochSweepWaveform.getWaveform`.
pub(super) fn waveform(output: &Output, sweep_idx: usize, n_samples: usize) -> Result<Vec<f64>, String> {
    let mut levels = vec![0.0; n_samples];
    let mut begin = n_samples / LEAD_DIVISOR;
    let mut before = sweep_idx.checked_sub(1).map_or(output.holding, |earlier| rest_level(output, earlier));
    levels[..begin].fill(before);
    for epoch in &output.epochs {
        let end = begin.saturating_add(duration(epoch, sweep_idx)).min(n_samples);
        let level = level(epoch, sweep_idx);
        let shape = Shape { before, level, period: size(epoch.pulse_period), width: size(epoch.pulse_width) };
        shape.draw(epoch.kind, &mut levels[begin..end])?;
        before = level;
        begin = end;
    }
    levels[begin..].fill(rest_level(output, sweep_idx));
    Ok(levels)
}

/// The level between two sweeps.
fn rest_level(output: &Output, sweep_idx: usize) -> f64 {
    match output.epochs.last() {
        Some(last) if output.keeps_last_level => level(last, sweep_idx),
        _ => output.holding,
    }
}

#[expect(clippy::cast_precision_loss, reason = "sweep numbers stay far below 2^53")]
fn level(epoch: &Epoch, sweep_idx: usize) -> f64 {
    epoch.level + epoch.level_step * sweep_idx as f64
}

fn duration(epoch: &Epoch, sweep_idx: usize) -> usize {
    let sweep_idx = i64::try_from(sweep_idx).unwrap_or(i64::MAX);
    let longer = i64::from(epoch.n_samples_step).saturating_mul(sweep_idx);
    usize::try_from(i64::from(epoch.n_samples).saturating_add(longer)).unwrap_or(0)
}

fn size(n_samples: i32) -> usize {
    usize::try_from(n_samples).unwrap_or(0)
}

/// What the kinds of epochs are drawn from.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// Level of the epoch before.
    before: f64,
    level: f64,
    /// Samples from pulse to pulse.
    period: usize,
    /// Samples of one pulse.
    width: usize,
}

impl Shape {
    fn draw(&self, kind: i16, samples: &mut [f64]) -> Result<(), String> {
        match kind {
            1 => samples.fill(self.level),
            2 => ramp(samples, self.before, self.level),
            3 => self.each_pulse(samples, |pulse| pulse.fill(self.level)),
            4 => self.triangles(samples),
            5 => self.cosines(samples),
            7 => self.each_pulse(samples, |pulse| self.biphasic(pulse)),
            other => return Err(format!("an epoch of unknown kind {other}")),
        }
        Ok(())
    }

    fn n_pulses(&self, n_samples: usize) -> usize {
        n_samples.checked_div(self.period).unwrap_or(0)
    }

    /// The level before, then every pulse drawn by `draw`; a pulse that is wider than the period ends with the next, which
    /// is drawn over it.
    fn each_pulse(&self, samples: &mut [f64], draw: impl Fn(&mut [f64])) {
        let n_samples = samples.len();
        samples.fill(self.before);
        let n_pulses = self.n_pulses(n_samples);
        for idx in 0..n_pulses {
            let begin = self.period * idx;
            let is_last = idx + 1 == n_pulses;
            let width = if is_last { self.width } else { self.width.min(self.period) };
            draw(&mut samples[begin..begin.saturating_add(width).min(n_samples)]);
        }
    }

    /// Half of a pulse above the level before, half as far below it.
    fn biphasic(&self, pulse: &mut [f64]) {
        // A pulse that is cut at the end of the epoch still turns at the middle of its full width.
        let half = (self.width / 2).min(pulse.len());
        let height = self.level - self.before;
        pulse[..half].fill(self.before + height);
        pulse[half..].fill(self.before - height);
    }

    fn triangles(&self, samples: &mut [f64]) {
        samples.fill(self.before);
        let width = self.width.min(self.period);
        let n_pulses = self.n_pulses(samples.len());
        if self.period == 0 {
            return;
        }
        for triangle in samples.chunks_exact_mut(self.period).take(n_pulses) {
            let (rise, fall) = triangle.split_at_mut(width);
            ramp(rise, self.before, self.level);
            ramp(fall, self.level, self.before);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
    fn cosines(&self, samples: &mut [f64]) {
        let end = 2.0 * self.n_pulses(samples.len()) as f64 * PI;
        let half_height = (self.level - self.before) / 2.0;
        ramp(samples, 0.0, end);
        for sample in samples {
            *sample = self.before + ((*sample + PI).cos() * half_height + half_height);
        }
    }
}

/// Evenly spaced values from `first` to `last`, both included.
#[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^53")]
fn ramp(samples: &mut [f64], first: f64, last: f64) {
    let n_steps = samples.len().saturating_sub(1);
    let step = (last - first) / (n_steps.max(1)) as f64;
    for (idx, sample) in samples.iter_mut().enumerate() {
        *sample = idx as f64 * step + first;
    }
    if let Some(sample) = samples.last_mut().filter(|_| n_steps > 0) {
        *sample = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::abf::header::Waveform;

    fn output(epochs: Vec<Epoch>, keeps_last_level: bool) -> Output {
        Output {
            name: String::new(),
            unit: "pA".to_owned(),
            holding: -20.0,
            waveform: Waveform::Epochs,
            keeps_last_level,
            epochs,
            has_user_list: false,
        }
    }

    fn epoch(kind: i16, level: f64, n_samples: i32) -> Epoch {
        let pulse = if kind == 1 { (0, 0) } else { (10, 4) };
        let (pulse_period, pulse_width) = pulse;
        Epoch { kind, level, level_step: 10.0, n_samples, n_samples_step: 0, pulse_period, pulse_width }
    }

    #[test]
    fn analytic_lead_and_rest_are_the_holding_level() {
        let levels = waveform(&output(vec![epoch(1, 50.0, 30)], false), 2, 128).unwrap();
        assert_eq!(levels[..2], [-20.0; 2]);
        assert_eq!(levels[2..32], [70.0; 30]);
        assert_eq!(levels[32..], [-20.0; 96]);
    }

    #[test]
    fn analytic_last_level_stays_until_the_next_sweep() {
        let output = output(vec![epoch(1, 50.0, 30)], true);
        assert_eq!(waveform(&output, 0, 128).unwrap()[32..], [50.0; 96]);
        assert_eq!(waveform(&output, 1, 128).unwrap()[..3], [50.0, 50.0, 60.0]);
    }

    #[test]
    fn analytic_epochs_end_with_the_sweep() {
        let levels =
            waveform(&output(vec![epoch(1, 50.0, i32::MAX), epoch(2, 0.0, 10)], false), 0, 64).unwrap();
        assert_eq!((levels.len(), levels[63]), (64, 50.0));
        let negative = Epoch { n_samples: -5, ..epoch(1, 50.0, 0) };
        assert_eq!(waveform(&output(vec![negative], false), 0, 64).unwrap(), [-20.0; 64]);
    }

    #[test]
    fn analytic_trains_rest_at_the_level_before() {
        for kind in [3, 4, 7] {
            let levels = waveform(&output(vec![epoch(kind, 30.0, 25)], false), 0, 64).unwrap();
            assert_eq!(levels[21..], [-20.0; 43], "kind {kind}");
            assert!(levels[1..21].contains(&30.0), "kind {kind}");
        }
        // Wider than their period, pulses run into one another; biphasic ones turn after half of their width.
        let wide = |kind: i16| Epoch { pulse_width: 24, ..epoch(kind, 30.0, 30) };
        let levels = waveform(&output(vec![wide(3)], false), 0, 64).unwrap();
        assert_eq!(levels[1..31], [30.0; 30]);
        let levels = waveform(&output(vec![wide(7)], false), 0, 64).unwrap();
        assert_eq!((levels[1..31].to_vec(), levels[31]), ([[30.0; 10]; 3].concat(), -20.0));
        let one_by_one = Epoch { pulse_period: 1, pulse_width: i32::MAX, ..epoch(3, 30.0, i32::MAX) };
        let levels = waveform(&output(vec![one_by_one], false), 0, 1_000_000).unwrap();
        assert_eq!(levels[1_000_000 / 64..], vec![30.0; 1_000_000 - 1_000_000 / 64]);
        assert!(waveform(&output(vec![epoch(6, 30.0, 25)], false), 0, 64).unwrap_err().contains("kind 6"));
    }
}
