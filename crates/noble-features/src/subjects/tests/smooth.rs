//! Smooth spikes of closed form, whose features are roots.

use crate::{Mode, PreparedSweep, Settings, Sweep, feature};

const REST_MV: f64 = -70.0;
const HEIGHT_MV: f64 = 110.0;
const SIGMA_MS: f64 = 0.22;
const DIP_MV: f64 = 12.0;
const DIP_AT_MS: f64 = 1.8;
const DIP_SIGMA_MS: f64 = 0.7;
const PEAKS_MS: [f64; 3] = [40.0, 63.37, 88.91];
const LENGTH_MS: f64 = 130.0;
pub(super) const WINDOW_MS: (f64, f64) = (20.013, 110.013);

/// Gaussian and its first two derivatives.
fn gaussian(t_ms: f64, sigma_ms: f64) -> [f64; 3] {
    let x = t_ms / sigma_ms;
    let value = (-0.5 * x * x).exp();
    [value, -x / sigma_ms * value, (x * x - 1.0) / (sigma_ms * sigma_ms) * value]
}

/// Voltage, slope and second derivative: Gaussian spikes, each followed by a Gaussian dip.
pub(super) fn smooth(t_ms: f64) -> [f64; 3] {
    let mut sum = [REST_MV, 0.0, 0.0];
    for peak_ms in PEAKS_MS {
        let spike = gaussian(t_ms - peak_ms, SIGMA_MS);
        let dip = gaussian(t_ms - peak_ms - DIP_AT_MS, DIP_SIGMA_MS);
        for (total, (spike, dip)) in sum.iter_mut().zip(spike.iter().zip(dip)) {
            *total += HEIGHT_MV * spike - DIP_MV * dip;
        }
    }
    sum
}

/// Where a function changes its sign.
fn root(f: impl Fn(f64) -> f64, (mut from, mut to): (f64, f64)) -> f64 {
    let is_positive = f(from) > 0.0;
    assert!(is_positive != (f(to) > 0.0), "no sign change from {from} to {to}");
    for _ in 0..100 {
        let middle = f64::midpoint(from, to);
        if (f(middle) > 0.0) == is_positive { from = middle } else { to = middle }
    }
    from
}

/// Where the places of one spike are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exact {
    pub(super) peak_ms: f64,
    pub(super) ahp_ms: f64,
    pub(super) onset_ms: f64,
    end_ms: f64,
    steepest_ms: (f64, f64),
    bend_ms: f64,
}

impl Exact {
    pub(super) fn all() -> [Self; 3] {
        PEAKS_MS.map(|at_ms| {
            let slope = |t: f64| smooth(t)[1];
            let near = |from: f64, to: f64| (at_ms + from, at_ms + to);
            let span = 0.2;
            let bend_slope = |t: f64| slope(t + span) - 2.0 * slope(t) + slope(t - span);
            Self {
                peak_ms: root(slope, near(-0.1, 0.1)),
                ahp_ms: root(slope, near(1.0, 2.5)),
                onset_ms: root(|t| slope(t) - 10.0, near(-2.0, -SIGMA_MS)),
                end_ms: root(|t| slope(t) + 12.0, near(SIGMA_MS, 1.5)),
                steepest_ms: (
                    root(|t| smooth(t)[2], near(-0.4, -0.1)),
                    root(|t| smooth(t)[2], near(0.1, 0.4)),
                ),
                bend_ms: root(bend_slope, near(-0.6, -0.3)),
            }
        })
    }

    /// Times of the crossings of a level before and after the peak.
    fn crossings_ms(&self, level_mv: f64) -> (f64, f64) {
        let above = |t: f64| smooth(t)[0] - level_mv;
        (root(above, (self.peak_ms - 3.0, self.peak_ms)), root(above, (self.peak_ms, self.ahp_ms)))
    }

    fn width_ms(&self, level_mv: f64) -> f64 {
        let (rise_ms, fall_ms) = self.crossings_ms(level_mv);
        fall_ms - rise_ms
    }

    fn half_mv(&self, other_ms: f64) -> f64 {
        f64::midpoint(smooth(self.peak_ms)[0], smooth(other_ms)[0])
    }

    fn phase_slope(&self) -> f64 {
        let [before, after] = [-0.2, 0.2].map(|shift_ms| smooth(self.onset_ms + shift_ms));
        (after[1] - before[1]) / (after[0] - before[0])
    }
}

/// What precise mode promises of a feature.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) expected: Vec<f64>,
    /// Least order at which the error falls with the step.
    pub(super) order: f64,
    /// Largest error at a step of 0.1 ms, wherever the samples lie.
    pub(super) bound: f64,
}

