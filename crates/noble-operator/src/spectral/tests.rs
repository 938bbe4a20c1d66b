use super::{Side, SpectralPlan, SpectralScratch};
use crate::kernel::{Kernels, Start};

/// Relative L2 deviation from sums in double precision; an FFT in single precision reaches 2.2e-7.
const TOLERANCE: f64 = 5e-7;

fn signal(n: usize) -> Vec<f32> {
    let mut state = 12_345u64;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 16_777_216.0 - 0.5
        })
        .collect()
}

/// Cosine and sine of `2πkt/n`, whole turns removed in integers.
fn wave(k: usize, t: usize, n: usize) -> (f64, f64) {
    let (sin, cos) = (std::f64::consts::TAU * (k * t % n) as f64 / n as f64).sin_cos();
    (cos, sin)
}

/// Direct sums in double precision.
fn direct_analysis(x: &[f32], k: usize) -> (f64, f64) {
    let n = x.len();
    x.iter().enumerate().fold((0.0, 0.0), |(re, im), (t, &x)| {
        let (cos, sin) = wave(k, t, n);
        (re + f64::from(x) * cos / n as f64, im - f64::from(x) * sin / n as f64)
    })
}

fn direct_synthesis(plan: &SpectralPlan, spectrum: &[f32], t: usize) -> f64 {
    let modes = plan.n_modes;
    (0..modes)
        .map(|k| {
            let (cos, sin) = wave(k, t, plan.n_samples);
            let [re, im] = plan.weights[k].map(f64::from);
            re * f64::from(spectrum[k]) * cos - im * f64::from(spectrum[modes + k]) * sin
        })
        .sum()
}

fn rel_l2(values: &[f32], exact: &[f64]) -> f64 {
    let error: f64 = values.iter().zip(exact).map(|(v, e)| (f64::from(*v) - e).powi(2)).sum();
    (error / exact.iter().map(|e| e * e).sum::<f64>()).sqrt()
}

fn analyze(plan: &SpectralPlan, kernels: Kernels, x: &[f32]) -> Vec<f32> {
    let mut scratch = SpectralScratch::new(plan, 1, false);
    let mut spectrum = vec![1.0; 2 * plan.n_modes];
    let mut moments = vec![0.0; plan.n_tiles * plan.moments_len(1)];
    for (i, moments) in moments.chunks_exact_mut(plan.moments_len(1)).enumerate() {
        let (start, len) = plan.tile(i);
        let mut tile = vec![0.0; plan.tile_len];
        tile[..len].copy_from_slice(&x[start..start + len]);
        plan.analyze_tile(kernels, i, &tile, moments);
    }
    plan.finish_analysis(kernels, &mut scratch, (&moments, Side::Mean), &mut spectrum);
    spectrum
}

fn check(n_samples: usize, n_modes: usize, kernels: Kernels) {
    let plan = SpectralPlan::new(n_samples, n_modes);
    let x = signal(n_samples);
    let spectrum = analyze(&plan, kernels, &x);
    let exact: Vec<(f64, f64)> = (0..plan.n_modes).map(|k| direct_analysis(&x, k)).collect();
    let exact: Vec<f64> = exact.iter().map(|z| z.0).chain(exact.iter().map(|z| z.1)).collect();
    let error = rel_l2(&spectrum, &exact);
    assert!(error <= TOLERANCE, "analysis of {n_samples}, {n_modes} modes: {error:e}");

    let modes = signal(2 * plan.n_modes);
    let mut scratch = SpectralScratch::new(&plan, 1, true);
    let mut grid = vec![0.0; plan.grid_len(1)];
    plan.start_synthesis(kernels, &mut scratch, (&modes, Side::Count), &mut grid);
    let mut y = vec![0.0; plan.n_tiles * plan.tile_len];
    for (i, tile) in y.chunks_exact_mut(plan.tile_len).enumerate() {
        plan.synthesize_tile(kernels, (&grid, 1), i, Start::Zero, tile);
    }
    let exact: Vec<f64> = (0..n_samples).map(|t| direct_synthesis(&plan, &modes, t)).collect();
    let error = rel_l2(&y[..n_samples], &exact);
    assert!(error <= TOLERANCE, "synthesis of {n_samples}, {n_modes} modes: {error:e}");
}

#[test]
fn analytic_transform_of_any_length() {
    for (n_samples, n_modes) in [
        (1, 1),
        (2, 2),
        (3, 5),
        (7, 2),
        (15, 8),
        (16, 9),
        (20, 33),
        (21, 33),
        (64, 9),
        (127, 9),
        (128, 65),
        (509, 33),
        (1000, 501),
        (1717, 65),
        (5150, 129),
        (5151, 129),
        (8583, 129),
        (8640, 129),
    ] {
        for kernels in Kernels::all() {
            check(n_samples, n_modes, kernels);
        }
    }
}

#[test]
fn analytic_tiles_of_the_published_size() {
    let plan = SpectralPlan::new(8583, 129);
    assert_eq!((plan.n_points, plan.tile_len, plan.width), (512, 96, 16));
}

#[test]
fn analytic_nyquist_and_mean_are_real() {
    let plan = SpectralPlan::new(20, 11);
    let spectrum = analyze(&plan, Kernels::detect(), &signal(20));
    assert!(spectrum[11].abs() < 1e-8 && spectrum[21].abs() < 1e-7, "{spectrum:?}");
}
