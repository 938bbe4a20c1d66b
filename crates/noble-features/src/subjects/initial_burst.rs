//! The fast firing at the beginning and the slow AHP that follows it.

use crate::{Feature, PreparedSweep};

const MS_PER_S: f64 = 1000.0;

pub(super) const FEATURES: &[Feature] = &[
    Feature::one("initburst_sahp", "mv", slow_ahp_mv)
        .is(
            "Lowest voltage after the initial burst.",
            "min V from initburst_sahp_start to initburst_sahp_end after the last spike of the burst, at most to the next spike or stim_end; the burst lasts while 1000 / ISI >= initburst_freq_threshold",
        )
        .of("peak_time all_ISI_values")
        .precisely("vertex of the parabola through the lowest sample and its neighbors"),
    Feature::one("initburst_sahp_vb", "mv", |s| Some(slow_ahp_mv(s)? - s.voltage_base_mv()?))
        .is("Slow AHP of the initial burst above the base voltage.", "initburst_sahp - voltage_base")
        .of("initburst_sahp voltage_base"),
    Feature::one("initburst_sahp_ssse", "mv", |s| Some(slow_ahp_mv(s)? - s.steady_state_voltage_stimend_mv()?))
        .is(
            "Slow AHP of the initial burst above the steady state.",
            "initburst_sahp - steady_state_voltage_stimend",
        )
        .of("initburst_sahp steady_state_voltage_stimend"),
];

fn slow_ahp_mv(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let (peaks, settings) = (sweep.peaks(), sweep.settings());
    let is_slow = |isi_ms: f64| MS_PER_S / isi_ms < settings.initial_burst_min_hz;
    let mut pairs = peaks.windows(2);
    let n_fast = pairs.position(|pair| is_slow(pair[1].time_ms - pair[0].time_ms));
    let last_spike = n_fast.unwrap_or_else(|| peaks.len().saturating_sub(1));
    if last_spike == 0 {
        return None;
    }
    let (last_ms, stim_end_ms) = (peaks[last_spike].time_ms, sweep.stim_end_ms());
    let start_ms = (last_ms + settings.initial_burst_ahp_start_ms).min(stim_end_ms);
    let next_ms = peaks.get(last_spike + 1).map_or(f64::INFINITY, |peak| peak.time_ms);
    let end_ms = (last_ms + settings.initial_burst_ahp_end_ms).min(next_ms).min(stim_end_ms);
    let window = sweep.first_at(start_ms)..sweep.first_after(end_ms);
    if end_ms <= start_ms || window.is_empty() {
        return None;
    }
    Some(sweep.extremum(crate::scan::first_minimum_idx(sweep.v_mv(), window.start, window.end)).v_mv)
}
