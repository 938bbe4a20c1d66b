//! The frequency at which a cell answers most to a current of changing frequency.

use std::f64::consts::TAU;

use super::current::{current_base_na, steady_state_current_stimend_na};
use crate::{Feature, PreparedSweep};

const MS_PER_S: f64 = 1000.0;
/// Width of the Gaussian that smooths the impedance, and where it is cut. // [frequency bins]
const SIGMA: f64 = 10.0;
const RADIUS: usize = 40;
/// Share of the largest component below which precise mode takes a frequency for one that the current does not have.
const LEAST_DRIVE: f64 = 1e-6;

pub(super) const FEATURES: &[Feature] = &[Feature::one("impedance", "hz", resonance_hz)
    .is(
        "Frequency of the largest impedance of a silent trace.",
        "argmax of |FFT(V - voltage_base) / FFT(I - current_base)| below impedance_max_freq, smoothed by a Gaussian of 10 bins",
    )
    .of("voltage_base current_base spike_count")
    .precisely("recorded samples, missing where they are not evenly spaced; frequencies that the current does not have count as 0")];

fn resonance_hz(sweep: &PreparedSweep<'_>) -> Option<f64> {
    let current_na = sweep.current_na()?;
    let base_mv = sweep.voltage_base_mv().or_else(|| sweep.steady_state_voltage_stimend_mv())?;
    let base_na = current_base_na(sweep).or_else(|| steady_state_current_stimend_na(sweep))?;
    let is_constant = current_na.iter().all(|i| (i - base_na).abs() <= 0.0);
    if sweep.is_firing() || is_constant || (sweep.is_precise() && !is_even(sweep.times_ms())) {
        return None;
    }
    let bin_hz = 1.0 / (sweep.v_mv().len() as f64 * (step_ms(sweep) / MS_PER_S));
    let n_bins = (1..sweep.v_mv().len().div_ceil(2))
        .take_while(|bin| *bin as f64 * bin_hz <= sweep.settings().impedance_max_hz)
        .count();
    let turns = unit_circle(sweep.v_mv().len());
    let spectrum = |values: &[f64], base: f64| -> Vec<f64> {
        (1..=n_bins).map(|bin| magnitude(values, base, bin, &turns)).collect()
    };
    let (answers, drives) = (spectrum(sweep.v_mv(), base_mv), spectrum(current_na, base_na));
    let least_drive =
        if sweep.is_precise() { LEAST_DRIVE * drives.iter().copied().fold(0.0, f64::max) } else { 0.0 };
    let impedance = |(answer, drive): (&f64, &f64)| if *drive < least_drive { 0.0 } else { answer / drive };
    let smooth = smoothed(&answers.iter().zip(&drives).map(impedance).collect::<Vec<f64>>());
    let largest = |best: usize, bin: usize| if smooth[bin] > smooth[best] { bin } else { best };
    (n_bins > 0).then(|| ((1..n_bins).fold(0, largest) + 1) as f64 * bin_hz)
}

/// Whether all steps are the mean step, but for rounding.
fn is_even(times_ms: &[f64]) -> bool {
    const EVEN_FRACTION: f64 = 1e-3;
    let mean_ms = (times_ms[times_ms.len() - 1] - times_ms[0]) / (times_ms.len() as f64 - 1.0);
    times_ms.windows(2).all(|pair| (pair[1] - pair[0] - mean_ms).abs() <= EVEN_FRACTION * mean_ms)
}

fn step_ms(sweep: &PreparedSweep<'_>) -> f64 {
    if !sweep.is_precise() {
        return sweep.settings().interp_step_ms;
    }
    let times_ms = sweep.times_ms();
    (times_ms[times_ms.len() - 1] - times_ms[0]) / (times_ms.len() as f64 - 1.0)
}

/// Cosine and sine of each n-th part of a turn.
fn unit_circle(n: usize) -> Vec<(f64, f64)> {
    (0..n).map(|part| (TAU * part as f64 / n as f64).sin_cos()).map(|(sin, cos)| (cos, sin)).collect()
}

/// Magnitude of one bin of the discrete Fourier transform; few bins are wanted, and any length is as good.
fn magnitude(values: &[f64], base: f64, bin: usize, turns: &[(f64, f64)]) -> f64 {
    let (mut real, mut imaginary, mut part) = (0.0, 0.0, 0);
    for value in values {
        let (cos, sin) = turns[part];
        real += (value - base) * cos;
        imaginary -= (value - base) * sin;
        part = (part + bin) % turns.len();
    }
    real.hypot(imaginary)
}

/// Convolution with a Gaussian of four standard deviations to each side; beyond its ends the list is mirrored.
///
/// # Source
/// SciPy 1.17 `scipy.ndimage.gaussian_filter1d` with mode `reflect`.
fn smoothed(values: &[f64]) -> Vec<f64> {
    let weight = |distance: usize| (-0.5 * (distance as f64 / SIGMA).powi(2)).exp();
    let total: f64 = (0..=2 * RADIUS).map(|k| weight(k.abs_diff(RADIUS))).sum();
    let n = values.len();
    let mirrored = |place: usize| {
        let within = place % (2 * n);
        values[if within < n { within } else { 2 * n - 1 - within }]
    };
    let shift = RADIUS.div_ceil(2 * n.max(1)) * 2 * n;
    let at = |idx: usize| {
        (0..=2 * RADIUS).map(|k| weight(k.abs_diff(RADIUS)) * mirrored(shift + idx + k - RADIUS)).sum::<f64>()
    };
    (0..n).map(|idx| at(idx) / total).collect()
}
