//! The network once more in double precision, every sum written out: the judge of the fast passes.

use crate::{Architecture, Network};

/// Output `[n_samples]` for channels `x [in_channels × n_samples]`, with parameters given in double precision.
pub(crate) fn forward(network: &Network, parameters: &[f64], x: &[f64], n: usize) -> Vec<f64> {
    let judge = Judge { network, parameters, n };
    let a = network.architecture();
    let mut h: Vec<Vec<f64>> = x.chunks_exact(n).map(<[f64]>::to_vec).collect();
    h.push(crate::embedding::grid(n).into_iter().map(f64::from).collect());
    h = judge.hidden_layer("lifting", &h);
    for i in 0..a.n_layers {
        h = judge.block(a, i, &h);
    }
    judge.hidden_layer("projection", &h).remove(0)
}

struct Judge<'a> {
    network: &'a Network,
    parameters: &'a [f64],
    n: usize,
}

type Rows = Vec<Vec<f64>>;

impl Judge<'_> {
    fn parameter(&self, name: &str) -> &[f64] {
        let info = self.network.parameters().iter().find(|p| p.name == name).unwrap();
        &self.parameters[info.span.clone()]
    }

    fn linear(&self, name: &str, x: &Rows) -> Rows {
        let weight = self.parameter(&format!("{name}.weight"));
        let n_out = weight.len() / x.len();
        (0..n_out)
            .map(|o| {
                (0..self.n)
                    .map(|t| x.iter().enumerate().map(|(c, row)| weight[o * x.len() + c] * row[t]).sum())
                    .collect()
            })
            .collect()
    }

    fn biased(&self, name: &str, x: &Rows) -> Rows {
        let mut rows = self.linear(name, x);
        for (row, bias) in rows.iter_mut().zip(self.parameter(&format!("{name}.bias"))) {
            row.iter_mut().for_each(|value| *value += bias);
        }
        rows
    }

    fn hidden_layer(&self, name: &str, x: &Rows) -> Rows {
        self.biased(&format!("{name}.fcs.1"), &gelu(self.biased(&format!("{name}.fcs.0"), x)))
    }

    fn block(&self, a: &Architecture, i: usize, h: &Rows) -> Rows {
        let is_last = i + 1 == a.n_layers;
        let mut z = self.spectral(i, h);
        if a.group_norm {
            z = self.norm(2 * i, z);
        }
        z = sum(z, self.linear(&format!("fno_blocks.fno_skips.{i}.conv"), h));
        if !is_last {
            z = gelu(z);
        }
        let gate = self.parameter(&format!("fno_blocks.channel_mlp_skips.{i}.weight"));
        let gated = h.iter().zip(gate).map(|(row, g)| row.iter().map(|v| g * v).collect()).collect();
        z = sum(self.hidden_layer(&format!("fno_blocks.channel_mlp.{i}"), &z), gated);
        if a.group_norm {
            z = self.norm(2 * i + 1, z);
        }
        if is_last { z } else { gelu(z) }
    }

    fn spectral(&self, i: usize, h: &Rows) -> Rows {
        let (n, c) = (self.n, h.len());
        let weight = self.parameter(&format!("fno_blocks.convs.{i}.weight.tensor"));
        let n_stored = weight.len() / (2 * c * c);
        let modes = n_stored.min(n / 2 + 1);
        let wave = |k: usize, t: usize| (std::f64::consts::TAU * ((k * t) % n) as f64 / n as f64).sin_cos();
        let bias = self.parameter(&format!("fno_blocks.convs.{i}.bias"));
        let mut out: Rows = bias.iter().map(|b| vec![*b; n]).collect();
        for k in 0..modes {
            let x: Vec<(f64, f64)> = h
                .iter()
                .map(|row| {
                    row.iter().enumerate().fold((0.0, 0.0), |(re, im), (t, v)| {
                        let (sin, cos) = wave(k, t);
                        (re + v * cos / n as f64, im - v * sin / n as f64)
                    })
                })
                .collect();
            let count = if k == 0 || 2 * k == n { (1.0, 0.0) } else { (2.0, 2.0) };
            for (o, row) in out.iter_mut().enumerate() {
                let y = x.iter().enumerate().fold((0.0, 0.0), |(re, im), (c_in, x)| {
                    let place = 2 * ((c_in * c + o) * n_stored + k);
                    let (a, b) = (weight[place], weight[place + 1]);
                    (re + x.0 * a - x.1 * b, im + x.0 * b + x.1 * a)
                });
                for (t, value) in row.iter_mut().enumerate() {
                    let (sin, cos) = wave(k, t);
                    *value += count.0 * y.0 * cos - count.1 * y.1 * sin;
                }
            }
        }
        out
    }

    fn norm(&self, j: usize, x: Rows) -> Rows {
        let n = (x.len() * self.n) as f64;
        let mean = x.iter().flatten().sum::<f64>() / n;
        let variance = x.iter().flatten().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let weight = self.parameter(&format!("fno_blocks.norm.{j}.weight"));
        let bias = self.parameter(&format!("fno_blocks.norm.{j}.bias"));
        let scale = 1.0 / (variance + 1e-5).sqrt();
        let rows = x.into_iter().zip(weight.iter().zip(bias));
        rows.map(|(row, (w, b))| row.into_iter().map(|v| w * (v - mean) * scale + b).collect()).collect()
    }
}

