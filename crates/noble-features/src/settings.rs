//! The numbers that eFEL's definitions leave to the user.

use crate::Error;

/// How the samples before the stimulus become one base voltage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BaseMode {
    /// Arithmetic mean.
    #[default]
    Mean,
    /// Median.
    Median,
}

/// Settings of the feature definitions; the default is eFEL's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// A spike rises and falls through this voltage (eFEL `Threshold`).
    pub threshold_mv: f64,
    /// A spike begins where the slope exceeds this (eFEL `DerivativeThreshold`).
    pub derivative_threshold_mv_per_ms: f64,
    /// Samples for which the slope must stay there (eFEL `DerivativeWindow`).
    pub n_derivative_window: usize,
    /// Step to which every trace is resampled (eFEL `interp_step`).
    pub interp_step_ms: f64,
    /// Count only peaks inside the stimulus, both ends included (eFEL `strict_stiminterval`).
    pub drops_peaks_outside_stimulus: bool,
    /// Start of the base window as a fraction of the stimulus start (eFEL `voltage_base_start_perc`).
    pub voltage_base_start_fraction: f64,
    /// End of the base window as a fraction of the stimulus start (eFEL `voltage_base_end_perc`).
    pub voltage_base_end_fraction: f64,
    /// How the base window is reduced (eFEL `voltage_base_mode`).
    pub voltage_base_mode: BaseMode,
    /// Tolerance on the end of the base window (eFEL `precision_threshold`).
    pub voltage_base_tolerance_ms: f64,
    /// Shortest stay above spike onset that counts as block (eFEL `depol_block_min_duration`).
    pub depol_block_min_duration_ms: f64,
    /// Start of the decay fit, after the stimulus end (eFEL `decay_start_after_stim`).
    pub decay_start_after_stim_ms: f64,
    /// End of the decay fit, after the stimulus end (eFEL `decay_end_after_stim`).
    pub decay_end_after_stim_ms: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threshold_mv: -20.0,
            derivative_threshold_mv_per_ms: 10.0,
            n_derivative_window: 3,
            interp_step_ms: 0.1,
            drops_peaks_outside_stimulus: false,
            voltage_base_start_fraction: 0.9,
            voltage_base_end_fraction: 1.0,
            voltage_base_mode: BaseMode::Mean,
            voltage_base_tolerance_ms: 1e-10,
            depol_block_min_duration_ms: 50.0,
            decay_start_after_stim_ms: 1.0,
            decay_end_after_stim_ms: 10.0,
        }
    }
}

impl Settings {
    /// Checks that every number is usable.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first number that is not finite, a step that is not greater than zero, or an
    /// empty slope window.
    pub fn check(&self) -> Result<(), Error> {
        for (name, value) in self.numbers() {
            if !value.is_finite() {
                return Err(Error::Setting { name, value, requirement: "give a finite number" });
            }
        }
        if self.interp_step_ms <= 0.0 {
            return Err(Error::Setting {
                name: "interp_step_ms",
                value: self.interp_step_ms,
                requirement: "give a step greater than zero",
            });
        }
        if self.n_derivative_window == 0 {
            return Err(Error::Setting {
                name: "n_derivative_window",
                value: 0.0,
                requirement: "give at least one sample",
            });
        }
        Ok(())
    }

    fn numbers(&self) -> [(&'static str, f64); 9] {
        [
            ("threshold_mv", self.threshold_mv),
            ("derivative_threshold_mv_per_ms", self.derivative_threshold_mv_per_ms),
            ("interp_step_ms", self.interp_step_ms),
            ("voltage_base_start_fraction", self.voltage_base_start_fraction),
            ("voltage_base_end_fraction", self.voltage_base_end_fraction),
            ("voltage_base_tolerance_ms", self.voltage_base_tolerance_ms),
            ("depol_block_min_duration_ms", self.depol_block_min_duration_ms),
            ("decay_start_after_stim_ms", self.decay_start_after_stim_ms),
            ("decay_end_after_stim_ms", self.decay_end_after_stim_ms),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_unusable_numbers_are_refused() {
        let bad = [
            Settings { interp_step_ms: 0.0, ..Settings::default() },
            Settings { interp_step_ms: -0.1, ..Settings::default() },
            Settings { threshold_mv: f64::NAN, ..Settings::default() },
            Settings { decay_end_after_stim_ms: f64::INFINITY, ..Settings::default() },
            Settings { n_derivative_window: 0, ..Settings::default() },
        ];
        for settings in bad {
            assert!(matches!(settings.check(), Err(Error::Setting { .. })), "{settings:?}");
        }
        assert_eq!(Settings::default().check(), Ok(()));
    }
}
