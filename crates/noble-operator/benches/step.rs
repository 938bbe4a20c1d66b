//! Time per trace of forward passes and of a training step, one thread, minimum of several runs.
//!
//! `cargo bench -p noble-operator --bench step`; with `forward` or `train` after `--` only that pass of the published
//! size, over and over, for a profiler; with `batch N` only training steps of N traces, and the peak of memory.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use noble_operator::{
    AdamWSettings, Architecture, Initialization, Loss, Network, NetworkPlan, OptimizerSettings, Purpose,
    Sample, SampleInput, Schedule, Trainer, TrainerSettings, Workspace,
};

const N_RUNS: usize = 25;
const N_PROFILED: usize = 500;
const BATCH: usize = 4;
const N_STEPS: usize = 6;

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the pool is made once");
    let published = Architecture::new(23, 24, 12, 256);
    if let Some(batch) = std::env::args().skip_while(|arg| arg != "batch").nth(1) {
        return measure_training(&published, batch.parse().expect("a number of traces"));
    }
    let only = std::env::args().find(|arg| arg == "forward" || arg == "train");
    match only.as_deref() {
        Some("forward") => {
            let mut run = Forward::new(&published, 8583);
            (0..N_PROFILED).for_each(|_| run.once());
        }
        Some(_) => {
            let mut run = Training::new(&published, 8583, BATCH);
            (0..N_PROFILED / 20).for_each(|_| run.once());
        }
        None => {
            measure("published", &published, 8583);
            measure("compact", &Architecture::new(23, 24, 6, 256), 5150);
        }
    }
}

fn measure(name: &str, architecture: &Architecture, n_samples: usize) {
    let mut forward = Forward::new(architecture, n_samples);
    let mut training = Training::new(architecture, n_samples, BATCH);
    let forward_ms = fastest_ms(|| forward.once());
    let step_ms = fastest_ms(|| training.once()) / BATCH as f64;
    println!(
        "{name} T {n_samples} {}: forward {forward_ms:.2} ms, training step {step_ms:.2} ms per trace; plan {:.1} MB, \
         pass {:.1} MB, training pass {:.1} MB",
        forward.plan.instructions(),
        megabytes(forward.plan.n_bytes()),
        megabytes(forward.workspace.n_bytes()),
        megabytes(Workspace::new(&forward.plan, Purpose::Gradient).n_bytes()),
    );
}

fn measure_training(architecture: &Architecture, batch: usize) {
    let mut training = Training::new(architecture, 8583, batch);
    training.once();
    let step_ms = (0..N_STEPS).map(|_| time_ms(|| training.once())).fold(f64::INFINITY, f64::min);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak_mb = peak.and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0;
    println!("training step {:.2} ms per trace, batch {batch}, peak {peak_mb:.0} MB", step_ms / batch as f64);
}

fn megabytes(n_bytes: usize) -> f64 {
    n_bytes as f64 / 1e6
}

fn input(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.01).sin()).collect()
}

struct Forward {
    plan: NetworkPlan,
    workspace: Workspace,
}

impl Forward {
    fn new(architecture: &Architecture, n_samples: usize) -> Self {
        let network = Network::new(architecture, Initialization::default(), 1).expect("valid sizes");
        let plan = NetworkPlan::new(&network, n_samples).expect("a valid length");
        let mut workspace = Workspace::new(&plan, Purpose::Forward);
        workspace.input_mut().copy_from_slice(&input(architecture.in_channels * n_samples));
        Self { plan, workspace }
    }

    fn once(&mut self) {
        self.plan.forward_in_place(&mut self.workspace);
    }
}

struct Training {
    trainer: Trainer,
    x: Vec<f32>,
    target: Vec<f32>,
    batch: usize,
}

impl Training {
    fn new(architecture: &Architecture, n_samples: usize, batch: usize) -> Self {
        let network = Network::new(architecture, Initialization::default(), 1).expect("valid sizes");
        let settings = TrainerSettings {
            n_samples,
            loss: Loss::RelativeL4,
            features: None,
            optimizer: OptimizerSettings::Adamw(AdamWSettings::default()),
            clip_norm: None,
            schedule: Schedule::Constant { learning_rate: 1e-4 },
            average_decay: None,
        };
        Self {
            trainer: Trainer::new(network, settings).expect("valid settings"),
            x: input(architecture.in_channels * n_samples),
            target: input(n_samples),
            batch,
        }
    }

    fn once(&mut self) {
        let sample = Sample { input: SampleInput::Channels(&self.x), target: &self.target };
        let samples = vec![sample; self.batch];
        self.trainer.train_batch(&samples).expect("a finite loss");
    }
}

fn fastest_ms(mut run: impl FnMut()) -> f64 {
    (0..N_RUNS).map(|_| time_ms(&mut run)).fold(f64::INFINITY, f64::min)
}

fn time_ms(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e3
}
