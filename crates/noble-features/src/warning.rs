//! What looks wrong with a sweep that can still be computed.

use std::fmt;

use crate::{PreparedSweep, Sweep, resample, subjects};

/// Voltages below this everywhere look like volts.
const VOLTS_LIMIT_MV: f64 = 1.0;
/// No membrane reaches this; voltages beyond it look like millivolts that were taken for volts.
const MILLIVOLTS_LIMIT_MV: f64 = 500.0;
/// Samples that are exactly zero at the end of a trace and look like those of a sweep that was cut short.
const MIN_ZEROS: usize = 20;
/// Samples closer than this on average (2 MHz) look like seconds.
const SECONDS_LIMIT_MS: f64 = 5e-4;

/// Something suspicious: features are computed, but may not mean what was wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// No voltage reaches 1 mV in size.
    LooksLikeVolts {
        /// Largest absolute value.
        largest_mv: f64,
    },
    /// A voltage is larger than that of any membrane.
    LooksLikeMillivolts {
        /// Largest absolute value.
        largest_mv: f64,
    },
    /// The trace ends with exact zeros.
    ZerosAtEnd {
        /// Time of the first of them.
        from_ms: f64,
        /// Last sample.
        last_ms: f64,
    },
    /// Samples lie closer together than any amplifier takes them.
    LooksLikeSeconds {
        /// Mean distance of two samples.
        mean_step_ms: f64,
    },
    /// Part of the stimulus lies outside the trace.
    StimulusOutsideTrace {
        /// Start of the stimulus.
        stim_start_ms: f64,
        /// End of the stimulus.
        stim_end_ms: f64,
        /// First sample.
        first_ms: f64,
        /// Last sample.
        last_ms: f64,
    },
    /// The base window, a fraction of the stimulus start as an absolute time, holds no sample.
    NoBaseWindow {
        /// Start of the stimulus.
        stim_start_ms: f64,
    },
    /// The base voltage lies above the spike threshold.
    BaseAboveThreshold {
        /// Base voltage.
        voltage_base_mv: f64,
        /// Spike threshold.
        threshold_mv: f64,
    },
    /// The trace was too short, or began with two equal times, and was left as it is.
    NotResampled,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LooksLikeVolts { largest_mv } => {
                write!(f, "largest |v| is {largest_mv} mV: looks like volts; multiply by 1000")
            }
            Self::LooksLikeMillivolts { largest_mv } => {
                write!(
                    f,
                    "largest |v| is {largest_mv} mV: looks like millivolts stated as volts; divide by 1000"
                )
            }
            Self::ZerosAtEnd { from_ms, last_ms } => write!(
                f,
                "the voltage is exactly 0 from {from_ms} to {last_ms} ms: looks like a sweep that was cut short; leave it out"
            ),
            Self::LooksLikeSeconds { mean_step_ms } => {
                write!(f, "samples are {mean_step_ms} ms apart: looks like seconds; multiply by 1000")
            }
            Self::StimulusOutsideTrace { stim_start_ms, stim_end_ms, first_ms, last_ms } => write!(
                f,
                "stimulus {stim_start_ms} to {stim_end_ms} ms leaves the trace {first_ms} to {last_ms} ms; check its times"
            ),
            Self::NoBaseWindow { stim_start_ms } => write!(
                f,
                "no sample in the base window before {stim_start_ms} ms: voltage_base is missing or from other samples; start the trace at zero and the stimulus after it"
            ),
            Self::BaseAboveThreshold { voltage_base_mv, threshold_mv } => write!(
                f,
                "voltage_base {voltage_base_mv} mV is above the spike threshold {threshold_mv} mV; check units and threshold"
            ),
            Self::NotResampled => {
                write!(f, "fewer than 3 samples or two equal first times: features use the raw samples")
            }
        }
    }
}

/// Everything suspicious about a sweep.
pub(crate) fn of_prepared(prepared: &PreparedSweep<'_>) -> Vec<Warning> {
    let mut warnings = of_sweep(prepared.sweep());
    let (settings, stim_start_ms) = (prepared.settings(), prepared.stim_start_ms());
    if !prepared.is_precise() && !resample::is_resampled(prepared.sweep()) {
        warnings.push(Warning::NotResampled);
    }
    if !subjects::has_base_window(prepared) {
        warnings.push(Warning::NoBaseWindow { stim_start_ms });
    }
    let threshold_mv = settings.threshold_mv;
    if let Some(voltage_base_mv) = prepared.voltage_base_mv().filter(|base_mv| *base_mv > threshold_mv) {
        warnings.push(Warning::BaseAboveThreshold { voltage_base_mv, threshold_mv });
    }
    warnings
}

