//! A fast transform of real columns: `M` points, a power of two, as one complex transform of half the length.

use crate::kernel::Kernels;

/// Tables of one length.
#[derive(Debug, Clone)]
pub(super) struct FftPlan {
    /// Complex points, `M/2`.
    pub(super) n_points: usize,
    /// Twiddle factors of every radix-4 stage.
    stages: Vec<Vec<[f32; 6]>>,
    /// `e^{−2πik/M}` for `k` up to `M/2`.
    pub(super) turns: Vec<[f32; 2]>,
}

impl FftPlan {
    /// Tables for `n_real` real points, a power of two.
    pub(super) fn new(n_real: usize) -> Self {
        let n_points = n_real / 2;
        let mut stages = Vec::new();
        let mut n = n_points;
        while n >= 4 {
            let turn = |p: usize, power: usize| phase(p * power, n);
            stages.push(
                (0..n / 4)
                    .map(|p| {
                        let [a, b, c] = [1, 2, 3].map(|power| turn(p, power));
                        [a[0], a[1], b[0], b[1], c[0], c[1]]
                    })
                    .collect(),
            );
            n /= 4;
        }
        Self { n_points, stages, turns: (0..=n_points).map(|k| phase(k, n_real)).collect() }
    }

    /// `x ← Σ_m x_m e^{−2πikm/n}` for columns side by side, `[n_points × width]` real and imaginary parts; `spare` is
    /// overwritten. With the parts exchanged it is the inverse, without its factor.
    pub(super) fn run(
        &self,
        kernels: Kernels,
        x: (&mut Vec<f32>, &mut Vec<f32>),
        spare: (&mut Vec<f32>, &mut Vec<f32>),
    ) {
        let mut run = x.0.len() / self.n_points;
        for twiddles in &self.stages {
            kernels.fourier_stage((spare.0, spare.1), (x.0, x.1), twiddles, run);
            std::mem::swap(x.0, spare.0);
            std::mem::swap(x.1, spare.1);
            run *= 4;
        }
        if 2 * run == x.0.len() {
            halves(x.0);
            halves(x.1);
        }
    }
}

/// The last stage where the length is no power of four: sum and difference of the halves.
fn halves(x: &mut [f32]) {
    let (first, second) = x.split_at_mut(x.len() / 2);
    for (a, b) in first.iter_mut().zip(second) {
        (*a, *b) = (*a + *b, *a - *b);
    }
}

/// `e^{−2πi·step/n}`.
fn phase(step: usize, n: usize) -> [f32; 2] {
    let angle = std::f64::consts::TAU * (step % n) as f64 / n as f64;
    [angle.cos() as f32, -angle.sin() as f32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn analytic_transform_of_columns() {
        for (n, width) in [(1, 8), (2, 8), (4, 8), (8, 24), (32, 16), (64, 24), (256, 40)] {
            let plan = FftPlan::new(2 * n);
            let value = |i: usize| ((i * i) as f32 * 0.37).sin();
            let (mut re, mut im): (Vec<f32>, Vec<f32>) =
                (0..n * width).map(|i| (value(i), value(i + 7))).unzip();
            let (x_re, x_im) = (re.clone(), im.clone());
            let mut spare = (re.clone(), im.clone());
            plan.run(Kernels::detect(), (&mut re, &mut im), (&mut spare.0, &mut spare.1));
            for k in 0..n {
                for column in [0, width - 1] {
                    let (exact_re, exact_im) = (0..n).fold((0.0, 0.0), |(re, im), m| {
                        let angle = std::f64::consts::TAU * (k * m % n) as f64 / n as f64;
                        let (sin, cos) = angle.sin_cos();
                        let (a, b) =
                            (f64::from(x_re[m * width + column]), f64::from(x_im[m * width + column]));
                        (re + a * cos + b * sin, im + b * cos - a * sin)
                    });
                    let at = k * width + column;
                    let error = (f64::from(re[at]) - exact_re).hypot(f64::from(im[at]) - exact_im);
                    assert!(error < 2e-6 * (n as f64).sqrt(), "{n} points, mode {k}: {error:e}");
                }
            }
        }
    }
}