/// Features of the smooth spikes with their order, and the largest error at 0.1 ms: a spike
/// then has five samples in its half width.
///
/// The vertex of a parabola is of third order in the value (of fourth where the extremum is symmetric) and of second
/// in the time; so are the lines between samples.
pub(super) fn cases() -> Vec<Case> {
    let exact = Exact::all();
    let of = |value: &dyn Fn(&Exact) -> f64| exact.iter().map(value).collect::<Vec<f64>>();
    let v = |t: f64| smooth(t)[0];
    let case = |name, expected, order, bound| Case { name, expected, order, bound };
    vec![
        case("peak_time", of(&|e| e.peak_ms), 2.0, 0.0015),
        case("peak_voltage", of(&|e| v(e.peak_ms)), 3.0, 0.4),
        case("AP1_peak", vec![v(exact[0].peak_ms)], 3.0, 0.4),
        case("maximum_voltage", vec![v(exact[0].peak_ms)], 3.0, 0.2),
        case("minimum_voltage", vec![v(exact[0].ahp_ms)], 3.0, 0.001),
        case("time_to_first_spike", vec![exact[0].peak_ms - WINDOW_MS.0], 2.0, 0.0015),
        case("inv_first_ISI", vec![1000.0 / (exact[1].peak_ms - exact[0].peak_ms)], 2.0, 0.005),
        case("min_AHP_values", of(&|e| v(e.ahp_ms)), 3.0, 0.001),
        case("AHP_time_from_peak", of(&|e| e.ahp_ms - e.peak_ms), 2.0, 0.0015),
        case("AHP_depth_from_peak", of(&|e| v(e.peak_ms) - v(e.ahp_ms)), 3.0, 0.4),
        case("spike_half_width", of(&|e| e.width_ms(e.half_mv(e.ahp_ms))), 2.0, 0.01),
        case("spike_width2", of(&|e| e.width_ms(e.half_mv(e.bend_ms)))[1..].to_vec(), 2.0, 0.01),
        case("AP_width", of(&|e| e.width_ms(-20.0)), 2.0, 0.01),
        case("AP_begin_time", of(&|e| e.onset_ms), 2.0, 0.04),
        case("AP_begin_voltage", of(&|e| v(e.onset_ms)), 2.0, 0.2),
        case("AP_begin_width", of(&|e| e.crossings_ms(v(e.onset_ms)).1 - e.onset_ms), 2.0, 0.06),
        case("AP_amplitude", of(&|e| v(e.peak_ms) - v(e.onset_ms)), 2.0, 0.2),
        case("AP_duration", of(&|e| e.end_ms - e.onset_ms), 2.0, 0.08),
        case("AP_duration_half_width", of(&|e| e.width_ms(e.half_mv(e.onset_ms))), 2.0, 0.01),
        case("AP_rise_time", of(&|e| e.peak_ms - e.onset_ms), 2.0, 0.04),
        case("AP_rise_rate", of(&|e| (v(e.peak_ms) - v(e.onset_ms)) / (e.peak_ms - e.onset_ms)), 2.0, 8.0),
        case("AP_fall_time", of(&|e| e.end_ms - e.peak_ms), 2.0, 0.06),
        case("AP_peak_upstroke", of(&|e| smooth(e.steepest_ms.0)[1]), 2.0, 25.0),
        case("AP_peak_downstroke", of(&|e| smooth(e.steepest_ms.1)[1]), 2.0, 25.0),
        case("AP_phaseslope", of(&Exact::phase_slope), 2.0, 1.5),
    ]
}

/// The smooth spikes at a step, the first sample at a share of it, with something added to each voltage.
pub(super) fn sampled(
    (step_ms, phase): (f64, f64),
    mode: Mode,
    mut noise_mv: impl FnMut() -> f64,
) -> PreparedSweep<'static> {
    let n_samples = (LENGTH_MS / step_ms) as u32;
    let times_ms: &[f64] =
        (0..n_samples).map(|idx| (f64::from(idx) + phase) * step_ms).collect::<Vec<f64>>().leak();
    let v_mv: &[f64] = times_ms.iter().map(|t| smooth(*t)[0] + noise_mv()).collect::<Vec<f64>>().leak();
    let sweep = Sweep::new(times_ms, v_mv, WINDOW_MS.0, WINDOW_MS.1).unwrap();
    PreparedSweep::new(&sweep, &Settings { mode, ..Settings::default() }).unwrap()
}

/// Largest error of a feature, infinite where it is missing or has another number of values.
pub(super) fn error(name: &str, sweep: &PreparedSweep<'_>, expected: &[f64]) -> f64 {
    let values = feature(name).unwrap().values(sweep).unwrap_or_default();
    if values.len() != expected.len() {
        return f64::INFINITY;
    }
    values.iter().zip(expected).map(|(value, expected)| (value - expected).abs()).fold(0.0, f64::max)
}
