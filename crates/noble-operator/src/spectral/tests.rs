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

/// Direct sums in double precision about the plan's own origin.
fn direct_analysis(plan: &SpectralPlan, x: &[f32], k: usize) -> (f64, f64) {
    let (n, origin) = (plan.n_samples as f64, origin(plan));
    x.iter().enumerate().fold((0.0, 0.0), |(re, im), (t, &x)| {
        let phase = std::f64::consts::TAU * k as f64 * (t as f64 - origin) / n;
        (re + f64::from(x) * phase.cos() / n, im - f64::from(x) * phase.sin() / n)
    })
}

fn direct_synthesis(plan: &SpectralPlan, spectrum: &[f32], t: usize) -> f64 {
    let modes = plan.n_modes;
    (0..modes)
        .map(|k| {
            let phase = std::f64::consts::TAU * k as f64 * (t as f64 - origin(plan)) / plan.n_samples as f64;
            let [re, im] = plan.weights[k].map(f64::from);
            re * f64::from(spectrum[k]) * phase.cos() - im * f64::from(spectrum[modes + k]) * phase.sin()
        })
        .sum()
}

fn origin(plan: &SpectralPlan) -> f64 {
    (plan.n_blocks * plan.block_len - 1) as f64 / 2.0
}

fn rel_l2(values: &[f32], exact: &[f64]) -> f64 {
    let error: f64 = values.iter().zip(exact).map(|(v, e)| (f64::from(*v) - e).powi(2)).sum();
    (error / exact.iter().map(|e| e * e).sum::<f64>()).sqrt()
}

fn check(n_samples: usize, n_modes: usize, kernels: Kernels) {
    let plan = SpectralPlan::new(n_samples, n_modes);
    let x = signal(n_samples);
    let mut scratch = SpectralScratch::new(&plan, 1);
    let mut spectrum = vec![0.0; 2 * plan.n_modes];
    for j in 0..plan.n_blocks {
        let (start, _) = plan.block(j);
        plan.analyze_block(kernels, &mut scratch, j, (&x[start..], 1, n_samples));
    }
    plan.finish_analysis(kernels, &mut scratch, Side::Mean, &mut spectrum);
    let exact: Vec<(f64, f64)> = (0..plan.n_modes).map(|k| direct_analysis(&plan, &x, k)).collect();
    let exact: Vec<f64> = exact.iter().map(|z| z.0).chain(exact.iter().map(|z| z.1)).collect();
    let error = rel_l2(&spectrum, &exact);
    assert!(error <= TOLERANCE, "analysis of {n_samples}, {n_modes} modes: {error:e}");

    let modes = signal(2 * plan.n_modes);
    plan.start_synthesis(kernels, &mut scratch, Side::Count, &modes);
    let mut y = vec![0.0; n_samples];
    for j in 0..plan.n_blocks {
        let (start, _) = plan.block(j);
        plan.synthesize_block(kernels, &scratch, j, Start::Zero, (&mut y[start..], n_samples));
    }
    let exact: Vec<f64> = (0..n_samples).map(|t| direct_synthesis(&plan, &modes, t)).collect();
    let error = rel_l2(&y, &exact);
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
        check(n_samples, n_modes, Kernels::detect());
        check(n_samples, n_modes, Kernels::portable());
    }
}

#[test]
fn analytic_block_len_of_the_published_size() {
    let plan = SpectralPlan::new(8583, 129);
    assert!((96..=120).contains(&plan.block_len), "block of {} samples", plan.block_len);
}

#[test]
fn analytic_nyquist_and_mean_are_real() {
    let plan = SpectralPlan::new(20, 11);
    let x = signal(20);
    let mut scratch = SpectralScratch::new(&plan, 1);
    for j in 0..plan.n_blocks {
        plan.analyze_block(Kernels::detect(), &mut scratch, j, (&x[plan.block(j).0..], 1, 20));
    }
    let mut spectrum = vec![1.0; 22];
    plan.finish_analysis(Kernels::detect(), &mut scratch, Side::Mean, &mut spectrum);
    assert_eq!((spectrum[11].abs().to_bits(), spectrum[21].abs().to_bits()), (0, 0));
}
