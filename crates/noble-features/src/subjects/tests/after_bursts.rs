//! What follows bursts.

use super::bursts::PEAKS_MS;
use super::{Drawn, at};
use crate::waveform::{polyline, prepared};

const LEVEL_MV: f64 = -65.0;
/// The last spikes of the two bursts.
const LAST_MS: [f64; 2] = [75.0, 180.0];
const SLOW_MV: [f64; 2] = [-78.0, -79.0];

/// After each burst down to -68 at 1.1 ms, up to -55 at 4 ms, down to the slow AHP at 12 ms and back at 22 ms.
pub(super) fn drawn() -> Vec<Drawn> {
    let spike = |peak_ms: &f64| {
        let after = match LAST_MS.iter().position(|last_ms| (last_ms - peak_ms).abs() < 1.0) {
            None => vec![(1.1, -75.0), (3.0, LEVEL_MV)],
            Some(burst) => vec![(1.1, -68.0), (4.0, -55.0), (12.0, SLOW_MV[burst]), (22.0, LEVEL_MV)],
        };
        let shifts = [(-1.0, LEVEL_MV), (0.0, 30.0)].into_iter().chain(after);
        shifts.map(|(shift_ms, v_mv)| (peak_ms + shift_ms, v_mv)).collect::<Vec<(f64, f64)>>()
    };
    let sweep = prepared((19.95, 219.95), polyline(PEAKS_MS.iter().flat_map(spike).collect()));
    let after = |shift_ms: f64| LAST_MS.map(|last_ms| at(last_ms + shift_ms));
    let drawn = Drawn::new(sweep)
        .has("interburst_duration", &[60.0])
        .has("interburst_min_indices", &after(12.0)[..1])
        .has("interburst_min_values", &SLOW_MV[..1])
        .has("time_to_interburst_min", &[12.0])
        .has("postburst_min_indices", &after(12.0))
        .has("postburst_min_values", &SLOW_MV)
        .has("postburst_slow_ahp_indices", &after(12.0))
        .has("postburst_slow_ahp_values", &SLOW_MV)
        .has("time_to_postburst_slow_ahp", &[12.0; 2])
        .has("postburst_fast_ahp_indices", &after(1.1))
        .has("postburst_fast_ahp_values", &[-68.0; 2])
        .has("time_to_postburst_fast_ahp", &[1.1; 2])
        .has("postburst_adp_peak_indices", &after(4.0))
        .has("postburst_adp_peak_values", &[-55.0; 2])
        .has("time_to_postburst_adp_peak", &[4.0; 2]);
    vec![with_shares(drawn)]
}

/// From the fast AHP at 76.1 ms to the next spike at 135 ms: the sample after a share of 58.9 ms, on the lines from
/// -55 mV at 79 ms to -78 mV at 87 ms and on to -65 mV at 97 ms.
fn with_shares(drawn: Drawn) -> Drawn {
    let down_mv = |time_ms: f64| -55.0 - 23.0 * (time_ms - 79.0) / 8.0;
    let up_mv = |time_ms: f64| -78.0 + 13.0 * (time_ms - 87.0) / 10.0;
    drawn
        .has("interburst_15percent_indices", &[at(85.0)])
        .has("interburst_15percent_values", &[down_mv(85.0)])
        .has("interburst_20percent_indices", &[at(87.9)])
        .has("interburst_20percent_values", &[up_mv(87.9)])
        .has("interburst_25percent_indices", &[at(90.9)])
        .has("interburst_25percent_values", &[up_mv(90.9)])
        .has("interburst_30percent_indices", &[at(93.8)])
        .has("interburst_30percent_values", &[up_mv(93.8)])
        .has("interburst_40percent_indices", &[at(99.7)])
        .has("interburst_40percent_values", &[LEVEL_MV])
        .has("interburst_60percent_indices", &[at(111.5)])
        .has("interburst_60percent_values", &[LEVEL_MV])
}

#[test]
fn analytic_what_follows_drawn_bursts() {
    drawn().iter().for_each(Drawn::check);
}
