//! The Kaiser-Bessel window and its spectrum.

use std::f64::consts::PI;

/// Grid points a sample is spread over.
pub(super) const N_TAPS: usize = 8;

/// `ψ(x) = I₀(β√(1 − (2x/w)²))/I₀(β)` for `|x| ≤ w/2`, `w` = [`N_TAPS`] grid steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    beta: f64,
    at_zero: f64,
}

impl Window {
    /// The window for `n_points` grid points that carry `n_modes` modes.
    ///
    /// `β = π√((w/σ)²(σ − ½)² − 0.8)` with `σ` the points per frequency.
    pub(super) fn new(n_points: usize, n_modes: usize) -> Self {
        let (width, sigma) = (N_TAPS as f64, n_points as f64 / (2 * n_modes - 1) as f64);
        let beta = PI * ((width / sigma * (sigma - 0.5)).powi(2) - 0.8).sqrt();
        Self { beta, at_zero: bessel_i0(beta) }
    }

    /// `ψ(x)`, `x` in grid steps.
    pub(super) fn value(&self, x: f64) -> f64 {
        let part = 2.0 * x / N_TAPS as f64;
        let inside = 1.0 - part * part;
        if inside <= 0.0 { 0.0 } else { bessel_i0(self.beta * inside.sqrt()) / self.at_zero }
    }

    /// `ψ̂(k) = ∫ψ(x) e^{−2πikx/M} dx = w sinh(r)/(r I₀(β))` with `r = √(β² − (πwk/M)²)`.
    pub(super) fn spectrum(&self, mode_idx: usize, n_points: usize) -> f64 {
        let phase = PI * N_TAPS as f64 * mode_idx as f64 / n_points as f64;
        let root = (self.beta * self.beta - phase * phase).sqrt();
        N_TAPS as f64 * root.sinh() / (root * self.at_zero)
    }
}

/// Modified Bessel function of the first kind, order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = 0.25 * x * x;
    let (mut term, mut sum, mut n) = (1.0, 1.0, 1.0);
    while term > 1e-17 * sum {
        term *= quarter / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_bessel_function() {
        // Abramowitz and Stegun, table 9.8: e^{-x} I₀(x) at 1, 5 and 10.
        for (x, scaled) in [(1.0, 0.465_759_607_6), (5.0, 0.183_540_812_6), (10.0, 0.127_833_337_1)] {
            assert!((bessel_i0(x) * f64::exp(-x) - scaled).abs() < 1e-10, "I0({x})");
        }
    }

    #[test]
    fn analytic_window_sums_to_its_spectrum() {
        let window = Window::new(512, 129);
        for (offset, mode_idx) in [(0.0, 0), (0.3, 0), (0.7, 64), (0.5, 128)] {
            let (re, im) = (-8..=8).fold((0.0, 0.0), |(re, im), m| {
                let x = f64::from(m) - offset;
                let phase = std::f64::consts::TAU * mode_idx as f64 * x / 512.0;
                (re + window.value(x) * phase.cos(), im - window.value(x) * phase.sin())
            });
            let exact = window.spectrum(mode_idx, 512);
            assert!((re / exact - 1.0).abs() < 1e-6 && (im / exact).abs() < 1e-6, "{mode_idx}: {re} {im}");
        }
    }
}
