//! Bursts by both rules, and the initial burst.

use super::Drawn;
use crate::PreparedSweep;
use crate::waveform::{REST_MV, Triangle, polyline, prepared, spiking};

/// Spikes 15 ms apart in two groups.
pub(super) const PEAKS_MS: [f64; 8] = [30.0, 45.0, 60.0, 75.0, 135.0, 150.0, 165.0, 180.0];
const BETWEEN_MV: f64 = -62.0;

pub(super) fn drawn() -> Vec<Drawn> {
    vec![two_groups(), regular(), initial()]
}

/// Rest in the groups, more between them.
fn grouped() -> PreparedSweep<'static> {
    let level_mv = |k: usize| if k == 3 { BETWEEN_MV } else { REST_MV };
    let spike = |(k, peak_ms): (usize, &f64)| {
        let before_mv = k.checked_sub(1).map_or(REST_MV, level_mv);
        [(peak_ms - 1.0, before_mv), (*peak_ms, 30.0), (peak_ms + 1.1, -80.0), (peak_ms + 3.0, level_mv(k))]
    };
    prepared((19.95, 219.95), polyline(PEAKS_MS.iter().enumerate().flat_map(spike).collect()))
}

/// The first interval is left out: the bursts are spikes 1 to 3 and 4 to 7.
fn two_groups() -> Drawn {
    Drawn::new(grouped())
        .has("burst_begin_indices", &[1.0, 4.0])
        .has("burst_end_indices", &[3.0, 7.0])
        .has("strict_burst_mean_freq", &[3000.0 / 30.0, 4000.0 / 45.0])
        .has("strict_burst_number", &[2.0])
        .has("spikes_per_burst", &[3.0, 4.0])
        .has("spikes_per_burst_diff", &[-1.0])
        .has("spikes_in_burst1_burst2_diff", &[-1.0])
        .has("spikes_in_burst1_burstlast_diff", &[-1.0])
        .has("strict_interburst_voltage", &[BETWEEN_MV])
        .has("burst_ISI_indices", &[3.0])
        .has("burst_mean_freq", &[4000.0 / 45.0, 4000.0 / 45.0])
        .has("burst_number", &[2.0])
        .has("interburst_voltage", &[BETWEEN_MV])
}

/// A regular cell has one burst by the strict rule and none by the older one.
fn regular() -> Drawn {
    Drawn::new(spiking(&[105.0, 120.0, 135.0, 150.0, 165.0, 180.0]))
        .has("strict_burst_number", &[1.0])
        .has("spikes_per_burst", &[5.0])
        .has("burst_number", &[0.0])
        .lacks("burst_mean_freq")
        .lacks("spikes_per_burst_diff")
}

/// Three spikes at more than 50 Hz, the lowest voltage 20 ms after them.
fn initial() -> Drawn {
    let spikes = [105.0, 118.0, 131.0].map(|peak_ms| Triangle { peak_ms, peak_mv: 30.0, ahp_mv: -75.0 });
    let mut knots: Vec<(f64, f64)> = spikes.into_iter().flat_map(Triangle::knots).collect();
    knots.extend([(151.0, -85.0), (161.0, REST_MV)]);
    knots.extend(Triangle { peak_ms: 175.0, ..spikes[0] }.knots());
    knots.push((187.0, -68.0));
    Drawn::new(prepared((99.95, 199.95), polyline(knots)))
        .has("initburst_sahp", &[-85.0])
        .has("initburst_sahp_vb", &[-15.0])
        .has("initburst_sahp_ssse", &[-17.0])
}

#[test]
fn analytic_bursts_of_drawn_trains() {
    drawn().iter().for_each(Drawn::check);
}
