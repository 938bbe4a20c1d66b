//! Settings by the names that eFEL gives them.

use super::{BaseMode, Settings};
use crate::Error;

/// eFEL's names that no feature here depends on: one is unused, the other belongs to a curve fit that is left out.
const WITHOUT_EFFECT: [&str; 2] = ["min_spike_height", "inactivation_tc_end_skip"];

/// One setting of eFEL.
#[derive(Debug, Clone, Copy)]
pub struct SettingName {
    efel: &'static str,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Number(fn(&mut Settings) -> &mut f64),
    Count(fn(&mut Settings) -> &mut usize),
    Switch(fn(&mut Settings) -> &mut bool),
    Base(fn(&mut Settings) -> &mut BaseMode),
}

const fn number(efel: &'static str, place: fn(&mut Settings) -> &mut f64) -> SettingName {
    SettingName { efel, place: Place::Number(place) }
}

const fn count(efel: &'static str, place: fn(&mut Settings) -> &mut usize) -> SettingName {
    SettingName { efel, place: Place::Count(place) }
}

const fn switch(efel: &'static str, place: fn(&mut Settings) -> &mut bool) -> SettingName {
    SettingName { efel, place: Place::Switch(place) }
}

const fn base(efel: &'static str, place: fn(&mut Settings) -> &mut BaseMode) -> SettingName {
    SettingName { efel, place: Place::Base(place) }
}

impl SettingName {
    /// Every setting, in alphabetic order of eFEL's names.
    pub const ALL: &'static [Self] = &[
        count("AP_phaseslope_range", |settings| &mut settings.n_phase_slope_range),
        number("DerivativeThreshold", |settings| &mut settings.derivative_threshold_mv_per_ms),
        count("DerivativeWindow", |settings| &mut settings.n_derivative_window),
        number("DownDerivativeThreshold", |settings| &mut settings.down_derivative_threshold_mv_per_ms),
        number("Threshold", |settings| &mut settings.threshold_mv),
        number("burst_factor", |settings| &mut settings.burst_factor),
        number("current_base_end_perc", |settings| &mut settings.current_base_end_fraction),
        base("current_base_mode", |settings| &mut settings.current_base_mode),
        number("current_base_start_perc", |settings| &mut settings.current_base_start_fraction),
        number("decay_end_after_stim", |settings| &mut settings.decay_end_after_stim_ms),
        number("decay_start_after_stim", |settings| &mut settings.decay_start_after_stim_ms),
        number("depol_block_min_duration", |settings| &mut settings.depol_block_min_duration_ms),
        switch("ignore_first_ISI", |settings| &mut settings.ignores_first_isi),
        number("impedance_max_freq", |settings| &mut settings.impedance_max_hz),
        number("initburst_freq_threshold", |settings| &mut settings.initial_burst_min_hz),
        number("initburst_sahp_end", |settings| &mut settings.initial_burst_ahp_end_ms),
        number("initburst_sahp_start", |settings| &mut settings.initial_burst_ahp_start_ms),
        number("initial_perc", |settings| &mut settings.initial_fraction),
        number("interp_step", |settings| &mut settings.interp_step_ms),
        count("max_spike_skip", |settings| &mut settings.n_max_skipped_spikes),
        number("offset", |settings| &mut settings.adaptation_margin_ms),
        number("precision_threshold", |settings| &mut settings.base_tolerance_ms),
        number("rise_end_perc", |settings| &mut settings.rise_end_fraction),
        number("rise_start_perc", |settings| &mut settings.rise_start_fraction),
        number("sahp_start", |settings| &mut settings.slow_ahp_start_ms),
        number("spike_skipf", |settings| &mut settings.skipped_spikes_fraction),
        number("strict_burst_factor", |settings| &mut settings.strict_burst_factor),
        switch("strict_stiminterval", |settings| &mut settings.drops_peaks_outside_stimulus),
        number("voltage_base_end_perc", |settings| &mut settings.voltage_base_end_fraction),
        base("voltage_base_mode", |settings| &mut settings.voltage_base_mode),
        number("voltage_base_start_perc", |settings| &mut settings.voltage_base_start_fraction),
    ];

    /// The name, letter for letter.
    #[must_use]
    pub fn efel(&self) -> &'static str {
        self.efel
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