/// Suspicions that need no feature.
fn of_sweep(sweep: &Sweep<'_>) -> Vec<Warning> {
    let (times, v_mv) = (sweep.times(), sweep.v_mv());
    let (stim_start_ms, stim_end_ms) = (sweep.stim_start_ms(), sweep.stim_end_ms());
    let n_samples = v_mv.len();
    let (first_ms, last_ms) = (times.time_ms(0), times.time_ms(n_samples - 1));
    let mut warnings = Vec::new();
    let largest_mv = v_mv.iter().fold(0.0, |largest, v| f64::max(largest, v.abs()));
    if largest_mv < VOLTS_LIMIT_MV {
        warnings.push(Warning::LooksLikeVolts { largest_mv });
    }
    if largest_mv > MILLIVOLTS_LIMIT_MV {
        warnings.push(Warning::LooksLikeMillivolts { largest_mv });
    }
    let n_zeros = v_mv.iter().rev().take_while(|v| v.abs() <= 0.0).count();
    if (MIN_ZEROS..n_samples).contains(&n_zeros) {
        warnings.push(Warning::ZerosAtEnd { from_ms: times.time_ms(n_samples - n_zeros), last_ms });
    }
    let mean_step_ms = (last_ms - first_ms) / (n_samples as f64 - 1.0);
    if n_samples > 2 && mean_step_ms < SECONDS_LIMIT_MS {
        warnings.push(Warning::LooksLikeSeconds { mean_step_ms });
    }
    // A stimulus that lasts to the last sample ends one step after it, give or take rounding.
    if stim_start_ms < first_ms || stim_end_ms > last_ms + 1.001 * mean_step_ms.max(0.0) {
        warnings.push(Warning::StimulusOutsideTrace { stim_start_ms, stim_end_ms, first_ms, last_ms });
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PreparedSweep, Settings};

    fn warnings(times_ms: &[f64], v_mv: &[f64], window: (f64, f64)) -> Vec<Warning> {
        let sweep = Sweep::new(times_ms, v_mv, window.0, window.1).unwrap();
        PreparedSweep::new(&sweep, &Settings::default()).unwrap().warnings()
    }

    #[test]
    fn invariant_suspicious_sweeps_are_noticed() {
        let times_ms: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.1).collect();
        let rest_mv = vec![-70.0; 1000];
        assert_eq!(warnings(&times_ms, &rest_mv, (20.0, 80.0)), []);
        let volts = warnings(&times_ms, &[-0.07; 1000], (20.0, 80.0));
        assert!(matches!(volts[0], Warning::LooksLikeVolts { .. }), "{volts:?}");
        let millivolts = warnings(&times_ms, &[-70_000.0; 1000], (20.0, 80.0));
        assert!(matches!(millivolts[..], [Warning::LooksLikeMillivolts { .. }]), "{millivolts:?}");
        let cut: Vec<f64> = (0..1000).map(|i| if i < 900 { -70.0 } else { 0.0 }).collect();
        let cut = warnings(&times_ms, &cut, (20.0, 80.0));
        assert_eq!(cut, [Warning::ZerosAtEnd { from_ms: times_ms[900], last_ms: times_ms[999] }]);
        assert_eq!(warnings(&times_ms, &rest_mv, (20.0, 100.0)), []);
        let beyond = warnings(&times_ms, &rest_mv, (20.0, 180.0));
        assert!(matches!(beyond[..], [Warning::StimulusOutsideTrace { .. }]), "{beyond:?}");
        let from_zero = warnings(&times_ms, &rest_mv, (0.0, 80.0));
        assert!(matches!(from_zero[..], [Warning::NoBaseWindow { .. }]), "{from_zero:?}");
        let high = warnings(&times_ms, &[10.0; 1000], (20.0, 80.0));
        assert!(matches!(high[..], [Warning::BaseAboveThreshold { .. }]), "{high:?}");
        let seconds: Vec<f64> = times_ms.iter().map(|t| t / 1000.0).collect();
        let seconds = warnings(&seconds, &rest_mv, (0.02, 0.08));
        assert!(matches!(seconds[0], Warning::LooksLikeSeconds { .. }), "{seconds:?}");
        let short = warnings(&[0.0, 1.0], &[-70.0, -70.0], (0.5, 0.9));
        assert!(short.contains(&Warning::NotResampled), "{short:?}");
    }

    #[test]
    fn invariant_a_warning_names_its_remedy() {
        let text = Warning::LooksLikeVolts { largest_mv: 0.07 }.to_string();
        assert_eq!(text, "largest |v| is 0.07 mV: looks like volts; multiply by 1000");
    }
}