fn gelu(x: Rows) -> Rows {
    let one = |v: f64| v * 0.5 * libm::erfc(-v / std::f64::consts::SQRT_2);
    x.into_iter().map(|row| row.into_iter().map(one).collect()).collect()
}

fn sum(mut x: Rows, y: Rows) -> Rows {
    x.iter_mut().flatten().zip(y.into_iter().flatten()).for_each(|(x, y)| *x += y);
    x
}

mod tests {
    use super::*;
    use crate::kernel::Kernels;
    use crate::{BatchGradient, Initialization, Loss, NetworkPlan, Sample, SampleInput, input_gradient};

    /// Relative L2 of single precision against this judge; reference cases show below 1e-6.
    const OUTPUT_REL_L2: f64 = 3e-6;
    /// Single-precision gradient against central differences of the judge, per largest gradient of the tensor.
    const GRADIENT_ERROR: f64 = 2e-4;
    /// Step of a central difference in double precision: truncation 1e-8, rounding 1e-10.
    const STEP: f64 = 1e-4;

    struct Setting {
        network: Network,
        x: Vec<f32>,
        target: Vec<f32>,
        n: usize,
    }

    fn setting(n: usize, n_modes: usize, group_norm: bool, seed: u64) -> Setting {
        setting_of(Architecture::new(2, 5, 2, n_modes), n, group_norm, seed)
    }

    fn setting_of(mut architecture: Architecture, n: usize, group_norm: bool, seed: u64) -> Setting {
        architecture.group_norm = group_norm;
        let mut network = Network::new(&architecture, Initialization::UnitVariance, seed).unwrap();
        for (i, value) in network.values_mut().iter_mut().enumerate() {
            *value += 0.1 * ((i * 37 % 101) as f32 / 101.0 - 0.5);
        }
        let x = (0..2 * n).map(|i| ((i * i) as f32 * 0.37).sin()).collect();
        let target = (0..n).map(|i| (i as f32 * 0.21).cos()).collect();
        Setting { network, x, target, n }
    }

    fn wide(values: &[f32]) -> Vec<f64> {
        values.iter().map(|v| f64::from(*v)).collect()
    }

