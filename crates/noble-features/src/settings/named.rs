//! Settings by the names that eFEL gives them.

use super::{BaseMode, Settings};
use crate::Error;

/// eFEL's names that no feature here depends on: one is unused, the other belongs to a curve fit that is left out.
const WITHOUT_EFFECT: [&str; 2] = ["min_spike_height", "inactivation_tc_end_skip"];

/// One setting of eFEL.
#[derive(Debug, Clone, Copy)]
pub struct SettingName {
    efel: &'static str,
    field: &'static str,
    sentence: &'static str,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Number(fn(&mut Settings) -> &mut f64),
    Count(fn(&mut Settings) -> &mut usize),
    Switch(fn(&mut Settings) -> &mut bool),
    Base(fn(&mut Settings) -> &mut BaseMode),
}

/// A setting of a kind: eFEL's name, our field, what it is.
macro_rules! setting {
    ($kind:ident, $efel:literal, $field:ident, $sentence:literal) => {
        SettingName {
            efel: $efel,
            field: stringify!($field),
            sentence: $sentence,
            place: Place::$kind(|settings| &mut settings.$field),
        }
    };
}

impl SettingName {
    /// Every setting, in alphabetic order of eFEL's names.
    pub const ALL: &'static [Self] = &[
        setting!(
            Count,
            "AP_phaseslope_range",
            n_phase_slope_range,
            "Samples before and after onset between which the phase slope is taken"
        ),
        setting!(
            Number,
            "DerivativeThreshold",
            derivative_threshold_mv_per_ms,
            "A spike begins where the slope exceeds this"
        ),
        setting!(
            Count,
            "DerivativeWindow",
            n_derivative_window,
            "Samples for which the slope must stay above its threshold"
        ),
        setting!(
            Number,
            "DownDerivativeThreshold",
            down_derivative_threshold_mv_per_ms,
            "A spike ends where the slope comes back to this"
        ),
        setting!(Number, "Threshold", threshold_mv, "A spike rises and falls through this voltage"),
        setting!(
            Number,
            "burst_factor",
            burst_factor,
            "How much longer than the median an interval between bursts is"
        ),
        setting!(
            Number,
            "current_base_end_perc",
            current_base_end_fraction,
            "End of the current's base window"
        ),
        setting!(Base, "current_base_mode", current_base_mode, "How the current's base window is reduced"),
        setting!(
            Number,
            "current_base_start_perc",
            current_base_start_fraction,
            "Start of the current's base window"
        ),
        setting!(
            Number,
            "decay_end_after_stim",
            decay_end_after_stim_ms,
            "End of the decay fit, after the stimulus end"
        ),
        setting!(
            Number,
            "decay_start_after_stim",
            decay_start_after_stim_ms,
            "Start of the decay fit, after the stimulus end"
        ),
        setting!(
            Number,
            "depol_block_min_duration",
            depol_block_min_duration_ms,
            "Shortest stay above spike onset that counts as block"
        ),
        setting!(
            Switch,
            "ignore_first_ISI",
            ignores_first_isi,
            "Leave out the first interval between spikes"
        ),
        setting!(
            Number,
            "impedance_max_freq",
            impedance_max_hz,
            "Highest frequency at which the impedance is looked at"
        ),
        setting!(
            Number,
            "initburst_freq_threshold",
            initial_burst_min_hz,
            "Slowest firing that belongs to the initial burst"
        ),
        setting!(
            Number,
            "initburst_sahp_end",
            initial_burst_ahp_end_ms,
            "End of the slow AHP after the initial burst"
        ),
        setting!(
            Number,
            "initburst_sahp_start",
            initial_burst_ahp_start_ms,
            "Start of the slow AHP after the initial burst"
        ),
        setting!(
            Number,
            "initial_perc",
            initial_fraction,
            "Share of the stimulus that counts as its beginning"
        ),
        setting!(Number, "interp_step", interp_step_ms, "Step to which every trace is resampled"),
        setting!(Count, "max_spike_skip", n_max_skipped_spikes, "Most spikes left out at the beginning"),
        setting!(
            Number,
            "offset",
            adaptation_margin_ms,
            "Margin around the stimulus in which spikes count for adaptation"
        ),
        setting!(
            Number,
            "precision_threshold",
            base_tolerance_ms,
            "Tolerance on the end of the base windows"
        ),
        setting!(
            Number,
            "rise_end_perc",
            rise_end_fraction,
            "Share of the amplitude at which the rise of a spike ends"
        ),
        setting!(
            Number,
            "rise_start_perc",
            rise_start_fraction,
            "Share of the amplitude at which the rise of a spike starts"
        ),
        setting!(
            Number,
            "sahp_start",
            slow_ahp_start_ms,
            "Time after a peak at which the slow AHP may begin"
        ),
        setting!(
            Number,
            "spike_skipf",
            skipped_spikes_fraction,
            "Share of the spikes left out at the beginning"
        ),
        setting!(Number, "strict_burst_factor", strict_burst_factor, "The same of the strict burst rule"),
        setting!(
            Switch,
            "strict_stiminterval",
            drops_peaks_outside_stimulus,
            "Count only peaks inside the stimulus, both ends included"
        ),
        setting!(
            Number,
            "voltage_base_end_perc",
            voltage_base_end_fraction,
            "End of the base window as a fraction of the stimulus start"
        ),
        setting!(Base, "voltage_base_mode", voltage_base_mode, "How the base window is reduced"),
        setting!(
            Number,
            "voltage_base_start_perc",
            voltage_base_start_fraction,
            "Start of the base window as a fraction of the stimulus start"
        ),
    ];

    /// The name, letter for letter.
    #[must_use]
    pub fn efel(&self) -> &'static str {
        self.efel
    }

    /// Our name: the field of [`Settings`], whose end is the unit.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What it is, without a full stop.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        self.sentence
    }

    /// Its value as text, as [`Settings::set`] reads it.
    #[must_use]
    pub fn text(&self, settings: &Settings) -> String {
        let mut settings = *settings;
        match self.place {
            Place::Number(place) => place(&mut settings).to_string(),
            Place::Count(place) => place(&mut settings).to_string(),
            Place::Switch(place) => place(&mut settings).to_string(),
            Place::Base(place) => match place(&mut settings) {
                BaseMode::Mean => "mean".to_owned(),
                BaseMode::Median => "median".to_owned(),
            },
        }
    }

    /// Its value where it is a number, else zero.
    pub(super) fn number(&self, settings: &Settings) -> f64 {
        let mut settings = *settings;
        match self.place {
            Place::Number(place) => *place(&mut settings),
            _ => 0.0,
        }
    }

    fn set(&self, settings: &mut Settings, text: &str) -> Option<()> {
        match self.place {
            Place::Number(place) => *place(settings) = text.parse().ok()?,
            Place::Count(place) => *place(settings) = text.parse().ok()?,
            Place::Switch(place) => *place(settings) = truth(text)?,
            Place::Base(place) => *place(settings) = base_mode(text)?,
        }
        Some(())
    }

    fn wanted(&self) -> &'static str {
        match self.place {
            Place::Number(_) => "a number",
            Place::Count(_) => "a whole number, zero or more",
            Place::Switch(_) => "true or false",
            Place::Base(_) => "mean or median",
        }
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

