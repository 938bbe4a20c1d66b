//! When spikes come and how often.

use crate::PreparedSweep;
use crate::registry::{Evaluate, Feature};

const MS_PER_S: f64 = 1000.0;

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        name: "peak_time",
        unit_suffix: "ms",
        needs: &["peak_indices"],
        formula: "T[peak_indices]",
        evaluate: Evaluate::Many(peak_time_ms),
    },
    Feature {
        name: "time_to_first_spike",
        unit_suffix: "ms",
        needs: &["peak_time"],
        formula: "peak_time[0] - stim_start",
        evaluate: Evaluate::One(time_to_first_spike_ms),
    },
    Feature {
        name: "inv_first_ISI",
        unit_suffix: "hz",
        needs: &["peak_time"],
        formula: "1000 / (peak_time[1] - peak_time[0])",
        evaluate: Evaluate::One(inv_first_isi_hz),
    },
    Feature {
        name: "mean_frequency",
        unit_suffix: "hz",
        needs: &["peak_time"],
        formula: "1000 * n / (last peak_time in the stimulus - stim_start), n peaks in the stimulus",
        evaluate: Evaluate::One(mean_frequency_hz),
    },
];

/// Time of each peak.
///
/// # Source
/// eFEL 5.7.34 `peak_time`.
pub(crate) fn peak_time_ms(sweep: &PreparedSweep) -> Option<Vec<f64>> {
    Some(sweep.peak_indices().iter().map(|peak_idx| sweep.times_ms()[*peak_idx]).collect())
}

/// Time from the stimulus start to the first peak; negative if the spike comes before.
///
/// # Source
/// eFEL 5.7.34 `time_to_first_spike`.
pub(crate) fn time_to_first_spike_ms(sweep: &PreparedSweep) -> Option<f64> {
    Some(sweep.times_ms()[*sweep.peak_indices().first()?] - sweep.stim_start_ms())
}

/// Inverse of the first interval between spikes.
///
/// # Source
/// eFEL 5.7.34 `inv_first_ISI`.
pub(crate) fn inv_first_isi_hz(sweep: &PreparedSweep) -> Option<f64> {
    let [first_idx, second_idx, ..] = *sweep.peak_indices() else { return None };
    Some(MS_PER_S / (sweep.times_ms()[second_idx] - sweep.times_ms()[first_idx]))
}

/// Spikes of the stimulus divided by the time from its start to the last of them.
///
/// 0 where all spikes lie outside the stimulus, missing without any spike.
/// # Source
/// eFEL 5.7.34 `mean_frequency`; differs: 0 has no sign.
pub(crate) fn mean_frequency_hz(sweep: &PreparedSweep) -> Option<f64> {
    let peaks = sweep.peak_indices();
    peaks.first()?;
    let in_stimulus = peaks.iter().filter(|peak_idx| sweep.is_in_stimulus(**peak_idx));
    let Some(last_idx) = in_stimulus.clone().next_back() else { return Some(0.0) };
    Some(in_stimulus.count() as f64 * MS_PER_S / (sweep.times_ms()[*last_idx] - sweep.stim_start_ms()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::spiking;

    fn check(value: Option<f64>, expected: f64) {
        assert!(value.is_some_and(|value| (value - expected).abs() < 1e-8), "{value:?}, not {expected}");
    }

    #[test]
    fn analytic_regular_firing_has_its_rate() {
        let sweep = spiking(&[120.0, 140.0, 160.0, 180.0, 250.0]);
        check(time_to_first_spike_ms(&sweep), 20.0);
        check(inv_first_isi_hz(&sweep), 50.0);
        check(mean_frequency_hz(&sweep), 50.0);
        for (peak_ms, expected_ms) in
            peak_time_ms(&sweep).unwrap().into_iter().zip([120.0, 140.0, 160.0, 180.0, 250.0])
        {
            check(Some(peak_ms), expected_ms);
        }
    }

    #[test]
    fn analytic_spikes_outside_the_stimulus() {
        let before = spiking(&[50.0]);
        check(time_to_first_spike_ms(&before), -50.0);
        check(mean_frequency_hz(&before), 0.0);
        assert_eq!(inv_first_isi_hz(&before), None);
        assert_eq!(mean_frequency_hz(&spiking(&[])), None);
    }
}