    /// Relative L4 in double precision.
    fn loss(s: &Setting, parameters: &[f64], x: &[f64]) -> f64 {
        let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v.powi(4)).sum::<f64>().powf(0.25);
        let y = forward(&s.network, parameters, x, s.n);
        let error = norm(&mut y.iter().zip(&s.target).map(|(y, t)| y - f64::from(*t)));
        error / (norm(&mut s.target.iter().map(|t| f64::from(*t))) + 1e-8)
    }

    fn check(s: &Setting) {
        for kernels in Kernels::all() {
            check_kernels(s, kernels);
        }
    }

    fn check_kernels(s: &Setting, kernels: Kernels) {
        let plan = NetworkPlan { kernels, ..NetworkPlan::new(&s.network, s.n).unwrap() };
        let sample = Sample { input: SampleInput::Channels(&s.x), target: &s.target };
        let (parameters, x) = (wide(s.network.values()), wide(&s.x));
        let y = crate::predict_batch(&plan, &[sample.input]);
        let exact = forward(&s.network, &parameters, &x, s.n);
        let error: f64 = y.iter().zip(&exact).map(|(y, e)| (f64::from(*y) - e).powi(2)).sum();
        let rel = (error / exact.iter().map(|e| e * e).sum::<f64>()).sqrt();
        assert!(rel <= OUTPUT_REL_L2, "output of {} samples: {rel:e}", s.n);

        let mut gradient = BatchGradient::new(&s.network);
        gradient.compute(&plan, &[sample], Loss::RelativeL4);
        let slope = |values: &[f64], i: usize, value: &dyn Fn(&[f64]) -> f64| {
            let (mut up, mut down) = (values.to_vec(), values.to_vec());
            up[i] += STEP;
            down[i] -= STEP;
            (value(&up) - value(&down)) / (2.0 * STEP)
        };
        for info in s.network.parameters() {
            let ours = &gradient.values()[info.span.clone()];
            let largest = ours.iter().fold(1e-3f32, |largest, g| largest.max(g.abs()));
            for (offset, ours) in ours.iter().enumerate().step_by(info.span.len().div_ceil(7)) {
                let exact = slope(&parameters, info.span.start + offset, &|p| loss(s, p, &x));
                let error = (f64::from(*ours) - exact).abs() / f64::from(largest);
                assert!(error <= GRADIENT_ERROR, "{} [{offset}]: {ours} against {exact}", info.name);
            }
        }
        let (_, by_input) = input_gradient(&plan, &sample, Loss::RelativeL4);
        let largest = by_input.iter().fold(1e-3f32, |largest, g| largest.max(g.abs()));
        for i in (0..by_input.len()).step_by(5) {
            let exact = slope(&x, i, &|x| loss(s, &parameters, x));
            let error = (f64::from(by_input[i]) - exact).abs() / f64::from(largest);
            assert!(error <= GRADIENT_ERROR, "input {i}: {} against {exact}", by_input[i]);
        }
    }

    #[test]
    fn analytic_passes_agree_with_sums_and_differences() {
        for (i, (n, n_modes)) in
            [(1, 4), (2, 4), (16, 6), (17, 7), (20, 64), (43, 64), (61, 8)].iter().enumerate()
        {
            for group_norm in [false, true] {
                if *n > 2 || !group_norm {
                    check(&setting(*n, *n_modes, group_norm, i as u64));
                }
            }
        }
    }

    /// Widths that fill a register block, leave every kind of rest, and several tiles whose last is cut.
    #[test]
    fn analytic_wide_networks_agree_with_sums_and_differences() {
        for (width, n, group_norm) in [(12, 131, false), (12, 131, true), (14, 97, true), (17, 40, false)] {
            check(&setting_of(Architecture::new(2, width, 2, 10), n, group_norm, width as u64));
        }
    }

    #[test]
    fn analytic_long_signal_over_several_tiles() {
        let s = setting(701, 12, false, 9);
        let plan = NetworkPlan::new(&s.network, s.n).unwrap();
        assert!(plan.spectral.n_tiles > 2);
        let y = crate::predict_batch(&plan, &[SampleInput::Channels(&s.x)]);
        let exact = forward(&s.network, &wide(s.network.values()), &wide(&s.x), s.n);
        let worst = y.iter().zip(&exact).map(|(y, e)| (f64::from(*y) - e).abs()).fold(0.0, f64::max);
        assert!(worst < 2e-6 * exact.iter().fold(1.0, |a: f64, e| a.max(e.abs())), "{worst:e}");
    }
}
