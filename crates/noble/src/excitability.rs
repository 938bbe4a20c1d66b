//! The two latent features of a model: threshold current and F-I slope, measured on the simulator.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use noble_cell::{CablePlan, CableState, Electrode, run};
use noble_data::Trace;
use noble_data::sweeps::StimulusWindow;
use noble_features::fi::{
    FiPoint, FiSlope, Threshold, ThresholdSettings, fi_grid_na, fi_point, fi_slope_hz_per_na,
    threshold_current_na,
};
use noble_features::{PreparedSweep, Settings, Sweep};
use serde::{Deserialize, Serialize};

use crate::progress::{Within, go_on};
use crate::simulate::{LANES, simulate_pairs};
use crate::{Error, Progress, Protocol};

/// Name of the threshold current as a latent feature.
pub const I_THR: &str = "i_thr_na";
/// Name of the F-I slope as a latent feature.
pub const S_THR: &str = "s_thr_hz_per_na";

/// How excitability is measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcitabilitySettings {
    /// Last current of the F-I grid, and the largest tried in the search for the threshold.
    pub largest_na: f64,
    /// Currents of the F-I grid, evenly spaced from above the threshold to `largest_na`.
    pub n_fi_points: usize,
    /// Width of the threshold's bracket relative to the threshold.
    pub relative_tolerance: f64,
}

impl Default for ExcitabilitySettings {
    /// Up to 0.28 nA in 12 points, threshold to 0.1 %.
    fn default() -> Self {
        Self { largest_na: 0.28, n_fi_points: noble_features::fi::FI_POINTS, relative_tolerance: 1e-3 }
    }
}

/// What was measured of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Excitability {
    /// Threshold current by bisection.
    pub threshold: Threshold,
    /// Slope of the F-I curve over spiking sweeps without block.
    pub slope: FiSlope,
    /// The F-I curve.
    pub points: Vec<FiPoint>,
}

impl Excitability {
    /// The latent features by name.
    #[must_use]
    pub fn latents(&self) -> BTreeMap<String, f64> {
        BTreeMap::from([
            (I_THR.to_owned(), self.threshold.threshold_na),
            (S_THR.to_owned(), self.slope.slope_hz_per_na),
        ])
    }
}

/// Measures a model: bisection with runs that stop at the first spike, then an F-I grid of whole sweeps.
///
/// # Errors
/// [`Error::Features`] when the model fires without current, never fires, or has no F-I slope; [`Error::Cell`] when
/// a run diverges; [`Error::Stopped`].
pub fn measure_excitability(
    plan: &CablePlan,
    protocol: &Protocol,
    settings: &ExcitabilitySettings,
    progress: &dyn Progress,
) -> Result<Excitability, Error> {
    let threshold = measure_threshold(plan, protocol, settings, progress)?;
    let currents_na = fi_grid_na(threshold.threshold_na, settings.largest_na, settings.n_fi_points)?;
    let points = measure_fi_points(plan, protocol, &currents_na, progress)?;
    let slope = fi_slope_hz_per_na(&points)?;
    Ok(Excitability { threshold, slope, points })
}

/// Bisects the threshold with runs that stop at the first spike.
///
/// # Errors
/// As [`measure_excitability`].
pub(crate) fn measure_threshold(
    plan: &CablePlan,
    protocol: &Protocol,
    settings: &ExcitabilitySettings,
    progress: &dyn Progress,
) -> Result<Threshold, Error> {
    let mut state = CableState::new(plan);
    let search = ThresholdSettings {
        lower_na: 0.0,
        upper_na: settings.largest_na,
        largest_na: settings.largest_na,
        relative_tolerance: settings.relative_tolerance,
        ..ThresholdSettings::default()
    };
    threshold_current_na(&search, |step_na| {
        go_on(progress)?;
        fires(plan, protocol, step_na, &mut state)
    })
}

/// Whole sweeps at the given currents, side by side.
///
/// # Errors
/// As [`measure_excitability`].
pub(crate) fn measure_fi_points(
    plan: &CablePlan,
    protocol: &Protocol,
    currents_na: &[f64],
    progress: &dyn Progress,
) -> Result<Vec<FiPoint>, Error> {
    let pairs: Vec<(&CablePlan, f64)> = currents_na.iter().map(|step_na| (plan, *step_na)).collect();
    let window = StimulusWindow { start_ms: protocol.delay_ms, end_ms: protocol.end_ms() };
    let lanes = NonZeroUsize::new(pairs.len().min(LANES));
    let traces = simulate_pairs(&pairs, protocol, lanes, &Within(progress))?;
    let point = |(trace, step_na): (Result<Trace, Error>, &f64)| {
        let trace = trace?;
        let sweep = Sweep::from_trace(&trace, window.start_ms, window.end_ms)?;
        Ok(fi_point(&PreparedSweep::new(&sweep, &Settings::default())?, *step_na))
    };
    traces.into_iter().zip(currents_na).map(point).collect()
}

/// Whether the voltage crosses the spike threshold upwards within the step, and comes back below it at any time.
fn fires(plan: &CablePlan, protocol: &Protocol, step_na: f64, state: &mut CableState) -> Result<bool, Error> {
    let threshold_mv = Settings::default().threshold_mv;
    let stimulus = protocol.stimulus(step_na)?;
    let electrode = Electrode::at_soma(&stimulus);
    let (mut was_below, mut is_up, mut has_fired) = (false, false, false);
    run(plan, &[electrode], &protocol.run_settings(), state, |moment| {
        let is_below = moment.v_mv < threshold_mv;
        let is_on = moment.t_ms >= protocol.delay_ms && moment.t_ms <= protocol.end_ms();
        is_up |= is_on && was_below && !is_below;
        has_fired |= is_up && is_below;
        was_below = is_below;
        if has_fired { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(has_fired)
}
