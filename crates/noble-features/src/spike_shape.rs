//! Size and width of spikes and of the hyperpolarization that follows them.

use crate::PreparedSweep;
use crate::prepared::mean;
use crate::registry::{Evaluate, Feature};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        name: "AP1_peak",
        unit_suffix: "mv",
        needs: &["peak_voltage"],
        formula: "peak_voltage[0]",
        evaluate: Evaluate::One(ap1_peak_mv),
    },
    Feature {
        name: "AP1_width",
        unit_suffix: "ms",
        needs: &["peak_indices", "min_AHP_indices"],
        formula: "width of the first spike at (V[peak] + V[min_AHP]) / 2",
        evaluate: Evaluate::One(ap1_width_ms),
    },
    Feature {
        name: "mean_AP_amplitude",
        unit_suffix: "mv",
        needs: &["peak_voltage", "AP_begin_voltage"],
        formula: "mean(peak_voltage - AP_begin_voltage), peaks in the stimulus",
        evaluate: Evaluate::One(mean_ap_amplitude_mv),
    },
    Feature {
        name: "AHP1_depth_from_peak",
        unit_suffix: "mv",
        needs: &["peak_voltage", "min_AHP_values"],
        formula: "peak_voltage[0] - min_AHP_values[0]",
        evaluate: Evaluate::One(ahp1_depth_from_peak_mv),
    },
    Feature {
        name: "AHP_depth",
        unit_suffix: "mv",
        needs: &["min_AHP_values", "voltage_base"],
        formula: "min_AHP_values - voltage_base",
        evaluate: Evaluate::Many(ahp_depth_mv),
    },
    Feature {
        name: "AHP_time_from_peak",
        unit_suffix: "ms",
        needs: &["peak_indices", "min_AHP_indices"],
        formula: "T[min_AHP_indices] - T[peak_indices]",
        evaluate: Evaluate::Many(ahp_time_from_peak_ms),
    },
];

/// Peak voltage of the first spike, also before the stimulus.
///
/// # Source
/// eFEL 5.7.34 `AP1_peak`.
pub(crate) fn ap1_peak_mv(sweep: &PreparedSweep) -> Option<f64> {
    Some(sweep.v_mv()[*sweep.peak_indices().first()?])
}

/// Width of the first spike halfway between its peak and its fast AHP.
///
/// The rise is searched from the stimulus start. Of a first spike before the stimulus the line through its peak
/// and the sample before is taken as the rise, and the width means little; this is eFEL's definition.
/// # Source
/// eFEL 5.7.34 `AP1_width`; differs: missing, not infinite, where the trace is flat at the half voltage.
pub(crate) fn ap1_width_ms(sweep: &PreparedSweep) -> Option<f64> {
    let (peak_idx, ahp_idx) = (*sweep.peak_indices().first()?, *sweep.min_ahp_indices().first()?);
    let v_mv = sweep.v_mv();
    let half_mv = (v_mv[peak_idx] + v_mv[ahp_idx]) / 2.0;
    let start_idx = sweep.first_at(sweep.stim_start_ms());
    let rise_idx = (start_idx..peak_idx).find(|idx| v_mv[*idx] >= half_mv).unwrap_or(peak_idx);
    let fall_idx = (peak_idx..ahp_idx).find(|idx| v_mv[*idx] <= half_mv).unwrap_or(ahp_idx);
    Some(crossing_ms(sweep, fall_idx, half_mv)? - crossing_ms(sweep, rise_idx, half_mv)?)
}

/// Time at which the line from the sample before to this one meets a voltage.
fn crossing_ms(sweep: &PreparedSweep, idx: usize, level_mv: f64) -> Option<f64> {
    let (t, v) = (sweep.times_ms(), sweep.v_mv());
    let before_idx = idx.checked_sub(1)?;
    let step_ms = t[idx] - t[before_idx];
    Some(t[idx] + step_ms * (level_mv - v[idx]) / (v[idx] - v[before_idx]))
}

