//! Electrodes.

use noble_data::Stimulus;

use crate::CompartmentId;

/// A current injected at one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurrentClamp<'a> {
    /// Where; `None` is the middle of the soma.
    pub compartment: Option<CompartmentId>,
    /// How much, when; positive depolarizes.
    pub stimulus: &'a Stimulus,
}

impl CurrentClamp<'_> {
    /// Current over the step from `t_ms` to `t_ms + dt_ms`: the stimulus is asked at the middle of the step.
    ///
    /// # Source
    /// NEURON 9.0.2: `fadvance` raises `t` by half a step before it evaluates currents.
    #[must_use]
    pub fn current_na(&self, t_ms: f64, dt_ms: f64) -> f64 {
        self.stimulus.current_na(t_ms + 0.5 * dt_ms)
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
        let clamp = CurrentClamp { compartment: None, stimulus: &stimulus };
        let driven = |step_idx: u32| clamp.current_na(f64::from(step_idx) * 0.02, 0.02) > 0.0;
        assert!(!driven(749) && driven(750) && driven(20_749) && !driven(20_750));
    }
}
