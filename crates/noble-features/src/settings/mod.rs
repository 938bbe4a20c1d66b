//! The numbers that the definitions leave to the user.

mod named;

pub use named::SettingName;

use crate::Error;

/// How the samples before the stimulus become one base value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BaseMode {
    /// Arithmetic mean.
    #[default]
    Mean,
    /// Median.
    Median,
}

/// Which samples the definitions are applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// eFEL's: the trace is resampled first, and every time is that of a resampled point.
    #[default]
    Efel,
    /// The recorded samples as they are; peaks, minima and crossings lie between them by local interpolation.
    Precise,
}

/// Settings of the feature definitions; the default is eFEL's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Which samples are used.
    pub mode: Mode,
    /// A spike rises and falls through this voltage (eFEL `Threshold`).
    pub threshold_mv: f64,
    /// A spike begins where the slope exceeds this (eFEL `DerivativeThreshold`).
    pub derivative_threshold_mv_per_ms: f64,
    /// A spike ends where the slope comes back to this (eFEL `DownDerivativeThreshold`).
    pub down_derivative_threshold_mv_per_ms: f64,
    /// Samples for which the slope must stay above its threshold (eFEL `DerivativeWindow`).
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
    /// Start of the current's base window (eFEL `current_base_start_perc`).
    pub current_base_start_fraction: f64,
    /// End of the current's base window (eFEL `current_base_end_perc`).
    pub current_base_end_fraction: f64,
    /// How the current's base window is reduced (eFEL `current_base_mode`).
    pub current_base_mode: BaseMode,
    /// Tolerance on the end of the base windows (eFEL `precision_threshold`).
    pub base_tolerance_ms: f64,
    /// Share of the stimulus that counts as its beginning (eFEL `initial_perc`).
    pub initial_fraction: f64,
    /// Share of the amplitude at which the rise of a spike starts (eFEL `rise_start_perc`).
    pub rise_start_fraction: f64,
    /// Share of the amplitude at which the rise of a spike ends (eFEL `rise_end_perc`).
    pub rise_end_fraction: f64,
    /// Share of the spikes left out at the beginning (eFEL `spike_skipf`).
    pub skipped_spikes_fraction: f64,
    /// Most spikes left out at the beginning (eFEL `max_spike_skip`).
    pub n_max_skipped_spikes: usize,
    /// Margin around the stimulus in which spikes count for adaptation (eFEL `offset`).
    pub adaptation_margin_ms: f64,
    /// Leave out the first interval between spikes (eFEL `ignore_first_ISI`).
    pub ignores_first_isi: bool,
    /// How much longer than the median an interval between bursts is (eFEL `burst_factor`).
    pub burst_factor: f64,
    /// The same of the strict burst rule (eFEL `strict_burst_factor`).
    pub strict_burst_factor: f64,
    /// Time after a peak at which the slow AHP may begin (eFEL `sahp_start`).
    pub slow_ahp_start_ms: f64,
    /// Slowest firing that belongs to the initial burst (eFEL `initburst_freq_threshold`).
    pub initial_burst_min_hz: f64,
    /// Start of the slow AHP after the initial burst (eFEL `initburst_sahp_start`).
    pub initial_burst_ahp_start_ms: f64,
    /// End of the slow AHP after the initial burst (eFEL `initburst_sahp_end`).
    pub initial_burst_ahp_end_ms: f64,
    /// Samples before and after onset between which the phase slope is taken (eFEL `AP_phaseslope_range`).
    pub n_phase_slope_range: usize,
    /// Shortest stay above spike onset that counts as block (eFEL `depol_block_min_duration`).
    pub depol_block_min_duration_ms: f64,
    /// Highest frequency at which the impedance is looked at (eFEL `impedance_max_freq`).
    pub impedance_max_hz: f64,
    /// Start of the decay fit, after the stimulus end (eFEL `decay_start_after_stim`).
    pub decay_start_after_stim_ms: f64,
    /// End of the decay fit, after the stimulus end (eFEL `decay_end_after_stim`).
    pub decay_end_after_stim_ms: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Efel,
            threshold_mv: -20.0,
            derivative_threshold_mv_per_ms: 10.0,
            down_derivative_threshold_mv_per_ms: -12.0,
            n_derivative_window: 3,
            interp_step_ms: 0.1,
            drops_peaks_outside_stimulus: false,
            voltage_base_start_fraction: 0.9,
            voltage_base_end_fraction: 1.0,
            voltage_base_mode: BaseMode::Mean,
            current_base_start_fraction: 0.9,
            current_base_end_fraction: 1.0,
            current_base_mode: BaseMode::Mean,
            base_tolerance_ms: 1e-10,
            initial_fraction: 0.1,
            rise_start_fraction: 0.0,
            rise_end_fraction: 1.0,
            skipped_spikes_fraction: 0.1,
            n_max_skipped_spikes: 2,
            adaptation_margin_ms: 0.0,
            ignores_first_isi: true,
            burst_factor: 1.5,
            strict_burst_factor: 2.0,
            slow_ahp_start_ms: 5.0,
            initial_burst_min_hz: 50.0,
            initial_burst_ahp_start_ms: 5.0,
            initial_burst_ahp_end_ms: 100.0,
            n_phase_slope_range: 2,
            depol_block_min_duration_ms: 50.0,
            impedance_max_hz: 50.0,
            decay_start_after_stim_ms: 1.0,
            decay_end_after_stim_ms: 10.0,
        }
    }
}

impl Settings {
    /// eFEL's settings applied to the recorded samples.
    #[must_use]
    pub fn precise() -> Self {
        Self { mode: Mode::Precise, ..Self::default() }
    }

    /// Checks that every number is usable.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first number that is not finite, a step that is not greater than zero, an empty
    /// slope window, or a share that is not below one where only that makes sense.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |name, value, requirement| Err(Error::Setting { name, value, requirement });
        for (name, value) in SettingName::ALL.iter().map(|name| (name.efel(), name.number(self))) {
            if !value.is_finite() {
                return refuse(name, value, "give a finite number");
            }
        }
        if self.interp_step_ms <= 0.0 {
            return refuse("interp_step", self.interp_step_ms, "give a step greater than zero, in ms");
        }
        if self.n_derivative_window == 0 {
            return refuse("DerivativeWindow", 0.0, "give at least one sample");
        }
        for (name, value) in
            [("initial_perc", self.initial_fraction), ("spike_skipf", self.skipped_spikes_fraction)]
        {
            if !(0.0..1.0).contains(&value) {
                return refuse(name, value, "give a share from 0 up to, but without, 1");
            }
        }
        if self.decay_start_after_stim_ms >= self.decay_end_after_stim_ms {
            let value = self.decay_start_after_stim_ms;
            return refuse("decay_start_after_stim", value, "start before decay_end_after_stim");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_unusable_numbers_are_refused() {
        let default = Settings::default();
        let bad = [
            Settings { interp_step_ms: 0.0, ..default },
            Settings { interp_step_ms: -0.1, ..default },
            Settings { threshold_mv: f64::NAN, ..default },
            Settings { decay_end_after_stim_ms: f64::INFINITY, ..default },
            Settings { decay_start_after_stim_ms: 10.0, ..default },
            Settings { n_derivative_window: 0, ..default },
            Settings { skipped_spikes_fraction: 1.0, ..default },
        ];
        for settings in bad {
            assert!(matches!(settings.check(), Err(Error::Setting { .. })), "{settings:?}");
        }
        assert_eq!(default.check(), Ok(()));
        assert_eq!(Settings::precise().check(), Ok(()));
    }
}