/// Mean of peak minus onset voltage over the spikes of the stimulus, spikes and onsets paired in order.
///
/// # Source
/// eFEL 5.7.34 `mean_AP_amplitude`.
pub(crate) fn mean_ap_amplitude_mv(sweep: &PreparedSweep) -> Option<f64> {
    let v_mv = sweep.v_mv();
    let begins = sweep.ap_begin_indices();
    let peaks: Vec<usize> =
        sweep.peak_indices().iter().copied().filter(|peak_idx| sweep.is_in_stimulus(*peak_idx)).collect();
    if begins.len() < peaks.len() {
        return None;
    }
    let amplitudes_mv: Vec<f64> =
        peaks.iter().zip(begins).map(|(peak, begin)| v_mv[*peak] - v_mv[*begin]).collect();
    mean(&amplitudes_mv)
}

/// Drop from the peak of the first spike to its fast AHP, positive.
///
/// # Source
/// eFEL 5.7.34 `AHP1_depth_from_peak`.
pub(crate) fn ahp1_depth_from_peak_mv(sweep: &PreparedSweep) -> Option<f64> {
    let v_mv = sweep.v_mv();
    Some(v_mv[*sweep.peak_indices().first()?] - v_mv[*sweep.min_ahp_indices().first()?])
}

/// Fast AHP of each spike above the base voltage; negative where it dips below.
///
/// # Source
/// eFEL 5.7.34 `AHP_depth`.
pub(crate) fn ahp_depth_mv(sweep: &PreparedSweep) -> Option<Vec<f64>> {
    let base_mv = sweep.voltage_base_mv()?;
    Some(sweep.min_ahp_indices().iter().map(|ahp_idx| sweep.v_mv()[*ahp_idx] - base_mv).collect())
}

/// Time from the peak of each spike to its fast AHP.
///
/// # Source
/// eFEL 5.7.34 `AHP_time_from_peak`.
pub(crate) fn ahp_time_from_peak_ms(sweep: &PreparedSweep) -> Option<Vec<f64>> {
    let times_ms = sweep.times_ms();
    let pairs = sweep.peak_indices().iter().zip(sweep.min_ahp_indices());
    Some(pairs.map(|(peak_idx, ahp_idx)| times_ms[*ahp_idx] - times_ms[*peak_idx]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::{prepared, spiking};

    const TOLERANCE_MV: f64 = 1e-8;
    const TOLERANCE_MS: f64 = 1e-9;

    fn check(value: Option<f64>, expected: f64, tolerance: f64) {
        assert!(value.is_some_and(|value| (value - expected).abs() < tolerance), "{value:?}, not {expected}");
    }

    #[test]
    fn analytic_triangular_spikes_have_their_drawn_shape() {
        let sweep = spiking(&[120.0, 150.0]);
        check(ap1_peak_mv(&sweep), 30.0, TOLERANCE_MV);
        check(ap1_width_ms(&sweep), 1.1, TOLERANCE_MS);
        check(mean_ap_amplitude_mv(&sweep), 100.0, TOLERANCE_MV);
        check(ahp1_depth_from_peak_mv(&sweep), 110.0, TOLERANCE_MV);
        for depth_mv in ahp_depth_mv(&sweep).unwrap() {
            check(Some(depth_mv), -10.0, TOLERANCE_MV);
        }
        for time_ms in ahp_time_from_peak_ms(&sweep).unwrap() {
            check(Some(time_ms), 1.1, TOLERANCE_MS);
        }
    }

    #[test]
    fn invariant_silence_has_no_shape() {
        let sweep = prepared((100.0, 200.0), |_| -70.0);
        for feature in FEATURES {
            assert_eq!(feature.values(&sweep), None, "{}", feature.name);
        }
    }

    #[test]
    fn invariant_depth_is_missing_without_a_base_window() {
        let sweep = prepared((0.0, 200.0), crate::waveform::spikes_mv(vec![120.0]));
        assert_eq!(ahp_depth_mv(&sweep), None);
        assert!(ahp1_depth_from_peak_mv(&sweep).is_some());
    }
}
