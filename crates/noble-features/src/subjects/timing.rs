//! When spikes come, and how often.

use crate::{Feature, PreparedSweep};

const MS_PER_S: f64 = 1000.0;

pub(super) const FEATURES: &[Feature] = &[
    Feature::one("time_to_first_spike", "ms", |s| time_to_spike_ms(s, 0))
        .is(
            "Time from the stimulus start to the first peak; negative if the spike comes before.",
            "peak_time[0] - stim_start",
        )
        .of("peak_time"),
    Feature::one("time_to_second_spike", "ms", |s| time_to_spike_ms(s, 1))
        .is("Time from the stimulus start to the second peak.", "peak_time[1] - stim_start")
        .of("peak_time"),
    Feature::one("time_to_last_spike", "ms", |s| time_to_spike_ms(s, s.peaks().len().checked_sub(1)?))
        .is("Time from the stimulus start to the last peak.", "peak_time[last] - stim_start")
        .of("peak_time"),
    Feature::one("inv_time_to_first_spike", "hz", |s| Some(MS_PER_S / time_to_spike_ms(s, 0)?))
        .is("Inverse of the time to the first spike.", "1000 / time_to_first_spike")
        .of("time_to_first_spike"),
    Feature::one("mean_frequency", "hz", mean_frequency_hz)
        .is(
            "Spikes of the stimulus divided by the time from its start to the last of them; 0 if all lie outside.",
            "1000 * n / (last peak_time in the stimulus - stim_start), n peaks in the stimulus",
        )
        .of("peak_time")
        .precisely("as peak_time; 0 without a spike in the stimulus, also where that starts at 0 ms"),
];

fn time_to_spike_ms(sweep: &PreparedSweep<'_>, spike_idx: usize) -> Option<f64> {
    Some(sweep.peaks().get(spike_idx)?.time_ms - sweep.stim_start_ms())
}

fn mean_frequency_hz(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let peaks = sweep.peaks();
    peaks.first()?;
    let mut inside = peaks.iter().filter(|peak| sweep.is_in_stimulus(peak.time_ms));
    let n_inside = inside.clone().count() as f64;
    if sweep.is_precise() && n_inside <= 0.0 {
        return Some(0.0);
    }
    let last_ms = inside.next_back().map_or(0.0, |peak| peak.time_ms);
    let span_ms = last_ms - sweep.stim_start_ms();
    (span_ms.abs() > 0.0).then(|| n_inside * MS_PER_S / span_ms)
}
