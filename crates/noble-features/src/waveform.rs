//! Drawn traces whose features are known.

use crate::{PreparedSweep, Settings, Sweep};

const STEP_MS: f64 = 0.1;
const N_SAMPLES: u32 = 3000;
/// What the cell rests at, and returns to after a spike.
pub(crate) const REST_MV: f64 = -70.0;
/// A stimulus whose ends lie between samples, so that none of them is on the border.
pub(crate) const WINDOW_MS: (f64, f64) = (99.95, 199.95);

/// A waveform over 300 ms with the default settings.
pub(crate) fn prepared(window: (f64, f64), v_mv: impl Fn(f64) -> f64) -> PreparedSweep<'static> {
    prepared_with(&Settings::default(), window, v_mv)
}

/// A waveform over 300 ms.
pub(crate) fn prepared_with(
    settings: &Settings,
    window: (f64, f64),
    v_mv: impl Fn(f64) -> f64,
) -> PreparedSweep<'static> {
    let (times_ms, v_mv) = sampled(N_SAMPLES, v_mv);
    let sweep = Sweep::new(times_ms, v_mv, window.0, window.1).unwrap();
    PreparedSweep::new(&sweep, settings).unwrap()
}

/// So many samples of a waveform from time zero on. A test keeps its few traces to its end.
pub(crate) fn sampled(n_samples: u32, v_mv: impl Fn(f64) -> f64) -> (&'static [f64], &'static [f64]) {
    let times_ms: &[f64] = (0..n_samples).map(|idx| f64::from(idx) * STEP_MS).collect::<Vec<f64>>().leak();
    (times_ms, times_ms.iter().map(|t| v_mv(*t)).collect::<Vec<f64>>().leak())
}

/// Straight lines from knot to knot `(time, voltage)`, level before the first and after the last.
pub(crate) fn polyline(knots: Vec<(f64, f64)>) -> impl Fn(f64) -> f64 {
    move |t_ms| match knots.partition_point(|knot| knot.0 <= t_ms) {
        0 => knots[0].1,
        after if after == knots.len() => knots[after - 1].1,
        after => {
            let ((t0, v0), (t1, v1)) = (knots[after - 1], knots[after]);
            v0 + (v1 - v0) * (t_ms - t0) / (t1 - t0)
        }
    }
}

/// A spike of straight lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Triangle {
    pub(crate) peak_ms: f64,
    pub(crate) peak_mv: f64,
    pub(crate) ahp_mv: f64,
}

impl Triangle {
    /// From rest within 1 ms to the peak, within 1.1 ms down to the AHP, within 10 ms back to rest.
    pub(crate) fn knots(self) -> [(f64, f64); 4] {
        let Self { peak_ms, peak_mv, ahp_mv } = self;
        [(peak_ms - 1.0, REST_MV), (peak_ms, peak_mv), (peak_ms + 1.1, ahp_mv), (peak_ms + 11.1, REST_MV)]
    }
}

/// Spikes from -70 to 30 to -80 mV at given times.
pub(crate) fn spikes_mv(peak_times_ms: &[f64]) -> impl Fn(f64) -> f64 + use<> {
    let spike = |peak_ms: &f64| Triangle { peak_ms: *peak_ms, peak_mv: 30.0, ahp_mv: -80.0 }.knots();
    polyline([(0.0, REST_MV)].into_iter().chain(peak_times_ms.iter().flat_map(spike)).collect())
}

/// The same, with a stimulus from 100 to 200 ms.
pub(crate) fn spiking(peak_times_ms: &[f64]) -> PreparedSweep<'static> {
    prepared(WINDOW_MS, spikes_mv(peak_times_ms))
}
