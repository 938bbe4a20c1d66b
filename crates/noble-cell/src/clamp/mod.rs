//! Electrodes.

use noble_data::Stimulus;
use noble_data::stimulus::VoltageProtocol;

use crate::CompartmentId;

/// What an electrode does to the place where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Electrode<'a> {
    /// Injects a current.
    Current(CurrentClamp<'a>),
    /// Holds a voltage, as far as its series resistance lets it.
    Voltage(VoltageClamp<'a>),
}

/// A current injected at one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurrentClamp<'a> {
    /// Where; `None` is the middle of the soma.
    pub compartment: Option<CompartmentId>,
    /// How much, when; positive depolarizes.
    pub stimulus: &'a Stimulus,
}

/// A voltage held at one place through a series resistance: `I = (command - V) / R`.
///
/// # Source
/// NEURON 9.0.2 `SEClamp`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoltageClamp<'a> {
    /// Where; `None` is the middle of the soma.
    pub compartment: Option<CompartmentId>,
    /// Resistance and command voltages.
    pub protocol: &'a VoltageProtocol,
}

/// Current into a node at its present voltage, and what it falls by per mV.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Drive {
    pub(crate) current_na: f64,
    pub(crate) conductance_usiemens: f64,
}

impl<'a> From<CurrentClamp<'a>> for Electrode<'a> {
    fn from(clamp: CurrentClamp<'a>) -> Self {
        Self::Current(clamp)
    }
}

impl<'a> From<VoltageClamp<'a>> for Electrode<'a> {
    fn from(clamp: VoltageClamp<'a>) -> Self {
        Self::Voltage(clamp)
    }
}

impl<'a> Electrode<'a> {
    /// A current into the middle of the soma.
    #[must_use]
    pub fn at_soma(stimulus: &'a Stimulus) -> Self {
        Self::Current(CurrentClamp { compartment: None, stimulus })
    }

    /// Where it is; `None` is the middle of the soma.
    #[must_use]
    pub fn compartment(&self) -> Option<CompartmentId> {
        match self {
            Self::Current(clamp) => clamp.compartment,
            Self::Voltage(clamp) => clamp.compartment,
        }
    }

    /// Its current at a time and a voltage of its place.
    #[must_use]
    pub fn current_na(&self, t_ms: f64, v_mv: f64) -> f64 {
        self.drive(t_ms, v_mv).current_na
    }

    /// What it does in the step around a time.
    pub(crate) fn drive(&self, t_ms: f64, v_mv: f64) -> Drive {
        match self {
            Self::Current(clamp) => {
                Drive { current_na: clamp.stimulus.current_na(t_ms), conductance_usiemens: 0.0 }
            }
            Self::Voltage(clamp) => match clamp.protocol.command_mv(t_ms) {
                Some(command_mv) => {
                    let conductance_usiemens = clamp.protocol.series_resistance_megaohm.recip();
                    Drive { current_na: (command_mv - v_mv) * conductance_usiemens, conductance_usiemens }
                }
                None => Drive { current_na: 0.0, conductance_usiemens: 0.0 },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use noble_data::Step;

    use super::*;

    #[test]
    fn analytic_first_driven_step_begins_at_the_onset() {
        let step = Step { delay_ms: 15.0, duration_ms: 400.0, amplitude_na: 0.3 };
        let stimulus = Stimulus::step(step).unwrap();
        let electrode = Electrode::at_soma(&stimulus);
        // A step is driven by the current in its middle, as `fadvance` of NEURON 9.0.2 raises `t` by half a step.
        let driven = |step_idx: u32| electrode.current_na((f64::from(step_idx) + 0.5) * 0.02, -70.0) > 0.0;
        assert!(!driven(749) && driven(750) && driven(20_749) && !driven(20_750));
    }
}
