//! Drawn traces whose features are known.

use crate::{PreparedSweep, Settings, Sweep};

const STEP_MS: f64 = 0.1;
const N_SAMPLES: u32 = 3000;

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
    // A test keeps its few traces to its end.
    let times_ms: &[f64] = (0..N_SAMPLES).map(|idx| f64::from(idx) * STEP_MS).collect::<Vec<f64>>().leak();
    let v_mv: &[f64] = times_ms.iter().map(|t| v_mv(*t)).collect::<Vec<f64>>().leak();
    let sweep = Sweep::new(times_ms, v_mv, window.0, window.1).unwrap();
    PreparedSweep::new(&sweep, settings).unwrap()
}

/// Triangular spikes with a stimulus from 100 to 200 ms.
pub(crate) fn spiking(peak_times_ms: &[f64]) -> PreparedSweep<'static> {
    prepared((100.0, 200.0), spikes_mv(peak_times_ms.to_vec()))
}

/// From rest at -70 mV within 1 ms to a peak of 30 mV, within 1.1 ms down to -80 mV, within 10 ms back to rest.
pub(crate) fn spikes_mv(peak_times_ms: Vec<f64>) -> impl Fn(f64) -> f64 {
    move |t_ms| {
        let nearest = peak_times_ms.iter().map(|peak_ms| t_ms - peak_ms).find(|dt| (-1.0..11.1).contains(dt));
        match nearest {
            None => -70.0,
            Some(dt_ms) if dt_ms <= 0.0 => 30.0 + 100.0 * dt_ms,
            Some(dt_ms) if dt_ms <= 1.1 => 30.0 - 100.0 * dt_ms,
            Some(dt_ms) => -80.0 + (dt_ms - 1.1),
        }
    }
}