fn base_mode(text: &str) -> Option<BaseMode> {
    match text {
        "mean" => Some(BaseMode::Mean),
        "median" => Some(BaseMode::Median),
        _ => None,
    }
}

impl Settings {
    /// Sets one value by eFEL's name, in eFEL's units (mV, ms, Hz, samples).
    ///
    /// # Errors
    /// [`Error::UnknownSetting`] with the nearest known name, [`Error::SettingText`] when the text is no such value.
    /// # Example
    /// ```
    /// let mut settings = noble_features::Settings::default();
    /// settings.set("interp_step", "0.02")?;
    /// settings.set("voltage_base_mode", "median")?;
    /// assert_eq!(settings.interp_step_ms, 0.02);
    /// # Ok::<(), noble_features::Error>(())
    /// ```
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), Error> {
        if WITHOUT_EFFECT.contains(&name) {
            return Ok(());
        }
        let Some(setting) = SettingName::ALL.iter().find(|setting| setting.efel == name) else {
            let known = SettingName::ALL.iter().map(|setting| setting.efel);
            return Err(Error::UnknownSetting {
                name: name.to_owned(),
                nearest: crate::spelling::nearest(name, known),
            });
        };
        setting.set(self, text).ok_or_else(|| Error::SettingText {
            name: setting.efel,
            text: text.to_owned(),
            wanted: setting.wanted(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_every_setting_reads_what_it_writes() {
        for name in SettingName::ALL {
            let mut settings = Settings::default();
            settings.set(name.efel(), &name.text(&Settings::default())).unwrap();
            assert_eq!(settings, Settings::default(), "{}", name.efel());
        }
    }

    #[test]
    fn invariant_settings_reach_their_field() {
        let mut settings = Settings::default();
        for (name, text) in [
            ("Threshold", "-40"),
            ("DerivativeWindow", "5"),
            ("ignore_first_ISI", "False"),
            ("min_spike_height", "1"),
        ] {
            settings.set(name, text).unwrap();
        }
        let expected = Settings {
            threshold_mv: -40.0,
            n_derivative_window: 5,
            ignores_first_isi: false,
            ..Settings::default()
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn invariant_wrong_settings_are_named() {
        let check = |name: &str, text: &str| Settings::default().set(name, text).unwrap_err().to_string();
        assert_eq!(check("threshold", "-20"), "no setting is named \"threshold\"; did you mean Threshold?");
        assert_eq!(check("interp_step", "fine"), "setting interp_step: \"fine\"; give a number");
        assert!(check("voltage_base_mode", "mode").contains("mean or median"));
        assert!(check("DerivativeWindow", "-1").contains("whole number"));
    }
}
